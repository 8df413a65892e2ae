// An event as a sentence for people who look on: who did what to whom. What it says beside that is
// event_details', in brief.
// Functions without state, for any thread. What strangers chose stands in it as it is.
#pragma once

#include <string>

#include "event_generated.h"
#include "tools/text/event_text.h"
#include "tools/text/screen.h"

namespace postern::text {

/// Whom an event is told of.
struct Persons {
  std::string who;
  /// Empty: of none.
  std::string user;
  std::string tenant;
};

struct EventSentence {
  /// "helpdesk locked api.bob"
  std::string sentence;
  /// What event_details tells, without what is not set; may be empty.
  std::string details;
  Style style = Style::plain;
};

EventSentence event_sentence(const schema::EventT& event, const Persons& persons, EventForms forms);

/// "Monday, 2026-11-30" of a time as it is shown, for the line above a new day's first.
std::string day_heading(std::int64_t time_ns);
/// "12:34:56"
std::string time_of_day(std::int64_t time_ns);

}  // namespace postern::text
