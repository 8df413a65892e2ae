#include "daemon/view/activity.h"

#include <algorithm>

#include "schema/text_view.h"

namespace postern::view {

namespace {

using schema::EventBody;
using Week = schema::ReportWeekT;

constexpr std::int64_t week_ns = 7 * day_ns;
/// 1970 began on a Thursday.
constexpr std::int64_t first_monday_ns = 4 * day_ns;

/// Which of a week's counts an event is one more of; null: it is no change.
std::uint64_t Week::*count_for(EventBody kind) {
  switch (kind) {
    case EventBody::UserCreated:
    case EventBody::UserStatusChanged:
    case EventBody::UserLocked:
    case EventBody::UserUnlocked:
    case EventBody::ApiAccessChanged:
    case EventBody::UserRenamed:
    case EventBody::ProfileChanged:
    case EventBody::UserSettingsChanged:
    case EventBody::UserErased:
      return &Week::users;
    case EventBody::PasswordReset:
    case EventBody::PasswordChanged:
    case EventBody::PasswordRotated:
    case EventBody::KeyCreated:
    case EventBody::KeyRevoked:
    case EventBody::SessionEnded:
    case EventBody::SessionsEnded:
    case EventBody::TenantSessionsEnded:
      return &Week::credentials;
    case EventBody::GrantAdded:
    case EventBody::GrantRemoved:
    case EventBody::RoleAssigned:
    case EventBody::RoleUnassigned:
      return &Week::grants;
    case EventBody::RoleCreated:
    case EventBody::RoleDeleted:
    case EventBody::RoleGrantAdded:
    case EventBody::RoleGrantRemoved:
    case EventBody::RoleNested:
    case EventBody::RoleUnnested:
      return &Week::roles;
    case EventBody::TenantCreated:
    case EventBody::TenantEnabled:
    case EventBody::TenantDisabled:
    case EventBody::TenantChanged:
    case EventBody::CatalogueDefined:
    case EventBody::CatalogueRetired:
      return &Week::tenant;
    case EventBody::PasswordFailed:
      return &Week::passwords_failed;
    // The daemon's own bookkeeping, and what concerns no tenant.
    case EventBody::PasswordAccepted:
    case EventBody::PasswordRehashed:
    case EventBody::UserUsed:
    case EventBody::JournalCreated:
    case EventBody::OperatorAdded:
    case EventBody::OperatorChanged:
    case EventBody::OperatorRemoved:
    case EventBody::CommandRefused:
    case EventBody::RangesImported:
    case EventBody::KeysBackedUp:
    case EventBody::JournalRestored:
    case EventBody::ReviewRecorded:
    case EventBody::NONE:
      break;
  }
  return nullptr;
}

template <class Names>
void add_names(std::set<std::string>& to, const Names* names) {
  if (names == nullptr) return;
  for (const auto* name : *names)
    if (to.size() < domain::use_names_max) to.insert(name->str());
}

template <class List>
std::size_t size_of(const List* list, std::uint32_t left_out) {
  return (list == nullptr ? 0 : list->size()) + left_out;
}

}  // namespace

void Activity::add(const schema::Record& record) {
  if (record.tenant() == nullptr || *record.tenant() != tenant_) return;
  if (first_seq_ == 0) first_seq_ = record.seq();
  for (const schema::Event* event : *record.events()) {
    if (event->body_type() == EventBody::UserUsed) share(record, *event);
    if (const auto* review = event->body_as_ReviewRecorded()) begin_anew(record, *review);
  }
  if (record.seq() >= wanted_from_seq_) add_change(record);
}

void Activity::begin_anew(const schema::Record& record, const schema::ReviewRecorded& review) {
  RecordedReview& last = last_review_.emplace();
  last.seq = record.seq();
  last.previous_seq = record.previous_tenant_seq();
  last.report_seq = review.report_seq();
  if (review.report_sha256() != nullptr)
    last.report_sha256.assign(review.report_sha256()->begin(), review.report_sha256()->end());
  last.sentence = schema::view_of(review.sentence());
  if (wanted_from_seq_ != 0) return;
  from_seq_ = 0;
  weeks_.clear();
  operators_.clear();
  refusals_.clear();
}

void Activity::add_change(const schema::Record& record) {
  if (from_seq_ == 0 || record.seq() < from_seq_) {
    from_seq_ = record.seq();
    from_ns_ = record.time_ns();
  }
  Week& week = week_of(record.time_ns());
  for (const schema::Event* event : *record.events()) {
    add_event(week, *event);
    const auto* used = event->body_as_UserUsed();
    if (used != nullptr && used->use() != nullptr) add_calls(*used->use());
  }
  const domain::Uuid& hand = *record.operator_id();
  if (record.outcome() != schema::Code::ok) {
    schema::ReportRefusalT& refusal = refusals_[{{hand.high(), hand.low()}, record.outcome()}];
    refusal.operator_id = std::make_unique<domain::Uuid>(hand);
    refusal.code = record.outcome();
    ++refusal.count;
    refusal.newest_seq = std::max(refusal.newest_seq, record.seq());
    return;
  }
  if (record.role() == schema::Role::daemon) return;
  schema::ReportOperatorT& by = operators_[hand];
  by.operator_id = std::make_unique<domain::Uuid>(hand);
  ++by.records;
  by.events += record.events()->size();
  if (record.seq() < by.newest_seq) return;
  by.newest_seq = record.seq();
  by.role = record.role();
}

schema::ReportWeekT& Activity::week_of(std::int64_t time_ns) {
  const std::int64_t begins_ns = (time_ns - first_monday_ns) / week_ns * week_ns + first_monday_ns;
  Week& week = weeks_[begins_ns];
  week.begins_ns = begins_ns;
  return week;
}

void Activity::add_event(Week& week, const schema::Event& event) {
  if (const auto count = count_for(event.body_type())) ++(week.*count);
}

void Activity::add_calls(const schema::Use& use) {
  if (use.days() == nullptr) return;
  for (const schema::UseOfDay* day : *use.days()) {
    Week& week = week_of(static_cast<std::int64_t>(day->day()) * day_ns);
    week.calls_allowed += day->allowed();
    week.calls_denied += day->denied();
  }
}

void Activity::share(const schema::Record& record, const schema::Event& event) {
  const schema::Use* use = event.body_as_UserUsed()->use();
  if (use == nullptr || event.user() == nullptr) return;
  Sharing& sharing = sharing_[*event.user()];
  ++sharing.days_of_use;
  const bool clients = size_of(use->clients(), use->clients_left_out()) > 1;
  const bool networks = size_of(use->networks(), use->networks_left_out()) > 1;
  if (clients) {
    ++sharing.days_of_several_clients;
    add_names(sharing.clients, use->clients());
  }
  if (networks) {
    ++sharing.days_of_several_networks;
    add_names(sharing.networks, use->networks());
  }
  if ((!clients && !networks) || record.seq() < sharing.seq) return;
  sharing.seq = record.seq();
  sharing.time_ns = record.time_ns();
}

std::vector<std::unique_ptr<schema::ReportWeekT>> Activity::weeks() const {
  std::vector<std::unique_ptr<Week>> newest;
  const std::size_t left_out = weeks_.size() > weeks_max ? weeks_.size() - weeks_max : 0;
  auto week = weeks_.begin();
  std::advance(week, left_out);
  for (; week != weeks_.end(); ++week) newest.push_back(std::make_unique<Week>(week->second));
  return newest;
}

std::vector<std::unique_ptr<schema::ReportOperatorT>> Activity::operators() const {
  std::vector<std::unique_ptr<schema::ReportOperatorT>> all;
  for (const auto& [id, by] : operators_)
    all.push_back(std::make_unique<schema::ReportOperatorT>(by));
  std::ranges::sort(all, [](const auto& left, const auto& right) {
    if (left->records != right->records) return left->records > right->records;
    return domain::less(*left->operator_id, *right->operator_id);
  });
  return all;
}

std::vector<std::unique_ptr<schema::ReportRefusalT>> Activity::refusals() const {
  std::vector<std::unique_ptr<schema::ReportRefusalT>> all;
  for (const auto& [key, refusal] : refusals_)
    all.push_back(std::make_unique<schema::ReportRefusalT>(refusal));
  std::ranges::stable_sort(
      all, [](const auto& left, const auto& right) { return left->count > right->count; });
  return all;
}

}  // namespace postern::view
