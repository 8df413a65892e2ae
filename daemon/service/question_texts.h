// The questions of a message that passed the gate, read one after the other.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <string_view>

#include "daemon/domain/authorize.h"
#include "query_generated.h"

namespace postern::service {

/// Builders let questions share one list of fields, so what is read of it holds for the next.
class QuestionTexts {
 public:
  /// Borrows from the message, which holds all of them.
  domain::Question of(const schema::Question& question) {
    const auto* const table = reinterpret_cast<const std::uint8_t*>(&question);
    const std::uint8_t* const fields =
        table - flatbuffers::ReadScalar<flatbuffers::soffset_t>(table);
    if (fields != fields_) look_at(question, fields);
    return {text_at(table, action_), text_at(table, resource_), level_ != 0 && table[level_] != 0};
  }

 private:
  void look_at(const schema::Question& question, const std::uint8_t* fields) {
    using schema::Question;
    const auto& table = reinterpret_cast<const flatbuffers::Table&>(question);
    fields_ = fields;
    action_ = table.GetOptionalFieldOffset(Question::VT_ACTION);
    resource_ = table.GetOptionalFieldOffset(Question::VT_RESOURCE);
    level_ = table.GetOptionalFieldOffset(Question::VT_THIS_LEVEL_ONLY);
  }
  static std::string_view text_at(const std::uint8_t* table, flatbuffers::voffset_t away) {
    if (away == 0) return {};
    const std::uint8_t* const offset = table + away;
    return reinterpret_cast<const flatbuffers::String*>(
               offset + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(offset))
        ->string_view();
  }

  /// Of the question before; null: there was none.
  const std::uint8_t* fields_ = nullptr;
  // ---- how far into the table they lie; 0: it has none
  flatbuffers::voffset_t action_ = 0;
  flatbuffers::voffset_t resource_ = 0;
  flatbuffers::voffset_t level_ = 0;
};

}  // namespace postern::service
