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
#include "tests/support/fake_daemon/fake_daemon.h"

namespace postern::client {

namespace {

using schema::Code;
using schema::Resending;
using support::FakeDaemon;
using support::packed;
using namespace std::chrono_literals;

schema::CommandMessageT create_tenant() {
  schema::CommandMessageT message;
  schema::CreateTenantT body;
  body.alias = "acme";
  message.commands.push_back(std::make_unique<schema::CommandT>());
  message.commands[0]->body.Set(std::move(body));
  return message;
}

/// Longer than any call: the client has no time to try again.
constexpr std::uint32_t too_late_ms = 600'000;

/// A daemon that says nothing to the first sending of each command, and then one code after the
/// other, the last again and again.
struct Silent {
  FakeDaemon daemon;
  std::map<std::string, std::size_t> sendings;
  std::map<std::string, std::vector<Code>> to_tell;
  std::uint32_t retry_after_ms = 0;

  /// One command for each, all under way together; the ends in the same order.
  std::vector<Result<schema::ReceiptT>> execute(const std::vector<std::vector<Code>>& told) {
    daemon.on_command = [this](const auto& message) -> FakeDaemon::Replies {
      const std::string id = uuid_text(*message.id);
      const std::size_t sending = sendings[id]++;
      if (sending == 0) return {};
      const auto& codes = to_tell.at(id);
      auto receipt = FakeDaemon::receipt_to(message, codes[std::min(sending, codes.size()) - 1]);
      receipt.retry_after_ms = retry_after_ms;
      return {packed(receipt)};
    };
    std::vector<std::string> ids;
    std::vector<schema::CommandMessageT> messages;
    for (const auto& codes : told) {
      messages.push_back(create_tenant());
      messages.back().id = std::make_unique<schema::Uuid>(make_uuid());
      ids.push_back(uuid_text(*messages.back().id));
      to_tell[ids.back()] = codes;
    }
    daemon.start();
    auto options = daemon.options();
    options.timeout = 120s;
    options.retries = 119;
    auto client = Client::make(std::move(options));
    BOOST_TEST_REQUIRE(client.has_value());
    for (auto& message : messages)
      BOOST_TEST_REQUIRE(client->submit(std::move(message)).has_value());
    std::map<std::string, Result<schema::ReceiptT>> ends;
    while (ends.size() < ids.size()) {
      auto outcome = client->collect_receipt(120s);
      BOOST_TEST_REQUIRE(outcome.has_value());
      ends.emplace(uuid_text(outcome->id), std::move(outcome->answer));
    }
    daemon.stop();
    std::vector<Result<schema::ReceiptT>> ordered;
    for (const std::string& id : ids) ordered.push_back(std::move(ends.at(id)));
    return ordered;
  }
};

std::vector<std::vector<Code>> each_that_is(bool final, std::vector<Code> and_then = {}) {
  std::vector<std::vector<Code>> told;
  for (const Code code : schema::EnumValuesCode()) {
    if ((schema::resending_of(code) == Resending::final) != final) continue;
    told.push_back({code});
    told.back().insert(told.back().end(), and_then.begin(), and_then.end());
  }
  return told;
}

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
  Silent silent;
  silent.retry_after_ms = too_late_ms;
  const auto told = each_that_is(false);
  BOOST_TEST(!told.empty());
  const auto got = silent.execute(told);
  for (std::size_t place = 0; place < told.size(); ++place) {
    const std::string code = schema::EnumNameCode(told[place][0]);
    BOOST_TEST_CONTEXT(code) {
      BOOST_TEST_REQUIRE(!got[place].has_value());
      const Error& error = got[place].error();
      BOOST_TEST(exit_code(error) == 75);
      BOOST_TEST(error.sentence.starts_with("It is not known"), error.sentence);
      BOOST_TEST(error.sentence.find(code) != std::string::npos, error.sentence);
    }
  }
}

BOOST_AUTO_TEST_CASE(K5_what_became_of_the_first_sending_is_waited_for) {
  Silent silent;
  const auto got = silent.execute(each_that_is(false, {Code::stopping, Code::ok}));
  for (const auto& end : got) {
    BOOST_TEST_REQUIRE(end.has_value());
    BOOST_TEST((end->code == Code::ok));
  }
  for (const auto& [id, count] : silent.sendings) BOOST_TEST(count >= 4U);
}

BOOST_AUTO_TEST_CASE(K5_every_other_code_is_the_end_however_often_it_was_sent) {
  Silent silent;
  const auto told = each_that_is(true);
  const auto got = silent.execute(told);
  for (std::size_t place = 0; place < told.size(); ++place) {
    BOOST_TEST_REQUIRE(got[place].has_value());
    BOOST_TEST((got[place]->code == told[place][0]));
  }
}

BOOST_AUTO_TEST_CASE(K5_the_only_sending_is_answered_by_what_is_said_to_it) {
  for (const auto& [code, says] : schema::code_resendings) {
    BOOST_TEST_CONTEXT(schema::EnumNameCode(code)) {
      FakeDaemon daemon;
      daemon.on_command = [code](const auto& message) {
        auto receipt = FakeDaemon::receipt_to(message, code);
        receipt.retry_after_ms = too_late_ms;
        return FakeDaemon::Replies{packed(receipt)};
      };
      daemon.start();
      auto options = daemon.options();
      options.timeout = 60s;
      options.retries = 0;
      auto client = Client::make(std::move(options));
      const auto got = client->execute(create_tenant());
      BOOST_TEST_REQUIRE(got.has_value());
      BOOST_TEST((got->code == code));
    }
  }
}

BOOST_AUTO_TEST_CASE(K5_a_daemon_that_is_gone_leaves_open_what_became_of_it) {
  FakeDaemon daemon;
  std::promise<void> told;
  int sendings = 0;
  daemon.on_command = [&](const auto& message) -> FakeDaemon::Replies {
    if (++sendings == 1) return {};
    // By then the second was answered.
    if (sendings == 3) told.set_value();
    return {packed(FakeDaemon::receipt_to(message, Code::stopping))};
  };
  daemon.start();
  auto options = daemon.options();
  options.timeout = 60s;
  options.retries = 59;
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
