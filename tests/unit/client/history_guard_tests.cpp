#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_folder.h"
#include "tests/unit/client/signed_journal.h"
#include "tools/client/history_guard.h"

namespace postern::client {

namespace {

/// A guard, and the daemon it asks, which can be exchanged for another.
struct Guarded {
  support::TemporaryFolder folder;
  std::string file = (folder.path() / "seen").string();
  SignedJournal honest;
  SignedJournal* daemon = &honest;
  int checkpoints_asked = 0;
  int proofs_asked = 0;
  std::string name_asked;
  /// What a restored daemon has in common with the one before; 0: it is not restored.
  std::uint64_t restored_behind = 0;

  HistoryGuard guard(std::string verifier_key = {}) const {
    return HistoryGuard(file, std::move(verifier_key));
  }

  Result<Checkpoint> finish(HistoryGuard::Step step) {
    while (step.request) step = step.go_on(answer(*step.request));
    return step.verdict;
  }

  Result<schema::HistoryPageT> answer(const schema::HistoryRequestT& request) {
    schema::HistoryPageT page;
    if (const auto* wanted = request.body.AsGetConsistency()) {
      ++proofs_asked;
      name_asked = wanted->name;
      if (!wanted->name.empty() && daemon == &honest) {
        page.code = schema::Code::field_malformed;
        return page;
      }
      if (restored_behind != 0 && wanted->from_size > restored_behind) {
        page.code = schema::Code::journal_restored;
        auto& problem = page.problems.emplace_back(std::make_unique<schema::ProblemT>());
        problem->sentence = "The copy ends at record 10.";
        return page;
      }
      if (wanted->to_size > daemon->stored.head().seq) {
        page.code = schema::Code::seq_beyond_journal;
        return page;
      }
      schema::ProofPageT proof;
      proof.size = wanted->to_size;
      proof.hashes = daemon->proof(wanted->from_size, wanted->to_size);
      page.body.Set(std::move(proof));
      return page;
    }
    ++checkpoints_asked;
    schema::CheckpointPageT given;
    given.checkpoint = daemon->note();
    given.verifier_key = daemon->verifier_key();
    page.body.Set(std::move(given));
    return page;
  }

  std::string remembered() const {
    std::ifstream opened(file);
    return {std::istreambuf_iterator<char>(opened), {}};
  }
  std::string expected(const std::string& note) const {
    return honest.verifier_key() + "\n" + note;
  }

  template <class Outcome>
  static std::string contradiction(const Outcome& outcome) {
    BOOST_REQUIRE(!outcome.has_value());
    BOOST_TEST((outcome.error().kind == ErrorKind::contradiction));
    BOOST_TEST(exit_code(outcome.error()) == 65);
    BOOST_TEST(!outcome.error().remedy.empty());
    return outcome.error().sentence;
  }
  static bool says(const std::string& sentence, std::string_view part) {
    return sentence.find(part) != sentence.npos;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(history_guard_tests, Guarded)

BOOST_AUTO_TEST_CASE(H6_the_newest_checkpoint_is_remembered) {
  honest.grow(3);
  const auto first = finish(guard().check());
  BOOST_REQUIRE(first);
  BOOST_TEST(first->size == 3U);
  BOOST_TEST(remembered() == expected(honest.note(3)));
  BOOST_TEST(proofs_asked == 0);
  honest.grow(40);
  BOOST_REQUIRE(finish(guard().check()));
  BOOST_TEST(proofs_asked == 1);
  BOOST_TEST(remembered() == expected(honest.note(43)));
}

BOOST_AUTO_TEST_CASE(H6_a_checkpoint_that_comes_along_is_proved_and_remembered) {
  honest.grow(3);
  BOOST_REQUIRE(finish(guard().observe(honest.note())));
  BOOST_TEST(checkpoints_asked == 1);
  BOOST_REQUIRE(finish(guard().observe(honest.note())));
  BOOST_TEST(checkpoints_asked == 1);
  honest.grow(3);
  BOOST_REQUIRE(finish(guard().observe(honest.note())));
  BOOST_TEST(checkpoints_asked == 1);
  BOOST_TEST(proofs_asked == 1);
  BOOST_TEST(remembered() == expected(honest.note(6)));
  BOOST_REQUIRE(finish(guard().observe("")));
}

BOOST_AUTO_TEST_CASE(H6_a_history_with_another_past_is_a_contradiction) {
  honest.grow(10);
  BOOST_REQUIRE(finish(guard().check()));
  const std::string before = remembered();
  SignedJournal rewritten;
  auto records = support::records_from(1, 15);
  records[6] = support::bytes_of("another past");
  rewritten.add(records);
  daemon = &rewritten;
  BOOST_TEST(says(contradiction(finish(guard().check())), "its first 10 records are not those"));
  const auto seen = [&](std::uint64_t size) {
    return contradiction(finish(guard().observe(rewritten.note(size))));
  };
  BOOST_TEST(says(seen(15), "first 10 records"));
  BOOST_TEST(says(seen(10), "first 10 records"));
  BOOST_TEST(says(seen(7), "first 7 records"));
  BOOST_TEST(remembered() == before);
}

BOOST_AUTO_TEST_CASE(H6_a_history_that_went_back_is_a_contradiction) {
  honest.grow(10);
  BOOST_REQUIRE(finish(guard().check()));
  SignedJournal older;
  older.grow(8);
  daemon = &older;
  BOOST_TEST(
      says(contradiction(finish(guard().check())), "it went back, from 10 records to 8 records"));
  BOOST_TEST(says(contradiction(finish(guard().observe(older.note()))), "less than 10 records"));
}

/// The first 10 records are the honest one's; it signs under a name of its own.
struct RestoredDaemon : Guarded {
  SignedJournal restored;

  RestoredDaemon() {
    honest.name = "postern/one";
    honest.grow(10);
    restored.name = "postern/one/again";
    restored.grow(10);
    restored.add({support::bytes_of("restored"), support::bytes_of("and on")});
    restored_behind = 10;
  }
};

BOOST_FIXTURE_TEST_CASE(H7_a_restored_history_that_lacks_nothing_seen_is_gone_on_with,
                        RestoredDaemon) {
  BOOST_REQUIRE(finish(guard().check()));
  daemon = &restored;
  const auto seen = finish(guard().check());
  BOOST_REQUIRE_MESSAGE(seen.has_value(), seen.error().sentence);
  BOOST_TEST(seen->size == 12U);
  BOOST_TEST(name_asked == "postern/one");
  BOOST_TEST(remembered() == restored.verifier_key() + "\n" + restored.note());
  // From then on it is a history like any other.
  BOOST_TEST(finish(guard().observe(restored.note())).has_value());
  // Whoever was given the key before goes on too.
  BOOST_TEST(finish(guard(honest.verifier_key()).check()).has_value());
  // The one that it was copied from is another history now.
  daemon = &honest;
  BOOST_TEST(says(contradiction(finish(guard().check())), "which never was postern/one/again"));
}

BOOST_FIXTURE_TEST_CASE(H7_a_restored_history_says_what_is_missing, RestoredDaemon) {
  honest.grow(5);
  BOOST_REQUIRE(finish(guard().check()));
  const std::string before = remembered();
  daemon = &restored;
  BOOST_TEST(says(contradiction(finish(guard().check())), "The copy ends at record 10."));
  BOOST_TEST(says(contradiction(finish(guard().observe(restored.note()))), "record 10"));
  BOOST_TEST(remembered() == before);
}

BOOST_FIXTURE_TEST_CASE(H7_another_key_is_never_a_restored_history, RestoredDaemon) {
  BOOST_REQUIRE(finish(guard().check()));
  restored.seed = credential::Key{std::byte{8}};
  daemon = &restored;
  BOOST_TEST(says(contradiction(finish(guard().check())), "it is signed with another key"));
  restored.seed = honest.seed;
  restored.name = "postern/two/again";
  BOOST_TEST(says(contradiction(finish(guard().check())), "it is signed with another key"));
}

BOOST_AUTO_TEST_CASE(H6_an_older_checkpoint_of_the_same_history_is_none) {
  honest.grow(10);
  const std::string late = honest.note(8);
  BOOST_REQUIRE(finish(guard().check()));
  BOOST_REQUIRE(finish(guard().observe(late)));
  BOOST_TEST(remembered() == expected(honest.note(10)));
}

BOOST_AUTO_TEST_CASE(H6_another_key_is_a_contradiction) {
  honest.grow(10);
  SignedJournal forged;
  forged.seed[1] = std::byte{1};
  forged.grow(12);
  BOOST_TEST(says(contradiction(finish(guard(forged.verifier_key()).check())), "another key"));
  BOOST_TEST(remembered().empty());
  BOOST_REQUIRE(finish(guard().check()));
  daemon = &forged;
  BOOST_TEST(says(contradiction(finish(guard().check())), "another key"));
  BOOST_TEST(says(contradiction(finish(guard().observe(forged.note()))), "not signed by"));
  BOOST_TEST(says(contradiction(finish(guard(forged.verifier_key()).check())), "another key"));
}

BOOST_AUTO_TEST_CASE(H6_a_damaged_memory_is_not_taken_for_none) {
  honest.grow(10);
  BOOST_REQUIRE(finish(guard().check()));
  std::string text = remembered();
  text[text.size() / 2] = '!';
  std::ofstream(file) << text;
  BOOST_TEST(says(contradiction(finish(guard().check())), "is damaged"));
  std::ofstream(file) << "x";
  BOOST_TEST(says(contradiction(finish(guard().check())), "is damaged"));
}

BOOST_AUTO_TEST_CASE(H6_a_memory_that_cannot_be_written_is_told) {
  honest.grow(1);
  const HistoryGuard guard((folder.path() / "none" / "seen").string(), "");
  const auto checked = finish(guard.check());
  BOOST_REQUIRE(!checked.has_value());
  BOOST_TEST((checked.error().kind == ErrorKind::input_output));
}

BOOST_AUTO_TEST_CASE(H6_without_a_file_nothing_is_asked) {
  honest.grow(1);
  const HistoryGuard guard("", "");
  BOOST_REQUIRE(finish(guard.observe(honest.note())));
  BOOST_TEST(checkpoints_asked == 0);
  BOOST_TEST(finish(guard.check())->size == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::client
