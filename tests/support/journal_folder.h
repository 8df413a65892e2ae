// The daemon's own journal in a folder, for tests that do not name what stands behind it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/journal/opening.h"

namespace postern::support {

class FaultEnv;

/// Makes an empty journal, and opens it. With small tables, so that few records are enough for
/// several. One thread.
class JournalFolder {
 public:
  /// On `disk`, which outlives it; null: the system's.
  explicit JournalFolder(journal::JournalOptions options, FaultEnv* disk = nullptr);

  const std::filesystem::path& path() const { return options_.folder; }
  postern::Expected<std::unique_ptr<journal::Journal>> open(
      const journal::OnRecord& on_record, const journal::KnownRecords* known = nullptr) const;
  /// Tells nobody of the records.
  postern::Expected<std::unique_ptr<journal::Journal>> open(
      const journal::KnownRecords* known = nullptr) const;

 private:
  journal::JournalOptions options_;
  FaultEnv* disk_;
};

/// The key under which a record lies in the database of a journal's folder.
std::string row_key(std::uint64_t seq);
/// Past the journal, which is closed, as nothing of ours ever does.
void put_row(const std::filesystem::path& folder, std::string_view key, std::string_view value);
void remove_row(const std::filesystem::path& folder, std::string_view key);

}  // namespace postern::support
