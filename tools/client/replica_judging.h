// One check on its way to its answer, in steps, each of which begins to fetch what the next one
// reads. Of a million users nothing is at hand: whoever has several checks takes each step of all.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "daemon/view/key_bearer.h"
#include "tools/client/replica.h"
#include "tools/client/replica_versions.h"

namespace postern::client {

/// Why there is no answer here.
enum class Missing : std::uint8_t {
  nothing_shown,
  too_old,
  /// L1.
  recorded,
  /// Of a credential: the daemon has to verify it.
  unverified,
  /// It was verified by a newer state than is known here.
  behind,
  address_malformed,
};

/// What the daemon said of a credential.
struct Verified {
  /// Of a key: whose it is, and which.
  view::Session session;
  bool is_key = false;
  domain::Seq seq = 0;
  /// Which following of the daemon it was verified in.
  std::uint64_t following = 0;
};

class SearchByName {
 public:
  SearchByName(const ReplicaVersion& version, const view::NamedBeside& named)
      : search_(version.view, *version.asker, named) {}

  const domain::Tenant* tenant() const { return search_.tenant(); }
  void locate() { search_.locate(); }
  void approach() { search_.approach(); }
  std::expected<view::Bearer, Missing> bearer(const domain::CallFacts& facts) const {
    return search_.bearer(facts);
  }

 private:
  view::NameSearch search_;
};

/// Of a credential that was verified before; null: it was not.
class SearchVerified {
 public:
  SearchVerified(const ReplicaVersion& version, const Verified* verified,
                 const ReplicaBeside& beside)
      : version_(version), verified_(verified), beside_(beside) {
    if (verified_ == nullptr || verified_->following != version_.following) return;
    tenant_ = version_.view.tables().find_tenant(verified_->session.tenant);
  }

  const domain::Tenant* tenant() const { return tenant_; }
  void locate() const {}
  void approach() const {}
  std::expected<view::Bearer, Missing> bearer(const domain::CallFacts& facts) const {
    if (verified_ == nullptr || verified_->following != version_.following)
      return std::unexpected(Missing::unverified);
    if (verified_->seq > version_.seq) return std::unexpected(Missing::behind);
    return bearer_as_told(facts);
  }

 private:
  view::Bearer bearer_as_told(const domain::CallFacts& call) const {
    const auto& tables = version_.view.tables();
    const view::NamedBeside named{beside_.tenant, beside_.username};
    const view::Session& session = verified_->session;
    if (!verified_->is_key)
      return view::bearer_of_session(tables, *version_.asker, named, session, call);
    const domain::User* user = tables.find_user(session.user);
    if (tenant_ == nullptr || user == nullptr || !domain::in_scope(*version_.asker, tenant_->id) ||
        view::names_another(named, *tenant_, *user))
      return {};
    const domain::ApiKey* key = domain::find_key(*user, session.key);
    if (key == nullptr) return {};
    return view::bearer_of_key(*tenant_, *user, *key, call);
  }

  const ReplicaVersion& version_;
  const Verified* verified_;
  const ReplicaBeside& beside_;
  const domain::Tenant* tenant_ = nullptr;
};

/// For as long as the version is looked at.
template <class Search>
class Judging {
 public:
  template <class... Sought>
  explicit Judging(const ReplicaVersion& version, const Sought&... sought)
      : version_(version), search_(version, sought...) {}

  /// `now_ns`: as the daemon's clock has it.
  void locate(const ReplicaCall& call, std::int64_t now_ns) {
    facts_.interactive = call.interactive;
    facts_.now_ns = now_ns;
    if (!call.address.empty()) facts_.address = domain::parse_address(call.address);
    is_malformed_ = !facts_.address && !call.address.empty();
    facts_.tls = call.tls;
    facts_.tls_told = true;
    facts_.providers = &version_.view.tables().providers();
    search_.locate();
  }
  void read(const ReplicaQuestion& question) {
    if (const domain::Tenant* tenant = search_.tenant())
      question_.emplace(
          *tenant, domain::Question{question.action, question.resource, question.this_level_only});
  }
  void approach() { search_.approach(); }
  void meet() { bearer_ = search_.bearer(facts_); }
  void fetch_rights() const {
    if (bearer_ && bearer_->stop == schema::Code::ok)
      domain::fetch_ahead(*bearer_->user->grants, question_->asked());
  }
  std::expected<domain::Verdict, Missing> verdict() const {
    if (is_malformed_) return std::unexpected(Missing::address_malformed);
    if (!bearer_) return std::unexpected(bearer_.error());
    if (bearer_->user != nullptr && domain::extras_of(*bearer_->user).api_logging)
      return std::unexpected(Missing::recorded);
    return view::check(*bearer_, question_ ? &*question_ : nullptr, facts_);
  }

 private:
  const ReplicaVersion& version_;
  Search search_;
  domain::CallFacts facts_;
  bool is_malformed_ = false;
  std::optional<domain::ReadQuestion> question_;
  std::expected<view::Bearer, Missing> bearer_;
};

}  // namespace postern::client
