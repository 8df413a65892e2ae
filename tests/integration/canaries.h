// Secrets that occur nowhere else: whoever finds one can say which way it went.
#pragma once

#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::support {

class Canaries {
 public:
  /// A text for this path, fit to be a password. Lower case and digits alone, so that a copy made
  /// for a comparison looks the same.
  std::string make(std::string path) {
    paths_.push_back(std::move(path));
    const std::string number = std::to_string(number_min + paths_.size() - 1);
    return random_text(8) + mark_ + number + random_text(4);
  }

  /// A secret that somebody else made.
  void add(std::string path, const std::string& text) {
    others_.emplace_back(std::move(path), text.substr(text.size() / 2));
  }

  /// The paths of those that lie in the bytes, whole or with their beginning overwritten.
  std::set<std::string> found_in(std::string_view bytes) const {
    std::set<std::string> found;
    for (std::size_t at = bytes.find(mark_); at != bytes.npos; at = bytes.find(mark_, at + 1))
      found.insert(path_of(bytes.substr(at + mark_.size(), number_digits)));
    for (const auto& [path, text] : others_)
      if (bytes.find(text) != bytes.npos) found.insert(path);
    return found;
  }

  /// Where the next of those made here begins, all but its first eight letters.
  std::size_t find_in(std::string_view bytes, std::size_t from) const {
    return bytes.find(mark_, from);
  }

  std::size_t count() const { return paths_.size() + others_.size(); }

 private:
  static constexpr std::size_t number_min = 1'000;
  static constexpr std::size_t number_digits = 4;

  std::string random_text(std::size_t size) {
    // Without vowels they spell no word that a policy forbids.
    constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz234567890123";
    std::string text(size, '\0');
    for (char& character : text) character = letters[random_() % letters.size()];
    return text;
  }

  std::string path_of(std::string_view number) const {
    for (std::size_t place = 0; place < paths_.size(); ++place)
      if (std::to_string(number_min + place) == number) return paths_[place];
    return "a part of one";
  }

  std::random_device random_;
  std::string mark_ = random_text(12);
  std::vector<std::string> paths_;
  std::vector<std::pair<std::string, std::string>> others_;
};

inline std::string joined(const std::set<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

}  // namespace postern::support
