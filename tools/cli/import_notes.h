// What an import has sent, in a file beside it, so that one that was interrupted goes on: of each
// batch its id and how many commands it has, before it is sent; what came of it, and the secrets
// that were told once, after. It is its owner's alone.
// Thread: main. Failure: `Stop`, 65 where the file says something else than an import wrote.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "command_generated.h"
#include "tools/cli/account_batches.h"
#include "tools/cli/import_facts.h"
#include "tools/cli/part_file.h"

namespace postern::cli {

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

/// The file of those who get what was made.
struct ImportOut {
  std::string path;
  /// Of all it holds: what others have put under its name is something else.
  std::string sha256;
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
  /// All is done, and what its receivers get, of this hash, takes this name next.
  void writing_out(ImportOut out);
  /// That name, if it was reached; empty: it was not.
  const ImportOut& out() const { return out_; }
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
  ImportOut out_;
};

}  // namespace postern::cli
