#include "tools/cli/seeded_passwords.h"

#include <sodium.h>
#include <string.h>

#include <array>

#include "tools/cli/generated_password.h"
#include "tools/text/ids.h"

namespace postern::cli {

SeededPasswords::SeededPasswords(const std::string& seed, schema::PoliciesT policies)
    : policies_(std::move(policies)) {
  if (auto bytes = text::parse_hex(seed)) seed_ = std::move(*bytes);
}

std::string SeededPasswords::of(std::uint64_t line) const {
  std::array<std::uint8_t, 64> block{};
  std::size_t place = block.size();
  std::uint64_t round = 0;
  const auto next = [&] {
    if (place == block.size()) {
      const std::array<std::uint64_t, 2> about{line, round++};
      crypto_generichash(block.data(), block.size(),
                         reinterpret_cast<const unsigned char*>(about.data()), sizeof about,
                         seed_.data(), seed_.size());
      place = 0;
    }
    return block[place++];
  };
  auto made = generated_password(policies_, next);
  ::explicit_bzero(block.data(), block.size());
  return made;
}

}  // namespace postern::cli
