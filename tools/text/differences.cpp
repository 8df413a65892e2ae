#include "tools/text/differences.h"

#include <fmt/format.h>

#include "tools/text/ids.h"
#include "tools/text/schema_names.h"

namespace postern::text {

namespace {

std::string change_text(schema::AccessChange change) {
  switch (change) {
    case schema::AccessChange::gained:
      return "gained";
    case schema::AccessChange::lost:
      return "lost";
    case schema::AccessChange::conditions_changed:
      return "conditions changed";
  }
  return std::to_string(static_cast<unsigned>(change));
}

std::string user_text(const schema::DifferenceLineT& line) {
  return line.user != nullptr ? line.username : fmt::format("{} users", line.user_count);
}

std::string resource_text(const schema::DifferenceLineT& line) {
  if (line.resource.empty()) return "all it is granted";
  if (line.except.empty()) return line.resource;
  constexpr std::size_t shown_max = 3;
  std::string text = line.resource + " except ";
  for (std::size_t place = 0; place < line.except.size() && place < shown_max; ++place)
    text += (place == 0 ? "" : ", ") + line.except[place];
  const std::size_t count = line.except.size() + line.except_left_out;
  return count <= shown_max ? text : text + fmt::format(" and {} more", count - shown_max);
}

std::string role_of(const schema::DifferenceLineT& line) {
  return line.grant == nullptr ? std::string() : line.grant->role;
}

std::string use_text(const schema::DifferenceLineT& line, const TimeForm& time_of) {
  if (line.grant == nullptr) return {};
  if (line.last_used_ns == 0) return "never";
  return (line.used_since ? "since, last " : "last ") + time_of(line.last_used_ns);
}

std::string by_whom(const schema::CauseT& cause) {
  if (!cause.operator_name.empty()) return cause.operator_name;
  return cause.operator_id == nullptr ? std::string() : uuid_text(*cause.operator_id);
}

}  // namespace

Columns difference_columns() {
  static constexpr Column columns[] = {{"CHANGE", 0, 8, Shade::state},
                                       {"USER", 0, 16},
                                       {"ACTION", 0, 10},
                                       {"RESOURCE", 0, 20},
                                       {"BEFORE", 7, 10, Shade::code},
                                       {"AFTER", 6, 10, Shade::code},
                                       {"ROLE", 8, 8},
                                       {"SEQ", 1},
                                       {"TIME", 3},
                                       {"BY", 2, 8},
                                       {"REASON", 5, 12},
                                       {"USED", 4, 12}};
  return columns;
}

std::vector<std::string> difference_row(const schema::DifferenceLineT& line,
                                        const TimeForm& time_of) {
  std::vector<std::string> row{
      change_text(line.change), user_text(line),       line.action,  resource_text(line),
      code_name(line.before),   code_name(line.after), role_of(line)};
  if (line.caused_by == nullptr) {
    row.insert(row.end(), {"", "", "", "a time came"});
  } else {
    const schema::CauseT& cause = *line.caused_by;
    row.insert(row.end(),
               {std::to_string(cause.seq), cause.time_ns == 0 ? "" : time_of(cause.time_ns),
                by_whom(cause), cause.reason});
  }
  row.push_back(use_text(line, time_of));
  return row;
}

Columns flip_columns() {
  static constexpr Column columns[] = {{"USER", 0, 16},
                                       {"ACTION", 0, 10},
                                       {"RESOURCE", 0, 20},
                                       {"WAS", 2, 10, Shade::code},
                                       {"WOULD BE", 0, 12, Shade::code},
                                       {"CALLS", 1},
                                       {"FIRST", 4},
                                       {"LAST", 3}};
  return columns;
}

std::vector<std::string> flip_row(const schema::FlipT& flip, const TimeForm& time_of) {
  return {flip.username.empty() && flip.user != nullptr ? uuid_text(*flip.user) : flip.username,
          flip.question == nullptr ? "authenticate" : flip.question->action,
          flip.question == nullptr ? "" : flip.question->resource,
          code_name(flip.before),
          code_name(flip.after),
          std::to_string(flip.count),
          time_of(flip.first_ns),
          time_of(flip.last_ns)};
}

unsigned coverage_percent(const schema::FlipPageT& page) {
  return page.counted == 0 ? 0 : static_cast<unsigned>(page.covered * 100 / page.counted);
}

std::string coverage_fault(const schema::FlipPageT& page, unsigned percent_min) {
  const unsigned percent = coverage_percent(page);
  if (page.denied + page.allowed != 0 || percent >= percent_min) return {};
  return fmt::format(
      "no recorded call would be answered otherwise, but they cover {} % of the calls, and {} % is "
      "demanded",
      percent, percent_min);
}

std::vector<std::string> flip_sentences(const schema::FlipPageT& page, const TimeForm& time_of) {
  std::vector<std::string> sentences;
  sentences.push_back(fmt::format(
      "Of {} recorded calls since {} that were asked again {} would be denied and {} allowed.",
      page.asked, time_of(page.from_ns), page.denied, page.allowed));
  if (page.not_asked != 0)
    sentences.push_back(
        fmt::format("{} could not be asked again: their credential was wrong, or what they told is "
                    "gone.",
                    page.not_asked));
  sentences.push_back(
      page.counted == 0
          ? std::string("What share of all calls they are is not known: of these days the journal "
                        "counts none yet.")
          : fmt::format("They cover {} % of the calls that the journal counts: {} of {}.",
                        coverage_percent(page), page.covered, page.counted));
  if (page.flips_left_out != 0)
    sentences.push_back(fmt::format("{} more lines are left out.", page.flips_left_out));
  return sentences;
}

}  // namespace postern::text
