// Tenants as operators see them (T1 to T4).
#include "daemon/domain/catalogue.h"
#include "daemon/view/answers.h"
#include "daemon/view/directory.h"
#include "daemon/view/moment.h"
#include "daemon/view/page.h"

namespace postern::view {

namespace {

std::unique_ptr<schema::TenantViewT> tenant_view(const Inquiry& inquiry,
                                                 const domain::Tenant& tenant) {
  auto made = std::make_unique<schema::TenantViewT>();
  made->id = std::make_unique<Uuid>(tenant.id);
  made->alias = tenant.alias;
  made->display_name = tenant.display_name;
  made->enabled = tenant.enabled;
  made->policies = std::make_unique<schema::PoliciesT>(tenant.policies);
  made->catalogue = domain::as_schema(*tenant.catalogue, domain::WithResources::no);
  made->user_count = inquiry.view.tables().live_user_count(tenant.id);
  made->created = cause_of(inquiry, tenant.created_seq);
  made->status_changed = cause_of(inquiry, tenant.status_seq);
  return made;
}

}  // namespace

Answer<schema::TenantPageT> answer(const Inquiry& inquiry, const schema::GetTenant& wanted) {
  const auto tenant = tenant_of(inquiry, wanted.alias(), "alias");
  if (!tenant) return std::unexpected(tenant.error());
  schema::TenantPageT page;
  page.tenants.push_back(tenant_view(inquiry, **tenant));
  return page;
}

Answer<schema::TenantPageT> answer(const Inquiry& inquiry, const schema::ListTenants& wanted) {
  const auto found = list_tenants(inquiry.view, inquiry.asker, place_in(wanted.after()),
                                  page_size(wanted.count_max()));
  schema::TenantPageT page;
  const std::uint32_t left_out =
      fill(found.entries, page.tenants, page_bytes_soft_max,
           [&](const domain::Tenant* tenant) { return tenant_view(inquiry, *tenant); });
  page.more = found.more || left_out > 0;
  if (page.more) page.next = page.tenants.back()->alias;
  return page;
}

}  // namespace postern::view
