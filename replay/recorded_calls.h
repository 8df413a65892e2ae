// Recorded calls (L1) of a folder that nobody writes, in their order.
#pragma once

#include <deque>
#include <filesystem>
#include <optional>

#include "daemon/calls/call_reader.h"
#include "daemon/calls/call_seals.h"

namespace postern::replay {

/// One thread. Keeps some thousand calls at a time; changes nothing in the folder.
class RecordedCalls {
 public:
  /// `keys`: null: addresses and labels stay sealed. Both outlive it. Without the folder there are
  /// no calls.
  static Expected<RecordedCalls> open(const std::filesystem::path& folder,
                                      const credential::KeyStore* keys,
                                      calls::CallSeals::FindUser find_user);

  /// The next one; null: there are no more. Fails with what reading fails with.
  Expected<const calls::Entry*> front();
  void pop() { ahead_.pop_front(); }

 private:
  RecordedCalls(std::vector<calls::CallRing::File> files, const credential::KeyStore* keys,
                calls::CallSeals::FindUser find_user)
      : reader_(std::move(files)), keys_(keys), find_user_(std::move(find_user)) {}

  Expected<> read_on();

  calls::CallReader reader_;
  const credential::KeyStore* keys_;
  calls::CallSeals::FindUser find_user_;
  std::deque<calls::Entry> ahead_;
  std::uint64_t next_ = 0;
  bool at_end_ = false;
};

}  // namespace postern::replay
