#include "tools/text/numbers.h"

#include <algorithm>
#include <string>

namespace postern::text {

std::optional<std::uint64_t> read_milliseconds(std::string_view seconds) {
  constexpr std::uint64_t second = 1'000;
  constexpr std::size_t places = 3;
  const auto point = std::min(seconds.find('.'), seconds.size());
  const auto whole = read_number<std::uint64_t>(seconds.substr(0, point), 0,
                                                std::numeric_limits<std::uint32_t>::max());
  if (!whole) return std::nullopt;
  if (point == seconds.size()) return *whole * second;
  std::string fraction(seconds.substr(point + 1));
  if (fraction.empty() || fraction.size() > places) return std::nullopt;
  fraction.resize(places, '0');
  const auto part = read_number<std::uint64_t>(fraction);
  if (!part) return std::nullopt;
  return *whole * second + *part;
}

}  // namespace postern::text
