// Batches in which a name changes hands.
#include <boost/test/unit_test.hpp>

#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

schema::CommandMessageT batch() {
  schema::CommandMessageT made;
  made.tenant = "acme";
  return made;
}

template <class Body>
void add_command(schema::CommandMessageT& message, std::string user, Body body) {
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->user = std::move(user);
  command->body.Set(std::move(body));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(batches_tests, ServiceFixture)

BOOST_AUTO_TEST_CASE(U11_a_password_is_sealed_for_whoever_has_the_name_by_then) {
  create_acme();
  create_user("bob", "s3cret-one");
  schema::CommandMessageT message = batch();
  add_command(message, "bob", schema::TrashUserT());
  add_command(message, "bob", schema::DeleteUserT());
  schema::CreateUserT create;
  create.username = "bob";
  add_command(message, "", std::move(create));
  schema::ResetPasswordT reset;
  reset.password = "s3cret-two";
  add_command(message, "bob", std::move(reset));
  const auto receipt = run(std::move(message));
  BOOST_REQUIRE(receipt.code == Code::ok);
  const auto asked = answer(ask(by_password("acme", "bob", "s3cret-two")));
  BOOST_REQUIRE(asked.body.AsAuthenticated() != nullptr);
  BOOST_TEST(asked.body.AsAuthenticated()->allowed);
  BOOST_TEST(alarms.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
