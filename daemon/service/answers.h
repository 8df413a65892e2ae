// Answers to questions on their way out of the reader.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/domain/entries.h"
#include "daemon/service/asking.h"
#include "daemon/service/refusal_grid.h"
#include "daemon/service/room.h"
#include "daemon/service/turn_clock.h"
#include "daemon/service/vitals.h"

namespace postern::service {

using Send = std::function<void(const Peer&, std::span<const std::uint8_t>)>;

/// Owned by the reader's thread. What was taken is answered: where a large answer finds no room,
/// because the peer does not read what it has, with `busy`.
class Answers {
 public:
  /// Clock and vitals outlive it.
  Answers(const TurnClock& clock, Vitals& vitals, Send send, HasRoom has_room,
          std::int64_t refusal_step_ns)
      : clock_(clock),
        vitals_(vitals),
        send_(std::move(send)),
        has_room_(std::move(has_room)),
        grid_(refusal_step_ns) {}

  /// Refusals name it from now on.
  void show(domain::Seq seq) { seq_ = seq; }

  /// Whether refused passwords wait for the grid (C9).
  bool uses_grid() const { return grid_.is_used(); }

  bool has_room(const Peer& peer, std::size_t bytes) const { return has_room_(peer, bytes, 0); }

  /// Sends an answer when it is to leave.
  void send(const Asking& asking, std::span<const std::uint8_t> answer);
  /// The same of what was taken in this turn, and waits for nothing.
  void send_at_once(schema::QueryBody kind, const Peer& peer,
                    std::span<const std::uint8_t> answer) {
    count_at_once(kind);
    deliver(peer, answer);
  }
  /// The same of what finishes `builder` with this body.
  void send(const Asking& asking, flatbuffers::FlatBufferBuilder& builder, schema::AnswerBody kind,
            flatbuffers::Offset<void> body, std::int64_t time_ns, domain::Seq seq);

  /// What could not be opened.
  void refuse(const Peer& peer, std::uint64_t id, schema::ProblemT problem);
  /// At once, with the codes and sentences of the problems; the first names the answer's code.
  void refuse(const Asking& asking, std::vector<schema::ProblemT> problems,
              std::uint32_t retry_after_ms = 0);
  void refuse(const Asking& asking, schema::Code code, std::string_view field = {},
              std::string_view detail = {});
  void refuse_busy(const Asking& asking, std::uint32_t retry_after_ms);

  /// Sends what waited for the grid until now.
  void send_due();
  /// What was taken and answered since the turn began is measured: they share its time.
  void end_turn();
  /// When the next is due; the greatest number: none waits.
  std::int64_t next_due_ns() const { return grid_.next_ns(); }

 private:
  using Kind = schema::QueryBody;
  static constexpr std::size_t kinds = static_cast<std::size_t>(Kind::MAX) + 1;

  void send_refusal(const Peer& peer, std::uint64_t id, std::vector<schema::ProblemT> problems,
                    std::uint32_t retry_after_ms);
  void measure(const Asking& asking, schema::Code code);
  void count_at_once(Kind kind) {
    ++answered_at_once_[static_cast<std::size_t>(kind) % kinds];
    ++all_at_once_;
  }
  void deliver(const Peer& peer, std::span<const std::uint8_t> answer);

  const TurnClock& clock_;
  Vitals& vitals_;
  Send send_;
  HasRoom has_room_;
  RefusalGrid grid_;
  domain::Seq seq_ = 0;
  /// Answered in the turn in which they came, by kind.
  std::array<std::uint32_t, kinds> answered_at_once_{};
  std::uint32_t all_at_once_ = 0;
  flatbuffers::FlatBufferBuilder builder_{1'024};
};

}  // namespace postern::service
