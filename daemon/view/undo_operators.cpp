// H10: what records did to operators (O3).
#include "daemon/view/undo.h"

namespace postern::view {

namespace {

using schema::EventBody;
using Step = Undoing::Step;

const Uuid* operator_of(const schema::Event& event) {
  if (const auto* body = event.body_as_OperatorAdded()) return body->operator_id();
  if (const auto* body = event.body_as_OperatorChanged()) return body->operator_id();
  if (const auto* body = event.body_as_OperatorRemoved()) return body->operator_id();
  return nullptr;
}

Undoing::Matches about_operator(const Uuid& id) {
  return [id](const schema::Event& event) {
    return operator_of(event) != nullptr && *operator_of(event) == id;
  };
}

Step operator_is_gone(Undoing& undoing, const Uuid& id) {
  return undoing.overtaken(undoing.later([&](const schema::Event& one) {
    return is_kind(one, EventBody::OperatorRemoved) && *operator_of(one) == id;
  }),
                           "removed the operator");
}

/// As commands name it: by the aliases of its tenants.
std::unique_ptr<schema::OperatorStandingT> standing_back(const Undoing& undoing,
                                                         const schema::OperatorStanding* stored) {
  if (stored == nullptr) return nullptr;
  std::unique_ptr<schema::OperatorStandingT> made(stored->UnPack());
  for (const auto& id : made->tenant_ids)
    if (const auto* tenant = undoing.tables().find_tenant(*id->id))
      made->tenants.push_back(tenant->alias);
  made->tenant_ids.clear();
  return made;
}

template <class Command>
void take_standing_back(const Undoing& undoing, const schema::Event& before, Command& command) {
  if (const auto* added = before.body_as_OperatorAdded()) {
    command.role = added->role();
    command.standing = standing_back(undoing, added->standing());
  } else if (const auto* changed = before.body_as_OperatorChanged()) {
    command.role = changed->role();
    command.standing = standing_back(undoing, changed->standing());
  }
}

}  // namespace

Step undo_operator_added(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const Uuid& id = *operator_of(event);
  const domain::Operator* entry = undoing.tables().find_operator(id);
  if (entry == nullptr) return operator_is_gone(undoing, id);
  if (entry->changed_seq != undoing.seq())
    return undoing.overtaken(entry->changed_seq, "changed the operator since");
  undoing.send(*entry, schema::RemoveOperatorT());
  return {};
}

Step undo_operator_changed(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const Uuid& id = *operator_of(event);
  if (!undoing.is_last("operator", id)) return {};
  const domain::Operator* entry = undoing.tables().find_operator(id);
  if (entry == nullptr) return operator_is_gone(undoing, id);
  if (entry->changed_seq != undoing.seq())
    return undoing.overtaken(entry->changed_seq, "changed the operator since");
  const auto before = undoing.earlier(about_operator(id));
  if (before.event == nullptr) return Undoing::impossible("What it was before cannot be found.");
  schema::ChangeOperatorT body;
  take_standing_back(undoing, *before.event, body);
  undoing.send(*entry, std::move(body));
  return {};
}

Step undo_operator_removed(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const Uuid& id = *operator_of(event);
  const auto before = undoing.earlier(about_operator(id));
  const auto added = undoing.earlier([&](const schema::Event& one) {
    return is_kind(one, EventBody::OperatorAdded) && *operator_of(one) == id;
  });
  if (added.event == nullptr) return Undoing::impossible("What it was before cannot be found.");
  schema::AddOperatorT body;
  body.name = view_of(added.event->body_as_OperatorAdded()->name());
  if (const auto* other = undoing.tables().find_operator(body.name))
    return undoing.overtaken(other->added_seq, "added another operator of the name");
  take_standing_back(undoing, *before.event, body);
  undoing.left.push_back("Operator '" + body.name + "' has another id from then on.");
  undoing.add(std::move(body));
  return {};
}

}  // namespace postern::view
