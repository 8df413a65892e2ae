#include "daemon/service/checkpoint_names.h"

#include <fmt/format.h>

namespace postern::service {

namespace {

constexpr std::string_view prefix = "postern/";

std::string text_of(const domain::Uuid& id) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", id.high() >> 32,
                     id.high() >> 16 & 0xffff, id.high() & 0xffff, id.low() >> 48,
                     id.low() & 0xffff'ffff'ffff);
}

std::string name_of(std::string_view first, const domain::Restoration& restoration) {
  return std::string(first) + "/" + text_of(restoration.id);
}

}  // namespace

std::string checkpoint_name(const domain::Uuid& installation, const domain::Copies* copies) {
  const std::string first = std::string(prefix) + text_of(installation);
  if (copies == nullptr || copies->restorations.empty()) return first;
  return name_of(first, copies->restorations.back());
}

std::optional<domain::Seq> shared_with(std::string_view name, std::string_view present,
                                       const domain::Copies* copies) {
  if (name == present) return no_end;
  if (copies == nullptr) return std::nullopt;
  const std::string_view first = present.substr(0, present.find('/', prefix.size()));
  std::string before(first);
  for (const domain::Restoration& restoration : copies->restorations) {
    if (name == before) return restoration.seq - 1;
    before = name_of(first, restoration);
  }
  return std::nullopt;
}

}  // namespace postern::service
