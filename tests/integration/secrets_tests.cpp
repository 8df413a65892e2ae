// C4, C8, S1 on the real daemon: secrets that occur nowhere else go down every path, and are then
// looked for in whatever is kept, told, or left in memory.
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <chrono>
#include <iterator>

#include "tests/integration/secret_paths.h"
#include "tests/support/sanitized.h"
#include "tests/support/search.h"

namespace postern::support {

namespace {

using Names = std::set<std::string>;

struct Searched : SecretPaths {
  std::string metrics() const {
    boost::asio::ip::tcp::iostream page("127.0.0.1", std::to_string(port_base() + 5));
    BOOST_REQUIRE_MESSAGE(page, page.error().message());
    page << "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" << std::flush;
    return {std::istreambuf_iterator<char>(page), {}};
  }

  void restart() {
    said += stop().said;
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
  }

  void walk_all_paths() {
    send_passwords();
    send_malformed();
    make_keys_and_sessions();
    read_everything();
    pages += metrics();
    restart();
    use_keys_and_sessions();
    read_everything();
    pages += metrics();
  }

  std::string replayed(std::vector<std::string> words) const {
    words.insert(words.begin(), {POSTERN_REPLAY, "--data", data()});
    const Ended ended = run_program(words);
    BOOST_TEST(ended.code == 0, ended.said);
    return ended.said;
  }

  /// A bundle and a copy of the keys.
  void check_backups() const {
    const TemporaryFolder backups;
    const std::string bundle = backups.path() / "bundle";
    const auto run = [&](std::vector<std::string> words) {
      words.insert(words.begin(), {POSTERN_CLI, "--data", data(), "backup"});
      const Ended ended = run_program(words);
      BOOST_TEST_REQUIRE(ended.code == 0, ended.said);
    };
    run({"create", bundle});
    run({"keys", backups.path() / "keys", "--key-out", backups.path() / "key", "--kept-until",
         "2090-01-31T00:00:00Z"});
    bool sees = false;
    read_files(backups.path(), [&](const std::filesystem::path& file, std::string_view bytes) {
      check_clean(bytes, file);
      BOOST_TEST(personal.found_in(bytes).size() <= 1U);
      sees |= file == bundle && names_the_open_one(bytes);
    });
    BOOST_TEST(sees, "the bundle was not read");
  }

  /// Nothing is in it, but for what anybody may know.
  void check_clean(std::string_view bytes, const std::string& place) const {
    Names found = canaries.found_in(bytes);
    found.erase("an open name");
    BOOST_TEST(found.empty(), place << " holds: " << joined(found));
  }
  bool names_the_open_one(std::string_view bytes) const {
    return bytes.find(open_name) != bytes.npos;
  }

  /// The journal's tables are compressed, its newest records lie open; all are in what was heard.
  void check_files() const {
    bool sees = false;
    std::size_t looked_at = 0;
    read_files(data(), [&](const std::filesystem::path& file, std::string_view bytes) {
      Names found = canaries.found_in(bytes);
      found.merge(personal.found_in(bytes));
      found.erase("an open name");
      // Of an open name compression may leave a part; what is shown of the journal is whole.
      if (file.extension() == ".ldb") found.erase("a part of one");
      if (file.filename() == "owner.key") found.erase("the owner's secret key");
      BOOST_TEST(found.empty(), file << " holds: " << joined(found));
      for (const std::string& name : late_names) sees |= bytes.find(name) != bytes.npos;
      ++looked_at;
    });
    BOOST_TEST(sees, "an open name was not found, so nothing was looked at");
    BOOST_TEST(looked_at > 5U);
  }

  /// Of secrets in the daemon's memory: place, mapping and what lies about them.
  std::string where_they_lie() const {
    std::string told;
    for (const MemoryRegion& region : memory_regions(process())) {
      if (!region.readable) continue;
      read_region(process(), region, [&](std::string_view piece) {
        for (std::size_t at = 0; (at = canaries.find_in(piece, at)) != piece.npos; ++at) {
          const auto around = piece.substr(at < 64 ? 0 : at - 64, 160);
          told += "\n" + std::to_string(at) + " bytes into " + std::to_string(region.begin) +
                  " to " + std::to_string(region.end) + " " + region.name + ": ";
          for (const char byte : around)
            told += std::isprint(static_cast<unsigned char>(byte)) ? byte : '.';
        }
      });
    }
    return told;
  }

  /// Of all runs but the last.
  std::string said;
  std::string pages;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(secrets_tests, Searched)

BOOST_AUTO_TEST_CASE(C4_no_secret_is_in_what_is_kept_or_told) {
  walk_all_paths();
  check_backups();
  said += stop().said;
  BOOST_TEST_MESSAGE(canaries.count() << " secrets");
  BOOST_TEST(said.find(data().string()) != said.npos, "the diagnostics were not read");
  check_clean(said, "what the daemon says");
  BOOST_TEST(personal.found_in(said).empty());
  BOOST_TEST(pages.find("\npostern_seq ") != pages.npos, "the page was not read");
  check_clean(pages, "the metrics page");
  BOOST_TEST(names_the_open_one(heard), "the answers were not read");
  check_clean(heard, "an answer");
  BOOST_TEST(personal.found_in(heard).size() > 1U, "the personal was not read");
  Names told = personal.found_in(answers);
  BOOST_TEST(told.empty(), "an answer tells: " << joined(told));
  check_files();
  const std::string shown = replayed({"show"}) + replayed({"verify"}) + replayed({"fold"});
  BOOST_TEST(names_the_open_one(shown));
  check_clean(shown, "postern-replay");
}

// A sanitizer keeps what was given back, as it was.
BOOST_AUTO_TEST_CASE(C4_no_received_secret_stays_in_memory,
                     *boost::unit_test::enable_if<!sanitized>()) {
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE("not looked at: only root may read the memory of a hardened process");
    return;
  }
  const auto look = [&](const std::string& run) {
    // What is on its way is gone in a moment.
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    Names found;
    do {
      found.clear();
      read_memory(process(),
                  [&](std::string_view piece) { found.merge(canaries.found_in(piece)); });
      BOOST_TEST_REQUIRE(found.erase("an open name") == 1U, "no memory was looked at");
    } while (!found.empty() && std::chrono::steady_clock::now() < limit);
    BOOST_TEST(found.empty(),
               "the memory of the " << run << " run holds: " << joined(found) << where_they_lie());
  };
  send_passwords();
  send_malformed();
  look("first");
  make_keys_and_sessions();
  restart();
  use_keys_and_sessions();
  look("second");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
