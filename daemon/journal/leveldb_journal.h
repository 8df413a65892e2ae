// The journal's embedded implementation: LevelDB under our Env, the tree, the anchor.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "daemon/journal/journal.h"

namespace leveldb {
class Env;
}

namespace postern::journal {

/// When the anchor outside the database is written (hard fact 2).
enum class AnchorPolicy {
  /// Within 10 ms after an append, off its path: a cut tail of up to 10 ms can go unnoticed.
  soon,
  /// Before each append returns: no acknowledged record can go missing unnoticed.
  before_acknowledgement,
  /// Never: a cut tail goes unnoticed.
  off,
};

struct LevelDbOptions {
  /// The journal's folder: `<data>/journal`.
  std::filesystem::path folder;
  AnchorPolicy anchor = AnchorPolicy::soon;
  /// What our Env stands on; null: the system's. The seam of the fault tests.
  leveldb::Env* base_env = nullptr;
};

/// Makes an empty journal in a folder that does not exist or is empty.
Expected<> create_leveldb_journal(const LevelDbOptions& options);

/// Called for each record in order while opening, before the journal may be used; a failure ends the opening.
using OnRecord = std::function<Expected<>(std::uint64_t seq, View record)>;

/// Opens for one process, reading every record: density of seqs, the tree, the anchor are checked on the way,
/// and `on_record` sees each once. Damage fails with kind `damaged`, saying what is damaged and what to do.
Expected<std::unique_ptr<Journal>> open_leveldb_journal(const LevelDbOptions& options, const OnRecord& on_record);

}  // namespace postern::journal
