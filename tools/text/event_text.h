// An event's essentials in one line, for the tables of people. Functions without state, for any
// thread. What strangers chose stands in it as it is: whoever prints it makes it fit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "event_generated.h"
#include "tools/text/layout.h"

namespace postern::text {

/// What an id in an event may be of, besides the user and the tenant of its row.
enum class Named { tenant, role, key, operator_entry };

/// How whoever prints tells ids, times and public keys; each gives text for whatever it is given.
struct EventForms {
  std::function<std::string(Named, const schema::Uuid&)> name_of;
  std::function<std::string(std::int64_t time_ns)> time_of;
  std::function<std::string(const std::vector<std::uint8_t>& bytes)> key_of;
  /// Without what is absent, false or 0.
  bool brief = false;
};

/// Of a list of records, a row for each event.
Columns record_columns();
/// The same where all are of one tenant, which nobody needs to be told.
Columns record_columns_of_tenant();

/// "UserCreated"; of a kind this program does not know, its number.
std::string event_kind(const schema::EventT& event);

/// "effect=allow action=read resource=table/customer conditions=none": what the event says beside
/// its kind and user. Every field is told, what is cleared or absent as `none`, `false` or 0. Times
/// and lists without their unit; nothing sealed, no hash of a secret; lists of over 32, and the
/// details of use, as their count.
std::string event_details(const schema::EventT& event, const EventForms& forms);

}  // namespace postern::text
