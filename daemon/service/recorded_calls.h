// H11: the recorded calls of one tenant, each kind once, as a guard asks them again: read in slices
// beside other answers.
#pragma once

#include <deque>
#include <memory>
#include <utility>

#include "daemon/calls/call_entry.h"
#include "daemon/calls/call_reader.h"
#include "daemon/credential/key_store.h"
#include "daemon/service/letters.h"
#include "daemon/view/view.h"

namespace postern::service {

/// Owned by one thread for life; may wait for the disk.
class RecordedCalls {
 public:
  struct Limits {
    /// So many of the newest are read; where the days that a guard looks back hold more, or older
    /// ones than the ring has, it is refused.
    std::uint64_t calls_max = 2'000'000;
    /// Of a slice: some ten milliseconds.
    std::size_t slice_calls = 4'096;
    /// Different ones of one tenant.
    std::size_t different_max = domain::guard_calls_max;
  };

  /// Both outlive it.
  RecordedCalls(const calls::CallRing& ring, const credential::KeyStore& keys, Limits limits)
      : ring_(ring), keys_(keys), limits_(limits), reader_(ring) {}

  using Letter = std::unique_ptr<EvidenceLetter>;

  void add(Letter letter) { letters_.push_back(std::move(letter)); }
  bool empty() const { return letters_.empty(); }
  /// One slice, of each letter in turn. `view`: whose keys open what is sealed. Gives one that has
  /// all that the ring holds now; null: none has.
  Letter go_on(const view::View& view);
  /// All that are here, as they are.
  std::deque<Letter> give_up() { return std::exchange(letters_, {}); }

 private:
  /// Whether the letter has all.
  bool read_on(const view::View& view, EvidenceLetter& letter);
  bool visit(calls::Entry& entry, EvidenceLetter& letter);

  const calls::CallRing& ring_;
  const credential::KeyStore& keys_;
  const Limits limits_;
  calls::CallReader reader_;
  std::deque<Letter> letters_;
};

}  // namespace postern::service
