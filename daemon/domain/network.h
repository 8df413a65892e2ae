// Addresses and the lists that hold them (N1 to N6). Pure values; compiled once, asked by binary
// search.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common_generated.h"
#include "daemon/domain/ref_counted.h"

namespace postern::domain {

/// An IPv4-mapped IPv6 address is IPv4 (N6).
struct Address {
  bool is_v4 = false;
  /// IPv4: the low 32 bits of `low`.
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend auto operator<=>(const Address&, const Address&) = default;
};

/// Absent where the text is no address.
std::optional<Address> parse_address(std::string_view text);
std::string text_of(const Address& address);

/// First and last address, of one family.
struct AddressRange {
  Address first;
  Address last;
};

/// The address one above; absent for the last of its family.
std::optional<Address> next_of(const Address& address);

/// Ascending, neither overlapping nor touching; IPv6 before IPv4.
std::vector<AddressRange> merged(std::vector<AddressRange> ranges);

/// A CIDR, or an address alone; its host bits must be zero. The error is a sentence.
std::expected<AddressRange, std::string> parse_range(std::string_view text);

/// What a provider publishes (N3), ascending, neither overlapping nor touching.
struct ProviderRanges : RefCounted<ProviderRanges> {
  schema::Provider provider = schema::Provider::none;
  std::string source_name;
  std::vector<std::uint8_t> source_sha256;
  std::int64_t source_time_ns = 0;
  std::uint64_t imported_seq = 0;
  /// When that record was made. In no canonical form; a snapshot keeps it beside.
  std::int64_t imported_ns = 0;
  /// First and last in turn.
  std::vector<std::uint32_t> v4;
  /// The same, each address as its upper and lower half.
  std::vector<std::uint64_t> v6;
};

inline constexpr std::size_t provider_count = static_cast<std::size_t>(schema::Provider::MAX) + 1;

/// By the provider's number; null: never imported, which holds no address.
using Providers = std::array<boost::intrusive_ptr<const ProviderRanges>, provider_count>;

bool holds(const ProviderRanges& ranges, const Address& address);

/// One list of allowed networks, compiled.
struct NetworkList {
  /// As they were given: CIDRs, addresses; providers by their names in the schema.
  std::vector<std::string> entries;
  /// Ascending, merged.
  std::vector<AddressRange> ranges;
  /// Bit n: the provider with number n.
  std::uint32_t providers = 0;
};

/// Null: no restriction.
using Networks = std::shared_ptr<const NetworkList>;

inline constexpr std::size_t network_entries_max = 1'000;

/// Null where there are no entries. The error lists a sentence for each bad entry.
std::expected<Networks, std::vector<std::string>> compile(const schema::Networks* list);
std::expected<Networks, std::vector<std::string>> compile(std::vector<std::string> entries);

/// Null where there are none; for what was checked before.
std::unique_ptr<schema::NetworksT> as_schema(const Networks& list);

bool holds(const NetworkList& list, const Address& address, const Providers& providers);

/// Those the list names of whom no ranges are known; a bit each, as in the list.
std::uint32_t unknown_providers(const NetworkList& list, const Providers& providers);

/// Their names, with commas between.
std::string names_of_providers(std::uint32_t bits);

/// The entry that holds the address, for an explanation; empty: none does.
std::string entry_that_holds(const NetworkList& list, const Address& address,
                             const Providers& providers);

}  // namespace postern::domain
