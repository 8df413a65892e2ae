#include "daemon/credential/file_key_store.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "daemon/credential/sealed_key_folder.h"
#include "daemon/platform/all_processors.h"
#include "daemon/platform/require.h"

namespace postern::credential {

namespace {

/// There while a change is planned.
constexpr std::string_view planned_curve_secret = "server-curve-secret-planned";

bool is_curve_secret(std::string_view purpose) {
  return purpose == name_of(OwnKey::server_curve_secret);
}

/// A scalar for Curve25519 has five bits fixed (RFC 7748, section 5).
void clamp(Key& key) {
  key.front() &= std::byte{0xf8};
  key.back() &= std::byte{0x7f};
  key.back() |= std::byte{0x40};
}

Expected<> read_root_of(KeyFolder& folder, Root& root) {
  const std::string path = folder.path_of(root_name).string();
  auto bytes = folder.read(root_name, root_size_max);
  if (!bytes) return std::unexpected(bytes.error());
  const WipeAtEnd wiping{*bytes};
  if (is_sealed_root(*bytes))
    return std::unexpected(
        Failure{FailureKind::configuration,
                "'" + path + "' is sealed under a key that the service manager has, and none came",
                std::string("Start it by its unit, with LoadCredential=") + sealing_credential +
                    ":FILE; what is done to a stopped folder: systemd-run --pty --property=User= "
                    "--property=LoadCredential= with the same, and the command."});
  if (auto decoded = decode_root(*bytes, path, root); !decoded) return decoded;
  for (const OwnKey key : own_keys)
    if (std::ranges::find(root.purposes, name_of(key)) == root.purposes.end())
      return std::unexpected(damage(path, "it lacks the key for " + std::string(name_of(key))));
  return {};
}

const Key* own_key_in(const Root& root, std::string_view purpose) {
  const auto found = std::ranges::find(root.purposes, purpose);
  if (found == root.purposes.end()) return nullptr;
  return &root.own[static_cast<std::size_t>(found - root.purposes.begin())];
}

const Key* own_key_in(const Root& root, OwnKey key) { return own_key_in(root, name_of(key)); }

/// The same but for the server's key and the planned one; null: there is none.
void copy_root(const Root& from, const Key& server_key, const Key* planned, Root& to) {
  for (std::size_t index = 0; index < from.own.size(); ++index) {
    const std::string& purpose = from.purposes[index];
    if (purpose == planned_curve_secret) continue;
    to.purposes.push_back(purpose);
    to.own.push_back(is_curve_secret(purpose) ? server_key : from.own[index]);
  }
  if (planned != nullptr) {
    to.purposes.emplace_back(planned_curve_secret);
    to.own.push_back(*planned);
  }
  for (std::size_t index = 0; index < from.wrapping.size(); ++index)
    to.wrapping.push_back(from.wrapping[index]);
}

}  // namespace

// ---- making and opening

Expected<> FileKeyStore::replace_root(KeyFolder& folder, const Root& root) {
  std::vector<std::byte> bytes = encode_root(root);
  const WipeAtEnd wiping{bytes};
  const std::string temporary = std::string(root_name) + temporary_suffix;
  if (auto written = folder.write(temporary, bytes); !written) return written;
  if (auto renamed = folder.rename(temporary, root_name); !renamed) return renamed;
  return folder.sync();
}

void FileKeyStore::draw_own_key(std::string_view purpose, platform::Entropy& entropy, Key& key) {
  entropy.fill(key);
  if (is_curve_secret(purpose)) clamp(key);
}

Expected<> FileKeyStore::create(KeyFolder& folder, platform::Entropy& entropy) {
  const auto names = folder.list();
  if (!names) return std::unexpected(names.error());
  const auto is_temporary = [](const std::string& name) {
    return name.ends_with(temporary_suffix);
  };
  // A temporary file is all that an interrupted creation leaves behind.
  if (!std::ranges::all_of(*names, is_temporary))
    return std::unexpected(Failure{FailureKind::cannot_create,
                                   "'" + folder.path_of("").string() + "' is not empty",
                                   "name another folder, or move away what it holds"});
  Root root;
  for (const OwnKey own : own_keys) {
    Key key;
    const WipeAtEnd wiping{key};
    draw_own_key(credential::name_of(own), entropy, key);
    root.purposes.emplace_back(credential::name_of(own));
    root.own.push_back(key);
  }
  return replace_root(folder, root);
}

FileKeyStore::FileKeyStore(std::unique_ptr<KeyFolder> folder, platform::Entropy& entropy,
                           Options options)
    : folder_(std::move(folder)), entropy_(entropy), options_(options) {
  require(options.files_ahead > 0);
}

FileKeyStore::~FileKeyStore() = default;

Expected<std::unique_ptr<FileKeyStore>> FileKeyStore::open(std::unique_ptr<KeyFolder> folder,
                                                           platform::Entropy& entropy,
                                                           Options options) {
  std::unique_ptr<FileKeyStore> store(new FileKeyStore(std::move(folder), entropy, options));
  if (auto read = store->read_root(); !read) return std::unexpected(read.error());
  if (auto checked = store->check_strangers(); !checked) return std::unexpected(checked.error());
  if (auto read = store->read_key_files(); !read) return std::unexpected(read.error());
  return store;
}

Expected<> FileKeyStore::change_server_key(KeyFolder& folder, ServerKeyStep step,
                                           platform::Entropy& entropy) {
  Root root;
  if (auto read = read_root_of(folder, root); !read) return read;
  const Key* planned = own_key_in(root, planned_curve_secret);
  Root changed;
  switch (step) {
    case ServerKeyStep::plan: {
      if (planned != nullptr) return {};
      Key fresh;
      const WipeAtEnd wiping{fresh};
      entropy.fill(fresh);
      clamp(fresh);
      copy_root(root, *own_key_in(root, OwnKey::server_curve_secret), &fresh, changed);
      break;
    }
    case ServerKeyStep::take:
      if (planned == nullptr)
        return std::unexpected(Failure{FailureKind::usage,
                                       "no change of the server's key is planned",
                                       "Plan it first, so that clients can be told."});
      copy_root(root, *planned, nullptr, changed);
      break;
  }
  return replace_root(folder, changed);
}

Expected<> FileKeyStore::read_root() { return read_root_of(*folder_, root_); }

/// An interrupted making leaves one key file that the root does not name. More of them mean that
/// the root is an old copy, and to go on would lose the keys of the newer files.
Expected<> FileKeyStore::check_strangers() const {
  const auto names = folder_->list();
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names)
    if (key_file_number(name).value_or(0) > file_count() + 1)
      return std::unexpected(damage(folder_->path_of(root_name).string(),
                                    "it is older than the folder: it does not name " + name));
  return {};
}

Expected<> FileKeyStore::read_key_files() {
  // Each file has a place of its own among the commitments.
  std::vector<Expected<>> read(file_count());
  opening_ = std::make_unique<Opening>(file_count());
  std::mutex reading;
  platform::do_pieces(read.size(), [&](std::size_t place) {
    read[place] = read_commitments(static_cast<std::uint32_t>(place) + 1, reading);
  });
  const auto failed = std::ranges::find(read, false, &Expected<>::has_value);
  return failed == read.end() ? Expected<>() : *failed;
}

Expected<> FileKeyStore::read_commitments(std::uint32_t number, std::mutex& reading) {
  const auto file = [&] {
    const std::lock_guard lock(reading);
    return read_file(number);
  }();
  if (!file) return std::unexpected(file.error());
  Key key;
  const WipeAtEnd wiping{key};
  for (std::uint16_t slot = 0; slot < slots_per_file; ++slot) {
    const auto bytes = slot_bytes(file->bytes, slot);
    const SlotContents contents = open_slot(bytes, slot, root_.wrapping[number - 1], key);
    if (contents == SlotContents::unreadable)
      return std::unexpected(unreadable_slot(path_of(number), slot));
    if (contents == SlotContents::key) opening_->commitment_at({number, slot}) = commitment_to(key);
  }
  return {};
}

Expected<Commitment> FileKeyStore::commitment_in(const KeySlot& slot) const {
  require(opening_);
  if (!opening_->has(slot))
    return std::unexpected(damage(folder_->path_of(root_name).string(),
                                  "a user's key lies in file " + std::to_string(slot.file) +
                                      ", slot " + std::to_string(slot.slot) +
                                      ", and it names no such place"));
  require(!opening_->commitments.empty());
  return opening_->commitment_at(slot);
}

Expected<> FileKeyStore::confirm_used(const KeySlot& slot, const Commitment& commitment) {
  const auto found = commitment_in(slot);
  if (!found) return std::unexpected(found.error());
  const bool erased = *found == Commitment{};
  if (erased || *found != commitment) {
    return std::unexpected(
        damage(path_of(slot.file), "slot " + std::to_string(slot.slot) +
                                       (erased ? " holds no key" : " holds another key") +
                                       ", and a user that is not erased needs it"));
  }
  opening_->mark_used(slot);
  return {};
}

Expected<bool> FileKeyStore::confirm_erased(const KeySlot& slot, const Commitment& commitment) {
  const auto found = commitment_in(slot);
  if (!found) return std::unexpected(found.error());
  const bool erased = *found == Commitment{};
  if (!erased && *found != commitment)
    return std::unexpected(damage(path_of(slot.file), "slot " + std::to_string(slot.slot) +
                                                          " holds another key than that of the "
                                                          "user that was erased"));
  opening_->mark_used(slot);
  return !erased;
}

void FileKeyStore::end_confirming() {
  if (opening_) opening_->commitments = std::vector<Commitment>();
}

Expected<> FileKeyStore::end_opening() {
  const std::lock_guard changing(changes_mutex_);
  if (auto settled = settle(); !settled) return settled;
  const auto last = opening_->last_used();
  const KeySlot last_used = last.value_or(KeySlot{1, 0});
  std::deque<File> unused;
  for (std::uint32_t number = last_used.file; number <= file_count(); ++number) {
    auto file = read_file(number);
    if (!file) return std::unexpected(file.error());
    unused.push_back(std::move(*file));
  }
  if (auto removed = remove_leftovers(); !removed) return removed;
  if (last) {
    const std::lock_guard lock(keys_mutex_);
    current_ = std::move(unused.front());
    current_slot_ = static_cast<std::uint16_t>(last_used.slot + 1);
    unused.pop_front();
  }
  ready_ = std::move(unused);
  opening_.reset();
  maker_ = std::jthread([this](const std::stop_token& stop) { make_ahead(stop); });
  return {};
}

Expected<> FileKeyStore::remove_leftovers() {
  const auto names = folder_->list();
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (!name.ends_with(temporary_suffix) && key_file_number(name).value_or(0) <= file_count())
      continue;
    if (auto removed = folder_->remove(name); !removed) return removed;
  }
  return {};
}

// ---- keys

Expected<NewKey> FileKeyStore::next() {
  if (opening_)
    if (auto ended = end_opening(); !ended) return std::unexpected(ended.error());
  NewKey made;
  while (true) {
    if (current_.number == 0 || current_slot_ == slots_per_file) {
      auto file = next_file();
      if (!file) return std::unexpected(file.error());
      const std::lock_guard lock(keys_mutex_);
      current_ = std::move(*file);
      current_slot_ = 0;
    }
    const std::lock_guard lock(keys_mutex_);
    made.slot = {current_.number, current_slot_};
    const auto holds =
        open_slot_of(made.slot, slot_bytes(current_.bytes, current_slot_), made.key.bytes());
    if (!holds) return std::unexpected(holds.error());
    ++current_slot_;
    // An erased user's slot stays empty for ever.
    if (!*holds) continue;
    made.commitment = commitment_to(made.key);
    return made;
  }
}

Expected<UserKey> FileKeyStore::user_key(const KeySlot& slot) const {
  if (slot.file == 0 || slot.file > file_count() || slot.slot >= slots_per_file)
    return std::unexpected(Failure{FailureKind::missing,
                                   "the key store has no file " + std::to_string(slot.file) +
                                       ", slot " + std::to_string(slot.slot),
                                   "restore the journal and the key store from one backup"});
  UserKey key;
  const auto holds = read_slot(slot, key.bytes());
  if (!holds) return std::unexpected(holds.error());
  if (*holds) return key;
  return std::unexpected(
      Failure{FailureKind::missing,
              "'" + path_of(slot.file) + "' holds no key in slot " + std::to_string(slot.slot),
              "none, if the user was erased; else restore the keys folder"});
}

Expected<bool> FileKeyStore::read_slot(const KeySlot& slot, Key& key) const {
  std::array<std::byte, slot_size> bytes;
  const auto read = [&](const std::string& name) {
    return folder_->read_at(name, slot_offset(slot.slot), bytes);
  };
  std::unique_lock lock(keys_mutex_);
  const std::string name = name_of(slot.file);
  lock.unlock();
  // Readers do not wait for each other's disk.
  const Expected<> done = read(name);
  lock.lock();
  if (done)
    if (auto holds = open_slot_of(slot, bytes, key)) return holds;
  // An erasure may have put a new file in place in between, or failed to say whether it did.
  if (!read(name_of(slot.file)))
    if (auto again = read(key_file_name(slot.file)); !again) return std::unexpected(again.error());
  return open_slot_of(slot, bytes, key);
}

const Key& FileKeyStore::own_key(OwnKey key) const {
  const Key* found = own_key_in(root_, key);
  require(found != nullptr);
  return *found;
}

const Key* FileKeyStore::planned_server_key() const {
  return own_key_in(root_, planned_curve_secret);
}

Expected<std::vector<std::byte>> FileKeyStore::copy_part(std::uint32_t part) const {
  const std::lock_guard lock(keys_mutex_);
  if (part == 0) {
    Root own;
    own.purposes = root_.purposes;
    for (std::size_t index = 0; index < root_.own.size(); ++index)
      own.own.push_back(root_.own[index]);
    return encode_root(own);
  }
  require(part <= root_.wrapping.size());
  auto file = read_version(part, name_of(part));
  if (!file) file = read_version(part, key_file_name(part));
  if (!file) return std::unexpected(file.error());
  const Key& wrapping = root_.wrapping[part - 1];
  file->bytes.insert(file->bytes.begin(), wrapping.begin(), wrapping.end());
  return std::move(file->bytes);
}

bool FileKeyStore::memory_locked() const {
  const std::lock_guard lock(keys_mutex_);
  return root_.own.locked() && root_.wrapping.locked();
}

Expected<FileKeyStore::File> FileKeyStore::read_file(std::uint32_t number) {
  auto file = read_version(number, name_of(number));
  if (!file && anew_.contains(number)) return read_version(number, key_file_name(number));
  if (file || !opening_ || file.error().kind != FailureKind::damaged) return file;
  auto anew = read_version(number, key_file_name(number) + anew_suffix);
  if (!anew) return file;
  const std::lock_guard lock(keys_mutex_);
  anew_.insert(number);
  return anew;
}

Expected<FileKeyStore::File> FileKeyStore::read_version(std::uint32_t number,
                                                        const std::string& name) const {
  const std::string path = folder_->path_of(name).string();
  auto bytes = folder_->read(name, key_file_size);
  if (!bytes && bytes.error().kind == FailureKind::missing)
    return std::unexpected(damage(path, "the root file names it, and it is not there"));
  if (!bytes) return std::unexpected(bytes.error());
  auto checked = check_key_file(*bytes, number, root_.wrapping[number - 1], path);
  if (!checked) return std::unexpected(checked.error());
  return File{number, std::move(*bytes)};
}

Expected<bool> FileKeyStore::open_slot_of(const KeySlot& slot,
                                          std::span<const std::byte, slot_size> bytes,
                                          Key& key) const {
  switch (open_slot(bytes, slot.slot, root_.wrapping[slot.file - 1], key)) {
    case SlotContents::key:
      return true;
    case SlotContents::erased:
      return false;
    case SlotContents::unreadable:
      break;
  }
  return std::unexpected(unreadable_slot(path_of(slot.file), slot.slot));
}

std::string FileKeyStore::name_of(std::uint32_t number) const {
  return key_file_name(number) + (anew_.contains(number) ? anew_suffix : "");
}

std::uint32_t FileKeyStore::file_count() const {
  const std::lock_guard lock(keys_mutex_);
  return static_cast<std::uint32_t>(root_.wrapping.size());
}

std::string FileKeyStore::path_of(std::uint32_t number) const {
  return folder_->path_of(key_file_name(number)).string();
}

// ---- files made ahead

Expected<FileKeyStore::File> FileKeyStore::next_file() {
  std::unique_lock lock(ready_mutex_);
  ready_changed_.wait(lock, [this] { return !ready_.empty() || making_failure_; });
  if (ready_.empty()) return std::unexpected(*making_failure_);
  File file = std::move(ready_.front());
  ready_.pop_front();
  ready_changed_.notify_all();
  return file;
}

void FileKeyStore::make_ahead(const std::stop_token& stop) {
  std::unique_lock lock(ready_mutex_);
  while (true) {
    const auto is_wanted = [this] { return ready_.size() < options_.files_ahead; };
    if (!ready_changed_.wait(lock, stop, is_wanted) || stop.stop_requested()) return;
    lock.unlock();
    auto made = make_file();
    lock.lock();
    if (made) {
      ready_.push_back(std::move(*made));
      making_failure_.reset();
      ready_changed_.notify_all();
      continue;
    }
    making_failure_ = std::move(made.error());
    making_failure_->kind = FailureKind::input_output;
    making_failure_->remedy = "free space or mend the disk; it is tried again by itself";
    ready_changed_.notify_all();
    ready_changed_.wait_for(lock, stop, options_.retry_after, [] { return false; });
  }
}

/// A file whose root could not be written is kept for the next attempt: the root on disk may or may
/// not name it already, so it must not be replaced.
Expected<FileKeyStore::File> FileKeyStore::make_file() {
  const std::lock_guard changing(changes_mutex_);
  if (!unnamed_) {
    Key wrapping;
    const WipeAtEnd wiping_wrapping{wrapping};
    entropy_.fill(wrapping);
    std::vector<Key> keys(slots_per_file);
    const WipeAtEnd wiping_keys{std::as_writable_bytes(std::span(keys))};
    entropy_.fill(std::as_writable_bytes(std::span(keys)));
    const std::uint32_t number = file_count() + 1;
    File file{number, encode_key_file(number, wrapping, keys)};
    if (auto written = folder_->write(key_file_name(number), file.bytes); !written)
      return std::unexpected(written.error());
    if (auto synced = folder_->sync(); !synced) return std::unexpected(synced.error());
    const std::lock_guard lock(keys_mutex_);
    root_.wrapping.push_back(wrapping);
    unnamed_ = std::move(file);
  }
  if (auto replaced = replace_root(*folder_, root_); !replaced)
    return std::unexpected(replaced.error());
  return *std::exchange(unnamed_, std::nullopt);
}

}  // namespace postern::credential
