// Every part of a data folder, damaged in every way: the start names it, with the right exit code,
// and never advises to make the data anew.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <random>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;

enum class Way { missing, empty, garbage, truncated, unreadable };
constexpr std::pair<Way, const char*> ways[] = {{Way::missing, "missing"},
                                                {Way::empty, "empty"},
                                                {Way::garbage, "garbage"},
                                                {Way::truncated, "truncated"},
                                                {Way::unreadable, "unreadable"}};

/// What the start comes to, by `ways`; 0: it starts. A name that ends with * is the first that
/// begins so, one that begins with * the first that ends so.
struct Row {
  const char* part;
  std::array<int, 5> codes;
  /// Told instead of the part: the first thing in it that is needed.
  const char* told = nullptr;
};

constexpr int damaged = 65;
constexpr int missing = 66;
constexpr int closed = 77;

const Row rows[] = {{"format", {missing, damaged, damaged, damaged, closed}},
                    {"lock", {0, 0, 0, 0, closed}},
                    {"keys", {damaged, damaged, damaged, 0, closed}},
                    {"keys/root", {damaged, damaged, damaged, damaged, closed}},
                    {"keys/keys-*", {damaged, damaged, damaged, damaged, closed}},
                    {"journal", {damaged, damaged, damaged, 0, closed}},
                    {"journal/anchor", {damaged, damaged, damaged, damaged, closed}},
                    {"journal/db", {damaged, damaged, damaged, 0, closed}},
                    {"journal/db/CURRENT", {damaged, damaged, damaged, damaged, closed}},
                    {"journal/db/MANIFEST-*", {damaged, damaged, damaged, damaged, closed}},
                    {"journal/db/*.log", {damaged, damaged, damaged, damaged, closed}, "journal"},
                    {"journal/db/*.ldb", {damaged, damaged, damaged, damaged, closed}},
                    {"journal/db/LOCK", {0, 0, 0, 0, closed}},
                    // Without one there is none yet; what else proves more would be told.
                    {"checkpoint", {0, damaged, damaged, damaged, closed}},
                    // It holds no state: a start without it goes by the records alone.
                    {"clock", {0, 0, 0, 0, 0}},
                    {"snapshots", {0, 0, 0, 0, closed}},
                    {"snapshots/snapshot-*", {0, 0, 0, 0, 0}},
                    {"calls", {0, 0, damaged, 0, closed}},
                    {"calls/calls-*", {0, 0, 0, 0, closed}},
                    {"reserve", {0, 0, 0, 0, 0}},
                    {"server.key", {0, 0, 0, 0, 0}},
                    {"owner.key", {0, 0, 0, 0, 0}},
                    {"seen-checkpoint", {0, 0, 0, 0, 0}},
                    {"sockets", {0, 0, 73, 0, closed}}};

struct Parts : DaemonProcess {
  Parts() : DaemonProcess("[journal]\ndisk_reserve_mib = 1\n") {
    fill("first");
    BOOST_REQUIRE(run_program({POSTERN_CLI, "--data", data(), "status"}).code == 0);
    // LevelDB makes a table of the log when it opens; then there are records in both.
    BOOST_REQUIRE(stop().code == 0);
    BOOST_REQUIRE(start());
    send(create_user("acme", "in-the-log"));
    BOOST_REQUIRE(stop().code == 0);
    if (::geteuid() == 0) use_user(other_user);
    BOOST_REQUIRE(run_program({"/bin/cp", "-a", data(), whole()}).code == 0);
  }

  fs::path whole() const { return data().parent_path() / "whole"; }
  void fill(const std::string& name) {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    send(create_tenant("acme"));
    send(create_user("acme", name));
  }
  void send(schema::CommandMessageT message) const {
    BOOST_REQUIRE(owner().execute(std::move(message))->code == schema::Code::ok);
  }
  void make_whole() const {
    fs::remove_all(data());
    BOOST_REQUIRE(run_program({"/bin/cp", "-a", whole(), data()}).code == 0);
  }

  fs::path find(const std::string& part) const {
    const fs::path path = data() / part;
    const std::string name = path.filename();
    if (name.find('*') == name.npos) return path;
    for (const auto& entry : fs::directory_iterator(path.parent_path())) {
      const std::string found = entry.path().filename();
      const bool fits = name.front() == '*' ? found.ends_with(name.substr(1))
                                            : found.starts_with(name.substr(0, name.size() - 1));
      // Of two logs or tables that with something in it.
      if (fits && entry.is_regular_file() && entry.file_size() > 0) return entry.path();
    }
    return {};
  }

  static void fill_with(const fs::path& file, std::uintmax_t size) {
    std::mt19937 random(1);
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    for (std::uintmax_t left = size; left > 0; --left) stream.put(static_cast<char>(random()));
  }
  static void give(const fs::path& path) {
    if (::geteuid() == 0) BOOST_REQUIRE(::chown(path.c_str(), other_user, other_user) == 0);
  }

  /// False: it makes no sense for this part.
  static bool damage(const fs::path& path, Way way) {
    if (way == Way::unreadable) {
      fs::permissions(path, fs::perms::none);
      return true;
    }
    if (way == Way::missing) return fs::remove_all(path) > 0;
    if (!fs::is_directory(path)) {
      const auto size = fs::file_size(path);
      if (way == Way::garbage) fill_with(path, std::min<std::uintmax_t>(size, 65'536));
      if (way == Way::empty) fs::resize_file(path, 0);
      if (way == Way::truncated) fs::resize_file(path, size / 2);
      return true;
    }
    if (way == Way::truncated) return false;
    fs::remove_all(path);
    if (way == Way::empty) fs::create_directory(path);
    if (way == Way::garbage) fill_with(path, 100);
    fs::permissions(path, way == Way::empty ? fs::perms(0700) : fs::perms(0600));
    give(path);
    return true;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(parts_tests)

BOOST_FIXTURE_TEST_CASE(H6_the_start_names_the_part_that_is_damaged, Parts) {
  std::size_t tried = 0;
  for (const Row& row : rows) {
    for (std::size_t place = 0; place < std::size(ways); ++place) {
      make_whole();
      const fs::path path = find(row.part);
      BOOST_REQUIRE_MESSAGE(fs::exists(path), row.part << " is not in a data folder");
      if (!damage(path, ways[place].first)) continue;
      ++tried;
      const int code = row.codes[place];
      BOOST_TEST_CONTEXT(row.part << " " << ways[place].second) {
        const bool started = start();
        BOOST_TEST(started == (code == 0), ended().said);
        if (started) {
          BOOST_TEST(stop().code == 0, ended().said);
          continue;
        }
        const std::string said = ended().said;
        BOOST_TEST(ended().code == code, said);
        const std::string told = row.told == nullptr ? path.native() : row.told;
        BOOST_TEST(said.find(told) != std::string::npos, said);
        BOOST_TEST(said.find("posternd init") == std::string::npos, said);
      }
    }
  }
  BOOST_TEST(tried > 100U);
  make_whole();
  BOOST_TEST(start(), ended().said);
}

BOOST_FIXTURE_TEST_CASE(H6_of_many_tables_the_damaged_one_is_named, Parts) {
  // Each start makes a table of what the log held.
  for (int table = 0; table < 3; ++table) {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    send(create_user("acme", "more-" + std::to_string(table)));
    BOOST_REQUIRE(stop().code == 0);
  }
  fs::remove_all(data() / "snapshots");
  fs::remove_all(whole());
  BOOST_REQUIRE(run_program({"/bin/cp", "-a", data(), whole()}).code == 0);
  std::vector<std::string> tables;
  for (const auto& entry : fs::directory_iterator(data() / "journal" / "db"))
    if (entry.path().extension() == ".ldb") tables.push_back(entry.path().filename());
  BOOST_TEST(tables.size() >= 4U);
  for (const std::string& table : tables) {
    for (const std::uintmax_t place : {std::uintmax_t{5}, std::uintmax_t{0}}) {
      make_whole();
      const fs::path file = data() / "journal" / "db" / table;
      std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
      // In the first block, and in what every table ends with.
      stream.seekp(static_cast<std::streamoff>(place == 0 ? fs::file_size(file) - 6 : place));
      stream.put('\x5a').put('\xa5').flush();
      BOOST_REQUIRE(!start());
      BOOST_TEST(ended().code == 65, ended().said);
      BOOST_TEST(ended().said.find(table) != std::string::npos, table << ": " << ended().said);
      for (const std::string& other : tables)
        if (other != table)
          BOOST_TEST(ended().said.find(other) == std::string::npos, table << ": " << ended().said);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
