#include "daemon/domain/record_form.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "schema/identifiers.h"

namespace postern::domain {

namespace {

constexpr std::size_t hash_bytes = 32;
constexpr std::size_t alignment = 8;

/// What lies before the events, in bytes that a builder made, and where the parts lie in it.
class RecordForm {
 public:
  /// `events_size`: of the events that it stands before, up to whole alignments.
  explicit RecordForm(std::size_t events_size);

  /// Before the event that is there.
  void push(PackedEvents& events, const RecordParts& parts) const;

 private:
  template <class Part>
  static void write(std::span<std::uint8_t> head, std::size_t place, const Part& part) {
    std::memcpy(head.data() + place, &part, sizeof part);
  }

  std::vector<std::uint8_t> head_;
  std::size_t seq_;
  std::size_t time_;
  std::size_t tenant_;
  std::size_t previous_;
  std::size_t operator_;
  std::size_t role_;
  std::size_t command_;
  std::size_t hash_;
  /// Of the list's one offset.
  std::size_t event_;
};

RecordForm::RecordForm(std::size_t events_size) {
  PackedEvents events;
  events.builder.Pad(events_size);
  events.offsets.emplace_back(static_cast<flatbuffers::uoffset_t>(events_size));
  // Nothing is what a field has by itself, so that all are there.
  const Uuid id(1, 1);
  const std::array<std::uint8_t, hash_bytes> hash{};
  pack_record(events, {.seq = 1,
                       .time_ns = 1,
                       .tenant = &id,
                       .previous_tenant_seq = 1,
                       .operator_id = &id,
                       .role = schema::Role::owner,
                       .command_id = &id,
                       .contents_hash = hash});
  const std::uint8_t* bytes = events.builder.GetBufferPointer();
  head_.assign(bytes, bytes + events.builder.GetSize() - events_size);
  const auto& record = *flatbuffers::GetRoot<schema::Record>(bytes);
  const auto& table = reinterpret_cast<const flatbuffers::Table&>(record);
  const auto place_of = [&](flatbuffers::voffset_t field) {
    return static_cast<std::size_t>(table.GetAddressOf(field) - bytes);
  };
  seq_ = place_of(schema::Record::VT_SEQ);
  time_ = place_of(schema::Record::VT_TIME_NS);
  tenant_ = place_of(schema::Record::VT_TENANT);
  previous_ = place_of(schema::Record::VT_PREVIOUS_TENANT_SEQ);
  operator_ = place_of(schema::Record::VT_OPERATOR_ID);
  role_ = place_of(schema::Record::VT_ROLE);
  command_ = place_of(schema::Record::VT_COMMAND_ID);
  hash_ = static_cast<std::size_t>(record.contents_hash()->data() - bytes);
  event_ = static_cast<std::size_t>(record.events()->Data() - bytes);
}

void RecordForm::push(PackedEvents& events, const RecordParts& parts) const {
  flatbuffers::FlatBufferBuilder& builder = events.builder;
  const auto events_size = static_cast<std::size_t>(builder.GetSize());
  builder.PushFlatBuffer(head_.data(), head_.size());
  const std::span<std::uint8_t> head(builder.GetBufferPointer(), head_.size());
  write(head, seq_, flatbuffers::EndianScalar(parts.seq));
  write(head, time_, flatbuffers::EndianScalar(parts.time_ns));
  write(head, tenant_, *parts.tenant);
  write(head, previous_, flatbuffers::EndianScalar(parts.previous_tenant_seq));
  write(head, operator_, *parts.operator_id);
  write(head, role_, parts.role);
  write(head, command_, *parts.command_id);
  std::ranges::copy(parts.contents_hash, head.begin() + static_cast<std::ptrdiff_t>(hash_));
  // Offsets of a builder count from the end, and those of bytes from where they stand.
  const std::size_t from_end = head.size() - event_ + events_size;
  const auto distance = static_cast<flatbuffers::uoffset_t>(from_end - events.offsets.front().o);
  write(head, event_, flatbuffers::EndianScalar(distance));
}

/// Of the form: every part that it has, and no other.
bool fits(const PackedEvents& events, const RecordParts& parts) {
  return events.size() == 1 && parts.seq != 0 && parts.time_ns != 0 && parts.tenant != nullptr &&
         parts.previous_tenant_seq != 0 && parts.operator_id != nullptr &&
         parts.role != schema::Role::none && parts.command_id != nullptr &&
         parts.contents_hash.size() == hash_bytes && parts.signature.empty() &&
         parts.signed_message.empty() && parts.reason.empty() && parts.outcome == schema::Code::ok;
}

}  // namespace

void pack_record(PackedEvents& packed, const RecordParts& parts) {
  flatbuffers::FlatBufferBuilder& builder = packed.builder;
  const auto events = builder.CreateVector(packed.offsets);
  using Stored = flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>;
  Stored hash;
  if (!parts.contents_hash.empty())
    hash = builder.CreateVector(parts.contents_hash.data(), parts.contents_hash.size());
  Stored signature;
  Stored signed_message;
  if (!parts.signature.empty()) {
    signature = builder.CreateVector(parts.signature.data(), parts.signature.size());
    signed_message =
        builder.CreateVector(reinterpret_cast<const std::uint8_t*>(parts.signed_message.data()),
                             parts.signed_message.size());
  }
  flatbuffers::Offset<flatbuffers::String> reason;
  if (!parts.reason.empty())
    reason = builder.CreateString(parts.reason.data(), parts.reason.size());
  builder.Finish(schema::CreateRecord(builder, parts.seq, parts.time_ns, parts.tenant,
                                      parts.previous_tenant_seq, parts.operator_id, parts.role,
                                      parts.command_id, hash, signature, reason, parts.outcome,
                                      events, signed_message),
                 schema::record_identifier);
}

bool pack_by_form(PackedEvents& events, const RecordParts& parts) {
  if (!fits(events, parts)) return false;
  // Events that are told no warning end in whole offsets, so that there are two cases. And no table
  // in them has as many fields as a record, whose vtable it would share.
  static const std::array<RecordForm, 2> forms{RecordForm(alignment),
                                               RecordForm(alignment + alignment / 2)};
  const std::size_t rest = events.builder.GetSize() % alignment;
  if (rest % (alignment / 2) != 0) return false;
  forms[rest == 0 ? 0 : 1].push(events, parts);
  return true;
}

}  // namespace postern::domain
