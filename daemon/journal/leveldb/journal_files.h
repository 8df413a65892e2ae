// Whether the files of an open journal still lie under their names.
#pragma once

#include <leveldb/db.h>

#include <filesystem>

#include "daemon/platform/failure.h"

namespace postern::journal {

/// A process that has a file open reads on when its name is gone or it was cut; the next one
/// cannot. `damaged`, naming the files, if a table, the log, the manifest, `CURRENT` or, where
/// it is written, the anchor of `folder` is missing, or a table is not as long as it was written.
/// Other kinds: something could not be looked at, which says nothing of it. Any thread.
Expected<> check_files(leveldb::DB& database, const std::filesystem::path& folder, bool anchored);

}  // namespace postern::journal
