#include "daemon/view/undo.h"

#include <algorithm>
#include <array>

#include "daemon/view/answers.h"

namespace postern::view {

namespace {

using schema::Code;
using schema::CommandBody;
using schema::EventBody;

/// A message's most.
constexpr std::size_t commands_max = 1'000;

constexpr std::string_view no_old_password =
    "An old password never comes back. Reset it with 'password reset'.";
constexpr std::string_view daemons_own = "It is what the daemon itself has found, and stays.";
constexpr std::string_view sessions_stay_ended = "A session that has ended stays ended.";

/// Either what takes it back, by commands of which one is of the kind `by`, or why nothing does.
struct Row {
  EventBody kind;
  Undo undo = nullptr;
  CommandBody by = CommandBody::NONE;
  std::string_view why_not = {};

  constexpr Row(EventBody kind, Undo undo, CommandBody by) : kind(kind), undo(undo), by(by) {}
  constexpr Row(EventBody kind, std::string_view why_not) : kind(kind), why_not(why_not) {}
};

constexpr Row rows[] = {
    {EventBody::JournalCreated, "It is the journal's beginning."},
    {EventBody::TenantCreated, "A tenant is never deleted. Disable it."},
    {EventBody::TenantEnabled, undo_tenant_status, CommandBody::DisableTenant},
    {EventBody::TenantDisabled, undo_tenant_status, CommandBody::EnableTenant},
    {EventBody::UserCreated, undo_creation, CommandBody::DeleteUser},
    {EventBody::UserStatusChanged, undo_status, CommandBody::EnableUser},
    {EventBody::UserLocked, undo_lock, CommandBody::UnlockUser},
    {EventBody::UserUnlocked, undo_lock, CommandBody::LockUser},
    {EventBody::ApiAccessChanged, undo_api_access, CommandBody::SetApiAccess},
    {EventBody::PasswordReset, no_old_password},
    {EventBody::PasswordChanged, no_old_password},
    {EventBody::PasswordFailed, daemons_own},
    {EventBody::PasswordAccepted, daemons_own},
    {EventBody::PasswordRehashed, daemons_own},
    {EventBody::GrantAdded, undo_grant_added, CommandBody::RemoveGrant},
    {EventBody::GrantRemoved, undo_grant_removed, CommandBody::AddGrant},
    {EventBody::OperatorAdded, undo_operator_added, CommandBody::RemoveOperator},
    {EventBody::OperatorChanged, undo_operator_changed, CommandBody::ChangeOperator},
    {EventBody::OperatorRemoved, undo_operator_removed, CommandBody::AddOperator},
    {EventBody::CommandRefused, daemons_own},
    {EventBody::TenantChanged, undo_policies, CommandBody::SetTenant},
    {EventBody::CatalogueDefined, undo_catalogue, CommandBody::RetireCatalogue},
    {EventBody::CatalogueRetired, undo_catalogue, CommandBody::DefineCatalogue},
    {EventBody::TenantSessionsEnded, sessions_stay_ended},
    {EventBody::UserRenamed, undo_renaming, CommandBody::RenameUser},
    {EventBody::ProfileChanged, undo_profile, CommandBody::SetProfile},
    {EventBody::UserSettingsChanged, undo_settings, CommandBody::SetUserSettings},
    {EventBody::PasswordRotated, no_old_password},
    {EventBody::KeyCreated, undo_key, CommandBody::RevokeKey},
    {EventBody::KeyRevoked, "A key that was revoked never opens again. Make a new one."},
    {EventBody::SessionEnded, sessions_stay_ended},
    {EventBody::SessionsEnded, sessions_stay_ended},
    {EventBody::RoleCreated, undo_role_created, CommandBody::DeleteRole},
    {EventBody::RoleDeleted, undo_role_deleted, CommandBody::CreateRole},
    {EventBody::RoleGrantAdded, undo_role_grant_added, CommandBody::RemoveRoleGrant},
    {EventBody::RoleGrantRemoved, undo_role_grant_removed, CommandBody::AddRoleGrant},
    {EventBody::RoleNested, undo_nesting, CommandBody::UnnestRole},
    {EventBody::RoleUnnested, undo_unnesting, CommandBody::NestRole},
    {EventBody::RoleAssigned, undo_assignment, CommandBody::UnassignRole},
    {EventBody::RoleUnassigned, undo_unassignment, CommandBody::AssignRole},
    {EventBody::RangesImported,
     "Import the provider's file of before with 'network import --force'."},
    {EventBody::UserUsed, daemons_own},
    {EventBody::UserErased, "What was erased is gone for ever."},
    {EventBody::KeysBackedUp, "A copy that has left cannot be called back."},
    {EventBody::JournalRestored, daemons_own},
    {EventBody::ReviewRecorded, "What a person has seen stays seen. Record a new review."},
};

static_assert(std::size(rows) == static_cast<std::size_t>(EventBody::MAX),
              "every kind of event has its row");

const Row* row_of(EventBody kind) {
  const Row* row = std::ranges::find(rows, kind, &Row::kind);
  return row == std::end(rows) ? nullptr : row;
}

/// A step that has nothing to do: what the event made goes with what made the user.
bool goes_with_its_user(const Undoing& undoing, const schema::Event& event) {
  return !is_kind(event, EventBody::UserCreated) && undoing.first([&](const schema::Event& one) {
    return is_kind(one, EventBody::UserCreated) && is_about(one, *event.user());
  }) != nullptr;
}

/// A role that the record made and deleted again was never there.
bool is_of_passing_role(const Undoing& undoing, const schema::Event& event) {
  const Uuid* role = role_of(event);
  if (role == nullptr) return false;
  const auto has = [&](EventBody kind) {
    return undoing.first([&](const schema::Event& one) {
      return is_kind(one, kind) && *role_of(one) == *role;
    }) != nullptr;
  };
  return has(EventBody::RoleCreated) && has(EventBody::RoleDeleted);
}

Undoing::Step take_back(Undoing& undoing, const schema::Event& event, std::uint16_t index) {
  const Row* row = row_of(event.body_type());
  if (row == nullptr) return Undoing::impossible("This version does not know what it did.");
  if (row->undo == nullptr) return Undoing::impossible(row->why_not);
  if (is_of_passing_role(undoing, event)) return {};
  if (event.user() == nullptr) return row->undo(undoing, event, index);
  const domain::User* user = undoing.tables().find_user(*event.user());
  if (user == nullptr) return Undoing::impossible("Its user is not known.");
  if (goes_with_its_user(undoing, event)) return {};
  if (user->status == schema::UserStatus::deleted)
    return domain::marks_of(*user).status_seq == undoing.seq()
               ? Undoing::impossible("A deleted user never acts again.")
               : undoing.overtaken(domain::marks_of(*user).status_seq, "deleted its user");
  return row->undo(undoing, event, index);
}

/// O1, O2: whoever may not take something back is not told why it could not be either.
Undoing::Step permit(const Inquiry& inquiry, CommandBody kind) {
  const auto& refusal_of = inquiry.sources.command_refusal;
  if (!refusal_of || kind == CommandBody::NONE) return {};
  if (auto refusal = refusal_of(kind)) return std::unexpected(std::move(*refusal));
  return {};
}

Undoing::Step permit_all(const Inquiry& inquiry, const schema::Record& record) {
  for (const schema::Event* event : *record.events()) {
    const Row* row = row_of(event->body_type());
    if (row == nullptr) continue;
    if (auto step = permit(inquiry, row->by); !step) return step;
  }
  return {};
}

Undoing::Step permit_all(const Undoing& undoing) {
  for (const auto& command : undoing.commands)
    if (auto step = permit(undoing.inquiry, command->body.type); !step) return step;
  return {};
}

schema::UndoPlanT plan_of(Undoing& undoing) {
  schema::UndoPlanT plan;
  plan.undone = cause_of(undoing.inquiry, undoing.seq());
  if (undoing.tenant != nullptr) plan.tenant = undoing.tenant->alias;
  plan.commands = std::move(undoing.commands);
  plan.left = std::move(undoing.left);
  return plan;
}

}  // namespace

bool is_kind(const schema::Event& event, EventBody kind) { return event.body_type() == kind; }

bool is_about(const schema::Event& event, const Uuid& user) {
  return event.user() != nullptr && *event.user() == user;
}

const Uuid* role_of(const schema::Event& event) {
  if (const auto* body = event.body_as_RoleCreated()) return body->role();
  if (const auto* body = event.body_as_RoleDeleted()) return body->role();
  if (const auto* body = event.body_as_RoleGrantAdded()) return body->role();
  if (const auto* body = event.body_as_RoleGrantRemoved()) return body->role();
  if (const auto* body = event.body_as_RoleNested()) return body->role();
  if (const auto* body = event.body_as_RoleUnnested()) return body->role();
  if (const auto* body = event.body_as_RoleAssigned()) return body->role();
  if (const auto* body = event.body_as_RoleUnassigned()) return body->role();
  return nullptr;
}

Undoing::Step Undoing::overtaken(domain::Seq later, std::string_view what) const {
  if (later == 0) return impossible("What it did is not there any more.");
  return refused(Code::undo_overtaken, "seq",
                 "Record " + std::to_string(later) + " " + std::string(what) + ".");
}

Undoing::Step Undoing::impossible(std::string_view sentence) {
  return refused(Code::undo_impossible, "seq", sentence);
}

bool Undoing::is_last(std::string_view facet, const Uuid& id) {
  return facets_.insert({std::string(facet), {id.high(), id.low()}}).second;
}

const schema::Event* Undoing::first(const Matches& matches) const {
  for (const schema::Event* event : *record.events())
    if (matches(*event)) return event;
  return nullptr;
}

std::shared_ptr<const schema::Record> Undoing::fetch(domain::Seq wanted) {
  is_paused |= reads_ == 0;
  if (is_paused) return nullptr;
  --reads_;
  auto found = ++planning_.read_ > reads_max ? nullptr : inquiry.sources.record(wanted);
  gave_up |= found == nullptr;
  return found;
}

std::shared_ptr<const schema::Record> Undoing::read(domain::Seq wanted) {
  std::shared_ptr<const schema::Record>& known = planning_.records_[wanted];
  if (known == nullptr) known = fetch(wanted);
  return known;
}

Undoing::Search& Undoing::next_search(domain::Seq begin) {
  auto& searches = planning_.searches_;
  if (next_search_ == searches.size()) searches.push_back({begin});
  return searches[next_search_++];
}

namespace {

const schema::Event* event_of(const schema::Record& record, const Undoing::Matches& matches) {
  for (const schema::Event* event : *record.events())
    if (matches(*event)) return event;
  return nullptr;
}

/// The record with the user's event before those of this one; 0: there is none.
domain::Seq previous_of(const schema::Record& record, const Uuid& user) {
  const schema::Event* first =
      event_of(record, [&](const schema::Event& event) { return is_about(event, user); });
  return first == nullptr ? 0 : first->previous_user_seq();
}

}  // namespace

domain::Seq Undoing::later_of(const domain::User& user, const Matches& matches) {
  Search& search = next_search(user.last_seq);
  while (!search.is_over && search.place > seq()) {
    auto other = fetch(search.place);
    if (other == nullptr) return 0;
    search.is_over = event_of(*other, [&](const schema::Event& event) {
                       return is_about(event, user.id) && matches(event);
                     }) != nullptr;
    if (search.is_over)
      search.found = std::move(other);
    else
      search.place = previous_of(*other, user.id);
  }
  return search.found == nullptr ? 0 : search.found->seq();
}

Undoing::Found Undoing::earlier_of(const domain::User& user, const Matches& matches) {
  const auto last_about = [&](const schema::Record& other) {
    return last_of(other, [&](const schema::Event& event) {
      return is_about(event, user.id) && matches(event);
    });
  };
  Search& search = next_search(previous_of(record, user.id));
  while (!search.is_over && search.place > 0) {
    auto other = fetch(search.place);
    if (other == nullptr) return {};
    search.is_over = last_about(*other) != nullptr;
    if (search.is_over)
      search.found = std::move(other);
    else
      search.place = previous_of(*other, user.id);
  }
  if (search.found == nullptr) return {};
  return {search.found, last_about(*search.found)};
}

bool Undoing::concerns_the_same(const schema::Record& other) const {
  if (tenant == nullptr) return true;
  return other.tenant() != nullptr && *other.tenant() == tenant->id;
}

domain::Seq Undoing::later(const Matches& matches) {
  Search& search = next_search(seq() + 1);
  for (; !search.is_over && search.place <= inquiry.sources.newest; ++search.place) {
    auto other = fetch(search.place);
    if (other == nullptr) return 0;
    search.is_over = concerns_the_same(*other) && event_of(*other, matches) != nullptr;
    if (search.is_over) search.found = std::move(other);
  }
  return search.found == nullptr ? 0 : search.found->seq();
}

Undoing::Found Undoing::earlier(const Matches& matches) {
  const auto before = [&](const schema::Record& one) {
    return tenant == nullptr ? one.seq() - 1 : one.previous_tenant_seq();
  };
  Search& search = next_search(before(record));
  while (!search.is_over && search.place > 0) {
    auto other = fetch(search.place);
    if (other == nullptr) return {};
    search.is_over = last_of(*other, matches) != nullptr;
    search.place = before(*other);
    if (search.is_over) search.found = std::move(other);
  }
  if (search.found == nullptr) return {};
  return {search.found, last_of(*search.found, matches)};
}

std::vector<std::shared_ptr<const schema::Record>> Undoing::all_earlier(const Matches& matches) {
  if (!planning_.earlier_) planning_.earlier_ = Search{record.previous_tenant_seq()};
  Search& search = *planning_.earlier_;
  while (search.place > 0) {
    auto other = fetch(search.place);
    if (other == nullptr) break;
    search.place = other->previous_tenant_seq();
    if (last_of(*other, matches) != nullptr) search.passed.push_back(std::move(other));
  }
  return search.passed;
}

domain::Seq Undoing::newest_holding(const Uuid& role) {
  if (!planning_.holdings_) {
    auto& newest = planning_.holdings_.emplace();
    tables().for_each_user([&](const domain::User& user) {
      if (user.tenant != tenant->id || user.status == schema::UserStatus::deleted) return;
      for (const domain::RoleHeld& held : domain::extras_of(user).roles)
        if (held.seq != seq()) {
          domain::Seq& place = newest[{held.role.high(), held.role.low()}];
          place = std::max<domain::Seq>(place, held.seq);
        }
    });
  }
  const auto place = planning_.holdings_->find({role.high(), role.low()});
  return place == planning_.holdings_->end() ? 0 : place->second;
}

const schema::Event* last_of(const schema::Record& record, const Undoing::Matches& matches) {
  const schema::Event* found = nullptr;
  for (const schema::Event* event : *record.events())
    if (matches(*event)) found = event;
  return found;
}

void Undoing::name(const domain::User& user, schema::CommandT& command) {
  command.user = user.username;
  command.user_id = std::make_unique<Uuid>(user.id);
  if (named_.emplace(user.id.high(), user.id.low()).second) command.expected_version = user.version;
}

void Undoing::expect_tenant(schema::CommandT& command) {
  if (tenant == nullptr || std::exchange(expects_tenant_, true)) return;
  command.expected_seq = tenant->changed_seq;
}

Answer<std::optional<schema::UndoPlanT>> UndoPlanning::go_on(const Inquiry& inquiry,
                                                             std::size_t reads) {
  const auto record = inquiry.sources.record ? inquiry.sources.record(seq_) : nullptr;
  if (record == nullptr) return refused(Code::record_unknown, "seq");
  const domain::Tenant* tenant =
      record->tenant() == nullptr ? nullptr : inquiry.view.tables().find_tenant(*record->tenant());
  const bool seen =
      tenant == nullptr ? inquiry.asker.all_tenants : domain::in_scope(inquiry.asker, tenant->id);
  if (!seen) return refused(Code::record_unknown, "seq");
  if (auto step = permit_all(inquiry, *record); !step)
    return std::unexpected(std::move(step.error()));
  Undoing undoing(inquiry, *record, tenant, *this, reads);
  for (auto index = record->events()->size(); index-- > 0;) {
    const auto step =
        take_back(undoing, *record->events()->Get(index), static_cast<std::uint16_t>(index));
    // What was not found may lie behind what was not looked at.
    if (undoing.gave_up)
      return refused(Code::too_large, "seq",
                     "More than " + std::to_string(Undoing::reads_max) +
                         " records would have to be read, or one cannot be.");
    if (undoing.is_paused) return std::nullopt;
    if (!step) return std::unexpected(step.error());
  }
  if (undoing.commands.empty())
    return refused(Code::undo_impossible, "seq", "It left nothing that could be taken back.");
  if (undoing.commands.size() > commands_max)
    return refused(
        Code::too_large, "seq",
        "The limit is 1000 commands, it takes " + std::to_string(undoing.commands.size()) + ".");
  if (auto step = permit_all(undoing); !step) return std::unexpected(std::move(step.error()));
  return plan_of(undoing);
}

Answer<schema::UndoPlanT> answer(const Inquiry& inquiry, const schema::PlanUndo& wanted) {
  auto plan = UndoPlanning(wanted.seq()).go_on(inquiry, static_cast<std::size_t>(-1));
  if (!plan) return std::unexpected(std::move(plan.error()));
  return std::move(**plan);
}

}  // namespace postern::view
