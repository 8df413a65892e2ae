// Very many users from a table, killed on the way, and out again: with POSTERN_IMPORT_USERS=1000000
// in the long form.
#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>
#include <map>
#include <thread>

#include "tests/integration/command_gate.h"
#include "tests/support/command_line.h"

namespace postern::support {
namespace {

namespace fs = std::filesystem;

std::size_t users_imported() {
  const char* const said = std::getenv("POSTERN_IMPORT_USERS");
  return said != nullptr ? std::stoull(said) : 30'000;
}

/// A user's three commands go in one batch of up to 1,000.
constexpr std::size_t users_of_batch = 333;

/// Of a user all that differs; names are in the order of their numbers.
struct SourceUser {
  std::string name;
  std::string email;
  std::string network;
  std::string grant;

  explicit SourceUser(std::size_t number) {
    std::string digits = std::to_string(number);
    digits.insert(0, 8 - digits.size(), '0');
    name = "api." + digits;
    email = name + "@example.org";
    network = "10." + std::to_string(number % 200) + ".0.0/16";
    grant = (number % 7 == 0 ? "deny write table/area-" : "read table/area-") +
            std::to_string(number % 1'000);
  }
};

/// Not in the order of their names.
void write_table(const fs::path& file, std::size_t count) {
  // Prime, and no divisor of any count, so that each number comes once.
  constexpr std::size_t step = 999'983;
  std::ofstream out(file, std::ios::binary);
  out << "\xef\xbb\xbfUser;E-Mail;Networks;Roles;Grants\r\n";
  for (std::size_t place = 0; place < count; ++place) {
    const SourceUser user(place * step % count);
    out << user.name << ';' << user.email << ';' << user.network << ";clerk;" << user.grant
        << "\r\n";
  }
}

/// Counts the batches that an import's notes say are done, while it writes them.
class DoneBatches {
 public:
  explicit DoneBatches(fs::path notes) : notes_(std::move(notes)) {}

  std::size_t count() {
    constexpr std::string_view mark = "{\"done\"";
    std::ifstream in(notes_, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(read_));
    std::ostringstream more;
    more << in.rdbuf();
    rest_ += more.str();
    read_ += more.str().size();
    std::size_t from = 0;
    for (std::size_t at = rest_.find(mark); at != rest_.npos; at = rest_.find(mark, from)) {
      ++count_;
      from = at + mark.size();
    }
    // A mark may be half written.
    rest_.erase(0, std::max(from, rest_.size() - std::min(rest_.size(), mark.size() - 1)));
    return count_;
  }

 private:
  fs::path notes_;
  std::size_t read_ = 0;
  std::string rest_;
  std::size_t count_ = 0;
};

/// Batches that were done when an import was killed, and that it did not hear of.
constexpr int unheard = 2;

constexpr const char* noted_text = "username,password,key\n";
constexpr const char* noted_sha256 =
    "108eb38420158325e559a6eebb94d548cf45c1e13e0fd85c285d3fecf016f365";

struct BulkImport : CommandLine {
  BulkImport() {
    done({"tenant", "create", "acme"});
    done({"--tenant", "acme", "role", "create", "clerk"});
  }

  // On a busy machine an answer may take its time.
  static std::vector<std::string> patient(std::vector<std::string> more) {
    more.insert(more.begin(), {"--answer-timeout", "3600"});
    return more;
  }
  std::vector<std::string> words(std::vector<std::string> more) const {
    return CommandLine::words(patient(std::move(more)));
  }
  std::string done(std::vector<std::string> more) const {
    return CommandLine::done(patient(std::move(more)));
  }

  /// Ends an import when the daemon has done so many batches more; of the last two of them it hears
  /// nothing. False if it ended before, which the gate does not let it.
  bool kill_behind(int batches, const std::vector<std::string>& words, const fs::path& file) const {
    const CommandGate gate(daemon, {.commands = batches, .receipts = batches - unheard});
    std::vector<std::string> gated{POSTERN_CLI, "--endpoint", gate.endpoint(), "--answer-timeout",
                                   "3600"};
    gated.insert(gated.end(), words.begin(), words.end());
    DoneBatches done(file.string() + ".import.part");
    const std::size_t wanted = done.count() + static_cast<std::size_t>(batches - unheard);
    const RunningProgram program(gated);
    while (!gate.has_answered() || done.count() < wanted) {
      int status = 0;
      if (::waitpid(program.process(), &status, WNOHANG) != 0) return false;
      std::this_thread::yield();
    }
    ::kill(program.process(), SIGKILL);
    return program.wait().code == 128 + SIGKILL;
  }

  /// What was made is not lost because it is not said again where it goes, or cannot go there.
  void refuse_to_tell() {
    write("there.csv", "");
    const auto again = words({"--tenant", "gen", "import", "users", path("new.csv")});
    auto taken = again;
    taken.insert(taken.end(), {"--out", path("there.csv")});
    BOOST_TEST(run_program(again).code == 64);
    BOOST_TEST(run_program(taken).code == 73);
    BOOST_REQUIRE(fs::exists(path("new.csv.import.part")));
  }

  std::vector<std::string> import_to(const char* out) const {
    return words({"--tenant", "acme", "import", "users", path("new.csv"), "--create-keys", "first",
                  "--out", path(out)});
  }
  fs::path notes() const { return path("new.csv.import.part"); }
  /// Of two users; it has notes and has sent nothing, as its receivers' file cannot be made.
  void begin_import() {
    write("new.csv", "username\nu0\nu1\n");
    write("made.csv", "");
    BOOST_REQUIRE(run_program(import_to("made.csv")).code == 73);
    BOOST_REQUIRE(fs::exists(notes()));
  }
  /// That it was about to give this name to a file that holds `noted_text`.
  void note_out(const std::string& path) const {
    const std::string note = "{\"out\":\"" + path + "\",\"sha256\":\"" + noted_sha256 + "\"}";
    const char size[4] = {static_cast<char>(note.size()), 0, 0, 0};
    std::ofstream(notes(), std::ios::binary | std::ios::app) << std::string(size, 4) << note;
  }

  static double per_second(std::size_t count, std::chrono::steady_clock::time_point since) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - since;
    return static_cast<double>(count) / std::max(passed.count(), 0.001);
  }
};

BOOST_FIXTURE_TEST_SUITE(bulk_import_tests, BulkImport)

BOOST_AUTO_TEST_CASE(K1_killed_twice_an_import_goes_on_nothing_is_lost_or_doubled_and_it_exports) {
  const std::size_t count = users_imported();
  const std::size_t batches = (count + users_of_batch - 1) / users_of_batch;
  write_table(path("many.csv"), count);
  const auto before = seq();
  const fs::path notes = path("many.csv.import.part");
  const std::vector<std::string> import{"--tenant",       "acme",     "import", "users",
                                        path("many.csv"), "--reason", "moved"};
  const auto command = words(import);
  const int third = static_cast<int>(batches / 3);
  BOOST_REQUIRE(kill_behind(third, import, path("many.csv")));
  BOOST_TEST(mode_of(notes) == 0600U);
  // Those it did not hear of it sends once more, under the same ids.
  BOOST_REQUIRE(kill_behind(third, import, path("many.csv")));
  const std::uint64_t standing = before + static_cast<std::uint64_t>(2 * third - unheard);
  BOOST_TEST(seq() == standing);
  // A dry run sends nothing of what is left.
  auto dry = command;
  dry.emplace_back("--dry-run");
  const Ended looked = run_program(dry);
  BOOST_TEST(looked.said.find("Nothing was sent") != std::string::npos, looked.said);
  BOOST_TEST(looked.code == 0);
  BOOST_TEST(fs::exists(notes));
  BOOST_TEST(seq() == standing);
  // Another form under the same notes is refused.
  BOOST_TEST(
      postern({"--tenant", "acme", "import", "users", path("many.csv"), "--map", "Roles=-"}).code ==
      64);
  const RunningProgram last(command);
  const Ended ended = last.wait();
  BOOST_TEST(ended.code == 0, ended.said);
  BOOST_TEST(ended.said.find("was interrupted") != std::string::npos, ended.said);
  BOOST_TEST(!fs::exists(notes));
  BOOST_TEST(seq() - before == batches, "each batch is one record");
  BOOST_TEST_MESSAGE(ended.said << "the tool had " << (ended.peak_bytes >> 20U) << " MiB at most");

  const auto begun = std::chrono::steady_clock::now();
  const RunningProgram exporting(words({"--tenant", "acme", "export", "users", path("all.csv")}));
  const Ended exported = exporting.wait();
  BOOST_REQUIRE_MESSAGE(exported.code == 0, exported.said);
  BOOST_TEST_MESSAGE("exported " << per_second(count, begun) << " users a second, with "
                                 << (exported.peak_bytes >> 20U) << " MiB at most");
  std::ifstream all(path("all.csv"), std::ios::binary);
  std::string heading;
  std::getline(all, heading);
  std::string line;
  std::size_t number = 0;
  for (; std::getline(all, line) && number < count; ++number) {
    const SourceUser user(number);
    const std::string expected = user.name + ",active,on,,,," + user.email + ",,,,,,,,,,,,," +
                                 user.network + ",,,,,clerk," + user.grant + "\r";
    if (line != expected) break;
  }
  BOOST_TEST(number == count, "line " << number + 2 << ": " << line);
  BOOST_TEST(!std::getline(all, line), "and no more");
}

/// The rows of a table of exported users without their first cell, sorted.
std::vector<std::string> nameless(const std::string& table) {
  std::vector<std::string> rows;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) rows.push_back(line.substr(line.find(',')));
  std::ranges::sort(rows);
  return rows;
}

BOOST_AUTO_TEST_CASE(U2_names_that_are_made_stay_with_their_lines_though_the_import_is_killed) {
  // 20 batches of users, then 40 of their rights.
  constexpr std::size_t count = 20'000;
  std::string table = "email,roles,grants\n";
  for (std::size_t user = 0; user < count; ++user)
    table +=
        "u" + std::to_string(user) + "@x.example,clerk,read table/x" + std::to_string(user) + "\n";
  write("new.csv", table);
  for (const char* tenant : {"gen", "copy"}) {
    write("gen.yaml", "tenant: " + std::string(tenant) +
                          "\npolicies: {username_generated: true}\nroles: {clerk: }\n");
    done({"apply", path("gen.yaml")});
  }
  const auto before = seq();
  const std::vector<std::string> import{"--tenant",      "gen",   "import",        "users",
                                        path("new.csv"), "--out", path("made.csv")};
  const auto command = words(import);
  BOOST_REQUIRE(kill_behind(9, import, path("new.csv")));
  BOOST_TEST(seq() - before == 9U);
  BOOST_REQUIRE(kill_behind(30, import, path("new.csv")));
  BOOST_TEST(seq() - before == 37U);
  refuse_to_tell();
  BOOST_TEST(seq() - before == 37U);
  const Ended ended = run_program(command);
  BOOST_REQUIRE_MESSAGE(ended.code == 0, ended.said);
  BOOST_TEST(seq() - before == 60U);
  done({"--tenant", "gen", "export", "users", path("all.csv")});
  const std::string all = read("all.csv");
  std::map<std::string, std::string> rows;
  std::istringstream exported(all);
  for (std::string line; std::getline(exported, line);) rows[line.substr(0, line.find(','))] = line;
  BOOST_TEST(rows.size() == count + 1);
  std::istringstream made(read("made.csv"));
  std::string line;
  std::getline(made, line);
  std::size_t told = 0;
  for (; std::getline(made, line); ++told) {
    const auto comma = line.find(',');
    const std::string user = line.substr(comma + 1, line.find(',', comma + 1) - comma - 1);
    const std::string number = std::to_string(std::stoull(line.substr(0, comma)) - 2);
    const std::string& row = rows[user];
    if (row.find(",u" + number + "@x.example,") == row.npos ||
        row.find(",clerk,read table/x" + number + "\r") == row.npos)
      break;
  }
  BOOST_TEST(told == count, line);
  // The round trip: all but the names.
  done({"--tenant", "copy", "import", "users", path("all.csv"), "--map", "username=-", "--out",
        path("copied.csv")});
  done({"--tenant", "copy", "export", "users", path("again.csv")});
  BOOST_TEST((nameless(read("again.csv")) == nameless(all)));
}

BOOST_AUTO_TEST_CASE(C8_once_its_receivers_file_has_its_name_an_import_sends_nothing_more) {
  begin_import();
  // As it is where the end comes between the file's name and that of the notes.
  note_out(path("made.csv"));
  write("made.csv", noted_text);
  const auto before = seq();
  const Ended ended = run_program(import_to("made.csv"));
  BOOST_TEST(ended.code == 0, ended.said);
  BOOST_TEST(ended.said.find("All of it was imported before") != std::string::npos, ended.said);
  BOOST_TEST(seq() == before);
  BOOST_TEST(read("made.csv") == noted_text);
  BOOST_TEST(!fs::exists(notes()));
}

BOOST_AUTO_TEST_CASE(C8_what_others_put_in_the_place_of_its_receivers_file_loses_no_key) {
  begin_import();
  note_out(path("made.csv"));
  write("made.csv", "another's");
  const Ended refused = run_program(import_to("made.csv"));
  BOOST_TEST(refused.code == 73, refused.said);
  BOOST_TEST(read("made.csv") == "another's");
  BOOST_REQUIRE(fs::exists(notes()));
  const Ended ended = run_program(import_to("mine.csv"));
  BOOST_TEST(ended.code == 0, ended.said);
  const std::string made = read("mine.csv");
  for (const char* user : {"\r\nu0,,", "\r\nu1,,"}) {
    const auto row = made.find(user);
    BOOST_REQUIRE(row != made.npos);
    // Its key comes next.
    BOOST_TEST(made.at(row + 6) != '\r');
  }
  BOOST_TEST(!fs::exists(notes()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::support
