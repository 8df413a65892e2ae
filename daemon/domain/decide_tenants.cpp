// T: tenants.
#include "codes.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;

namespace {

constexpr std::size_t alias_bytes_max = 63;
constexpr std::size_t display_name_bytes_max = 256;

void check_display_name(const Case& asked, const flatbuffers::String* name) {
  if (name == nullptr) return;
  const std::string_view text = view_of(name);
  if (text.empty() || text.size() > display_name_bytes_max || !is_text(text))
    asked.refuse(Code::field_malformed, "display_name",
                 "It must be 1 to 256 bytes of UTF-8 without control characters.");
}

bool is_alias(std::string_view text) {
  if (text.empty() || text.size() > alias_bytes_max || text.front() == '-') return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

}  // namespace

void create_tenant(const Case& asked) {
  const auto& body = *asked.command.body_as_CreateTenant();
  const std::string alias(view_of(body.alias()));
  const std::string display_name(body.display_name() == nullptr ? alias
                                                                : view_of(body.display_name()));
  const std::string_view message_tenant = view_of(asked.context.message->tenant());
  if (!asked.asker().all_tenants)
    return asked.refuse(Code::not_permitted, "body",
                        "Only an operator of all tenants may add one.");
  if (!is_alias(alias))
    asked.refuse(Code::field_malformed, "alias",
                 "It must be [a-z0-9][a-z0-9-]{0,62}, found " + quoted(alias) + ".");
  check_display_name(asked, body.display_name());
  if (!message_tenant.empty() && message_tenant != alias)
    asked.refuse(Code::batch_spans_tenants, "alias",
                 "The message is about " + quoted(message_tenant) + ".");
  if (asked.state.tables().find_tenant(alias) != nullptr)
    asked.refuse(Code::tenant_exists, "alias", quoted(alias) + ".");
  const bool has_catalogue = body.catalogue() != nullptr && body.catalogue()->size() > 0;
  const auto catalogue = has_catalogue ? check_catalogue(asked, {}, body.catalogue(), true)
                                       : compiled(default_catalogue());
  schema::PoliciesT policies;
  if (body.policies() != nullptr)
    change_policies(asked, *body.policies(), EmptyList::refused, policies);
  if (!asked.decision.refusals.empty()) return;
  schema::TenantCreatedT created;
  created.tenant = std::make_unique<Uuid>(asked.material.new_id);
  created.alias = alias;
  created.display_name = display_name;
  created.policies = std::make_unique<schema::PoliciesT>(std::move(policies));
  created.catalogue = as_schema(*catalogue);
  asked.cause(created);
}

void set_tenant(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return;
  const auto& body = *asked.command.body_as_SetTenant();
  schema::TenantChangedT changed;
  changed.display_name = tenant->display_name;
  if (body.display_name() != nullptr) changed.display_name = view_of(body.display_name());
  check_display_name(asked, body.display_name());
  schema::PoliciesT policies = tenant->policies;
  count_stored_networks(asked, policies.networks.get());
  if (body.policies() != nullptr)
    change_policies(asked, *body.policies(), EmptyList::clears, policies);
  if (!asked.decision.refusals.empty()) return;
  if (changed.display_name == tenant->display_name && policies == tenant->policies)
    return asked.refuse(Code::unchanged, "policies");
  changed.policies = std::make_unique<schema::PoliciesT>(std::move(policies));
  asked.cause(changed);
}

void enable_tenant(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return;
  if (tenant->enabled) return asked.refuse(Code::tenant_already_enabled, "tenant");
  asked.cause(schema::TenantEnabledT());
}

void disable_tenant(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return;
  if (!tenant->enabled) return asked.refuse(Code::tenant_already_disabled, "tenant");
  asked.cause(schema::TenantDisabledT());
}

}  // namespace postern::domain
