// What LevelDB's manifest says, looked at before LevelDB believes it.
#pragma once

#include <leveldb/env.h>
#include <leveldb/status.h>

#include <string>

namespace postern::journal {

/// LevelDB takes what a manifest with right checksums says for true, and where it cannot be it ends
/// the process by an assertion. Corruption, with what cannot be: file numbers, sequence numbers and
/// keys out of bounds, a next file that is there already, tables of one level that overlap. OK too
/// where LevelDB itself will say what is wrong: no manifest, wrong checksums, a record that is cut.
leveldb::Status check_manifest(leveldb::Env& env, const std::string& folder);

}  // namespace postern::journal
