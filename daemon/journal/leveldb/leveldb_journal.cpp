// folder  = anchor db             ; anchor: see anchor.cpp; db: LevelDB's own files
// key     = seq                   ; 8 bytes, big-endian; 1, 2, 3 … without a gap
// value   = the record's stored bytes
// Nothing is ever overwritten or removed: the head is found by reading.
#include "daemon/journal/leveldb/leveldb_journal.h"

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>

#include "daemon/journal/big_endian.h"
#include "daemon/journal/blocks.h"
#include "daemon/journal/leveldb/anchor.h"
#include "daemon/journal/leveldb/disk.h"
#include "daemon/journal/leveldb/journal_env.h"
#include "daemon/journal/leveldb/journal_files.h"
#include "daemon/journal/leveldb/manifest.h"
#include "daemon/journal/leveldb/reading_env.h"
#include "daemon/journal/published_head.h"
#include "daemon/journal/tree.h"
#include "daemon/journal/tree_builder.h"
#include "daemon/platform/descriptors.h"
#include "daemon/platform/files.h"
#include "daemon/platform/require.h"
#include "daemon/platform/system_failure.h"

namespace postern::journal {

namespace {

namespace fs = std::filesystem;
using leveldb::Slice;
using leveldb::Status;
using std::to_string;

constexpr const char* restore_remedy =
    "restore the newest backup, or put the whole journal folder back from a copy; this refusal "
    "changed nothing in it";
constexpr const char* disk_remedy =
    "check the disk and the kernel's messages (dmesg), then restart; what was acknowledged is safe";

std::string shown(const fs::path& path) { return printable(path.native(), 4096); }

Slice as_slice(View bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

View as_view(const Slice& slice) { return std::as_bytes(std::span(slice.data(), slice.size())); }

leveldb::ReadOptions reading(bool fill_cache) {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = fill_cache;
  return options;
}

std::unexpected<Failure> system_failed(const std::string& attempted, int error) {
  return std::unexpected(platform::system_failure(attempted, error));
}

// Of a file that LevelDB could not make sense of, or that the disk did not give.
Failure read_failure(const std::string& attempted, const Status& status) {
  std::string sentence = "cannot " + attempted + ": " + printable(status.ToString(), 4096);
  const fs::path last_read = JournalEnv::last_read();
  const bool is_named =
      status.ToString().find(last_read.parent_path().native() + "/") != std::string::npos;
  if (!last_read.empty() && !is_named)
    sentence += " (the file read last: " + shown(last_read) + ")";
  if (!status.IsIOError()) return {FailureKind::damaged, sentence, restore_remedy};
  // What is wanting is said by the system: descriptors, a mode, memory. Else it is the disk.
  const int error = JournalEnv::last_error();
  const Failure known = platform::system_failure("read", error);
  if (error == 0 || error == EIO || known.kind == FailureKind::missing)
    return {FailureKind::input_output, sentence, disk_remedy};
  return {known.kind, sentence, known.remedy};
}

Failure gap(std::uint64_t seq) {
  return {FailureKind::damaged, "the journal is damaged: record " + to_string(seq) + " is missing",
          restore_remedy};
}

Failure not_acknowledged(std::uint64_t first, std::uint64_t last) {
  return {FailureKind::damaged,
          "the journal is damaged: records " + to_string(first) + " to " + to_string(last) +
              " are not those that were acknowledged, their tree has another root than the anchor",
          restore_remedy};
}

Failure cut_off(std::uint64_t last, std::uint64_t acknowledged) {
  return {FailureKind::damaged,
          "the journal ends at record " + to_string(last) + ", but record " +
              to_string(acknowledged) + " was acknowledged: what came after " + to_string(last) +
              " is missing",
          restore_remedy};
}

Failure unreadable(std::uint64_t seq, const Status& status) {
  return read_failure("read record " + to_string(seq) + " of the journal", status);
}

/// `status` is that of a walk, after which LevelDB may have read on in other files: asked for
/// alone, the record tells which one is damaged.
Failure unreadable_in(leveldb::DB& database, std::uint64_t seq, const Status& status) {
  std::string ignored;
  const Status alone = database.Get(reading(false), as_slice(to_big_endian(seq)), &ignored);
  return unreadable(seq, alone.ok() || alone.IsNotFound() ? status : alone);
}

class Cursor final : public journal::Cursor {
 public:
  Cursor(leveldb::DB& database, std::uint64_t seq, std::uint64_t last)
      : database_(database), next_(seq), last_(last) {}

  Expected<View> next() override {
    if (next_ > last_) return View{};
    // Most cursors read one record, for which an iterator would be made in vain.
    auto record = std::exchange(first_, false) ? get() : step();
    if (record && record->empty()) return std::unexpected(gap(next_));
    ++next_;
    return record;
  }

 private:
  Expected<View> get() {
    const BigEndian key = to_big_endian(next_);
    const Status status = database_.Get(reading(true), as_slice(key), &value_);
    if (status.ok()) return as_view(value_);
    const bool no_row = status.IsNotFound() && JournalEnv::last_error() != ENOENT;
    return std::unexpected(no_row ? gap(next_) : unreadable(next_, status));
  }

  Expected<View> step() {
    const BigEndian key = to_big_endian(next_);
    if (iterator_) {
      iterator_->Next();
    } else {
      iterator_.reset(database_.NewIterator(reading(false)));
      iterator_->Seek(as_slice(key));
    }
    if (iterator_->Valid() && iterator_->key() == as_slice(key)) return as_view(iterator_->value());
    // LevelDB skips the rows of a damaged block, and reads on in other files: asked for alone, the
    // record tells which one is damaged.
    if (iterator_->status().ok()) return std::unexpected(gap(next_));
    iterator_.reset();
    return get();
  }

  leveldb::DB& database_;
  std::uint64_t next_;
  const std::uint64_t last_;
  bool first_ = true;
  std::string value_;
  std::unique_ptr<leveldb::Iterator> iterator_;
};

// LevelDB would keep a file of what it does; all in it that matters comes back as a Status too.
class Silence final : public leveldb::Logger {
 public:
  void Logv(const char*, std::va_list) override {}
};

// Destroyed from the bottom up.
struct Database {
  std::unique_ptr<JournalEnv> env;
  /// Where the database is for reading only; stands on `env`.
  std::unique_ptr<ReadingEnv> reading;
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<leveldb::DB> handle;
};

enum class Opening { make, existing };

Status open_database(Database& database, const fs::path& folder, Opening opening,
                     std::size_t write_buffer_bytes) {
  static Silence silence;
  database.cache.reset(leveldb::NewLRUCache(8 << 20));
  leveldb::Options options;
  options.env = database.env.get();
  if (database.reading) options.env = database.reading.get();
  options.info_log = &silence;
  options.block_cache = database.cache.get();
  options.create_if_missing = opening == Opening::make;
  options.error_if_exists = opening == Opening::make;
  options.paranoid_checks = true;
  options.reuse_logs = false;
  options.write_buffer_size = write_buffer_bytes;
  options.block_size = 16 << 10;
  // LevelDB counts ten for itself, and takes at least 64 for tables.
  options.max_open_files =
      10 + static_cast<int>(platform::table_descriptors(platform::descriptor_limit()));
  if (opening == Opening::existing)
    if (Status status = check_manifest(*options.env, folder.native()); !status.ok()) return status;
  leveldb::DB* handle = nullptr;
  const Status status = leveldb::DB::Open(options, folder.native(), &handle);
  database.handle.reset(handle);
  return status;
}

/// A database that is there. Where what a power cut left of the last write is no more than damage
/// to LevelDB, a second time without it: that write was never acknowledged, or the anchor will miss
/// it.
Status open_existing(Database& database, const fs::path& folder, std::size_t write_buffer_bytes) {
  JournalEnv& env = *database.env;
  if (!database.reading) env.stage();
  const Status first = open_database(database, folder, Opening::existing, write_buffer_bytes);
  if (!first.IsCorruption() || !env.end_before_torn_writes()) return first;
  if (database.reading) {
    database.reading = std::make_unique<ReadingEnv>(&env);
  } else {
    env.abandon();
    env.stage();
  }
  const Status second = open_database(database, folder, Opening::existing, write_buffer_bytes);
  return second.ok() ? second : first;
}

// The tree of all that was read, and the roots of its complete blocks.
struct Grown {
  Tree tree;
  std::vector<Hash> blocks;
};

class LevelDbJournal final : public Journal {
 public:
  LevelDbJournal(fs::path folder, Database database, std::unique_ptr<Anchor> anchor, Grown grown)
      : folder_(std::move(folder)),
        database_(std::move(database)),
        anchor_(std::move(anchor)),
        tree_(grown.tree),
        blocks_(std::move(grown.blocks)),
        head_({tree_.size(), tree_.root()}) {}

  Expected<> append(std::uint64_t expected_last, std::span<const View> records) override {
    require(!records.empty());
    if (auto healthy = health(); !healthy) return healthy;
    if (expected_last != tree_.size()) return end_writing(conflict(expected_last));

    Tree tree = tree_;
    std::vector<Hash> blocks;
    batch_.Clear();
    for (const View record : records) {
      require(!record.empty());
      tree.append(record);
      if (tree.size() % Tree::block_size == 0) blocks.push_back(tree.block());
      batch_.Put(as_slice(to_big_endian(tree.size())), as_slice(record));
    }
    leveldb::WriteOptions synced;
    synced.sync = true;
    if (const Status status = database_.handle->Write(synced, &batch_); !status.ok())
      return end_writing(write_failure(status));

    const Head head{tree.size(), tree.root()};
    if (anchor_)
      if (auto advanced = anchor_->advance(head); !advanced) return end_writing(advanced.error());
    tree_ = tree;
    // Before the head: whoever sees it may ask for them.
    blocks_.add(blocks);
    head_.store(head);
    return {};
  }

  Head head() const override { return head_.load(); }

  std::unique_ptr<journal::Cursor> read_from(std::uint64_t seq) const override {
    require(seq > 0);
    return std::make_unique<Cursor>(*database_.handle, seq, head_.load().seq);
  }

  Hash block(std::uint64_t index) const override { return blocks_.at(index); }

  Expected<> health() const override {
    if (const std::lock_guard lock(mutex_); ended_by_) return std::unexpected(*ended_by_);
    if (const Status status = database_.env->error(); !status.ok())
      return std::unexpected(write_failure(status));
    return anchor_ ? anchor_->health() : Expected<>{};
  }

  Expected<> check_files() const override {
    return journal::check_files(*database_.handle, folder_, anchor_ != nullptr);
  }

  Expected<> close() override {
    end_writing({FailureKind::bug, "the journal is closed for writing", "report this"});
    return anchor_ ? anchor_->close() : Expected<>{};
  }

  std::unexpected<Failure> end_writing(Failure failure) {
    const std::lock_guard lock(mutex_);
    if (!ended_by_) ended_by_ = std::move(failure);
    return std::unexpected(*ended_by_);
  }

 private:
  Failure conflict(std::uint64_t expected_last) const {
    return {FailureKind::in_use,
            "the journal ends at record " + to_string(tree_.size()) + ", not at record " +
                to_string(expected_last) + " as its writer believes: somebody else writes to it",
            "let one process write to the journal, and restart it"};
  }

  static Failure write_failure(const Status& status) {
    return {FailureKind::input_output,
            "cannot write to the journal: " + printable(status.ToString(), 4096), disk_remedy};
  }

  const fs::path folder_;
  Database database_;
  std::unique_ptr<Anchor> anchor_;
  leveldb::WriteBatch batch_;
  Tree tree_;
  Blocks blocks_;
  PublishedHead head_;
  mutable std::mutex mutex_;
  std::optional<Failure> ended_by_;
};

Failure not_as_known(const Head& known, const std::string& why) {
  return {
      FailureKind::damaged,
      "what is known of records 1 to " + to_string(known.seq) + " is not to be relied on: " + why,
      restore_remedy};
}

// All that was promised was met: whether any of it says what is known.
Expected<> confirm(const Known& known, const std::vector<Head>& promised, std::uint64_t last) {
  if (last < known.head.seq)
    return std::unexpected(
        not_as_known(known.head, "the journal ends at record " + to_string(last)));
  for (const Head& head : promised)
    if (head.seq >= known.head.seq) return {};
  return std::unexpected(not_as_known(known.head, "neither anchor nor checkpoint goes as far"));
}

// Reads every record that is not known; `promised` is what the anchor says, the older first, and
// what else was promised.
Expected<Grown> read_all(leveldb::DB& database, std::vector<Head> promised,
                         const OnRecord& on_record, const Known* known = nullptr) {
  TreeBuilder builder(known == nullptr ? std::vector<Hash>() : known->blocks);
  std::uint64_t seq = builder.tree().size();
  std::uint64_t proven = seq;
  if (known != nullptr)
    promised.insert(promised.end(), known->promised.begin(), known->promised.end());
  const std::unique_ptr<leveldb::Iterator> rows(database.NewIterator(reading(false)));
  rows->SeekToFirst();
  if (seq > 0) rows->Seek(as_slice(to_big_endian(seq + 1)));
  for (; rows->Valid(); rows->Next()) {
    const View record = as_view(rows->value());
    if (rows->key() != as_slice(to_big_endian(seq + 1)) || record.empty()) break;
    builder.append(record);
    ++seq;
    if (known != nullptr && seq == known->head.seq && builder.tree().root() != known->head.root)
      return std::unexpected(not_as_known(known->head, "their tree has another root"));
    for (const Head& head : promised) {
      if (head.seq != seq) continue;
      if (head.root != builder.tree().root())
        return std::unexpected(not_acknowledged(proven + 1, seq));
      proven = seq;
    }
    if (known != nullptr && seq <= known->head.seq) continue;
    if (auto taken = on_record(seq, record); !taken) return std::unexpected(taken.error());
  }
  if (const Status status = rows->status(); !status.ok())
    return std::unexpected(unreadable_in(database, seq + 1, status));
  if (rows->Valid()) return std::unexpected(gap(seq + 1));
  for (const Head& head : promised)
    if (head.seq > seq) return std::unexpected(cut_off(seq, head.seq));
  if (known != nullptr)
    if (auto confirmed = confirm(*known, promised, seq); !confirmed)
      return std::unexpected(confirmed.error());
  return Grown{builder.tree(), builder.blocks()};
}

struct Place {
  explicit Place(const LevelDbOptions& options)
      : folder(options.folder),
        database(folder / "db"),
        unfinished(folder / "db.new"),
        anchor(folder / "anchor"),
        base(options.base_env != nullptr ? options.base_env : leveldb::Env::Default()),
        disk(options.disk != nullptr ? *options.disk : Disk::of_system()) {}

  fs::path folder;
  fs::path database;
  fs::path unfinished;
  fs::path anchor;
  leveldb::Env* base;
  Disk& disk;
};

Failure anchor_failure(const Place& place, const Failure& failure) {
  if (failure.kind != FailureKind::missing) return failure;
  return {FailureKind::damaged,
          "the journal's anchor " + shown(place.anchor) +
              " is missing, so that nobody can tell whether acknowledged records are",
          restore_remedy};
}

// Under policy `off` the file may be missing or damaged.
Expected<std::optional<AnchorFile>> open_anchor(const Place& place, AnchorPolicy policy) {
  auto file = AnchorFile::open(place.anchor, place.disk);
  if (file) return std::move(*file);
  if (policy == AnchorPolicy::off) return std::nullopt;
  return std::unexpected(anchor_failure(place, file.error()));
}

Failure no_database(const Place& place) {
  const auto anchored = AnchorFile::read(place.anchor);
  if (anchored && anchored->back().seq > 0) {
    Failure failure = cut_off(0, anchored->back().seq);
    failure.sentence += "; " + shown(place.database) + " is not there";
    return failure;
  }
  return {FailureKind::missing,
          "there is no journal: " + shown(place.database) + " is missing, which held its records",
          restore_remedy};
}

/// What LevelDB begins with, looked at before it is asked: it would tell of other files.
Expected<> check_beginning(const Place& place) {
  const fs::path current = place.database / "CURRENT";
  const auto damaged = [&](const fs::path& file, const char* how) {
    return std::unexpected(Failure{
        FailureKind::damaged, "the journal's file " + shown(file) + " " + how, restore_remedy});
  };
  std::error_code error;
  if (!fs::is_directory(place.database, error) && !error)
    return damaged(place.database, "is no folder");
  const auto bytes = platform::read_file(current, 4'096);
  if (!bytes && bytes.error().kind == FailureKind::missing) return damaged(current, "is missing");
  if (!bytes && bytes.error().kind == FailureKind::configuration)
    return damaged(current, "is damaged");
  if (!bytes) return std::unexpected(bytes.error());
  std::string_view name(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (name.empty()) return damaged(current, "is empty");
  constexpr std::string_view prefix = "MANIFEST-";
  const bool is_name = name.starts_with(prefix) && name.ends_with('\n') &&
                       name.find_first_not_of("0123456789", prefix.size()) == name.size() - 1;
  if (!is_name) return damaged(current, "is damaged");
  name.remove_suffix(1);
  if (!fs::exists(place.database / name, error) && !error)
    return damaged(place.database / name, "is missing");
  return {};
}

Failure open_failure(const Place& place, const Database& database, const Status& status) {
  if (database.env->held_by_another())
    return {FailureKind::in_use, "the journal in " + shown(place.folder) + " is open elsewhere",
            "stop the program that uses it, or read a copy or a bundle"};
  if (!database.env->error().ok())
    return {FailureKind::input_output,
            "cannot write to the journal: " + printable(status.ToString(), 4096), disk_remedy};
  return read_failure("open the journal in " + shown(place.folder), status);
}

// Brings the anchor to the head, because what was found is what will be promised from now on.
Expected<std::unique_ptr<Anchor>> start_anchor(std::optional<AnchorFile> file, AnchorPolicy policy,
                                               const Head& head) {
  if (policy == AnchorPolicy::off || !file) return nullptr;
  if (file->heads().back() != head)
    if (auto written = file->write(head); !written) return std::unexpected(written.error());
  return std::make_unique<Anchor>(std::move(*file), policy, head);
}

Expected<std::unique_ptr<Journal>> open_staged(const Place& place, const LevelDbOptions& options,
                                               const OnRecord& on_record, const Known* known,
                                               Database& database) {
  const Status opened = open_existing(database, place.database, options.write_buffer_bytes);
  if (!opened.ok()) return std::unexpected(open_failure(place, database, opened));
  auto file = open_anchor(place, options.anchor);
  if (!file) return std::unexpected(file.error());

  auto anchored = *file ? (*file)->heads() : std::vector<Head>{};
  auto grown = read_all(*database.handle, std::move(anchored), on_record, known);
  if (!grown) return std::unexpected(grown.error());
  if (const Status published = database.env->publish(); !published.ok())
    return std::unexpected(open_failure(place, database, published));
  const Tree& tree = grown->tree;
  auto anchor = start_anchor(std::move(*file), options.anchor, {tree.size(), tree.root()});
  if (!anchor) return std::unexpected(anchor.error());
  return std::make_unique<LevelDbJournal>(place.folder, std::move(database), std::move(*anchor),
                                          std::move(*grown));
}

// Whether `create` may work here: nothing is there but what an interrupted one left.
bool is_free(const Place& place) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(place.folder, error)) {
    const auto name = entry.path().filename();
    if (name == "db.new" || name == "anchor.new" || name == "lost+found") continue;
    if (name != "anchor") return false;
    const auto anchor = AnchorFile::open(place.anchor, place.disk);
    if (!anchor || anchor->heads().back().seq > 0) return false;
  }
  return !error;
}

Expected<> make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  if (errno == EEXIST && ::chmod(folder.c_str(), 0700) == 0) return {};
  return system_failed("make folder " + shown(folder), errno);
}

Expected<> make_database(const Place& place, std::size_t write_buffer_bytes) {
  std::error_code error;
  fs::remove_all(place.unfinished, error);
  if (error) return system_failed("remove " + shown(place.unfinished), error.value());
  if (auto made = make_folder(place.unfinished); !made) return made;
  Database database;
  database.env = std::make_unique<JournalEnv>(place.unfinished.native(), place.base, place.disk);
  const Status status =
      open_database(database, place.unfinished, Opening::make, write_buffer_bytes);
  if (!status.ok()) return std::unexpected(open_failure(place, database, status));
  return {};
}

}  // namespace

Expected<> create_leveldb_journal(const LevelDbOptions& options) {
  const Place place(options);
  if (auto made = make_folder(place.folder); !made) return made;
  if (!is_free(place))
    return std::unexpected(Failure{FailureKind::cannot_create,
                                   "the folder " + shown(place.folder) + " is not empty",
                                   "name a folder that is empty or does not exist"});
  if (auto made = make_database(place, options.write_buffer_bytes); !made) return made;
  if (auto made = AnchorFile::create(place.anchor); !made) return made;

  // The database's name is what makes it a journal.
  const Status named = place.base->RenameFile(place.unfinished.native(), place.database.native());
  if (!named.ok())
    return std::unexpected(Failure{FailureKind::cannot_create,
                                   "cannot make the journal: " + named.ToString(), disk_remedy});
  for (const fs::path& folder : {place.folder, fs::absolute(place.folder / "..")})
    if (const int error = place.disk.sync_folder(folder.native()); error != 0)
      return system_failed("sync folder " + shown(folder), error);
  return {};
}

Expected<std::unique_ptr<Journal>> open_leveldb_journal(const LevelDbOptions& options,
                                                        const OnRecord& on_record,
                                                        const Known* known) {
  const Place place(options);
  std::error_code error;
  if (!fs::exists(place.database, error)) {
    if (error) return system_failed("open the journal in " + shown(place.folder), error.value());
    return std::unexpected(no_database(place));
  }
  if (auto begins = check_beginning(place); !begins) return std::unexpected(begins.error());
  Database database;
  database.env = std::make_unique<JournalEnv>(place.database.native(), place.base, place.disk);
  // Its owner moves on into the journal.
  JournalEnv& env = *database.env;
  auto journal = open_staged(place, options, on_record, known, database);
  if (!journal) {
    database.handle.reset();
    env.abandon();
  }
  return journal;
}

Expected<std::unique_ptr<Journal>> read_leveldb_journal(const fs::path& folder,
                                                        const OnRecord& on_record) {
  const LevelDbOptions options{{folder}};
  const Place place(options);
  std::error_code error;
  if (!fs::exists(place.database, error)) {
    if (error) return system_failed("open the journal in " + shown(folder), error.value());
    return std::unexpected(no_database(place));
  }
  if (auto begins = check_beginning(place); !begins) return std::unexpected(begins.error());
  Database database;
  database.env = std::make_unique<JournalEnv>(place.database.native(), place.base, place.disk);
  database.reading = std::make_unique<ReadingEnv>(database.env.get());
  const Status opened = open_existing(database, place.database, options.write_buffer_bytes);
  if (!opened.ok()) return std::unexpected(open_failure(place, database, opened));
  database.reading->seal();

  const auto anchored = AnchorFile::read(place.anchor);
  if (!anchored) return std::unexpected(anchor_failure(place, anchored.error()));
  auto grown = read_all(*database.handle, *anchored, on_record);
  if (!grown) return std::unexpected(grown.error());
  auto journal =
      std::make_unique<LevelDbJournal>(folder, std::move(database), nullptr, std::move(*grown));
  journal->end_writing({FailureKind::not_permitted, "the journal is open for reading only",
                        "open it with the daemon"});
  return journal;
}

std::optional<std::uint64_t> leveldb_anchored_seq(const fs::path& folder) {
  const auto heads = AnchorFile::read(Place(LevelDbOptions{{folder}}).anchor);
  if (!heads) return std::nullopt;
  return heads->back().seq;
}

}  // namespace postern::journal
