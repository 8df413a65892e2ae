#include "tools/cli/key_finder.h"

#include <string.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace postern::cli {
namespace {

constexpr std::size_t window_bytes = 1'048'576;
constexpr std::size_t widths[] = {1, 2, 4};
/// A key's text in the widest letters: a place is looked at once so much lies behind it.
constexpr std::size_t ahead_bytes = schema::api_key_text_size * widths[2];
/// Kept before what is looked at next, for a line's end in wide letters.
constexpr std::size_t behind_bytes = widths[2];

/// UTF-8: all but the bytes that continue one.
std::uint64_t characters_in(std::span<const char> text) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U; }));
}

}  // namespace

KeyFinder::KeyFinder(std::function<void(const FoundKey&)> give)
    : give_(std::move(give)), window_(window_bytes) {}

KeyFinder::~KeyFinder() { ::explicit_bzero(window_.data(), window_.size()); }

std::span<char> KeyFinder::room() { return std::span(window_).subspan(filled_); }

void KeyFinder::add(std::size_t count) {
  filled_ += count;
  if (filled_ <= ahead_bytes) return;
  search(filled_ - ahead_bytes);
  const std::size_t kept_from = searched_ - std::min(searched_, behind_bytes);
  std::copy(window_.begin() + static_cast<std::ptrdiff_t>(kept_from),
            window_.begin() + static_cast<std::ptrdiff_t>(filled_), window_.begin());
  before_ += kept_from;
  filled_ -= kept_from;
  searched_ -= kept_from;
  counted_ -= kept_from;
}

void KeyFinder::finish() {
  search(filled_);
  before_ = characters_ = 0;
  filled_ = searched_ = counted_ = 0;
  lines_ = {};
}

void KeyFinder::search(std::size_t limit) {
  if (before_ == 0 && counted_ == 0) skip_byte_order_mark();
  while (searched_ < limit) {
    const void* letter =
        std::memchr(window_.data() + searched_, schema::api_key_prefix[0], limit - searched_);
    if (letter == nullptr) break;
    searched_ = static_cast<std::size_t>(static_cast<const char*>(letter) - window_.data());
    searched_ += look_at(searched_);
  }
  searched_ = std::max(searched_, limit);
  count_lines(std::min(searched_, filled_));
}

/// How many bytes need not be looked at again.
std::size_t KeyFinder::look_at(std::size_t place) {
  std::array<char, schema::api_key_text_size> letters;
  for (const std::size_t width : widths) {
    if (!read_wide(place, width, letters)) continue;
    const auto names = schema::read_api_key({letters.data(), letters.size()});
    ::explicit_bzero(letters.data(), letters.size());
    if (names) tell(place, width, *names);
    return names ? (letters.size() - 1) * width + 1 : 1;
  }
  return 1;
}

/// Whether letters of this width begin there as a key does; all of them, where there are so many.
bool KeyFinder::read_wide(std::size_t place, std::size_t width, std::span<char> letters) const {
  if (place + (letters.size() - 1) * width >= filled_) return false;
  for (std::size_t index = 0; index < letters.size(); ++index) {
    const std::size_t at = place + index * width;
    const bool differs =
        index < schema::api_key_prefix.size() && window_[at] != schema::api_key_prefix[index];
    const auto between = std::span(window_).subspan(at + 1, width - 1);
    const bool is_last = index + 1 == letters.size();
    if (differs || (!is_last && std::ranges::any_of(between, [](char byte) { return byte != 0; })))
      return false;
    letters[index] = window_[at];
  }
  return true;
}

void KeyFinder::count_lines(std::size_t limit) {
  while (counted_ < limit) {
    const void* found = std::memchr(window_.data() + counted_, '\n', limit - counted_);
    if (found == nullptr) break;
    const auto newline = static_cast<std::size_t>(static_cast<const char*>(found) - window_.data());
    count_line(newline);
    counted_ = newline + 1;
    characters_ = 0;
  }
  characters_ += characters_in(std::span(window_).subspan(counted_, limit - counted_));
  counted_ = limit;
}

void KeyFinder::count_line(std::size_t newline) {
  for (std::size_t index = 0; index < lines_.size(); ++index) {
    const auto& [name, width, phase] = encodings_[index];
    const bool is_whole = newline >= phase && newline + width - phase <= filled_;
    if (!is_whole || (before_ + newline) % width != phase) continue;
    const auto unit = std::span(window_).subspan(newline - phase, width);
    if (std::ranges::count(unit, '\0') + 1 != static_cast<std::ptrdiff_t>(width)) continue;
    ++lines_[index].line;
    lines_[index].begin = before_ + newline - phase + width;
  }
}

/// Editors count it as no character.
void KeyFinder::skip_byte_order_mark() {
  using namespace std::string_view_literals;
  constexpr std::string_view marks[] = {"\xef\xbb\xbf"sv, "\xff\xfe"sv, "\xfe\xff"sv,
                                        "\xff\xfe\0\0"sv, "\0\0\xfe\xff"sv};
  static_assert(std::size(marks) == std::size(encodings_));
  const std::string_view text(window_.data(), filled_);
  for (std::size_t index = 0; index < lines_.size(); ++index)
    if (text.starts_with(marks[index])) lines_[index].begin = marks[index].size();
  if (text.starts_with(marks[0])) counted_ = marks[0].size();
}

void KeyFinder::tell(std::size_t place, std::size_t width, const schema::ApiKeyNames& names) {
  count_lines(std::max(place, counted_));
  const std::uint64_t at = before_ + place;
  // In wide letters that lie at no whole place of the text there are lines of bytes alone.
  std::size_t found = 0;
  for (std::size_t index = 0; index < lines_.size(); ++index)
    if (encodings_[index].width == width && at % width == encodings_[index].phase) found = index;
  const auto& encoding = encodings_[found];
  const Lines& lines = lines_[found];
  const std::uint64_t before =
      encoding.width == 1 ? characters_ : (at - encoding.phase - lines.begin) / width;
  give_({names, lines.line, before + 1, encoding.name});
}

std::string masked_key(const schema::Uuid& key) { return schema::api_key_beginning(key) + "…"; }

std::string without_keys(std::string text) {
  std::size_t place = 0;
  while ((place = text.find(schema::api_key_prefix, place)) != std::string::npos) {
    const auto candidate = std::string_view(text).substr(place, schema::api_key_text_size);
    if (const auto names = schema::read_api_key(candidate))
      text.replace(place, candidate.size(), masked_key(names->key));
    ++place;
  }
  return text;
}

}  // namespace postern::cli
