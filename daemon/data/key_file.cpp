#include "daemon/data/key_file.h"

#include <fcntl.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

#include "daemon/credential/secret.h"
#include "daemon/platform/files.h"
#include "daemon/platform/folder_guard.h"
#include "daemon/platform/retried.h"
#include "daemon/platform/system_failure.h"

namespace postern::data {

namespace {

constexpr std::size_t key_file_bytes_max = 4'096;

namespace fs = std::filesystem;

Failure no_key(const std::filesystem::path& file) {
  return {FailureKind::usage, printable(file.string(), 400) + " holds no secret key",
          "Name the key file that was written with --key-out."};
}

/// What the lines say under this name; the bytes are wiped.
std::optional<std::string> value_in(std::vector<std::byte>& bytes, std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::optional<std::string> value;
  try {
    value = toml::parse(text)[name].value<std::string>();
  } catch (const toml::parse_error&) {
    // It is no key file; what it is may be a secret, so nothing of it is told.
  }
  credential::wipe(bytes);
  return value;
}

}  // namespace

Expected<NewKeyFile> NewKeyFile::create(const std::filesystem::path& file) {
  platform::Descriptor made(platform::retried([&] {
    return ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  }));
  if (made.valid()) {
    NewKeyFile fresh(file, std::move(made));
    const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (auto synced = platform::sync_folder(folder); !synced)
      return std::unexpected(synced.error());
    return fresh;
  }
  const std::string shown = printable(file.native(), 4'096);
  if (errno == EEXIST)
    return std::unexpected(Failure{FailureKind::cannot_create,
                                   "the key file " + shown + " is there already",
                                   "Name a new file with --owner-key; nothing is overwritten."});
  return std::unexpected(platform::system_failure("make the key file " + shown, errno));
}

NewKeyFile::~NewKeyFile() {
  if (!path_.empty() && !kept_) ::unlink(path_.c_str());
}

Expected<> NewKeyFile::write(const credential::CurveKeyPair& pair) {
  std::string text = "public_key = \"" + credential::z85_encode(pair.public_key) +
                     "\"\nsecret_key = \"" + credential::z85_encode(pair.secret_key) + "\"\n";
  auto written = platform::write_synced(file_, std::as_bytes(std::span(text)), path_);
  credential::wipe(std::as_writable_bytes(std::span(text)));
  return written;
}

std::optional<credential::CurveKey> read_public_key(const std::filesystem::path& file) {
  auto bytes = platform::read_file(file, key_file_bytes_max);
  if (!bytes) return std::nullopt;
  const auto text = value_in(*bytes, "public_key");
  if (!text) return std::nullopt;
  const auto key = credential::z85_decode(*text);
  if (!key) return std::nullopt;
  return *key;
}

Expected<credential::Key> read_secret_key(const std::filesystem::path& file) {
  if (auto guarded = platform::check_secret_file(file); !guarded)
    return std::unexpected(guarded.error());
  auto bytes = platform::read_file(file, key_file_bytes_max);
  if (!bytes) return std::unexpected(bytes.error());
  auto secret = value_in(*bytes, "secret_key");
  if (!secret) return std::unexpected(no_key(file));
  auto key = credential::z85_decode(*secret);
  credential::wipe(std::as_writable_bytes(std::span(*secret)));
  if (!key) return std::unexpected(no_key(file));
  return key;
}

}  // namespace postern::data
