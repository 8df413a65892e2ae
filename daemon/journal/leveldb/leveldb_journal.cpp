// folder  = anchor db             ; anchor: see anchor.cpp; db: LevelDB's own files, rows in
//                                   database.cpp
#include "daemon/journal/leveldb/leveldb_journal.h"

#include <leveldb/write_batch.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>

#include "daemon/journal/damage.h"
#include "daemon/journal/ledger.h"
#include "daemon/journal/leveldb/anchor.h"
#include "daemon/journal/leveldb/database.h"
#include "daemon/journal/leveldb/disk.h"
#include "daemon/journal/leveldb/journal_files.h"
#include "daemon/journal/leveldb/records_ahead.h"
#include "daemon/journal/opening_check.h"
#include "daemon/platform/files.h"
#include "daemon/platform/require.h"
#include "daemon/platform/system_failure.h"

namespace postern::journal {

namespace {

namespace fs = std::filesystem;
using leveldb::Status;

std::unexpected<Failure> system_failed(const std::string& attempted, int error) {
  return std::unexpected(platform::system_failure(attempted, error));
}

class LevelDbJournal final : public Journal {
 public:
  LevelDbJournal(fs::path folder, Database database, std::unique_ptr<Anchor> anchor,
                 BlockTree records)
      : folder_(std::move(folder)),
        database_(std::move(database)),
        anchor_(std::move(anchor)),
        ledger_(std::move(records)) {}

  Expected<> append(std::uint64_t expected_last, std::span<const View> records) override {
    if (auto healthy = health(); !healthy) return healthy;
    auto group = ledger_.admit(expected_last, records);
    if (!group) return std::unexpected(group.error());

    batch_.Clear();
    std::uint64_t seq = expected_last;
    for (const View record : records) batch_.Put(as_slice(RowKey(++seq)), as_slice(record));
    leveldb::WriteOptions synced;
    synced.sync = true;
    if (const Status status = database_.handle->Write(synced, &batch_); !status.ok())
      return ledger_.end(write_failure(status));
    if (anchor_)
      if (auto advanced = anchor_->advance(group->head); !advanced)
        return ledger_.end(advanced.error());
    ledger_.take(std::move(*group));
    return {};
  }

  std::optional<std::uint64_t> anchored_seq() const override {
    if (anchor_ == nullptr) return std::nullopt;
    return anchor_->written_seq();
  }

  Expected<> wait_for_anchor(std::uint64_t seq) override {
    return anchor_ == nullptr ? Expected<>() : anchor_->wait_for(seq);
  }

  Head head() const override { return ledger_.head(); }

  std::unique_ptr<Cursor> read_from(std::uint64_t seq) const override {
    require(seq > 0);
    return walk(*database_.handle, seq, head().seq);
  }

  std::unique_ptr<Following> follow(std::uint64_t last, OnHead on_head) const override {
    return ledger_.follow(last, std::move(on_head));
  }

  Hash block(std::uint64_t index) const override { return ledger_.block(index); }

  Expected<> health() const override {
    if (auto writing = ledger_.health(); !writing) return writing;
    if (const Status status = database_.env->error(); !status.ok())
      return std::unexpected(write_failure(status));
    return anchor_ ? anchor_->health() : Expected<>{};
  }

  Expected<> check_files() const override {
    return journal::check_files(*database_.handle, folder_, anchor_ != nullptr);
  }

  Expected<> close() override {
    ledger_.end({FailureKind::bug, "the journal is closed for writing", "report this"});
    return anchor_ ? anchor_->close() : Expected<>{};
  }

  void end_writing(Failure why) { ledger_.end(std::move(why)); }

 private:
  const fs::path folder_;
  Database database_;
  std::unique_ptr<Anchor> anchor_;
  leveldb::WriteBatch batch_;
  Ledger ledger_;
};

// Reads every record that is not known; `anchored` is what the anchor says, the older first.
Expected<BlockTree> read_all(leveldb::DB& database, std::vector<Head> anchored,
                             const OnRecord& on_record, const KnownRecords* known = nullptr) {
  OpeningCheck check(std::move(anchored), on_record, known);
  RecordsAhead records(database, check.next());
  while (const auto record = records.next())
    if (auto taken = check.take(*record); !taken) return std::unexpected(taken.error());
  if (!records.status().ok())
    return std::unexpected(unreadable_in(database, check.next(), records.status()));
  if (records.ends_in_gap()) return std::unexpected(gap(check.next()));
  return check.finish();
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
          "the journal's anchor " + platform::printable_path(place.anchor) +
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
    failure.sentence += "; " + platform::printable_path(place.database) + " is not there";
    return failure;
  }
  return {FailureKind::missing,
          "there is no journal: " + platform::printable_path(place.database) +
              " is missing, which held its records",
          restore_remedy};
}

/// What LevelDB begins with, looked at before it is asked: it would tell of other files.
Expected<> check_beginning(const Place& place) {
  const fs::path current = place.database / "CURRENT";
  const auto damaged = [&](const fs::path& file, const char* how) {
    return std::unexpected(Failure{
        FailureKind::damaged, "the journal's file " + platform::printable_path(file) + " " + how,
        restore_remedy});
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
    return {FailureKind::in_use,
            "the journal in " + platform::printable_path(place.folder) + " is open elsewhere",
            "stop the program that uses it, or read a copy or a bundle"};
  if (!database.env->error().ok()) return write_failure(status);
  return read_failure("open the journal in " + platform::printable_path(place.folder), status);
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
                                               const OnRecord& on_record, const KnownRecords* known,
                                               Database& database) {
  const Status opened = open_database(database, place.database, options.write_buffer_bytes);
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
  return system_failed("make folder " + platform::printable_path(folder), errno);
}

Expected<> make_unfinished(const Place& place, std::size_t write_buffer_bytes) {
  std::error_code error;
  fs::remove_all(place.unfinished, error);
  if (error)
    return system_failed("remove " + platform::printable_path(place.unfinished), error.value());
  if (auto made = make_folder(place.unfinished); !made) return made;
  Database database;
  database.env = std::make_unique<JournalEnv>(place.unfinished.native(), place.base, place.disk);
  const Status status = make_database(database, place.unfinished, write_buffer_bytes);
  if (!status.ok()) return std::unexpected(open_failure(place, database, status));
  return {};
}

}  // namespace

Expected<> create_leveldb_journal(const LevelDbOptions& options) {
  const Place place(options);
  if (auto made = make_folder(place.folder); !made) return made;
  if (!is_free(place))
    return std::unexpected(
        Failure{FailureKind::cannot_create,
                "the folder " + platform::printable_path(place.folder) + " is not empty",
                "name a folder that is empty or does not exist"});
  if (auto made = make_unfinished(place, options.write_buffer_bytes); !made) return made;
  if (auto made = AnchorFile::create(place.anchor); !made) return made;

  // The database's name is what makes it a journal.
  const Status named = place.base->RenameFile(place.unfinished.native(), place.database.native());
  if (!named.ok())
    return std::unexpected(Failure{FailureKind::cannot_create,
                                   "cannot make the journal: " + named.ToString(), disk_remedy});
  for (const fs::path& folder : {place.folder, fs::absolute(place.folder / "..")})
    if (const int error = place.disk.sync_folder(folder.native()); error != 0)
      return system_failed("sync folder " + platform::printable_path(folder), error);
  return {};
}

Expected<std::unique_ptr<Journal>> open_leveldb_journal(const LevelDbOptions& options,
                                                        const OnRecord& on_record,
                                                        const KnownRecords* known) {
  const Place place(options);
  std::error_code error;
  if (!fs::exists(place.database, error)) {
    if (error)
      return system_failed("open the journal in " + platform::printable_path(place.folder),
                           error.value());
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
                                                        const OnRecord& on_record,
                                                        const KnownRecords* known) {
  const LevelDbOptions options{{folder}};
  const Place place(options);
  std::error_code error;
  if (!fs::exists(place.database, error)) {
    if (error)
      return system_failed("open the journal in " + platform::printable_path(folder),
                           error.value());
    return std::unexpected(no_database(place));
  }
  if (auto begins = check_beginning(place); !begins) return std::unexpected(begins.error());
  Database database;
  database.env = std::make_unique<JournalEnv>(place.database.native(), place.base, place.disk);
  database.reading = std::make_unique<ReadingEnv>(database.env.get());
  const Status opened = open_database(database, place.database, options.write_buffer_bytes);
  if (!opened.ok()) return std::unexpected(open_failure(place, database, opened));
  database.reading->seal();

  const auto anchored = AnchorFile::read(place.anchor);
  if (!anchored) return std::unexpected(anchor_failure(place, anchored.error()));
  auto grown = read_all(*database.handle, *anchored, on_record, known);
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
