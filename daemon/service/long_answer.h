// Answers that take longer than one turn may: each is made in slices between other answers, and
// kept until whoever asked has it, or has not asked for a while.
#pragma once

#include <cstdint>
#include <expected>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "daemon/service/fair_places.h"
#include "daemon/service/whole_past.h"
#include "daemon/view/inquiry.h"
#include "daemon/view/moment.h"
#include "schema/problem.h"

namespace postern::service {

/// One answer on its way. Owned by the auditor's thread, as all that it is made of.
class LongAnswer {
 public:
  using Step = std::expected<void, schema::ProblemT>;
  using Body = schema::HistoryPageBodyUnion;

  /// What a slice is made of; valid during the slice. Entries live as long as the answer is kept.
  struct At {
    /// As of the answer's moment.
    const view::Inquiry& inquiry;
    const schema::HistoryRequest& request;
  };

  virtual ~LongAnswer() = default;
  /// Some ten milliseconds of it. Fails with what the asker is told.
  virtual Step go_on(const At& at) = 0;
  virtual bool is_made() const = 0;
  /// Of what is made, the page that this request asks for.
  virtual Body page(const schema::HistoryRequest& request) = 0;
  /// Whether there are pages behind the last one that was given.
  virtual bool goes_on() const { return false; }
  /// False: it is made of its own states alone, and the present's view may have gone on.
  virtual bool needs_view() const { return true; }
  /// Of the places that operators share.
  virtual std::size_t places() const { return 1; }
  /// Records and calls read and answers compared, so far.
  virtual std::uint64_t work() const = 0;
  /// "300 of 4000 records are read."
  virtual std::string how_far() const = 0;
};

/// Places are shared among operators. Owned by the auditor's thread.
class LongAnswers {
 public:
  /// Each at most what its kind may gather: of a difference 200,000 lines, some 100 MB.
  static constexpr std::size_t places_max = 8;
  /// So long after its question was asked last an answer is made on, and kept.
  static constexpr std::int64_t kept_ns = 10'000'000'000;

  struct Kept {
    /// Whoever asks by one of these is given it.
    std::vector<std::string> names;
    domain::Uuid asker;
    view::Moment moment;
    std::unique_ptr<LongAnswer> answer;
    /// The newest record when it was begun.
    domain::Seq head = 0;
    /// Of the moment; null: that was the present when it was begun, or the answer needs no view.
    std::shared_ptr<const WholePast> past = {};
    /// H2: what it is compared with; null: nothing.
    std::shared_ptr<const WholePast> earlier = {};
    std::int64_t used_ns = 0;

    /// A view goes back to what was the present when it was begun.
    bool is_of_present() const { return past == nullptr && answer->needs_view(); }
  };

  /// Null: none has the name, or it was begun at a head older than `at_least`.
  Kept* find(const std::string& name, domain::Seq at_least, std::int64_t now_ns);
  /// Null: its asker has no place left. One's own that are made go first.
  Kept* add(Kept kept, std::int64_t now_ns);
  void drop(const Kept& kept);
  /// Those that nobody has asked for since.
  void release(std::int64_t now_ns);
  template <class Matches>
  void drop_if(Matches matches) {
    for (auto place = kept_.begin(); place != kept_.end();)
      place = matches(*place) ? drop(place) : std::next(place);
  }
  void clear() {
    drop_if([](const Kept&) { return true; });
  }

 private:
  std::list<Kept>::iterator drop(std::list<Kept>::iterator place) {
    places_.give_back(place->asker, place->answer->places());
    return kept_.erase(place);
  }

  std::list<Kept> kept_;
  FairPlaces places_{places_max};
};

}  // namespace postern::service
