// A journal folded for some of its tenants is, of these, what the whole is (O2).
#include <boost/test/unit_test.hpp>

#include "daemon/domain/digest.h"
#include "daemon/domain/fold.h"
#include "daemon/domain/invariants.h"
#include "tests/property/random_run.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::property;
using domain::Seq;
using domain::TenantScope;
using support::Bytes;

namespace {

constexpr std::size_t everyday_seeds = 40;
constexpr int messages_per_seed = 250;

bool holds(const TenantScope& scope, const domain::Uuid& tenant) {
  return std::ranges::find(scope.tenants, tenant) != scope.tenants.end();
}

template <template <class> class Handle>
Bytes canonical(const domain::Tables<Handle>& tables) {
  Bytes bytes;
  domain::write_canonical(tables, [&](std::span<const std::uint8_t> part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
  });
  return bytes;
}

/// What the whole has of these tenants, and of the installation.
Bytes canonical_part(const domain::State& whole, const TenantScope& scope) {
  domain::State part;
  domain::Changes changes;
  const auto put = [&]<class Entry>(const Entry& entry) {
    part.replace(domain::Owned<Entry>(&entry), changes);
  };
  const auto& tables = whole.tables();
  tables.for_each_tenant([&](const domain::Tenant& tenant) {
    if (holds(scope, tenant.id)) put(tenant);
  });
  tables.for_each_user([&](const domain::User& user) {
    if (holds(scope, user.tenant)) put(user);
  });
  tables.for_each_operator(put);
  for (const auto& ranges : tables.providers())
    if (ranges != nullptr) put(*ranges);
  if (tables.copies() != nullptr) put(*tables.copies());
  return canonical(part.tables());
}

/// Folds those that `is_there` lets through; gives the first failure, empty: none.
template <class IsThere>
std::string fold_part(domain::State& state, const TenantScope& scope,
                      const std::vector<Bytes>& records, IsThere is_there) {
  domain::RecordGate gate;
  for (const Bytes& record : records) {
    if (!is_there(*flatbuffers::GetRoot<schema::Record>(record.data()))) continue;
    domain::Changes changes;
    const auto folded =
        domain::fold_part(state, gate, scope, std::as_bytes(std::span(record)), changes);
    if (!folded) return folded.error().sentence;
    BOOST_TEST((domain::tells_of(scope, **folded) || changes.empty()));
  }
  return {};
}

/// No tenant, one, and two of those there are.
std::vector<TenantScope> scopes_of(const domain::State& state) {
  std::vector<domain::Uuid> ids;
  state.tables().for_each_tenant([&](const domain::Tenant& tenant) { ids.push_back(tenant.id); });
  std::ranges::sort(ids, domain::less);
  BOOST_REQUIRE(ids.size() >= 3U);
  return {{}, {{ids[0]}}, {{ids[2], ids[1]}}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(part_properties_tests)

BOOST_AUTO_TEST_CASE(O2_a_part_is_what_the_whole_is_of_its_tenants) {
  for_each_seed(everyday_seeds, [](std::uint64_t seed) {
    Run run(seed);
    for (int count = 0; count < messages_per_seed; ++count) run.step();
    const domain::State& whole = run.world.state();
    for (const TenantScope& scope : scopes_of(whole)) {
      const auto within = [&](const schema::Record& record) {
        return domain::tells_of(scope, record);
      };
      // From the whole journal, and from the part of it that leaves out the others' records.
      domain::State passed_over;
      domain::State left_out;
      BOOST_TEST(fold_part(passed_over, scope, run.world.records(),
                           [](const auto&) { return true; }) == "");
      BOOST_TEST(fold_part(left_out, scope, run.world.records(), within) == "");
      const Bytes expected = canonical_part(whole, scope);
      BOOST_TEST((canonical(passed_over.tables()) == expected));
      BOOST_TEST((canonical(left_out.tables()) == expected));
      BOOST_TEST(passed_over.seq() == left_out.seq());
      BOOST_TEST(domain::check_indexes(left_out).empty());
      BOOST_TEST(left_out.owner_count() == whole.owner_count());
      for (const domain::Uuid& tenant : scope.tenants) {
        BOOST_TEST(left_out.tenant_head(tenant) == whole.tenant_head(tenant));
        BOOST_TEST(left_out.tables().find_tenant(tenant)->changed_seq ==
                   whole.tables().find_tenant(tenant)->changed_seq);
      }
      left_out.tables().for_each_user([&](const domain::User& user) {
        BOOST_TEST(user.changed_seq == whole.tables().find_user(user.id)->changed_seq);
      });
    }
  });
}

BOOST_AUTO_TEST_CASE(O2_an_operator_made_with_a_tenant_is_in_every_part) {
  support::Scenario story = support::given(support::tenant("acme"), support::tenant("globex"));
  story.in("").when(support::tenant("umbrella"),
                    support::add_operator("anna", schema::Role::auditor, 7, {"acme"}));
  BOOST_REQUIRE(story.outcome().recorded);
  const TenantScope scope{{story.tenant("acme").id}};
  domain::State part;
  BOOST_TEST(fold_part(part, scope, story.world().records(), [&](const schema::Record& record) {
               return domain::tells_of(scope, record);
             }) == "");
  BOOST_TEST(part.tables().find_operator("anna") != nullptr);
  BOOST_TEST(part.tables().find_tenant("umbrella") == nullptr);
  BOOST_TEST((canonical(part.tables()) == canonical_part(story.state(), scope)));
}

BOOST_AUTO_TEST_CASE(H7_a_tenants_record_that_is_missing_is_found) {
  Run run(1);
  for (int count = 0; count < messages_per_seed; ++count) run.step();
  const domain::State& whole = run.world.state();
  const TenantScope scope = scopes_of(whole).back();
  int found = 0;
  for (const Bytes& bytes : run.world.records()) {
    const auto& missing = *flatbuffers::GetRoot<schema::Record>(bytes.data());
    if (missing.tenant() == nullptr || !holds(scope, *missing.tenant())) continue;
    domain::State part;
    const std::string failure =
        fold_part(part, scope, run.world.records(),
                  [&](const schema::Record& record) { return record.seq() != missing.seq(); });
    // Behind a tenant's newest record nothing tells of it.
    const bool is_newest = whole.tenant_head(*missing.tenant()) == missing.seq();
    BOOST_TEST(failure.empty() == is_newest, "record " << missing.seq() << ": " << failure);
    found += !failure.empty();
  }
  BOOST_TEST(found > 10);
}

BOOST_AUTO_TEST_CASE(H7_a_record_of_a_part_comes_once_and_in_order) {
  Run run(1);
  for (int count = 0; count < 20; ++count) run.step();
  const TenantScope scope = scopes_of(run.world.state()).back();
  domain::State part;
  BOOST_TEST(fold_part(part, scope, run.world.records(), [](const auto&) { return true; }) == "");
  const Bytes before = canonical(part.tables());
  BOOST_TEST(fold_part(part, scope, run.world.records(), [](const auto&) { return true; }) != "");
  BOOST_TEST((canonical(part.tables()) == before));
}

BOOST_AUTO_TEST_SUITE_END()
