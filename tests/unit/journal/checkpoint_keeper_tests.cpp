#include "daemon/journal/checkpoint_keeper.h"

#include <boost/test/unit_test.hpp>

#include "daemon/credential/signature.h"
#include "daemon/platform/files.h"
#include "tests/support/journal_bytes.h"
#include "tests/support/memory_journal.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/temporary_folder.h"

namespace postern::journal {

using support::MemoryJournal;

namespace {

struct Kept {
  support::TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "checkpoint";
  support::SimulatedClock clock;
  MemoryJournal journal;
  credential::Key seed{std::byte{7}};
  Verifier signer{"postern/one", credential::signing_public_key(seed)};
  int signatures = 0;

  Expected<std::unique_ptr<CheckpointKeeper>> open(const Journal& of) {
    return CheckpointKeeper::open({file, signer,
                                   [this](View text) {
                                     ++signatures;
                                     return credential::sign(seed, text);
                                   },
                                   of, clock});
  }
  std::unique_ptr<CheckpointKeeper> opened() {
    auto keeper = open(journal);
    BOOST_REQUIRE(keeper);
    return std::move(*keeper);
  }
  static void grow(Journal& journal, std::uint64_t count) {
    const auto records = support::records_from(journal.head().seq + 1, count);
    BOOST_REQUIRE(journal.append(journal.head().seq, support::views(records)));
  }
  Checkpoint on_disk() const {
    const auto bytes = platform::read_file(file);
    BOOST_REQUIRE(bytes);
    const auto checkpoint =
        open_note({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, signer);
    BOOST_REQUIRE(checkpoint);
    return *checkpoint;
  }
  std::string refusal(const Journal& of) {
    const auto keeper = open(of);
    BOOST_REQUIRE(!keeper);
    BOOST_TEST((keeper.error().kind == FailureKind::damaged));
    BOOST_TEST(!keeper.error().remedy.empty());
    return keeper.error().sentence;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checkpoint_keeper_tests, Kept)

BOOST_AUTO_TEST_CASE(H6_one_is_made_at_most_every_second) {
  const auto keeper = opened();
  grow(journal, 1);
  BOOST_TEST(*keeper->turn());
  BOOST_TEST(on_disk().head.seq == 1U);
  for (int step = 0; step < 10; ++step) {
    grow(journal, 1);
    BOOST_TEST(!*keeper->turn());
    BOOST_TEST(keeper->due_in_ms() == 1'000 - step * 99);
    clock.advance_ms(99);
  }
  BOOST_TEST(signatures == 1);
  clock.advance_ms(9);
  BOOST_TEST(!*keeper->turn());
  clock.advance_ms(1);
  BOOST_TEST(keeper->due_in_ms() == 0);
  BOOST_TEST(*keeper->turn());
  BOOST_TEST(on_disk().head.seq == 11U);
  BOOST_TEST((on_disk().head == journal.head()));
  BOOST_TEST(on_disk().time_ns == clock.now_ns());
  BOOST_TEST(signatures == 2);
}

BOOST_AUTO_TEST_CASE(H6_none_is_made_where_nothing_changed) {
  grow(journal, 3);
  const auto keeper = opened();
  BOOST_TEST(*keeper->turn());
  const std::string first = keeper->newest();
  clock.advance_ms(5'000);
  BOOST_TEST(!*keeper->turn());
  BOOST_TEST(!*keeper->make());
  BOOST_TEST(keeper->newest() == first);
  BOOST_TEST(keeper->due_in_ms() > 60'000);
  BOOST_TEST(signatures == 1);
}

BOOST_AUTO_TEST_CASE(H6_one_that_is_asked_for_does_not_wait) {
  const auto keeper = opened();
  grow(journal, 1);
  BOOST_TEST(*keeper->turn());
  grow(journal, 1);
  BOOST_TEST(*keeper->make());
  BOOST_TEST(on_disk().head.seq == 2U);
}

BOOST_AUTO_TEST_CASE(H6_the_newest_is_there_after_a_restart) {
  grow(journal, 5);
  std::string note;
  {
    const auto keeper = opened();
    BOOST_TEST(*keeper->make());
    note = keeper->newest();
  }
  const auto keeper = opened();
  BOOST_TEST(keeper->newest() == note);
  BOOST_TEST(!*keeper->turn());
  grow(journal, 4'200);
  BOOST_TEST(*keeper->turn());
  BOOST_TEST(opened()->newest() == keeper->newest());
}

BOOST_AUTO_TEST_CASE(H6_a_journal_that_is_shorter_than_what_was_signed_is_refused) {
  grow(journal, 5);
  BOOST_TEST(*opened()->make());
  MemoryJournal older;
  grow(older, 4);
  BOOST_TEST(refusal(older).ends_with("it covers 5 records, and the journal ends at record 4"));
}

BOOST_AUTO_TEST_CASE(H6_a_journal_with_another_past_is_refused) {
  grow(journal, 5);
  BOOST_TEST(*opened()->make());
  MemoryJournal other;
  auto records = support::records_from(1, 9);
  records[2] = support::bytes_of("another past");
  BOOST_REQUIRE(other.append(0, support::views(records)));
  BOOST_TEST(refusal(other).ends_with("the tree over records 1 to 5 has another root"));
}

BOOST_AUTO_TEST_CASE(H6_a_kept_checkpoint_that_was_changed_is_refused) {
  grow(journal, 5);
  BOOST_TEST(*opened()->make());
  auto bytes = *platform::read_file(file);
  bytes[bytes.size() / 3] ^= std::byte{1};
  BOOST_REQUIRE(platform::write_file(file, bytes));
  BOOST_TEST(refusal(journal).find("is damaged") != std::string::npos);
  BOOST_REQUIRE(platform::write_file(file, {}));
  BOOST_TEST(refusal(journal).find("has no signature") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(H6_one_that_cannot_be_kept_is_not_shown_and_tried_again) {
  const auto keeper = opened();
  grow(journal, 1);
  BOOST_TEST(*keeper->turn());
  const std::string first = keeper->newest();
  // A folder of its name cannot be replaced by a file.
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  grow(journal, 1);
  clock.advance_ms(1'000);
  BOOST_TEST(!keeper->turn().has_value());
  BOOST_TEST(keeper->newest() == first);
  BOOST_TEST(!*keeper->turn());
  std::filesystem::remove(file);
  clock.advance_ms(1'000);
  BOOST_TEST(*keeper->turn());
  BOOST_TEST(on_disk().head.seq == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
