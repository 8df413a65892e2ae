#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/reflected_event.h"
#include "tools/text/json.h"
#include "tools/text/json_message.h"

namespace postern::text {
namespace {

template <class Body>
void add_command(schema::CommandMessageT& message, std::string user, Body body) {
  message.commands.push_back(std::make_unique<schema::CommandT>());
  message.commands.back()->user = std::move(user);
  message.commands.back()->body.Set(std::move(body));
}

std::string text_of(const auto& native) { return boost::json::serialize(to_json(native)); }

/// One of each form a command can hold: ids, options, enums, texts, bytes, lists.
schema::CommandMessageT rich_message() {
  schema::CommandMessageT message;
  message.id = std::make_unique<schema::Uuid>(0x0190aaaabbbb7ccc, 0x8dddeeeeffff0001);
  message.tenant = "acme";
  message.reason = "Grüezi \"quoted\"\n";
  message.signature = {0, 1, 255};
  schema::CreateUserT create;
  create.username = "api.bob";
  create.status = schema::UserStatus::new_user;
  create.api_access = false;
  create.profile = std::make_unique<schema::ProfileT>();
  create.profile->attributes.push_back(std::make_unique<schema::AttributeT>());
  create.profile->attributes[0]->name = "cost centre";
  add_command(message, "", std::move(create));
  add_command(message, "api.eve", schema::LockUserT{});
  message.commands.back()->user_id = std::make_unique<schema::Uuid>(1, 2);
  message.commands.back()->expected_version = ~std::uint64_t{0};
  schema::AddOperatorT add;
  add.role = schema::Role::service;
  add.standing = std::make_unique<schema::OperatorStandingT>();
  add.standing->uid = 0;
  add.standing->tenants = {"acme", "umbra"};
  add.standing->keys.push_back(std::make_unique<schema::PublicKeyT>());
  for (std::uint8_t byte = 0; byte < 32; ++byte) add.standing->keys[0]->bytes.push_back(byte);
  add_command(message, "", std::move(add));
  return message;
}

/// Whether the field is there, in each table of a list too; `way` as "settings.networks".
bool tells(const boost::json::value& value, std::string_view way) {
  if (way.empty()) return true;
  if (value.is_array())
    return std::ranges::all_of(value.as_array(),
                               [&](const auto& entry) { return tells(entry, way); });
  if (!value.is_object()) return true;
  std::string_view name = way.substr(0, way.find('.'));
  way.remove_prefix(std::min(way.size(), name.size() + 1));
  const auto* part = value.as_object().if_contains(name);
  if (part == nullptr && name.ends_with("_ns"))
    part = value.as_object().if_contains(name.substr(0, name.size() - 3));
  return part != nullptr && tells(*part, way);
}

BOOST_AUTO_TEST_SUITE(json_tests)

BOOST_AUTO_TEST_CASE(a_message_comes_back_from_its_json) {
  const auto message = rich_message();
  const auto read = message_from_json(text_of(message));
  BOOST_TEST_REQUIRE(read.has_value(), read.error());
  BOOST_TEST((*read == message));
}

BOOST_AUTO_TEST_CASE(times_are_read_as_they_are_told) {
  for (const std::int64_t time_ns :
       {std::int64_t{1}, std::int64_t{1'709'210'096'000'000'007}, std::int64_t{-1},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    schema::CommandMessageT message;
    schema::CreateKeyT create;
    create.expires_ns = time_ns;
    add_command(message, "api.bob", std::move(create));
    const auto read = message_from_json(text_of(message));
    BOOST_TEST_REQUIRE(read.has_value(), read.error());
    BOOST_TEST((*read == message), time_ns);
  }
  const auto expires = [](const std::string& text) {
    const auto read = message_from_json(
        R"({"commands":[{"body_type":"CreateKey","body":{"expires":")" + text + "\"}}]}");
    return read ? read->commands[0]->body.AsCreateKey()->expires_ns : -7;
  };
  BOOST_TEST(expires("2024-02-29T13:34:56+01:00") == 1'709'210'096'000'000'000);
  BOOST_TEST(expires("2024-02-29T12:34:56.000000007Z") == 1'709'210'096'000'000'007);
  for (const char* wrong :
       {"", "tomorrow", "2023-02-29T12:34:56Z", "2024-02-29T24:00:00Z", "2024-02-29T12:34:56",
        "2024-02-29T12:34:56.1234567891Z", "2024-02-29T12:34:56+1:00", "2024-02-29 12:34:56Z",
        "9999-01-01T00:00:00Z", "2024-02-29T12:34:56Zx"})
    BOOST_TEST(expires(wrong) == -7, wrong);
}

BOOST_AUTO_TEST_CASE(json_has_the_schemas_names_and_peoples_forms) {
  schema::ReceiptT receipt;
  receipt.id = std::make_unique<schema::Uuid>(0x0190aaaabbbb7ccc, 0x8dddeeeeffff0001);
  receipt.code = schema::Code::user_exists;
  receipt.seq = 18'446'744'073'709'551'615u;
  receipt.time_ns = 1'709'210'096'000'000'007;
  receipt.events.push_back(std::make_unique<schema::EventT>());
  schema::PasswordResetT reset;
  reset.sealed_password = {0xab, 0xcd};
  receipt.events[0]->body.Set(std::move(reset));
  BOOST_TEST(text_of(receipt) ==
             R"({"version":1,"id":"0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001","code":"user_exists",)"
             R"("problems":[],"seq":18446744073709551615,"time":"2024-02-29T12:34:56.000000007Z",)"
             R"("events":[{"previous_user_seq":0,"body_type":"PasswordReset",)"
             R"("body":{"sealed_password":"abcd"}}],"repeated":false,"dry_run":false,)"
             R"("retry_after_ms":0,"secrets":[]})");
}

BOOST_AUTO_TEST_CASE(keys_are_z85_and_unset_options_are_left_out) {
  schema::OperatorStandingT standing;
  standing.keys.push_back(std::make_unique<schema::PublicKeyT>());
  standing.keys[0]->bytes.assign(32, 0);
  BOOST_TEST(text_of(standing) ==
             R"({"keys":["0000000000000000000000000000000000000000"],"all_tenants":false,)"
             R"("tenants":[],"tenant_ids":[],"vouches":false,"signing_keys":[]})");
}

/// As the audit tool reads them: a record whose operator has a key.
BOOST_AUTO_TEST_CASE(public_keys_are_z85) {
  // The vector of ZeroMQ's RFC 32, four times.
  schema::RecordT record;
  schema::OperatorAddedT added;
  added.standing = std::make_unique<schema::OperatorStandingT>();
  added.standing->keys.push_back(std::make_unique<schema::PublicKeyT>());
  for (int i = 0; i < 4; ++i)
    for (const int byte : {0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b})
      added.standing->keys[0]->bytes.push_back(static_cast<std::uint8_t>(byte));
  record.events.push_back(std::make_unique<schema::EventT>());
  record.events[0]->body.Set(std::move(added));
  const auto object = to_json(record);
  BOOST_TEST(object.at("events").at(0).at("body").at("standing").at("keys").at(0).as_string() ==
             "HelloWorldHelloWorldHelloWorldHelloWorld");
}

BOOST_AUTO_TEST_CASE(a_time_that_is_none_is_not_1970) {
  schema::RecordT record;
  record.events.push_back(std::make_unique<schema::EventT>());
  record.events[0]->body.Set(schema::KeyCreatedT());
  const auto body_of = [&] { return to_json(record).at("events").at(0).at("body").as_object(); };
  BOOST_TEST(body_of().at("expires").is_null());
  record.events[0]->body.AsKeyCreated()->expires_ns = 1;
  BOOST_TEST(body_of().at("expires").as_string() == "1970-01-01T00:00:00.000000001Z");
}

BOOST_AUTO_TEST_CASE(Q7_the_body_of_an_event_tells_each_of_its_fields_as_null_where_it_has_none) {
  for (const schema::EventBody kind : schema::EnumValuesEventBody()) {
    if (kind == schema::EventBody::NONE) continue;
    for (const support::ReflectedField& field : support::fields_of(kind)) {
      if (field.way.find(".sealed_") != std::string::npos) continue;
      const auto event = support::reflected_event(kind, [&](const std::string& way) {
        return way == field.way ? support::Content::absent : support::Content::first;
      });
      const auto told = to_json(event).at("body");
      BOOST_TEST(tells(told, field.way.substr(field.way.find('.') + 1)), field.way << told);
    }
  }
  schema::EventT settings;
  settings.body.Set(schema::UserSettingsChangedT());
  settings.body.AsUserSettingsChanged()->settings = std::make_unique<schema::UserSettingsT>();
  BOOST_TEST(text_of(settings).find(
                 R"("settings":{"skip_ip_check":false,"secure_transport_required":false,)"
                 R"("session_timeout_seconds":0,"api_logging":false,"networks":null})") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unknown_enum_value_is_its_number_and_broken_text_is_marked) {
  schema::DecisionT decision;
  decision.reason = static_cast<schema::Code>(999);
  decision.grant = std::make_unique<schema::GrantViewT>();
  decision.grant->action = "\xff";
  const auto text = text_of(decision);
  BOOST_TEST(text.find("\"reason\":999") != std::string::npos);
  BOOST_TEST(text.find("\"action\":\"\ufffd\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_the_schema_is_refused) {
  for (const char* text :
       {"", "{", "[]", "null", "7", R"({"tenants":"acme"})", R"({"commands":[{"usr":"x"}]})",
        R"({"id":"no uuid"})", R"({"commands":[{"body_type":"NoSuchKind","body":{}}]})",
        R"({"commands":[{"body_type":"LockUser","body":{"x":1}}]})", R"({"signature":"zz"})",
        R"({"commands":[{"body_type":"AddOperator","body":{"standing":{"keys":["short"]}}}]})",
        R"({"commands":[{"body_type":"LockUser"}]})", R"({"commands":[{"user":"x"}]})",
        R"({"commands":[{"body_type":"LockUser","body":null}]})", R"({"commands":[null]})",
        R"({"version":-1})"})
    BOOST_TEST(!message_from_json(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(N3_names_of_values_are_taken_in_any_case) {
  for (const char* name : {"AWS", "aws", "Aws"}) {
    const auto read = message_from_json(
        std::string(R"({"commands":[{"body_type":"ImportRanges","body":{"provider":")") + name +
        R"("}}]})");
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((read->commands[0]->body.AsImportRanges()->provider == schema::Provider::AWS));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::text
