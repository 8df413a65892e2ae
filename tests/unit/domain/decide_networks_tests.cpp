#include <boost/test/unit_test.hpp>

#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

using schema::Provider;

/// 10.0.0.0 to 10.0.0.255 and 10.0.2.0 to 10.0.2.255; 2001:db8:: to 2001:db8::ffff.
schema::ImportRangesT some_ranges(Provider provider = Provider::AWS) {
  schema::ImportRangesT body;
  body.provider = provider;
  body.source_name = "ip-ranges.json";
  body.source_sha256.assign(32, 7);
  body.source_time_ns = 1'700'000'000'000'000'000;
  body.v4 = {0x0a000000, 0x0a0000ff, 0x0a000200, 0x0a0002ff};
  body.v6 = {0x20010db800000000, 0, 0x20010db800000000, 0xffff};
  return body;
}

schema::CommandT import_of(schema::ImportRangesT body) { return command(std::move(body)); }

template <class Edit>
schema::CommandT edited(Edit edit) {
  schema::ImportRangesT body = some_ranges();
  edit(body);
  return import_of(std::move(body));
}

schema::RangesImportedT imported(const schema::ImportRangesT& body) {
  schema::RangesImportedT made;
  made.provider = body.provider;
  made.source_name = body.source_name;
  made.source_sha256 = body.source_sha256;
  made.source_time_ns = body.source_time_ns;
  made.v4 = body.v4;
  made.v6 = body.v6;
  return made;
}

Scenario owner_story() {
  Scenario story;
  story.by(Role::owner).in("");
  return story;
}

const domain::ProviderRanges* ranges_of(Scenario& story, Provider provider) {
  return story.state().tables().providers()[static_cast<std::size_t>(provider)].get();
}

/// As many ranges, each of one address.
schema::ImportRangesT ranges_of_count(std::uint32_t count) {
  schema::ImportRangesT body = some_ranges();
  body.v4.clear();
  body.v6.clear();
  for (std::uint32_t place = 0; place < count; ++place) {
    body.v4.push_back(0x0a000000 + 2 * place);
    body.v4.push_back(0x0a000000 + 2 * place);
  }
  return body;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_networks_tests)

BOOST_AUTO_TEST_CASE(N3_an_import_replaces_a_providers_ranges) {
  auto story = owner_story();
  BOOST_TEST(ranges_of(story, Provider::AWS) == nullptr);
  story.when(import_of(some_ranges())).then(event(imported(some_ranges())));
  const auto* ranges = ranges_of(story, Provider::AWS);
  BOOST_REQUIRE(ranges != nullptr);
  BOOST_TEST(ranges->imported_seq == story.state().seq());
  BOOST_TEST(ranges->source_name == "ip-ranges.json");
  BOOST_TEST(ranges->source_sha256.size() == 32U);
  BOOST_TEST(domain::holds(*ranges, *domain::parse_address("10.0.2.255")));
  BOOST_TEST(ranges_of(story, Provider::GOOGLE) == nullptr);
  schema::ImportRangesT next = some_ranges();
  next.v4 = {0x0a000100, 0x0a0001ff};
  story.when(import_of(next)).then(event(imported(next)));
  BOOST_TEST(!domain::holds(*ranges_of(story, Provider::AWS),
                            *domain::parse_address("10.0.2.255")));
}

BOOST_AUTO_TEST_CASE(N3_the_same_ranges_again_change_nothing) {
  auto story = owner_story();
  story.given(import_of(some_ranges()));
  // A provider writes a new time into its file every day.
  schema::ImportRangesT again = some_ranges();
  again.source_sha256.assign(32, 9);
  again.source_time_ns += 1;
  story.when(import_of(again)).refused(Code::unchanged).naming("v4");
  again.force = true;
  story.when(import_of(again)).then(event(imported(again)));
}

BOOST_AUTO_TEST_CASE(N3_the_same_ranges_after_a_week_say_that_they_were_looked_at) {
  auto story = owner_story();
  story.given(import_of(some_ranges()));
  const std::int64_t before_ns = ranges_of(story, Provider::AWS)->imported_ns;
  story.world().pass(std::int64_t{7} * 86'400'000'000'000);
  story.when(import_of(some_ranges())).then(event(imported(some_ranges())));
  BOOST_TEST(ranges_of(story, Provider::AWS)->imported_ns > before_ns);
}

BOOST_AUTO_TEST_CASE(N3_an_older_file_than_the_one_in_force_needs_force) {
  auto story = owner_story();
  story.given(import_of(some_ranges()));
  schema::ImportRangesT older = some_ranges();
  older.v4 = {0x0a000000, 0x0a0000fe, 0x0a000200, 0x0a0002ff};
  older.source_time_ns -= 1;
  story.when(import_of(older)).refused(Code::ranges_older).naming("source_time_ns");
  schema::ImportRangesT smaller = older;
  smaller.v4 = {1, 1};
  smaller.v6.clear();
  story.when(import_of(smaller)).refused(Code::ranges_older, Code::ranges_shrunk);
  // Of another provider nothing is in force.
  schema::ImportRangesT other = older;
  other.provider = Provider::GOOGLE;
  story.given(import_of(other));
  older.force = true;
  story.when(import_of(older)).then(event(imported(older)));
  schema::ImportRangesT timeless = some_ranges();
  timeless.source_time_ns = 0;
  story.when(import_of(timeless)).then(event(imported(timeless)));
}

BOOST_AUTO_TEST_CASE(N3_a_provider_of_whom_nothing_was_imported_is_warned_of) {
  const auto networks = [] {
    auto made = std::make_unique<schema::NetworksT>();
    // In any case.
    made->entries = {"10.0.0.0/8", "aws", "Azure"};
    return made;
  };
  schema::CreateTenantT made_tenant;
  made_tenant.alias = "acme";
  made_tenant.policies = std::make_unique<schema::PolicyChangesT>();
  made_tenant.policies->networks = networks();
  schema::SetTenantT set_tenant;
  set_tenant.policies = std::make_unique<schema::PolicyChangesT>();
  set_tenant.policies->networks = networks();
  set_tenant.policies->lockout_failures = 9;
  schema::CreateUserT made_user;
  made_user.username = "bob";
  made_user.settings = std::make_unique<schema::UserSettingsT>();
  made_user.settings->networks = networks();
  schema::SetUserSettingsT settings;
  settings.networks = networks();
  settings.skip_ip_check = true;
  schema::CreateRoleT role;
  role.name = "reader";
  const auto grant = [&](auto body) {
    body.effect = schema::Effect::allow;
    body.action = "read";
    body.resource = "table/customer";
    body.conditions = std::make_unique<schema::ConditionsT>();
    body.conditions->networks = networks();
    return body;
  };
  schema::AddRoleGrantT of_role = grant(schema::AddRoleGrantT());
  of_role.role = "reader";
  for (const bool is_imported : {false, true}) {
    auto story = owner_story();
    if (is_imported) story.given(import_of(some_ranges(Provider::AZURE)));
    const auto warned = [&](const char* what) {
      const auto& events = story.outcome().events;
      BOOST_REQUIRE_MESSAGE(!events.empty(), what << " is refused");
      const std::string& warning = events.back().warning;
      BOOST_TEST(warning.find("postern network import AWS FILE") != std::string::npos, what);
      BOOST_TEST((warning.find("AZURE") == std::string::npos) == is_imported, what);
    };
    story.when(command(schema::CreateTenantT(made_tenant)));
    warned("CreateTenant");
    story.in("acme");
    story.when(command(schema::CreateUserT(made_user)));
    warned("CreateUser");
    story.when(command(schema::SetTenantT(set_tenant)));
    warned("SetTenant");
    BOOST_TEST(story.outcome().events.back().body.AsTenantChanged()->policies->networks->entries ==
               (std::vector<std::string>{"10.0.0.0/8", "AWS", "AZURE"}));
    story.when(to("bob", schema::SetUserSettingsT(settings)));
    warned("SetUserSettings");
    schema::SetUserSettingsT other;
    other.api_logging = true;
    story.when(to("bob", std::move(other)));
    BOOST_TEST(story.outcome().events.back().warning.empty());
    story.when(to("bob", grant(schema::AddGrantT())));
    warned("AddGrant");
    story.given(command(schema::CreateRoleT(role)));
    story.when(command(schema::AddRoleGrantT(of_role)));
    warned("AddRoleGrant");
  }
}

BOOST_AUTO_TEST_CASE(N3_what_is_taken_back_was_never_imported) {
  auto story = owner_story();
  auto dry = story.message({import_of(some_ranges())});
  dry.dry_run = true;
  story.send(dry).would(event(imported(some_ranges())));
  BOOST_TEST(ranges_of(story, Provider::AWS) == nullptr);
  story.given(import_of(some_ranges()));
  schema::ImportRangesT next = some_ranges();
  next.v6.clear();
  dry = story.message({import_of(next)});
  dry.dry_run = true;
  story.send(dry).would(event(imported(next)));
  BOOST_TEST(ranges_of(story, Provider::AWS)->v6.size() == 4U);
}

BOOST_AUTO_TEST_CASE(N3_malformed_ranges_are_refused_whole) {
  auto story = owner_story();
  const auto refused = [&](auto edit, Code code, std::string_view field, std::string_view part) {
    story.when(edited(edit)).refused(code).naming(field).telling(part);
  };
  refused([](auto& body) { body.provider = Provider::none; }, Code::provider_unknown, "provider",
          "");
  refused([](auto& body) { body.source_name.clear(); }, Code::field_malformed, "source_name", "''");
  refused([](auto& body) { body.source_name.assign(257, 'x'); }, Code::field_malformed,
          "source_name", "256");
  refused([](auto& body) { body.source_sha256.pop_back(); }, Code::field_malformed,
          "source_sha256", "32");
  refused([](auto& body) { body.source_time_ns = -1; }, Code::field_malformed, "source_time_ns",
          "1970");
  refused([](auto& body) { body.v4.pop_back(); }, Code::field_malformed, "v4", "first and a last");
  refused([](auto& body) { body.v6.pop_back(); }, Code::field_malformed, "v6", "first and a last");
  refused([](auto& body) { body.v6.resize(2); }, Code::field_malformed, "v6", "first and a last");
  refused([](auto& body) { body.v4[1] = 0x09ffffff; }, Code::field_malformed, "v4",
          "10.0.0.0 to 9.255.255.255 ends early");
  refused([](auto& body) { body.v4[2] = 0x0a0000ff; }, Code::field_malformed, "v4", "gap");
  refused([](auto& body) { body.v4[2] = 0x0a000100; }, Code::field_malformed, "v4",
          "10.0.1.0 to 10.0.2.255");
  refused([](auto& body) { body.v6 = {1, 0, 1, ~0ULL, 2, 0, 2, 0}; }, Code::field_malformed, "v6",
          "gap");
  refused(
      [](auto& body) {
        body.v4.clear();
        body.v6.clear();
      },
      Code::field_missing, "v4", "no range");
  story.when(edited([](auto& body) { body.v4[2] = 0x0a000101; }))
      .then(event(imported(*edited([](auto& body) { body.v4[2] = 0x0a000101; })
                                .body.AsImportRanges())));
}

BOOST_AUTO_TEST_CASE(K6_all_problems_of_an_import_are_told_together) {
  auto story = owner_story();
  story
      .when(edited([](auto& body) {
        body.source_sha256.clear();
        body.v4.pop_back();
        body.v6.pop_back();
      }))
      .refused(Code::field_malformed, Code::field_malformed, Code::field_malformed);
}

BOOST_AUTO_TEST_CASE(N3_an_import_comes_alone_and_concerns_no_tenant) {
  auto story = owner_story();
  auto two = story.message({import_of(some_ranges()), import_of(some_ranges(Provider::AZURE))});
  story.send(two).refused(Code::field_malformed, Code::field_malformed).naming("commands");
  story.given(tenant("acme")).in("acme");
  story.when(import_of(some_ranges())).refused(Code::field_malformed).naming("tenant");
}

BOOST_AUTO_TEST_CASE(N3_ranges_that_shrank_by_more_than_half_need_force) {
  auto story = owner_story();
  story.given(import_of(ranges_of_count(9)));
  story.when(import_of(ranges_of_count(4)))
      .refused(Code::ranges_shrunk)
      .telling("Found 4 ranges, the last import had 9");
  story.given(import_of(ranges_of_count(5)));
  schema::ImportRangesT forced = ranges_of_count(1);
  forced.force = true;
  story.when(import_of(forced)).then(event(imported(forced)));
  story.given(import_of(ranges_of_count(2)));
}

BOOST_AUTO_TEST_CASE(N3_the_digest_holds_the_ranges) {
  auto story = owner_story();
  story.given(import_of(some_ranges()));
  const Bytes once = canonical(story.state());
  schema::ImportRangesT other = some_ranges();
  other.v6[3] = 0xfffe;
  auto second = owner_story();
  second.given(import_of(other));
  BOOST_TEST((once != canonical(second.state())));
}

BOOST_AUTO_TEST_SUITE_END()
