#include "tests/support/restored.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

namespace postern::support {

namespace {

using domain::Grants;
using domain::Networks;

bool are_alike(const Networks& left, const Networks& right) {
  if (left == nullptr || right == nullptr) return left == right;
  const auto same = [](const domain::AddressRange& one, const domain::AddressRange& two) {
    return one.first == two.first && one.last == two.last;
  };
  return left->entries == right->entries && left->providers == right->providers &&
         std::ranges::equal(left->ranges, right->ranges, same);
}

bool are_alike(const Grants& left, const Grants& right) {
  const auto same = [](const domain::Grant& one, const domain::Grant& two) {
    return *one.resource == *two.resource && *one.action == *two.action && one.seq == two.seq &&
           one.index == two.index && one.conditional == two.conditional && one.deny == two.deny &&
           one.wildcard == two.wildcard;
  };
  const auto same_conditions = [](const domain::ConditionsOfGrant& one,
                                  const domain::ConditionsOfGrant& two) {
    const domain::Conditions& a = one.conditions;
    const domain::Conditions& b = two.conditions;
    return one.seq == two.seq && one.index == two.index && a.not_before_ns == b.not_before_ns &&
           a.not_after_ns == b.not_after_ns && a.secure_transport == b.secure_transport &&
           are_alike(a.networks, b.networks);
  };
  return left.plain_count() == right.plain_count() &&
         std::ranges::equal(left.sorted(), right.sorted(), same) &&
         std::ranges::equal(left.conditions(), right.conditions(), same_conditions);
}

bool are_alike(const domain::NamedRole& left, const domain::NamedRole& right) {
  return left.id == right.id && left.name == right.name && left.inner == right.inner &&
         are_alike(*left.grants, *right.grants);
}

bool are_alike(const domain::Tenant& left, const domain::Tenant& right) {
  if (left.changed_seq != right.changed_seq) return false;
  if (!(left.policies == right.policies) || *left.catalogue != *right.catalogue) return false;
  if (!are_alike(left.networks, right.networks)) return false;
  if (left.roles == nullptr || right.roles == nullptr) return left.roles == right.roles;
  const auto same = [](const auto& one, const auto& two) { return are_alike(*one, *two); };
  return std::ranges::equal(left.roles->by_id, right.roles->by_id, same) &&
         std::ranges::equal(left.roles->by_name, right.roles->by_name, same);
}

bool are_alike(const domain::User& left, const domain::User& right) {
  return left.changed_seq == right.changed_seq && are_alike(*left.grants, *right.grants) &&
         are_alike(domain::extras_of(left).networks, domain::extras_of(right).networks);
}

}  // namespace

std::vector<CompactBlock> compact(const domain::State& state) {
  std::vector<CompactBlock> blocks;
  const auto written =
      domain::write_compact(domain::entries_of(state.tables()), [&](const domain::Block& block) {
        blocks.push_back({block.kind, Bytes(block.bytes.begin(), block.bytes.end())});
        return true;
      });
  BOOST_REQUIRE_MESSAGE(written, written.error());
  return blocks;
}

std::expected<domain::State, std::string> restored(const std::vector<CompactBlock>& blocks,
                                                   const domain::JournalPlace& place) {
  domain::StateReading reading(place);
  for (const CompactBlock& block : blocks)
    if (domain::is_of_many(block.kind)) reading.take_of_many(block.kind, block.bytes);
  for (const CompactBlock& block : blocks) reading.take(block.kind, block.bytes);
  return reading.finish();
}

domain::State copied(const domain::State& state) {
  auto made = restored(compact(state), state.place());
  BOOST_REQUIRE_MESSAGE(made, made.error());
  return std::move(*made);
}

std::string differences(const domain::State& left, const domain::State& right) {
  std::string found;
  if (canonical(left) != canonical(right)) found += "canonical bytes; ";
  if (left.seq() != right.seq() || left.time_ns() != right.time_ns()) found += "seq or time; ";
  if (left.owner_count() != right.owner_count()) found += "count of owners; ";
  const auto heads = [](const domain::State& state) { return state.place().tenant_heads; };
  if (!std::ranges::equal(heads(left), heads(right), [](const auto& one, const auto& two) {
        return one.tenant == two.tenant && one.seq == two.seq;
      }))
    found += "links of tenants; ";
  left.tables().for_each_tenant([&](const domain::Tenant& tenant) {
    const domain::Tenant* other = right.tables().find_tenant(tenant.id);
    if (other == nullptr || !are_alike(tenant, *other)) found += "tenant " + tenant.alias + "; ";
    if (tenant.roles != nullptr)
      for (const auto& role : tenant.roles->by_id)
        if (left.role_holder_count(role->id) != right.role_holder_count(role->id))
          found += "holders of " + role->name + "; ";
  });
  left.tables().for_each_user([&](const domain::User& user) {
    const domain::User* other = right.tables().find_user(user.id);
    if (other == nullptr || !are_alike(user, *other)) found += "user " + user.username + "; ";
  });
  return found + joined(domain::check_invariants(right));
}

}  // namespace postern::support
