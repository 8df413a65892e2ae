#include "tools/cli/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tools/cli/session.h"
#include "tools/cli/verb.h"
#include "tools/text/shown.h"

namespace postern::cli {

NewFile::NewFile(std::filesystem::path file) : file_(std::move(file)), part_(file_) {
  part_ += ".part";
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(file_, error))) stop("make", EEXIST);
  descriptor_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor_ >= 0) return;
  if (errno == EEXIST)
    throw Stop{exit_codes::cannot_create,
               fmt::format("{} is there.", text::printable(part_.string())),
               "Another command makes it, or was ended while it did; if none does, remove it."};
  stop("make", errno);
}

NewFile::NewFile(NewFile&& other) noexcept
    : file_(std::move(other.file_)),
      part_(std::move(other.part_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

NewFile::~NewFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(part_.c_str());
}

void NewFile::write(std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(descriptor_, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) stop("write", errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(descriptor_) != 0) stop("write", errno);
}

void NewFile::keep() {
  // A link, which unlike a new name never takes the place of what is there.
  if (::link(part_.c_str(), file_.c_str()) != 0) {
    const int error = errno;
    // It may be all there is of a key that is in force.
    ::close(std::exchange(descriptor_, -1));
    throw Stop{exit_codes::cannot_create,
               fmt::format("Cannot give {} its name: {}.", text::printable(part_.string()),
                           std::strerror(error)),
               "The change was done, and the file is whole: rename it yourself."};
  }
  ::unlink(part_.c_str());
  ::close(std::exchange(descriptor_, -1));
  const auto folder = std::filesystem::absolute(file_).parent_path();
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = opened >= 0 && ::fsync(opened) == 0;
  const int error = errno;
  if (opened >= 0) ::close(opened);
  if (!synced) stop("sync the folder of", error);
}

void NewFile::stop(const char* verb, int error) const {
  throw Stop{
      exit_codes::cannot_create,
      fmt::format("Cannot {} {}: {}.", verb, text::printable(file_.string()), std::strerror(error)),
      "Name a new file in a folder you may write to."};
}

/// Where nobody knows whether it happened, the files stay.
static bool may_have_happened(const Stop& stop) {
  return stop.exit_code == exit_codes::unreachable || stop.exit_code == exit_codes::protocol ||
         stop.exit_code == exit_codes::busy || stop.exit_code == exit_codes::input_output;
}

int change_with_files(Session& session, schema::CommandMessageT message, std::vector<NewFile> files,
                      std::string_view what) {
  const auto keep = [&](const char* verb) {
    for (NewFile& file : files) {
      file.keep();
      session.talk() << what << ' ' << verb << " in " << text::printable(file.path().string())
                     << ".\n";
    }
  };
  try {
    return session.change(std::move(message), [&](const auto&) { keep("is"); });
  } catch (const Stop& stop) {
    if (may_have_happened(stop)) keep("stays");
    throw;
  }
}

static void write_pair(NewFile& file, std::string_view prefix, const client::KeyPair& keys) {
  auto secret = client::key_text(keys.secret_key);
  auto text = fmt::format("{0}public_key = \"{1}\"\n{0}secret_key = \"{2}\"\n", prefix,
                          client::key_text(keys.public_key), secret);
  client::wipe(secret);
  const std::unique_ptr<std::string, void (*)(std::string*)> wiper(
      &text, [](std::string* held) { client::wipe(*held); });
  file.write(text);
}

void write_key_pair(NewFile& file, const client::KeyPair& keys) { write_pair(file, "", keys); }

void write_signing_key_pair(NewFile& file, const client::KeyPair& keys) {
  write_pair(file, "signing_", keys);
}

}  // namespace postern::cli
