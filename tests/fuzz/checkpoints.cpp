// Checkpoints (H6): the bytes as they are, and as a text that was signed, go to the daemon's reader
// and to the client's, which were written apart. What the daemon takes the client takes too, and
// reads the same; what nobody signed neither takes.
#include <charconv>
#include <cstring>
#include <string>
#include <vector>

#include "daemon/credential/signature.h"
#include "daemon/journal/base64.h"
#include "daemon/journal/checkpoint.h"
#include "daemon/platform/require.h"
#include "tests/fuzz/target.h"
#include "tools/client/client.h"

namespace {

using namespace postern;

const credential::Key& seed() {
  static const credential::Key key{std::byte{5}};
  return key;
}

const journal::Verifier& verifier() {
  static const journal::Verifier made{"postern/fuzz", credential::signing_public_key(seed())};
  return made;
}

/// The note over any text at all.
std::string sign(std::string_view text) {
  const std::string key = journal::verifier_text(verifier());
  std::uint32_t hash = 0;
  const char* digits = key.data() + verifier().name.size() + 1;
  std::from_chars(digits, digits + 8, hash, 16);
  std::vector<std::byte> bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::byte>(hash >> shift));
  const auto signature = credential::sign(seed(), std::as_bytes(std::span(text)));
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return std::string(text) + "\n— " + verifier().name + " " + journal::base64_encode(bytes) + "\n";
}

/// Whether the daemon takes it.
bool read_by_both(std::string_view note) {
  const auto ours = journal::open_note(note, verifier());
  const auto theirs = client::open_checkpoint(note, journal::verifier_text(verifier()));
  (void)client::read_checkpoint(note);
  (void)journal::parse_verifier(note);
  (void)client::open_checkpoint(note, note);
  if (!ours) return false;
  require(theirs.has_value());
  require(theirs->origin == ours->origin && theirs->size == ours->head.seq);
  require(theirs->time_ns == ours->time_ns);
  require(std::memcmp(theirs->root.data(), ours->head.root.data(), theirs->root.size()) == 0);
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  require(!read_by_both(text));
  const std::string root = "\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
  read_by_both(sign(text));
  // With a start that leaves only the rest to be wrong.
  read_by_both(sign(verifier().name + "\n" + std::string(text)));
  read_by_both(sign(verifier().name + "\n7" + root + std::string(text)));
  // Other lines below what is signed.
  const std::string good = sign(verifier().name + "\n7" + root);
  require(read_by_both(good));
  read_by_both(good + std::string(text));
  return 0;
}
