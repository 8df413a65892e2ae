// What would have been (H3): made on each time it is asked for, and `busy` until it is made.
#include <algorithm>
#include <utility>

#include "daemon/calls/call_reader.h"
#include "daemon/service/auditor.h"
#include "daemon/view/page.h"

namespace postern::service {

namespace {

/// Made at a time.
constexpr std::size_t what_ifs_max = 4;
/// So long one is kept that nobody asks for.
constexpr std::int64_t what_if_kept_ns = 10'000'000'000;
/// So much of one is made before other questions have their turn.
constexpr int what_if_slices = 4;

}  // namespace

void Auditor::release_what_ifs() {
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  std::erase_if(what_ifs_,
                [&](const WhatIf& one) { return now_ns - one.asked_ns > what_if_kept_ns; });
}

view::Answer<void> Auditor::begin_what_if(const Request& asked) {
  release_what_ifs();
  std::erase_if(what_ifs_, [&](const WhatIf& one) { return one.asker == asked.asker.id; });
  if (what_ifs_.size() >= what_ifs_max)
    return view::refused(schema::Code::busy, "",
                         "Others ask what would have been; ask again later.");
  const auto& wanted = *asked.request.body_as_GetWhatIf();
  const domain::Tenant& tenant = *view_.find_tenant(asked.asker, schema::view_of(wanted.tenant()));
  const std::uint64_t end = parts_.calls->next();
  calls::CallStream calls(
      calls::CallReader(*parts_.calls), &parts_.keys,
      [this](const Uuid& user) { return view_.tables().find_user(user); },
      {end - std::min(end, WhatIfAnswer::calls_max), end,
       [id = tenant.id](const calls::Entry& entry) { return entry.tenant == id; }});
  what_ifs_.push_back(
      {asked.asker.id, std::make_unique<WhatIfAnswer>(
                           parts_.journal, std::move(calls),
                           WhatIfAnswer::Wanted{tenant.id, tenant.alias, asked.moment, head_.seq,
                                                view::page_size(wanted.count_max())},
                           asked.bytes)});
  return {};
}

view::Answer<std::optional<Auditor::Reply>> Auditor::answer_what_if(const Request& asked) {
  const auto& wanted = *asked.request.body_as_GetWhatIf();
  const domain::Tenant* tenant = view_.find_tenant(asked.asker, schema::view_of(wanted.tenant()));
  if (tenant == nullptr) return view::refused(schema::Code::tenant_unknown, "tenant");
  if (auto fault = WhatIfAnswer::fault_of(asked.request, *tenant, head_.seq))
    return std::unexpected(std::move(*fault));
  if (parts_.calls == nullptr)
    return view::refused(schema::Code::unknown_kind, "body", "No calls are recorded here.");
  const auto find = [&] {
    return std::ranges::find_if(what_ifs_, [&](const WhatIf& one) {
      return one.asker == asked.asker.id && one.answer->is_for(asked.bytes);
    });
  };
  auto place = find();
  if (place == what_ifs_.end()) {
    if (auto begun = begin_what_if(asked); !begun) return std::unexpected(std::move(begun.error()));
    place = find();
  }
  place->asked_ns = parts_.clock.monotonic_ns();
  WhatIfAnswer& answer = *place->answer;
  for (int slice = 0; slice < what_if_slices && !answer.is_made(); ++slice)
    if (auto step = answer.go_on(); !step) {
      what_ifs_.erase(place);
      return std::unexpected(std::move(step.error()));
    }
  if (!answer.is_made()) return view::refused(schema::Code::busy, "", answer.how_far());
  Reply reply;
  reply.body.Set(answer.page());
  what_ifs_.erase(place);
  return reply;
}

}  // namespace postern::service
