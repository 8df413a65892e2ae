#include "replay/kept_checkpoint.h"

#include "daemon/platform/files.h"

namespace postern::replay {

namespace {

Expected<std::string> text_of(const std::string& file) {
  const auto bytes = platform::read_file(file, 65'536);
  if (!bytes) return std::unexpected(bytes.error());
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Expected<journal::Verifier> named_verifier(const std::string& key_or_file) {
  auto verifier = journal::parse_verifier(key_or_file);
  if (verifier) return verifier;
  if (const auto text = text_of(key_or_file)) verifier = journal::parse_verifier(first_line(*text));
  if (verifier) return verifier;
  return std::unexpected(Failure{FailureKind::usage, "the verifier key is missing or malformed",
                                 "Give the line that posternd prints at its start, or a file "
                                 "with it: --public-key KEY|FILE."});
}

Expected<journal::Checkpoint> read_kept_checkpoint(const VerifyOptions& options) {
  if (options.checkpoint.empty())
    return std::unexpected(Failure{FailureKind::usage, "a public key alone verifies no journal",
                                   "Name the file with the checkpoint: --checkpoint FILE."});
  auto note = text_of(options.checkpoint);
  if (!note) return std::unexpected(note.error());
  auto verifier = journal::parse_verifier(first_line(*note));
  if (verifier) note->erase(0, note->find('\n') + 1);
  if (!verifier || !options.public_key.empty()) verifier = named_verifier(options.public_key);
  if (!verifier) return std::unexpected(verifier.error());
  return journal::open_note(*note, *verifier);
}

}  // namespace postern::replay
