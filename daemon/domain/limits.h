// Limits of the rules that others keep to as well, so that they make nothing the rules refuse.
#pragma once

#include <cstddef>

namespace postern::domain {

inline constexpr std::size_t username_bytes_max = 128;
inline constexpr std::size_t profile_bytes_max = 16'384;
inline constexpr std::size_t attributes_max = 64;
inline constexpr std::size_t note_bytes_max = 4'096;

}  // namespace postern::domain
