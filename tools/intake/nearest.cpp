#include "tools/intake/nearest.h"

#include <algorithm>
#include <vector>

#include "tools/text/shown.h"

namespace postern::intake {

std::size_t edits_between(std::string_view one, std::string_view other) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> last(other.size() + 1);
  std::vector<std::size_t> row(other.size() + 1);
  for (std::size_t column = 0; column < last.size(); ++column) last[column] = column;
  for (std::size_t line = 1; line <= one.size(); ++line) {
    row[0] = line;
    for (std::size_t column = 1; column <= other.size(); ++column) {
      const bool same = one[line - 1] == other[column - 1];
      row[column] =
          std::min({last[column] + 1, row[column - 1] + 1, last[column - 1] + (same ? 0 : 1)});
      if (line > 1 && column > 1 && one[line - 1] == other[column - 2] &&
          one[line - 2] == other[column - 1])
        row[column] = std::min(row[column], before[column - 2] + 1);
    }
    before = std::exchange(last, row);
  }
  return last[other.size()];
}

std::string nearest(std::string_view typed, std::span<const std::string> known) {
  // Beyond this nobody mistypes a name, and the table of edits would grow.
  constexpr std::size_t letters_max = 64;
  if (typed.size() > letters_max) return {};
  std::string found;
  std::size_t fewest = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string& name : known) {
    if (name.size() > letters_max) continue;
    const std::size_t edits = edits_between(typed, name);
    if (edits >= fewest) continue;
    fewest = edits;
    found = name;
  }
  return found;
}

std::string no_such(std::string_view kind, std::string_view typed,
                    std::span<const std::string> known) {
  std::string sentence = "There is no " + std::string(kind) + " '" + text::printable(typed) + "'";
  const std::string near = nearest(typed, known);
  return sentence + (near.empty() ? "." : "; the nearest is '" + near + "'.");
}

}  // namespace postern::intake
