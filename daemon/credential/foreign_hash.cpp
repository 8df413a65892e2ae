// bcrypt := "$2" ("a" | "b" | "y") "$" cost:2 digits "$" salt:22 digest:31
// sha    := "$" ("5" | "6") "$" ["rounds=" number "$"] salt:1 to 16 "$" digest:43 or 86
#include "daemon/credential/foreign_hash.h"

#include <crypt.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "daemon/platform/require.h"

namespace postern::credential {

namespace {

constexpr unsigned bcrypt_cost_min = 4;
constexpr unsigned bcrypt_cost_max = 14;
constexpr unsigned sha_rounds_min = 1'000;
constexpr unsigned sha_rounds_max = 1'000'000;

bool is_letter_of_hash(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '.' || letter == '/';
}

bool is_of_letters(std::string_view text) { return std::ranges::all_of(text, is_letter_of_hash); }

bool lies_within(std::string_view digits, unsigned least, unsigned most) {
  unsigned number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  return error == std::errc() && stop == end && number >= least && number <= most;
}

bool is_bcrypt(std::string_view hash) {
  constexpr std::size_t size = 60;
  if (hash.size() != size || !hash.starts_with("$2") || hash[3] != '$' || hash[6] != '$')
    return false;
  return std::string_view("aby").contains(hash[2]) &&
         lies_within(hash.substr(4, 2), bcrypt_cost_min, bcrypt_cost_max) &&
         is_of_letters(hash.substr(7));
}

bool is_sha_crypt(std::string_view hash) {
  if (!hash.starts_with("$5$") && !hash.starts_with("$6$")) return false;
  const std::size_t digest_size = hash[1] == '5' ? 43 : 86;
  constexpr std::size_t salt_size_max = 16;
  constexpr std::string_view rounds = "rounds=";
  hash.remove_prefix(3);
  if (hash.starts_with(rounds)) {
    const auto end = std::min(hash.find('$'), hash.size() - 1);
    if (!lies_within(hash.substr(rounds.size(), end - rounds.size()), sha_rounds_min,
                     sha_rounds_max))
      return false;
    hash.remove_prefix(end + 1);
  }
  const auto salt = hash.substr(0, hash.find('$'));
  return !salt.empty() && salt.size() <= salt_size_max &&
         hash.size() == salt.size() + 1 + digest_size && is_of_letters(salt) &&
         is_of_letters(hash.substr(salt.size() + 1));
}

struct WipingData {
  void operator()(crypt_data* data) const {
    sodium_memzero(data, sizeof *data);
    delete data;
  }
};

}  // namespace

bool is_foreign_hash(std::string_view hash) { return is_bcrypt(hash) || is_sha_crypt(hash); }

bool verify_foreign(const std::string& hash, const Secret& password) {
  require(is_foreign_hash(hash));
  std::string text(password.reveal());
  // Where such a text would end, others would match it.
  const bool is_whole = text.find('\0') == text.npos;
  const std::unique_ptr<crypt_data, WipingData> data(new crypt_data{});
  const char* made = ::crypt_r(text.c_str(), hash.c_str(), data.get());
  sodium_memzero(text.data(), text.size());
  const std::string_view found = made != nullptr ? made : "";
  return is_whole && found.size() == hash.size() &&
         sodium_memcmp(found.data(), hash.data(), hash.size()) == 0;
}

}  // namespace postern::credential
