#include "daemon/journal/opening.h"

#include "daemon/journal/leveldb/leveldb_journal.h"

namespace postern::journal {

Expected<> create_journal(const JournalOptions& options) {
  return create_leveldb_journal({options});
}

Expected<std::unique_ptr<Journal>> open_journal(const JournalOptions& options,
                                                const OnRecord& on_record,
                                                const KnownRecords* known) {
  return open_leveldb_journal({options}, on_record, known);
}

Expected<std::unique_ptr<Journal>> read_journal(const std::filesystem::path& folder,
                                                const OnRecord& on_record,
                                                const KnownRecords* known) {
  return read_leveldb_journal(folder, on_record, known);
}

std::optional<std::uint64_t> anchored_seq(const std::filesystem::path& folder) {
  return leveldb_anchored_seq(folder);
}

}  // namespace postern::journal
