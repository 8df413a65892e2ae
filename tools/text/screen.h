// What a stream is looked at on: how wide it is, and whether it shows colours. Each stream has its
// own, kept with the stream; one that has none is no terminal. For any thread, each stream for one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

namespace postern::text {

struct Screen {
  /// Of a line; 0: nobody looks on, so nothing is cut.
  std::size_t width = 0;
  bool has_colours = false;
  /// What time it is for what is shown of the present. UTC nanoseconds.
  std::int64_t now_ns = 0;
};

/// Of a terminal: as wide as COLUMNS says, else as it is itself, else 80; with colours unless
/// NO_COLOR has a value, or TERM is none or "dumb". None where the descriptor is no terminal.
Screen screen_at(int descriptor);

void set_screen(std::ostream& out, const Screen& screen);
Screen screen_of(std::ostream& out);

// ---- styles

enum class Style : std::uint8_t { plain, heading, good, bad, doubtful, faint };

/// Printable text; as it is where there are no colours.
std::string styled(const Screen& screen, Style style, std::string_view text);

/// What the cells of a column are, which says how they are styled.
enum class Shade : std::uint8_t {
  plain,
  /// Words as active, denied, trashed.
  state,
  /// A code: `ok`, or what is in the way.
  code,
  /// Anything there is bad.
  fault,
  /// A time until which something holds.
  until,
};
Style style_of(Shade shade, std::string_view cell, std::int64_t now_ns);

}  // namespace postern::text
