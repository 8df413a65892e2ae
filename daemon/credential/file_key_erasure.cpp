// U11: the half of the key store that destroys keys: files written anew without them.
#include <algorithm>
#include <map>
#include <utility>

#include "daemon/credential/file_key_store.h"
#include "daemon/platform/require.h"

namespace postern::credential {

Expected<> FileKeyStore::erase(std::span<const KeySlot> slots) {
  const std::lock_guard changing(changes_mutex_);
  if (erase_failure_) return std::unexpected(*erase_failure_);
  auto erased = erase_all(slots);
  if (!erased) erase_failure_ = erased.error();
  return erased;
}

Expected<> FileKeyStore::erase_all(std::span<const KeySlot> slots) {
  if (auto settled = settle(); !settled) return settled;
  auto files = write_anew(slots);
  if (!files) return std::unexpected(files.error());
  if (files->empty()) return {};
  if (auto synced = folder_->sync(); !synced) return synced;
  Root root;
  root.purposes = root_.purposes;
  for (std::size_t i = 0; i < root_.own.size(); ++i) root.own.push_back(root_.own[i]);
  for (std::size_t i = 0; i < root_.wrapping.size(); ++i)
    root.wrapping.push_back(root_.wrapping[i]);
  for (const Anew& file : *files) root.wrapping.replace(file.number - 1, file.wrapping);
  if (auto replaced = replace_root(*folder_, root); !replaced) return replaced;
  return put_in_place(*files);
}

/// What a stop in the middle of an erasure left: new files that fit the root take their places,
/// those that it never came to name go.
Expected<> FileKeyStore::settle() {
  if (erase_failure_) return {};
  const auto names = folder_->list();
  if (!names) return std::unexpected(names.error());
  bool changed = false;
  for (const std::string& name : *names) {
    if (!name.ends_with(anew_suffix)) continue;
    const std::string place = name.substr(0, name.size() - std::string_view(anew_suffix).size());
    const auto number = key_file_number(place);
    if (!number) continue;
    changed = true;
    const std::lock_guard lock(keys_mutex_);
    const bool fits = anew_.contains(*number);
    if (auto done = fits ? folder_->rename(name, place) : folder_->remove(name); !done) return done;
  }
  {
    const std::lock_guard lock(keys_mutex_);
    anew_.clear();
  }
  return changed ? folder_->sync() : Expected<>();
}

Expected<std::vector<FileKeyStore::Anew>> FileKeyStore::write_anew(std::span<const KeySlot> slots) {
  std::map<std::uint32_t, std::vector<std::uint16_t>> by_file;
  for (const KeySlot& slot : slots) {
    require(slot.file > 0 && slot.file <= file_count() && slot.slot < slots_per_file);
    by_file[slot.file].push_back(slot.slot);
  }
  std::vector<Anew> written;
  for (const auto& [number, erased] : by_file) {
    const auto file = read_file(number);
    if (!file) return std::unexpected(file.error());
    const auto is_empty = [&](std::uint16_t slot) {
      const auto bytes = slot_bytes(file->bytes, slot);
      return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
    };
    if (std::ranges::all_of(erased, is_empty)) continue;
    Anew& made = written.emplace_back(number);
    entropy_.fill(made.wrapping);
    made.bytes =
        rewrite_key_file(file->bytes, number, root_.wrapping[number - 1], made.wrapping, erased);
    if (auto done = folder_->write(key_file_name(number) + anew_suffix, made.bytes); !done)
      return std::unexpected(done.error());
    const std::lock_guard lock(keys_mutex_);
    if (number != current_.number) made.bytes = {};
  }
  return written;
}

/// The root names the new keys by now: whatever happens, no older one may be written.
Expected<> FileKeyStore::put_in_place(std::vector<Anew>& files) {
  {
    const std::lock_guard lock(keys_mutex_);
    for (Anew& file : files) {
      root_.wrapping.replace(file.number - 1, file.wrapping);
      anew_.insert(file.number);
      if (file.number == current_.number) current_.bytes = std::move(file.bytes);
    }
  }
  for (const Anew& file : files) {
    const std::string name = key_file_name(file.number);
    const std::lock_guard lock(keys_mutex_);
    if (auto renamed = folder_->rename(name + anew_suffix, name); !renamed) return renamed;
    anew_.erase(file.number);
  }
  return folder_->sync();
}

}  // namespace postern::credential
