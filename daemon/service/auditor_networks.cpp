// Providers' ranges, and what the rules on addresses say of one (N1 to N4).
#include "daemon/service/auditor.h"
#include "daemon/service/call.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::Code;

using schema::view_of;

}  // namespace

Auditor::Body Auditor::answer(const schema::ListRanges&, const domain::Operator&) {
  schema::RangesPageT page;
  for (const auto& ranges : view_.tables().providers()) {
    if (ranges == nullptr) continue;
    auto& made = page.ranges.emplace_back(std::make_unique<schema::RangesViewT>());
    made->provider = ranges->provider;
    made->source_name = ranges->source_name;
    made->source_sha256 = ranges->source_sha256;
    made->source_time_ns = ranges->source_time_ns;
    made->v4_count = static_cast<std::uint32_t>(ranges->v4.size() / 2);
    made->v6_count = static_cast<std::uint32_t>(ranges->v6.size() / 4);
    made->imported = cause_of(ranges->imported_seq);
  }
  schema::HistoryPageBodyUnion body;
  body.Set(std::move(page));
  return body;
}

Auditor::Body Auditor::answer(const schema::TestAddress& wanted, const domain::Operator& asker) {
  const auto address = domain::parse_address(view_of(wanted.address()));
  if (!address)
    return std::unexpected(make_problem(Code::field_malformed, "address",
                                        "It must be an IPv4 or IPv6 address alone."));
  const domain::Providers& providers = view_.tables().providers();
  schema::AddressTestedT made;
  made.address = domain::text_of(*address);
  for (const auto& ranges : providers)
    if (ranges != nullptr && domain::holds(*ranges, *address))
      made.providers.push_back(ranges->provider);
  const std::string_view alias = view_of(wanted.tenant());
  const std::string_view username = view_of(wanted.username());
  if (!alias.empty() || !username.empty()) {
    const domain::Tenant* tenant = view_.find_tenant(asker, alias);
    if (tenant == nullptr)
      return std::unexpected(make_problem(
          alias.empty() ? Code::field_missing : Code::tenant_unknown, "tenant"));
    if (tenant->networks != nullptr)
      made.tenant_entry = domain::entry_that_holds(*tenant->networks, *address, providers);
    if (username.empty()) {
      if (tenant->networks != nullptr && made.tenant_entry.empty())
        made.code = Code::network_not_allowed;
    } else {
      const domain::User* user = view_.tables().find_user(tenant->id, username);
      if (user == nullptr) return std::unexpected(make_problem(Code::user_unknown, "username"));
      domain::CallFacts call;
      call.now_ns = parts_.clock.now_ns();
      call.address = address;
      call.providers = &providers;
      if (!domain::network_allowed(*tenant, *user, call)) made.code = Code::network_not_allowed;
      if (const auto& own = domain::extras_of(*user).networks; own != nullptr)
        made.user_entry = domain::entry_that_holds(*own, *address, providers);
    }
  }
  schema::HistoryPageBodyUnion body;
  body.Set(std::move(made));
  return body;
}

}  // namespace postern::service
