// The verbs of postern-replay. Each prints its answer and gives the exit code that says it, or the
// failure that kept it from one. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/journal/extract.h"
#include "replay/data_folder.h"
#include "replay/replay.h"
#include "tools/text/output.h"

namespace postern::replay {

/// What every verb needs.
struct Audit {
  const DataFolder& folder;
  text::Format format;
  const Streams& streams;
};

struct VerifyOptions {
  /// A file with a checkpoint that was kept elsewhere; empty: none.
  std::string checkpoint;
  /// The verifier key, or a file with it; empty: the file with the checkpoint begins with it, as
  /// what a client remembers does.
  std::string public_key;
};

/// H6: every byte, the tree, gaps, links, the users' keys where they are, and that the journal
/// extends a checkpoint. 0: whole; 1: damaged.
Expected<int> verify(const Audit& audit, const VerifyOptions& options);

/// The same of a bundle that is an extract (H7).
Expected<int> verify_extract(const Audit& audit, const VerifyOptions& options,
                             const journal::ExtractHead& head);

/// Q7; empty names mean any.
struct ShowOptions {
  std::uint64_t from_seq = 0;
  /// 0: all.
  std::uint64_t count_max = 0;
  std::string tenant;
  /// A username, which needs the tenant, or an id.
  std::string user;
  std::string operator_name;
  std::string kind;
};

Expected<int> show(const Audit& audit, const ShowOptions& options);

/// Law 4: the digest of all state as of a record.
struct Digest {
  /// In hexadecimal.
  std::string sha256;
  std::uint64_t seq = 0;
  friend bool operator==(const Digest&, const Digest&) = default;
};
/// 0: the newest record.
Expected<Digest> digest_at(const Audit& audit, std::uint64_t to_seq);
Expected<int> fold(const Audit& audit, std::uint64_t to_seq);

/// H2. Moments as `parse_moment` reads them.
struct DiffOptions {
  std::string from;
  /// Empty: the newest record.
  std::string to;
  std::string tenant;
  /// Empty: all.
  std::string user;
  bool unfold = false;
};

/// 0: access is the same at both moments; 1: it differs.
Expected<int> diff(const Audit& audit, const DiffOptions& options);

/// H3.
struct WhatIfOptions {
  /// A file of commands; empty: none.
  std::string commands;
  /// When they would have been sent.
  std::string at;
  /// Seqs of records that are left out.
  std::vector<std::string> without;
  /// Empty: the one that the commands name, or all.
  std::string tenant;
  /// The folder of recorded calls; empty: the data folder's own.
  std::string calls;
  /// Less than this of all calls proves nothing.
  std::uint32_t coverage_percent_min = 0;
};

/// 0: no recorded call would be answered otherwise; 1: some would.
Expected<int> what_if(const Audit& audit, const WhatIfOptions& options);

}  // namespace postern::replay
