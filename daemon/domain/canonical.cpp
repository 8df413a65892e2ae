#include "daemon/domain/canonical.h"

#include <algorithm>

namespace postern::domain {

namespace {

std::uint64_t as_number(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (int place = 0; place < 8; ++place)
    value |= static_cast<std::uint64_t>(bytes[place]) << 8 * place;
  return value;
}

const char* as_text(const std::uint8_t* bytes) { return reinterpret_cast<const char*>(bytes); }

}  // namespace

void CanonicalReader::fail(std::string_view sentence) {
  if (failure_.empty()) failure_ = sentence;
  window_ = {};
}

bool CanonicalReader::at_end() {
  if (!good()) return true;
  if (window_.empty()) window_ = source_();
  return window_.empty();
}

void CanonicalReader::gather(std::uint64_t count) {
  gathered_.clear();
  while (count > 0 && !at_end()) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(count, window_.size()));
    gathered_.append(as_text(window_.data()), part);
    window_ = window_.subspan(part);
    count -= part;
  }
  if (count == 0) return;
  fail("the bytes end too early");
  gathered_.clear();
}

std::uint64_t CanonicalReader::next_number() {
  if (window_.size() >= sizeof(std::uint64_t)) {
    const std::uint64_t value = as_number(window_.data());
    window_ = window_.subspan(sizeof(std::uint64_t));
    return value;
  }
  if (!good()) return 0;
  gather(sizeof(std::uint64_t));
  return good() ? as_number(reinterpret_cast<const std::uint8_t*>(gathered_.data())) : 0;
}

std::string_view CanonicalReader::view() {
  const std::uint64_t length = next_number();
  if (length > text_bytes_max) fail("a text is too long");
  if (!good()) return {};
  if (length <= window_.size()) {
    const auto size = static_cast<std::size_t>(length);
    const std::string_view found(as_text(window_.data()), size);
    window_ = window_.subspan(size);
    return found;
  }
  gather(length);
  return gathered_;
}

}  // namespace postern::domain
