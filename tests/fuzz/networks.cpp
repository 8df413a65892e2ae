// Addresses and networks as text (N1, N6): what is read is written and read again the same, and a
// compiled list holds what its entries hold one by one. The text: one entry a line; each is tried
// as an address too, and asked of the list.
#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "daemon/domain/entries.h"
#include "daemon/domain/network.h"
#include "daemon/platform/require.h"
#include "tests/fuzz/target.h"

namespace {

using namespace postern;
using domain::Address;

/// What the system's own reader says, which is as strict but for the mapped form.
void compare_with_system(const std::string& text, const std::optional<Address>& address) {
  in_addr v4{};
  in6_addr v6{};
  const bool has_nul = text.find('\0') != std::string::npos;
  const bool is_v4 = !has_nul && ::inet_pton(AF_INET, text.c_str(), &v4) == 1;
  const bool is_v6 = !has_nul && ::inet_pton(AF_INET6, text.c_str(), &v6) == 1;
  require(address.has_value() == (is_v4 || is_v6));
  if (is_v4) require(address->is_v4 && address->low == ntohl(v4.s_addr) && address->high == 0);
  if (!is_v6) return;
  std::uint64_t halves[2];
  std::memcpy(halves, &v6, sizeof(halves));
  const std::uint64_t high = be64toh(halves[0]);
  const std::uint64_t low = be64toh(halves[1]);
  const bool is_mapped = high == 0 && low >> 32 == 0xffff;
  require(address->is_v4 == is_mapped);
  require(address->low == (is_mapped ? low & 0xffff'ffffU : low) && address->high == high);
}

void round_trip(const Address& address) {
  const std::string text = domain::text_of(address);
  require(domain::parse_address(text) == address);
  const auto range = domain::parse_range(text);
  require(range && range->first == address && range->last == address);
}

bool lies_in(const Address& address, const domain::AddressRange& range) {
  return address.is_v4 == range.first.is_v4 && range.first <= address && address <= range.last;
}

void compare_list(const std::vector<std::string>& entries, const std::vector<Address>& asked) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateNetworks(builder, builder.CreateVectorOfStrings(entries)));
  const auto compiled =
      domain::compile(flatbuffers::GetRoot<schema::Networks>(builder.GetBufferPointer()));
  if (!compiled) {
    for (const std::string& sentence : compiled.error()) require(!sentence.empty());
    return;
  }
  if (*compiled == nullptr) return;
  domain::NetworkList list = **compiled;
  // As they are written, but for the case of a provider's name.
  const auto kept = domain::as_schema(*compiled)->entries;
  require(std::ranges::equal(kept, entries, domain::equal_names));
  const auto again = domain::compile(kept);
  require(again && (*again)->entries == kept);
  for (std::size_t place = 1; place < list.ranges.size(); ++place)
    require(list.ranges[place - 1].last < list.ranges[place].first);
#ifdef POSTERN_FUZZ_CANARY
  list.ranges.clear();
  for (const std::string& entry : entries)
    if (const auto range = domain::parse_range(entry)) list.ranges.push_back(*range);
#endif
  for (const Address& address : asked) {
    const bool naive = std::ranges::any_of(entries, [&](const std::string& entry) {
      const auto range = domain::parse_range(entry);
      return range && lies_in(address, *range);
    });
    require(domain::holds(list, address, {}) == naive);
    require(domain::entry_that_holds(list, address, {}).empty() != naive);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t entries_max = 64;
  std::vector<std::string> entries;
  std::string line;
  for (const char character : fuzz::text_of(data, size)) {
    if (character != '\n') {
      line += character;
    } else if (entries.size() < entries_max) {
      entries.push_back(std::exchange(line, {}));
    }
  }
  entries.push_back(line);
  std::vector<std::string> good;
  std::vector<Address> asked;
  for (const std::string& entry : entries) {
    const auto address = domain::parse_address(entry);
    compare_with_system(entry, address);
    if (address) round_trip(*address);
    if (address) asked.push_back(*address);
    const auto range = domain::parse_range(entry);
    if (range) {
      require(range->first <= range->last && range->first.is_v4 == range->last.is_v4);
      asked.push_back(range->first);
      asked.push_back(range->last);
      good.push_back(entry);
    } else {
      require(!range.error().empty());
    }
  }
  compare_list(entries, asked);
  compare_list(good, asked);
  return 0;
}
