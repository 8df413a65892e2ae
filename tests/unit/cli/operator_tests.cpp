// Operators and the files of their keys: what is sent, what is written and when.
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "tests/unit/cli/fixture.h"

namespace postern::cli {
namespace {

using schema::Code;
using support::FakeDaemon;

BOOST_FIXTURE_TEST_SUITE(operator_tests, Fixture)

BOOST_AUTO_TEST_CASE(O3_operator_add_makes_a_key_and_sends_its_public_half) {
  const auto file = daemon.folder / "helpdesk.key";
  const auto ended = postern(
      "operator add helpdesk --role service --tenants acme,umbra --vouches --uid 33 --key-out " +
      file.string());
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  const auto message = sent();
  const auto& add = *message.commands[0]->body.AsAddOperator();
  BOOST_TEST(add.name == "helpdesk");
  BOOST_TEST((add.role == schema::Role::service));
  BOOST_TEST(add.standing->tenants == (std::vector<std::string>{"acme", "umbra"}),
             boost::test_tools::per_element());
  BOOST_TEST(!add.standing->all_tenants);
  BOOST_TEST(add.standing->vouches);
  BOOST_TEST((add.standing->uid == 33u));
  BOOST_TEST_REQUIRE(add.standing->keys.size() == 1u);
  struct stat status {};
  BOOST_TEST_REQUIRE(::stat(file.c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777) == 0600u);
  client::Key key{};
  std::ranges::copy(add.standing->keys[0]->bytes, key.begin());
  BOOST_TEST(contains(read_file(file), client::key_text(key)));
}

BOOST_AUTO_TEST_CASE(a_refused_operator_leaves_no_key_file) {
  daemon.on_command = [](const auto& message) { return refuse(message, Code::operator_exists); };
  const auto file = daemon.folder / "helpdesk.key";
  const auto ended =
      postern("operator add helpdesk --role owner --tenants all --key-out " + file.string());
  BOOST_TEST(ended.exit_code == 1);
  BOOST_TEST(!std::filesystem::exists(file));
  BOOST_TEST(!std::filesystem::exists(file.string() + ".part"));
}

BOOST_AUTO_TEST_CASE(a_key_file_has_its_name_only_once_the_daemon_has_the_key) {
  const auto file = daemon.folder / "helpdesk.key";
  bool whole = false, named = true;
  daemon.on_command = [&](const auto& message) {
    named = std::filesystem::exists(file);
    whole = contains(read_file(file.string() + ".part"), "secret_key");
    return FakeDaemon::Replies{packed(FakeDaemon::receipt_to(message))};
  };
  BOOST_TEST(postern("operator add helpdesk --role owner --tenants all --key-out " + file.string())
                 .exit_code == 0);
  daemon.stop();
  BOOST_TEST(whole);
  BOOST_TEST(!named);
  BOOST_TEST(contains(read_file(file), "secret_key"));
  BOOST_TEST(!std::filesystem::exists(file.string() + ".part"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_sends_nothing_and_leaves_nothing) {
  const auto one = daemon.folder / "one.key";
  const std::string add = "operator add helpdesk --role owner --tenants all --key-out ";
  BOOST_TEST(postern(add + "/nowhere/x.key").exit_code == 73);
  BOOST_TEST(postern(add + one.string() + " --signing-key-out /nowhere/x.key").exit_code == 73);
  BOOST_TEST(postern("backup keys " + (daemon.folder / "copy").string() +
                     " --key-out /nowhere/x.key --kept-until 2027-01-31T00:00:00Z")
                 .exit_code == 73);
  daemon.stop();
  BOOST_TEST(commands_.empty());
  for (const auto& entry : std::filesystem::directory_iterator(daemon.folder))
    BOOST_TEST(!contains(entry.path().filename().string(), ".part"), entry.path());
  BOOST_TEST(!std::filesystem::exists(one));
}

BOOST_AUTO_TEST_CASE(a_refused_copy_of_keys_leaves_nothing) {
  daemon.on_command = [](const auto& message) { return refuse(message, Code::not_permitted); };
  const auto copy = daemon.folder / "copy";
  const auto key = daemon.folder / "restore.key";
  BOOST_TEST(postern("backup keys " + copy.string() + " --key-out " + key.string() +
                     " --kept-until 2027-01-31T00:00:00Z")
                 .exit_code == 77);
  daemon.stop();
  for (const auto& file : {copy, key}) {
    BOOST_TEST(!std::filesystem::exists(file));
    BOOST_TEST(!std::filesystem::exists(file.string() + ".part"));
  }
}

BOOST_AUTO_TEST_CASE(an_operator_nobody_knows_of_keeps_its_key_file) {
  daemon.on_command = [](const auto&) { return FakeDaemon::Replies{}; };
  const auto file = daemon.folder / "helpdesk.key";
  const auto ended = postern(
      "--timeout 1 operator add helpdesk --role owner --tenants all --key-out " + file.string());
  BOOST_TEST(ended.exit_code == 69);
  BOOST_TEST(std::filesystem::exists(file));
}

BOOST_AUTO_TEST_CASE(a_key_file_is_never_overwritten) {
  const auto file = daemon.folder / "helpdesk.key";
  write_file(file, "precious");
  const auto ended =
      postern("operator add helpdesk --role owner --tenants all --key-out " + file.string());
  BOOST_TEST(ended.exit_code == 73);
  BOOST_TEST(read_file(file) == "precious");
  daemon.stop();
  BOOST_TEST(commands_.empty());
}

BOOST_AUTO_TEST_CASE(O3_keys_are_added_removed_or_replaced) {
  const auto key = [](std::uint8_t byte) {
    client::Key made{};
    made.fill(byte);
    return made;
  };
  daemon.on_history = [&](const auto& request) {
    schema::OperatorPageT operators;
    operators.operators.push_back(std::make_unique<schema::OperatorViewT>());
    auto& known = *operators.operators.back();
    known.name = "helpdesk";
    known.role = schema::Role::manager;
    known.standing = std::make_unique<schema::OperatorStandingT>();
    known.standing->keys.push_back(std::make_unique<schema::PublicKeyT>());
    known.standing->keys.back()->bytes.assign(32, 1);
    auto page = FakeDaemon::page_to(request);
    page.body.Set(std::move(operators));
    return FakeDaemon::Replies{packed(page)};
  };
  const auto text = [&](std::uint8_t byte) { return client::key_text(key(byte)); };
  start();
  const auto set = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--data", daemon.folder.string(), "operator", "set", "helpdesk"});
    return run_with(words).exit_code;
  };
  BOOST_TEST(set({"--add-key", text(2)}) == 0);
  BOOST_TEST(set({"--add-key", text(2), "--remove-key", text(1)}) == 0);
  BOOST_TEST(set({"--public-key", text(3)}) == 0);
  BOOST_TEST(set({"--add-signing-key", text(4)}) == 0);
  BOOST_TEST(set({"--add-key", text(2), "--add-key", text(3)}) == 64);
  BOOST_TEST(set({"--remove-key", text(9)}) == 64);
  BOOST_TEST(set({"--public-key", text(3), "--add-key", text(2)}) == 64);
  BOOST_TEST(set({"--add-key", "short"}) == 64);
  daemon.stop();
  const auto first_bytes = [](const auto& keys) {
    std::vector<int> bytes;
    for (const auto& one : keys) bytes.push_back(one->bytes.at(0));
    return bytes;
  };
  BOOST_TEST_REQUIRE(commands_.size() == 4u);
  const auto standing = [&](std::size_t place) -> const schema::OperatorStandingT& {
    return *commands_[place].commands.at(0)->body.AsChangeOperator()->standing;
  };
  BOOST_TEST((first_bytes(standing(0).keys) == std::vector{1, 2}));
  BOOST_TEST((first_bytes(standing(1).keys) == std::vector{2}));
  BOOST_TEST((first_bytes(standing(2).keys) == std::vector{3}));
  BOOST_TEST((first_bytes(standing(3).keys) == std::vector{1}));
  BOOST_TEST((first_bytes(standing(3).signing_keys) == std::vector{4}));
}

BOOST_AUTO_TEST_CASE(operator_set_keeps_what_is_not_named) {
  daemon.on_history = [](const auto& request) {
    schema::OperatorPageT operators;
    operators.operators.push_back(std::make_unique<schema::OperatorViewT>());
    auto& known = *operators.operators[0];
    known.name = "helpdesk";
    known.role = schema::Role::manager;
    known.standing = std::make_unique<schema::OperatorStandingT>();
    known.standing->tenants = {"acme"};
    known.standing->uid = 33;
    known.standing->vouches = true;
    known.standing->keys.push_back(std::make_unique<schema::PublicKeyT>());
    known.standing->keys[0]->bytes.assign(32, 7);
    auto page = FakeDaemon::page_to(request);
    page.body.Set(std::move(operators));
    return FakeDaemon::Replies{packed(page)};
  };
  BOOST_TEST(postern("operator set helpdesk --tenants all --no-vouches").exit_code == 0);
  BOOST_TEST(postern("operator set nobody --tenants all").exit_code == 1);
  const auto message = sent();
  const auto& change = *message.commands[0]->body.AsChangeOperator();
  BOOST_TEST((change.role == schema::Role::manager));
  BOOST_TEST(change.standing->all_tenants);
  BOOST_TEST(change.standing->tenants.empty());
  BOOST_TEST(!change.standing->vouches);
  BOOST_TEST((change.standing->uid == 33u));
  BOOST_TEST(change.standing->keys.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
