// A file that a command makes beside its change: whole and on disk before anything is sent, under
// its name only once the daemon has done what it belongs to.
// Lifetime: whatever was not kept is gone at the end. Failure: `Stop` with 73, naming file and
// cause.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "command_generated.h"
#include "tools/client/client.h"

namespace postern::cli {

class Session;

class NewFile {
 public:
  /// FILE.part with mode 0600, its owner's alone; 73 if `file` or that is there already.
  explicit NewFile(std::filesystem::path file);
  ~NewFile();
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;

  const std::filesystem::path& path() const { return file_; }
  /// On disk when it returns.
  void write(std::string_view text);
  /// Takes its name, unless something has taken it meanwhile; on disk when it returns.
  void keep();

 private:
  [[noreturn]] void stop(const char* verb, int error) const;

  std::filesystem::path file_;
  std::filesystem::path part_;
  int descriptor_ = -1;
};

/// Sends the message and gives the files their names once it is done, or may have been; `what` they
/// hold, as "The key pair".
int change_with_files(Session& session, schema::CommandMessageT message, std::vector<NewFile> files,
                      std::string_view what);

/// How a key pair is written, of CURVE or, under names of its own, of Ed25519.
void write_key_pair(NewFile& file, const client::KeyPair& keys);
void write_signing_key_pair(NewFile& file, const client::KeyPair& keys);

}  // namespace postern::cli
