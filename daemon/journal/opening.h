// Where a journal is made and opened. What stands behind it is chosen here and known nowhere else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/journal/journal.h"

namespace postern::journal {

/// When the head is also noted in the anchor, beside the records, so that a tail that is gone is
/// noticed.
enum class AnchorPolicy {
  /// Within 10 ms after an append, off its path: a tail of up to 10 ms can go missing unnoticed.
  soon,
  /// Before each append returns: no acknowledged record can go missing unnoticed.
  before_acknowledgement,
  /// Never: a missing tail goes unnoticed. An anchor that is there is still compared.
  off,
};

struct JournalOptions {
  /// The journal's folder: `<data>/journal`.
  std::filesystem::path folder;
  AnchorPolicy anchor = AnchorPolicy::soon;
};

/// What a snapshot knows of the first records, so that most of them need not be read.
struct KnownRecords {
  /// The newest record it covers, and the tree over all of them; 1 or more.
  Head head;
  /// The roots of the complete blocks before the one that holds that record.
  std::vector<Hash> blocks;
  /// Heads that were signed or acknowledged, beside what the anchor says.
  std::vector<Head> promised;
};

/// Makes an empty journal in a folder that does not exist or is empty. After a crash in between it
/// can be called again.
Expected<> create_journal(const JournalOptions& options);

/// Opens for one process, reading every record: density of seqs, the tree, the anchor are checked
/// on the way, and `on_record` sees each once, before the journal may be used; its failure ends the
/// opening. Fails with `missing` if there is no journal, with `in_use`, and with `damaged`, saying
/// what is damaged and what to do. No refusal changes a file.
/// With `known` it reads from the block on that holds the newest known record, and `on_record` sees
/// what lies behind that record alone. Then it fails too if the tree over what is known and what
/// was read is not what the known head, the anchor and the promised heads say, or if none of these
/// lies at or behind the known head: what is known then says nothing that others do not.
Expected<std::unique_ptr<Journal>> open_journal(const JournalOptions& options,
                                                const OnRecord& on_record,
                                                const KnownRecords* known = nullptr);

/// Reads as `open_journal` does, with the same checks and failures, and changes nothing: no file is
/// made, written or locked, none need be writable. What it gives appends nothing. The caller sees
/// to it that nobody writes to the folder meanwhile.
Expected<std::unique_ptr<Journal>> read_journal(const std::filesystem::path& folder,
                                                const OnRecord& on_record,
                                                const KnownRecords* known = nullptr);

/// The newest record that the anchor says was acknowledged, without opening the journal; nothing
/// where no anchor can be read.
std::optional<std::uint64_t> anchored_seq(const std::filesystem::path& folder);

}  // namespace postern::journal
