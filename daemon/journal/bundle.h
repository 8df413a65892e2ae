// A bundle: records in one file, with the checkpoint that proves them (H7). Its form is
// schema/backup.fbs.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "daemon/journal/checkpoint.h"

namespace postern::journal {

inline constexpr std::size_t bundle_part_bytes_max = std::size_t{16} << 20U;

/// A bundle that was read whole and holds what its checkpoint was signed for.
struct Bundle {
  /// Appends nothing.
  std::unique_ptr<Journal> journal;
  Checkpoint checkpoint;
  /// The same in C2SP text form.
  std::string note;
  /// What the checkpoint was verified with: the bundle's own word, unless the reader knows it from
  /// elsewhere.
  std::string verifier_key;
};

/// Reads every byte; `on_record` sees each record once, in order, before anything was proved. Fails
/// with `missing`, `input_output`, and `damaged`: cut short, not of this form, or not the records
/// that were signed for. Memory: a part.
Expected<Bundle> read_bundle(const std::filesystem::path& file, const OnRecord& on_record);

}  // namespace postern::journal
