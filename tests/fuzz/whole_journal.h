// A small journal with tables and a log, closed, in a folder of its own; the same bytes each time.
#pragma once

#include "daemon/journal/leveldb/leveldb_journal.h"
#include "tests/contract/folder_image.h"
#include "tests/support/temporary_folder.h"

namespace postern::fuzz {

struct WholeJournal {
  static constexpr std::uint64_t last = 18;

  WholeJournal();

  support::TemporaryFolder temporary;
  journal::LevelDbOptions options;
  journal::FolderImage image;
  journal::Head head;
};

}  // namespace postern::fuzz
