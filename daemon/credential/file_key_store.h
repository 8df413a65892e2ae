// The key store in plain files.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "daemon/credential/key_folder.h"
#include "daemon/credential/key_format.h"
#include "daemon/credential/key_store.h"

namespace postern::credential {

/// See KeyStore for the contract; `KeyStore::create` and `open` make it on the system's own folder.
/// Making a file: write and sync it, sync the folder, replace the root by one that names it, sync
/// the folder; only then is it handed out from. A step that fails is tried again, with a new inode.
/// Erasing: write files anew beside the old ones and sync them, replace the root by one that names
/// their wrapping keys, put them in the place of the old. A root fits the old files or the new, so
/// a stop in between costs nothing: an opening reads those that fit.
/// Its thread makes files; what it shares with the writer is behind `ready_mutex_`; the wrapping
/// keys, which every reader needs, and the file in use behind `keys_mutex_`; the two are never held
/// together. Whoever changes root or folder holds `changes_mutex_`, taken before either.
class FileKeyStore final : public KeyStore {
 public:
  struct Options {
    /// Whole files beyond the one in use.
    std::size_t files_ahead = 4;
    /// Between two attempts at making, after one failed.
    std::chrono::milliseconds retry_after{500};
  };

  /// Makes the root in a folder that is empty.
  static Expected<> create(KeyFolder& folder, platform::Entropy& entropy);

  static Expected<std::unique_ptr<FileKeyStore>> open(std::unique_ptr<KeyFolder> folder,
                                                      platform::Entropy& entropy, Options options);
  /// See KeyStore. The root is replaced whole, so a stop leaves the old one or the new one.
  static Expected<> change_server_key(KeyFolder& folder, ServerKeyStep step,
                                      platform::Entropy& entropy);
  ~FileKeyStore() override;

  Expected<> confirm_used(const KeySlot& slot, const Commitment& commitment) override;
  Expected<bool> confirm_erased(const KeySlot& slot, const Commitment& commitment) override;
  void end_confirming() override;
  Expected<> erase(std::span<const KeySlot> slots) override;
  Expected<NewKey> next() override;
  Expected<UserKey> user_key(const KeySlot& slot) const override;
  const Key& own_key(OwnKey key) const override;
  const Key* planned_server_key() const override;
  std::uint32_t file_count() const override;
  Expected<std::vector<std::byte>> copy_part(std::uint32_t part) const override;
  bool memory_locked() const override;

  /// Puts this root into the folder, in the place of one that is there, and syncs it.
  static Expected<> replace_root(KeyFolder& folder, const Root& root);
  /// Draws an own key of this name.
  static void draw_own_key(std::string_view purpose, platform::Entropy& entropy, Key& key);

 private:
  /// A key file's bytes as they are on disk; number 0: none yet.
  struct File {
    std::uint32_t number = 0;
    std::vector<std::byte> bytes;
  };
  /// What confirming needs, freed when the opening ends.
  struct Opening {
    /// By file and slot; all zero for an erased slot. None once all are confirmed.
    std::vector<Commitment> commitments;
    /// Of each file one more than the last slot that somebody uses. Threads are mostly at different
    /// files, so each has a line of its own.
    struct alignas(64) UsedSlots {
      std::atomic<std::uint32_t> end{0};
    };
    std::vector<UsedSlots> used;

    explicit Opening(std::uint32_t files)
        : commitments(std::size_t{files} * slots_per_file), used(files) {}

    bool has(const KeySlot& slot) const {
      return slot.file != 0 && slot.file <= used.size() && slot.slot < slots_per_file;
    }
    void mark_used(const KeySlot& slot) {
      auto& end = used[slot.file - 1].end;
      std::uint32_t before = end.load(std::memory_order_relaxed);
      while (before <= slot.slot && !end.compare_exchange_weak(before, slot.slot + 1U)) {
      }
    }
    /// Nothing: none is used.
    std::optional<KeySlot> last_used() const {
      for (std::size_t place = used.size(); place > 0; --place)
        if (const std::uint32_t end = used[place - 1].end; end > 0)
          return KeySlot{static_cast<std::uint32_t>(place), static_cast<std::uint16_t>(end - 1)};
      return std::nullopt;
    }
    Commitment& commitment_at(const KeySlot& slot) {
      return commitments[std::size_t{slot.file - 1} * slots_per_file + slot.slot];
    }
  };

  /// A file written anew, under a wrapping key of its own.
  struct Anew {
    std::uint32_t number = 0;
    Key wrapping{};
    /// Of the file in use alone.
    std::vector<std::byte> bytes;

    explicit Anew(std::uint32_t of) : number(of) {}
    Anew(Anew&&) noexcept = default;
    Anew& operator=(Anew&&) = delete;
    ~Anew() { const WipeAtEnd wiping{wrapping}; }
  };

  FileKeyStore(std::unique_ptr<KeyFolder> folder, platform::Entropy& entropy, Options options);

  Expected<> read_root();
  Expected<> read_key_files();
  Expected<> read_commitments(std::uint32_t number, std::mutex& reading);
  Expected<> check_strangers() const;
  Expected<> end_opening();
  Expected<> remove_leftovers();

  Expected<Commitment> commitment_in(const KeySlot& slot) const;

  // ---- with `changes_mutex_` held, or before anybody else is there
  Expected<File> read_file(std::uint32_t number);
  Expected<File> read_version(std::uint32_t number, const std::string& name) const;
  Expected<> settle();
  Expected<> erase_all(std::span<const KeySlot> slots);
  Expected<std::vector<Anew>> write_anew(std::span<const KeySlot> slots);
  Expected<> put_in_place(std::vector<Anew>& files);

  // ---- with `keys_mutex_` held
  /// Puts the key that `slot`'s bytes hold into `key`; false if it is erased.
  Expected<bool> open_slot_of(const KeySlot& slot, std::span<const std::byte, slot_size> bytes,
                              Key& key) const;
  std::string name_of(std::uint32_t number) const;

  Expected<bool> read_slot(const KeySlot& slot, Key& key) const;
  std::string path_of(std::uint32_t number) const;

  Expected<File> next_file();
  void make_ahead(const std::stop_token& stop);
  Expected<File> make_file();

  const std::unique_ptr<KeyFolder> folder_;
  platform::Entropy& entropy_;
  const Options options_;

  std::mutex changes_mutex_;
  /// Why an erasure failed: the root on disk may fit the old files or the new, so both stay.
  std::optional<Failure> erase_failure_;

  mutable std::mutex keys_mutex_;
  /// Purposes and own keys never change after the opening.
  Root root_;
  /// Files that fit the root and lie beside their places: an erasure did not come to its end.
  std::set<std::uint32_t> anew_;
  /// New keys come from it.
  File current_;

  /// The writer's own; from the reading of the files to the first key that is handed out.
  std::unique_ptr<Opening> opening_;
  std::uint16_t current_slot_ = 0;

  std::mutex ready_mutex_;
  std::condition_variable_any ready_changed_;
  std::deque<File> ready_;
  /// Why the last attempt at making failed; empty after one that did not.
  std::optional<Failure> making_failure_;

  /// The maker's own: synced, but perhaps not yet named by the root on disk.
  std::optional<File> unnamed_;
  std::jthread maker_;
};

}  // namespace postern::credential
