// The form of the one kind of message that comes by the hundred thousand: a check as builders make
// it. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "daemon/service/message_form.h"
#include "query_generated.h"

namespace postern::service {

using Questions = flatbuffers::Vector<flatbuffers::Offset<schema::Question>>;

/// What was found of a check while its form was looked at. They lie in the message.
struct CheckParts {
  /// As `form_of_query` counts them.
  std::size_t unpacked_bytes = 0;
  schema::Credential credential_kind = schema::Credential::NONE;
  const void* credential = nullptr;
  /// Null: it was not looked at, or is none.
  const Questions* questions = nullptr;
  /// Null: none is named.
  const flatbuffers::String* tenant = nullptr;
  bool receipt = false;
  /// Null: none is told.
  const schema::Call* call = nullptr;
};

/// Of a well-formed check. Nothing: it is none, or not of the usual form, and `form_of_query` is to
/// say what it is. Whatever passes here passes there. `bytes` are aligned.
std::optional<CheckParts> parts_of_check(std::span<const std::byte> bytes, MessageLimits limits);

}  // namespace postern::service
