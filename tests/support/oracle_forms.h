// What texts must look like, said once more for the oracle: plain loops over characters, and the
// system's own reading of addresses.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "command_generated.h"

namespace postern::support::forms {

std::string text_of(const schema::Uuid& id);
std::string lower(const std::string& text);
std::vector<std::string> split(const std::string& path);

bool is_text(const std::string& text);
bool is_alias(const std::string& text);
bool is_username(const std::string& text);
/// `[a-z0-9][a-z0-9._-]*` of 1 to `most` characters.
bool is_name(const std::string& text, std::size_t most);
bool is_path(const std::string& text);
/// With up to four `*` after the kind.
bool is_pattern(const std::string& text);

/// Whether the first segments of `longer` are those of `shorter`, where `*` is any.
bool begins_with(const std::vector<std::string>& longer, const std::vector<std::string>& shorter);

struct Address {
  bool readable = false;
  bool v4 = false;
  std::array<std::uint8_t, 16> bytes{};
};
/// An IPv4-mapped one is IPv4.
Address address(const std::string& text);

struct Network {
  bool readable = false;
  Address base;
  unsigned bits = 0;
};
Network network(const std::string& text);
bool holds(const Network& network, const Address& address);

schema::Provider provider(std::string name);
/// Every entry is a provider or a network.
bool are_networks(const schema::NetworksT* list);
/// It is there, and has none.
bool is_empty_list(const schema::NetworksT* list);

/// How a native message says: there, and empty.
inline const std::string cleared = "\x7f";

/// Whether a text of four letters or more stands in another, in any case (C1).
bool has(const std::string& text, const std::string& part);
/// C12: none, or one alone of a kind that is taken.
bool hash_fits(const schema::CreateUserT& body);

}  // namespace postern::support::forms
