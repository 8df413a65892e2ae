#include "daemon/domain/password_policy.h"

#include <algorithm>
#include <utility>

namespace postern::domain {

namespace {

using schema::Code;

constexpr std::size_t password_bytes_max = 1'024;
/// Shorter parts are not looked for: they stand in too many good passwords.
constexpr std::size_t word_characters_min = 4;

/// UTF-8 characters; bytes that are none count as one each.
std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char character) {
    return (static_cast<unsigned char>(character) & 0xc0U) != 0x80U;
  }));
}

bool is_ascii_letter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

bool contains(std::string_view password, std::string_view word) {
  return character_count(word) >= word_characters_min &&
         !std::ranges::search(password, word, [](char left, char right) {
            return equal_names({&left, 1}, {&right, 1});
          }).empty();
}

/// Letters and digits, and all that is not ASCII: what other alphabets write words with.
bool is_word_character(char character) {
  return is_ascii_letter(character) || (character >= '0' && character <= '9') ||
         (static_cast<unsigned char>(character) & 0x80U) != 0;
}

bool contains_word_of(std::string_view password, std::string_view text) {
  while (!text.empty()) {
    const auto end = std::ranges::find_if_not(text, is_word_character);
    const auto length = static_cast<std::size_t>(end - text.begin());
    if (contains(password, text.substr(0, length))) return true;
    text.remove_prefix(std::min(text.size(), length + 1));
  }
  return false;
}

std::string_view before_at(std::string_view name) { return name.substr(0, name.find('@')); }

/// The user's characters one by one, so that a forbidden one of several bytes is found as a whole.
bool contains_any_of(std::string_view password, std::string_view characters) {
  while (!characters.empty()) {
    std::size_t length = 1;
    while (length < characters.size() &&
           (static_cast<unsigned char>(characters[length]) & 0xc0U) == 0x80U)
      ++length;
    if (password.find(characters.substr(0, length)) != std::string_view::npos) return true;
    characters.remove_prefix(length);
  }
  return false;
}

}  // namespace

bool contains_control_character(std::string_view password) {
  unsigned char before = 0;
  return std::ranges::any_of(password, [&before](char character) {
    const auto byte = static_cast<unsigned char>(character);
    // U+0080 to U+009F take two bytes.
    const bool is_second = std::exchange(before, byte) == 0xc2 && byte >= 0x80 && byte < 0xa0;
    return byte < 0x20 || byte == 0x7f || is_second;
  });
}

std::vector<Code> broken_rules(std::string_view password, const schema::PoliciesT& policies,
                               const ForbiddenWords& words) {
  std::vector<Code> broken;
  if (character_count(password) < policies.password_length_min)
    broken.push_back(Code::password_too_short);
  if (password.size() > password_bytes_max) broken.push_back(Code::password_too_long);
  if (policies.password_needs_digit_or_symbol && std::ranges::all_of(password, is_ascii_letter))
    broken.push_back(Code::password_lacks_digit_or_symbol);
  const std::string_view forbidden[] = {"password",
                                        words.username,
                                        words.email,
                                        before_at(words.username),
                                        before_at(words.email),
                                        words.tenant_alias,
                                        words.tenant_name};
  if (std::ranges::any_of(forbidden,
                          [&](std::string_view word) { return contains(password, word); }) ||
      contains_word_of(password, words.email) || contains_word_of(password, words.tenant_name))
    broken.push_back(Code::password_contains_forbidden_word);
  if (contains_control_character(password) ||
      contains_any_of(password, policies.password_forbidden_characters))
    broken.push_back(Code::password_contains_forbidden_character);
  return broken;
}

}  // namespace postern::domain
