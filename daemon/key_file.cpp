#include "daemon/key_file.h"

#include <toml++/toml.h>

#include <optional>
#include <string>

#include "daemon/credential/secret.h"
#include "daemon/platform/files.h"

namespace postern {

namespace {

constexpr std::size_t key_file_bytes_max = 4'096;

Failure no_key(const std::filesystem::path& file) {
  return {FailureKind::usage, printable(file.string(), 400) + " holds no secret key",
          "Name the key file that was written with --key-out."};
}

}  // namespace

Expected<> write_key_file(const std::filesystem::path& file, const transport::CurveKeyPair& pair) {
  std::string text = "public_key = \"" + transport::z85_encode(pair.public_key) +
                     "\"\nsecret_key = \"" + transport::z85_encode(pair.secret_key) + "\"\n";
  auto written = platform::write_file(file, std::as_bytes(std::span(text)));
  credential::wipe(std::as_writable_bytes(std::span(text)));
  return written;
}

Expected<credential::Key> read_secret_key(const std::filesystem::path& file) {
  auto bytes = platform::read_file(file, key_file_bytes_max);
  if (!bytes) return std::unexpected(bytes.error());
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  std::optional<std::string> secret;
  try {
    secret = toml::parse(text)["secret_key"].value<std::string>();
  } catch (const toml::parse_error&) {
    // It is no key file; what it is may be a secret, so nothing of it is told.
  }
  credential::wipe(*bytes);
  if (!secret) return std::unexpected(no_key(file));
  auto key = transport::z85_decode(*secret);
  credential::wipe(std::as_writable_bytes(std::span(*secret)));
  if (!key) return std::unexpected(no_key(file));
  return key;
}

}  // namespace postern
