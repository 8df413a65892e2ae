// Whole tenants as they were at a moment (Q9): folded from the first record on, a slice at a time.
#pragma once

#include <expected>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "daemon/domain/fold.h"
#include "daemon/journal/journal.h"
#include "daemon/service/past_reader.h"
#include "daemon/service/record_walk.h"

namespace postern::service {

/// Which tenants, as of which record.
struct WholeMoment {
  /// In id order.
  std::vector<domain::Uuid> tenants;
  domain::Seq seq = 0;

  bool operator==(const WholeMoment&) const = default;
};

/// One fold under way or done.
class WholePast {
 public:
  WholePast(const journal::Journal& journal, WholeMoment moment)
      : moment_(std::move(moment)), walk_(journal, 1, moment_.seq) {}

  const WholeMoment& moment() const { return moment_; }
  /// The view shows it.
  bool is_made() const { return is_shown_; }
  const view::View& view() const { return past_.view; }
  std::string how_far() const { return walk_.how_far(); }
  /// What it takes of memory: users, the deleted ones too, and one more for each 64 grants.
  std::size_t weight() const { return weight_; }

  /// It goes on to a later moment of the same tenants.
  void go_on_to(domain::Seq seq);
  /// One slice. Whoever is erased in `present` is shown as erased (U11).
  RecordWalk::Step go_on(const view::View& present);

 private:
  WholeMoment moment_;
  RecordWalk walk_;
  domain::RecordGate gate_;
  Past past_;
  std::size_t weight_ = 0;
  bool is_shown_ = false;
};

/// Those that are made or being made, a few. Owned by the auditor's thread. Whoever finds no place
/// is `busy`: nobody's past goes while it is asked for.
class WholePasts {
 public:
  struct Limits {
    std::size_t places_max = 6;
    /// Of one, and of all together: about half a gigabyte.
    std::size_t weight_max = 200'000;
    std::size_t weight_of_all_max = 600'000;
  };
  /// So long after it was asked for last, one whose answer is not given yet is kept from others who
  /// need its place; and so long one is kept if nobody does.
  static constexpr std::int64_t asked_ns = 10'000'000'000;
  static constexpr std::int64_t kept_ns = 600'000'000'000;

  template <class T>
  using Answer = std::expected<T, schema::ProblemT>;

  WholePasts(const journal::Journal& journal, const Limits& limits)
      : journal_(journal), limits_(limits) {}

  /// What is made stays as it is as long as somebody holds it.
  using Shared = std::shared_ptr<const WholePast>;

  /// All that one question needs, each made or begun: either all of them or, `busy`, none.
  Answer<std::vector<Shared>> find(const std::vector<WholeMoment>& moments, std::int64_t now_ns);
  /// One slice of a past that `find` gave and that is not made. On failure it is gone.
  Answer<void> go_on(const WholePast& past, const view::View& present, std::int64_t now_ns);

  /// Somebody goes on with an answer that is made of it.
  void touch(const WholePast& past, std::int64_t now_ns);
  /// Whoever asked for it has the answer.
  void rest(const WholePast& past);
  /// Those that nobody has asked for since long.
  void release(std::int64_t now_ns);
  /// Somebody is erased: what was made shows more than may be shown.
  void clear() { kept_.clear(); }
  std::size_t size() const { return kept_.size(); }

 private:
  struct Kept {
    std::shared_ptr<WholePast> past;
    std::int64_t used_ns = 0;
    bool is_awaited = true;
  };

  Kept* look_for(const WholeMoment& moment);
  bool is_asked_for(const Kept& kept, std::int64_t now_ns) const {
    return kept.is_awaited && now_ns - kept.used_ns < asked_ns;
  }
  /// Of those that nobody asks for the one that was used the longest ago.
  std::list<Kept>::iterator dispensable(std::int64_t now_ns);
  Kept& begin(const WholeMoment& moment, std::int64_t now_ns);
  std::size_t weight() const;

  const journal::Journal& journal_;
  const Limits limits_;
  std::list<Kept> kept_;
};

}  // namespace postern::service
