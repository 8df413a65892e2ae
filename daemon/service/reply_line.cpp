#include "daemon/service/reply_line.h"

#include <algorithm>
#include <utility>

namespace postern::service {

void ReplyLine::add(domain::Seq seq, std::vector<Reply> replies) {
  if (!replies.empty()) unsent_.push_back({seq, std::move(replies)});
}

void ReplyLine::send_shown(domain::Seq shown_seq) {
  const std::int64_t now_ns = unsent_.empty() ? 0 : clock_.monotonic_ns();
  for (; !unsent_.empty() && unsent_.front().seq <= shown_seq; unsent_.pop_front())
    for (const Reply& reply : unsent_.front().replies) {
      measures_.commands.add(reply.kind, reply.code(),
                             reply.came_ns ? now_ns - *reply.came_ns : -1);
      const std::span<const std::uint8_t> bytes(reply.receipt.data(), reply.receipt.size());
      if (reply.on_the_grid_since_ns)
        grid_.keep(*reply.on_the_grid_since_ns, clock_.monotonic_ns(), reply.peer, bytes);
      else
        send_(reply.peer, bytes);
    }
  if (!grid_.empty()) grid_.send_due(clock_.monotonic_ns(), send_);
}

void ReplyLine::revoke_secrets() {
  for (Unsent& unsent : unsent_)
    for (Reply& reply : unsent.replies)
      if (reply.shows_secret) reply.revoke();
}

std::int64_t ReplyLine::idle_ms(std::int64_t most_ms) const {
  if (grid_.empty()) return most_ms;
  const std::int64_t left_ns = grid_.next_ns() - clock_.monotonic_ns();
  return std::clamp<std::int64_t>(left_ns / 1'000'000 + 1, 1, most_ms);
}

}  // namespace postern::service
