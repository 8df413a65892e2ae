#include "daemon/offline/rotate_server_key.h"

#include "daemon/platform/data_format.h"
#include "daemon/platform/files.h"
#include "daemon/platform/folder_guard.h"

namespace postern::offline {

namespace {

/// What `server.key` is to say after this step.
std::string public_line(const credential::KeyStore& keys,
                        credential::KeyStore::ServerKeyStep step) {
  const data::ServerKeys now = data::server_keys(keys);
  const bool taken = step == credential::KeyStore::ServerKeyStep::take && !now.next.empty();
  return (taken ? now.next : now.present) + "\n";
}

}  // namespace

Expected<data::ServerKeys> rotate_server_key(const std::filesystem::path& folder,
                                             credential::KeyStore::ServerKeyStep step,
                                             platform::Entropy& entropy) {
  const data::DataPaths paths(folder);
  if (auto checked = platform::check_data_folder(folder); !checked)
    return std::unexpected(checked.error());
  const auto as_owner = platform::AsOwner::of(folder);
  if (!as_owner) return std::unexpected(as_owner.error());
  if (auto guarded = platform::check_folder_guards(folder); !guarded)
    return std::unexpected(guarded.error());
  const auto lock = platform::FolderLock::take(folder);
  if (!lock) return std::unexpected(lock.error());
  // Read whole first, so that a damaged store is left as it is.
  const auto sound = credential::KeyStore::open(paths.keys(), entropy);
  if (!sound) return std::unexpected(data::lacking(sound.error()));
  // Before the key changes, so that it is not in vain if there is no room for its public half.
  auto file = platform::NewFile::create(paths.server_key());
  if (!file) return std::unexpected(file.error());
  const std::string text = public_line(**sound, step);
  if (auto written = file->write(std::as_bytes(std::span(text))); !written)
    return std::unexpected(written.error());
  if (auto changed = credential::KeyStore::change_server_key(paths.keys(), step, entropy); !changed)
    return std::unexpected(changed.error());
  const auto keys = credential::KeyStore::open(paths.keys(), entropy);
  if (!keys) return std::unexpected(keys.error());
  if (auto placed = file->put_in_place(); !placed) return std::unexpected(placed.error());
  return data::server_keys(**keys);
}

}  // namespace postern::offline
