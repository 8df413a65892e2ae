#include "tools/cli/list.h"

#include <algorithm>

#include "schema/nearest_name.h"
#include "tools/cli/session.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::cli {

namespace {

constexpr const char* every_column = "all";

std::vector<std::string> names_of(text::Columns columns) {
  std::vector<std::string> names;
  for (const text::Column& column : columns) names.push_back(text::column_name(column));
  return names;
}

std::vector<std::size_t> chosen_for(const Session& session, text::Columns columns) {
  // Else its columns could not be chosen, and no test would look at how it fits.
  if (session.kind() == Kind::reads)
    throw Stop{exit_codes::bug, "A verb shows a list and is not told to be one.", "Report this."};
  if (session.columns_asked().empty()) return {};
  if (session.format() != text::Format::table)
    stop_usage("--columns is about tables, and JSON has every field.",
               "Leave it out, or take --output table.");
  return chosen_columns(columns, session.columns_asked());
}

}  // namespace

void add_columns_option(Options& options, std::vector<std::string>& columns) {
  options
      .add("--columns", arguments::List{&columns},
           "Show these columns, in this order: their heads in small letters, with - for a blank; "
           "all: every one")
      .type_name("NAME,…")
      .group("Options of every list");
}

std::vector<std::size_t> chosen_columns(text::Columns columns,
                                        const std::vector<std::string>& named) {
  const std::vector<std::string> known = names_of(columns);
  std::vector<std::size_t> places;
  for (const std::string& name : named) {
    if (name == every_column) {
      for (std::size_t place = 0; place < known.size(); ++place) places.push_back(place);
      continue;
    }
    const auto found = std::ranges::find(known, name);
    if (found == known.end())
      stop_usage("There is no column '" + text::printable(name) + "'" +
                     schema::nearest_told(known, name) + ".",
                 "The columns are " + text::joined(known) + ".");
    places.push_back(static_cast<std::size_t>(found - known.begin()));
  }
  return places;
}

ShownList::ShownList(Session& session, text::Columns columns)
    : Listing(session.out(), session.format(), columns, chosen_for(session, columns)),
      session_(session) {}

void ShownList::finish() {
  Listing::finish();
  if (session_.talks_to_a_person()) tell_left_out(session_.talk(), "--columns shows them");
}

}  // namespace postern::cli
