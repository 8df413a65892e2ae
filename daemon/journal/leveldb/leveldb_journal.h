// The journal's embedded implementation: LevelDB under our Env, the tree, the anchor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "daemon/journal/opening.h"

namespace leveldb {
class Env;
}

namespace postern::journal {

class Disk;

struct LevelDbOptions : JournalOptions {
  /// What our Env stands on; null: the system's. It keeps each file under its name on the disk.
  leveldb::Env* base_env = nullptr;
  /// The system calls beside it; null: the system's. Both are seams of the fault tests and outlive
  /// the journal.
  Disk* disk = nullptr;
  /// How much LevelDB gathers in memory, and reads again at the next opening, before it writes a
  /// table.
  std::size_t write_buffer_bytes = 16 << 20;
};

/// Each as in `opening.h`.
Expected<> create_leveldb_journal(const LevelDbOptions& options);
Expected<std::unique_ptr<Journal>> open_leveldb_journal(const LevelDbOptions& options,
                                                        const OnRecord& on_record,
                                                        const KnownRecords* known = nullptr);
Expected<std::unique_ptr<Journal>> read_leveldb_journal(const std::filesystem::path& folder,
                                                        const OnRecord& on_record,
                                                        const KnownRecords* known = nullptr);
std::optional<std::uint64_t> leveldb_anchored_seq(const std::filesystem::path& folder);

}  // namespace postern::journal
