// The form of the one kind of message that comes by the hundred thousand: a check as builders make
// it. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "daemon/domain/authorize.h"
#include "daemon/service/field_list.h"
#include "daemon/service/message_form.h"
#include "query_generated.h"

namespace postern::service {

using Questions = flatbuffers::Vector<flatbuffers::Offset<schema::Question>>;

/// What was found of a check while its form was looked at. They lie in the message.
struct CheckParts {
  /// As `form_of_query` counts them.
  std::size_t unpacked_bytes = 0;
  std::uint64_t id = 0;
  std::uint64_t at_least_seq = 0;
  schema::Credential credential_kind = schema::Credential::NONE;
  bool receipt = false;
  const void* credential = nullptr;
  std::size_t question_count = 0;
  /// Null: it was not looked at, or is none.
  const Questions* questions = nullptr;
  /// Null: none is told.
  const schema::Call* call = nullptr;
  /// Empty: none is named.
  std::string_view tenant = {};
  /// Of a bare name.
  std::string_view username = {};
  /// Where it is one question.
  domain::Question only = {};

  /// They lie in a copy of the message now.
  void move(const std::byte* from, const std::byte* to);
};

/// The lists of fields of a check, as they were in the one before: mostly they are the same again.
struct CheckLists {
  /// By the bytes that each field has.
  FieldList<2, 8, 4, 8, 4, 4, 1, 4, 1> query = {};
  FieldList<4, 1, 4, 1> call = {};
  FieldList<1, 4, 4> check = {};
  FieldList<4> named = {};
  FieldList<4, 4> credential = {};
  FieldList<4, 4, 1> question = {};
};

/// Of a well-formed check of this version. False: it is none, or not of the usual form, and
/// `form_of_query` is to say what it is. Whatever passes here passes there, whatever the lists were
/// learnt from. What is found may be
/// read as it is; what lies in `bytes` otherwise only where they are aligned.
bool read_check(std::span<const std::byte> bytes, MessageLimits limits, CheckLists& lists,
                CheckParts& parts);

}  // namespace postern::service
