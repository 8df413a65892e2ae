// What every fuzz target is: one function over arbitrary bytes. libFuzzer drives it with the preset
// `fuzz`, driver.cpp in every other build. A target reports by aborting (`require`), so that both
// keep the bytes that did it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace postern::fuzz {

inline std::span<const std::byte> bytes_of(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Between the places of a character; always one part at least.
inline std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts(1);
  for (const char character : text)
    if (character == at) parts.emplace_back();
    else parts.back() += character;
  return parts;
}

}  // namespace postern::fuzz
