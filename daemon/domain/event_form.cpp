#include "daemon/domain/event_form.h"

#include <cstring>

#include "daemon/platform/require.h"

namespace postern::domain {

void EventForm::take(const PackedEvents& events) {
  require(events.size() == 1);
  const flatbuffers::FlatBufferBuilder& builder = events.builder;
  const std::uint8_t* bytes = builder.GetCurrentBufferPointer();
  bytes_.assign(bytes, bytes + builder.GetSize());
  const auto& table = reinterpret_cast<const flatbuffers::Table&>(events[0]);
  const auto place_of = [&](flatbuffers::voffset_t field) {
    return static_cast<std::size_t>(table.GetAddressOf(field) - bytes);
  };
  user_ = place_of(schema::Event::VT_USER);
  previous_ = place_of(schema::Event::VT_PREVIOUS_USER_SEQ);
  offset_ = events.offsets.front();
}

void EventForm::push(PackedEvents& events, const Uuid& user, Seq previous) const {
  flatbuffers::FlatBufferBuilder& builder = events.builder;
  builder.PushBytes(bytes_.data(), bytes_.size());
  std::uint8_t* const begin = builder.GetCurrentBufferPointer();
  const std::uint64_t stored = flatbuffers::EndianScalar(previous);
  std::memcpy(begin + user_, &user, sizeof user);
  std::memcpy(begin + previous_, &stored, sizeof stored);
  events.offsets.push_back(offset_);
}

}  // namespace postern::domain
