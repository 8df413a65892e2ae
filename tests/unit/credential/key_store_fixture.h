// What the key store's tests stand on: a folder of their own, and a disk that stops and fails on
// demand.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "daemon/credential/file_key_store.h"
#include "daemon/platform/entropy.h"

namespace postern::testing {

using Bytes = std::vector<std::byte>;
/// Names and contents of a folder's files.
using Contents = std::map<std::string, Bytes>;

Bytes read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const Bytes& bytes);

/// A folder that goes when this goes.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  Contents contents() const;
  void replace_contents(const Contents& contents) const;

 private:
  std::filesystem::path path_;
};

/// What a change to the folder does.
enum class Outcome {
  done,
  /// Refused by the disk; nothing happened.
  refused,
  /// Happened, and reported as failed.
  done_but_failed,
  /// The machine stops before it, in the middle of it, or after it; nothing happens from then on.
  stops_before,
  stops_midway,
  stops_after,
};

/// The disk under a `FaultyFolder`. Each change gets a number, from 0; `plan` says what it does.
/// Remembers what a loss of power would leave. Thread-safe.
class FaultyDisk {
 public:
  explicit FaultyDisk(const TemporaryFolder& folder);

  std::function<Outcome(int change)> plan = [](int) { return Outcome::done; };

  Outcome begin_change();
  void synced();

  int changes() const;
  int faults() const;
  bool stopped() const;
  /// Until the machine stopped or `changes` were made; fails the test if neither comes.
  void wait_for_stop_or(int changes);
  /// What was there at the last sync.
  Contents durable() const;

 private:
  const TemporaryFolder& folder_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int changes_ = 0;
  int faults_ = 0;
  bool stopped_ = false;
  Contents durable_;
};

class FaultyFolder final : public credential::KeyFolder {
 public:
  FaultyFolder(const TemporaryFolder& folder, FaultyDisk& disk)
      : KeyFolder(folder.path()), disk_(disk) {}

  Expected<> write(const std::string& name, std::span<const std::byte> bytes) override;
  Expected<> rename(const std::string& from, const std::string& to) override;
  Expected<> remove(const std::string& name) override;
  Expected<> sync() override;

 private:
  Expected<> change(
      const std::function<Expected<>()>& whole, const std::function<void()>& half = [] {});

  FaultyDisk& disk_;
};

/// A store on the system's own folder; fails the test if it does not open.
std::unique_ptr<credential::FileKeyStore> open_store(
    const TemporaryFolder& folder, credential::FileKeyStore::Options options = {});

/// The next `count` keys; fails the test if there are not as many.
std::vector<credential::NewKey> take(credential::KeyStore& store, std::size_t count);

/// The next key once making has healed; fails the test if it does not heal.
credential::NewKey take_when_healed(credential::KeyStore& store);

/// Makes the last 32 bytes of a root file, or of a key file, what they must be after all before.
void correct_checksum(Bytes& root);
void correct_trailer(Bytes& key_file, const credential::Key& wrapping);
credential::Key wrapping_key_of(const TemporaryFolder& folder, std::uint32_t number);

/// Runs on a thread that is not root, if this process is.
void run_as_nobody(const std::function<void()>& work);

platform::Entropy& system_entropy();

}  // namespace postern::testing
