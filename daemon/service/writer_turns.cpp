// Which message is decided next.
#include "daemon/service/writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace postern::service {

namespace {

using schema::Code;

/// When a place in its operator's line may be free.
constexpr std::uint32_t turn_retry_ms = 200;

/// What is seen of a message that is not opened, whatever its bytes are.
struct Glimpse {
  Uuid id;
  std::size_t commands = 0;
};

/// Follows a table's fields without leaving the bytes; beyond them all is zero.
class Peek {
 public:
  explicit Peek(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class Value>
  Value at(std::size_t place) const {
    Value value{};
    if (place <= bytes_.size() && bytes_.size() - place >= sizeof value)
      std::memcpy(&value, bytes_.data() + place, sizeof value);
    return value;
  }
  /// Where the root's field lies; past the end: it has none.
  std::size_t field(flatbuffers::voffset_t number) const {
    const std::size_t root = at<flatbuffers::uoffset_t>(0);
    const auto back = static_cast<std::size_t>(std::int64_t{at<flatbuffers::soffset_t>(root)});
    const std::size_t table = root - back;
    const auto size = at<flatbuffers::voffset_t>(table);
    const auto offset = number < size ? at<flatbuffers::voffset_t>(table + number) : 0;
    return offset == 0 ? bytes_.size() : root + static_cast<std::size_t>(offset);
  }

 private:
  std::span<const std::byte> bytes_;
};

Glimpse glimpse(std::span<const std::byte> payload) {
  const Peek peek(payload);
  const std::size_t list = peek.field(schema::CommandMessage::VT_COMMANDS);
  return {peek.at<Uuid>(peek.field(schema::CommandMessage::VT_ID)),
          peek.at<flatbuffers::uoffset_t>(list + peek.at<flatbuffers::uoffset_t>(list))};
}

/// What the receipt of a message may have: it tells what each command caused, with a warning, or
/// what was wrong with it.
std::size_t receipt_bytes_at_most(std::span<const std::byte> payload) {
  constexpr std::size_t least_bytes = 1'024;
  constexpr std::size_t command_bytes = 1'024;
  constexpr std::size_t commands_max = 1'000;
  return least_bytes + 3 * payload.size() +
         command_bytes * std::min(glimpse(payload).commands, commands_max);
}

}  // namespace

void Writer::take(const Inbound& inbound) {
  count(parts_.vitals.commands);
  const domain::Operator* asker = state_.tables().find_identity(inbound.identity);
  if (asker == nullptr) {
    credential::wipe(inbound.payload);
    return count(parts_.vitals.strangers);
  }
  const std::size_t owed = owed_.to(inbound.peer);
  const std::size_t receipt_bytes = receipt_bytes_at_most(inbound.payload);
  if (!outlets_.has_room(inbound.peer, receipt_bytes, owed)) return turn_away_unopened(inbound);
  Owed::Claim claim = owed_.claim(inbound.peer, receipt_bytes);
  const std::int64_t came_ns = parts_.clock.monotonic_ns();
  if (turns_.empty() && work_ < settings_.slice_work && !is_full()) {
    const Uuid asker_id = asker->id;
    const std::size_t before = work_;
    open(inbound, came_ns, std::move(claim));
    return turns_.charge(asker_id, work_ - before);
  }
  if (!turn_places_.take(asker->id, places_of(inbound.payload.size())))
    return turn_away_unopened(inbound);
  turns_.add(asker->id, {inbound.peer,
                         std::string(inbound.identity),
                         {inbound.payload.begin(), inbound.payload.end()},
                         came_ns,
                         asker->id,
                         std::move(claim)});
  credential::wipe(inbound.payload);
}

/// Whoever has used least is next; at least one of those that wait.
void Writer::go_on() {
  while (!turns_.empty() && !is_full()) {
    Waiting next = turns_.take();
    turn_places_.give_back(next.asker, places_of(next.bytes.size()));
    const std::size_t before = work_;
    open({next.peer, next.identity, next.bytes}, next.came_ns, std::move(next.owed));
    credential::wipe(next.bytes);
    turns_.charge(next.asker, work_ - before);
    if (work_ >= settings_.slice_work) break;
  }
  work_ = 0;
}

/// Beyond its operator's share, or its peer does not read what it has: nothing of it is looked at
/// but its id.
void Writer::turn_away_unopened(const Inbound& inbound) {
  count(parts_.vitals.busy);
  Unrecorded made;
  made.id = glimpse(inbound.payload).id;
  made.retry_after_ms = turn_retry_ms;
  made.problems.push_back(make_problem(Code::busy, ""));
  credential::wipe(inbound.payload);
  group_.add({inbound.peer, made.id, receipt_of(std::move(made))});
}

}  // namespace postern::service
