// Remembers the newest checkpoint it saw, and holds the daemon to it (H6).
// Thread: its client's. Lifetime: what is remembered lives in the file, which several programs may
// share. Failure: `contradiction` is the loud one; `input_output` where the file cannot be read or
// written, and then nothing new is believed.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tools/client/client.h"

namespace postern::client {

class HistoryGuard {
 public:
  /// One step of an examination: a request to the daemon and what to do with its page, or, without
  /// a request, the verdict: the checkpoint that was examined (empty if nothing is remembered and
  /// so nothing checked), or what is wrong.
  struct Step {
    using Continue = std::function<Step(Result<schema::HistoryPageT>)>;

    std::optional<schema::HistoryRequestT> request;
    Continue go_on;
    Result<Checkpoint> verdict;
  };

  /// An empty file: nothing is remembered, and nothing checked.
  HistoryGuard(std::string file, std::string verifier_key)
      : file_(std::move(file)), verifier_key_(std::move(verifier_key)) {}

  // The guard outlives the examinations that it begins.

  /// A checkpoint came with an answer: it must be signed and agree with what is remembered.
  Step observe(const std::string& note) const;
  /// Asks for the newest; one behind what is remembered is a contradiction.
  Step check() const;

 private:
  struct Memory {
    std::string verifier_key;
    /// Empty: nothing yet.
    std::string note;
    Checkpoint checkpoint;
  };
  /// What comes after a proof.
  using Then = std::function<Step()>;

  Result<Memory> load() const;
  Step check_newest(const Memory& memory, Result<schema::HistoryPageT> page) const;
  Step accept(const Memory& memory, const std::string& note, const Checkpoint& seen) const;
  /// The journal was made of a copy: it must hold all that is remembered all the same.
  Step check_restored(const Memory& known, const schema::CheckpointPageT& given) const;
  Step require_extends(const Checkpoint& from, const Checkpoint& to, Then then) const;
  Step check_proof(const Checkpoint& from, const Checkpoint& to, const Then& then,
                   Result<schema::HistoryPageT> page) const;
  Result<> store(const std::string& verifier_key, const std::string& note,
                 const Checkpoint& seen) const;
  Error contradiction(const std::string& how) const;
  Error no_extension(const Checkpoint& from) const;
  Error restored(const std::vector<std::unique_ptr<schema::ProblemT>>& problems) const;

  std::string file_;
  std::string verifier_key_;
};

}  // namespace postern::client
