// What a command says of fields that may be absent: their value, or their name in its list
// `cleared`, which stands for false, 0 or empty. Which fields those are, the schema says. A value
// of the stack, for one command.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "command_marks.h"
#include "daemon/domain/rules.h"
#include "daemon/platform/require.h"

namespace postern::domain {

class Cleared {
 public:
  using Names = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;
  using Fields = std::span<const std::string_view>;

  /// `fields`: those of the command that may be cleared. `names`: null: none. Each refusal names
  /// its field.
  Cleared(const Case& asked, Fields fields, const Names* names)
      : asked_(asked), fields_(fields), names_(names) {}

  /// What the field becomes; nothing: it stays as it is.
  template <class Value>
  std::optional<Value> value(std::string_view field, flatbuffers::Optional<Value> given) {
    if (!is_named(field)) return given ? std::optional(*given) : std::nullopt;
    if (given && *given != Value{}) refuse_both(field);
    return Value{};
  }
  /// Empty: it becomes empty.
  std::optional<std::string_view> text(std::string_view field, const flatbuffers::String* given) {
    if (!is_named(field)) return given ? std::optional(view_of(given)) : std::nullopt;
    if (!view_of(given).empty()) refuse_both(field);
    return std::string_view();
  }
  /// Null within: it becomes none.
  std::optional<const schema::Networks*> networks(std::string_view field,
                                                  const schema::Networks* given) {
    if (!is_named(field)) return given ? std::optional(given) : std::nullopt;
    if (given != nullptr && given->entries() != nullptr && given->entries()->size() > 0)
      refuse_both(field);
    return nullptr;
  }

  /// Refuses names that are none of the fields.
  void refuse_unknown() const {
    if (names_ == nullptr) return;
    for (const flatbuffers::String* name : *names_)
      if (std::ranges::find(fields_, view_of(name)) == fields_.end())
        asked_.refuse(schema::Code::field_malformed, "cleared",
                      "It names no field that can be cleared here: " + quoted(view_of(name)) + ".");
  }

 private:
  bool is_named(std::string_view field) {
    require(std::ranges::find(fields_, field) != fields_.end());
    return names_ != nullptr && std::ranges::any_of(*names_, [&](const flatbuffers::String* name) {
             return view_of(name) == field;
           });
  }
  void refuse_both(std::string_view field) const {
    asked_.refuse(schema::Code::field_malformed, field,
                  "It has a value, and stands in 'cleared' too.");
  }

  const Case& asked_;
  Fields fields_;
  const Names* names_;
};

}  // namespace postern::domain
