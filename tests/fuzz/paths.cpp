// Paths, patterns and grants (A2, A3) against a second opinion that splits into segments. The text:
// one line asks (action, path), each further one is a grant (effect, action, pattern).
#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "daemon/domain/access.h"
#include "daemon/domain/path.h"
#include "daemon/platform/require.h"
#include "tests/fuzz/target.h"

namespace {

using namespace postern;
using domain::Lie;
using fuzz::split;

bool is_segment(const std::string& text) {
  const std::string first = "abcdefghijklmnopqrstuvwxyz0123456789";
  return !text.empty() && text.size() <= 64 && first.find(text[0]) != std::string::npos &&
         text.find_first_not_of(first + "._-") == std::string::npos;
}

bool is_good(const std::string& text, long wildcards_max) {
  const auto parts = split(text, '/');
  const bool all = std::ranges::all_of(
      parts, [](const std::string& part) { return part == "*" || is_segment(part); });
  return all && text.size() <= 512 && parts.size() <= 16 && parts[0] != "*" &&
         std::ranges::count(parts, "*") <= wildcards_max;
}

Lie naive_lie(const std::string& path, const std::string& pattern) {
  const auto found = split(path, '/');
  const auto wanted = split(pattern, '/');
  for (std::size_t place = 0; place < std::min(found.size(), wanted.size()); ++place)
    if (wanted[place] != "*" && wanted[place] != found[place]) return Lie::apart;
  return wanted.size() > found.size() ? Lie::above : Lie::covered;
}

constexpr std::size_t grants_max = 127;

struct Held {
  bool deny;
  std::string action;
  std::string resource;
};

void compare(const std::vector<Held>& held, const std::string& action, const std::string& path) {
  std::deque<std::string> texts;
  domain::Rights rights;
  auto grants = domain::no_grants();
  bool allow = false;
  bool deny = false;
  bool deny_below = false;
  std::size_t seq = 0;
  for (const Held& grant : held) {
    domain::Grant made;
    made.resource = &texts.emplace_back(grant.resource);
    made.action = &texts.emplace_back(grant.action);
    made.seq = ++seq & grants_max;
    made.deny = grant.deny;
    made.wildcard = grant.resource.find('*') != std::string::npos;
    grants = domain::with_grant(*grants, made, rights);
    if (grant.action != "*" && grant.action != action) continue;
    const Lie lie = naive_lie(path, grant.resource);
    allow |= lie == Lie::covered && !grant.deny;
    deny |= lie == Lie::covered && grant.deny;
    deny_below |= lie == Lie::above && grant.deny;
  }
  require(grants->size() == held.size());
  for (const bool this_level_only : {false, true}) {
    const domain::AccessRequest asked{
        .action = action, .path = path, .this_level_only = this_level_only};
    const auto matches = domain::match(*grants, asked, {});
    require((matches.allow != nullptr) == allow);
    require((matches.deny != nullptr) == deny);
    if (!deny) require((matches.deny_below != nullptr) == (deny_below && !this_level_only));
  }
  for (std::size_t place = held.size(); place > 0; --place)
    grants = domain::without_grant(*grants, place, 0);
  require(grants->size() == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto lines = split(fuzz::text_of(data, size), '\n');
  std::vector<Held> held;
  for (const std::string& line : lines) {
    const auto words = split(line, ' ');
    const std::string& last = words.back();
    require(domain::is_path(last) == is_good(last, 0));
    require(domain::is_path_pattern(last) == is_good(last, 4));
    require(domain::is_action(last) == is_segment(last));
    const bool is_grant = words.size() == 3 && domain::is_path_pattern(last) &&
                          (words[1] == "*" || domain::is_action(words[1]));
    if (is_grant && held.size() < grants_max) held.push_back({words[0] == "deny", words[1], last});
  }
  const auto question = split(lines.front(), ' ');
  if (question.size() != 2 || !domain::is_path(question[1])) return 0;
  for (const Held& grant : held)
    require(domain::lie_of(question[1], grant.resource) == naive_lie(question[1], grant.resource));
  compare(held, question[0], question[1]);
  return 0;
}
