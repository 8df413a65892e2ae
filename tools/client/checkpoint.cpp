// The forms are those of C2SP: tlog-checkpoint and signed-note.
#include "tools/client/checkpoint.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include "schema/plain_number.h"

namespace postern::client {
namespace {

using Octets = std::vector<std::uint8_t>;
using Hash = std::array<std::uint8_t, 32>;

constexpr std::size_t note_bytes_max = 16'384;
constexpr std::size_t key_hash_bytes = 4;
constexpr std::size_t signature_bytes = 64;
constexpr std::uint8_t ed25519_algorithm = 1;
constexpr std::string_view signature_start = "— ";

Error bad_note(const std::string& why) {
  return {ErrorKind::contradiction, "The checkpoint " + why + ".",
          "Do not rely on this history; compare it with a checkpoint kept elsewhere."};
}

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Hash sha256(std::initializer_list<std::span<const std::uint8_t>> parts) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  Hash hash{};
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (const auto part : parts) EVP_DigestUpdate(context.get(), part.data(), part.size());
  EVP_DigestFinal_ex(context.get(), hash.data(), nullptr);
  return hash;
}

/// Canonical base64 alone.
std::optional<Octets> decode(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  Octets bytes(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(bytes.data(), raw(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - (text.ends_with("==")  ? 2U
                                                 : text.ends_with("=") ? 1U
                                                                       : 0U));
  std::string again(text.size() + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(again.data()), bytes.data(),
                  static_cast<int>(bytes.size()));
  again.pop_back();
  if (again != text) return std::nullopt;
  return bytes;
}

struct Verifier {
  std::string_view name;
  Octets key;
  Octets hash;
};

/// name+hash+key.
std::optional<Verifier> verifier_in(std::string_view text) {
  const auto first = text.find('+');
  const auto second = first == text.npos ? text.npos : text.find('+', first + 1);
  if (second == text.npos || first == 0) return std::nullopt;
  const auto key = decode(text.substr(second + 1));
  if (!key || key->size() != 33 || key->front() != ed25519_algorithm) return std::nullopt;
  Verifier verifier{text.substr(0, first), Octets(key->begin() + 1, key->end()), {}};
  const std::uint8_t line_feed = '\n';
  const auto hash = sha256({{raw(verifier.name), verifier.name.size()}, {&line_feed, 1}, *key});
  verifier.hash.assign(hash.begin(), hash.begin() + key_hash_bytes);
  std::uint32_t told = 0;
  const auto digits = text.substr(first + 1, second - first - 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), told, 16);
  if (error != std::errc() || digits.size() != 8 || end != digits.data() + digits.size())
    return std::nullopt;
  for (std::size_t i = 0; i < key_hash_bytes; ++i)
    if (verifier.hash[i] != static_cast<std::uint8_t>(told >> (24 - 8 * i))) return std::nullopt;
  return verifier;
}

bool verifies(const Verifier& verifier, std::string_view text,
              std::span<const std::uint8_t> signature) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, verifier.key.data(),
                                  verifier.key.size()),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  return key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), raw(text),
                          text.size()) == 1;
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// Every line that names the verifier must hold, and one must be there.
std::optional<Error> check_signatures(std::string_view lines, std::string_view text,
                                      const Verifier& verifier) {
  bool found = false;
  while (!lines.empty()) {
    auto line = take_line(lines);
    if (!line.starts_with(signature_start)) return bad_note("has a line that is no signature");
    line.remove_prefix(signature_start.size());
    const auto space = line.find(' ');
    const auto bytes = space == line.npos ? std::nullopt : decode(line.substr(space + 1));
    if (!bytes || bytes->size() <= key_hash_bytes) return bad_note("has a malformed signature");
    const std::span all(*bytes);
    if (line.substr(0, space) != verifier.name ||
        !std::ranges::equal(all.first(key_hash_bytes), verifier.hash))
      continue;
    if (all.size() != key_hash_bytes + signature_bytes ||
        !verifies(verifier, text, all.subspan(key_hash_bytes)))
      return bad_note("was changed after it was signed, or not signed by the daemon's key");
    found = true;
  }
  if (!found) return bad_note("is not signed by the daemon's key");
  return std::nullopt;
}

Hash node(const Hash& left, const Hash& right) {
  const std::uint8_t prefix = 1;
  return sha256({{&prefix, 1}, left, right});
}

}  // namespace

Result<Checkpoint> read_checkpoint(std::string_view note) {
  std::string_view text = note.substr(0, note.rfind("\n\n") + 1);
  Checkpoint checkpoint;
  checkpoint.origin = take_line(text);
  const auto size = schema::plain_number<std::uint64_t>(take_line(text));
  const auto root = decode(take_line(text));
  if (checkpoint.origin.empty() || !size || !root || root->size() != checkpoint.root.size())
    return std::unexpected(bad_note("lacks its origin, size or root"));
  checkpoint.size = *size;
  std::ranges::copy(*root, checkpoint.root.begin());
  while (!text.empty()) {
    const auto line = take_line(text);
    constexpr std::string_view time = "time_ns ";
    if (line.starts_with(time))
      checkpoint.time_ns = schema::plain_number<std::int64_t>(line.substr(time.size())).value_or(0);
  }
  return checkpoint;
}

Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view verifier_key) {
  const auto verifier = verifier_in(verifier_key);
  if (!verifier)
    return std::unexpected(Error{ErrorKind::usage, "This is no verifier key.",
                                 "Take the line that posternd prints at its start: "
                                 "postern/<installation>+<hash>+<key>."});
  const auto gap = note.rfind("\n\n");
  if (note.size() > note_bytes_max || gap == note.npos || !note.ends_with('\n'))
    return std::unexpected(bad_note("has no signature"));
  if (auto wrong = check_signatures(note.substr(gap + 2), note.substr(0, gap + 1), *verifier))
    return std::unexpected(std::move(*wrong));
  auto checkpoint = read_checkpoint(note);
  if (checkpoint && checkpoint->origin != verifier->name)
    return std::unexpected(bad_note("is about another journal than this daemon's"));
  return checkpoint;
}

bool proves_consistency(std::span<const std::uint8_t> hashes, const Checkpoint& from,
                        const Checkpoint& to) {
  if (from.size == 0 || from.size > to.size || hashes.size() % sizeof(Hash) != 0) return false;
  if (from.size == to.size) return hashes.empty() && from.root == to.root;
  std::vector<Hash> path(hashes.size() / sizeof(Hash));
  if (!path.empty()) std::memcpy(path.data(), hashes.data(), hashes.size());
  // RFC 9162, 2.1.4.2, which says for RFC 6962's proofs how to check them.
  if ((from.size & (from.size - 1)) == 0) path.insert(path.begin(), from.root);
  if (path.empty()) return false;
  std::uint64_t first = from.size - 1;
  std::uint64_t second = to.size - 1;
  for (; (first & 1U) != 0; first >>= 1U) second >>= 1U;
  Hash earlier = path.front();
  Hash later = path.front();
  for (const Hash& hash : std::span(path).subspan(1)) {
    if (second == 0) return false;
    if ((first & 1U) != 0 || first == second) {
      earlier = node(hash, earlier);
      later = node(hash, later);
      for (; (first & 1U) == 0 && first != 0; first >>= 1U) second >>= 1U;
    } else {
      later = node(later, hash);
    }
    first >>= 1U;
    second >>= 1U;
  }
  return second == 0 && earlier == from.root && later == to.root;
}

}  // namespace postern::client
