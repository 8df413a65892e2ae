// An opening that is told what a snapshot knows of the first records: it reads the others alone,
// and what it was told is held against all that was promised.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>

#include "daemon/journal/leveldb/leveldb_journal.h"
#include "daemon/journal/proof.h"
#include "daemon/journal/tree.h"
#include "tests/support/journal_bytes.h"
#include "tests/support/temporary_folder.h"

namespace postern::journal {

namespace {

namespace fs = std::filesystem;
using support::record_at;

constexpr std::uint64_t last = 3 * Tree::block_size + 700;

/// A journal of three complete blocks and some, in tables.
struct Filled {
  Filled() : options{{folder.path() / "journal", AnchorPolicy::soon}} {
    options.write_buffer_bytes = 64 << 10;
    BOOST_REQUIRE(create_leveldb_journal(options));
    const auto journal = open(nullptr);
    for (std::uint64_t seq = 1; seq <= last; seq += 500) {
      const auto records = support::records_from(seq, std::min<std::uint64_t>(500, last - seq + 1));
      BOOST_REQUIRE(journal->append(seq - 1, support::views(records)));
    }
    head = journal->head();
  }

  std::unique_ptr<Journal> open(const KnownRecords* known) {
    first_seen = seen = 0;
    auto opened = open_leveldb_journal(
        options,
        [this](std::uint64_t seq, View record) -> Expected<> {
          const Bytes expected = record_at(seq);
          BOOST_REQUIRE(std::ranges::equal(record, expected));
          if (seen++ == 0) first_seen = seq;
          return {};
        },
        known);
    if (!opened) why = opened.error().sentence;
    return opened ? std::move(*opened) : nullptr;
  }

  /// What a snapshot at this record would tell.
  KnownRecords known_at(std::uint64_t seq) {
    const auto journal = open(nullptr);
    BOOST_REQUIRE(journal);
    return {{seq, *root_at(*journal, seq)}, blocks_before(*journal, seq), {}};
  }

  /// The opening is refused with this in its sentence, and the journal is as it was.
  void refused(const KnownRecords& known, const std::string& part) {
    BOOST_REQUIRE(!open(&known));
    BOOST_TEST(why.find(part) != std::string::npos, why);
    const auto journal = open(nullptr);
    BOOST_REQUIRE(journal);
    BOOST_TEST((journal->head() == head));
    BOOST_TEST(seen == head.seq);
  }

  void flip(const fs::path& file, std::uintmax_t place) const {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(place));
    const char byte = static_cast<char>(stream.get() ^ 0x10);
    stream.seekp(static_cast<std::streamoff>(place));
    BOOST_REQUIRE(stream.put(byte));
  }
  /// Flips a byte of a table, so that who reads these records fails. Flips it back when called.
  std::function<void()> damage(std::uint64_t first, std::uint64_t to) {
    for (const auto& entry : fs::directory_iterator(options.folder / "db")) {
      const fs::path table = entry.path();
      for (std::uintmax_t tenth = 1; tenth < 10 && table.extension() == ".ldb"; ++tenth) {
        const std::uintmax_t place = fs::file_size(table) * tenth / 10;
        flip(table, place);
        if (!open(nullptr) && seen >= first && seen < to) return [=, this] { flip(table, place); };
        flip(table, place);
      }
    }
    BOOST_FAIL("no table holds these records");
    return {};
  }

  const support::TemporaryFolder folder;
  LevelDbOptions options;
  Head head;
  std::uint64_t first_seen = 0;
  std::uint64_t seen = 0;
  std::string why;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(known_records_tests, Filled)

BOOST_AUTO_TEST_CASE(what_is_known_is_not_shown_and_all_else_is_as_without) {
  constexpr std::uint64_t block = Tree::block_size;
  for (const std::uint64_t seq : {std::uint64_t{1}, block - 1, block, block + 1, 2 * block,
                                  3 * block, 3 * block + 1, last - 1, last}) {
    const KnownRecords known = known_at(seq);
    BOOST_TEST(known.blocks.size() == (seq - 1) / block);
    const auto journal = open(&known);
    BOOST_REQUIRE_MESSAGE(journal, why);
    BOOST_TEST(seen == last - seq);
    if (seen > 0) BOOST_TEST(first_seen == seq + 1);
    BOOST_TEST((journal->head() == head));
    for (const std::uint64_t asked : {std::uint64_t{1}, block, 2 * block + 5, last}) {
      const auto proof = inclusion_proof(*journal, asked, last);
      BOOST_REQUIRE(proof);
      BOOST_TEST(proves_inclusion(*proof, asked, leaf_hash(record_at(asked)), head));
    }
  }
}

BOOST_AUTO_TEST_CASE(it_grows_as_one_that_was_read_whole) {
  const KnownRecords known = known_at(2 * Tree::block_size + 9);
  const auto records = support::records_from(last + 1, Tree::block_size);
  {
    const auto journal = open(&known);
    BOOST_REQUIRE(journal->append(last, support::views(records)));
    head = journal->head();
  }
  const auto journal = open(nullptr);
  BOOST_REQUIRE_MESSAGE(journal, why);
  BOOST_TEST((journal->head() == head));
}

BOOST_AUTO_TEST_CASE(what_contradicts_the_journal_is_refused) {
  const KnownRecords good = known_at(2 * Tree::block_size + 9);
  KnownRecords known = good;
  known.head.root[3] ^= std::byte{1};
  refused(known, "another root");
  known = good;
  known.blocks[0][31] ^= std::byte{1};
  refused(known, "another root");
  // One that tells itself the root of what it tells.
  Tree tree = Tree::of_blocks(known.blocks);
  for (std::uint64_t seq = tree.size() + 1; seq <= known.head.seq; ++seq)
    tree.append(record_at(seq));
  known.head.root = tree.root();
  refused(known, "anchor");
  known = good;
  known.head.seq = last + 1;
  known.blocks = known_at(last).blocks;
  refused(known, "ends at record");
}

BOOST_AUTO_TEST_CASE(what_was_promised_beside_the_anchor_is_met_too) {
  const KnownRecords good = known_at(Tree::block_size + 9);
  KnownRecords known = good;
  known.promised = {{last - 5, *root_at(*open(nullptr), last - 5)}};
  BOOST_TEST((open(&known) != nullptr), why);
  known.promised[0].root[0] ^= std::byte{1};
  refused(known, "another root");
  known.promised = {{last + 5, head.root}};
  refused(known, "ends at record");
}

BOOST_AUTO_TEST_CASE(what_nobody_else_confirms_is_refused) {
  const KnownRecords known = known_at(last - 1);
  fs::remove(options.folder / "anchor");
  options.anchor = AnchorPolicy::off;
  refused(known, "neither anchor nor checkpoint");
  KnownRecords confirmed = known;
  confirmed.promised = {known.head};
  BOOST_TEST((open(&confirmed) != nullptr), why);
  // Something older says nothing of what came behind it.
  confirmed.promised = {{5, *root_at(*open(nullptr), 5)}};
  refused(confirmed, "neither anchor nor checkpoint");
}

BOOST_AUTO_TEST_CASE(only_what_is_not_known_is_read) {
  const KnownRecords known = known_at(last - 1);
  const auto mend = damage(1, 2 * Tree::block_size);
  BOOST_TEST(!open(nullptr));
  {
    const auto journal = open(&known);
    BOOST_REQUIRE_MESSAGE(journal, why);
    bool found = false;
    const auto cursor = journal->read_from(1);
    for (std::uint64_t seq = 1; seq <= last && !found; ++seq) found = !cursor->next();
    BOOST_TEST(found);
  }
  mend();
  damage(3 * Tree::block_size + 1, last);
  BOOST_TEST(!open(&known));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
