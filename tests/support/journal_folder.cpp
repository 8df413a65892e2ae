#include "tests/support/journal_folder.h"

#include <leveldb/db.h>

#include <boost/endian/buffers.hpp>
#include <functional>
#include <utility>

#include "daemon/journal/leveldb/leveldb_journal.h"
#include "daemon/platform/require.h"
#include "tests/support/fault_env.h"

namespace postern::support {

namespace fs = std::filesystem;

namespace {

journal::LevelDbOptions options_of(const journal::JournalOptions& options, FaultEnv* disk) {
  return {options, disk, disk, 64 << 10};
}

void change_rows(const fs::path& folder,
                 const std::function<leveldb::Status(leveldb::DB&)>& change) {
  leveldb::DB* opened = nullptr;
  require(leveldb::DB::Open({}, (folder / "db").native(), &opened).ok());
  const std::unique_ptr<leveldb::DB> database(opened);
  require(change(*database).ok());
}

leveldb::Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

JournalFolder::JournalFolder(journal::JournalOptions options, FaultEnv* disk)
    : options_(std::move(options)), disk_(disk) {
  require(journal::create_leveldb_journal(options_of(options_, disk_)).has_value());
}

Expected<std::unique_ptr<journal::Journal>> JournalFolder::open(
    const journal::OnRecord& on_record, const journal::KnownRecords* known) const {
  return journal::open_leveldb_journal(options_of(options_, disk_), on_record, known);
}

Expected<std::unique_ptr<journal::Journal>> JournalFolder::open(
    const journal::KnownRecords* known) const {
  return open([](auto, auto) { return Expected<>(); }, known);
}

std::string row_key(std::uint64_t seq) {
  const boost::endian::big_uint64_buf_t key(seq);
  return {reinterpret_cast<const char*>(key.data()), sizeof(key)};
}

void put_row(const fs::path& folder, std::string_view key, std::string_view value) {
  change_rows(folder, [&](leveldb::DB& database) {
    return database.Put({}, slice_of(key), slice_of(value));
  });
}

void remove_row(const fs::path& folder, std::string_view key) {
  change_rows(folder, [&](leveldb::DB& database) { return database.Delete({}, slice_of(key)); });
}

}  // namespace postern::support
