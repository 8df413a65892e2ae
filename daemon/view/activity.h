// What records tell of one tenant: who was used from several places at once (D3), in all of them;
// and from a place on, or since the last review (H8), how much changed each week and by whom, and
// what was refused. A value that records are added to; knows no journal.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/domain/day.h"
#include "daemon/view/view.h"
#include "history_generated.h"

namespace postern::view {

using domain::day_ns;

/// D3: how the calls of one user came, as its records of use tell. Each tells of about a day, so
/// several systems in one of them called at once.
struct Sharing {
  std::uint32_t days_of_use = 0;
  std::uint32_t days_of_several_clients = 0;
  std::uint32_t days_of_several_networks = 0;
  /// Of the days with several; bounded by use_names_max.
  std::set<std::string> clients = {};
  std::set<std::string> networks = {};
  /// The newest record that shows it, and its time.
  domain::Seq seq = 0;
  std::int64_t time_ns = 0;

  /// Who moves from one place to another has both on one day; who is shared, again and again.
  bool is_shared() const {
    constexpr std::uint32_t days_min = 2;
    return days_of_several_clients >= days_min || days_of_several_networks >= days_min;
  }
};

/// A review of the tenant that was recorded (H8).
struct RecordedReview {
  domain::Seq seq = 0;
  /// The tenant's record before it.
  domain::Seq previous_seq = 0;
  domain::Seq report_seq = 0;
  std::vector<std::uint8_t> report_sha256;
  std::string sentence;
};

class Activity {
 public:
  template <class Value>
  using ById = boost::unordered_flat_map<domain::Uuid, Value, domain::UuidHash>;

  /// Weeks that are told: ten years.
  static constexpr std::size_t weeks_max = 520;

  /// `from_seq`: where what changed begins; 0: since the last review, else at the first record.
  explicit Activity(const domain::Uuid& tenant, domain::Seq from_seq = 0)
      : tenant_(tenant), wanted_from_seq_(from_seq) {}

  /// The next record of the journal. Passed over if it is another tenant's, or none's.
  void add(const schema::Record& record);
  /// One between what the last review looked at and the review itself, which `add` has left out of
  /// what changed since.
  void add_unreviewed(const schema::Record& record) { add_change(record); }

  /// The newest; nothing: none was added.
  const std::optional<RecordedReview>& last_review() const { return last_review_; }
  /// What changed is told since the last review.
  bool is_since_review() const { return wanted_from_seq_ == 0 && last_review_; }
  /// The first record of what changed, 0: none was added, and its time.
  domain::Seq from_seq() const { return from_seq_; }
  std::int64_t from_ns() const { return from_ns_; }
  /// The first record that was added; 0: none was.
  domain::Seq first_seq() const { return first_seq_; }

  /// Ascending, the newest of them; weeks in which nothing happened are left out.
  std::vector<std::unique_ptr<schema::ReportWeekT>> weeks() const;
  /// Without the daemon; who changed most first. Names are left for whoever knows them.
  std::vector<std::unique_ptr<schema::ReportOperatorT>> operators() const;
  /// Most often first, likewise.
  std::vector<std::unique_ptr<schema::ReportRefusalT>> refusals() const;
  /// By user.
  const ById<Sharing>& sharing() const { return sharing_; }

 private:
  void add_change(const schema::Record& record);
  void add_event(schema::ReportWeekT& week, const schema::Event& event);
  void add_calls(const schema::Use& use);
  void share(const schema::Record& record, const schema::Event& event);
  void begin_anew(const schema::Record& record, const schema::ReviewRecorded& review);
  schema::ReportWeekT& week_of(std::int64_t time_ns);

  using CodeOfOperator = std::pair<std::pair<std::uint64_t, std::uint64_t>, schema::Code>;

  domain::Uuid tenant_;
  domain::Seq wanted_from_seq_;
  domain::Seq first_seq_ = 0;
  std::optional<RecordedReview> last_review_;
  domain::Seq from_seq_ = 0;
  std::int64_t from_ns_ = 0;
  /// By their beginning.
  std::map<std::int64_t, schema::ReportWeekT> weeks_;
  ById<schema::ReportOperatorT> operators_;
  std::map<CodeOfOperator, schema::ReportRefusalT> refusals_;
  ById<Sharing> sharing_;
};

}  // namespace postern::view
