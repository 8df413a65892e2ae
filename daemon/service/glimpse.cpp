#include "daemon/service/glimpse.h"

#include <algorithm>
#include <cstring>

#include "command_generated.h"

namespace postern::service {

namespace {

using domain::Uuid;

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

}  // namespace

Glimpse glimpse(std::span<const std::byte> payload) {
  const Peek peek(payload);
  const std::size_t list = peek.field(schema::CommandMessage::VT_COMMANDS);
  return {peek.at<Uuid>(peek.field(schema::CommandMessage::VT_ID)),
          peek.at<flatbuffers::uoffset_t>(list + peek.at<flatbuffers::uoffset_t>(list))};
}

std::size_t receipt_bytes_at_most(std::span<const std::byte> payload) {
  constexpr std::size_t least_bytes = 1'024;
  constexpr std::size_t command_bytes = 1'024;
  constexpr std::size_t commands_max = 1'000;
  return least_bytes + 3 * payload.size() +
         command_bytes * std::min(glimpse(payload).commands, commands_max);
}

}  // namespace postern::service
