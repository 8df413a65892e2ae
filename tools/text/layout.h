// How a table finds room on a screen, as data and pure functions: which columns it has, which of
// them a narrow screen leaves out, and how wide the others are. For any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/text/screen.h"

namespace postern::text {

/// One of a table's columns. Tables are defined where their rows are made, and live for ever.
struct Column {
  std::string_view head;
  /// Where there is no room the highest goes first, of equal ones the last; 0: it stays. From
  /// `spare_rank` on it goes before anything else is cut.
  std::uint8_t rank = 0;
  /// Cells may be cut to this; 0: they are shown whole.
  std::uint8_t cut_to = 0;
  Shade shade = Shade::plain;
};
using Columns = std::span<const Column>;
inline constexpr std::uint8_t spare_rank = 9;

/// "LAST USED" as it is typed: "last-used".
std::string column_name(const Column& column);

/// Blanks between two columns.
inline constexpr std::size_t column_gap = 2;

/// Of all of them, the ones that a line of `width` has room for. `widths`: what the cells of each
/// column take. `is_empty`: those without any cell that says something, which go before the others.
std::vector<std::size_t> columns_that_fit(Columns columns, const std::vector<std::size_t>& widths,
                                          const std::vector<bool>& is_empty, std::size_t width);

/// How wide each of those in `order` is shown, so that a line is `width` at most.
std::vector<std::size_t> fitted_widths(Columns columns, const std::vector<std::size_t>& widths,
                                       const std::vector<std::size_t>& order, std::size_t width);

/// Printable text in so many columns of the screen: what is longer ends with an ellipsis.
std::string cut(std::string_view text, std::size_t width);

/// Printable text taken apart between words into lines of so many columns; a longer word is cut
/// into several.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace postern::text
