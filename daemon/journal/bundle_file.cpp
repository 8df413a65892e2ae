// bundle := part+ digest?
// part   := size:u32 little-endian, BundlePart[size]
// digest := 32:u32 little-endian, SHA-256 of all bytes before
#include "daemon/journal/bundle_file.h"

#include <algorithm>
#include <array>

#include "daemon/journal/bundle.h"
#include "schema/identifiers.h"

namespace postern::journal {

Failure damaged_bundle(const std::filesystem::path& file, const std::string& what) {
  return {FailureKind::damaged,
          "the bundle " + printable(file.string(), 400) + " is damaged: " + what,
          "Use another copy of it, or make it anew."};
}

Expected<BundleFile> BundleFile::open(const std::filesystem::path& path) {
  auto file = platform::MessageFile::open(path, bundle_part_bytes_max);
  if (!file) return std::unexpected(file.error());
  return BundleFile(path, std::move(*file));
}

void BundleFile::seek(std::uint64_t offset) {
  in_order_ = false;
  file_.seek(offset);
}

void BundleFile::add_to_digest(std::span<const std::uint8_t> bytes) {
  std::array<std::byte, sizeof(std::uint32_t)> prefix{};
  for (std::size_t place = 0; place < prefix.size(); ++place)
    prefix[place] = static_cast<std::byte>(bytes.size() >> (8 * place));
  digest_.add(prefix).add(std::as_bytes(bytes));
}

Expected<const schema::BundlePart*> BundleFile::finish(std::span<const std::uint8_t> last) {
  const Hash digest = digest_.finish();
  if (in_order_ && !std::ranges::equal(std::as_bytes(last), digest))
    return std::unexpected(damaged_bundle(path_, "its bytes are not those that its digest is of"));
  const auto behind = file_.next();
  if (!behind) return std::unexpected(behind.error());
  if (!behind->empty())
    return std::unexpected(damaged_bundle(path_, "something stands behind its digest"));
  return nullptr;
}

Expected<const schema::BundlePart*> BundleFile::next() {
  const std::uint64_t begin = offset();
  const auto bytes = file_.next();
  if (!bytes && bytes.error().kind == FailureKind::damaged)
    return std::unexpected(damaged_bundle(path_, bytes.error().sentence));
  if (!bytes) return std::unexpected(bytes.error());
  if (ends_with_digest_ && bytes->size() == sizeof(Hash)) return finish(*bytes);
  if (bytes->empty() && ends_with_digest_)
    return std::unexpected(damaged_bundle(path_, "it is cut short: its digest is missing"));
  if (bytes->empty()) return nullptr;
  flatbuffers::Verifier verifier(bytes->data(), bytes->size());
  if (!verifier.VerifyBuffer<schema::BundlePart>(schema::bundle_part_identifier))
    return std::unexpected(damaged_bundle(
        path_, "the part at byte " + std::to_string(begin) + " is not as it was written"));
  const auto* part = flatbuffers::GetRoot<schema::BundlePart>(bytes->data());
  if (part->version() != schema::protocol_version)
    return std::unexpected(Failure{FailureKind::configuration,
                                   "the bundle " + printable(path_.string(), 400) + " is of form " +
                                       std::to_string(part->version()) +
                                       ", and this version knows 1",
                                   "Use the version of Postern that wrote it, or a newer one."});
  if (in_order_) add_to_digest(*bytes);
  ends_with_digest_ |= begin == 0 && part->ends_with_digest();
  return part;
}

Expected<SignedBundle> read_first_part(const std::filesystem::path& file,
                                       const schema::BundlePart* part) {
  if (part == nullptr || part->checkpoint() == nullptr || part->verifier_key() == nullptr)
    return std::unexpected(damaged_bundle(file, "it does not begin with a checkpoint"));
  SignedBundle found{{}, part->checkpoint()->str(), part->verifier_key()->str()};
  const auto verifier = parse_verifier(found.verifier_key);
  if (!verifier) return std::unexpected(damaged_bundle(file, verifier.error().sentence));
  auto checkpoint = open_note(part->checkpoint()->string_view(), *verifier);
  if (!checkpoint) return std::unexpected(damaged_bundle(file, checkpoint.error().sentence));
  found.checkpoint = std::move(*checkpoint);
  return found;
}

}  // namespace postern::journal
