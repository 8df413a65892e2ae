// Text for people: what strangers chose made harmless, times, ids, names of codes and kinds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codes.h"
#include "event_generated.h"
#include "query_generated.h"
#include "tools/client/shown.h"

namespace postern::cli {

using client::printable;
using client::valid_utf8;
/// Characters, as a terminal counts them; wide ones count as one.
std::size_t width_of(std::string_view printable_text);

/// RFC 3339, in UTC unless another zone was asked for: with all nine digits of the nanoseconds, or
/// to the second.
std::string time_text(std::int64_t time_ns);
std::string time_text_short(std::int64_t time_ns);
/// Date and time with Z or an offset, up to nine digits of a second; nothing where the text is
/// something else, or a time that nanoseconds since 1970 cannot say.
std::optional<std::int64_t> read_time(std::string_view text);
inline constexpr const char* wanted_time =
    "Write it as 2027-01-31T00:00:00Z: date and time, Z or an offset as +02:00, at most nine "
    "digits of a second, before 2262.";
/// The same; 64 where it is none, naming the option.
std::int64_t parse_time(std::string_view option, const std::string& text);

/// Lower case.
std::string hex_text(std::span<const std::uint8_t> bytes);
std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text);
/// A public key in Z85; hexadecimal if it is none.
std::string key_text(const std::vector<std::uint8_t>& bytes);

/// Empty for none.
std::string uuid_text(const std::unique_ptr<schema::Uuid>& id);

/// The schema's name, or the number if this program does not know it.
std::string code_name(schema::Code code);
std::string code_sentence(schema::Code code);
std::string code_remedy(schema::Code code);

/// "new", "active", …: the schema's names as people write them.
std::string status_text(schema::UserStatus status);
std::string lock_text(schema::LockCause cause);
std::string role_text(schema::Role role);
std::string effect_text(schema::Effect effect);
/// "allow read on table/customer".
std::string grant_text(const schema::GrantViewT& grant);
/// "12.0": the record that added it and its place there.
std::string grant_name(const std::unique_ptr<schema::GrantReferenceT>& reference);

/// A remedy as a sentence: in the schema it stands behind a colon and begins small.
std::string sentence_of(std::string remedy);

std::string joined(const std::vector<std::string>& parts, std::string_view between = ", ");

}  // namespace postern::cli
