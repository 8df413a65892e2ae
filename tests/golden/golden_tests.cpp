// H9: the records of every release fold to the digest they folded to then, for ever.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "daemon/domain/fold.h"
#include "daemon/journal/bundle.h"
#include "tests/golden/golden_form.h"

namespace postern::golden {

namespace {

namespace fs = std::filesystem;

/// What became of the records of a release.
struct Folded {
  std::string digest;
  std::set<schema::EventBody> kinds;
  std::uint64_t records = 0;
};

Folded fold_release(const std::string& version, std::uint64_t without = 0) {
  Folded folded;
  domain::State state;
  domain::RecordGate gate;
  const auto bundle =
      journal::read_bundle(fs::path(POSTERN_GOLDEN) / (version + ".bundle"),
                           [&](std::uint64_t seq, journal::View bytes) -> Expected<> {
                             if (without != 0 && seq >= without) return {};
                             domain::Changes changes;
                             const auto record = domain::fold(state, gate, bytes, changes);
                             BOOST_REQUIRE_MESSAGE(record.has_value(), "record " << seq);
                             for (const schema::Event* event : *(*record)->events())
                               folded.kinds.insert(event->body_type());
                             ++folded.records;
                             return {};
                           });
  BOOST_REQUIRE_MESSAGE(bundle.has_value(), bundle.error().sentence);
  folded.digest = digest_of(state);
  return folded;
}

std::string digest_then(const std::string& version) {
  std::ifstream file(fs::path(POSTERN_GOLDEN) / (version + ".digest"));
  std::string text;
  file >> text;
  return text;
}

std::vector<std::string> releases() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(POSTERN_RELEASED))
    if (entry.is_directory()) found.push_back(entry.path().filename().string());
  std::ranges::sort(found);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_tests)

BOOST_AUTO_TEST_CASE(H9_records_of_each_release_fold_to_what_they_were) {
  BOOST_REQUIRE(!releases().empty());
  for (const std::string& version : releases()) {
    const Folded folded = fold_release(version);
    BOOST_TEST_MESSAGE(version << ": " << folded.records << " records, " << folded.kinds.size()
                               << " kinds of events");
    BOOST_TEST(folded.digest == digest_then(version), version);
  }
}

BOOST_AUTO_TEST_CASE(H9_each_kind_of_the_first_release_has_a_golden_record) {
  const auto kinds = fold_release("0.1").kinds;
  // The last kind that 0.1 knew; later ones are in the records of later releases.
  for (const schema::EventBody kind : schema::EnumValuesEventBody())
    if (kind != schema::EventBody::NONE && kind <= schema::EventBody::JournalRestored)
      BOOST_TEST(kinds.contains(kind), schema::EnumNameEventBody(kind));
}

BOOST_AUTO_TEST_CASE(a_fold_that_misses_a_record_has_another_digest) {
  const Folded whole = fold_release("0.1");
  BOOST_TEST(fold_release("0.1", whole.records).digest != whole.digest);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::golden
