#include "daemon/service/inbound.h"

namespace postern::service {

std::string limit_and_size(std::size_t limit, std::size_t size) {
  return "The limit is " + std::to_string(limit) + " bytes, found " + std::to_string(size) + ".";
}

std::string limit_and_unpacked(std::size_t limit, std::size_t found) {
  return "The limit is " + std::to_string(limit) + " bytes, found at least " +
         std::to_string(found) + ", each part counted wherever it is used.";
}

std::optional<credential::Secret> copy_secret(const flatbuffers::String* text) {
  if (text == nullptr || text->size() == 0) return std::nullopt;
  return credential::Secret(text->string_view());
}

std::span<std::byte> place_of_secret(const flatbuffers::String& text) {
  // The opened copy is ours alone; the accessors are const because messages are.
  auto* data = const_cast<std::uint8_t*>(text.Data());
  return std::as_writable_bytes(std::span(data, text.size()));
}

}  // namespace postern::service
