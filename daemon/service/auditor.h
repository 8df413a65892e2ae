// The auditor: lists, portal views, explain, digest: what may take long, one at a time.
#pragma once

#include <functional>
#include <memory>

#include "daemon/credential/key_store.h"
#include "daemon/domain/authorize.h"
#include "daemon/domain/fold.h"
#include "daemon/platform/clock.h"
#include "daemon/service/inbound.h"
#include "daemon/service/letters.h"
#include "daemon/service/pages.h"
#include "daemon/service/turns.h"
#include "daemon/view/directory.h"
#include "personal_generated.h"

namespace postern::service {

/// Whom an explanation is about; null: nobody has the name.
struct AskedAbout {
  const domain::Tenant* tenant = nullptr;
  const domain::User* user = nullptr;
};

/// Owned by one thread for life: `turn` whenever the waker wakes.
class Auditor {
 public:
  /// All outlive the auditor.
  struct Parts {
    const journal::Journal& journal;
    const credential::KeyStore& keys;
    const platform::Clock& clock;
    Mailboxes& mail;
    std::function<void(std::string)> alarm;
  };

  Auditor(Parts parts, view::View view, journal::Head head);

  void turn();

 private:
  using Body = std::expected<schema::HistoryPageBodyUnion, schema::ProblemT>;

  Body answer(const schema::HistoryRequest& request, const domain::Operator& asker);
  Body answer(const schema::GetTenant& wanted, const domain::Operator& asker);
  Body answer(const schema::ListTenants& wanted, const domain::Operator& asker);
  Body answer(const schema::GetUser& wanted, const domain::Operator& asker);
  Body answer(const schema::ListUsers& wanted, const domain::Operator& asker);
  Body answer(const schema::ListOperators& wanted, const domain::Operator& asker);
  Body answer(const schema::Explain& wanted, const domain::Operator& asker);
  Body answer(const schema::ListCatalogue& wanted, const domain::Operator& asker);
  Body answer(const schema::ListRoles& wanted, const domain::Operator& asker);
  Body answer(const schema::GetRole& wanted, const domain::Operator& asker);
  Body answer(const schema::ListPermissions& wanted, const domain::Operator& asker);
  Body answer(const schema::WhoCan& wanted, const domain::Operator& asker);
  Body answer(const schema::GetDigest& wanted, const domain::Operator& asker);
  Body answer(const schema::ListRanges& wanted, const domain::Operator& asker);
  Body answer(const schema::TestAddress& wanted, const domain::Operator& asker);

  schema::TenantViewT describe(const domain::Tenant& tenant);
  schema::OperatorViewT describe(const domain::Operator& entry);
  /// All empty where it cannot be opened, with an alarm where it should.
  schema::PersonalT personal_of(const domain::User& user);
  std::unique_ptr<schema::UserDetailsT> details_of(const domain::Tenant& tenant,
                                                   const domain::User& user,
                                                   const domain::Operator& asker);
  std::unique_ptr<schema::UserSecurityT> security_of(const domain::Tenant& tenant,
                                                     const domain::User& user);
  std::unique_ptr<schema::KeyViewT> describe(const domain::ApiKey& key);
  std::unique_ptr<schema::GrantHeldT> held(const domain::Grant& grant, const std::string* role,
                                           const domain::Conditions* conditions);
  /// Which of a holder's grants: behind the `next` of a page, or from the first on.
  struct GrantsWanted {
    std::string_view after;
    std::uint32_t count_max;
    std::size_t bytes_max;
  };
  using GrantList = std::vector<std::unique_ptr<schema::GrantHeldT>>;
  /// Sets `more` and `next`; a problem where `after` is no `next`.
  std::expected<GrantList, schema::ProblemT> page_grants(const domain::Grants& grants,
                                                         const GrantsWanted& wanted, bool& more,
                                                         std::string& next);
  schema::RoleViewT describe(const domain::Tenant& tenant, const domain::NamedRole& role);
  /// Users that hold each role themselves.
  using RoleCounts = boost::unordered_flat_map<domain::Uuid, std::uint64_t, domain::KeyHash>;
  RoleCounts count_holders(const domain::Tenant& tenant) const;
  std::unique_ptr<schema::StopT> told(const domain::Stop& stop, const AskedAbout& asked,
                                      const domain::CallFacts& call);
  std::unique_ptr<schema::RoleHeldT> held(const domain::Tenant& tenant,
                                          const domain::RoleHeld& role);
  /// When a record was made; 0 where it cannot be read.
  std::int64_t time_of(domain::Seq seq);
  /// The record behind a fact; null for seq 0.
  std::unique_ptr<schema::CauseT> cause_of(domain::Seq seq);

  Parts parts_;
  view::View view_;
  journal::Head head_;
  domain::RecordGate gate_;
  /// Whose question is next.
  Turns<std::unique_ptr<AuditTask>> turns_;
};

}  // namespace postern::service
