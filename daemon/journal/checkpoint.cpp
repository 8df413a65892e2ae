// note      = text LF *signature
// text      = origin LF size LF root LF *(extension LF)
// size      = decimal, no leading zero        ; records
// root      = base64 of 32 bytes
// extension = "time_ns " decimal              ; others are passed over
// signature = "— " name " " base64(hash[4] ed25519[64]) LF
//             ; over text; hash = first bytes of SHA-256(name LF 0x01 public key)
#include "daemon/journal/checkpoint.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "daemon/credential/signature.h"
#include "daemon/journal/base64.h"
#include "daemon/journal/sha256.h"
#include "schema/plain_number.h"

namespace postern::journal {

namespace {

constexpr std::size_t note_bytes_max = 16'384;
constexpr std::byte ed25519_algorithm{1};
constexpr std::string_view signature_start = "— ";
constexpr std::string_view time_extension = "time_ns ";

using KeyHash = std::array<std::byte, 4>;

View bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

KeyHash key_hash(const Verifier& verifier) {
  constexpr std::byte between[] = {std::byte{'\n'}, ed25519_algorithm};
  Sha256 hasher;
  const Hash hash = hasher.add(bytes_of(verifier.name)).add(between).add(verifier.key).finish();
  KeyHash first;
  std::copy_n(hash.begin(), first.size(), first.begin());
  return first;
}

std::unexpected<Failure> damaged(std::string sentence) {
  return std::unexpected(Failure{FailureKind::damaged, "the checkpoint " + std::move(sentence),
                                 "Get it anew from where it was kept."});
}

/// Up to the next line feed, which is taken away too; nothing if there is none.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

/// Whether the line is the verifier's, and if so, that it signed the text.
Expected<bool> signed_by(std::string_view line, std::string_view text, const Verifier& verifier) {
  if (!line.starts_with(signature_start)) return damaged("has a line that is no signature");
  line.remove_prefix(signature_start.size());
  const std::size_t space = line.find(' ');
  if (space == line.npos || space == 0) return damaged("has a signature without a name");
  const auto bytes = base64_decode(line.substr(space + 1));
  if (!bytes || bytes->size() <= sizeof(KeyHash))
    return damaged("has a signature that is no base64");
  const KeyHash hash = key_hash(verifier);
  if (line.substr(0, space) != verifier.name ||
      !std::ranges::equal(View(*bytes).first(hash.size()), hash))
    return false;
  NoteSignature signature;
  if (bytes->size() != hash.size() + signature.size())
    return damaged("has a signature of another length than Ed25519's");
  std::ranges::copy(View(*bytes).subspan(hash.size()), signature.begin());
  if (!credential::verify_signature(verifier.key, bytes_of(text), signature))
    return damaged("was changed after it was signed, or not signed by this key");
  return true;
}

Expected<Checkpoint> parse_text(std::string_view text) {
  const auto origin = take_line(text);
  const auto size = take_line(text);
  const auto root = take_line(text);
  if (!origin || !size || !root || origin->empty())
    return damaged("lacks its origin, size or root");
  Checkpoint checkpoint;
  checkpoint.origin = *origin;
  const auto seq = schema::plain_number<std::uint64_t>(*size);
  if (!seq) return damaged("has a size that is no number");
  checkpoint.head.seq = *seq;
  const auto bytes = base64_decode(*root);
  if (!bytes || bytes->size() != checkpoint.head.root.size())
    return damaged("has a root that is not 32 bytes in base64");
  std::ranges::copy(*bytes, checkpoint.head.root.begin());
  while (const auto line = take_line(text)) {
    if (line->empty()) return damaged("has an empty line in its text");
    if (!line->starts_with(time_extension)) continue;
    const auto time_ns = schema::plain_number<std::int64_t>(line->substr(time_extension.size()));
    if (!time_ns) return damaged("has a time that is no number");
    checkpoint.time_ns = *time_ns;
  }
  return checkpoint;
}

std::unexpected<Failure> no_verifier() {
  return std::unexpected(Failure{FailureKind::usage, "this is no verifier key",
                                 "Take the line that posternd prints at its start: "
                                 "postern/<installation>+<hash>+<key>."});
}

}  // namespace

std::string verifier_text(const Verifier& verifier) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text = verifier.name + "+";
  for (const std::byte byte : key_hash(verifier)) {
    text += digits[std::to_integer<unsigned>(byte) >> 4U];
    text += digits[std::to_integer<unsigned>(byte) & 15U];
  }
  std::vector<std::byte> key = {ed25519_algorithm};
  key.insert(key.end(), verifier.key.begin(), verifier.key.end());
  return text + "+" + base64_encode(key);
}

Expected<Verifier> parse_verifier(std::string_view text) {
  const std::size_t first = text.find('+');
  const std::size_t second = first == text.npos ? text.npos : text.find('+', first + 1);
  if (second == text.npos || first == 0) return no_verifier();
  const auto key = base64_decode(text.substr(second + 1));
  Verifier verifier{std::string(text.substr(0, first)), {}};
  if (!key || key->size() != verifier.key.size() + 1 || key->front() != ed25519_algorithm)
    return no_verifier();
  std::ranges::copy(View(*key).subspan(1), verifier.key.begin());
  // The hash finds slips of the pen.
  if (verifier_text(verifier) != text) return no_verifier();
  return verifier;
}

std::string make_note(const Checkpoint& checkpoint, const Verifier& signer, const Sign& sign) {
  std::string note = checkpoint.origin + "\n" + std::to_string(checkpoint.head.seq) + "\n" +
                     base64_encode(checkpoint.head.root) + "\n" + std::string(time_extension) +
                     std::to_string(checkpoint.time_ns) + "\n";
  const KeyHash hash = key_hash(signer);
  const NoteSignature signature = sign(bytes_of(note));
  std::vector<std::byte> signed_bytes(hash.begin(), hash.end());
  signed_bytes.insert(signed_bytes.end(), signature.begin(), signature.end());
  return note + "\n" + std::string(signature_start) + signer.name + " " +
         base64_encode(signed_bytes) + "\n";
}

Expected<Checkpoint> read_note(std::string_view note) {
  if (note.size() > note_bytes_max) return damaged("is longer than 16 KiB");
  const std::size_t gap = note.rfind("\n\n");
  if (gap == note.npos) return damaged("has no signature");
  return parse_text(note.substr(0, gap + 1));
}

Expected<Checkpoint> open_note(std::string_view note, const Verifier& verifier) {
  if (note.size() > note_bytes_max) return damaged("is longer than 16 KiB");
  // Signature lines hold no empty line, so the last one ends the text.
  const std::size_t gap = note.rfind("\n\n");
  if (gap == note.npos) return damaged("has no signature");
  const std::string_view text = note.substr(0, gap + 1);
  std::string_view lines = note.substr(gap + 2);
  bool is_signed = false;
  while (!lines.empty()) {
    const auto line = take_line(lines);
    if (!line) return damaged("ends within a line");
    const auto ours = signed_by(*line, text, verifier);
    if (!ours) return std::unexpected(ours.error());
    is_signed |= *ours;
  }
  if (!is_signed) return damaged("is not signed by " + printable(verifier.name, 200));
  auto checkpoint = parse_text(text);
  if (checkpoint && checkpoint->origin != verifier.name)
    return damaged("is about another journal than its signer's");
  return checkpoint;
}

}  // namespace postern::journal
