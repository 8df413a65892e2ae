// K5: what an answer to one sending says of the others, in the client, and in the manual.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <regex>
#include <thread>

#include "codes.h"
#include "schema/resending.h"
#include "tests/unit/client/fake_daemon.h"

namespace postern::client {

namespace {

using schema::Code;
using schema::Resending;
using namespace std::chrono_literals;

schema::CommandMessageT create_tenant() {
  schema::CommandMessageT message;
  schema::CreateTenantT body;
  body.alias = "acme";
  message.commands.push_back(std::make_unique<schema::CommandT>());
  message.commands[0]->body.Set(std::move(body));
  return message;
}

/// A daemon that says nothing to the first sending, and then what `told` is, again and again.
struct Silent {
  FakeDaemon daemon;
  std::size_t sendings = 0;

  Result<schema::ReceiptT> execute(std::vector<Code> told, std::chrono::milliseconds timeout) {
    daemon.on_command = [this, told](const auto& message) -> FakeDaemon::Replies {
      if (sendings++ == 0) return {};
      const Code code = told[std::min(sendings - 2, told.size() - 1)];
      return {packed(FakeDaemon::receipt_to(message, code))};
    };
    daemon.start();
    auto options = daemon.options();
    options.timeout = timeout;
    options.retries = static_cast<int>(timeout / 50ms);
    auto client = Client::make(std::move(options));
    BOOST_TEST_REQUIRE(client.has_value());
    return client->execute(create_tenant());
  }
};

/// What the manual's table says of each code that it names.
std::map<std::string, std::string> manual_table() {
  std::ifstream file(SCHEMA_MANUAL);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  static const std::regex row(R"(\n\| (`[^|]*`) \| \*\*([a-z ]+)\*\* \|)");
  static const std::regex name("`([a-z_]+)`");
  std::map<std::string, std::string> table;
  for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at) {
    const std::string names = (*at)[1];
    for (std::sregex_iterator one(names.begin(), names.end(), name); one != end; ++one)
      BOOST_TEST(table.emplace((*one)[1], (*at)[2]).second);
  }
  return table;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resending_tests)

BOOST_AUTO_TEST_CASE(K5_the_manual_says_of_every_code_what_the_clients_make_of_it) {
  auto table = manual_table();
  BOOST_TEST(!table.empty());
  for (const Code code : schema::EnumValuesCode()) {
    const std::string name(schema::code_text(code).name);
    const Resending says = schema::resending_of(code);
    const auto told = table.extract(name);
    BOOST_TEST(
        (says == Resending::final ? told.empty() : !told.empty() && told.mapped() == name_of(says)),
        name);
  }
  BOOST_TEST(table.empty());
}

BOOST_AUTO_TEST_CASE(K5_an_answer_to_the_second_sending_is_none_to_the_first) {
  for (const auto& [code, says] : schema::code_resendings) {
    BOOST_TEST_CONTEXT(schema::EnumNameCode(code)) {
      Silent silent;
      const auto got = silent.execute({code}, 600ms);
      BOOST_TEST_REQUIRE(!got.has_value());
      BOOST_TEST(exit_code(got.error()) == 75);
      BOOST_TEST(got.error().sentence.starts_with("It is not known"), got.error().sentence);
      BOOST_TEST(got.error().sentence.find(schema::EnumNameCode(code)) != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(K5_what_became_of_the_first_sending_is_waited_for) {
  for (const auto& [code, says] : schema::code_resendings) {
    BOOST_TEST_CONTEXT(schema::EnumNameCode(code)) {
      Silent silent;
      const auto got = silent.execute({code, code, Code::ok}, 60s);
      BOOST_TEST_REQUIRE(got.has_value());
      BOOST_TEST((got->code == Code::ok));
      silent.daemon.stop();
      for (const std::string& bytes : silent.daemon.command_bytes)
        BOOST_TEST(bytes == silent.daemon.command_bytes.front());
    }
  }
}

BOOST_AUTO_TEST_CASE(K5_every_other_code_is_the_end_however_often_it_was_sent) {
  for (const Code code : schema::EnumValuesCode()) {
    if (schema::resending_of(code) != Resending::final) continue;
    Silent silent;
    const auto got = silent.execute({code}, 10s);
    BOOST_TEST_REQUIRE(got.has_value(), schema::EnumNameCode(code));
    BOOST_TEST((got->code == code));
  }
}

BOOST_AUTO_TEST_CASE(K5_the_only_sending_is_answered_by_what_is_said_to_it) {
  for (const auto& [code, says] : schema::code_resendings) {
    BOOST_TEST_CONTEXT(schema::EnumNameCode(code)) {
      FakeDaemon daemon;
      daemon.on_command = [code](const auto& message) {
        return FakeDaemon::Replies{packed(FakeDaemon::receipt_to(message, code))};
      };
      daemon.start();
      auto options = daemon.options();
      options.timeout = 60s;
      // What is tried again would be so for long.
      if (says == Resending::try_again) options.timeout = 300ms;
      options.retries = 0;
      auto client = Client::make(std::move(options));
      const auto got = client->execute(create_tenant());
      BOOST_TEST_REQUIRE(got.has_value());
      BOOST_TEST((got->code == code));
      client = std::unexpected(Error{});
      daemon.stop();
      if (says == Resending::try_again)
        BOOST_TEST(daemon.command_bytes.size() > 1U);
      else
        BOOST_TEST(daemon.command_bytes.size() == 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(K5_a_daemon_that_is_gone_leaves_open_what_became_of_it) {
  FakeDaemon daemon;
  std::promise<void> told;
  int sendings = 0;
  daemon.on_command = [&](const auto& message) -> FakeDaemon::Replies {
    if (++sendings == 1) return {};
    if (sendings == 2) told.set_value();
    return {packed(FakeDaemon::receipt_to(message, Code::stopping))};
  };
  daemon.start();
  auto options = daemon.options();
  options.timeout = 60s;
  options.retries = 600;
  options.wait_for_daemon = false;
  auto client = Client::make(std::move(options));
  std::jthread gone([&] {
    told.get_future().wait();
    daemon.stop();
  });
  const auto got = client->execute(create_tenant());
  BOOST_TEST_REQUIRE(!got.has_value());
  BOOST_TEST(exit_code(got.error()) == 75, got.error().sentence);
}

BOOST_AUTO_TEST_CASE(a_batch_of_passwords_is_granted_time_by_its_size) {
  auto message = create_tenant();
  BOOST_TEST((time_to_hash(message) == 0ms));
  for (int count = 0; count < 1'000; ++count) {
    schema::CreateUserT body;
    body.password = "Corr3ct-horse";
    message.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(body));
  }
  BOOST_TEST((time_to_hash(message) >= 14s));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::client
