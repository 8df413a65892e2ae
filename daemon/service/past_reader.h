// What the journal holds of a moment of the past (Q9): a time as a seq, and a state of one user
// made again from that user's own records, by their links, and the tenant's structural ones.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/domain/fold.h"
#include "daemon/domain/past.h"
#include "daemon/domain/past_index.h"
#include "daemon/journal/journal.h"
#include "daemon/view/moment.h"
#include "daemon/view/view.h"

namespace postern::service {

/// A state that stands at a moment, and the view of it. The view borrows from the state.
struct Past {
  domain::State state;
  view::View view;

  /// Once the state is as it shall be read.
  void show() { view.load(state.tables()); }
};

/// U11: whoever is erased in `present` is so in the past too.
void show_erased_as_now(domain::State& past, const view::View& present);

/// A user whose past is asked for: where its links begin.
struct PastUser {
  domain::Uuid id;
  /// Of its newest record.
  domain::Seq last_seq = 0;
};

/// Owned by one thread. Fails with the problem that the asker is told: `too_large` where more
/// records tell of it than may be read for one answer, `journal_unavailable` where one cannot be.
class PastReader {
 public:
  /// Records read for one answer.
  static constexpr std::size_t records_max = 200'000;

  template <class T>
  using Answer = std::expected<T, schema::ProblemT>;

  explicit PastReader(const journal::Journal& journal) : journal_(journal) {}

  /// The newest record of that time or earlier; 0: there is none. `until`: none after it counts.
  Answer<domain::Seq> seq_at(const domain::PastIndex& index, std::int64_t time_ns,
                             domain::Seq until);
  Answer<std::int64_t> time_of(domain::Seq seq);

  /// As of record `seq`: the tenant's rules, these of its users, the installation. `tenant`: zero
  /// where no tenant is asked about. Not shown yet.
  Answer<std::unique_ptr<Past>> part(const domain::PastIndex& index, const domain::Uuid& tenant,
                                     const std::vector<PastUser>& users, domain::Seq seq);

 private:
  /// Valid until the next call.
  Answer<const schema::Record*> record(domain::Seq seq);
  Answer<const schema::Record*> open(journal::View bytes);
  Answer<void> follow_links(const PastUser& user, domain::Seq seq, std::vector<domain::Seq>& seqs);

  const journal::Journal& journal_;
  domain::RecordGate gate_;
  /// Records that lie near each other are read by one walk.
  std::unique_ptr<journal::Cursor> cursor_;
  domain::Seq next_ = 0;
};

}  // namespace postern::service
