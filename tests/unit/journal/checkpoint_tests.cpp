#include "daemon/journal/checkpoint.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>

#include "daemon/credential/signature.h"
#include "daemon/journal/tree.h"
#include "tests/support/journal_bytes.h"

namespace postern::journal {

namespace {

// Made with Python's hashlib and openssl's pkeyutl from the key of RFC 8032, 7.1, test 1, and a
// tree of the one record "one record".
constexpr std::string_view known_verifier =
    "postern/0190d6c8-8a51-7b3e-9c2f-000000000001+acf0a693+"
    "AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
constexpr std::string_view known_text =
    "postern/0190d6c8-8a51-7b3e-9c2f-000000000001\n"
    "1\n"
    "glVt6ImNQQ2geCRplQtsiRCOKqy+AOizn0dQ5EfmUAM=\n"
    "time_ns 1763769600123456789\n";
constexpr std::string_view known_signature =
    "— postern/0190d6c8-8a51-7b3e-9c2f-000000000001 "
    "rPCmkzArakheZCP0g1Va7+EEn68b5eut0crR8+CmLxln0Ev48N2b0N2hOzL/"
    "HJFbf6KSac1HvBQRXWahTxOOcb+zPwo=\n";
constexpr std::string_view seed_hex =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

credential::Key seed() {
  credential::Key key;
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<std::byte>(std::stoi(std::string(seed_hex.substr(2 * i, 2)), nullptr, 16));
  return key;
}

NoteSignature sign(View text) { return credential::sign(seed(), text); }

Verifier verifier_named(std::string name) {
  return {std::move(name), credential::signing_public_key(seed())};
}

const std::string name = "postern/0190d6c8-8a51-7b3e-9c2f-000000000001";

std::string known_note() {
  return std::string(known_text) + "\n" + std::string(known_signature);
}

Checkpoint known_checkpoint() {
  return {name, {1, leaf_hash(support::bytes_of("one record"))}, 1'763'769'600'123'456'789};
}

/// A note of this text, signed in good order.
std::string signed_note(const std::string& text) {
  const std::string line = make_note(known_checkpoint(), verifier_named(name),
                                     [&](View) { return sign(support::bytes_of(text)); });
  return text + line.substr(line.rfind("\n\n") + 1);
}

std::string refusal(std::string_view note) {
  const auto opened = open_note(note, *parse_verifier(known_verifier));
  if (opened) return "taken";
  BOOST_TEST((opened.error().kind == FailureKind::damaged));
  return opened.error().sentence;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_tests)

BOOST_AUTO_TEST_CASE(H6_a_checkpoint_is_the_c2sp_note_byte_for_byte) {
  BOOST_TEST(make_note(known_checkpoint(), verifier_named(name), sign) == known_note());
  BOOST_TEST(verifier_text(verifier_named(name)) == known_verifier);
}

BOOST_AUTO_TEST_CASE(H6_a_checkpoint_is_opened_with_its_verifier_key_alone) {
  const auto verifier = parse_verifier(known_verifier);
  BOOST_REQUIRE(verifier);
  const auto opened = open_note(known_note(), *verifier);
  BOOST_REQUIRE(opened);
  BOOST_TEST((*opened == known_checkpoint()));
}

// From the documentation of Go's sumdb/note package.
BOOST_AUTO_TEST_CASE(H6_signatures_of_other_people_s_signers_verify) {
  const auto verifier =
      parse_verifier("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  BOOST_REQUIRE(verifier);
  const auto opened = open_note(
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n\n"
      "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpR"
      "Zb6KE6RyyBwJnAM=\n",
      *verifier);
  // Signed in good order; only it is no checkpoint.
  BOOST_REQUIRE(!opened);
  BOOST_TEST(opened.error().sentence == "the checkpoint lacks its origin, size or root");
}

BOOST_AUTO_TEST_CASE(H6_every_changed_byte_of_a_checkpoint_is_noticed) {
  const auto verifier = parse_verifier(known_verifier);
  std::string note = known_note();
  for (char& byte : note) {
    for (int bit = 0; bit < 8; ++bit) {
      byte = static_cast<char>(byte ^ (1 << bit));
      BOOST_TEST(!open_note(note, *verifier));
      byte = static_cast<char>(byte ^ (1 << bit));
    }
  }
  for (std::size_t size = 0; size < note.size(); ++size)
    BOOST_TEST(!open_note(note.substr(0, size), *verifier));
  BOOST_TEST(open_note(note, *verifier).has_value());
}

BOOST_AUTO_TEST_CASE(H6_another_size_root_or_origin_is_not_what_was_signed) {
  constexpr std::string_view changed =
      "the checkpoint was changed after it was signed, or not signed by this key";
  const auto with = [](std::string_view from, std::string_view to) {
    std::string note = known_note();
    note.replace(note.find(from), from.size(), to);
    return note;
  };
  BOOST_TEST(refusal(with("\n1\n", "\n2\n")) == changed);
  BOOST_TEST(refusal(with("glVt", "glVs")) == changed);
  BOOST_TEST(refusal(with("postern/0190", "postern/0191")) == changed);
  BOOST_TEST(refusal(with("time_ns 17", "time_ns 18")) == changed);
  BOOST_TEST(refusal(with("time_ns", "more\ntime_ns")) == changed);
}

BOOST_AUTO_TEST_CASE(H6_what_is_signed_must_also_be_a_checkpoint) {
  const std::string root = "glVt6ImNQQ2geCRplQtsiRCOKqy+AOizn0dQ5EfmUAM=\n";
  BOOST_TEST(refusal(signed_note(name + "\n1\n" + root)) == "taken");
  BOOST_TEST(refusal(signed_note(name + "\n1\n" + root + "an extension\n")) == "taken");
  BOOST_TEST(refusal(signed_note(name + "\n01\n" + root)) ==
             "the checkpoint has a size that is no number");
  BOOST_TEST(refusal(signed_note(name + "\n+1\n" + root)) ==
             "the checkpoint has a size that is no number");
  BOOST_TEST(refusal(signed_note(name + "\n1\nglVt\n")) ==
             "the checkpoint has a root that is not 32 bytes in base64");
  BOOST_TEST(refusal(signed_note(name + "\n1\n")) ==
             "the checkpoint lacks its origin, size or root");
  BOOST_TEST(refusal(signed_note("postern/another\n1\n" + root)) ==
             "the checkpoint is about another journal than its signer's");
  BOOST_TEST(refusal(signed_note(name + "\n1\n" + root + "time_ns x\n")) ==
             "the checkpoint has a time that is no number");
}

BOOST_AUTO_TEST_CASE(H6_witnesses_may_sign_below) {
  const std::string witness = "— witness.example/w x08go/ZJkuBS9UG/SffcvIAQxVBtiFup\n";
  BOOST_TEST(refusal(known_note() + witness) == "taken");
  BOOST_TEST(refusal(std::string(known_text) + "\n" + witness + std::string(known_signature)) ==
             "taken");
  BOOST_TEST(refusal(std::string(known_text) + "\n" + witness) ==
             "the checkpoint is not signed by " + name);
}

BOOST_AUTO_TEST_CASE(H6_a_verifier_key_with_a_slip_of_the_pen_is_refused) {
  std::string text(known_verifier);
  for (char& letter : text) {
    const char was = std::exchange(letter, letter == 'b' ? 'c' : 'b');
    BOOST_TEST(!parse_verifier(text).has_value());
    letter = was;
  }
  for (const std::string_view bad : {"", "+", "++", "postern", "postern+acf0a693+"})
    BOOST_TEST(!parse_verifier(bad).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
