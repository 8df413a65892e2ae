// file := { [ name ":" hash { ":" ignored } | "#" comment ] end }
#include "tools/intake/htpasswd.h"

#include <algorithm>
#include <optional>

#include "tools/text/numbers.h"
#include "tools/text/words.h"

namespace postern::intake {
namespace {

struct Kind {
  std::string_view prefix;
  std::string_view why;
};
constexpr Kind kinds[] = {
    {"$argon2id$", ""},
    {"$2a$", ""},
    {"$2b$", ""},
    {"$2y$", ""},
    {"$5$", ""},
    {"$6$", ""},
    {"$apr1$", "It is an apr1 hash, an MD5 that is tried a million times a second; none is taken."},
    {"$1$", "It is an MD5 hash, which is tried a million times a second; none is taken."},
    {"{SHA}", "It is a SHA-1 without salt, which is as good as the password; none is taken."},
    {"{SSHA}", "It is a SHA-1, which is tried a billion times a second; none is taken."},
    {"$2x$", "It is bcrypt of the kind $2x$, which hashes some characters wrongly."},
};

/// C12: what the daemon verifies takes no longer than this.
constexpr unsigned bcrypt_cost_max = 14;
constexpr unsigned sha_rounds_max = 1'000'000;

/// The number that stands at the place, up to the next '$'; nothing where none does.
std::optional<unsigned> number_at(std::string_view hash, std::size_t place) {
  if (place >= hash.size()) return std::nullopt;
  const auto digits = hash.substr(place, hash.find('$', place) - place);
  return text::read_number<unsigned>(digits);
}

std::string why_too_dear(std::string_view hash) {
  constexpr std::string_view rounds = "rounds=";
  constexpr std::size_t behind_kind = 3;
  if (hash.starts_with("$2")) {
    const auto cost = number_at(hash, behind_kind + 1);
    if (cost && *cost > bcrypt_cost_max)
      return "It is bcrypt at cost " + std::to_string(*cost) +
             ", which takes seconds for each guess; taken is a cost to " +
             std::to_string(bcrypt_cost_max) + ".";
  } else if (hash.substr(std::min(behind_kind, hash.size())).starts_with(rounds)) {
    const auto count = number_at(hash, behind_kind + rounds.size());
    if (count && *count > sha_rounds_max)
      return "It is SHA-crypt of " + std::to_string(*count) +
             " rounds, which take seconds for each guess; taken are 1000000 at most.";
  }
  return {};
}

}  // namespace

std::string why_unusable(std::string_view hash) {
  for (const Kind& kind : kinds)
    if (hash.starts_with(kind.prefix))
      return kind.why.empty() ? why_too_dear(hash) : std::string(kind.why);
  constexpr std::size_t des_size = 13;
  return hash.size() == des_size
             ? "It is a DES hash, of which eight characters count; none is taken."
             : "It is no hash that is known; taken are Argon2id, bcrypt and SHA-crypt.";
}

Fault HtpasswdSource::fault_at(std::uint64_t line, std::string_view field) const {
  return {
      line, field == "password_hash" ? std::size_t{2} : std::size_t{1}, std::string(field), {}, {}};
}

bool HtpasswdSource::next(Entry& entry) {
  do {
    if (!std::getline(in_, entry.text)) return false;
    ++line_;
    if (entry.text.ends_with('\r')) entry.text.pop_back();
  } while (entry.text.starts_with('#') || text::trimmed(entry.text).empty());
  entry.line = line_;
  entry.account = {};
  entry.faults.clear();
  const auto fail = [&](std::string_view field, std::string_view rule, std::string_view sentence) {
    auto fault = fault_at(line_, field);
    fault.rule = rule;
    fault.sentence = sentence;
    entry.faults.push_back(std::move(fault));
  };
  const std::string_view text = entry.text;
  const auto colon = text.find(':');
  if (colon == text.npos) {
    fail("username", "form", "It is no line of NAME:HASH.");
    return true;
  }
  const auto hash = text.substr(colon + 1, text.find(':', colon + 1) - colon - 1);
  entry.account.user.username = text.substr(0, colon);
  const auto why = why_unusable(hash);
  if (why.empty())
    entry.account.user.password_hash = hash;
  else if (unusable_ == Unusable::refused)
    fail("password_hash", "C12", why);
  return true;
}

}  // namespace postern::intake
