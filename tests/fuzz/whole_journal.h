// A small journal with tables and a log, closed, in a folder of its own; the same bytes each time.
#pragma once

#include "tests/contract/folder_image.h"
#include "tests/support/journal_folder.h"
#include "tests/support/temporary_folder.h"

namespace postern::fuzz {

struct WholeJournal {
  static constexpr std::uint64_t last = 18;

  WholeJournal();

  support::TemporaryFolder temporary;
  support::JournalFolder folder;
  journal::FolderImage image;
  journal::Head head;
};

}  // namespace postern::fuzz
