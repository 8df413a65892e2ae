// Providers' ranges, and what the rules on addresses say of one (N1 to N4).
#include "daemon/view/answers.h"

namespace postern::view {

namespace {

using schema::Code;

/// What the rules of the tenant, or those on its user of this name, say of an address.
Answer<schema::AddressTestedT> test(const Inquiry& inquiry, const domain::Address& address,
                                    const domain::Tenant& tenant, std::string_view username) {
  const domain::Providers& providers = inquiry.view.tables().providers();
  schema::AddressTestedT made;
  if (tenant.networks != nullptr)
    made.tenant_entry = domain::entry_that_holds(*tenant.networks, address, providers);
  if (username.empty()) {
    if (tenant.networks != nullptr && made.tenant_entry.empty())
      made.code = Code::network_not_allowed;
    return made;
  }
  const domain::User* user = inquiry.view.tables().find_user(tenant.id, username);
  if (user == nullptr) return refused(Code::user_unknown, "username");
  domain::CallFacts call;
  call.now_ns = inquiry.now_ns;
  call.address = address;
  call.providers = &providers;
  if (!domain::network_allowed(tenant, *user, call)) made.code = Code::network_not_allowed;
  if (const auto& own = domain::extras_of(*user).networks; own != nullptr)
    made.user_entry = domain::entry_that_holds(*own, address, providers);
  return made;
}

}  // namespace

Answer<schema::RangesPageT> answer(const Inquiry& inquiry, const schema::ListRanges&) {
  schema::RangesPageT page;
  for (const auto& ranges : inquiry.view.tables().providers()) {
    if (ranges == nullptr) continue;
    auto& made = page.ranges.emplace_back(std::make_unique<schema::RangesViewT>());
    made->provider = ranges->provider;
    made->source_name = ranges->source_name;
    made->source_sha256 = ranges->source_sha256;
    made->source_time_ns = ranges->source_time_ns;
    made->v4_count = static_cast<std::uint32_t>(ranges->v4.size() / 2);
    made->v6_count = static_cast<std::uint32_t>(ranges->v6.size() / 4);
    made->imported = cause_of(inquiry, ranges->imported_seq);
  }
  return page;
}

Answer<schema::AddressTestedT> answer(const Inquiry& inquiry, const schema::TestAddress& wanted) {
  const auto address = domain::parse_address(view_of(wanted.address()));
  if (!address)
    return refused(Code::field_malformed, "address", "It must be an IPv4 or IPv6 address alone.");
  schema::AddressTestedT made;
  const std::string_view alias = view_of(wanted.tenant());
  const std::string_view username = view_of(wanted.username());
  if (!alias.empty() || !username.empty()) {
    const domain::Tenant* tenant = inquiry.view.find_tenant(inquiry.asker, alias);
    if (tenant == nullptr)
      return refused(alias.empty() ? Code::field_missing : Code::tenant_unknown, "tenant");
    auto tested = test(inquiry, *address, *tenant, username);
    if (!tested) return tested;
    made = std::move(*tested);
  }
  made.address = domain::text_of(*address);
  for (const auto& ranges : inquiry.view.tables().providers())
    if (ranges != nullptr && domain::holds(*ranges, *address))
      made.providers.push_back(ranges->provider);
  return made;
}

}  // namespace postern::view
