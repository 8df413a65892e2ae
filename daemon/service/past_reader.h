// What the journal holds of a moment of the past (Q9): a time as a seq, and a state of one user
// made again from that user's own records, by their links, and the tenant's structural ones.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
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

/// What an answer says that needs a record which cannot be read.
std::unexpected<schema::ProblemT> unread(const std::string& sentence);

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
/// Memory: the tenants' rules that were asked about last, some 16 MiB at most; and for the time of
/// an answer as much of that user's records.
class PastReader {
 public:
  /// Records read for one answer.
  static constexpr std::size_t records_max = 200'000;
  /// Bytes of records that are kept open: of rules from answer to answer, of users within one.
  static constexpr std::size_t kept_bytes_max = std::size_t{16} << 20U;

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
  /// Records that were opened once, by their seq. All are dropped when they are too many.
  class Kept {
   public:
    /// Null: it is not kept. Valid until the next `keep`.
    const schema::Record* find(domain::Seq seq) const;
    /// Bytes that are open in `gate`, which begins anew.
    const schema::Record* keep(domain::Seq seq, const schema::Record& record,
                               domain::RecordGate& gate, std::size_t bytes);
    void clear();

   private:
    struct Open {
      domain::RecordGate gate;
      const schema::Record* record = nullptr;
    };
    boost::unordered_flat_map<domain::Seq, Open> open_;
    std::size_t bytes_ = 0;
  };

  /// Valid until the next call; `bytes`: how many it has.
  Answer<const schema::Record*> record(domain::Seq seq);
  Answer<const schema::Record*> record(domain::Seq seq, std::size_t& bytes);
  /// The same, looked for in what is kept, and kept.
  Answer<const schema::Record*> record(domain::Seq seq, Kept& kept);
  Answer<void> follow_links(const PastUser& user, domain::Seq seq, std::vector<domain::Seq>& seqs);

  const journal::Journal& journal_;
  domain::RecordGate gate_;
  /// Of the tenants' rules and the installation.
  Kept rules_;
  /// Of the users that are asked about.
  Kept own_;
  /// Records that lie near each other are read by one walk.
  std::unique_ptr<journal::Cursor> cursor_;
  domain::Seq next_ = 0;
};

}  // namespace postern::service
