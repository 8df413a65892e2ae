// Users from tables into the real daemon, and out again.
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/daemon_process.h"

namespace postern::support {
namespace {

namespace fs = std::filesystem;

struct Import {
  TemporaryFolder folder;
  DaemonProcess daemon;

  Import() {
    BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
    for (const char* alias : {"acme", "other"}) done({"tenant", "create", alias});
    for (const char* tenant : {"acme", "other"})
      done({"--tenant", tenant, "role", "create", "clerk"});
  }

  std::string path(const std::string& name) const { return folder.path() / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name), std::ios::binary).rdbuf();
    return text.str();
  }

  std::vector<std::string> words(std::vector<std::string> more) const {
    std::vector<std::string> all{POSTERN_CLI, "--data", daemon.data().string()};
    std::ranges::move(more, std::back_inserter(all));
    return all;
  }
  Ended postern(std::vector<std::string> more) const { return run_program(words(std::move(more))); }
  std::string done(std::vector<std::string> more) const {
    const Ended ended = postern(std::move(more));
    BOOST_REQUIRE_MESSAGE(ended.code == 0, ended.said);
    return ended.said;
  }
  Ended users(const std::string& file, std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"--tenant", "acme", "import", "users", path(file)};
    std::ranges::move(more, std::back_inserter(all));
    return postern(std::move(all));
  }
  std::string exported(const std::string& tenant, const std::string& name) const {
    done({"--tenant", tenant, "export", "users", path(name)});
    return read(name);
  }
  std::uint64_t seq() const {
    schema::QueryT query;
    query.body.Set(schema::GetStatusT{});
    auto client = daemon.owner();
    const auto answer = client.ask(std::move(query));
    BOOST_REQUIRE(answer.has_value());
    return answer->body.AsStatus()->seq;
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

BOOST_FIXTURE_TEST_SUITE(import_tests, Import)

BOOST_AUTO_TEST_CASE(K6_a_report_names_every_line_column_and_rule_and_nothing_is_sent) {
  write("bad.csv",
        "\xef\xbb\xbfUser;E-Mail;Hire date;Roles;Grants\r\n"
        "good;a@b.example;;clerk;read table/x\r\n"
        "bad name;nope;2020-13-01;nobody;fly table/x\r\n"
        "other;;;nobody;fly table/x\r\n"
        "Good;;;;\r\n"
        "short;\r\n"
        "open;\"never closed");
  const auto before = seq();
  const Ended ended = users("bad.csv");
  BOOST_TEST(ended.code == 1);
  for (const char* part :
       {"field_malformed  line 3, column 1 (User)", "field_malformed  line 3, column 2 (E-Mail)",
        "field_malformed  line 3, column 3 (Hire date)", "role_unknown  line 4, column 4 (Roles)",
        "unknown_resource  line 4, column 5 (Grants)",
        "U1  line 5, column 1 (User): Line 2 has the username", "form  line 6",
        "form  line 7, column 2 (E-Mail)", "8 problems in 5 lines", "Nothing was sent.",
        "--rejects FILE"})
    BOOST_TEST(contains(ended.said, part), part << " in " << ended.said);
  BOOST_TEST(seq() == before);
  BOOST_TEST(!fs::exists(path("bad.csv.import.part")));
}

BOOST_AUTO_TEST_CASE(what_is_refused_is_put_aside_and_imported_once_mended) {
  write("mixed.csv", "username,email\na,\nb,nope\nc,c@x.example\n");
  const Ended ended = users("mixed.csv", {"--rejects", path("aside.csv")});
  BOOST_TEST(ended.code == 0, ended.said);
  BOOST_TEST(read("aside.csv") == "username,email\nb,nope\n");
  write("aside.csv", "username,email\nb,b@x.example\n");
  BOOST_TEST(users("aside.csv").code == 0);
  const auto text = exported("acme", "all.jsonl");
  BOOST_TEST(std::ranges::count(text, '\n') == 3);
}

BOOST_AUTO_TEST_CASE(an_export_imported_elsewhere_exports_the_same) {
  write("all.csv",
        "username,status,api_access,locked,first_name,email,hire_date,attributes,note,networks,"
        "skip_ip_check,secure_transport_required,session_timeout_seconds,api_logging,roles,grants\n"
        "api.a,new,off,,Ada,a@x.example,2024-05-01,\"{\"\"b\"\":\"\"c|d\"\"}\",\"=a \"\"note\"\"\","
        "10.0.0.0/8|AWS,on,on,600,on,clerk,read table/x|deny write table/x/y until "
        "2040-01-01T00:00:00Z networks 10.0.0.0/8 tls\n"
        "api.b,inactive,on,on,,,,,,,,,,,,\n"
        "api.c,trashed,on,,,,,,,,,,,,clerk,run script/nightly\n"
        "'-api,active,,,-Ada,,,,,,,,,,,\n");
  const Ended made = users("all.csv");
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.said);
  for (const char* form : {"csv", "jsonl"}) {
    const std::string file = std::string("first.") + form;
    const std::string first = exported("acme", file);
    for (const char* part : {"api.a", "trashed", "2040-01-01T00:00:00Z", "-Ada", "c|d"})
      BOOST_TEST(contains(first, part), part << " in " << first);
    const std::string tenant = std::string("copy-") + form;
    done({"tenant", "create", tenant});
    done({"--tenant", tenant, "role", "create", "clerk"});
    done({"--tenant", tenant, "import", "users", path(file)});
    BOOST_TEST(exported(tenant, std::string("second.") + form) == first);
  }
}

BOOST_AUTO_TEST_CASE(C8_passwords_and_keys_that_are_made_go_to_a_file_of_its_owner_alone) {
  write("new.csv", "username,password\na,\nb,Chosen-Kettle-42\n");
  const Ended ended = users(
      "new.csv", {"--generate-passwords", "--create-keys", "first", "--out", path("made.csv")});
  BOOST_REQUIRE_MESSAGE(ended.code == 0, ended.said);
  BOOST_TEST(mode_of(path("made.csv")) == 0600U);
  const std::string made = read("made.csv");
  BOOST_TEST(!contains(made, "Chosen"));
  BOOST_TEST(contains(made, "\r\nb,,pstk_"));
  const auto begin = made.find("\r\na,") + 4;
  auto client = daemon.owner();
  for (const std::string& password :
       {made.substr(begin, made.find(',', begin) - begin), std::string("Chosen-Kettle-42")}) {
    schema::PasswordCredentialT credential;
    credential.username = password.starts_with("Chosen") ? "b" : "a";
    credential.password = password;
    schema::AuthenticateT body;
    body.credential.Set(std::move(credential));
    schema::QueryT query;
    query.tenant = "acme";
    query.body.Set(std::move(body));
    const auto answer = client.ask(std::move(query));
    BOOST_REQUIRE(answer.has_value());
    BOOST_REQUIRE(answer->body.AsAuthenticated() != nullptr);
    BOOST_TEST((answer->body.AsAuthenticated()->reason == schema::Code::ok));
  }
  BOOST_TEST(!fs::exists(path("new.csv.import.part")));
}

/// Waits until the import has noted so many bytes, and ends it at once; false if it had ended.
bool kill_at(const RunningProgram& program, const fs::path& notes, std::uintmax_t bytes) {
  std::error_code error;
  for (;;) {
    int status = 0;
    if (fs::file_size(notes, error) >= bytes && !error) {
      ::kill(program.process(), SIGKILL);
      return program.wait().code == 128 + SIGKILL;
    }
    if (::waitpid(program.process(), &status, WNOHANG) != 0) return false;
    std::this_thread::yield();
  }
}

BOOST_AUTO_TEST_CASE(K1_interrupted_twice_it_goes_on_and_nothing_is_lost_or_done_twice) {
  constexpr std::size_t count = 30'000;
  std::string text = "username,roles,grants\n";
  for (std::size_t user = 0; user < count; ++user)
    text += "user-" + std::to_string(user) + ",clerk,read table/x\n";
  write("many.csv", text);
  const auto before = seq();
  const fs::path notes = path("many.csv.import.part");
  const auto command =
      words({"--tenant", "acme", "import", "users", path("many.csv"), "--reason", "moved"});
  std::uintmax_t bytes = 1'500;
  for (int interruption = 0; interruption < 2; ++interruption) {
    const RunningProgram program(command);
    BOOST_REQUIRE(kill_at(program, notes, bytes));
    BOOST_TEST(mode_of(notes) == 0600U);
    bytes = fs::file_size(notes) + 1'500;
  }
  // Another file, tenant or form under the same notes is refused.
  BOOST_TEST(users("many.csv", {"--map", "roles=-"}).code == 64);
  const Ended ended = run_program(command);
  BOOST_TEST(ended.code == 0, ended.said);
  BOOST_TEST(contains(ended.said, "was interrupted"), ended.said);
  BOOST_TEST(!fs::exists(notes));
  const std::string all = exported("acme", "many.jsonl");
  BOOST_TEST(std::ranges::count(all, '\n') == count);
  // 333 users a batch, each batch one record.
  BOOST_TEST(seq() - before == (count + 332) / 333);
}

BOOST_AUTO_TEST_CASE(what_no_import_takes_is_said) {
  write("x.csv", "username\na\n");
  BOOST_TEST(users("none.csv").code == 66);
  BOOST_TEST(!fs::exists(path("none.csv.import.part")));
  BOOST_TEST(users("x.csv", {"--generate-passwords"}).code == 64);
  BOOST_TEST(users("x.csv", {"--map", "username"}).code == 64);
  BOOST_TEST(users("x.csv", {"--id", "01a22b73-f207-7546-9a28-74ff6d6fc4da"}).code == 64);
  BOOST_TEST(users("x.csv", {"--dry-run"}).code == 0);
  BOOST_TEST(postern({"--tenant", "nobody", "import", "users", path("x.csv")}).code == 1);
  BOOST_TEST(users("x.csv").code == 0);
  BOOST_TEST(users("x.csv").code == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::support
