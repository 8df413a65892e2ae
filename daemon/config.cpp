#include "daemon/config.h"

#include <arpa/inet.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>

#include "daemon/platform/files.h"
#include "schema/nearest_name.h"

namespace postern {

namespace {

struct Problem {
  /// 0: of the file as a whole.
  unsigned line = 0;
  std::string sentence;
};
using Problems = std::vector<Problem>;

/// How the value of one key is read, written, and taken over.
struct Form {
  /// False: it is no such value.
  std::function<bool(const toml::node&, Config&)> take;
  /// As TOML.
  std::function<std::string(const Config&)> show;
  std::function<void(const Config& from, Config& to)> copy;
};

enum class Taken : std::uint8_t {
  at_start,
  /// By a reload, too.
  while_running,
};

struct Key {
  std::string_view table;
  std::string_view name;
  std::string_view must_be;
  Form form;
  Taken taken = Taken::at_start;

  std::string path() const { return std::string(table) + "." + std::string(name); }
};

/// `place` gives the value in a config.
template <class Place>
Form number_at(Place place, std::int64_t low, std::int64_t high) {
  return {[=](const toml::node& node, Config& config) {
            const auto value = node.value_exact<std::int64_t>();
            if (!value || *value < low || *value > high) return false;
            auto& member = place(config);
            member = static_cast<std::remove_reference_t<decltype(member)>>(*value);
            return true;
          },
          [=](const Config& config) { return std::to_string(place(config)); },
          [=](const Config& from, Config& to) { place(to) = place(from); }};
}

template <class Number>
Form number(Number Config::*member, std::int64_t low, std::int64_t high) {
  return number_at(
      [=](auto& config) -> auto& { return config.*member; }, low, high);
}

Form cost(std::uint32_t credential::PasswordCost::*member, std::int64_t low, std::int64_t high) {
  return number_at(
      [=](auto& config) -> auto& { return config.cost.*member; }, low, high);
}

Form yes_or_no(bool Config::*member) {
  return {[=](const toml::node& node, Config& config) {
            const auto value = node.value_exact<bool>();
            config.*member = value.value_or(config.*member);
            return value.has_value();
          },
          [=](const Config& config) { return std::string(config.*member ? "true" : "false"); },
          [=](const Config& from, Config& to) { to.*member = from.*member; }};
}

/// `is_good` says whether a text is such a value. What is empty was not given.
Form text(std::string Config::*member, bool (*is_good)(const std::string&)) {
  return {[=](const toml::node& node, Config& config) {
            const auto value = node.value_exact<std::string>();
            if (!value || value->empty() || !is_good(*value)) return false;
            config.*member = *value;
            return true;
          },
          [=](const Config& config) { return toml_text(config.*member); },
          [=](const Config& from, Config& to) { to.*member = from.*member; }};
}

/// One of a few words, each for a value.
template <class Value>
Form one_of(Value Config::*member, std::vector<std::pair<std::string, Value>> words) {
  return {[=](const toml::node& node, Config& config) {
            const auto value = node.value_exact<std::string>();
            for (const auto& [word, meaning] : words)
              if (value == word) return config.*member = meaning, true;
            return false;
          },
          [=](const Config& config) {
            for (const auto& [word, meaning] : words)
              if (config.*member == meaning) return toml_text(word);
            return toml_text("");
          },
          [=](const Config& from, Config& to) { to.*member = from.*member; }};
}

bool is_address(const std::string& text) {
  std::uint8_t parsed[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), parsed) == 1 ||
         inet_pton(AF_INET6, text.c_str(), parsed) == 1;
}

/// The system bounds the path of a socket, and TOML what is told of it.
bool is_ipc_path(const std::string& text) {
  constexpr std::size_t bytes_max = 98;
  return text.starts_with('/') && text.size() <= bytes_max && printable(text, bytes_max) == text;
}

bool is_group(const std::string& text) {
  constexpr std::size_t name_bytes_max = 32;
  return text.size() <= name_bytes_max && std::ranges::all_of(text, [](char letter) {
           return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                  (letter >= '0' && letter <= '9') || letter == '_' || letter == '-' ||
                  letter == '.';
         });
}

std::vector<Key> keys_of_sockets() {
  return {
      {"sockets", "address", "an IPv4 or IPv6 address", text(&Config::address, is_address)},
      {"sockets", "port_base", "a number from 1 to 65530", number(&Config::port_base, 1, 65'530)},
      {"sockets", "ipc", "true or false", yes_or_no(&Config::ipc)},
      {"sockets", "ipc_path", "an absolute path of at most 98 ASCII characters",
       text(&Config::ipc_path, is_ipc_path)},
      {"sockets", "ipc_group", "the name of a group", text(&Config::ipc_group, is_group)},
      {"sockets", "ipc_mode", "\"0600\", \"0660\" or \"0666\"",
       one_of(&Config::ipc_mode, {{"0600", 0600U}, {"0660", 0660U}, {"0666", 0666U}})},
      {"sockets", "metrics", "true or false", yes_or_no(&Config::metrics), Taken::while_running},
      {"sockets", "metrics_address", "an IPv4 or IPv6 address",
       text(&Config::metrics_address, is_address), Taken::while_running},
  };
}

std::vector<Key> keys_of_services() {
  using credential::PasswordCost;
  using journal::AnchorPolicy;
  return {
      {"passwords", "memory_kib", "a number from 8 to 4194304",
       cost(&PasswordCost::memory_kib, 8, 4'194'304)},
      {"passwords", "passes", "a number from 1 to 64", cost(&PasswordCost::passes, 1, 64)},
      {"passwords", "threads", "a number from 1 to 64", number(&Config::hash_threads, 1, 64),
       Taken::while_running},
      {"passwords", "waiting_max", "a number from 1 to 1000000",
       number(&Config::waiting_max, 1, 1'000'000)},
      {"passwords", "refusal_step_ms", "a number from 1 to 1000",
       number(&Config::refusal_step_ms, 1, 1'000)},
      {"journal", "anchor", "\"soon\", \"before_acknowledgement\" or \"off\"",
       one_of(&Config::anchor, {{"soon", AnchorPolicy::soon},
                                {"before_acknowledgement", AnchorPolicy::before_acknowledgement},
                                {"off", AnchorPolicy::off}})},
      {"journal", "disk_floor_mib", "a number from 1 to 1048576",
       number(&Config::disk_floor_mib, 1, 1'048'576), Taken::while_running},
      {"journal", "disk_reserve_mib", "a number from 1 to 1048576",
       number(&Config::disk_reserve_mib, 1, 1'048'576)},
      {"snapshots", "every_records", "a number from 0 to 1000000000",
       number(&Config::snapshot_every_records, 0, 1'000'000'000), Taken::while_running},
      {"commands", "id_window_hours", "a number from 1 to 168",
       number(&Config::id_window_hours, 1, 168)},
      {"commands", "group_max", "a number from 1 to 10000", number(&Config::group_max, 1, 10'000),
       Taken::while_running},
      {"calls", "ring_mib", "a number from 2 to 1048576", number(&Config::ring_mib, 2, 1'048'576)},
      {"calls", "file_mib", "a number from 1 to 1024", number(&Config::file_mib, 1, 1'024)},
      {"networks", "ranges_days_max", "a number from 8 to 3650",
       number(&Config::ranges_days_max, 8, 3'650), Taken::while_running},
      {"log", "level", "\"error\", \"warning\", \"info\" or \"debug\"",
       one_of<std::string>(
           &Config::level,
           {{"error", "error"}, {"warning", "warning"}, {"info", "info"}, {"debug", "debug"}}),
       Taken::while_running},
      {"log", "format", "\"text\" or \"json\"",
       one_of(&Config::log_json, {{"text", false}, {"json", true}}), Taken::while_running},
  };
}

/// In the order of the file.
std::span<const Key> keys() {
  static const std::vector<Key> table = [] {
    std::vector<Key> all = keys_of_sockets();
    std::ranges::move(keys_of_services(), std::back_inserter(all));
    return all;
  }();
  return table;
}

std::vector<std::string_view> tables() {
  std::vector<std::string_view> names;
  for (const Key& key : keys())
    if (names.empty() || names.back() != key.table) names.push_back(key.table);
  return names;
}

/// Of a key that no table has, or that stands in another.
std::string nearest_setting(std::string_view table, std::string_view key) {
  std::vector<std::string> paths;
  for (const Key& row : keys()) paths.push_back(row.path());
  auto nearest = std::ranges::find(keys(), key, &Key::name);
  if (nearest == keys().end()) {
    const auto path = schema::nearest_name(paths, std::string(table) + "." + std::string(key));
    if (!path) return "";
    nearest = keys().begin() + (std::ranges::find(paths, *path) - paths.begin());
  }
  return "; the nearest is " + nearest->path() + ", " + std::string(nearest->must_be);
}

Problem problem_at(const toml::node& node, std::string sentence) {
  return {node.source().begin.line, std::move(sentence)};
}

void take_key(std::string_view table, std::string_view key, const toml::node& node, Config& config,
              Problems& problems) {
  const auto known = std::ranges::find_if(
      keys(), [&](const Key& row) { return row.table == table && row.name == key; });
  const std::string path = std::string(table) + "." + printable(key);
  if (known == keys().end())
    problems.push_back(problem_at(node, path + " is no setting" + nearest_setting(table, key)));
  else if (!known->form.take(node, config))
    problems.push_back(problem_at(node, path + " must be " + std::string(known->must_be)));
}

/// What each setting alone does not show.
void check_together(const Config& config, Problems& problems) {
  const auto wrong = [&](const char* sentence) { problems.push_back({0, sentence}); };
  if (config.ring_mib < 2 * config.file_mib)
    wrong("calls.ring_mib must be at least twice file_mib");
  if (config.ipc_mode != 0600 && config.ipc_path.empty())
    wrong(
        "sockets.ipc_mode lets others in, who cannot enter the data folder: name another by "
        "sockets.ipc_path, as \"/run/postern\"");
  if (!config.ipc_group.empty() && config.ipc_mode == 0600)
    wrong("sockets.ipc_group lets nobody in while sockets.ipc_mode is \"0600\": make it \"0660\"");
}

/// In the order of the file.
std::string joined(std::string_view name, Problems problems) {
  std::ranges::stable_sort(problems, {}, &Problem::line);
  std::string text;
  for (const Problem& problem : problems) {
    const std::string line = problem.line == 0 ? "" : ":" + std::to_string(problem.line);
    text += (text.empty() ? "" : "\n") + std::string(name) + line + ": " + problem.sentence;
  }
  return text;
}

/// Lines of a file, some of which are taken out, so that the parser tells what is wrong with the
/// others.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    for (const auto line : std::views::split(text, '\n'))
      lines_.emplace_back(std::string_view(line));
  }

  /// Takes out the line, counted from 1, that the parser cannot read; below a table's name, all up
  /// to the next one, as nobody knows what it is of. Where there is nothing, as what was opened
  /// above never ends, it is the last one above. Which it was; 0: none is left.
  std::size_t take_out(std::size_t number) {
    number = std::min(number, lines_.size());
    while (number > 0 && lines_[number - 1].empty()) number--;
    if (number == 0) return 0;
    auto line = lines_.begin() + static_cast<std::ptrdiff_t>(number - 1);
    const bool is_table = is_name(*line);
    do line++->clear();
    while (is_table && line != lines_.end() && !is_name(*line));
    return number;
  }

  std::string text() const {
    std::string joined;
    for (const std::string& line : lines_) joined += line + "\n";
    return joined;
  }

 private:
  static bool is_name(std::string_view line) {
    const auto begin = line.find_first_not_of(" \t");
    return begin != line.npos && line[begin] == '[';
  }

  std::vector<std::string> lines_;
};

/// All that can be read of it; `problems` has what cannot.
toml::table parsed_by_lines(std::string_view text, Problems& problems) {
  constexpr std::size_t told_max = 100;
  unsigned unended = 0;
  for (Lines lines(text); problems.size() < told_max;) {
    try {
      return toml::parse(lines.text());
    } catch (const toml::parse_error& error) {
      const unsigned line = error.source().begin.line;
      const auto taken = static_cast<unsigned>(lines.take_out(line));
      if (taken == 0) break;
      // What never ends is told once, at the line where it begins.
      if (line == unended)
        problems.back().line = taken;
      else
        problems.push_back({taken, printable(error.description(), 200)});
      unended = taken == line ? 0 : line;
    }
  }
  return {};
}

}  // namespace

Expected<Config> parse_config(std::string_view text, std::string_view name) {
  constexpr const char* remedy =
      "See postern.toml(5), or packaging/postern.toml, for every setting with its meaning.";
  Problems problems;
  const toml::table parsed = parsed_by_lines(text, problems);
  Config config;
  for (const auto& [table, node] : parsed) {
    const bool known =
        std::ranges::any_of(keys(), [&](const Key& row) { return row.table == table.str(); });
    if (!known || !node.is_table())
      problems.push_back(problem_at(node, printable(table.str()) + " is no table of settings" +
                                              schema::nearest_told(tables(), table.str())));
    else
      for (const auto& [key, value] : *node.as_table())
        take_key(table.str(), key.str(), value, config, problems);
  }
  if (problems.empty()) check_together(config, problems);
  if (problems.empty()) return config;
  return std::unexpected(
      Failure{FailureKind::configuration, joined(name, std::move(problems)), remedy});
}

std::string toml_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return quoted + "\"";
}

std::string settings_text(const Config& config) {
  std::string text;
  std::string_view table;
  for (const Key& key : keys()) {
    // Not given, which no value says.
    const std::string value = key.form.show(config);
    if (key.table != std::exchange(table, key.table))
      text += (text.empty() ? "[" : "\n[") + std::string(key.table) + "]\n";
    if (value != toml_text("")) text += std::string(key.name) + " = " + value + "\n";
  }
  return text;
}

std::vector<SettingChange> changes_between(const Config& running, const Config& read) {
  std::vector<SettingChange> changes;
  for (const Key& key : keys())
    if (const std::string value = key.form.show(read); value != key.form.show(running))
      changes.push_back({key.path(), value, key.taken == Taken::while_running});
  return changes;
}

void take_while_running(const Config& read, Config& running) {
  for (const Key& key : keys())
    if (key.taken == Taken::while_running) key.form.copy(read, running);
}

Expected<Config> read_config(const std::filesystem::path& file) {
  const auto bytes = platform::read_file(file);
  if (!bytes) return std::unexpected(bytes.error());
  return parse_config({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, file.string());
}

}  // namespace postern
