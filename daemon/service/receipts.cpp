#include "daemon/service/receipts.h"

#include <algorithm>
#include <array>

#include "daemon/platform/failure.h"
#include "daemon/service/inbound.h"

namespace postern::service {

namespace {

using schema::EventBody;

constexpr std::size_t sentence_bytes_max = 600;

/// What leaves of these for an operator is not as it is stored: see `strip`; and what is stored of
/// a tenant names its defaults too (T4).
constexpr EventBody stored_otherwise[] = {EventBody::TenantCreated,    EventBody::TenantChanged,
                                          EventBody::UserCreated,      EventBody::ProfileChanged,
                                          EventBody::PasswordReset,    EventBody::PasswordRotated,
                                          EventBody::KeyCreated,       EventBody::PasswordChanged,
                                          EventBody::PasswordRehashed, EventBody::RangesImported};

constexpr auto event_kinds = static_cast<std::size_t>(EventBody::MAX) + 1;

constexpr auto leaves_as_stored = [] {
  std::array<bool, event_kinds> table{};
  table.fill(true);
  for (const EventBody kind : stored_otherwise) table[static_cast<std::size_t>(kind)] = false;
  return table;
}();

bool all_leave_as_stored(const schema::Record& record) {
  return std::ranges::all_of(*record.events(), [](const schema::Event* event) {
    return leaves_as_stored[static_cast<std::size_t>(event->body_type())];
  });
}

/// Takes sealed bytes, key commitments and ranges out of an event that leaves for an operator.
void strip(schema::EventT& event) {
  if (auto* created = event.body.AsUserCreated()) {
    created->sealed_profile.clear();
    created->sealed_password.clear();
    created->key.reset();
  }
  if (auto* profile = event.body.AsProfileChanged()) profile->sealed_profile.clear();
  if (auto* reset = event.body.AsPasswordReset()) reset->sealed_password.clear();
  if (auto* rotated = event.body.AsPasswordRotated()) rotated->sealed_password.clear();
  if (auto* key = event.body.AsKeyCreated()) key->hash.clear();
  if (auto* changed = event.body.AsPasswordChanged()) changed->sealed_password.clear();
  if (auto* rehashed = event.body.AsPasswordRehashed()) rehashed->sealed_password.clear();
  // Whoever imports knows them, and a receipt is no place for megabytes.
  if (auto* imported = event.body.AsRangesImported()) {
    imported->v4.clear();
    imported->v6.clear();
  }
}

Message hidden_receipt_of(const schema::Record& record) {
  Unrecorded made;
  made.id = *record.command_id();
  made.problems.push_back(make_problem(record.outcome(), ""));
  return receipt_of(std::move(made));
}

/// C8: whose first receipt shows a secret.
bool shows_secret(const schema::EventT& event) { return event.body.type == EventBody::KeyCreated; }

using EventOffsets = std::vector<flatbuffers::Offset<schema::Event>>;
using PackedEvents = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::Event>>>;

PackedEvents pack_events(flatbuffers::FlatBufferBuilder& builder,
                         std::vector<schema::EventT>& events) {
  EventOffsets offsets;
  for (schema::EventT& event : events) {
    strip(event);
    offsets.push_back(schema::CreateEvent(builder, &event));
  }
  return builder.CreateVector(offsets);
}

void finish(flatbuffers::FlatBufferBuilder& builder, const schema::Record& record,
            std::vector<schema::EventT> events, bool repeated,
            std::span<const credential::Secret> secrets) {
  std::vector<schema::ProblemT> made;
  if (record.outcome() != schema::Code::ok) made.push_back(make_problem(record.outcome(), ""));
  if (repeated && std::ranges::any_of(events, shows_secret))
    made.push_back(make_problem(schema::Code::secret_shown_before, "secrets"));
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::Problem>>> problems;
  if (!made.empty()) problems = builder.CreateVector(pack_problems(builder, std::move(made)));
  const auto packed = pack_events(builder, events);
  std::vector<flatbuffers::Offset<flatbuffers::String>> shown;
  for (const credential::Secret& secret : secrets)
    shown.push_back(builder.CreateString(secret.reveal()));
  const auto packed_secrets = builder.CreateVector(shown);
  builder.Finish(schema::CreateReceipt(builder, schema::protocol_version, record.command_id(),
                                       record.outcome(), problems, record.seq(), record.time_ns(),
                                       packed, repeated, false, 0, packed_secrets),
                 schema::receipt_identifier);
}

/// A sealed record ends with its events, the first of all that was packed, and they point at
/// nothing outside: so at the end of a receipt they are as they would be if they were packed there.
PackedEvents copy_events(flatbuffers::FlatBufferBuilder& builder,
                         std::span<const std::uint8_t> bytes, const schema::Record& record) {
  const auto* events = reinterpret_cast<const std::uint8_t*>(record.events());
  const auto size = static_cast<std::size_t>(bytes.data() + bytes.size() - events);
  // Counted from the end, everything has its place, so the end has the greatest alignment.
  builder.Align(sizeof(std::uint64_t));
  builder.PushBytes(events, size);
  return PackedEvents(static_cast<flatbuffers::uoffset_t>(size));
}

std::vector<schema::EventT> events_of(const schema::Record& record) {
  std::vector<schema::EventT> events;
  for (const schema::Event* event : *record.events()) event->UnPackTo(&events.emplace_back());
  return events;
}

/// Packs the first receipt of a sealed record that is not hidden.
void pack_first(flatbuffers::FlatBufferBuilder& builder, std::span<const std::uint8_t> bytes,
                std::span<const credential::Secret> secrets) {
  const auto& record = *flatbuffers::GetRoot<schema::Record>(bytes.data());
  if (record.outcome() != schema::Code::ok || !all_leave_as_stored(record))
    return finish(builder, record, events_of(record), false, secrets);
  const PackedEvents events = copy_events(builder, bytes, record);
  std::vector<flatbuffers::Offset<flatbuffers::String>> shown;
  for (const credential::Secret& secret : secrets)
    shown.push_back(builder.CreateString(secret.reveal()));
  const auto packed_secrets = builder.CreateVector(shown);
  builder.Finish(schema::CreateReceipt(builder, schema::protocol_version, record.command_id(),
                                       schema::Code::ok, 0, record.seq(), record.time_ns(), events,
                                       false, false, 0, packed_secrets),
                 schema::receipt_identifier);
}

}  // namespace

bool is_hidden(const schema::Record& record) {
  return record.outcome() != schema::Code::ok && record.role() == schema::Role::service;
}

std::vector<flatbuffers::Offset<schema::Problem>> pack_problems(
    flatbuffers::FlatBufferBuilder& builder, std::vector<schema::ProblemT> problems) {
  std::vector<flatbuffers::Offset<schema::Problem>> offsets;
  for (schema::ProblemT& problem : problems) {
    problem.sentence = printable(problem.sentence, sentence_bytes_max);
    offsets.push_back(schema::CreateProblem(builder, &problem));
  }
  return offsets;
}

Message repeated_receipt_of(const schema::Record& record) {
  if (is_hidden(record)) return hidden_receipt_of(record);
  flatbuffers::FlatBufferBuilder builder(512);
  finish(builder, record, events_of(record), true, {});
  return builder.Release();
}

Message receipt_of(std::span<const std::uint8_t> record,
                   std::span<const credential::Secret> secrets) {
  const auto& root = *flatbuffers::GetRoot<schema::Record>(record.data());
  if (is_hidden(root)) return hidden_receipt_of(root);
  flatbuffers::FlatBufferBuilder builder(512);
  pack_first(builder, record, secrets);
  return builder.Release();
}

void ReceiptMaker::append(std::span<const std::uint8_t> record,
                          std::span<const credential::Secret> secrets,
                          std::vector<std::uint8_t>& receipts) {
  const auto& root = *flatbuffers::GetRoot<schema::Record>(record.data());
  if (is_hidden(root) || !secrets.empty()) {
    Message made = receipt_of(record, secrets);
    receipts.insert(receipts.end(), made.data(), made.data() + made.size());
    if (!secrets.empty())
      credential::wipe(std::as_writable_bytes(std::span(made.data(), made.size())));
    return;
  }
  builder_.Clear();
  pack_first(builder_, record, {});
  const std::uint8_t* const made = builder_.GetBufferPointer();
  receipts.insert(receipts.end(), made, made + builder_.GetSize());
}

schema::Code code_of(const Unrecorded& made) {
  return made.problems.empty() ? schema::Code::ok : made.problems.front().code;
}

Message receipt_of(Unrecorded made) {
  flatbuffers::FlatBufferBuilder builder(512);
  const schema::Code code = code_of(made);
  const auto problems = builder.CreateVector(pack_problems(builder, std::move(made.problems)));
  const auto events = pack_events(builder, made.events);
  builder.Finish(schema::CreateReceipt(builder, schema::protocol_version, &made.id, code, problems,
                                       0, 0, events, false, made.dry_run, made.retry_after_ms),
                 schema::receipt_identifier);
  return builder.Release();
}

}  // namespace postern::service
