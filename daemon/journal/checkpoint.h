// A checkpoint: how many records there are and the root of their tree, signed, in the C2SP forms
// tlog-checkpoint and signed-note, so that other people's verifiers and witnesses can read it.
// Thread: any; values and functions without state. Failure: `damaged`, saying what is not as it
// should be. Limits: a note is 16 KiB at most.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "daemon/journal/journal.h"

namespace postern::journal {

struct Checkpoint {
  /// Whose journal: "postern/<installation id>".
  std::string origin;
  Head head;
  /// When it was signed, UTC nanoseconds.
  std::int64_t time_ns = 0;

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// Ed25519.
using VerifierPublicKey = std::array<std::byte, 32>;
using NoteSignature = std::array<std::byte, 64>;
using Sign = std::function<NoteSignature(View text)>;

/// Who signed, as verifiers know it. The name is the checkpoint's origin.
struct Verifier {
  std::string name;
  VerifierPublicKey key{};
};

/// The C2SP form of a verifier key: name+hash+key, the key in base64 after the byte 1.
std::string verifier_text(const Verifier& verifier);
/// `usage` if it is not of that form, or its hash is not that of its name and key.
Expected<Verifier> parse_verifier(std::string_view text);

/// The signed note, ending with its signature line.
std::string make_note(const Checkpoint& checkpoint, const Verifier& signer, const Sign& sign);

/// What the note says, whoever signed it.
Expected<Checkpoint> read_note(std::string_view note);

/// What the note says, if `verifier` signed it and it is about the verifier's journal. Signatures
/// of others (witnesses) are passed over.
Expected<Checkpoint> open_note(std::string_view note, const Verifier& verifier);

}  // namespace postern::journal
