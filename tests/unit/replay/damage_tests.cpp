#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/journal/opening.h"
#include "tests/support/journal_folder.h"
#include "tests/unit/replay/fixture.h"

namespace postern::replay {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

/// Without keys, which take longer to check than all of this journal.
struct Damage : DataFolderFixture {
  std::map<std::string, std::string> whole;
  std::string root;
  std::map<int, int> ends;

  Damage() {
    take_keys_away();
    for (const auto& entry : fs::recursive_directory_iterator(journal_folder()))
      if (entry.is_regular_file() && entry.path().filename() != "LOCK")
        whole[entry.path().native()] = bytes_in(entry.path());
    root = verified_root();
  }

  std::string verified_root() {
    const auto object = json::parse(replay("--output json verify").out).as_object();
    BOOST_REQUIRE(object.at("seq").as_int64() == 15);
    return std::string(object.at("root").as_string());
  }

  /// Whether the damage is found. What is not found must be harmless: every record stands.
  bool is_found(const std::string& file, const std::string& bytes) {
    write_bytes(file, bytes);
    const Ended ended = replay("verify");
    ++ends[ended.code];
    const bool found = ended.code == 1;
    if (found)
      BOOST_TEST(contains(ended.out, "\ndamage   "));
    else
      BOOST_TEST(verified_root() == root, file << " at " << bytes.size() << ": " << ended.talk);
    write_bytes(file, whole.at(file));
    return found;
  }

  Ended verify_with(std::uint64_t seq, const support::Bytes& record) {
    put(seq, record);
    return replay("verify");
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(damage_tests, Damage)

BOOST_AUTO_TEST_CASE(the_journal_that_is_damaged_here_has_every_kind_of_file) {
  std::map<std::string, int> kinds;
  for (const auto& [file, bytes] : whole) ++kinds[fs::path(file).extension()];
  BOOST_TEST(kinds[".ldb"] == 2);
  BOOST_TEST(kinds[".log"] == 1);
  BOOST_TEST(kinds[""] == 3, "anchor, CURRENT, MANIFEST");
}

BOOST_AUTO_TEST_CASE(H6_a_flipped_byte_is_found) {
  constexpr std::size_t step = 13;
  for (const auto& [file, bytes] : whole) {
    std::size_t tried = 0;
    std::size_t found = 0;
    for (std::size_t place = tried % step; place < bytes.size(); place += step, ++tried) {
      std::string flipped = bytes;
      flipped[place] = static_cast<char>(flipped[place] ^ (1 << tried % 8));
      found += is_found(file, flipped);
    }
    const std::string name = fs::path(file).filename();
    // One slot of the anchor stands if the other is damaged.
    if (name == "anchor") BOOST_TEST(found == 0U);
    if (name.ends_with(".log") || name.starts_with("MANIFEST") || name == "CURRENT")
      BOOST_TEST(found == tried, name << ": " << found << " of " << tried);
    // What nobody needs in a table: its filter's place, the padding of its end.
    if (name.ends_with(".ldb")) BOOST_TEST(found * 10 >= tried * 9, found << " of " << tried);
  }
  BOOST_TEST(ends.size() == 2U, "0 and 1 are the only answers");
}

BOOST_AUTO_TEST_CASE(H6_a_truncated_file_is_found) {
  for (const auto& [file, bytes] : whole)
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 40)
      BOOST_TEST(is_found(file, bytes.substr(0, size)), file << " cut to " << size);
  BOOST_TEST(ends.size() == 1U);
}

BOOST_AUTO_TEST_CASE(H6_a_missing_file_is_found) {
  for (const auto& [file, bytes] : whole) {
    fs::remove(file);
    BOOST_TEST(replay("verify").code == 1, file);
    write_bytes(file, bytes);
  }
  // All of them: the anchor alone knows what is missing.
  fs::remove_all(journal_folder() / "db");
  const Ended ended = replay("verify");
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "but record 15 was acknowledged"));
}

BOOST_AUTO_TEST_CASE(H6_swapped_records_are_named) {
  put(7, records()[8]);
  const Ended ended = verify_with(9, records()[6]);
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "records  6 before the damage\n"));
  BOOST_TEST(contains(ended.out, "at record 7: record 9 stands where record 7 belongs"));
}

BOOST_AUTO_TEST_CASE(H6_a_replaced_record_is_found_by_its_leaf) {
  // Well formed, linked and checksummed: nothing but the tree can tell.
  const auto forge = [&](std::size_t seq) {
    return changed(records()[seq - 1], [](auto& record) { record.reason = "said so"; });
  };
  // The anchor's older slot, of record 9, narrows it down.
  const Ended later = verify_with(12, forge(12));
  BOOST_TEST(later.code == 1);
  BOOST_TEST(contains(later.out, "records 10 to 15 are not those that were acknowledged"));
  const Ended earlier = verify_with(6, forge(6));
  BOOST_TEST(earlier.code == 1);
  BOOST_TEST(contains(earlier.out, "records 1 to 9 are not those that were acknowledged"));
}

BOOST_AUTO_TEST_CASE(H6_a_missing_record_is_named) {
  support::remove_row(journal_folder(), support::row_key(8));
  const Ended ended = replay("verify");
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "record 8 is missing"));
}

BOOST_AUTO_TEST_CASE(H6_an_added_record_is_named) {
  const Ended copied = verify_with(16, records()[14]);
  BOOST_TEST(copied.code == 1);
  BOOST_TEST(contains(copied.out, "record 15 stands where record 16 belongs"));

  const auto add = [&](const auto& change) { return verify_with(16, next_record(change)); };
  const auto says = [](const Ended& ended, const char* part) {
    return ended.code == 1 && contains(ended.out, part);
  };
  BOOST_TEST(says(add([](auto& record) { record.previous_tenant_seq = 14; }),
                  "record 16 links to another record of its tenant"));
  BOOST_TEST(says(add([](auto& record) { record.events.at(0)->previous_user_seq = 9; }),
                  "record 16 links to another record of its user"));
  BOOST_TEST(says(add([](auto& record) { record.time_ns = 1; }),
                  "record 16 is older than the one before it"));

  // What a crash leaves looks the same, so this is no damage; but it is said.
  const Ended fitting = add([](auto&) {});
  BOOST_TEST(fitting.code == 0);
  BOOST_TEST(contains(
      fitting.out, "anchor   record 15; the 1 after it are not covered by it, as after a crash\n"));
}

BOOST_AUTO_TEST_CASE(H6_bytes_that_are_no_record_are_named) {
  const Ended ended = verify_with(16, {1, 2, 3});
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "at record 16: its bytes are not a well-formed record"));
}

BOOST_AUTO_TEST_CASE(an_empty_journal_is_damage) {
  fs::remove_all(journal_folder());
  BOOST_REQUIRE(journal::create_journal({journal_folder()}));
  BOOST_TEST(replay("verify").code == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
