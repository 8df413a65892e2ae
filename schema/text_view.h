// A text of a message, empty where it is absent.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <string_view>

namespace postern::schema {

inline std::string_view view_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : text->string_view();
}

}  // namespace postern::schema
