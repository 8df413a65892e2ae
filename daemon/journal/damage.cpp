#include "daemon/journal/damage.h"

#include <string>

namespace postern::journal {

using std::to_string;

Failure gap(std::uint64_t seq) {
  return {FailureKind::damaged, "the journal is damaged: record " + to_string(seq) + " is missing",
          restore_remedy};
}

Failure not_acknowledged(std::uint64_t first, std::uint64_t last) {
  return {FailureKind::damaged,
          "the journal is damaged: records " + to_string(first) + " to " + to_string(last) +
              " are not those that were acknowledged, their tree has another root than the anchor",
          restore_remedy};
}

Failure cut_off(std::uint64_t last, std::uint64_t acknowledged) {
  return {FailureKind::damaged,
          "the journal ends at record " + to_string(last) + ", but record " +
              to_string(acknowledged) + " was acknowledged: what came after " + to_string(last) +
              " is missing",
          restore_remedy};
}

}  // namespace postern::journal
