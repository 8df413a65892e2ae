// Every recorded decision of a year, asked again of the state that it was made from.
#include <map>

#include "daemon/calls/call_entry.h"
#include "daemon/calls/call_reader.h"
#include "daemon/view/bearer.h"
#include "replay/data_folder.h"
#include "tests/year/small_year.h"

using namespace postern;
using year::small_year;

namespace {

std::vector<calls::Entry> recorded_calls(const std::filesystem::path& folder) {
  const auto ring = calls::CallRing::open(folder / "calls", {});
  BOOST_REQUIRE(ring);
  std::vector<calls::Entry> all;
  calls::CallReader reader(**ring);
  const auto read = reader.read(1, [&](std::uint64_t, std::span<const std::byte> bytes) {
    auto entry = calls::open_entry(bytes);
    BOOST_REQUIRE(entry);
    all.push_back(std::move(*entry));
    return true;
  });
  BOOST_REQUIRE(read);
  return all;
}

/// As of the record that the call names.
domain::Verdict asked_again(const domain::State& state, const schema::CallViewT& call) {
  const auto& tables = state.tables();
  const domain::User* user = tables.find_user(*call.user);
  BOOST_REQUIRE(user != nullptr);
  const domain::Tenant* tenant = tables.find_tenant(user->tenant);
  domain::CallFacts facts;
  facts.now_ns = call.time_ns;
  facts.address = domain::parse_address(call.address);
  facts.tls = call.tls;
  facts.tls_told = true;
  facts.providers = &tables.providers();
  view::Bearer bearer{tenant, user, domain::first_stop_before_credential(tenant, user, facts).code};
  if (call.key != nullptr) bearer.key = domain::find_key(*user, *call.key);
  if (bearer.stop == schema::Code::ok && bearer.key != nullptr &&
      domain::is_expired(*bearer.key, call.time_ns))
    bearer.stop = schema::Code::credential_expired;
  return view::check(
      bearer, {call.question->action, call.question->resource, call.question->this_level_only},
      facts);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(asked_again_tests)

BOOST_AUTO_TEST_CASE(D2_every_recorded_decision_of_a_year_is_the_same_when_asked_again) {
  std::vector<calls::Entry> entries = recorded_calls(small_year().path());
  BOOST_REQUIRE(entries.size() == small_year().recorded);
  platform::SystemEntropy entropy;
  const auto keys = credential::KeyStore::open(small_year().path() / "keys", entropy);
  BOOST_REQUIRE(keys);
  const auto folder = replay::DataFolder::open(small_year().path());
  BOOST_REQUIRE(folder);
  std::ostringstream talk;
  replay::Progress progress(talk, false);
  domain::State state;
  std::size_t next = 0;
  std::map<schema::Code, std::size_t> reasons;
  const auto read = folder->read(
      state, progress, {[&](const replay::Step& step) {
        for (; next < entries.size() && entries[next].call.seq == step.record.seq(); ++next) {
          calls::Entry& entry = entries[next];
          if (entry.call.question == nullptr) continue;
          const domain::User* user = step.state.tables().find_user(*entry.call.user);
          BOOST_REQUIRE(user != nullptr);
          const auto key = (*keys)->user_key({user->key.file, user->key.slot});
          if (!key) continue;
          calls::unseal(entry, *key);
          const domain::Verdict verdict = asked_again(step.state, entry.call);
          BOOST_TEST(verdict.allowed() == entry.call.allowed);
          BOOST_TEST((verdict.reason == entry.call.reason));
          const auto& grant = entry.call.grant;
          BOOST_TEST((verdict.grant == nullptr ? 0 : verdict.grant->seq) ==
                     (grant == nullptr ? 0 : grant->seq));
          ++reasons[verdict.reason];
        }
        return replay::Rest::fold;
      }});
  BOOST_REQUIRE(read);
  BOOST_TEST(next == entries.size());
  BOOST_TEST(reasons[schema::Code::ok] > 1'000U);
  // Not only what is allowed was asked.
  for (const schema::Code reason : {schema::Code::no_matching_grant, schema::Code::tenant_disabled})
    BOOST_TEST(reasons[reason] > 0U, schema::EnumNameCode(reason));
}

BOOST_AUTO_TEST_SUITE_END()
