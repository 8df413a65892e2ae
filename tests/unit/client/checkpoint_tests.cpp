#include <boost/test/unit_test.hpp>

#include "tests/unit/client/signed_journal.h"
#include "tools/client/checkpoint.h"

namespace postern::client {

BOOST_FIXTURE_TEST_SUITE(client_checkpoint_tests, SignedJournal)

BOOST_AUTO_TEST_CASE(H6_the_daemon_s_checkpoint_is_read_by_the_client) {
  grow(5);
  const auto opened = open_checkpoint(note(), verifier_key());
  BOOST_REQUIRE(opened);
  BOOST_TEST(opened->origin == "postern/one");
  BOOST_TEST(opened->size == 5U);
  BOOST_TEST(opened->time_ns == 1'800'000'000);
  BOOST_TEST(std::memcmp(opened->root.data(), stored.head().root.data(), 32) == 0);
}

BOOST_AUTO_TEST_CASE(H6_the_client_notices_every_changed_byte_of_a_checkpoint) {
  grow(5);
  std::string text = note();
  for (char& byte : text) {
    byte = static_cast<char>(byte ^ 1);
    const auto opened = open_checkpoint(text, verifier_key());
    BOOST_TEST(!opened.has_value());
    if (!opened) BOOST_TEST((opened.error().kind == ErrorKind::contradiction));
    byte = static_cast<char>(byte ^ 1);
  }
  for (std::size_t size = 0; size < text.size(); ++size)
    BOOST_TEST(!open_checkpoint(text.substr(0, size), verifier_key()).has_value());
  SignedJournal other;
  other.seed[1] = std::byte{1};
  BOOST_TEST(!open_checkpoint(text, other.verifier_key()).has_value());
}

BOOST_AUTO_TEST_CASE(H6_only_the_daemon_s_own_signature_line_counts) {
  grow(5);
  SignedJournal other;
  other.seed[1] = std::byte{1};
  other.grow(5);
  const auto lines_of = [](const std::string& text) { return text.substr(text.find("\n\n") + 2); };
  const std::string text = note().substr(0, note().size() - lines_of(note()).size());
  const auto refused = [&](const std::string& changed) {
    const auto opened = open_checkpoint(changed, verifier_key());
    return opened ? "taken" : opened.error().sentence;
  };
  // The same name, another key: over the same text, and over its own.
  BOOST_TEST(refused(text + lines_of(other.note())) ==
             "The checkpoint is not signed by the daemon's key.");
  BOOST_TEST(refused(other.note()) == "The checkpoint is not signed by the daemon's key.");
  BOOST_TEST(refused(text) == "The checkpoint is not signed by the daemon's key.");
  // Its key's hash before a signature that is another's.
  std::string forged = note();
  const auto place = forged.rfind(' ') + 1;
  forged.replace(place + 8, 80, other.note(), place + 8, 80);
  BOOST_TEST(refused(forged) ==
             "The checkpoint was changed after it was signed, or not signed by the daemon's key.");
  BOOST_TEST(refused(note() + "not a signature\n") ==
             "The checkpoint has a line that is no signature.");
  // Witnesses below are passed over.
  BOOST_TEST(refused(note() + lines_of(other.note())) == "taken");
}

BOOST_AUTO_TEST_CASE(H6_the_daemon_s_proofs_convince_the_client_for_every_size) {
  grow(130);
  std::vector<Checkpoint> seen(1);
  for (std::uint64_t size = 1; size <= 130; ++size) seen.push_back(checkpoint(size));
  std::size_t wrong = 0;
  for (std::uint64_t to = 1; to <= 130; ++to) {
    for (std::uint64_t from = 1; from <= to; ++from) {
      auto bytes = proof(from, to);
      wrong += !proves_consistency(bytes, seen[from], seen[to]);
      Checkpoint changed = seen[from];
      changed.root[3] ^= 1;
      wrong += proves_consistency(bytes, changed, seen[to]);
      changed = seen[to];
      changed.root[3] ^= 1;
      wrong += proves_consistency(bytes, seen[from], changed);
      if (bytes.empty()) continue;
      bytes[bytes.size() / 2] ^= 1;
      wrong += proves_consistency(bytes, seen[from], seen[to]);
      bytes[bytes.size() / 2] ^= 1;
      bytes.pop_back();
      wrong += proves_consistency(bytes, seen[from], seen[to]);
    }
  }
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::client
