// A record's bytes around its events. Most records differ in a few numbers and ids alone: those are
// made of a form that was packed once.
#pragma once

#include <span>
#include <string_view>

#include "daemon/domain/decide.h"

namespace postern::domain {

/// What a record says beside its events; empty is absent.
struct RecordParts {
  Seq seq = 0;
  std::int64_t time_ns = 0;
  const Uuid* tenant = nullptr;
  Seq previous_tenant_seq = 0;
  const Uuid* operator_id = nullptr;
  schema::Role role = schema::Role::none;
  const Uuid* command_id = nullptr;
  std::span<const std::uint8_t> contents_hash = {};
  std::span<const std::uint8_t> signature = {};
  std::span<const std::byte> signed_message = {};
  std::string_view reason = {};
  schema::Code outcome = schema::Code::ok;
};

/// Finishes the record of these events; any.
void pack_record(PackedEvents& events, const RecordParts& parts);

/// The same bytes in a third of the time. False, and nothing is done: the record is another than
/// one event of a tenant that has records already, by a command that was accepted and has neither
/// reason nor signature.
[[nodiscard]] bool pack_by_form(PackedEvents& events, const RecordParts& parts);

}  // namespace postern::domain
