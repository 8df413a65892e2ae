#include "daemon/view/inquiry.h"

namespace postern::view {

std::unexpected<schema::ProblemT> refused(schema::Code code, std::string_view field,
                                          std::string_view detail) {
  return std::unexpected(schema::make_problem(code, field, detail));
}

schema::CauseT cause_of(const schema::Record& record) {
  schema::CauseT cause;
  cause.seq = record.seq();
  cause.time_ns = record.time_ns();
  cause.operator_id = std::make_unique<Uuid>(*record.operator_id());
  cause.role = record.role();
  cause.reason = view_of(record.reason());
  return cause;
}

std::unique_ptr<schema::CauseT> cause_of(const Inquiry& inquiry, domain::Seq seq) {
  if (seq == 0) return nullptr;
  auto cause = std::make_unique<schema::CauseT>(inquiry.sources.cause(seq));
  if (cause->operator_id == nullptr) return cause;
  if (const auto* entry = inquiry.view.tables().find_operator(*cause->operator_id))
    cause->operator_name = entry->name;
  else if (*cause->operator_id == domain::daemon_operator)
    cause->operator_name = "daemon";
  return cause;
}

std::int64_t imported_hash_ends_ns(const Inquiry& inquiry, const domain::Tenant& tenant,
                                   const domain::User& user) {
  constexpr std::int64_t day_ns = 86'400LL * 1'000'000'000;
  if (user.sealed_password == nullptr || tenant.policies.imported_hash_days == 0 ||
      inquiry.sources.imported_ns == nullptr)
    return 0;
  const std::int64_t imported_ns = inquiry.sources.imported_ns(user);
  return imported_ns == 0 ? 0 : imported_ns + tenant.policies.imported_hash_days * day_ns;
}

Answer<const domain::Tenant*> tenant_of(const Inquiry& inquiry, const flatbuffers::String* alias,
                                        std::string_view field) {
  const domain::Tenant* tenant = inquiry.view.find_tenant(inquiry.asker, view_of(alias));
  if (tenant == nullptr) return refused(schema::Code::tenant_unknown, field);
  return tenant;
}

}  // namespace postern::view
