#include "tools/cli/provider_file.h"

#include <fmt/format.h>
#include <sodium.h>
#include <strings.h>

#include <algorithm>
#include <boost/json/stream_parser.hpp>
#include <charconv>
#include <optional>

#include "daemon/domain/network.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace {

namespace json = boost::json;
using domain::AddressRange;
using schema::Provider;

constexpr std::size_t errors_told_max = 10;
/// No provider has wider networks, /8 and /16; one that is would open the door to half the world.
constexpr std::uint64_t v4_span_max = 0xff'ffff;
constexpr std::uint64_t v6_span_max = 0xffff'ffff'ffff;
constexpr std::size_t csv_columns = 5;
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t millisecond_ns = 1'000'000;

enum class Family { either, v4, v6 };

/// What has been read of a provider's files, and what is wrong with them.
struct Reading {
  Provider provider;
  std::string file = {};
  std::vector<AddressRange> ranges = {};
  std::int64_t time_ns = 0;
  std::vector<std::string> errors = {};
  std::size_t errors_untold = 0;

  void wrong(std::string_view place, std::string_view what) {
    if (errors.size() >= errors_told_max) {
      ++errors_untold;
      return;
    }
    errors.push_back(
        fmt::format("{}: {}{}{}", text::printable(file), place, place.empty() ? "" : ": ", what));
  }

  /// A network in CIDR form, which no address alone is: so a line that broke off is found.
  void add(std::string_view place, std::string_view text, Family family) {
    const auto range = domain::parse_range(text);
    if (!range) return wrong(place, text::printable(range.error()));
    if (text.find('/') == text.npos)
      return wrong(place, fmt::format("'{}' has no prefix length.", text::printable(text)));
    const bool is_v4 = range->first.is_v4;
    if ((family == Family::v4 && !is_v4) || (family == Family::v6 && is_v4))
      return wrong(place,
                   fmt::format("'{}' is of the other address family.", text::printable(text)));
    // Of what it covers: the prefix of a mapped network counts another 96 bits.
    if (is_v4 ? range->last.low - range->first.low > v4_span_max
              : range->last.high - range->first.high > v6_span_max)
      return wrong(place, fmt::format("'{}' is wider than a provider's networks are.",
                                      text::printable(text)));
    ranges.push_back(*range);
  }
};

// ---- JSON

std::optional<json::object> parse_object(const std::string& text, Reading& reading) {
  json::stream_parser parser;
  json::error_code error;
  const std::size_t read = parser.write_some(text.data(), text.size(), error);
  if (!error && read == text.size()) parser.finish(error);
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(read), '\n');
  if (error || read != text.size()) {
    const bool broke_off = error == json::error::incomplete;
    reading.wrong(fmt::format("line {}", line),
                  broke_off ? "the JSON breaks off here." : "this is not well-formed JSON.");
    return std::nullopt;
  }
  json::value value = parser.release();
  if (value.is_object()) return std::move(value.as_object());
  reading.wrong("", "it must be a JSON object.");
  return std::nullopt;
}

/// Whose file an object looks like.
Provider owner_of(const json::object& object) {
  if (object.contains("createDate") || object.contains("ipv6_prefixes")) return Provider::AWS;
  if (object.contains("values") && object.contains("changeNumber")) return Provider::AZURE;
  if (object.contains("creationTime")) return Provider::GOOGLE;
  return Provider::none;
}

bool is_own(const json::object& object, Reading& reading) {
  const Provider owner = owner_of(object);
  if (owner == reading.provider) return true;
  const auto* name = schema::EnumNameProvider(reading.provider);
  reading.wrong("", owner == Provider::none ? fmt::format("it does not look like {}'s file.", name)
                                            : fmt::format("it is {}'s file, not {}'s.",
                                                          schema::EnumNameProvider(owner), name));
  return false;
}

/// Null, and told, if there is none or it is empty.
const json::array* array_in(const json::object& object, std::string_view name,
                            std::string_view place, Reading& reading) {
  const json::value* found = object.if_contains(name);
  const json::array* array = found == nullptr ? nullptr : found->if_array();
  if (array != nullptr && !array->empty()) return array;
  reading.wrong(fmt::format("{}{}", place, name),
                array == nullptr ? "it must be an array." : "it is empty.");
  return nullptr;
}

/// Digits in a text, as the providers write their `syncToken`.
void take_time(const json::object& object, std::int64_t unit_ns, Reading& reading) {
  constexpr std::int64_t latest_ns = 4'102'444'800 * second_ns;
  const json::value* found = object.if_contains("syncToken");
  const json::string* text = found == nullptr ? nullptr : found->if_string();
  std::int64_t value = -1;
  if (text != nullptr) {
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, value);
    if (error != std::errc() || stop != end) value = -1;
  }
  if (value <= 0 || value > latest_ns / unit_ns)
    return reading.wrong("syncToken", "it must be a time in digits.");
  reading.time_ns = value * unit_ns;
}

void add_member(const json::value& entry, std::string_view name, const std::string& place,
                Family family, Reading& reading) {
  const json::object* object = entry.if_object();
  const json::value* found = object == nullptr ? nullptr : object->if_contains(name);
  const json::string* text = found == nullptr ? nullptr : found->if_string();
  if (text == nullptr) return reading.wrong(place, fmt::format("it has no '{}'.", name));
  reading.add(fmt::format("{}.{}", place, name), std::string_view(*text), family);
}

void read_aws(const json::object& object, Reading& reading) {
  take_time(object, second_ns, reading);
  struct Part {
    const char* list;
    const char* member;
    Family family;
  };
  for (const Part& part : {Part{"prefixes", "ip_prefix", Family::v4},
                           Part{"ipv6_prefixes", "ipv6_prefix", Family::v6}})
    if (const auto* list = array_in(object, part.list, "", reading))
      for (std::size_t place = 0; place < list->size(); ++place)
        add_member((*list)[place], part.member, fmt::format("{}[{}]", part.list, place),
                   part.family, reading);
}

void read_google(const json::object& object, Reading& reading) {
  take_time(object, millisecond_ns, reading);
  const auto* list = array_in(object, "prefixes", "", reading);
  if (list == nullptr) return;
  for (std::size_t place = 0; place < list->size(); ++place) {
    const json::object* entry = (*list)[place].if_object();
    const bool has_v6 = entry != nullptr && entry->contains("ipv6Prefix");
    const auto where = fmt::format("prefixes[{}]", place);
    if (has_v6) add_member((*list)[place], "ipv6Prefix", where, Family::v6, reading);
    if (!has_v6 || entry->contains("ipv4Prefix"))
      add_member((*list)[place], "ipv4Prefix", where, Family::v4, reading);
  }
}

void read_azure(const json::object& object, Reading& reading) {
  const auto* values = array_in(object, "values", "", reading);
  if (values == nullptr) return;
  for (std::size_t place = 0; place < values->size(); ++place) {
    const auto where = fmt::format("values[{}].properties", place);
    const json::object* value = (*values)[place].if_object();
    const json::value* found = value == nullptr ? nullptr : value->if_contains("properties");
    const json::object* properties = found == nullptr ? nullptr : found->if_object();
    if (properties == nullptr) {
      reading.wrong(where, "it must be an object.");
      continue;
    }
    const json::value* listed = properties->if_contains("addressPrefixes");
    const json::array* prefixes = listed == nullptr ? nullptr : listed->if_array();
    if (prefixes == nullptr) {
      reading.wrong(where + ".addressPrefixes", "it must be an array.");
      continue;
    }
    for (std::size_t at = 0; at < prefixes->size(); ++at) {
      const auto each = fmt::format("{}.addressPrefixes[{}]", where, at);
      if (const json::string* text = (*prefixes)[at].if_string())
        reading.add(each, std::string_view(*text), Family::either);
      else
        reading.wrong(each, "it must be a text.");
    }
  }
}

void read_json(const std::string& text, Reading& reading) {
  const auto object = parse_object(text, reading);
  if (!object || !is_own(*object, reading)) return;
  if (reading.provider == Provider::AWS)
    read_aws(*object, reading);
  else if (reading.provider == Provider::GOOGLE)
    read_google(*object, reading);
  else
    read_azure(*object, reading);
}

// ---- lines

/// Calls with each line's number and text; an empty last line is none.
template <class Visitor>
void for_each_line(std::string_view text, Visitor visit) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    visit(fmt::format("line {}", number), line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void read_lines(const std::string& text, Reading& reading) {
  const bool is_csv = reading.provider == Provider::DIGITAL_OCEAN;
  if (text.empty()) return reading.wrong("", "it is empty.");
  if (text.find_first_not_of(" \t\r\n") != text.npos &&
      text[text.find_first_not_of(" \t\r\n")] == '{')
    return reading.wrong("", fmt::format("it is JSON, which {} does not publish.",
                                         schema::EnumNameProvider(reading.provider)));
  for_each_line(text, [&](const std::string& place, std::string_view line) {
    if (!is_csv) return reading.add(place, line, Family::either);
    const auto columns = static_cast<std::size_t>(std::ranges::count(line, ',')) + 1;
    if (columns != csv_columns)
      return reading.wrong(place, fmt::format("found {} columns, each line has {}: network, "
                                              "country, region, city, postal code.",
                                              columns, csv_columns));
    reading.add(place, line.substr(0, line.find(',')), Family::either);
  });
}

bool has_family(const std::vector<AddressRange>& ranges, bool is_v4) {
  return std::ranges::any_of(ranges,
                             [&](const AddressRange& range) { return range.first.is_v4 == is_v4; });
}

schema::ImportRangesT packed(Reading reading, std::span<const ProviderFile> files) {
  schema::ImportRangesT body;
  body.provider = reading.provider;
  body.source_time_ns = reading.time_ns;
  crypto_hash_sha256_state sha256;
  crypto_hash_sha256_init(&sha256);
  for (const ProviderFile& file : files) {
    body.source_name += (body.source_name.empty() ? "" : ", ") + file.name;
    crypto_hash_sha256_update(&sha256, reinterpret_cast<const unsigned char*>(file.text.data()),
                              file.text.size());
  }
  body.source_sha256.resize(crypto_hash_sha256_BYTES);
  crypto_hash_sha256_final(&sha256, body.source_sha256.data());
  for (const AddressRange& range : domain::merged(std::move(reading.ranges))) {
    if (range.first.is_v4) {
      body.v4.push_back(static_cast<std::uint32_t>(range.first.low));
      body.v4.push_back(static_cast<std::uint32_t>(range.last.low));
    } else {
      body.v6.insert(body.v6.end(),
                     {range.first.high, range.first.low, range.last.high, range.last.low});
    }
  }
  return body;
}

}  // namespace

Provider provider_named(const std::string& name) {
  for (const Provider provider : schema::EnumValuesProvider())
    if (provider != Provider::none &&
        ::strcasecmp(name.c_str(), schema::EnumNameProvider(provider)) == 0)
      return provider;
  return Provider::none;
}

std::expected<schema::ImportRangesT, std::vector<std::string>> read_provider_files(
    Provider provider, std::span<const ProviderFile> files) {
  Reading reading{.provider = provider};
  const bool is_json =
      provider == Provider::AWS || provider == Provider::GOOGLE || provider == Provider::AZURE;
  for (const ProviderFile& file : files) {
    reading.file = file.name;
    if (is_json)
      read_json(file.text, reading);
    else
      read_lines(file.text, reading);
  }
  if (reading.errors.empty() && provider == Provider::CLOUDFLARE &&
      !(has_family(reading.ranges, true) && has_family(reading.ranges, false)))
    reading.errors.push_back(
        "Cloudflare publishes IPv4 and IPv6 in two files, ips-v4 and ips-v6; give both.");
  if (reading.errors.empty() && is_json && files.size() > 1)
    reading.errors.push_back("This provider publishes one file; give that one alone.");
  if (reading.errors_untold > 0)
    reading.errors.push_back(fmt::format("And {} more like these.", reading.errors_untold));
  if (!reading.errors.empty()) return std::unexpected(std::move(reading.errors));
  return packed(std::move(reading), files);
}

}  // namespace postern::cli
