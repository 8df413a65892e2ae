#include "daemon/service/reply_line.h"

#include <algorithm>
#include <utility>

namespace postern::service {

namespace {

/// What was to be decided again, if others had appended first.
void forget_secrets(CommandTask& task) {
  task.secrets.clear();
  task.materials.clear();
  task.jobs.clear();
  task.made_keys.clear();
}

}  // namespace

void ReplyLine::add(domain::Seq seq, GroupAnswers answers) {
  for (GroupEntry& one : answers.decided)
    if (CommandTask* task = one.reply.task.get();
        task != nullptr && (task->is_sensitive || !task->made_keys.empty()))
      forget_secrets(*task);
  if (!answers.decided.empty()) unsent_.push_back({seq, std::move(answers)});
}

void ReplyLine::send_shown(domain::Seq shown_seq) {
  const std::int64_t now_ns = unsent_.empty() ? 0 : clock_.monotonic_ns();
  for (; !unsent_.empty() && unsent_.front().seq <= shown_seq; unsent_.pop_front())
    send(unsent_.front().answers, now_ns);
  if (!grid_.empty()) grid_.send_due(clock_.monotonic_ns(), send_);
}

void ReplyLine::send(GroupAnswers& answers, std::int64_t now_ns) {
  for (GroupEntry& one : answers.decided) {
    if (one.own != nullptr) continue;
    Reply& reply = one.reply;
    const std::optional<std::int64_t> came_ns = reply.came_ns();
    measures_.commands.add(reply.kind, reply.code, came_ns ? now_ns - *came_ns : -1);
    const std::span<const std::uint8_t> bytes = answers.receipt_of(reply);
    if (reply.on_the_grid_since_ns)
      grid_.keep(*reply.on_the_grid_since_ns, clock_.monotonic_ns(), reply.receiver(), bytes);
    else
      send_(reply.receiver(), bytes);
    tasks_.give(std::move(reply.task));
  }
  answers.empty_out();
  if (answers.decided.capacity() > room_.decided.capacity()) room_ = std::move(answers);
}

GroupAnswers ReplyLine::take_room() { return std::exchange(room_, {}); }

void ReplyLine::revoke_secrets() {
  for (Unsent& unsent : unsent_)
    for (GroupEntry& one : unsent.answers.decided)
      if (one.reply.shows_secret)
        unsent.answers.revoke(one.reply, schema::Code::journal_unavailable);
}

std::int64_t ReplyLine::idle_ms(std::int64_t most_ms) const {
  if (grid_.empty()) return most_ms;
  const std::int64_t left_ns = grid_.next_ns() - clock_.monotonic_ns();
  return std::clamp<std::int64_t>(left_ns / 1'000'000 + 1, 1, most_ms);
}

}  // namespace postern::service
