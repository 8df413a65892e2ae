#include "daemon/config.h"

#include <arpa/inet.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>

#include "daemon/platform/files.h"

namespace postern {

namespace {

using Problems = std::vector<std::string>;

/// One key: takes a node into the config, or says what it must be.
struct Key {
  std::string_view table;
  std::string_view name;
  std::string_view must_be;
  std::function<bool(const toml::node&, Config&)> take;
};

template <class Number>
auto number(Number Config::*member, std::int64_t low, std::int64_t high) {
  return [=](const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < low || *value > high) return false;
    config.*member = static_cast<Number>(*value);
    return true;
  };
}

auto cost(std::uint32_t credential::PasswordCost::*member, std::int64_t low, std::int64_t high) {
  return [=](const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < low || *value > high) return false;
    config.cost.*member = static_cast<std::uint32_t>(*value);
    return true;
  };
}

template <std::string Config::*field>
bool take_address(const toml::node& node, Config& config) {
  const auto value = node.value_exact<std::string>();
  std::uint8_t parsed[sizeof(in6_addr)];
  if (!value || (inet_pton(AF_INET, value->c_str(), parsed) != 1 &&
                 inet_pton(AF_INET6, value->c_str(), parsed) != 1))
    return false;
  config.*field = *value;
  return true;
}

/// The system bounds the path of a socket, and TOML what is told of it.
bool take_ipc_path(const toml::node& node, Config& config) {
  constexpr std::size_t bytes_max = 98;
  const auto value = node.value_exact<std::string>();
  if (!value || !value->starts_with('/') || value->size() > bytes_max ||
      printable(*value, bytes_max) != *value)
    return false;
  config.ipc_path = *value;
  return true;
}

bool take_ipc_group(const toml::node& node, Config& config) {
  constexpr std::size_t name_bytes_max = 32;
  const auto is_of_a_name = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '-' || letter == '.';
  };
  const auto value = node.value_exact<std::string>();
  if (!value || value->empty() || value->size() > name_bytes_max ||
      !std::ranges::all_of(*value, is_of_a_name))
    return false;
  config.ipc_group = *value;
  return true;
}

bool take_ipc_mode(const toml::node& node, Config& config) {
  struct Mode {
    std::string_view text;
    unsigned bits;
  };
  constexpr Mode modes[] = {{"0600", 0600}, {"0660", 0660}, {"0666", 0666}};
  const auto value = node.value_exact<std::string>();
  if (!value) return false;
  const auto mode = std::ranges::find(modes, std::string_view(*value), &Mode::text);
  if (mode == std::end(modes)) return false;
  config.ipc_mode = mode->bits;
  return true;
}

template <bool Config::*field>
bool take_switch(const toml::node& node, Config& config) {
  const auto value = node.value_exact<bool>();
  config.*field = value.value_or(config.*field);
  return value.has_value();
}

bool take_anchor(const toml::node& node, Config& config) {
  using journal::AnchorPolicy;
  const auto value = node.value_exact<std::string>();
  if (value == "soon")
    config.anchor = AnchorPolicy::soon;
  else if (value == "before_acknowledgement")
    config.anchor = AnchorPolicy::before_acknowledgement;
  else if (value == "off")
    config.anchor = AnchorPolicy::off;
  else
    return false;
  return true;
}

bool take_level(const toml::node& node, Config& config) {
  constexpr std::string_view levels[] = {"error", "warning", "info", "debug"};
  const auto value = node.value_exact<std::string>();
  if (!value || std::ranges::find(levels, *value) == std::end(levels)) return false;
  config.level = *value;
  return true;
}

std::span<const Key> keys() {
  static const std::vector<Key> table = {
      {"sockets", "address", "an IPv4 or IPv6 address", take_address<&Config::address>},
      {"sockets", "port_base", "a number from 1 to 65530", number(&Config::port_base, 1, 65'530)},
      {"sockets", "ipc", "true or false", take_switch<&Config::ipc>},
      {"sockets", "ipc_path", "an absolute path of at most 98 ASCII characters", take_ipc_path},
      {"sockets", "ipc_group", "the name of a group", take_ipc_group},
      {"sockets", "ipc_mode", "\"0600\", \"0660\" or \"0666\"", take_ipc_mode},
      {"sockets", "metrics", "true or false", take_switch<&Config::metrics>},
      {"sockets", "metrics_address", "an IPv4 or IPv6 address",
       take_address<&Config::metrics_address>},
      {"passwords", "memory_kib", "a number from 8 to 4194304",
       cost(&credential::PasswordCost::memory_kib, 8, 4'194'304)},
      {"passwords", "passes", "a number from 1 to 64",
       cost(&credential::PasswordCost::passes, 1, 64)},
      {"passwords", "threads", "a number from 1 to 64", number(&Config::hash_threads, 1, 64)},
      {"passwords", "waiting_max", "a number from 1 to 1000000",
       number(&Config::waiting_max, 1, 1'000'000)},
      {"passwords", "refusal_step_ms", "a number from 1 to 1000",
       number(&Config::refusal_step_ms, 1, 1'000)},
      {"journal", "anchor", "\"soon\", \"before_acknowledgement\" or \"off\"", take_anchor},
      {"journal", "disk_floor_mib", "a number from 1 to 1048576",
       number(&Config::disk_floor_mib, 1, 1'048'576)},
      {"journal", "disk_reserve_mib", "a number from 1 to 1048576",
       number(&Config::disk_reserve_mib, 1, 1'048'576)},
      {"commands", "id_window_hours", "a number from 1 to 168",
       number(&Config::id_window_hours, 1, 168)},
      {"commands", "group_max", "a number from 1 to 10000", number(&Config::group_max, 1, 10'000)},
      {"calls", "ring_mib", "a number from 2 to 1048576", number(&Config::ring_mib, 2, 1'048'576)},
      {"calls", "file_mib", "a number from 1 to 1024", number(&Config::file_mib, 1, 1'024)},
      {"networks", "ranges_days_max", "a number from 8 to 3650",
       number(&Config::ranges_days_max, 8, 3'650)},
      {"log", "level", "\"error\", \"warning\", \"info\" or \"debug\"", take_level},
  };
  return table;
}

std::string at(std::string_view name, const toml::node& node) {
  return std::string(name) + ":" + std::to_string(node.source().begin.line) + ": ";
}

void take_key(std::string_view name, std::string_view table, std::string_view key,
              const toml::node& node, Config& config, Problems& problems) {
  const auto known = std::ranges::find_if(
      keys(), [&](const Key& row) { return row.table == table && row.name == key; });
  const std::string path = std::string(table) + "." + printable(key);
  if (known == keys().end())
    problems.push_back(at(name, node) + path + " is no setting");
  else if (!known->take(node, config))
    problems.push_back(at(name, node) + path + " must be " + std::string(known->must_be));
}

/// What each setting alone does not show.
void check_together(std::string_view name, const Config& config, Problems& problems) {
  const auto wrong = [&](const char* sentence) {
    problems.push_back(std::string(name) + ": " + sentence);
  };
  if (config.ring_mib < 2 * config.file_mib)
    wrong("calls.ring_mib must be at least twice file_mib");
  if (config.ipc_mode != 0600 && config.ipc_path.empty())
    wrong(
        "sockets.ipc_mode lets others in, who cannot enter the data folder: name another by "
        "sockets.ipc_path, as \"/run/postern\"");
  if (!config.ipc_group.empty() && config.ipc_mode == 0600)
    wrong("sockets.ipc_group lets nobody in while sockets.ipc_mode is \"0600\": make it \"0660\"");
}

std::string joined(const Problems& problems) {
  std::string text;
  for (const std::string& problem : problems) text += (text.empty() ? "" : "\n") + problem;
  return text;
}

}  // namespace

Expected<Config> parse_config(std::string_view text, std::string_view name) {
  constexpr const char* remedy = "See packaging/postern.toml for every setting with its meaning.";
  toml::table parsed;
  try {
    parsed = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return std::unexpected(Failure{FailureKind::configuration,
                                   std::string(name) + ":" +
                                       std::to_string(error.source().begin.line) + ": " +
                                       printable(error.description(), 200),
                                   remedy});
  }
  Config config;
  Problems problems;
  for (const auto& [table, node] : parsed) {
    const bool known =
        std::ranges::any_of(keys(), [&](const Key& row) { return row.table == table.str(); });
    if (!known || !node.is_table())
      problems.push_back(at(name, node) + printable(table.str()) + " is no table of settings");
    else
      for (const auto& [key, value] : *node.as_table())
        take_key(name, table.str(), key.str(), value, config, problems);
  }
  if (problems.empty()) check_together(name, config, problems);
  if (problems.empty()) return config;
  return std::unexpected(Failure{FailureKind::configuration, joined(problems), remedy});
}

Expected<Config> read_config(const std::filesystem::path& file) {
  const auto bytes = platform::read_file(file);
  if (!bytes) return std::unexpected(bytes.error());
  return parse_config({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, file.string());
}

}  // namespace postern
