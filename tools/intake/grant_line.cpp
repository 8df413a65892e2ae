#include "tools/intake/grant_line.h"

#include <algorithm>
#include <vector>

#include "tools/intake/nearest.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"
#include "tools/text/words.h"

namespace postern::intake {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t begin = line.find_first_not_of(blanks); begin != line.npos;) {
    const std::size_t end = std::min(line.find_first_of(blanks, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(blanks, end);
  }
  return words;
}

/// The conditions from `words[place]` on; what is wrong with them, or empty.
std::string read_conditions(const std::vector<std::string_view>& words, std::size_t place,
                            schema::ConditionsT& into) {
  const auto quoted = [](std::string_view text) { return "'" + text::printable(text) + "'"; };
  for (; place < words.size(); ++place) {
    const std::string_view word = words[place];
    if (word == "tls") {
      into.secure_transport = true;
      continue;
    }
    if (word != "from" && word != "until" && word != "networks")
      return quoted(word) + " is no condition; one is from TIME, until TIME, networks LIST or tls.";
    if (++place == words.size()) return "Behind '" + std::string(word) + "' its value is missing.";
    if (word == "networks") {
      into.networks = std::make_unique<schema::NetworksT>();
      into.networks->entries = text::split_list(words[place]);
      if (std::ranges::count(into.networks->entries, "") > 0)
        return "The list of networks has an empty entry.";
      continue;
    }
    const auto time_ns = text::read_time(words[place]);
    if (!time_ns) return quoted(words[place]) + " is no time. " + text::wanted_time;
    (word == "from" ? into.not_before_ns : into.not_after_ns) = *time_ns;
  }
  return {};
}

std::string shortest(std::int64_t time_ns) {
  return time_ns % 1'000'000'000 == 0 ? text::time_text_short(time_ns) : text::time_text(time_ns);
}

}  // namespace

std::expected<Grant, std::string> read_grant(std::string_view line) {
  const auto words = words_of(line);
  Grant made;
  std::size_t place = 0;
  if (!words.empty() && (words[0] == "allow" || words[0] == "deny")) {
    made.effect = words[0] == "deny" ? schema::Effect::deny : schema::Effect::allow;
    place = 1;
  }
  if (words.size() < place + 2)
    return std::unexpected("A grant is 'ACTION RESOURCE', with 'deny' before it if it is one.");
  made.action = words[place];
  made.resource = words[place + 1];
  if (words.size() == place + 2) return made;
  made.conditions = std::make_unique<schema::ConditionsT>();
  auto fault = read_conditions(words, place + 2, *made.conditions);
  static const std::vector<std::string> effects{"allow", "deny"};
  if (!fault.empty() && place == 0 && !nearest(words[0], effects).empty())
    fault = no_such("effect", words[0], effects) + " Else: " + fault;
  if (!fault.empty()) return std::unexpected(std::move(fault));
  return made;
}

std::string grant_line(const Grant& grant) {
  const bool is_deny = grant.effect == schema::Effect::deny;
  std::string line;
  if (is_deny || grant.action == "allow" || grant.action == "deny")
    line = is_deny ? "deny " : "allow ";
  line += grant.action + ' ' + grant.resource;
  if (!grant.conditions) return line;
  const auto& conditions = *grant.conditions;
  if (conditions.not_before_ns) line += " from " + shortest(*conditions.not_before_ns);
  if (conditions.not_after_ns) line += " until " + shortest(*conditions.not_after_ns);
  if (conditions.networks && !conditions.networks->entries.empty())
    line += " networks " + text::joined(conditions.networks->entries, ",");
  if (conditions.secure_transport) line += " tls";
  return line;
}

}  // namespace postern::intake
