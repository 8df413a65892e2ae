// A disk that fails when told to: what the journal's Env stands on in the fault tests.
#pragma once

#include <leveldb/env.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/journal/leveldb/disk.h"

namespace postern::support {

/// What the journal asks of a disk.
enum class Operation {
  create,
  append,
  flush,
  sync,
  close,
  rename,
  remove,
  sync_folder,
  write_synced
};

/// One call, in the order of their coming; `name` is the file's or folder's own, without its path.
struct Step {
  Operation operation;
  std::string name;
};

/// Passes everything on to real files, counts it, and knows of each file how much was synced and
/// whether its name was. Any thread. Stands in for LevelDB's Env and for the journal's Disk at
/// once. Folders are taken to be durable as they are when first touched.
class FaultEnv final : public leveldb::EnvWrapper, public journal::Disk {
 public:
  enum class Times { once, from_then_on };

  /// What a power cut leaves: only what was synced; all that was written; or, by a seed, all names
  /// or the synced ones only, and of what was not synced any number of whole sectors of 512 bytes;
  /// or the same, where of those sectors some came and the others, even earlier ones, are zeros.
  enum class Left { synced, written, torn, scattered };

  FaultEnv();

  /// The nth operation of that kind from now, counted from 1, fails; one that writes, halfway.
  void fail(Operation operation, std::uint64_t nth, Times times);
  /// After `count` more operations of any kind the power is gone: the next one ends halfway, and
  /// everything after it fails and changes nothing.
  void cut_power_after(std::uint64_t count);
  /// How many operations failed on purpose.
  std::uint64_t fired() const;
  std::vector<Step> steps() const;

  /// Turns the power on again over what is left. No file may be open.
  void crash(Left left, std::uint64_t seed = 0);

  /// Files by their names, with what they hold.
  using Image = std::map<std::string, std::string>;
  /// What a power cut now would leave; torn at sectors of so many bytes.
  Image left_now(Left left, std::uint64_t seed = 0, std::uint64_t sector = 512);
  /// Called before each operation, on its thread; may ask what would be left.
  std::function<void(const Step&)> before_step;
  /// The guard switched off that a test of tests needs: what claims to be synced is not.
  bool syncs_lie = false;

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override;
  leveldb::Status RemoveFile(const std::string& name) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  int sync_folder(const std::string& folder) override;
  int write_synced(int descriptor, journal::View bytes, std::uint64_t offset) override;

 private:
  class File;

  struct Node {
    std::uint64_t synced = 0;
    /// What it holds, once it has no name any more.
    std::string kept;
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  struct Plan {
    std::uint64_t in = 0;
    Times times = Times::once;
  };

  enum class Outcome { works, halfway, nothing };

  Outcome next(Operation operation, const std::string& name);
  void adopt(const std::string& folder);
  void forget_name(const std::string& name);
  void rename_folder(const std::string& from, const std::string& to);
  Image left_over(const Names& names, Left left, std::uint64_t seed, std::uint64_t sector);
  static bool keeps_all_names(Left left, std::uint64_t seed);

  // `before_step` is called with it held.
  mutable std::recursive_mutex mutex_;
  std::vector<Step> steps_;
  std::map<Operation, Plan> plans_;
  std::optional<std::uint64_t> power_for_;
  bool dark_ = false;
  std::uint64_t fired_ = 0;
  std::set<std::string> adopted_;
  Names live_;
  Names durable_;
  std::vector<std::pair<std::string, std::string>> renamed_folders_;
};

}  // namespace postern::support
