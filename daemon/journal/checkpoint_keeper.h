// The newest checkpoint: made when it is time, kept on disk before anybody sees it, and held
// against the journal at every start, so that nothing is ever signed that contradicts it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "daemon/journal/checkpoint.h"
#include "daemon/platform/clock.h"

namespace postern::journal {

/// Owned by one thread at a time. Reads the journal's durable head alone, so it may live beside the
/// thread that appends. Failure: the one before stands, and is tried again a second later.
class CheckpointKeeper {
 public:
  /// Between two that nobody asked for.
  static constexpr std::int64_t interval_ns = 1'000'000'000;

  struct Parts {
    /// Where the newest is kept. One that is missing is none yet.
    std::filesystem::path file;
    Verifier signer;
    Sign sign;
    /// Both outlive the keeper.
    const Journal& journal;
    const platform::Clock& clock;
  };

  /// Fails with `damaged` if the file is not what this signer signed, or the journal no longer
  /// holds what it says.
  static Expected<std::unique_ptr<CheckpointKeeper>> open(Parts parts);

  /// True if a new one was made: the journal has grown, and the last attempt is a second ago.
  Expected<bool> turn();
  /// A new one now, if the journal has grown. True if it has.
  Expected<bool> make();

  /// Text form; empty: none yet.
  const std::string& newest() const { return note_; }
  /// Records it covers; 0: none yet.
  std::uint64_t newest_seq() const { return head_.seq; }
  const Verifier& signer() const { return parts_.signer; }
  /// Until `turn` may have something to do; an hour if the journal has not grown.
  std::int64_t due_in_ms() const;

 private:
  explicit CheckpointKeeper(Parts parts) : parts_(std::move(parts)) {}

  Expected<> read();
  bool has_grown() const { return parts_.journal.head().seq > head_.seq; }

  Parts parts_;
  std::string note_;
  Head head_;
  /// 0: not yet.
  std::int64_t attempted_ns_ = 0;
};

}  // namespace postern::journal
