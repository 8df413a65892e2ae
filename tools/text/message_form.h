// How the schema's tables are told as JSON, for who writes it and who reads it. Functions without
// state, for any thread.
#pragma once

#include <flatbuffers/minireflect.h>

#include <cstddef>
#include <optional>
#include <string_view>

#include "common_generated.h"
#include "tools/text/ids.h"

namespace postern::text {

/// Of a field that holds a table, a struct, a union or an enum; null of others.
inline const flatbuffers::TypeTable* reference(const flatbuffers::TypeTable& type,
                                               std::size_t field) {
  const auto place = type.type_codes[field].sequence_ref;
  return place >= 0 ? type.type_refs[place]() : nullptr;
}

inline bool is_uuid(const flatbuffers::TypeTable* type) { return type == schema::UuidTypeTable(); }
inline bool is_public_key(const flatbuffers::TypeTable* type) {
  return type == schema::PublicKeyTypeTable();
}

inline bool is_bytes(const flatbuffers::TypeTable& type, std::size_t field) {
  const auto code = type.type_codes[field];
  return code.base_type == flatbuffers::ET_UCHAR && code.is_repeating && code.sequence_ref < 0;
}

/// The name without "_ns", if it is a time.
inline std::optional<std::string_view> time_name(std::string_view name) {
  if (!name.ends_with("_ns")) return std::nullopt;
  return name.substr(0, name.size() - 3);
}

}  // namespace postern::text
