#include "tools/cli/import_files.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <fstream>
#include <vector>

#include "tools/cli/import_progress.h"
#include "tools/cli/new_file.h"
#include "tools/cli/session.h"
#include "tools/text/ids.h"
#include "tools/text/shown.h"

namespace postern::cli {

std::string sha256_of(std::istream& stream, const std::filesystem::path& file) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  std::vector<char> piece(1U << 20U);
  while (stream) {
    stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(piece.data()),
                              static_cast<unsigned long long>(stream.gcount()));
  }
  if (stream.bad())
    throw Stop{exit_codes::input_output,
               fmt::format("Cannot read {}.", text::printable(file.string())),
               "Check the disk that holds it."};
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256_final(&state, digest.data());
  return text::hex_text(digest);
}

std::string sha256_of(std::string_view text) {
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size());
  return text::hex_text(digest);
}

bool holds(const std::filesystem::path& file, const std::string& sha256) {
  std::error_code error;
  // Nothing else is opened: a pipe would be waited for.
  if (!std::filesystem::is_regular_file(file, error)) return false;
  std::ifstream stream(file, std::ios::binary);
  return stream && sha256_of(stream, file) == sha256;
}

void put_aside(Session& session, intake::AccountSource& source,
               const std::set<std::uint64_t>& lines, const AsideFiles& files) {
  NewFile file(files.to);
  std::string text = source.heading();
  if (!text.empty()) text += "\n";
  intake::Entry entry;
  while (source.next(entry))
    if (lines.contains(entry.line)) text += entry.text + "\n";
  file.write(text);
  file.keep();
  session.talk() << fmt::format("{} of {} put aside in {}.\n", counted(lines.size(), "line"),
                                text::printable(files.from.string()), text::printable(files.to));
}

}  // namespace postern::cli
