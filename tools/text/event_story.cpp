#include "tools/text/event_story.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>

#include "tools/text/numbers.h"
#include "tools/text/times.h"

namespace postern::text {

namespace {

using schema::EventBody;

/// '%' stands for the user, '#' for the tenant.
struct Phrase {
  EventBody kind;
  std::string_view did;
  Style style = Style::plain;
};

constexpr Phrase phrases[] = {
    {EventBody::JournalCreated, "began the journal"},
    {EventBody::TenantCreated, "created tenant #", Style::good},
    {EventBody::TenantEnabled, "enabled tenant #", Style::good},
    {EventBody::TenantDisabled, "disabled tenant # and locked all of its users", Style::bad},
    {EventBody::UserCreated, "created user %", Style::good},
    {EventBody::UserStatusChanged, "changed the status of %", Style::doubtful},
    {EventBody::UserLocked, "locked %", Style::bad},
    {EventBody::UserUnlocked, "unlocked %", Style::good},
    {EventBody::ApiAccessChanged, "switched API access of %", Style::doubtful},
    {EventBody::PasswordReset, "set a new password of %"},
    {EventBody::PasswordChanged, "changed the password of %"},
    {EventBody::PasswordFailed, "counted a wrong password of %", Style::doubtful},
    {EventBody::PasswordAccepted, "saw the right password of % and counts anew"},
    {EventBody::PasswordRehashed, "hashed the password of % anew"},
    {EventBody::GrantAdded, "granted to %", Style::good},
    {EventBody::GrantRemoved, "took back from %", Style::doubtful},
    {EventBody::OperatorAdded, "added an operator", Style::good},
    {EventBody::OperatorChanged, "changed an operator", Style::doubtful},
    {EventBody::OperatorRemoved, "removed an operator", Style::bad},
    {EventBody::CommandRefused, "refused commands", Style::doubtful},
    {EventBody::TenantChanged, "changed tenant #", Style::doubtful},
    {EventBody::CatalogueDefined, "defined in the catalogue of #"},
    {EventBody::CatalogueRetired, "retired from the catalogue of #", Style::doubtful},
    {EventBody::TenantSessionsEnded, "ended every session of tenant #", Style::bad},
    {EventBody::UserRenamed, "renamed %"},
    {EventBody::ProfileChanged, "changed the profile of %"},
    {EventBody::UserSettingsChanged, "changed the settings of %"},
    {EventBody::PasswordRotated, "rotated the password of %"},
    {EventBody::KeyCreated, "made an API key for %", Style::good},
    {EventBody::KeyRevoked, "revoked an API key of %", Style::bad},
    {EventBody::SessionEnded, "ended a session of %"},
    {EventBody::SessionsEnded, "ended every session of %"},
    {EventBody::RoleCreated, "created a role in #", Style::good},
    {EventBody::RoleDeleted, "deleted a role of #", Style::bad},
    {EventBody::RoleGrantAdded, "granted to a role of #", Style::good},
    {EventBody::RoleGrantRemoved, "took back from a role of #", Style::doubtful},
    {EventBody::RoleNested, "gave a role of # to another"},
    {EventBody::RoleUnnested, "took a role of # from another"},
    {EventBody::RoleAssigned, "gave % a role", Style::good},
    {EventBody::RoleUnassigned, "took a role from %", Style::doubtful},
    {EventBody::RangesImported, "imported the networks of a provider"},
    {EventBody::UserUsed, "summed up the use of %"},
    {EventBody::UserErased, "erased % for ever", Style::bad},
    {EventBody::KeysBackedUp, "made a copy of the keys"},
    {EventBody::JournalRestored, "restored the journal", Style::bad},
    {EventBody::ReviewRecorded, "recorded a review of #"},
};
static_assert(std::size(phrases) == static_cast<std::size_t>(EventBody::MAX),
              "every kind of event has its phrase");

std::string with_names(std::string_view phrase, const Persons& persons) {
  std::string text;
  for (const char letter : phrase) {
    if (letter == '%')
      text += persons.user;
    else if (letter == '#')
      text += persons.tenant;
    else
      text += letter;
  }
  return text;
}

}  // namespace

EventSentence event_sentence(const schema::EventT& event, const Persons& persons,
                             EventForms forms) {
  forms.brief = true;
  EventSentence told;
  told.details = event_details(event, forms);
  const auto* found = std::ranges::find(phrases, event.body.type, &Phrase::kind);
  if (found == std::end(phrases)) {
    told.sentence = persons.who + ": " + event_kind(event);
    return told;
  }
  told.style = found->style;
  told.sentence = persons.who + ' ' + with_names(found->did, persons);
  if (const auto* access = event.body.AsApiAccessChanged()) {
    told.sentence += access->allowed ? " on" : " off";
    told.details.clear();
  }
  return told;
}

std::string day_heading(std::int64_t time_ns) {
  constexpr std::string_view names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
  const std::string date = time_text_short(time_ns).substr(0, 10);
  const auto part = [&](std::size_t begin, std::size_t size) {
    return read_number<unsigned>(std::string_view(date).substr(begin, size), 0, 9'999).value_or(0);
  };
  const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(part(0, 4))),
                                        std::chrono::month(part(5, 2)),
                                        std::chrono::day(part(8, 2))};
  if (!day.ok()) return date;
  const std::chrono::weekday weekday{std::chrono::sys_days(day)};
  return std::string(names[weekday.c_encoding()]) + ", " + date;
}

std::string time_of_day(std::int64_t time_ns) { return time_text_short(time_ns).substr(11, 8); }

}  // namespace postern::text
