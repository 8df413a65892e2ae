// What a replica shows, without a daemon: users of one tenant whose one grant comes and goes.
#pragma once

#include <string>
#include <vector>

#include "daemon/domain/access.h"
#include "daemon/domain/catalogue.h"
#include "tools/client/replica_shared.h"

namespace postern::support {

/// One thread moves it. It holds what it replaced until both versions have what came of it.
class ReplicaWorld {
 public:
  explicit ReplicaWorld(std::size_t users) {
    state_.give_hints();
    domain::Catalogue catalogue;
    catalogue.push_back({.name = "table", .actions = {{.name = "read"}, {.name = "write"}}});
    auto tenant = domain::make_counted<domain::Tenant>();
    tenant->id = {1, 1};
    tenant->alias = "acme";
    tenant->catalogue = domain::compiled(std::move(catalogue));
    state_.replace(domain::Owned<domain::Tenant>(std::move(tenant)), changes_);
    auto asker = domain::make_counted<domain::Operator>();
    asker->id = {2, 2};
    asker->role = schema::Role::service;
    asker->vouches = true;
    asker->all_tenants = true;
    state_.replace(domain::Owned<domain::Operator>(std::move(asker)), changes_);
    for (std::size_t number = 0; number < users; ++number) {
      domain::User user;
      user.id = {3, number + 1};
      user.tenant = {1, 1};
      user.username = "user-" + std::to_string(number);
      user.status = schema::UserStatus::active;
      user.api_access = true;
      user.grants = domain::no_grants();
      names_.push_back(user.username);
      put(std::move(user));
    }
  }

  std::string_view name(std::size_t number) const { return names_[number % names_.size()]; }
  domain::Seq seq() const { return seq_; }
  const domain::Tables<domain::Owned>& tables() const { return state_.tables(); }

  /// Everybody is granted what nobody was, or the other way round.
  void change() {
    ++seq_;
    for (std::size_t number = 0; number < names_.size(); ++number) {
      domain::User user = *state_.tables().find_user(domain::Uuid{3, number + 1});
      user.grants = seq_ % 2 == 1 ? one_grant() : domain::no_grants();
      put(std::move(user));
    }
  }

  /// One more comes, named after the seq, with the grant.
  void add() {
    domain::User user;
    user.id = {4, ++seq_};
    user.tenant = {1, 1};
    user.username = "late-" + std::to_string(seq_);
    user.status = schema::UserStatus::active;
    user.api_access = true;
    user.grants = one_grant();
    put(std::move(user));
  }

  /// As the replica's own thread does; so long ago it was heard of.
  void publish(client::Replica::Shared& shared, std::chrono::milliseconds age = {}) {
    if (!shared.versions.answers()) {
      shared.versions.prepare(
          [&](client::ReplicaVersion& version) { version.view.load(state_.tables()); });
      changes_.clear();
    }
    shared.versions.publish([&](client::ReplicaVersion& version) {
      version.view.take(changes_);
      version.asker = state_.tables().find_operator(domain::Uuid{2, 2});
      version.seq = seq_;
      version.following = 1;
      version.confirmed_ns = client::steady_ns() - std::chrono::nanoseconds(age).count();
    });
    changes_.clear();
  }

 private:
  domain::SharedGrants one_grant() {
    domain::Grant grant;
    grant.resource = state_.intern("table/invoices");
    grant.action = state_.intern("read");
    grant.seq = seq_;
    return domain::with_grant(*domain::no_grants(), grant, state_.rights());
  }
  void put(domain::User user) {
    state_.replace(domain::Owned<domain::User>(domain::make_counted<domain::User>(std::move(user))),
                   changes_);
  }

  domain::State state_;
  domain::Changes changes_;
  std::vector<std::string> names_;
  domain::Seq seq_ = 0;
};

}  // namespace postern::support
