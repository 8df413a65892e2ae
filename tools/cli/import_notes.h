// What an import has sent, in a file beside it, so that one that was interrupted goes on: of each
// batch its id and how many commands it has, before it is sent; what came of it, and the secrets
// that were told once, after. It is its owner's alone.
// Thread: main. Failure: `Stop`, 65 where the file says something else than an import wrote.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "command_generated.h"
#include "tools/cli/account_batches.h"
#include "tools/cli/part_file.h"

namespace postern::cli {

/// What must be the same for an import to go on.
struct ImportFacts {
  std::string sha256;
  std::string tenant;
  /// What changes the commands: columns, keys, passwords.
  std::string options;
  std::string reason;
  /// Of the file, without those left out.
  std::uint64_t entries = 0;
  /// What generated passwords are made from, in hexadecimal.
  std::string seed;
  /// Of the tenant's policies when it began, for those.
  std::uint16_t password_length_min = 0;
  std::string password_forbidden_characters;
  /// Lines of entries that are passed over.
  std::set<std::uint64_t> left_out;
  /// U2: the tenant makes the names.
  bool names_are_generated = false;
  /// The newest record when it began.
  std::uint64_t began_at_seq = 0;
};

struct SentBatch {
  schema::Uuid id;
  std::size_t commands = 0;
  /// 0: it is not known whether it was done.
  std::uint64_t seq = 0;
  /// C8: the keys that it made, in their order.
  std::vector<std::string> secrets;
  AccountPart part = AccountPart::whole;
  /// U2: the names that it made, in their order.
  std::vector<std::string> names;
};

class ImportNotes {
 public:
  /// Of the file that is imported.
  explicit ImportNotes(const std::filesystem::path& file);
  /// Where nothing was begun, nothing is left.
  ~ImportNotes();

  /// An interrupted import left notes.
  bool any() const { return !facts_.sha256.empty(); }
  const ImportFacts& facts() const { return facts_; }
  /// In the order of the file.
  const std::vector<SentBatch>& batches() const { return batches_; }

  void begin(ImportFacts facts);
  /// Notes that these follow, and is on disk when it returns.
  void sending(const std::vector<SentBatch>& more);
  void done(std::size_t place, std::uint64_t seq, std::vector<std::string> secrets,
            std::vector<std::string> names);
  /// Instead of a batch whose id is no longer known and that was not done.
  void renew(std::size_t place, const schema::Uuid& id);
  /// All is done: the notes go.
  void remove();
  const std::filesystem::path& path() const { return file_.part(); }

 private:
  void read(const std::filesystem::path& file);
  void write(const std::string& line);

  PartFile file_;
  ImportFacts facts_;
  std::vector<SentBatch> batches_;
};

}  // namespace postern::cli
