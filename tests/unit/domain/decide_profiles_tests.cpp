// U2, U3, U4 and a user's settings: what changes after a user was made.
#include <boost/test/unit_test.hpp>
#include <functional>

#include "personal_generated.h"
#include "schema/cleared_text.h"
#include "schema/cleared_text.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

schema::CommandT named(std::string from, std::string to_name) {
  schema::RenameUserT body;
  body.username = std::move(to_name);
  return to(std::move(from), std::move(body));
}

Expected renamed(std::string from, std::string to_name) {
  schema::UserRenamedT body;
  body.from = std::move(from);
  body.to = to_name;
  return about(std::move(to_name), std::move(body));
}

schema::PoliciesT with_prefix(schema::PrefixRule rule) {
  schema::PoliciesT policies;
  policies.username_prefix = "API_";
  policies.username_prefix_rule = rule;
  return policies;
}

schema::CommandT profile(const std::function<void(schema::ProfileT&)>& make,
                         std::string note = {}) {
  schema::SetProfileT body;
  body.profile = std::make_unique<schema::ProfileT>();
  make(*body.profile);
  body.note = std::move(note);
  return to("bob", std::move(body));
}

void add_attribute(schema::ProfileT& profile, std::string name, std::string value) {
  auto& made = profile.attributes.emplace_back(std::make_unique<schema::AttributeT>());
  made->name = std::move(name);
  made->value = std::move(value);
}

schema::PersonalT personal_of(const domain::User& user) {
  schema::PersonalT personal;
  if (user.sealed_profile != nullptr)
    flatbuffers::GetRoot<schema::Personal>(user.sealed_profile->data())->UnPackTo(&personal);
  return personal;
}

schema::CommandT settings(const std::function<void(schema::SetUserSettingsT&)>& make) {
  schema::SetUserSettingsT body;
  make(body);
  return to("bob", std::move(body));
}

std::unique_ptr<schema::NetworksT> networks(std::vector<std::string> entries) {
  auto made = std::make_unique<schema::NetworksT>();
  made->entries = std::move(entries);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_profiles_tests)

// ---- U2

BOOST_AUTO_TEST_CASE(U2_a_user_may_be_renamed) {
  auto story = given(tenant("acme"), user("bob"));
  const schema::Uuid id = story.user("bob").id;
  story.when(named("bob", "robert")).then(renamed("bob", "robert"));
  BOOST_TEST(story.user("robert").id == id);
  BOOST_TEST(story.user("robert").version == 2U);
  story.when(to("bob", schema::LockUserT())).refused(Code::user_unknown);
}

BOOST_AUTO_TEST_CASE(U2_a_freed_name_may_be_used_again_by_a_new_id) {
  auto story = given(tenant("acme"), user("bob"), named("bob", "robert"), user("bob"));
  BOOST_TEST(story.user("bob").id != story.user("robert").id);
}

BOOST_AUTO_TEST_CASE(U2_names_change_places_in_one_batch) {
  auto story = given(tenant("acme"), user("ann"), user("bob"));
  const schema::Uuid ann = story.user("ann").id;
  story.when(named("ann", "x"), named("bob", "ann"), named("x", "bob"));
  BOOST_TEST(story.user("bob").id == ann);
  story.when(named("ann", "x"), named("bob", "ann"), named("x", "ann")).refused(Code::user_exists);
}

BOOST_AUTO_TEST_CASE(U2_the_case_of_a_name_may_change) {
  given(tenant("acme"), user("bob")).when(named("bob", "Bob")).then(renamed("bob", "Bob"));
}

BOOST_AUTO_TEST_CASE(U2_refusals_of_a_rename) {
  const auto story = [] { return given(tenant("acme"), user("bob"), user("Ann")); };
  story().when(named("bob", "bob")).refused(Code::unchanged);
  story().when(named("bob", "ann")).refused(Code::user_exists).naming("username");
  story().when(named("bob", "b b")).refused(Code::field_malformed).telling("'b b'");
  story().when(named("bob", "")).refused(Code::field_malformed);
  Request good{{user("bob")}, an_operator(Role::manager), "acme", named("bob", "robert"), {}};
  refuses_in_order(good, flaws_of_a_user(Code::user_not_active));
}

BOOST_AUTO_TEST_CASE(U2_a_name_may_be_fixed_for_ever) {
  schema::PoliciesT policies;
  policies.username_fixed = true;
  Scenario()
      .given_policies(policies)
      .given(user("bob"))
      .when(named("bob", "robert"))
      .refused(Code::username_fixed);
}

BOOST_AUTO_TEST_CASE(U2_a_required_prefix) {
  Scenario story;
  story.given_policies(with_prefix(schema::PrefixRule::required)).given(user("API_bob"));
  story.when(user("bob")).refused(Code::username_prefix_missing).telling("'API_'");
  story.when(named("API_bob", "bob")).refused(Code::username_prefix_missing);
  story.given(user("api_ann"));
  BOOST_TEST(story.outcome().events.back().warning == "");
}

BOOST_AUTO_TEST_CASE(U2_a_prefix_that_is_warned_about) {
  Scenario story;
  story.given_policies(with_prefix(schema::PrefixRule::warn)).given(user("bob"));
  BOOST_TEST(story.outcome().events.back().warning.find("'API_'") != std::string::npos);
  story.given(named("bob", "API_bob"));
  BOOST_TEST(story.outcome().events.back().warning == "");
  story.given(named("API_bob", "ann"));
  BOOST_TEST(story.outcome().events.back().warning.find("'API_'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(U2_a_prefix_without_a_rule_is_nothing) {
  Scenario story;
  story.given_policies(with_prefix(schema::PrefixRule::off)).given(user("bob"));
  BOOST_TEST(story.outcome().events.back().warning == "");
}

BOOST_AUTO_TEST_CASE(U2_the_domain_of_generated_names_is_a_policy) {
  schema::PoliciesT policies;
  policies.username_generated = true;
  policies.username_domain = "api.example";
  Scenario story;
  story.given_policies(policies).given(user(""));
  const auto& name = story.outcome().events.at(0).body.AsUserCreated()->username;
  BOOST_TEST(name.starts_with("apiuser-"));
  BOOST_TEST(name.ends_with("@api.example"));
}

BOOST_AUTO_TEST_CASE(U2_generated_names) {
  schema::PoliciesT policies = with_prefix(schema::PrefixRule::required);
  policies.username_generated = true;
  Scenario story;
  story.given_policies(policies).given(user(""), user(""));
  const auto* created = story.outcome().events.back().body.AsUserCreated();
  BOOST_REQUIRE(created != nullptr);
  BOOST_TEST(created->username.starts_with("apiuser-name"));
  BOOST_TEST(created->username.ends_with("@acme"));
  BOOST_TEST(story.state().tables().live_user_count() == 2U);
  story.when(user("API_bob")).refused(Code::username_generated).naming("username");
}

BOOST_AUTO_TEST_CASE(U2_without_the_policy_a_name_is_needed) {
  given(tenant("acme")).when(user("")).refused(Code::field_malformed).naming("username");
}

// ---- U3, U4

BOOST_AUTO_TEST_CASE(U3_a_profile_is_changed_in_part) {
  schema::CommandT create = user("bob");
  create.body.AsCreateUser()->profile = std::make_unique<schema::ProfileT>();
  create.body.AsCreateUser()->profile->email = "a@acme.example";
  create.body.AsCreateUser()->profile->phone = "1";
  create.body.AsCreateUser()->note = "keep";
  add_attribute(*create.body.AsCreateUser()->profile, "cost-centre", "7");
  add_attribute(*create.body.AsCreateUser()->profile, "floor", "2");
  auto story = given(tenant("acme"), create);
  story.given(profile([](schema::ProfileT& changes) {
    changes.email = "b@acme.example";
    changes.phone = schema::cleared_text;
    add_attribute(changes, "floor", "");
    add_attribute(changes, "cost-centre", "8");
    add_attribute(changes, "room", "9");
  }));
  const schema::PersonalT after = personal_of(story.user("bob"));
  BOOST_TEST(after.note == "keep");
  BOOST_TEST(after.profile->email == "b@acme.example");
  BOOST_TEST(after.profile->phone == "");
  BOOST_REQUIRE(after.profile->attributes.size() == 2U);
  BOOST_TEST(after.profile->attributes[0]->value == "8");
  BOOST_TEST(after.profile->attributes[1]->name == "room");
}

BOOST_AUTO_TEST_CASE(U3_an_empty_profile_beside_a_note_is_none) {
  schema::CommandT create = user("bob");
  create.body.AsCreateUser()->profile = std::make_unique<schema::ProfileT>();
  create.body.AsCreateUser()->note = "keep";
  auto story = given(tenant("acme"), create);
  BOOST_TEST(personal_of(story.user("bob")).profile == nullptr);
  story.when(profile([](schema::ProfileT&) {})).refused(Code::unchanged);
}

BOOST_AUTO_TEST_CASE(U4_a_note_is_set_and_cleared_alone) {
  schema::SetProfileT body;
  body.note = "private";
  auto story = given(tenant("acme"), user("bob"), to("bob", body));
  BOOST_TEST(personal_of(story.user("bob")).note == "private");
  body.note = schema::cleared_text;
  story.given(to("bob", body));
  BOOST_TEST(story.user("bob").sealed_profile == nullptr);
  body.note = std::string(4'097, 'x');
  story.when(to("bob", body)).refused(Code::too_large).naming("note");
}

BOOST_AUTO_TEST_CASE(U3_the_whole_profile_stays_in_its_bounds) {
  auto story = given(tenant("acme"), user("bob"), profile([](schema::ProfileT& changes) {
                       changes.description = std::string(16'000, 'x');
                     }));
  story.given(profile([](schema::ProfileT& changes) { changes.phone = std::string(384, '1'); }));
  story.when(profile([](schema::ProfileT& changes) { changes.address = "x"; }))
      .refused(Code::too_large)
      .naming("profile")
      .telling("found 16385");
  auto many = given(tenant("acme"), user("bob"), profile([](schema::ProfileT& changes) {
                      for (int n = 0; n < 64; ++n) add_attribute(changes, std::to_string(n), "x");
                    }));
  many.when(profile([](schema::ProfileT& changes) { add_attribute(changes, "one more", "x"); }))
      .refused(Code::too_large)
      .naming("attributes");
}

struct FormOfField {
  const char* name;
  std::string schema::ProfileT::*field;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

const FormOfField forms_of_fields[] = {
    {"email",
     &schema::ProfileT::email,
     {"ops@acme.example", "a.b+c@x", "root@localhost", "zo\xc3\xab@caf\xc3\xa9.example"},
     {"ops", "@acme.example", "ops@", "a b@x", "a@b c", "a@@x", "a..b@x", ".a@x", "a@x..y", "a@-x",
      "a@x-", "<a@x>", "a,b@x", "a@x.", std::string(65, 'a') + "@x", "a@" + std::string(64, 'x')}},
    {"hire_date",
     &schema::ProfileT::hire_date,
     {"2027-01-31", "2024-02-29", "1999-12-31"},
     {"2027-02-29", "2027-13-01", "2027-00-01", "2027-01-00", "2027-1-31", "31.01.2027",
      "2027-01-31T00:00:00Z", "0000-01-01", "1900-02-29", "2027-01-+1", "tomorrow"}},
    {"time_zone",
     &schema::ProfileT::time_zone,
     {"Europe/Zurich", "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "EST5EDT"},
     {"+02:00", "Europe/", "/Europe", "Europe//Zurich", "Europe Zurich", "5", "../etc/passwd",
      "Europe/Z\xc3\xbcrich", std::string(65, 'x')}},
    {"language",
     &schema::ProfileT::language,
     {"de", "de-CH", "zh-Hant-TW", "sl-rozaj-biske", "x-private", "DE-1996"},
     {"d", "german", "de_CH", "de-", "-de", "de--CH", "de-abcdefghi", "x", "x-", "1e"}},
};

BOOST_AUTO_TEST_CASE(U3_fields_are_of_the_form_they_promise_when_made_and_when_changed) {
  for (const FormOfField& one : forms_of_fields) {
    const auto changed_to = [&](const std::string& text) {
      return profile([&](schema::ProfileT& changes) { changes.*one.field = text; });
    };
    const auto made_with = [&](const std::string& text) {
      schema::CommandT create = user("eve");
      create.body.AsCreateUser()->profile = std::make_unique<schema::ProfileT>();
      (*create.body.AsCreateUser()->profile).*one.field = text;
      return create;
    };
    for (const std::string& text : one.good) BOOST_TEST_CONTEXT(one.name << " " << text) {
        given(tenant("acme"), user("bob")).given(changed_to(text)).given(made_with(text));
      }
    for (const std::string& text : one.bad) BOOST_TEST_CONTEXT(one.name << " " << text) {
        for (const auto& command : {changed_to(text), made_with(text)})
          given(tenant("acme"), user("bob"))
              .when(command)
              .refused(Code::field_malformed)
              .naming(one.name);
      }
    given(tenant("acme"), user("bob"), changed_to(one.good[0]))
        .given(changed_to(std::string(schema::cleared_text)));
  }
}

BOOST_AUTO_TEST_CASE(U3_refusals_of_a_change) {
  const auto story = [] { return given(tenant("acme"), user("bob")); };
  story().when(to("bob", schema::SetProfileT())).refused(Code::field_missing);
  story().when(profile([](schema::ProfileT&) {})).refused(Code::unchanged);
  story()
      .when(profile([](schema::ProfileT& changes) { changes.phone = "\x01"; }))
      .refused(Code::field_malformed)
      .naming("phone");
  story()
      .when(profile([](schema::ProfileT& changes) {
        add_attribute(changes, "a", "1");
        add_attribute(changes, "a", "2");
      }))
      .refused(Code::field_malformed)
      .naming("attributes");
  Request good{{user("bob")},
               an_operator(Role::manager),
               "acme",
               profile([](schema::ProfileT& changes) { changes.phone = "1"; }),
               {}};
  refuses_in_order(good, flaws_of_a_user(Code::user_not_active));
}

BOOST_AUTO_TEST_CASE(U3_U4_history_tells_which_fields_were_set_and_which_cleared) {
  auto story = given(tenant("acme"), user("bob"), profile([](schema::ProfileT& made) {
                       made.email = "jo@example.com";
                       made.phone = "1";
                       add_attribute(made, "a", "1");
                     }, "about bob"));
  const auto* event = story.outcome().events.at(0).body.AsProfileChanged();
  BOOST_TEST((event->set == std::vector<std::string>{"email", "phone", "attributes", "note"}));
  BOOST_TEST(event->cleared.empty());
  story.given(profile([](schema::ProfileT& made) {
    made.email = schema::cleared_text;
    made.phone = "2";
    add_attribute(made, "a", "");
  }, std::string(schema::cleared_text)));
  event = story.outcome().events.at(0).body.AsProfileChanged();
  BOOST_TEST((event->set == std::vector<std::string>{"phone"}));
  BOOST_TEST((event->cleared == std::vector<std::string>{"email", "attributes", "note"}));
}

BOOST_AUTO_TEST_CASE(U4_who_may_not_read_a_note_cannot_guess_it) {
  auto story = given(tenant("acme"), user("bob"), profile([](auto&) {}, "ends in June"));
  story.by(Role::administrator);
  story.when(profile([](auto&) {}, "ends in June")).refused(Code::unchanged);
  story.by(Role::manager);
  for (const char* guess : {"ends in June", "ends in May"}) {
    story.given(profile([](auto&) {}, guess));
    const auto* event = story.outcome().events.at(0).body.AsProfileChanged();
    BOOST_TEST((event->set == std::vector<std::string>{"note"}));
  }
}

// ---- settings

BOOST_AUTO_TEST_CASE(N2_N4_N5_S1_L1_every_setting_is_cleared_by_its_name) {
  const auto* type = schema::SetUserSettingsTypeTable();
  std::vector<std::string> names;
  for (std::size_t field = 0; field < type->num_elems; ++field)
    if (std::string_view(type->names[field]) != "cleared") names.emplace_back(type->names[field]);
  auto story = given(tenant("acme"), user("bob"), settings([](schema::SetUserSettingsT& body) {
                       body.networks = networks({"10.0.0.0/8"});
                       body.skip_ip_check = true;
                       body.secure_transport_required = true;
                       body.session_timeout_seconds = 600;
                       body.api_logging = true;
                     }));
  schema::UserSettingsChangedT expected;
  expected.settings = std::make_unique<schema::UserSettingsT>();
  story.when(settings([&](schema::SetUserSettingsT& body) { body.cleared = names; }))
      .then(about("bob", expected));
  story.when(settings([](schema::SetUserSettingsT& body) { body.cleared = {"network"}; }))
      .refused(Code::field_malformed)
      .naming("cleared");
  story
      .when(settings([](schema::SetUserSettingsT& body) {
        body.api_logging = true;
        body.cleared = {"api_logging"};
      }))
      .refused(Code::field_malformed)
      .naming("api_logging");
}

BOOST_AUTO_TEST_CASE(U8_api_access_of_a_created_user_is_switched_off_by_its_name) {
  schema::CommandT create = user("bob");
  create.body.AsCreateUser()->cleared = {"api_access"};
  auto story = given(tenant("acme"), create);
  BOOST_TEST(!story.user("bob").api_access);
  create.body.AsCreateUser()->username = "eve";
  create.body.AsCreateUser()->api_access = true;
  story.when(create).refused(Code::field_malformed).naming("api_access");
  create.body.AsCreateUser()->api_access = flatbuffers::nullopt;
  create.body.AsCreateUser()->cleared = {"status"};
  story.when(create).refused(Code::field_malformed).naming("cleared");
}

BOOST_AUTO_TEST_CASE(N2_N4_N5_S1_L1_settings_are_changed_in_part) {
  auto story = given(tenant("acme"), user("bob"), settings([](schema::SetUserSettingsT& body) {
                       body.networks = networks({"10.0.0.0/8", "AWS"});
                       body.skip_ip_check = true;
                       body.session_timeout_seconds = 600;
                     }));
  schema::UserSettingsChangedT expected;
  expected.settings = std::make_unique<schema::UserSettingsT>();
  expected.settings->skip_ip_check = true;
  expected.settings->session_timeout_seconds = 600;
  expected.settings->secure_transport_required = true;
  expected.settings->api_logging = true;
  story
      .when(settings([](schema::SetUserSettingsT& body) {
        body.networks = networks({});
        body.secure_transport_required = true;
        body.api_logging = true;
      }))
      .then(about("bob", expected));
  const domain::UserExtras& extras = domain::extras_of(story.user("bob"));
  BOOST_TEST(extras.networks == nullptr);
  BOOST_TEST(extras.skip_ip_check);
  BOOST_TEST(extras.api_logging);
  BOOST_TEST(extras.settings_seq == story.state().seq());
}

BOOST_AUTO_TEST_CASE(U3_a_user_is_created_with_settings) {
  schema::CommandT create = user("bob");
  create.body.AsCreateUser()->settings = std::make_unique<schema::UserSettingsT>();
  create.body.AsCreateUser()->settings->networks = networks({"192.0.2.0/24"});
  create.body.AsCreateUser()->settings->secure_transport_required = true;
  auto story = given(tenant("acme"), create);
  const domain::UserExtras& extras = domain::extras_of(story.user("bob"));
  BOOST_REQUIRE(extras.networks != nullptr);
  BOOST_TEST(extras.networks->entries.front() == "192.0.2.0/24");
  BOOST_TEST(extras.secure_transport_required);
  create.body.AsCreateUser()->username = "eve";
  create.body.AsCreateUser()->settings->networks = networks({"192.0.2.1/24"});
  create.body.AsCreateUser()->settings->session_timeout_seconds = 59;
  story.when(create)
      .refused(Code::field_malformed, Code::field_malformed)
      .naming("networks")
      .naming("session_timeout_seconds");
}

BOOST_AUTO_TEST_CASE(U3_refusals_of_settings) {
  const auto story = [] { return given(tenant("acme"), user("bob")); };
  story().when(settings([](schema::SetUserSettingsT&) {})).refused(Code::unchanged);
  for (const std::uint32_t bad : {1U, 59U, 86'401U})
    story()
        .when(settings([&](schema::SetUserSettingsT& body) { body.session_timeout_seconds = bad; }))
        .refused(Code::field_malformed)
        .naming("session_timeout_seconds");
  Request good{{user("bob")},
               an_operator(Role::manager),
               "acme",
               settings([](schema::SetUserSettingsT& body) { body.api_logging = true; }),
               {}};
  refuses_in_order(good, flaws_of_a_user(Code::user_not_active));
}

BOOST_AUTO_TEST_SUITE_END()
