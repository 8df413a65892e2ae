#include "tests/support/oracle_forms.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace postern::support::forms {

namespace {

const std::string small = "abcdefghijklmnopqrstuvwxyz";
const std::string large = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const std::string digits = "0123456789";

bool only(const std::string& text, const std::string& allowed) {
  return text.find_first_not_of(allowed) == std::string::npos;
}

bool has_form(const std::string& text, std::size_t stars) {
  const std::vector<std::string> segments = split(text);
  if (text.size() > 512 || segments.size() > 16 || segments.front() == "*") return false;
  for (const std::string& segment : segments)
    if (segment != "*" && !is_name(segment, 64)) return false;
  return static_cast<std::size_t>(std::ranges::count(segments, "*")) <= stars;
}

}  // namespace

std::string text_of(const schema::Uuid& id) {
  return std::to_string(id.high()) + "-" + std::to_string(id.low());
}

std::string lower(const std::string& text) {
  std::string made;
  for (const char character : text) {
    const std::size_t place = large.find(character);
    made += place == std::string::npos ? character : small[place];
  }
  return made;
}

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> segments(1);
  for (const char character : path) {
    if (character == '/')
      segments.emplace_back();
    else
      segments.back() += character;
  }
  return segments;
}

bool is_text(const std::string& text) {
  for (std::size_t place = 0; place < text.size();) {
    const auto byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const unsigned lead = byte(place);
    const std::size_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4) return false;
    unsigned value = more == 0 ? lead : lead & (0x3fU >> more);
    for (std::size_t next = 1; next <= more; ++next) {
      if ((byte(place + next) & 0xc0U) != 0x80U) return false;
      value = value * 64 + (byte(place + next) & 0x3fU);
    }
    if ((more == 2 && value < 0x800) || (more == 3 && value < 0x10000) || value > 0x10ffff)
      return false;
    if (value < 0x20 || (value >= 0x7f && value <= 0x9f)) return false;
    if (value >= 0xd800 && value <= 0xdfff) return false;
    place += more + 1;
  }
  return true;
}

bool is_alias(const std::string& text) {
  return !text.empty() && text.size() <= 63 && only(text, small + digits + "-") && text[0] != '-';
}

bool is_username(const std::string& text) {
  return !text.empty() && text.size() <= 128 && only(text, small + large + digits + "._@+-");
}

bool is_name(const std::string& text, std::size_t most) {
  return !text.empty() && text.size() <= most && only(text, small + digits + "._-") &&
         only(text.substr(0, 1), small + digits);
}

bool is_path(const std::string& text) { return has_form(text, 0); }

bool is_pattern(const std::string& text) { return has_form(text, 4); }

bool begins_with(const std::vector<std::string>& longer, const std::vector<std::string>& shorter) {
  if (longer.size() < shorter.size()) return false;
  for (std::size_t place = 0; place < shorter.size(); ++place)
    if (shorter[place] != longer[place] && shorter[place] != "*" && longer[place] != "*")
      return false;
  return true;
}

Address address(const std::string& text) {
  Address made;
  std::uint8_t four[4];
  if (inet_pton(AF_INET, text.c_str(), four) == 1) {
    made.readable = made.v4 = true;
    made.bytes[10] = made.bytes[11] = 0xff;
    std::memcpy(&made.bytes[12], four, sizeof four);
  } else if (inet_pton(AF_INET6, text.c_str(), made.bytes.data()) == 1) {
    made.readable = true;
    const std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    made.v4 = std::equal(mapped.begin(), mapped.end(), made.bytes.begin());
  }
  return made;
}

Network network(const std::string& text) {
  const std::size_t slash = text.find('/');
  Network made;
  made.base = address(text.substr(0, slash));
  if (!made.base.readable) return made;
  const bool written_v4 = text.substr(0, slash).find(':') == std::string::npos;
  made.bits = 128;
  if (slash != std::string::npos) {
    const std::string length = text.substr(slash + 1);
    if (length.empty() || length.size() > 3 || !only(length, digits)) return made;
    if (length.size() > 1 && length[0] == '0') return made;
    made.bits = static_cast<unsigned>(std::stoul(length)) + (written_v4 ? 96 : 0);
    if (made.bits > 128) return made;
  }
  for (unsigned bit = made.bits; bit < 128; ++bit)
    if ((made.base.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return made;
  // A network wider than all mapped addresses is one of IPv6.
  if (made.bits < 96) made.base.v4 = false;
  made.readable = true;
  return made;
}

bool holds(const Network& network, const Address& address) {
  if (!network.readable || !address.readable || network.base.v4 != address.v4) return false;
  for (unsigned bit = 0; bit < network.bits; ++bit) {
    const unsigned shift = 7 - bit % 8;
    if ((network.base.bytes[bit / 8] >> shift & 1) != (address.bytes[bit / 8] >> shift & 1))
      return false;
  }
  return true;
}

schema::Provider provider(std::string name) {
  for (char& letter : name)
    if ('a' <= letter && letter <= 'z') letter = static_cast<char>(letter - 32);
  if (name == "AWS") return schema::Provider::AWS;
  if (name == "GOOGLE") return schema::Provider::GOOGLE;
  if (name == "AZURE") return schema::Provider::AZURE;
  if (name == "CLOUDFLARE") return schema::Provider::CLOUDFLARE;
  if (name == "DIGITAL_OCEAN") return schema::Provider::DIGITAL_OCEAN;
  return schema::Provider::none;
}

bool are_networks(const schema::NetworksT* list) {
  if (list == nullptr) return true;
  if (list->entries.size() > 1'000) return false;
  return std::ranges::all_of(list->entries, [](const std::string& entry) {
    return provider(entry) != schema::Provider::none || network(entry).readable;
  });
}

bool is_empty_list(const schema::NetworksT* list) {
  return list != nullptr && list->entries.empty();
}

bool has(const std::string& text, const std::string& part) {
  return part.size() >= 4 && lower(text).find(lower(part)) != std::string::npos;
}

bool hash_fits(const schema::CreateUserT& body) {
  const std::string& hash = body.password_hash;
  const bool is_taken = hash == "$6$salt$taken" || hash == "$2y$05$taken-too";
  return hash.empty() || (is_taken && body.password.empty());
}

}  // namespace postern::support::forms
