#include "daemon/service/receipts.h"

#include <algorithm>

#include "daemon/platform/failure.h"
#include "daemon/service/inbound.h"

namespace postern::service {

namespace {

using schema::EventBody;

constexpr std::size_t sentence_bytes_max = 600;

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

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::Event>>> pack_events(
    flatbuffers::FlatBufferBuilder& builder, std::vector<schema::EventT>& events) {
  EventOffsets offsets;
  for (schema::EventT& event : events) {
    strip(event);
    offsets.push_back(schema::CreateEvent(builder, &event));
  }
  return builder.CreateVector(offsets);
}

/// `secrets`: to be shown by the first receipt alone.
Message receipt(const schema::Record& record, std::vector<schema::EventT> events, bool repeated,
                std::span<const credential::Secret> secrets) {
  flatbuffers::FlatBufferBuilder builder(512);
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
  return builder.Release();
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
  std::vector<schema::EventT> events;
  for (const schema::Event* event : *record.events()) event->UnPackTo(&events.emplace_back());
  return receipt(record, std::move(events), true, {});
}

Message receipt_of(const schema::Record& record, std::vector<schema::EventT> events,
                   std::span<const credential::Secret> secrets) {
  if (is_hidden(record)) return hidden_receipt_of(record);
  return receipt(record, std::move(events), false, secrets);
}

Message receipt_of(Unrecorded made) {
  flatbuffers::FlatBufferBuilder builder(512);
  const schema::Code code = made.problems.empty() ? schema::Code::ok : made.problems.front().code;
  const auto problems = builder.CreateVector(pack_problems(builder, std::move(made.problems)));
  const auto events = pack_events(builder, made.events);
  builder.Finish(schema::CreateReceipt(builder, schema::protocol_version, &made.id, code, problems,
                                       0, 0, events, false, made.dry_run, made.retry_after_ms),
                 schema::receipt_identifier);
  return builder.Release();
}

}  // namespace postern::service
