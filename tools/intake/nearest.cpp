#include "tools/intake/nearest.h"

#include "schema/nearest_name.h"
#include "tools/text/shown.h"

namespace postern::intake {

std::string nearest(std::string_view typed, std::span<const std::string> known) {
  return schema::nearest_name(known, typed).value_or(std::string());
}

std::string no_such(std::string_view kind, std::string_view typed,
                    std::span<const std::string> known) {
  std::string sentence = "There is no " + std::string(kind) + " '" + text::printable(typed) + "'";
  const std::string near = nearest(typed, known);
  return sentence + (near.empty() ? "." : "; the nearest is '" + near + "'.");
}

}  // namespace postern::intake
