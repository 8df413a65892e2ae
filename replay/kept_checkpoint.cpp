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

Expected<std::string> verifier_key_of(const std::string& given) {
  if (journal::parse_verifier(given)) return given;
  const auto text = text_of(given);
  if (text && journal::parse_verifier(first_line(*text))) return first_line(*text);
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
  if (!options.public_key.empty()) {
    const auto key = verifier_key_of(options.public_key);
    if (!key) return std::unexpected(key.error());
    verifier = journal::parse_verifier(*key);
  }
  if (!verifier)
    return std::unexpected(Failure{FailureKind::usage, "the verifier key is missing or malformed",
                                   "Give the line that posternd prints at its start, or a file "
                                   "with it: --public-key KEY|FILE."});
  return journal::open_note(*note, *verifier);
}

}  // namespace postern::replay
