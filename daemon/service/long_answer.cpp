#include "daemon/service/long_answer.h"

#include <algorithm>

namespace postern::service {

LongAnswers::Kept* LongAnswers::find(const std::string& name, domain::Seq at_least,
                                     std::int64_t now_ns) {
  for (Kept& kept : kept_) {
    if (kept.head < at_least) continue;
    if (std::ranges::find(kept.names, name) == kept.names.end()) continue;
    kept.used_ns = now_ns;
    return &kept;
  }
  return nullptr;
}

LongAnswers::Kept* LongAnswers::add(Kept kept, std::int64_t now_ns) {
  while (!places_.take(kept.asker, kept.answer->places())) {
    const auto own = std::ranges::find_if(
        kept_, [&](const Kept& one) { return one.asker == kept.asker && one.answer->is_made(); });
    if (own == kept_.end()) return nullptr;
    drop(own);
  }
  kept.used_ns = now_ns;
  return &kept_.emplace_back(std::move(kept));
}

void LongAnswers::drop(const Kept& kept) {
  drop_if([&](const Kept& one) { return &one == &kept; });
}

void LongAnswers::release(std::int64_t now_ns) {
  drop_if([&](const Kept& kept) { return now_ns - kept.used_ns > kept_ns; });
}

}  // namespace postern::service
