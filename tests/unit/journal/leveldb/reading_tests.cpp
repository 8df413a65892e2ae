#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "daemon/journal/leveldb/leveldb_journal.h"
#include "daemon/journal/leveldb/reading_env.h"
#include "tests/support/journal_bytes.h"
#include "tests/support/temporary_folder.h"

namespace postern::journal {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t last = 60;

Expected<> ignore(std::uint64_t, View) { return {}; }

/// A closed journal with more tables than LevelDB leaves alone.
struct Stored {
  support::TemporaryFolder temporary;
  fs::path folder = temporary.path() / "journal";
  Head head;

  Stored() {
    BOOST_REQUIRE(create_leveldb_journal({{folder}}));
    for (std::uint64_t seq = 1; seq <= last; seq += 10) {
      const auto journal = open_leveldb_journal({{folder}}, ignore);
      BOOST_REQUIRE(journal);
      const auto records = support::records_from(seq, 10);
      BOOST_REQUIRE((*journal)->append(seq - 1, support::views(records)));
      head = (*journal)->head();
    }
  }

  std::map<std::string, std::string> image() const {
    std::map<std::string, std::string> image;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      std::string& facts = image[entry.path().native()];
      facts = std::to_string(entry.last_write_time().time_since_epoch().count());
      std::ifstream file(entry.path(), std::ios::binary);
      if (entry.is_regular_file()) facts.append(std::istreambuf_iterator<char>(file), {});
    }
    return image;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reading_tests, Stored)

BOOST_AUTO_TEST_CASE(all_is_read_and_nothing_changes) {
  const auto before = image();
  {
    std::uint64_t seen = 0;
    const auto journal = read_leveldb_journal(folder, [&](std::uint64_t seq, View record) {
      BOOST_TEST(seq == ++seen);
      BOOST_TEST(std::ranges::equal(record, support::record_at(seq)));
      return Expected<>{};
    });
    BOOST_REQUIRE_MESSAGE(journal, journal.error().sentence);
    BOOST_TEST(seen == last);
    BOOST_TEST(((*journal)->head() == head));

    // Out of a table, and out of what was the log.
    for (const std::uint64_t from : {std::uint64_t{1}, last - 3}) {
      const auto cursor = (*journal)->read_from(from);
      for (std::uint64_t seq = from; seq <= last; ++seq) {
        const auto record = cursor->next();
        BOOST_REQUIRE(record);
        BOOST_TEST(std::ranges::equal(*record, support::record_at(seq)));
      }
      BOOST_TEST(cursor->next()->empty());
    }
    BOOST_TEST((image() == before), "while it is open");
  }
  BOOST_TEST((image() == before), "after it was closed");
}

BOOST_AUTO_TEST_CASE(what_leveldb_writes_stays_in_memory_until_it_may_write_no_more) {
  const auto before = image();
  ReadingEnv env(leveldb::Env::Default());
  const std::string name = (folder / "db" / "000999.ldb").native();
  leveldb::WritableFile* written = nullptr;
  BOOST_REQUIRE(env.NewWritableFile(name, &written).ok());
  BOOST_REQUIRE(written->Append("abc").ok());
  delete written;
  leveldb::RandomAccessFile* read = nullptr;
  BOOST_REQUIRE(env.NewRandomAccessFile(name, &read).ok());
  leveldb::Slice part;
  BOOST_REQUIRE(read->Read(1, 10, &part, nullptr).ok());
  BOOST_TEST(part.ToString() == "bc");
  delete read;

  env.seal();
  BOOST_TEST(!env.NewWritableFile(name, &written).ok());
  BOOST_TEST(!env.NewAppendableFile(name, &written).ok());
  BOOST_TEST(env.RemoveFile((folder / "db" / "CURRENT").native()).ok());
  BOOST_TEST((image() == before));
}

BOOST_AUTO_TEST_CASE(nothing_can_be_appended) {
  const auto journal = read_leveldb_journal(folder, ignore);
  BOOST_REQUIRE(journal);
  const auto more = support::records_from(last + 1, 1);
  const auto appended = (*journal)->append(last, support::views(more));
  BOOST_REQUIRE(!appended);
  BOOST_TEST((appended.error().kind == FailureKind::not_permitted));
  BOOST_TEST(!(*journal)->health());
  BOOST_TEST((*journal)->close().has_value(), "there is nothing that could go wrong");
}

BOOST_AUTO_TEST_CASE(what_the_caller_refuses_ends_it_and_changes_nothing) {
  const auto before = image();
  const Failure reason{FailureKind::configuration, "enough", "none"};
  const auto journal = read_leveldb_journal(folder, [&](std::uint64_t seq, View) -> Expected<> {
    return seq < 20 ? Expected<>{} : std::unexpected(reason);
  });
  BOOST_REQUIRE(!journal);
  BOOST_TEST(journal.error().sentence == "enough");
  BOOST_TEST((image() == before));
}

BOOST_AUTO_TEST_CASE(a_folder_without_a_journal_is_missing) {
  const auto journal = read_leveldb_journal(temporary.path(), ignore);
  BOOST_REQUIRE(!journal);
  BOOST_TEST((journal.error().kind == FailureKind::missing));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
