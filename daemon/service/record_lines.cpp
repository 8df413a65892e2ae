#include "daemon/service/record_lines.h"

namespace postern::service {

namespace {

using schema::EventBody;

struct RecordFacts {
  const schema::Record& record;
  const domain::Changes& changes;
  const domain::State& state;

  Author author() const {
    return {state.tables().find_operator(*record.operator_id()), record.role()};
  }
  const domain::Tenant* tenant() const {
    return record.tenant() == nullptr ? nullptr : state.tables().find_tenant(*record.tenant());
  }
  /// As they were before the record, if it removed them.
  Author named(const domain::Uuid& operator_id) const {
    if (const auto* entry = state.tables().find_operator(operator_id)) return {entry};
    for (const auto& change : changes.operators)
      if (change.before != nullptr && change.before->id == operator_id) return {&*change.before};
    return {};
  }
};

using Lines = std::vector<Diagnostic>;

void add_lock(const RecordFacts& facts, const schema::Event& event, Lines& lines) {
  const domain::User* user = facts.state.tables().find_user(*event.user());
  const domain::Tenant* tenant = facts.tenant();
  if (user == nullptr || tenant == nullptr) return;
  if (event.body_as_UserLocked()->cause() == schema::LockCause::passwords)
    lines.push_back(diagnostic<Line::user_locked>(*user, *tenant));
  else
    lines.push_back(diagnostic<Line::user_locked_by_operator>(*user, *tenant, facts.author()));
}

void add_erasure(const RecordFacts& facts, const schema::Event& event, Lines& lines) {
  if (const domain::User* user = facts.state.tables().find_user(*event.user()))
    lines.push_back(diagnostic<Line::user_erased>(*user, facts.author()));
}

void add_refusals(const RecordFacts& facts, const schema::Event& event, Lines& lines) {
  const auto& refused = *event.body_as_CommandRefused();
  lines.push_back(diagnostic<Line::commands_not_permitted>(facts.named(*refused.operator_id()),
                                                           refused.code(), refused.count()));
}

void add_of_tenant(const RecordFacts& facts, bool enabled, Lines& lines) {
  const domain::Tenant* tenant = facts.tenant();
  if (tenant == nullptr) return;
  lines.push_back(enabled ? diagnostic<Line::tenant_enabled>(*tenant, facts.author())
                          : diagnostic<Line::tenant_disabled>(*tenant, facts.author()));
}

/// Each adds what its kind of event comes to; the other kinds are for the history alone.
void add_line(const RecordFacts& facts, const schema::Event& event, Lines& lines) {
  const EventBody kind = event.body_type();
  if (kind == EventBody::UserLocked) return add_lock(facts, event, lines);
  if (kind == EventBody::UserErased) return add_erasure(facts, event, lines);
  if (kind == EventBody::CommandRefused) return add_refusals(facts, event, lines);
  if (kind == EventBody::TenantDisabled || kind == EventBody::TenantEnabled)
    return add_of_tenant(facts, kind == EventBody::TenantEnabled, lines);
  if (kind == EventBody::OperatorAdded)
    lines.push_back(diagnostic<Line::operator_added>(
        facts.named(*event.body_as_OperatorAdded()->operator_id()), facts.author()));
  else if (kind == EventBody::OperatorChanged)
    lines.push_back(diagnostic<Line::operator_changed>(
        facts.named(*event.body_as_OperatorChanged()->operator_id()), facts.author()));
  else if (kind == EventBody::OperatorRemoved)
    lines.push_back(diagnostic<Line::operator_removed>(
        facts.named(*event.body_as_OperatorRemoved()->operator_id()), facts.author()));
  else if (kind == EventBody::KeysBackedUp)
    lines.push_back(diagnostic<Line::keys_backed_up>(
        facts.author(), Moment{event.body_as_KeysBackedUp()->kept_until_ns()}));
}

}  // namespace

void add_lines(const schema::Record& record, const domain::Changes& changes,
               const domain::State& state, std::vector<Diagnostic>& lines) {
  const RecordFacts facts{record, changes, state};
  for (const schema::Event* event : *record.events()) add_line(facts, *event, lines);
}

}  // namespace postern::service
