// The verbs of postern-replay. Each prints its answer and gives the exit code that says it, or the
// failure that kept it from one. One thread.
#pragma once

#include <cstdint>
#include <string>

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

/// Law 4: the digest of all state as of a record, 0: the newest.
Expected<int> fold(const Audit& audit, std::uint64_t to_seq);

}  // namespace postern::replay
