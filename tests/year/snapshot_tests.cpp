// Moments behind a snapshot, asked with it and without.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "replay/replay.h"
#include "tests/support/temporary_folder.h"
#include "tools/bench/long_history.h"

using namespace postern;
namespace fs = std::filesystem;

namespace {

struct Told {
  int code = 0;
  std::string out;
  std::string talk;
};

/// A folder with a snapshot of some records, and some behind it.
class LongFolder {
 public:
  LongFolder() {
    const char* program = std::getenv("POSTERN_MAKE_LONG");
    BOOST_REQUIRE(program != nullptr);
    const std::string command = std::string(program) + " " + path().string() + " --users " +
                                std::to_string(history.users()) + " --records " +
                                std::to_string(history.records()) + " > /dev/null";
    BOOST_REQUIRE(std::system(command.c_str()) == 0);
  }

  fs::path path() const { return folder_.path() / "data"; }
  fs::path snapshots() const { return path() / "snapshots"; }

  Told diff(std::uint64_t from, std::uint64_t to) const {
    std::ostringstream out;
    std::ostringstream talk;
    const int code =
        replay::run({"--data", path().string(), "diff", "--tenant", bench::tenant_of(0), "--from",
                     std::to_string(from), "--to", std::to_string(to), "--output", "json"},
                    {out, talk});
    return {code, out.str(), talk.str()};
  }

  const bench::LongHistory history{60, 3'000};

 private:
  support::TemporaryFolder folder_;
};

bool begins_with_snapshot(const Told& told) {
  return told.talk.find("begun with the snapshot") != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(snapshot_tests)

BOOST_AUTO_TEST_CASE(H2_a_difference_is_the_same_from_a_snapshot_and_from_the_first_record) {
  const LongFolder folder;
  const std::uint64_t snapshot = folder.history.snapshot_seq();
  const std::uint64_t last = folder.history.records();
  const std::pair<std::uint64_t, std::uint64_t> moments[] = {
      {snapshot, last}, {snapshot + 5, last}, {snapshot, snapshot + 20}, {snapshot - 1, last}};
  std::vector<Told> told;
  for (const auto& [from, to] : moments) {
    told.push_back(folder.diff(from, to));
    BOOST_TEST(told.back().code == 1, told.back().talk);
    BOOST_TEST(begins_with_snapshot(told.back()) == (from >= snapshot));
  }
  fs::remove_all(folder.snapshots());
  for (std::size_t place = 0; place < told.size(); ++place) {
    const Told without = folder.diff(moments[place].first, moments[place].second);
    BOOST_TEST(!begins_with_snapshot(without));
    BOOST_TEST(without.out == told[place].out);
  }
}

BOOST_AUTO_TEST_CASE(a_snapshot_that_was_changed_is_passed_over_and_that_is_said) {
  const LongFolder folder;
  const std::uint64_t snapshot = folder.history.snapshot_seq();
  const Told before = folder.diff(snapshot, folder.history.records());
  for (const auto& entry : fs::directory_iterator(folder.snapshots())) {
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(100);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(100);
    file.put(byte);
  }
  const Told after = folder.diff(snapshot, folder.history.records());
  BOOST_TEST(after.talk.find("is passed over") != std::string::npos, after.talk);
  BOOST_TEST(!begins_with_snapshot(after));
  BOOST_TEST(after.out == before.out);
}

BOOST_AUTO_TEST_SUITE_END()
