// H3: what would have been different, had commands been sent at a moment or records not been: the
// tenant's journal folded twice from its beginning, and its recorded calls asked of both, slice by
// slice.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/calls/call_stream.h"
#include "daemon/domain/fold.h"
#include "daemon/journal/journal.h"
#include "daemon/service/long_answer.h"
#include "daemon/view/moment.h"
#include "daemon/view/other_history.h"

namespace postern::service {

class WhatIfAnswer final : public LongAnswer {
 public:
  static constexpr std::size_t without_max = 1'000;
  /// Recorded calls that are looked at, the newest.
  static constexpr std::uint64_t calls_max = 2'000'000;
  /// Users of the tenant; and kinds of calls, by user and question, that may be answered otherwise.
  static constexpr std::size_t users_max = 200'000;
  static constexpr std::size_t flips_max = 200'000;

  struct Wanted {
    domain::Uuid tenant;
    std::string alias;
    /// When the commands are sent, if there are any.
    view::Moment moment;
    /// The newest record that is read.
    domain::Seq last = 0;
  };

  /// What is wrong with a request about this tenant; nothing: nothing.
  static std::optional<schema::ProblemT> fault_of(const schema::HistoryRequest& request,
                                                  const domain::Tenant& tenant, domain::Seq head);

  /// `request`: the bytes of the request, which are kept. The rest outlives it.
  WhatIfAnswer(const journal::Journal& journal, calls::CallStream calls, Wanted wanted,
               std::span<const std::byte> request);
  ~WhatIfAnswer() override;

  Step go_on(const At& at) override;
  bool is_made() const override { return is_made_; }
  Body page(const schema::HistoryRequest& request) override;
  bool needs_view() const override { return false; }
  /// It holds the tenant's users twice.
  std::size_t places() const override { return 2; }
  std::uint64_t work() const override { return read_ + asked_calls_; }
  std::string how_far() const override;

 private:
  view::OtherHistory::Wanted supposed() const;
  bool ask_one();
  Step suppose_if_due();
  Step fold(journal::View stored);

  const journal::Journal& journal_;
  calls::CallStream calls_;
  const Wanted wanted_;
  /// Wiped at the end, as it may hold secrets.
  std::vector<std::byte> request_;
  const schema::GetWhatIf* asked_;
  const domain::TenantScope scope_;
  domain::RecordGate gate_;
  domain::State state_;
  view::OtherHistory other_;
  domain::Seq read_ = 0;
  std::uint64_t asked_calls_ = 0;
  bool is_made_ = false;
};

}  // namespace postern::service
