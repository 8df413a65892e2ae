// A history of many records of one tenant: what each says follows from its place, so that the test
// program that writes it (tests/year/make_long) and the bench that asks about it need tell each
// other only its size. Users and grants are those of population.h; half of the users are changed
// all the time, in any order, the other half never.
// Thread: any; nothing changes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tools/bench/population.h"

namespace postern::bench {

class LongHistory {
 public:
  using Seq = std::uint64_t;

  /// How it begins: the installation, the tenant, a role that every user holds, the users.
  static constexpr Seq tenant_seq = 2;
  static constexpr Seq role_seq = 3;
  static constexpr Seq users_seq = 4;
  /// Each user is made with its grants and the role: 1,000 commands a message at most.
  static constexpr std::size_t users_per_record = 1'000 / (2 + grants_per_user);
  static constexpr const char* role_name = "readers";
  /// How often the role gets one grant more: a year's worth of days.
  static constexpr Seq role_changes = 365;

  LongHistory(std::size_t users, Seq records) : users_(users), records_(records) {}

  std::size_t users() const { return users_; }
  Seq records() const { return records_; }
  /// They keep what they have.
  std::size_t first_changed_user() const { return users_ / 2; }

  Seq record_of_user(std::size_t user) const { return users_seq + user / users_per_record; }
  /// Of those that change one thing each.
  Seq first_change() const { return record_of_user(users_ - 1) + 1; }
  /// Where a snapshot was taken: before the last hundredth.
  Seq snapshot_seq() const { return records_ - (records_ - first_change()) / 100; }

  bool changes_role(Seq seq) const {
    const Seq step = std::max<Seq>(2, (records_ - first_change()) / role_changes);
    return (seq - first_change()) % step == step - 1;
  }
  /// Whose API access is switched by a record that does not change the role.
  std::size_t switched_user(Seq seq) const {
    return first_changed_user() + Numbers(seq).below(users_ - first_changed_user());
  }
  /// For each user the records that switch it, first off, then on, and so on.
  std::vector<std::vector<Seq>> switches() const {
    std::vector<std::vector<Seq>> all(users_);
    for (Seq seq = first_change(); seq <= records_; ++seq)
      if (!changes_role(seq)) all[switched_user(seq)].push_back(seq);
    return all;
  }

 private:
  std::size_t users_;
  Seq records_;
};

}  // namespace postern::bench
