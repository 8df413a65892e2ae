// Records between two places of the journal, read in slices: for whatever looks at more of them
// than one turn has time for.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <string>

#include "daemon/domain/fold.h"
#include "daemon/journal/journal.h"
#include "schema/problem.h"

namespace postern::service {

/// Owned by one thread. No iterator of the journal's is open between two slices. A failure is what
/// the asker is told; the walk then stands at the record that could not be read.
class RecordWalk {
 public:
  /// Records of a slice: some ten milliseconds.
  static constexpr std::size_t slice_records = 4'096;

  using Step = std::expected<void, schema::ProblemT>;
  using VisitStored = std::function<std::expected<void, domain::Unfit>(journal::View stored)>;
  using Visit = std::function<void(const schema::Record& record)>;

  /// Both are read; `last` before `first`: none is.
  RecordWalk(const journal::Journal& journal, domain::Seq first, domain::Seq last)
      : journal_(journal), first_(first), next_(first), last_(last) {}

  bool is_done() const { return next_ > last_; }
  std::uint64_t read() const { return next_ - first_; }
  /// What it is to read further than before.
  void go_on_to(domain::Seq last) { last_ = last; }

  /// At most so many more.
  Step read_stored(std::size_t records, const VisitStored& visit);
  /// The same, opened; each is valid while it is visited.
  Step read_on(std::size_t records, const Visit& visit);

  /// "300 of 4000 records".
  std::string how_far() const;

 private:
  const journal::Journal& journal_;
  domain::Seq first_;
  domain::Seq next_;
  domain::Seq last_;
  domain::RecordGate gate_;
};

}  // namespace postern::service
