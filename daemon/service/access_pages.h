// What replicas are told: entries as checks need them, and what changes (see GetAccess).
// A page begins anywhere: entries are walked by their ids while they change, and whatever changed
// meanwhile is told again behind the walk, as the records of the journal name it. So nothing is
// kept here for anybody, a restart forgets nobody's place, and when all is told, all of it together
// is one state.
#pragma once

#include <expected>
#include <set>
#include <string_view>
#include <tuple>

#include "daemon/domain/fold.h"
#include "daemon/journal/journal.h"
#include "daemon/journal/sha256.h"
#include "daemon/service/pages.h"
#include "daemon/view/view.h"
#include "history_generated.h"

namespace postern::service {

/// Owned by one thread for life; may wait for the disk.
class AccessPages {
 public:
  struct Found {
    schema::AccessPageT page;
    /// There is nothing to tell.
    bool nothing = false;
  };

  /// Of one page.
  struct Limits {
    std::size_t bytes = read_on_bytes_max;
    /// Users and records that are looked at.
    std::size_t looked_at = read_on_scan_max;
  };

  /// The journal outlives this.
  explicit AccessPages(const journal::Journal& journal) : AccessPages(journal, Limits()) {}
  AccessPages(const journal::Journal& journal, const Limits& limits)
      : journal_(journal), limits_(limits) {}

  /// `head`: what the view shows. `from`: where a search that found nothing goes on; 0: at the
  /// place that is named.
  std::expected<Found, schema::ProblemT> find(const view::View& view, const domain::Operator& asker,
                                              const schema::GetAccess& wanted, domain::Seq head,
                                              domain::Seq from);

 private:
  /// In the order they are told.
  enum class Stage : std::uint8_t { asker, ranges, tenants, roles, users, changes };

  /// Where the next page begins.
  struct Place {
    /// Changes up to this record were told, and what is walked stands at least there.
    domain::Seq seq = 0;
    /// Of that record: tells whether it is still the same.
    std::uint64_t record_mark = 0;
    /// Of the asker's role and scope.
    std::uint64_t asker_mark = 0;
    Stage stage = Stage::asker;
    /// Of the users' table.
    std::uint64_t part = 0;
    /// Behind these: a tenant, provider or user; of a tenant a role.
    domain::Uuid after = {};
    domain::Uuid role_after = {};
    /// Of the record behind `seq`, what was told of it.
    std::uint64_t touched = 0;
    /// Of an entry that was begun: how much was told, and its mark.
    std::uint64_t offset = 0;
    std::uint64_t entry_mark = 0;
  };

  /// An entry that a record tells of.
  using TouchKey = std::tuple<Stage, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>;
  struct Touch {
    Stage kind;
    domain::Uuid tenant;
    domain::Uuid id;
    TouchKey key() const { return {kind, tenant.high(), tenant.low(), id.high(), id.low()}; }
  };

  /// One page on its way.
  struct Making {
    const view::View& view;
    const domain::Operator& asker;
    domain::Seq head;
    Place place;
    schema::AccessPageT page = {};
    std::size_t bytes = 0;
    std::size_t looked_at = 0;
    /// Entries on the page, as they are now.
    std::set<TouchKey> told = {};
  };

  using Step = std::expected<void, schema::ProblemT>;

  static std::string text_of(const Place& place);
  static std::optional<Place> parse(std::string_view text);
  std::expected<Place, schema::ProblemT> place_of(const domain::Operator& asker,
                                                  const schema::GetAccess& wanted, domain::Seq head,
                                                  domain::Seq from);
  std::uint64_t mark_of(std::span<const std::byte> bytes);
  std::expected<std::uint64_t, schema::ProblemT> record_mark(domain::Seq seq);
  /// False: the page is full before all of it was told.
  bool add(Making& making, const domain::Bytes& entry);
  bool may_look(const Making& making) const { return making.looked_at < limits_.looked_at; }

  // ---- false: the page is full
  bool walk(Making& making);
  bool walk_ranges(Making& making);
  bool walk_tenants(Making& making);
  bool walk_roles(Making& making);
  bool walk_users(Making& making);
  bool walk_part(Making& making);

  Step tell_changes(Making& making);
  bool tell(Making& making, const Touch& touch);
  static std::vector<Touch> touches_of(const schema::Record& record, const domain::Operator& asker);

  const journal::Journal& journal_;
  const Limits limits_;
  domain::RecordGate gate_;
  journal::Sha256 sha256_;
};

}  // namespace postern::service
