// Addresses against lists that name every provider (N3): in this process, on generated ranges, as
// many as the providers' files of July 2025 have after merging.
#include <chrono>
#include <random>

#include "daemon/domain/network.h"
#include "tools/bench/figures.h"
#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

struct Size {
  schema::Provider provider;
  std::size_t v4;
  std::size_t v6;
};

constexpr Size sizes_published[] = {{schema::Provider::AWS, 830, 1'589},
                                    {schema::Provider::GOOGLE, 132, 12},
                                    {schema::Provider::AZURE, 793, 829},
                                    {schema::Provider::CLOUDFLARE, 14, 7},
                                    {schema::Provider::DIGITAL_OCEAN, 96, 36}};
constexpr std::size_t lookups_timed = 1'000;

/// Ranges of 256 addresses, one in each of as many equal parts of the family.
domain::ProviderRanges generate(const Size& size, std::mt19937_64& random) {
  domain::ProviderRanges ranges;
  ranges.provider = size.provider;
  const std::uint64_t part_v4 = (std::uint64_t{1} << 32U) / size.v4;
  for (std::size_t place = 0; place < size.v4; ++place) {
    const std::uint64_t first = place * part_v4 + random() % (part_v4 - 257);
    ranges.v4.push_back(static_cast<std::uint32_t>(first));
    ranges.v4.push_back(static_cast<std::uint32_t>(first + 255));
  }
  const std::uint64_t part_v6 = ~std::uint64_t{0} / size.v6;
  for (std::size_t place = 0; place < size.v6; ++place) {
    const std::uint64_t high = place * part_v6 + random() % (part_v6 - 1);
    ranges.v6.insert(ranges.v6.end(), {high, 0, high, ~std::uint64_t{0}});
  }
  return ranges;
}

std::size_t bytes_of(const domain::ProviderRanges& ranges) {
  return sizeof ranges + ranges.v4.capacity() * sizeof ranges.v4[0] +
         ranges.v6.capacity() * sizeof ranges.v6[0];
}

/// Every second one in some provider's range, every second one of IPv6.
std::vector<domain::Address> draw_addresses(const domain::Providers& providers,
                                            std::mt19937_64& random) {
  std::vector<domain::Address> addresses;
  for (std::size_t place = 0; place < lookups_timed; ++place) {
    const bool is_v4 = place % 2 == 0;
    const bool inside = place % 4 < 2;
    const auto& ranges = *providers[1 + random() % std::size(sizes_published)];
    const std::size_t range = random() % (is_v4 ? ranges.v4.size() / 2 : ranges.v6.size() / 4);
    if (is_v4)
      addresses.push_back(
          {.is_v4 = true,
           .low = inside ? ranges.v4[2 * range] + random() % 256 : random() & 0xffff'ffffU});
    else
      addresses.push_back({.high = inside ? ranges.v6[4 * range] : random(), .low = random()});
  }
  return addresses;
}

}  // namespace

void measure_networks(Bench& bench, const DaemonProcess&) {
  std::mt19937_64 random(20'250'724);
  domain::Providers providers;
  domain::NetworkList list;
  std::size_t bytes = 0;
  std::size_t ranges = 0;
  for (const Size& size : sizes_published) {
    auto made = domain::make_counted<domain::ProviderRanges>(generate(size, random));
    bytes += bytes_of(*made);
    ranges += size.v4 + size.v6;
    list.providers |= std::uint32_t{1} << static_cast<unsigned>(size.provider);
    providers[static_cast<std::size_t>(size.provider)] = std::move(made);
  }
  const auto addresses = draw_addresses(providers, random);
  std::vector<double> per_lookup;
  std::size_t held = 0;
  for (int round = 0; round < 200; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (const domain::Address& address : addresses)
      held += domain::holds(list, address, providers);
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
    per_lookup.push_back(time.count() / static_cast<double>(addresses.size()));
  }
  if (held < 100 * lookups_timed)
    fail(exit_codes::wrong_answer, "an address of a provider was not found in its ranges");
  bench.report.add({.name = "provider_ranges_bytes",
                    .unit = "B",
                    .value = static_cast<double>(bytes),
                    .details = {{"providers", 5}, {"ranges", static_cast<double>(ranges)}}});
  bench.report.add({.name = "address_lookup_ns",
                    .unit = "ns",
                    .value = median(per_lookup),
                    .details = {{"providers_asked", 5}, {"p99", percentile(per_lookup, 0.99)}}});
}

}  // namespace postern::bench
