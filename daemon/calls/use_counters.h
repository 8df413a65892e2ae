// D1: how each user is used, counted since its last summary. On the recorder's thread, so that a
// call costs the reader the same whatever is counted here.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/calls/call_note.h"
#include "daemon/domain/network.h"
#include "daemon/domain/use.h"

namespace postern::calls {

/// The /24 or /48 that an address lies in.
domain::Address network_of(const domain::Address& address);
/// "10.1.2.0/24".
std::string text_of_network(const domain::Address& network);

/// One user's calls. Bounded by use_names_max, use_keys_max and use_grants_max.
class UserUse {
 public:
  void add(const CallNote& note);
  /// Takes in what another counted of the same user.
  void add(const UserUse& other);

  schema::UseT as_schema() const;
  /// Tables that its record holds.
  std::size_t weight() const { return 8 + days_.size() + keys_.size() + 2 * grants_.size(); }

 private:
  /// Names seen: the first 32, and hashes of some that came after, so that each counts once.
  template <class Name>
  struct DistinctNames {
    std::vector<Name> names = {};
    std::vector<std::uint64_t> others = {};

    void add(const Name& name, std::uint64_t hash);
  };
  struct OfGrant {
    std::uint64_t grant = 0;
    std::int64_t last_ns = 0;
    std::uint64_t count = 0;
  };

  void add_day(const domain::UseOfDay& used);
  void add_address(std::string_view text);
  void add_client(std::string_view label);
  void add_key(const domain::UseOfKey& used);
  void add_grant(const OfGrant& used);

  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::int64_t password_last_ns_ = 0;
  /// The address of the last call, which the next most likely has too.
  std::string last_address_;
  std::vector<domain::UseOfDay> days_;
  std::vector<domain::UseOfKey> keys_;
  /// By grant.
  std::vector<OfGrant> grants_;
  DistinctNames<domain::Address> networks_;
  DistinctNames<std::string> clients_;
};

/// What goes to the journal together: users of one tenant.
struct UseSummaries {
  struct Part {
    Uuid user;
    std::unique_ptr<UserUse> use;
    /// Set by whoever records: it was recorded too lately, and is not to be before this time.
    std::int64_t not_before_ns = 0;
  };

  Uuid tenant;
  std::vector<Part> parts;
};

/// Every user's. A summary is due at the user's own quarter of an hour of the day, spread by tenant
/// and user, and not before a day after the last.
class UseCounters {
 public:
  /// Users of one summary.
  static constexpr std::size_t parts_max = 256;

  explicit UseCounters(std::size_t users_max = 1'000'000) : users_max_(users_max) {}

  /// False: there are as many users as may be, and this one is not among them.
  bool add(const CallNote& note);

  /// Takes out what is due now, ready for the journal, many users of a tenant together.
  void collect_due(std::int64_t now_ns) { collect(now_ns, false); }
  void collect_all() { collect(0, true); }
  /// The oldest of what was collected; no parts: there is none.
  UseSummaries take_collected();

  /// What was not recorded counts on.
  void take_back(UseSummaries summaries);

  /// What is counted of a tenant's users and not in the journal, but for what was taken.
  std::unordered_map<Uuid, domain::UseSum, domain::UuidHash> of_tenant(const Uuid& tenant) const;

  std::size_t users() const { return users_.size(); }

 private:
  struct Entry {
    Uuid tenant;
    std::int64_t due_ns = 0;
    std::unique_ptr<UserUse> use;
  };

  void collect(std::int64_t now_ns, bool all);

  std::size_t users_max_;
  boost::unordered_flat_map<Uuid, Entry, domain::UuidHash> users_;
  std::deque<UseSummaries> collected_;
};

/// When the next summary of a user is due that was not used since the last.
std::int64_t due_after(std::int64_t now_ns, const Uuid& tenant, const Uuid& user);

}  // namespace postern::calls
