#include "tools/cli/import_facts.h"

#include <fmt/format.h>

#include <array>

#include "tools/cli/account_import.h"
#include "tools/cli/generated_password.h"
#include "tools/cli/session.h"
#include "tools/text/ids.h"

namespace postern::cli {

std::string options_of(const ImportWanted& wanted) {
  return fmt::format("{} passwords={} key={}", wanted.form, wanted.makes_passwords, wanted.key);
}

ImportFacts facts_now(Session& session, const ImportWanted& wanted, std::string sha256) {
  ImportFacts facts;
  facts.sha256 = std::move(sha256);
  facts.tenant = session.tenant();
  facts.options = options_of(wanted);
  facts.reason = session.reason();
  const auto tenant = tenant_of(session);
  facts.names_are_generated = tenant.policies.username_generated;
  facts.began_at_seq = tenant.seq;
  if (!wanted.makes_passwords) return facts;
  std::array<std::uint8_t, 32> seed{};
  for (auto& byte : seed) byte = random_byte();
  facts.seed = text::hex_text(seed);
  facts.password_length_min = tenant.policies.password_length_min;
  facts.password_forbidden_characters = tenant.policies.password_forbidden_characters;
  return facts;
}

std::optional<SeededPasswords> passwords_of(const ImportFacts& facts, const ImportWanted& wanted) {
  if (!wanted.makes_passwords) return std::nullopt;
  schema::PoliciesT policies;
  policies.password_length_min = facts.password_length_min;
  policies.password_forbidden_characters = facts.password_forbidden_characters;
  return SeededPasswords(facts.seed, std::move(policies));
}

}  // namespace postern::cli
