#include "replay/event_lines.h"

#include "daemon/domain/roles.h"
#include "tools/text/event_text.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/times.h"

namespace postern::replay {

namespace {

std::string user_name(const Step& step, const schema::Event& event) {
  if (event.user() == nullptr) return {};
  const auto* user = step.state.tables().find_user(*event.user());
  return user == nullptr ? text::uuid_text(*event.user()) : user->username;
}

std::string name_of_operator(const Step& step, const schema::Uuid& id) {
  if (id == domain::daemon_operator) return "daemon";
  if (const auto* entry = step.state.tables().find_operator(id)) return entry->name;
  // Who removes himself had a name before.
  for (const auto& change : step.changes.operators)
    if (change.before && change.before->id == id) return change.before->name;
  return text::uuid_text(id);
}

/// A role or key that the record takes away had its name before.
std::string role_name(const Step& step, const schema::Uuid& id) {
  const auto named_in = [&](const domain::Tenant* tenant) {
    const auto* role = tenant == nullptr ? nullptr : domain::find_role(*tenant, id);
    return role == nullptr ? std::string() : role->name;
  };
  const schema::Uuid* tenant = step.record.tenant();
  std::string name =
      tenant == nullptr ? std::string() : named_in(step.state.tables().find_tenant(*tenant));
  for (const auto& change : step.changes.tenants)
    if (name.empty()) name = named_in(change.before.get());
  return name.empty() ? text::uuid_text(id) : name;
}

std::string key_name(const Step& step, const schema::Uuid& id) {
  for (const auto& change : step.changes.users)
    for (const auto& user : {change.before, change.after}) {
      const auto* key = user == nullptr ? nullptr : domain::find_key(*user, id);
      if (key != nullptr) return key->name;
    }
  return text::uuid_text(id);
}

std::string name_of(const Step& step, text::Named kind, const schema::Uuid& id) {
  switch (kind) {
    case text::Named::tenant: {
      const auto* tenant = step.state.tables().find_tenant(id);
      return tenant == nullptr ? text::uuid_text(id) : tenant->alias;
    }
    case text::Named::role:
      return role_name(step, id);
    case text::Named::key:
      return key_name(step, id);
    case text::Named::operator_entry:
      return name_of_operator(step, id);
  }
  return text::uuid_text(id);
}

}  // namespace

std::string tenant_name(const Step& step) {
  if (step.record.tenant() == nullptr) return {};
  const auto* tenant = step.state.tables().find_tenant(*step.record.tenant());
  return tenant == nullptr ? text::uuid_text(*step.record.tenant()) : tenant->alias;
}

std::string operator_name(const Step& step) {
  return name_of_operator(step, *step.record.operator_id());
}

std::vector<EventLine> event_lines(const Step& step, const WantedEvent& is_wanted) {
  const text::EventForms forms{
      [&](text::Named kind, const schema::Uuid& id) { return name_of(step, kind, id); },
      text::time_text_short, text::key_text};
  std::vector<EventLine> lines;
  for (const schema::Event* event : *step.record.events()) {
    if (is_wanted && !is_wanted(*event)) continue;
    schema::EventT native;
    event->UnPackTo(&native);
    lines.push_back({operator_name(step), tenant_name(step), user_name(step, *event),
                     text::event_kind(native), text::event_details(native, forms)});
  }
  return lines;
}

boost::json::object record_object(const schema::Record& record) {
  schema::RecordT native;
  record.UnPackTo(&native);
  return text::to_json(native);
}

}  // namespace postern::replay
