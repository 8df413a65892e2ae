// A message of any type with every field set, made from the schema's own tables, so that a new kind
// has a sample without a line of code.
#pragma once

#include <flatbuffers/minireflect.h>

#include <cstdint>
#include <vector>

namespace postern::fuzz {

/// `kind`: of each union in it, counted from 0 and begun anew where a union has fewer.
std::vector<std::uint8_t> filled(const flatbuffers::TypeTable& type, const char* identifier,
                                 std::size_t kind);

}  // namespace postern::fuzz
