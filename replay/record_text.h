// Records as text, for people and for programs, in the forms that `postern events list` gives them.
// Functions without state, for any thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event_generated.h"

namespace postern::replay {

/// Names as in the schema; ids in text form; times in RFC 3339, their name without `_ns`; bytes in
/// hexadecimal; public keys in Z85; enums and kinds by name; broken UTF-8 replaced by U+FFFD.
/// Every field that a table has a default for is there, but no time that is none; of an event's
/// body every field, null where it has none. The record has passed the gate.
boost::json::object to_json(const schema::Record& record);

/// One line, what deceives within its texts escaped.
std::string json_text(const boost::json::object& object);

std::string uuid_text(const schema::Uuid& id);
/// RFC 3339 in UTC, to the nanosecond or to the second.
std::string time_text(std::int64_t time_ns);
std::string time_text_short(std::int64_t time_ns);
std::string hex_text(std::span<const std::byte> bytes);
/// RFC 32, as tools print CURVE keys; bytes beyond a multiple of four are left out.
std::string z85_text(const std::vector<std::uint8_t>& bytes);

}  // namespace postern::replay
