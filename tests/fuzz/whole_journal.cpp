#include "tests/fuzz/whole_journal.h"

#include "daemon/platform/require.h"
#include "tests/support/journal_bytes.h"

namespace postern::fuzz {

using namespace journal;

WholeJournal::WholeJournal() : folder({temporary.path() / "journal"}) {
  // Opened several times, so that there are tables and a log.
  for (std::uint64_t seq = 1; seq <= last; seq += last / 3) {
    auto opened = folder.open();
    require(opened.has_value());
    const auto records = support::records_from(seq, last / 3);
    require((*opened)->append(seq - 1, support::views(records)).has_value());
    head = (*opened)->head();
    require((*opened)->close().has_value());
  }
  image = image_of(folder.path());
}

}  // namespace postern::fuzz
