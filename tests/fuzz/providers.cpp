// The files in which providers publish their ranges (N3): refused with sentences, or exactly what a
// second reading finds in them. The text: a provider's name, then its files, each behind a line
// `---`.
#include "tools/cli/provider_file.h"

#include <arpa/inet.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <charconv>
#include <string>
#include <vector>

#include "daemon/platform/require.h"
#include "tests/fuzz/target.h"

namespace {

using namespace postern;
using schema::Provider;

using Address = std::array<std::uint8_t, 16>;

/// Of one family; IPv4 in its mapped form.
struct Range {
  Address first{};
  Address last{};
  auto operator<=>(const Range&) const = default;
};

constexpr unsigned mapped_bits = 96;

bool is_mapped(const Address& address) {
  return std::all_of(address.begin(), address.begin() + 10, [](auto byte) { return byte == 0; }) &&
         address[10] == 0xff && address[11] == 0xff;
}

/// By the system's reader; what must hold of every network that was taken is asserted.
Range range_of(const std::string& text) {
  const std::size_t slash = text.find('/');
  require(slash != text.npos);
  const std::string host = text.substr(0, slash);
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(&text[slash] + 1, text.data() + text.size(), prefix);
  require(error == std::errc() && end == text.data() + text.size());
  Range range;
  if (::inet_pton(AF_INET, host.c_str(), range.first.data() + 12) == 1) {
    range.first[10] = range.first[11] = 0xff;
    prefix += mapped_bits;
  } else {
    require(::inet_pton(AF_INET6, host.c_str(), range.first.data()) == 1);
  }
  require(prefix <= 128 && prefix >= (is_mapped(range.first) ? mapped_bits + 8 : 16));
  range.last = range.first;
  for (unsigned bit = prefix; bit < 128; ++bit) {
    const auto one = static_cast<std::uint8_t>(0x80U >> bit % 8);
    require((range.first[bit / 8] & one) == 0);
    range.last[bit / 8] |= one;
  }
  return range;
}

/// All texts of a document with the way to them: "prefixes[].ip_prefix".
template <class Visitor>
void visit_texts(const boost::json::value& value, const std::string& way, Visitor& visit) {
  if (const auto* text = value.if_string()) visit(way, std::string(std::string_view(*text)));
  if (const auto* list = value.if_array())
    for (const auto& part : *list) visit_texts(part, way + "[]", visit);
  if (const auto* object = value.if_object())
    for (const auto& [name, part] : *object)
      visit_texts(part, way + (way.empty() ? "" : ".") + std::string(name), visit);
}

std::vector<std::string> ways_of(Provider provider) {
  if (provider == Provider::AWS) return {"prefixes[].ip_prefix", "ipv6_prefixes[].ipv6_prefix"};
  if (provider == Provider::GOOGLE) return {"prefixes[].ipv4Prefix", "prefixes[].ipv6Prefix"};
  if (provider == Provider::AZURE) return {"values[].properties.addressPrefixes[]"};
  return {};
}

std::vector<Range> ranges_in(Provider provider, const std::string& file) {
  std::vector<Range> ranges;
  const auto ways = ways_of(provider);
  if (!ways.empty()) {
    const auto visit = [&](const std::string& way, const std::string& text) {
      if (std::ranges::find(ways, way) != ways.end()) ranges.push_back(range_of(text));
    };
    visit_texts(boost::json::parse(file), "", visit);
    return ranges;
  }
  auto lines = fuzz::split(file, '\n');
  if (lines.back().empty()) lines.pop_back();
  for (std::string& line : lines) {
    if (line.ends_with('\r')) line.pop_back();
    const auto columns = fuzz::split(line, ',');
    require(columns.size() == (provider == Provider::DIGITAL_OCEAN ? 5 : 1));
    ranges.push_back(range_of(columns[0]));
  }
  return ranges;
}

/// The address behind; the first of all behind the last.
Address next_of(Address address) {
  for (std::size_t place = address.size(); place > 0 && ++address[place - 1] == 0; --place) {
  }
  return address;
}

std::vector<Range> merged(std::vector<Range> ranges) {
  std::ranges::sort(ranges);
  std::vector<Range> merged;
  for (const Range& range : ranges) {
    const bool touches =
        !merged.empty() && is_mapped(merged.back().first) == is_mapped(range.first) &&
        (range.first <= merged.back().last || range.first == next_of(merged.back().last));
    if (touches) merged.back().last = std::max(merged.back().last, range.last);
    else merged.push_back(range);
  }
  return merged;
}

void put(Address& address, std::size_t end, std::uint64_t number, std::size_t bytes) {
  for (std::size_t byte = 0; byte < bytes; ++byte, number >>= 8)
    address[end - 1 - byte] = static_cast<std::uint8_t>(number);
}

std::vector<Range> ranges_of(const schema::ImportRangesT& body) {
  require(body.v4.size() % 2 == 0 && body.v6.size() % 4 == 0);
  std::vector<Range> ranges;
  for (std::size_t place = 0; place < body.v4.size(); place += 2) {
    Range& range = ranges.emplace_back();
    for (Address* end : {&range.first, &range.last}) (*end)[10] = (*end)[11] = 0xff;
    put(range.first, 16, body.v4[place], 4);
    put(range.last, 16, body.v4[place + 1], 4);
    require(place == 0 || body.v4[place] > body.v4[place - 1]);
  }
  for (std::size_t place = 0; place < body.v6.size(); place += 4) {
    Range& range = ranges.emplace_back();
    for (const std::size_t half : {0U, 1U}) {
      put(range.first, 8 + 8 * half, body.v6[place + half], 8);
      put(range.last, 8 + 8 * half, body.v6[place + 2 + half], 8);
    }
    require(place == 0 || range.first > ranges[ranges.size() - 2].last);
  }
  std::ranges::sort(ranges);
  return ranges;
}

void check_errors(const std::vector<std::string>& errors) {
  require(!errors.empty() && errors.size() <= 11);
  for (const std::string& error : errors) {
    require(error.ends_with('.'));
    require(std::ranges::none_of(error, [](unsigned char character) {
      return character < ' ' || character == 0x7f;
    }));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t files_max = 4;
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const Provider provider = cli::provider_named(std::string(text.substr(0, line)));
  if (provider == Provider::none) return 0;
  std::vector<cli::ProviderFile> files;
  std::string_view rest = text.substr(std::min(line + 1, text.size()));
  while (files.size() < files_max) {
    constexpr std::string_view border = "---\n";
    const std::size_t end = std::min(rest.find(border), rest.size());
    files.push_back({"file-" + std::to_string(files.size()), std::string(rest.substr(0, end))});
    if (end == rest.size()) break;
    rest.remove_prefix(end + border.size());
  }
  const auto read = cli::read_provider_files(provider, files);
  if (!read) {
    check_errors(read.error());
    return 0;
  }
  std::vector<Range> naive;
  std::string whole;
  for (const cli::ProviderFile& file : files) {
    std::ranges::copy(ranges_in(provider, file.text), std::back_inserter(naive));
    whole += file.text;
  }
  require(!naive.empty() && ranges_of(*read) == merged(std::move(naive)));
  require(read->provider == provider && read->source_name.starts_with("file-0"));
  std::vector<std::uint8_t> hash(crypto_hash_sha256_BYTES);
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(whole.data()),
                     whole.size());
  require(read->source_sha256 == hash);
  return 0;
}
