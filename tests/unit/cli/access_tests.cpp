// How the daemon is found, and which keys are used.
#include <boost/test/unit_test.hpp>

#include "tests/unit/cli/fixture.h"
#include "tools/cli/access.h"
#include "tools/cli/verb.h"

namespace postern::cli {
namespace {

struct Folder {
  support::FakeDaemon daemon;
  std::filesystem::path path = daemon.folder;
  client::KeyPair keys = client::make_key_pair();
  client::KeyPair server = client::make_key_pair();

  void write_addresses() {
    write_file(path / "addresses",
               "commands = \"tcp://127.0.0.1:9001\"\nqueries = \"tcp://127.0.0.1:9002\"\n"
               "history = \"tcp://127.0.0.1:9003\"\ncommands_ipc = \"ipc:///run/c\"\n"
               "queries_ipc = \"ipc:///run/q\"\nhistory_ipc = \"ipc:///run/h\"\nserver_key = \"" +
                   client::key_text(server.public_key) + "\"\n");
  }
  Access access() const {
    Access made;
    made.data = path;
    return made;
  }
};

int stopped(const Access& access) {
  try {
    reach(access);
  } catch (const Stop& stop) {
    return stop.exit_code;
  }
  return 0;
}

BOOST_FIXTURE_TEST_SUITE(access_tests, Folder)

BOOST_AUTO_TEST_CASE(without_a_key_it_is_the_ipc_door) {
  write_addresses();
  const auto options = reach(access());
  BOOST_TEST(options.commands == "ipc:///run/c");
  BOOST_TEST(options.queries == "ipc:///run/q");
  BOOST_TEST(options.history == "ipc:///run/h");
  BOOST_TEST(!options.keys.has_value());
}

BOOST_AUTO_TEST_CASE(a_folder_of_ipc_sockets_needs_no_data_folder_and_no_key) {
  Access asked;
  asked.endpoint = "ipc:///run/postern/";
  const auto options = reach(asked);
  BOOST_TEST(options.commands == "ipc:///run/postern/commands");
  BOOST_TEST(options.queries == "ipc:///run/postern/queries");
  BOOST_TEST(options.history == "ipc:///run/postern/history");
  BOOST_TEST(!options.keys.has_value());
  asked.endpoint = "ipc://run/postern";
  BOOST_TEST(stopped(asked) == 64);
  asked.endpoint = "ipc:///run/postern";
  asked.port_base = 7'600;
  BOOST_TEST(stopped(asked) == 64);
}

BOOST_AUTO_TEST_CASE(with_the_owners_key_it_is_tcp) {
  write_addresses();
  write_key_file(path / "owner.key", keys);
  const auto options = reach(access());
  BOOST_TEST(options.commands == "tcp://127.0.0.1:9001");
  BOOST_TEST(options.history == "tcp://127.0.0.1:9003");
  BOOST_TEST((options.server_key == server.public_key));
  BOOST_TEST_REQUIRE(options.keys.has_value());
  BOOST_TEST((options.keys->public_key == keys.public_key));
  BOOST_TEST((options.keys->secret_key == keys.secret_key));
}

BOOST_AUTO_TEST_CASE(a_named_key_goes_before_the_owners) {
  write_addresses();
  write_key_file(path / "owner.key", client::make_key_pair());
  write_key_file(path / "mine.key", keys);
  auto asked = access();
  asked.key = path / "mine.key";
  BOOST_TEST((reach(asked).keys->public_key == keys.public_key));
}

BOOST_AUTO_TEST_CASE(
    files_with_a_mark_or_ends_of_lines_of_windows_are_read_or_refused_with_the_reason) {
  const std::string mark = "\xef\xbb\xbf";
  const auto as_windows = [&](const std::string& text) {
    std::string made = mark;
    for (const char letter : text)
      made += letter == '\n' ? std::string("\r\n") : std::string(1, letter);
    return made;
  };
  write_addresses();
  write_file(path / "addresses", as_windows(read_file(path / "addresses")));
  write_key_file(path / "owner.key", keys);
  write_file(path / "owner.key", as_windows(read_file(path / "owner.key")));
  const auto options = reach(access());
  BOOST_TEST(options.commands == "tcp://127.0.0.1:9001");
  BOOST_TEST((options.keys->secret_key == keys.secret_key));
  write_file(path / "server.key", as_windows(client::key_text(server.public_key) + "\n"));
  auto asked = access();
  asked.server_key = (path / "server.key").string();
  BOOST_TEST((reach(asked).server_key == server.public_key));
  for (const char* name : {"server.key", "owner.key", "addresses"}) {
    const auto before = read_file(path / name);
    write_file(path / name, std::string("\xff\xfe") + "k\0e\0y");
    try {
      reach(std::string(name) == "server.key" ? asked : access());
      BOOST_ERROR(name);
    } catch (const Stop& stop) {
      BOOST_TEST(stop.exit_code == 65, name);
      BOOST_TEST(contains(stop.sentence, "UTF-16"), stop.sentence);
    }
    write_file(path / name, before);
  }
}

BOOST_AUTO_TEST_CASE(ports_and_host_can_be_given) {
  write_key_file(path / "mine.key", keys);
  Access asked;
  asked.key = path / "mine.key";
  asked.server_key = client::key_text(server.public_key);
  asked.port_base = 9'100;
  BOOST_TEST(reach(asked).queries == "tcp://127.0.0.1:9102");
  asked.endpoint = "auth.example";
  BOOST_TEST(reach(asked).history == "tcp://auth.example:9103");
  asked.endpoint = "tcp://2001:db8::1";
  BOOST_TEST(reach(asked).commands == "tcp://[2001:db8::1]:9101");
  asked.endpoint = "[2001:db8::1]";
  asked.port_base.reset();
  BOOST_TEST(reach(asked).commands == "tcp://[2001:db8::1]:7601");
  asked.endpoint = "auth.example:9101";
  BOOST_TEST(stopped(asked) == 64);
}

BOOST_AUTO_TEST_CASE(the_servers_key_comes_from_a_file_too) {
  write_key_file(path / "owner.key", keys);
  write_file(path / "server.key", client::key_text(server.public_key) + "\n");
  auto asked = access();
  asked.port_base = 9'100;
  BOOST_TEST((reach(asked).server_key == server.public_key));
  asked.data.reset();
  asked.key = path / "owner.key";
  BOOST_TEST(stopped(asked) == 64);
  asked.server_key = (path / "server.key").string();
  BOOST_TEST((reach(asked).server_key == server.public_key));
  write_file(path / "server.key", "nonsense");
  BOOST_TEST(stopped(asked) == 65);
}

BOOST_AUTO_TEST_CASE(a_key_that_others_can_read_is_refused) {
  write_addresses();
  write_file(path / "owner.key", "public_key = \"x\"\n", 0640);
  BOOST_TEST(stopped(access()) == 77);
  write_file(path / "owner.key", "public_key = \"x\"\n", 0604);
  BOOST_TEST(stopped(access()) == 77);
  write_file(path / "owner.key", "public_key = \"x\"\n", 0600);
  BOOST_TEST(stopped(access()) == 65);
}

BOOST_AUTO_TEST_CASE(a_damaged_key_file_is_not_quoted) {
  write_file(path / "owner.key", "secret_key = \"very secret\n", 0600);
  try {
    read_key_file(path / "owner.key");
    BOOST_ERROR("It was taken.");
  } catch (const Stop& stop) {
    BOOST_TEST(stop.exit_code == 65);
    BOOST_TEST(!contains(stop.sentence + stop.remedy, "secret_key"));
    BOOST_TEST(!contains(stop.sentence + stop.remedy, "very"));
  }
}

BOOST_AUTO_TEST_CASE(too_little_said_is_usage_and_what_is_not_there_is_missing) {
  BOOST_TEST(stopped(Access{}) == 64);
  auto asked = access();
  BOOST_TEST(stopped(asked) == 69);
  asked.port_base = 9'100;
  BOOST_TEST(stopped(asked) == 64);
  asked.data = "/nowhere/at/all";
  BOOST_TEST(stopped(asked) == 66);
  asked = access();
  write_addresses();
  asked.key = path / "none.key";
  BOOST_TEST(stopped(asked) == 66);
}

BOOST_FIXTURE_TEST_CASE(a_local_data_folder_is_all_it_needs_for_curve, Fixture) {
  daemon.curve = true;
  daemon.on_query = [](const auto& query) {
    auto answer = support::FakeDaemon::answer_to(query);
    answer.body.Set(schema::StatusT{});
    return support::FakeDaemon::Replies{packed(answer)};
  };
  start();
  write_key_file(daemon.folder / "owner.key", client::make_key_pair());
  const auto ended = postern("status");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
