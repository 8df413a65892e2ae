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

std::expected<domain::State, std::string> restored(const Bytes& bytes,
                                                   const domain::JournalPlace& place,
                                                   std::size_t piece_bytes) {
  std::span<const std::uint8_t> left(bytes);
  // Each piece in a block of its own, so that a sanitizer sees who reads behind it.
  std::vector<std::uint8_t> piece;
  return domain::read_canonical(
      [&]() -> std::span<const std::uint8_t> {
        const auto part = left.first(std::min(left.size(), piece_bytes));
        left = left.subspan(part.size());
        piece = std::vector<std::uint8_t>(part.begin(), part.end());
        return piece;
      },
      place);
}

domain::State copied(const domain::State& state, std::size_t piece_bytes) {
  auto made = restored(canonical(state), state.place(), piece_bytes);
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
