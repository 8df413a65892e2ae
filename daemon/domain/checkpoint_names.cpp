#include "daemon/domain/checkpoint_names.h"

namespace postern::domain {

namespace {

constexpr std::string_view name_prefix = "postern/";

/// "01890a5d-ac96-774b-bcce-b302099a8057".
std::string uuid_text(const Uuid& id) {
  std::string text;
  for (const std::uint64_t half : {id.high(), id.low()})
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[half >> shift & 0xfU];
  for (const std::size_t place : {8, 13, 18, 23}) text.insert(place, 1, '-');
  return text;
}

std::string restored_name(std::string_view first, const Restoration& restoration) {
  return std::string(first) + "/" + uuid_text(restoration.id);
}

}  // namespace

std::string checkpoint_name(const Uuid& installation, const Copies* copies) {
  const std::string first = std::string(name_prefix) + uuid_text(installation);
  if (copies == nullptr || copies->restorations.empty()) return first;
  return restored_name(first, copies->restorations.back());
}

std::optional<Seq> shared_with(std::string_view name, std::string_view present,
                               const Copies* copies) {
  if (name == present) return no_end;
  if (copies == nullptr) return std::nullopt;
  const std::string_view first = present.substr(0, present.find('/', name_prefix.size()));
  std::string before(first);
  for (const Restoration& restoration : copies->restorations) {
    if (name == before) return restoration.seq - 1;
    before = restored_name(first, restoration);
  }
  return std::nullopt;
}

}  // namespace postern::domain
