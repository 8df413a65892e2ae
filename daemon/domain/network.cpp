// Text forms, strict: each address has one meaning, so no leading zeros (octal elsewhere), no zone,
// no spaces.
//
//   address = v4 | v6                          v4 = octet "." octet "." octet "." octet
//   range   = address [ "/" prefix-length ]    v6 = RFC 4291, with or without a v4 tail
#include "daemon/domain/network.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

#include "daemon/domain/entries.h"

namespace postern::domain {

namespace {

constexpr unsigned v4_bits = 32;
constexpr unsigned v6_bits = 128;
constexpr unsigned mapped_bits = 96;
constexpr std::uint64_t mapped_prefix = 0xffff;
constexpr std::size_t groups_of_v6 = 8;
using Groups = std::array<std::uint16_t, groups_of_v6>;

/// A number of `digits_max` digits at most and nothing else.
std::optional<std::uint32_t> parse_number(std::string_view text, int base,
                                          std::size_t digits_max) {
  std::uint32_t value = 0;
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

/// Decimal, at most `limit`, without leading zeros.
std::optional<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t limit) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  const auto value = parse_number(text, 10, 3);
  return value && *value <= limit ? value : std::nullopt;
}

std::optional<std::uint32_t> parse_v4(std::string_view text) {
  std::uint32_t address = 0;
  for (int octet = 0; octet < 4; ++octet) {
    const std::size_t end = octet == 3 ? text.size() : text.find('.');
    if (end == std::string_view::npos) return std::nullopt;
    const auto value = parse_decimal(text.substr(0, end), 255);
    if (!value) return std::nullopt;
    address = address << 8 | *value;
    text.remove_prefix(octet == 3 ? end : end + 1);
  }
  return address;
}

/// Appends the groups up to the end of `text`, a v4 tail among them.
bool parse_groups(std::string_view text, Groups& groups, std::size_t& count,
                  std::optional<std::size_t>& gap) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(':'), text.size());
    const std::string_view group = text.substr(0, end);
    if (group.find('.') != std::string_view::npos) {
      const auto tail = parse_v4(group);
      if (!tail || end != text.size() || count + 2 > groups.size()) return false;
      groups[count++] = static_cast<std::uint16_t>(*tail >> 16);
      groups[count++] = static_cast<std::uint16_t>(*tail & 0xffff);
      return true;
    }
    const auto value = parse_number(group, 16, 4);
    if (!value || count == groups.size()) return false;
    groups[count++] = static_cast<std::uint16_t>(*value);
    text.remove_prefix(end);
    if (text.starts_with("::")) {
      if (gap) return false;
      gap = count;
      text.remove_prefix(2);
    } else if (!text.empty()) {
      text.remove_prefix(1);
      if (text.empty()) return false;
    }
  }
  return true;
}

std::optional<Address> parse_v6(std::string_view text) {
  Groups groups{};
  std::size_t count = 0;
  std::optional<std::size_t> gap;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  if (!parse_groups(text, groups, count, gap)) return std::nullopt;
  if (gap ? count >= groups.size() : count != groups.size()) return std::nullopt;
  if (gap) {
    const auto from = groups.begin() + static_cast<std::ptrdiff_t>(*gap);
    std::rotate(from, groups.begin() + static_cast<std::ptrdiff_t>(count), groups.end());
  }
  Address address;
  for (std::size_t place = 0; place < groups.size(); ++place) {
    std::uint64_t& half = place < groups.size() / 2 ? address.high : address.low;
    half = half << 16 | groups[place];
  }
  return address;
}

/// Without regard to mapping.
std::optional<Address> parse_as_written(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return parse_v6(text);
  const auto v4 = parse_v4(text);
  if (!v4) return std::nullopt;
  return Address{.is_v4 = true, .low = *v4};
}

bool is_mapped(const Address& address) {
  return !address.is_v4 && address.high == 0 && address.low >> 32 == mapped_prefix;
}

Address unmapped(const Address& address) {
  return {.is_v4 = true, .low = address.low & 0xffff'ffffU};
}

/// The lowest `count` bits set, 0 to 64.
std::uint64_t low_bits(unsigned count) {
  return count >= 64 ? std::numeric_limits<std::uint64_t>::max()
                     : (std::uint64_t{1} << count) - 1;
}

/// The host bits of a network.
Address host_mask(bool is_v4, unsigned prefix) {
  const unsigned host = (is_v4 ? v4_bits : v6_bits) - prefix;
  return {.is_v4 = is_v4, .high = low_bits(host > 64 ? host - 64 : 0), .low = low_bits(host)};
}

std::string quoted_entry(std::string_view text) {
  constexpr std::size_t shown_max = 64;
  return "'" + std::string(text.substr(0, shown_max)) + (text.size() > shown_max ? "...'" : "'");
}

/// In any case.
schema::Provider provider_of(std::string_view name) {
  for (const schema::Provider provider : schema::EnumValuesProvider())
    if (provider != schema::Provider::none && equal_names(name, schema::EnumNameProvider(provider)))
      return provider;
  return schema::Provider::none;
}

std::uint32_t bit_of(schema::Provider provider) {
  return std::uint32_t{1} << static_cast<unsigned>(provider);
}

/// Number of ranges that begin at or before the address, where `first_of(n)` is the n-th's begin.
template <class FirstOf, class Value>
std::size_t count_not_after(std::size_t count, FirstOf first_of, const Value& value) {
  std::size_t begin = 0;
  while (count > 0) {
    const std::size_t half = count / 2;
    const bool before = !(value < first_of(begin + half));
    begin = before ? begin + half + 1 : begin;
    count = before ? count - half - 1 : half;
  }
  return begin;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  const auto address = parse_as_written(text);
  return address && is_mapped(*address) ? unmapped(*address) : address;
}

std::string text_of(const Address& address) {
  if (address.is_v4) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8)
      text += std::to_string(address.low >> shift & 0xff) + (shift > 0 ? "." : "");
    return text;
  }
  Groups groups;
  for (std::size_t place = 0; place < groups.size(); ++place)
    groups[place] = static_cast<std::uint16_t>(
        (place < 4 ? address.high : address.low) >> (48 - 16 * (place % 4)) & 0xffff);
  // RFC 5952: the first of the longest runs of two or more zero groups is left out.
  std::size_t gap = groups.size();
  std::size_t gap_length = 1;
  for (std::size_t place = 0; place < groups.size(); ++place) {
    std::size_t length = 0;
    while (place + length < groups.size() && groups[place + length] == 0) ++length;
    if (length > gap_length) {
      gap = place;
      gap_length = length;
    }
  }
  std::string text;
  for (std::size_t place = 0; place < groups.size(); ++place) {
    if (place == gap) {
      text += "::";
      place += gap_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    char digits[4];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), groups[place], 16).ptr;
    text.append(std::begin(digits), end);
  }
  return text;
}

std::expected<AddressRange, std::string> parse_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  auto address = parse_as_written(text.substr(0, slash));
  if (!address)
    return std::unexpected(quoted_entry(text) +
                           " is neither an IPv4 or IPv6 address nor a network in CIDR form.");
  const unsigned bits = address->is_v4 ? v4_bits : v6_bits;
  unsigned prefix = bits;
  if (slash != std::string_view::npos) {
    const auto given = parse_decimal(text.substr(slash + 1), bits);
    if (!given)
      return std::unexpected(quoted_entry(text) + " needs a prefix length from 0 to " +
                             std::to_string(bits) + " after the slash.");
    prefix = *given;
  }
  if (is_mapped(*address) && prefix >= mapped_bits) {
    address = unmapped(*address);
    prefix -= mapped_bits;
  }
  const Address mask = host_mask(address->is_v4, prefix);
  const Address first{
      .is_v4 = address->is_v4, .high = address->high & ~mask.high, .low = address->low & ~mask.low};
  if (first != *address)
    return std::unexpected(quoted_entry(text) + " has host bits set; the network is " +
                           text_of(first) + "/" + std::to_string(prefix) + ".");
  return AddressRange{first,
                      {.is_v4 = first.is_v4,
                       .high = first.is_v4 ? 0 : first.high | mask.high,
                       .low = first.low | mask.low}};
}

std::optional<Address> next_of(const Address& address) {
  Address next = address;
  if (++next.low == 0) ++next.high;
  const bool over = address.is_v4 ? next.low > 0xffff'ffffU : next.low == 0 && next.high == 0;
  return over ? std::nullopt : std::optional(next);
}

std::vector<AddressRange> merged(std::vector<AddressRange> ranges) {
  std::ranges::sort(ranges, {}, &AddressRange::first);
  std::vector<AddressRange> made;
  for (const AddressRange& range : ranges) {
    if (!made.empty() && made.back().last.is_v4 == range.first.is_v4) {
      AddressRange& before = made.back();
      const auto next = next_of(before.last);
      if (!next || range.first <= *next) {
        before.last = std::max(before.last, range.last);
        continue;
      }
    }
    made.push_back(range);
  }
  return made;
}

bool holds(const ProviderRanges& ranges, const Address& address) {
  if (address.is_v4) {
    const auto value = static_cast<std::uint32_t>(address.low);
    const auto& v4 = ranges.v4;
    const std::size_t count =
        count_not_after(v4.size() / 2, [&](std::size_t place) { return v4[2 * place]; }, value);
    return count > 0 && value <= v4[2 * count - 1];
  }
  using Halves = std::pair<std::uint64_t, std::uint64_t>;
  const Halves value{address.high, address.low};
  const auto& v6 = ranges.v6;
  const std::size_t count = count_not_after(
      v6.size() / 4,
      [&](std::size_t place) { return Halves{v6[4 * place], v6[4 * place + 1]}; }, value);
  return count > 0 && value <= Halves{v6[4 * count - 2], v6[4 * count - 1]};
}

std::expected<Networks, std::vector<std::string>> compile(const schema::Networks* list) {
  std::vector<std::string> entries;
  if (list != nullptr && list->entries() != nullptr)
    for (const flatbuffers::String* entry : *list->entries()) entries.push_back(entry->str());
  return compile(std::move(entries));
}

std::expected<Networks, std::vector<std::string>> compile(std::vector<std::string> entries) {
  if (entries.empty()) return Networks();
  std::vector<std::string> errors;
  if (entries.size() > network_entries_max) {
    errors.push_back("A list has at most " + std::to_string(network_entries_max) +
                     " networks, found " + std::to_string(entries.size()) + ".");
    return std::unexpected(std::move(errors));
  }
  auto made = std::make_shared<NetworkList>();
  for (std::string& text : entries) {
    if (const auto provider = provider_of(text); provider != schema::Provider::none) {
      made->providers |= bit_of(provider);
      text = schema::EnumNameProvider(provider);
    } else if (const auto range = parse_range(text)) {
      made->ranges.push_back(*range);
    } else if (text.find_first_of("./:") == std::string_view::npos) {
      errors.push_back(quoted_entry(text) +
                       " is neither a network nor a provider: AWS, GOOGLE, AZURE, CLOUDFLARE, "
                       "DIGITAL_OCEAN.");
    } else {
      errors.push_back(range.error());
    }
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  made->entries = std::move(entries);
  made->ranges = merged(std::move(made->ranges));
  return made;
}

std::unique_ptr<schema::NetworksT> as_schema(const Networks& list) {
  if (list == nullptr) return nullptr;
  auto made = std::make_unique<schema::NetworksT>();
  made->entries = list->entries;
  return made;
}

bool holds(const NetworkList& list, const Address& address, const Providers& providers) {
  const auto& ranges = list.ranges;
  const std::size_t count = count_not_after(
      ranges.size(), [&](std::size_t place) -> const Address& { return ranges[place].first; },
      address);
  if (count > 0 && address <= ranges[count - 1].last) return true;
  for (std::size_t number = 1; number < providers.size(); ++number)
    if ((list.providers >> number & 1U) != 0 && providers[number] != nullptr &&
        holds(*providers[number], address))
      return true;
  return false;
}

std::uint32_t unknown_providers(const NetworkList& list, const Providers& providers) {
  std::uint32_t unknown = list.providers;
  for (std::size_t number = 1; unknown != 0 && number < providers.size(); ++number)
    if (providers[number] != nullptr) unknown &= ~(std::uint32_t{1} << number);
  return unknown;
}

std::string names_of_providers(std::uint32_t bits) {
  std::string names;
  for (const schema::Provider provider : schema::EnumValuesProvider())
    if (provider != schema::Provider::none && (bits & bit_of(provider)) != 0)
      names.append(names.empty() ? "" : ", ").append(schema::EnumNameProvider(provider));
  return names;
}

std::string entry_that_holds(const NetworkList& list, const Address& address,
                             const Providers& providers) {
  for (const std::string& entry : list.entries) {
    if (const auto provider = provider_of(entry); provider != schema::Provider::none) {
      const auto& ranges = providers[static_cast<std::size_t>(provider)];
      if (ranges != nullptr && holds(*ranges, address)) return entry;
    } else if (const auto range = parse_range(entry);
               range && range->first <= address && address <= range->last) {
      return entry;
    }
  }
  return {};
}

}  // namespace postern::domain
