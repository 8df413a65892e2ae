#include "daemon/domain/profile_forms.h"

#include <algorithm>

namespace postern::domain {

namespace {

bool is_letter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

bool is_digit(char character) { return character >= '0' && character <= '9'; }

bool is_beyond_ascii(char character) { return static_cast<unsigned char>(character) >= 0x80U; }

bool is_of_host(char character) {
  return is_letter(character) || is_digit(character) || character == '-' ||
         is_beyond_ascii(character);
}

bool is_of_name(char character) {
  constexpr std::string_view others = "!#$%&'*+/=?^_`{|}~-";
  return is_of_host(character) || others.find(character) != others.npos;
}

bool is_of_zone(char character) {
  return is_letter(character) || is_digit(character) || character == '_' || character == '+' ||
         character == '-';
}

bool is_letter_or_digit(char character) { return is_letter(character) || is_digit(character); }

/// Each part between the separators.
template <class Fits>
bool all_parts(std::string_view text, char separator, Fits fits) {
  for (;;) {
    const auto end = std::min(text.find(separator), text.size());
    if (!fits(text.substr(0, end))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_filled(std::string_view part, bool (*fits)(char)) {
  return !part.empty() && std::ranges::all_of(part, fits);
}

/// Digits of fixed places; -1 if they are none.
int number_at(std::string_view text, std::size_t place, std::size_t size) {
  int number = 0;
  for (const char digit : text.substr(place, size)) {
    if (!is_digit(digit)) return -1;
    number = number * 10 + (digit - '0');
  }
  return number;
}

int days_of(int year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (leap && month == 2 ? 1 : 0);
}

}  // namespace

bool is_email(std::string_view text) {
  constexpr std::size_t bytes_max = 254;
  constexpr std::size_t name_bytes_max = 64;
  constexpr std::size_t label_bytes_max = 63;
  const auto at = text.rfind('@');
  if (text.size() > bytes_max || at == text.npos || at > name_bytes_max) return false;
  return all_parts(text.substr(0, at), '.',
                   [](std::string_view part) { return is_filled(part, is_of_name); }) &&
         all_parts(text.substr(at + 1), '.', [](std::string_view part) {
           return is_filled(part, is_of_host) && part.size() <= label_bytes_max &&
                  part.front() != '-' && part.back() != '-';
         });
}

bool is_date(std::string_view text) {
  constexpr std::string_view form = "0000-00-00";
  if (text.size() != form.size() || text[4] != '-' || text[7] != '-') return false;
  const int year = number_at(text, 0, 4);
  const int month = number_at(text, 5, 2);
  const int day = number_at(text, 8, 2);
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days_of(year, month);
}

bool is_time_zone(std::string_view text) {
  constexpr std::size_t bytes_max = 64;
  return text.size() <= bytes_max && all_parts(text, '/', [](std::string_view part) {
           return is_filled(part, is_of_zone) && is_letter(part.front());
         });
}

bool is_language(std::string_view text) {
  constexpr std::size_t bytes_max = 64;
  constexpr std::size_t part_bytes_max = 8;
  const auto language = text.substr(0, text.find('-'));
  const bool is_private = (language == "x" || language == "X") && language.size() < text.size();
  const bool is_named =
      language.size() >= 2 && language.size() <= 3 && std::ranges::all_of(language, is_letter);
  return text.size() <= bytes_max && (is_private || is_named) &&
         all_parts(text, '-', [](std::string_view part) {
           return is_filled(part, is_letter_or_digit) && part.size() <= part_bytes_max;
         });
}

}  // namespace postern::domain
