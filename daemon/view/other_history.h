// The journal as it is and, beside it, as it would be with commands added or records left out, with
// every recorded call asked of both (H3).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "daemon/domain/fold.h"
#include "daemon/view/inquiry.h"
#include "daemon/view/recorded.h"

namespace postern::view {

/// By whom commands are supposed: an owner of this tenant; null: of all.
domain::Operator supposer(const domain::Uuid* tenant);

/// A value that records and calls are added to in their order, by whoever reads them and folds the
/// state as it is. That and the message outlive it.
class OtherHistory {
 public:
  struct Wanted {
    /// Null: nothing is sent.
    const schema::CommandMessage* message = nullptr;
    domain::Operator supposer;
    /// Records that are left out.
    std::set<domain::Seq> without = {};
    /// Alias of the tenant whose calls are asked; empty: of all.
    std::string tenant = {};
    /// What of each record is folded; nothing: all.
    std::optional<domain::TenantScope> scope = {};
  };

  OtherHistory(const domain::State& state, Wanted wanted)
      : state_(state), wanted_(std::move(wanted)) {}

  /// One that the state has folded.
  void add(const schema::Record& record);
  /// From here on the commands have been sent, behind the state's newest record, at this time or
  /// that record's. Refused as they would be; the sentence names the record.
  Answer<void> suppose(std::int64_t time_ns);
  bool is_due() const { return wanted_.message != nullptr && !is_supposed_; }
  /// One that was answered by the state as it is now or was before.
  void ask(const domain::Uuid& tenant, const schema::CallViewT& call);

  /// Users and questions that were found so far.
  std::size_t flip_count() const { return flips_.size(); }
  /// Those to be left out that have not come.
  const std::set<domain::Seq>& missing() const { return wanted_.without; }
  /// Of the flips the `count_max` with the most calls.
  schema::FlipPageT page(std::size_t count_max) const;

 private:
  void begin(std::int64_t time_ns) { from_ns_ = std::min(from_ns_.value_or(time_ns), time_ns); }
  bool is_asked(const domain::Uuid& tenant) const;

  const domain::State& state_;
  Wanted wanted_;
  domain::State other_;
  Flips flips_{JudgedAt::then, 0};
  Coverage coverage_;
  /// Of the first thing that is otherwise; nothing: not yet.
  std::optional<std::int64_t> from_ns_;
  std::uint16_t events_of_newest_ = 0;
  bool is_supposed_ = false;
};

}  // namespace postern::view
