// YAML, of which JSON is a part, as JSON with the lines that its parts stand on. Functions without
// state, for any thread. Failure: what is wrong, with its line.
// Limits: 64 MiB of text, 5,000,000 parts, 60 deep; no anchors.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace postern::intake {

inline constexpr std::size_t yaml_bytes_max = 64U << 20U;

struct YamlFault {
  std::uint64_t line = 0;
  std::string sentence;
};

struct YamlText {
  boost::json::value value;
  /// By the way to it, "/users/api.bob/email": from 1.
  std::map<std::string, std::uint64_t> lines;
};

/// A plain scalar is a boolean, a number or nothing only where it is written as JSON writes it;
/// else it is text, as it stands.
std::expected<YamlText, YamlFault> read_yaml(const std::string& text);

/// In blocks; read again it is the same. `indent`: of the entries of a map that lies within
/// another.
std::string write_yaml(const boost::json::value& value, std::size_t indent = 0);

}  // namespace postern::intake
