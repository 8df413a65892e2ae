// Remembers the newest checkpoint it saw, and holds the daemon to it (H6).
// Thread: its client's. Lifetime: what is remembered lives in the file, which several programs may
// share. Failure: `contradiction` is the loud one; `input_output` where the file cannot be read or
// written, and then nothing new is believed.
#pragma once

#include <functional>
#include <string>

#include "tools/client/client.h"

namespace postern::client {

class HistoryGuard {
 public:
  /// One request, one page, as the daemon answers.
  using Ask = std::function<Result<schema::HistoryPageT>(schema::HistoryRequestT)>;

  /// An empty file: nothing is remembered, and nothing checked.
  HistoryGuard(std::string file, std::string verifier_key)
      : file_(std::move(file)), verifier_key_(std::move(verifier_key)) {}

  /// A checkpoint came with an answer: it must be signed and agree with what is remembered.
  Result<> observe(const std::string& note, const Ask& ask) const;
  /// Asks for the newest; one behind what is remembered is a contradiction.
  Result<Checkpoint> check(const Ask& ask) const;

 private:
  struct Memory {
    std::string verifier_key;
    /// Empty: nothing yet.
    std::string note;
    Checkpoint checkpoint;
  };

  Result<Memory> load() const;
  Result<> accept(const Memory& memory, const std::string& note, const Checkpoint& seen,
                  const Ask& ask) const;
  /// The journal was made of a copy: it must hold all that is remembered all the same.
  Result<Checkpoint> check_restored(const Memory& known, const schema::CheckpointPageT& given,
                                    const Ask& ask) const;
  Result<> require_extends(const Checkpoint& from, const Checkpoint& to, const Ask& ask) const;
  Result<> store(const std::string& verifier_key, const std::string& note,
                 const Checkpoint& seen) const;
  Error contradiction(const std::string& how) const;
  Error restored(const std::vector<std::unique_ptr<schema::ProblemT>>& problems) const;

  std::string file_;
  std::string verifier_key_;
};

}  // namespace postern::client
