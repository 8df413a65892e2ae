#include <leveldb/db.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <map>

#include "daemon/journal/tree.h"
#include "tests/contract/folder_image.h"
#include "tests/contract/journal_subjects.h"
#include "tests/support/leveldb_checksums.h"

namespace postern::journal {

namespace fs = std::filesystem;

namespace {

/// In thirds: two tables and the log.
const std::uint64_t last = [] {
  const char* wished = std::getenv("POSTERN_DAMAGE_RECORDS");
  return wished == nullptr ? 210 : std::stoull(wished);
}();

enum class Outcome { refused, same, lost };

/// A closed journal with records in two tables and in the log, damaged in one place at a time.
struct Damage : OnLevelDb {
  FolderImage whole;
  Head head;
  /// Whether every damage is read by an auditor too, with the same outcome.
  bool auditing = false;
  std::map<Outcome, std::size_t> outcomes;

  explicit Damage(AnchorPolicy policy = AnchorPolicy::soon) : OnLevelDb(policy) {
    for (std::uint64_t seq = 1; seq <= last; ++seq) {
      append_from(*opened_journal, seq, 1);
      if (seq % (last / 3) == 0 && seq < last) reopen();
    }
    head = opened_journal->head();
    opened_journal.reset();
    whole = image_of(options.folder);
  }

  // Opens and reads what the folder holds now. A refusal must leave it as it is.
  Outcome open_damaged() {
    return outcome_of([&](const OnRecord& take) { return open_leveldb_journal(options, take); });
  }

  // The same, as an auditor does it.
  Outcome read_damaged() {
    return outcome_of(
        [&](const OnRecord& take) { return read_leveldb_journal(options.folder, take); });
  }

  template <class Open>
  Outcome outcome_of(Open open) {
    std::uint64_t seen = 0;
    bool altered = false;
    const auto journal = open([&](std::uint64_t seq, View record) -> Expected<> {
      altered |= seq != ++seen || !std::ranges::equal(record, support::record_at(seq));
      return {};
    });
    if (!journal) {
      BOOST_TEST(!journal.error().sentence.empty());
      BOOST_TEST(!journal.error().remedy.empty());
      return Outcome::refused;
    }
    const bool same = !altered && seen == last && (*journal)->head() == head;
    return same ? Outcome::same : Outcome::lost;
  }

  Outcome try_bytes(const std::string& name, const std::string& bytes) {
    write_bytes(options.folder / name, bytes);
    const Outcome read = auditing ? read_damaged() : Outcome::refused;
    const Outcome outcome = open_damaged();
    ++outcomes[outcome];
    if (auditing) BOOST_CHECK(read == outcome);
    if (outcome == Outcome::refused) {
      auto damaged = whole;
      damaged[name] = bytes;
      BOOST_TEST((image_of(options.folder) == damaged), "a refusal changed a file");
      write_bytes(options.folder / name, whole.at(name));
    } else {
      put_back(options.folder, whole);
    }
    return outcome;
  }

  /// Its name and its bytes.
  std::pair<std::string, std::string> manifest() const {
    return *std::ranges::find_if(
        whole, [](const auto& file) { return file.first.starts_with("db/MANIFEST"); });
  }

  Outcome try_without(const std::string& name) {
    fs::remove(options.folder / name);
    const Outcome read = read_damaged();
    const Outcome outcome = open_damaged();
    BOOST_CHECK(read == outcome);
    ++outcomes[outcome];
    put_back(options.folder, whole);
    return outcome;
  }

  void check_none_lost() {
    BOOST_TEST(outcomes[Outcome::lost] == 0U);
    BOOST_TEST_MESSAGE("refused " << outcomes[Outcome::refused] << ", harmless "
                                  << outcomes[Outcome::same]);
  }
};

/// Its checksums are right.
std::string forged(std::string bytes, std::size_t at, int value) {
  bytes[at] = static_cast<char>(value);
  support::mend_checksums(bytes);
  return bytes;
}

[[noreturn]] void open_by_leveldb_alone(const fs::path& folder) {
  // What it says of its end is nobody's.
  ::close(STDERR_FILENO);
  ::signal(SIGABRT, SIG_DFL);
  leveldb::DB* handle = nullptr;
  leveldb::Options options;
  options.paranoid_checks = true;
  static_cast<void>(leveldb::DB::Open(options, folder.native(), &handle));
  ::_exit(0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_damage_tests)

BOOST_AUTO_TEST_CASE(the_journal_that_is_damaged_here_has_every_kind_of_file) {
  Damage damage;
  std::size_t tables = 0;
  std::size_t logs_with_records = 0;
  for (const auto& [name, bytes] : damage.whole) {
    if (name.ends_with(".ldb")) ++tables;
    if (name.ends_with(".log") && bytes.size() > 1000) ++logs_with_records;
  }
  BOOST_TEST(tables == 2U);
  BOOST_TEST(logs_with_records == 1U);
  BOOST_TEST(damage.whole.contains("anchor"));
  BOOST_TEST(damage.whole.contains("db/CURRENT"));
  BOOST_TEST(damage.whole.size() == 6U);
  BOOST_CHECK(damage.open_damaged() == Outcome::same);
}

BOOST_AUTO_TEST_CASE(H6_no_flipped_bit_is_lost_silently) {
  Damage damage;
  for (const auto& [name, bytes] : damage.whole) {
    std::string flipped = bytes;
    std::size_t refused = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      flipped[i] = static_cast<char>(bytes[i] ^ (1 << i % 8));
      const Outcome outcome = damage.try_bytes(name, flipped);
      if (outcome == Outcome::lost) BOOST_ERROR(name << ": byte " << i << " is lost silently");
      if (outcome == Outcome::refused) ++refused;
      flipped[i] = bytes[i];
    }
    // One slot of the anchor stands if the other is damaged; every other file has to be whole.
    BOOST_TEST((name == "anchor" ? refused == 0 : refused > bytes.size() / 2), name);
    // All of the log and the manifest matters, but for the ends of blocks too short for a header.
    if (name.ends_with(".log") || name.starts_with("db/MANIFEST"))
      BOOST_TEST(bytes.size() - refused <= bytes.size() / 32'768 * 6, name);
  }
  damage.check_none_lost();
}

BOOST_AUTO_TEST_CASE(H6_no_truncation_is_silent) {
  Damage damage;
  damage.auditing = true;
  for (const auto& [name, bytes] : damage.whole) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const Outcome outcome = damage.try_bytes(name, bytes.substr(0, size));
      if (outcome == Outcome::lost) BOOST_ERROR(name << ": cut to " << size << " is silent");
    }
  }
  BOOST_TEST(damage.outcomes[Outcome::same] == 0U);
  damage.check_none_lost();
}

// Somebody who makes the checksums right again: LevelDB believes all of it.
BOOST_AUTO_TEST_CASE(H6_no_forged_manifest_is_lost_silently_or_ends_the_process) {
  Damage damage;
  damage.auditing = true;
  const auto [name, bytes] = damage.manifest();
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const int value : {0, 1, 7, 127, 128, 255, bytes[i] ^ 1, bytes[i] ^ 128}) {
      const std::string changed = forged(bytes, i, value);
      if (changed != bytes && damage.try_bytes(name, changed) == Outcome::lost)
        BOOST_ERROR("byte " << i << " as " << value << " is lost silently");
    }
  damage.check_none_lost();
}

// The canary: LevelDB alone ends the process by an assertion.
BOOST_AUTO_TEST_CASE(without_our_look_at_the_manifest_leveldb_ends_the_process) {
  Damage damage;
  const auto [name, bytes] = damage.manifest();
  std::size_t aborted = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    write_bytes(damage.options.folder / name, forged(bytes, i, 0));
    const pid_t child = ::fork();
    if (child == 0) open_by_leveldb_alone(damage.options.folder / "db");
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) ++aborted;
    put_back(damage.options.folder, damage.whole);
  }
  BOOST_TEST(aborted > 0U);
}

BOOST_AUTO_TEST_CASE(H6_no_deleted_file_is_silent) {
  Damage damage;
  for (const auto& [name, bytes] : damage.whole)
    BOOST_TEST_CONTEXT(name) BOOST_CHECK(damage.try_without(name) == Outcome::refused);
  damage.check_none_lost();
  // LevelDB makes its lock again.
  BOOST_CHECK(damage.try_without("db/LOCK") == Outcome::same);
}

// The canary: without the anchor the same truncations do lose records silently, so that the tests
// above can fail, and so that nobody takes the anchor away believing that LevelDB notices.
BOOST_AUTO_TEST_CASE(without_the_anchor_a_cut_log_loses_records_silently) {
  Damage damage(AnchorPolicy::off);
  for (const auto& [name, bytes] : damage.whole)
    if (name.ends_with(".log"))
      for (std::size_t size = 0; size < bytes.size(); ++size)
        damage.try_bytes(name, bytes.substr(0, size));
  BOOST_TEST(damage.outcomes[Outcome::lost] > 500U);
  for (const auto& [name, bytes] : damage.whole)
    if (name.ends_with(".log")) BOOST_CHECK(damage.try_without(name) == Outcome::lost);
}

// What checksums and seqs find where no anchor looks: all in tables and manifest; in the log nearly
// all, but a damaged length reads as the end of the log.
BOOST_AUTO_TEST_CASE(without_the_anchor_nearly_every_flip_is_refused) {
  Damage damage(AnchorPolicy::off);
  for (const auto& [name, bytes] : damage.whole) {
    if (name == "anchor") continue;
    std::size_t lost = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(bytes[i] ^ (1 << i % 8));
      if (damage.try_bytes(name, flipped) == Outcome::lost) ++lost;
    }
    const bool log = name.ends_with(".log");
    BOOST_TEST((log ? lost > 0 && lost < bytes.size() / 20 : lost == 0), name << " " << lost);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
