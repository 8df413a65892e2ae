#include "tools/cli/generated_password.h"

#include <sys/random.h>

#include <algorithm>

#include "tools/cli/session.h"

namespace postern::cli {
namespace {

/// Every place as likely as another; `count` is at most 256.
std::size_t place_below(std::size_t count, const NextByte& next) {
  const std::size_t fair = 256 - 256 % count;
  for (;;)
    if (const std::size_t byte = next(); byte < fair) return byte % count;
}

}  // namespace

std::uint8_t random_byte() {
  for (std::uint8_t byte = 0;;)
    if (::getrandom(&byte, 1, 0) == 1) return byte;
}

std::string generated_password(const schema::PoliciesT& policies, const NextByte& next) {
  constexpr std::size_t size_usual = 24;
  constexpr std::size_t letters_min = 16;
  std::string letters = "bcdfghjkmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ";
  std::string digits = "23456789";
  for (std::string* characters : {&letters, &digits})
    std::erase_if(*characters, [&](char character) {
      return policies.password_forbidden_characters.find(character) != std::string::npos;
    });
  if (letters.size() < letters_min || digits.empty())
    stop_usage("The tenant forbids too many characters for a generated password.",
               "Choose the passwords, a line each.");
  std::string password(1, digits[place_below(digits.size(), next)]);
  const std::string all = letters + digits;
  const auto size = std::max<std::size_t>(policies.password_length_min, size_usual);
  while (password.size() < size) password += all[place_below(all.size(), next)];
  return password;
}

TenantNow tenant_of(Session& session) {
  schema::GetTenantT get;
  get.alias = session.tenant();
  auto page = session.page(request(std::move(get)));
  auto& tenants = Session::part(page.body.AsTenantPage()).tenants;
  if (tenants.size() != 1 || !tenants[0]->policies) Session::stop_unexpected();
  return {std::move(*tenants[0]->policies), page.seq};
}

schema::PoliciesT policies_of(Session& session) { return tenant_of(session).policies; }

}  // namespace postern::cli
