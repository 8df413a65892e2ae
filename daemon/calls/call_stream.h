// Recorded calls (L1) in their order, opened where the keys are there; some thousand at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>

#include "daemon/calls/call_reader.h"
#include "daemon/calls/call_seals.h"

namespace postern::calls {

/// One thread. Changes nothing in the folder.
class CallStream {
 public:
  /// Positions that one step looks at.
  static constexpr std::size_t step_calls = 4'096;

  struct Part {
    std::uint64_t first = 0;
    /// The first that is not read.
    std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
    /// Null: all are wanted.
    std::function<bool(const Entry& sealed)> is_wanted = {};
  };

  /// `keys`: null: addresses and labels stay sealed. Keys and users outlive it.
  CallStream(CallReader reader, const credential::KeyStore* keys, CallSeals::FindUser find_user)
      : CallStream(std::move(reader), keys, std::move(find_user), Part()) {}
  CallStream(CallReader reader, const credential::KeyStore* keys, CallSeals::FindUser find_user,
             Part part)
      : reader_(std::move(reader)),
        keys_(keys),
        find_user_(std::move(find_user)),
        part_(std::move(part)),
        next_(part_.first) {}

  /// Of a folder that nobody writes; without the folder there are no calls.
  static Expected<CallStream> open(const std::filesystem::path& folder,
                                   const credential::KeyStore* keys, CallSeals::FindUser find_user);

  /// There may be more behind what was read.
  bool has_to_read() const { return ahead_.empty() && !at_end_; }
  /// One step. Fails with what reading fails with.
  Expected<> read_on();
  /// The next of those that were read, still sealed; null: there is none.
  const Entry* front() const { return ahead_.empty() ? nullptr : &ahead_.front(); }
  /// The same, with address and label where the user is known by now and the key is there.
  const Entry& opened_front();
  void pop() { ahead_.pop_front(); }
  /// The first position that was not looked at.
  std::uint64_t next() const { return next_; }

 private:
  CallReader reader_;
  const credential::KeyStore* keys_;
  CallSeals::FindUser find_user_;
  Part part_;
  std::deque<Entry> ahead_;
  /// With the keys of those of one step.
  std::unique_ptr<CallSeals> seals_;
  std::uint64_t next_;
  bool at_end_ = false;
};

}  // namespace postern::calls
