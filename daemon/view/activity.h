// What records tell of one tenant between two places of the journal: how much changed each week and
// by whom, what was refused, and who was used from several places at once (D3). A value that
// records are added to, in any order; knows no journal.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <memory>
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

class Activity {
 public:
  template <class Value>
  using ById = boost::unordered_flat_map<domain::Uuid, Value, domain::UuidHash>;

  /// Weeks that are told: ten years.
  static constexpr std::size_t weeks_max = 520;

  explicit Activity(const domain::Uuid& tenant) : tenant_(tenant) {}

  /// Passed over if it is another tenant's, or none's.
  void add(const schema::Record& record);

  /// The first record that was added, 0: none was, and its time.
  domain::Seq from_seq() const { return from_seq_; }
  std::int64_t from_ns() const { return from_ns_; }

  /// Ascending, the newest of them; weeks in which nothing happened are left out.
  std::vector<std::unique_ptr<schema::ReportWeekT>> weeks() const;
  /// Without the daemon; who changed most first. Names are left for whoever knows them.
  std::vector<std::unique_ptr<schema::ReportOperatorT>> operators() const;
  /// Most often first, likewise.
  std::vector<std::unique_ptr<schema::ReportRefusalT>> refusals() const;
  /// By user.
  const ById<Sharing>& sharing() const { return sharing_; }

 private:
  void add_event(schema::ReportWeekT& week, const schema::Event& event);
  void add_use(const schema::Record& record, const schema::Event& event);
  schema::ReportWeekT& week_of(std::int64_t time_ns);

  using CodeOfOperator = std::pair<std::pair<std::uint64_t, std::uint64_t>, schema::Code>;

  domain::Uuid tenant_;
  domain::Seq from_seq_ = 0;
  std::int64_t from_ns_ = 0;
  /// By their beginning.
  std::map<std::int64_t, schema::ReportWeekT> weeks_;
  ById<schema::ReportOperatorT> operators_;
  std::map<CodeOfOperator, schema::ReportRefusalT> refusals_;
  ById<Sharing> sharing_;
};

}  // namespace postern::view
