#include <leveldb/status.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <memory>

#include "daemon/journal/leveldb/journal_env.h"
#include "tests/support/fault_env.h"
#include "tests/support/temporary_folder.h"

namespace postern::journal {

using leveldb::Status;
using support::FaultEnv;
using support::Operation;
namespace fs = std::filesystem;

namespace {

struct Fixture {
  support::TemporaryFolder temporary;
  std::string folder = (temporary.path() / "db").native();
  FaultEnv faults;
  JournalEnv env{folder, &faults, faults};

  Fixture() { fs::create_directory(folder); }

  std::string name(const std::string& file) const { return folder + "/" + file; }

  std::unique_ptr<leveldb::WritableFile> make(const std::string& file) {
    leveldb::WritableFile* made = nullptr;
    BOOST_REQUIRE(env.NewWritableFile(name(file), &made).ok());
    return std::unique_ptr<leveldb::WritableFile>(made);
  }

  void make_synced(const std::string& file, const std::string& text) {
    const auto made = make(file);
    BOOST_REQUIRE(made->Append(text).ok());
    BOOST_REQUIRE(made->Sync().ok());
    BOOST_REQUIRE(made->Close().ok());
  }

  std::string content(const std::string& file) const {
    std::ifstream stream(name(file), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  // The operations so far, as letters.
  std::string trace() const {
    constexpr std::string_view letters = "cafsxrdSW";
    std::string text;
    for (const auto& step : faults.steps())
      text += letters[static_cast<std::size_t>(step.operation)];
    return text;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal_env_tests, Fixture)

BOOST_AUTO_TEST_CASE(the_folder_is_synced_before_a_new_files_first_sync_only) {
  const auto file = make("000003.log");
  BOOST_REQUIRE(file->Append("a").ok());
  BOOST_REQUIRE(file->Sync().ok());
  BOOST_REQUIRE(file->Append("b").ok());
  BOOST_REQUIRE(file->Sync().ok());
  BOOST_TEST(trace() == "caSsas");
}

BOOST_AUTO_TEST_CASE(the_folder_is_synced_after_a_rename_and_before_a_removal) {
  make_synced("000001.dbtmp", "x");
  const std::size_t before = trace().size();
  BOOST_REQUIRE(env.RenameFile(name("000001.dbtmp"), name("CURRENT")).ok());
  BOOST_REQUIRE(env.RemoveFile(name("CURRENT")).ok());
  BOOST_TEST(trace().substr(before) == "rSSd");
}

BOOST_AUTO_TEST_CASE(a_removal_does_not_happen_if_the_folder_cannot_be_synced) {
  make_synced("000001.ldb", "x");
  faults.fail(Operation::sync_folder, 1, FaultEnv::Times::once);
  BOOST_TEST(!env.RemoveFile(name("000001.ldb")).ok());
  BOOST_TEST(faults.fired() == 1U);
  BOOST_TEST(fs::exists(name("000001.ldb")));
  BOOST_TEST(!env.error().ok());
}

BOOST_AUTO_TEST_CASE(after_the_first_failed_write_nothing_writes_any_more) {
  for (const auto operation :
       {Operation::create, Operation::append, Operation::flush, Operation::sync, Operation::close,
        Operation::rename, Operation::sync_folder}) {
    FaultEnv broken;
    JournalEnv strict(folder, &broken, broken);
    leveldb::WritableFile* made = nullptr;
    BOOST_REQUIRE(strict.NewWritableFile(name("other"), &made).ok());
    const std::unique_ptr<leveldb::WritableFile> other(made);

    broken.fail(operation, 1, FaultEnv::Times::once);
    BOOST_TEST(strict.error().ok());
    Status status = strict.NewWritableFile(name("first"), &made);
    if (status.ok()) {
      const std::unique_ptr<leveldb::WritableFile> first(made);
      status = first->Append("text");
      if (status.ok()) status = first->Flush();
      if (status.ok()) status = first->Sync();
      if (status.ok()) status = first->Close();
    }
    if (status.ok()) status = strict.RenameFile(name("first"), name("second"));
    BOOST_TEST(broken.fired() == 1U);
    BOOST_TEST(!status.ok());
    BOOST_TEST(!strict.error().ok());

    BOOST_TEST(!other->Append("text").ok());
    BOOST_TEST(!other->Flush().ok());
    BOOST_TEST(!other->Sync().ok());
    BOOST_TEST(!strict.NewWritableFile(name("third"), &made).ok());
    BOOST_TEST(!strict.RenameFile(name("first"), name("second")).ok());
    BOOST_TEST(!strict.RemoveFile(name("first")).ok());
    BOOST_TEST(!other->Close().ok());
    BOOST_TEST(broken.fired() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(dropping_a_file_notes_what_closing_it_says) {
  auto file = make("000003.log");
  faults.fail(Operation::close, 1, FaultEnv::Times::once);
  file.reset();
  BOOST_TEST(faults.fired() == 1U);
  BOOST_TEST(!env.error().ok());
}

BOOST_AUTO_TEST_CASE(files_belong_to_their_owner_alone) {
  make_synced("000003.log", "x");
  leveldb::FileLock* lock = nullptr;
  BOOST_REQUIRE(env.LockFile(name("LOCK"), &lock).ok());
  BOOST_REQUIRE(env.UnlockFile(lock).ok());
  for (const auto* file : {"000003.log", "LOCK"}) BOOST_TEST(support::mode_of(name(file)) == 0600U);
}

BOOST_AUTO_TEST_CASE(nothing_on_disk_changes_while_staging) {
  make_synced("CURRENT", "old");
  make_synced("000005.ldb", "precious");
  env.stage();
  make_synced("000005.ldb", "overwritten");
  make_synced("000006.dbtmp", "new");
  BOOST_REQUIRE(env.RenameFile(name("000006.dbtmp"), name("CURRENT")).ok());
  BOOST_REQUIRE(env.RemoveFile(name("CURRENT")).ok());
  BOOST_TEST(content("CURRENT") == "old");
  BOOST_TEST(content("000005.ldb") == "precious");

  // LevelDB reads what it has just written.
  leveldb::RandomAccessFile* made = nullptr;
  BOOST_REQUIRE(env.NewRandomAccessFile(name("000005.ldb"), &made).ok());
  const std::unique_ptr<leveldb::RandomAccessFile> table(made);
  char scratch[16];
  leveldb::Slice read;
  BOOST_REQUIRE(table->Read(0, sizeof scratch, &read, scratch).ok());
  BOOST_TEST(read.ToString() == "overwritten");

  env.abandon();
  BOOST_TEST(content("CURRENT") == "old");
  BOOST_TEST(content("000005.ldb") == "precious");
  BOOST_TEST(std::distance(fs::directory_iterator(folder), {}) == 2);
}

BOOST_AUTO_TEST_CASE(publishing_does_what_waited_in_a_safe_order) {
  make_synced("CURRENT", "old");
  make_synced("000001.log", "old log");
  std::ofstream(name("000009.ldb.new")) << "left by an opening that was interrupted";
  env.stage();
  make_synced("000006.dbtmp", "new");
  const auto log = make("000007.log");
  BOOST_REQUIRE(env.RenameFile(name("000006.dbtmp"), name("CURRENT")).ok());
  BOOST_REQUIRE(env.RemoveFile(name("000001.log")).ok());
  const std::size_t before = trace().size();
  BOOST_REQUIRE(env.publish().ok());
  // Both files get their names, durably; then CURRENT, durably; then the old log goes.
  BOOST_TEST(trace().substr(before) == "rrSrSSdd");
  BOOST_TEST(content("CURRENT") == "new");
  BOOST_TEST(!fs::exists(name("000001.log")));
  BOOST_TEST(!fs::exists(name("000009.ldb.new")));
  BOOST_REQUIRE(log->Append("goes on").ok());
  BOOST_REQUIRE(log->Sync().ok());
  BOOST_TEST(content("000007.log") == "goes on");
}

BOOST_AUTO_TEST_CASE(a_table_cut_short_under_us_is_a_short_read) {
  make_synced("000005.ldb", std::string(10'000, 't'));
  leveldb::RandomAccessFile* made = nullptr;
  BOOST_REQUIRE(env.NewRandomAccessFile(name("000005.ldb"), &made).ok());
  const std::unique_ptr<leveldb::RandomAccessFile> table(made);
  fs::resize_file(name("000005.ldb"), 100);
  std::string scratch(10'000, '\0');
  leveldb::Slice read;
  BOOST_REQUIRE(table->Read(0, scratch.size(), &read, scratch.data()).ok());
  BOOST_TEST(read.size() == 100U);
  BOOST_TEST(JournalEnv::last_read() == name("000005.ldb"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
