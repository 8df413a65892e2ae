#include "tools/client/guarded_history.h"

namespace postern::client {

GuardedHistory::GuardedHistory(const Surroundings& surroundings, std::uint64_t& last_id)
    : lane_(surroundings, surroundings.options.history),
      guard_(surroundings.options.checkpoint_file, surroundings.options.verifier_key),
      last_id_(last_id) {}

std::chrono::milliseconds time_to_wait(const schema::HistoryRequestT& request) {
  const auto* records = request.body.AsGetRecords();
  const auto* calls = request.body.AsListCalls();
  const auto* access = request.body.AsGetAccess();
  std::uint64_t wait_ms = request.wait_ms;
  if (records != nullptr) wait_ms += records->wait_ms;
  if (calls != nullptr) wait_ms += calls->wait_ms;
  if (access != nullptr) wait_ms += access->wait_ms;
  return std::chrono::milliseconds(wait_ms);
}

Result<std::uint64_t> GuardedHistory::send(schema::HistoryRequestT& request,
                                           std::chrono::milliseconds spent) {
  request.id = ++last_id_;
  auto bytes = pack(request);
  wipe_secrets(request);
  if (!bytes) return std::unexpected(std::move(bytes).error());
  auto sent = lane_.send({.ticket = {0, request.id},
                          .bytes = std::move(*bytes),
                          .extra_time = time_to_wait(request),
                          .spent = spent,
                          .uncollected = unexamined_.size() + ended_.size()});
  if (!sent) return std::unexpected(std::move(sent).error());
  return request.id;
}

bool GuardedHistory::cancel(std::uint64_t id) {
  // Those that it asks for itself nobody knows by their id.
  if (examinations_.contains(id)) return false;
  return lane_.cancel({0, id}) || unexamined_.erase(id) != 0 || ended_.of(id).has_value();
}

void GuardedHistory::go_on(HistoryGuard::Step step, const Then& then) {
  while (step.request) {
    const auto id = send(*step.request);
    if (id) {
      examinations_.emplace(*id, Examination{std::move(step.go_on), then});
      return;
    }
    step = step.go_on(std::unexpected(id.error()));
  }
  then(std::move(step.verdict));
}

void GuardedHistory::turn() {
  lane_.turn();
  while (auto one = lane_.ended().first()) {
    settle(one->id.low, std::move(one->answer));
    // What that has sent may have hidden that something is there.
    lane_.turn();
  }
}

void GuardedHistory::settle(std::uint64_t id, Result<schema::HistoryPageT> page) {
  if (auto node = examinations_.extract(id)) {
    Examination& one = node.mapped();
    return go_on(one.go_on(std::move(page)), one.then);
  }
  const auto* records = page ? page->body.AsRecordPage() : nullptr;
  const auto* access = page ? page->body.AsAccessPage() : nullptr;
  if (records == nullptr && access == nullptr) return ended_.add(id, std::move(page));
  const std::string note = records != nullptr ? records->checkpoint : access->checkpoint;
  unexamined_.emplace(id, std::move(*page));
  examine(note, [this, id](const Result<Checkpoint>& agrees) {
    auto node = unexamined_.extract(id);
    if (node.empty()) return;
    if (agrees) return ended_.add(id, std::move(node.mapped()));
    ended_.add(id, std::unexpected(agrees.error()));
  });
}

}  // namespace postern::client
