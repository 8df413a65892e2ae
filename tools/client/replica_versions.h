// Two views of one state: readers look at one while the other is brought up to date, then they
// change places. Readers take no lock and wait for nobody; the writer waits until those that still
// look at the older one are done.
// Thread: one writer; each reader's Place belongs to one thread at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <thread>

#include "daemon/view/view.h"

namespace postern::client {

/// What readers look at. The writer changes the numbers of the one that is shown, too.
struct ReplicaVersion {
  view::View view;
  /// Null: nothing was told yet.
  const domain::Operator* asker = nullptr;
  domain::Seq seq = 0;
  /// Which following of the daemon it is of: what was verified in another counts no more.
  std::uint64_t following = 0;
  /// When it surely was the daemon's newest state, by the steady clock.
  std::atomic<std::int64_t> confirmed_ns{0};
};

class ReplicaVersions {
 public:
  /// Where a reader says what it looks at. Alone in its cache line.
  struct alignas(64) Place {
    /// 0: nothing; else one more than the version's place.
    std::atomic<std::uint32_t> looking{0};
  };

  /// Of the reader, while it is held.
  class Look {
   public:
    Look(const ReplicaVersions& versions, Place& place) : place_(place) {
      // The store comes before the later loads for everybody: either the writer sees it, or this
      // sees that the writer has gone on. Whether there are answers comes before which one is
      // shown: what is shown first after a stop has an empty one beside it.
      std::uint32_t shown = versions.shown_.load(std::memory_order_acquire);
      while (true) {
        place_.looking.store(shown + 1, std::memory_order_seq_cst);
        const bool answers = versions.answers_.load(std::memory_order_seq_cst);
        const std::uint32_t now = versions.shown_.load(std::memory_order_seq_cst);
        version_ = answers ? &versions.versions_[now] : nullptr;
        if (now == shown) break;
        shown = now;
      }
    }
    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;
    ~Look() { place_.looking.store(0, std::memory_order_release); }

    /// Null: nothing is answered now.
    const ReplicaVersion* version() const { return version_; }

   private:
    Place& place_;
    const ReplicaVersion* version_;
  };

  // ---- readers come and go

  Place& add_place() {
    const std::lock_guard lock(places_mutex_);
    return places_.emplace_back();
  }
  void drop_place(const Place& place) {
    const std::lock_guard lock(places_mutex_);
    places_.remove_if([&](const Place& one) { return &one == &place; });
  }

  // ---- the writer

  bool answers() const { return answers_.load(std::memory_order_relaxed); }
  ReplicaVersion& shown() { return versions_[shown_.load(std::memory_order_relaxed)]; }

  /// While nothing is answered: `bring` is called for both, so that little is left to do when they
  /// are shown. Whoever looked before has gone.
  template <class Bring>
  void prepare(Bring bring) {
    for (ReplicaVersion& version : versions_) bring(version);
  }

  /// `bring` makes a version current; it is called for both, and what it replaces is still there
  /// until this returns.
  template <class Bring>
  void publish(Bring bring) {
    const std::uint32_t old = shown_.load(std::memory_order_relaxed);
    bring(versions_[1 - old]);
    shown_.store(1 - old, std::memory_order_seq_cst);
    answers_.store(true, std::memory_order_seq_cst);
    wait_until_left(old + 1);
    bring(versions_[old]);
  }

  /// Afterwards nobody looks at anything, and both are empty.
  void stop() {
    answers_.store(false, std::memory_order_seq_cst);
    for (const std::uint32_t place : {1U, 2U}) wait_until_left(place);
    for (ReplicaVersion& version : versions_) {
      version.view = {};
      version.asker = nullptr;
      version.seq = 0;
    }
  }

 private:
  /// A reader looks for less than a microsecond, unless it is not given the processor meanwhile.
  void wait_until_left(std::uint32_t looking) {
    const std::lock_guard lock(places_mutex_);
    for (const Place& place : places_)
      for (int turn = 0; place.looking.load(std::memory_order_seq_cst) == looking; ++turn)
        if (turn > 64) std::this_thread::yield();
  }

  std::array<ReplicaVersion, 2> versions_;
  std::atomic<std::uint32_t> shown_{0};
  std::atomic<bool> answers_{false};
  std::mutex places_mutex_;
  std::list<Place> places_;
};

}  // namespace postern::client
