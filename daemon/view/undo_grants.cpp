// H10: what records did to grants, of users and of roles alike.
#include <algorithm>

#include "daemon/domain/access.h"
#include "daemon/domain/conditions.h"
#include "daemon/domain/roles.h"
#include "daemon/view/undo.h"

namespace postern::view {

namespace {

using schema::EventBody;
using Step = Undoing::Step;

/// The event names the grant that was added at this place.
template <class Removed>
bool names(const Removed* removed, domain::Seq seq, std::uint64_t index) {
  return removed != nullptr && removed->grant() != nullptr && removed->grant()->seq() == seq &&
         removed->grant()->index() == index;
}

/// Which of a holder's grants; null: it has it no more.
template <class Body>
domain::GrantPointer find_added(const domain::Grants& grants, const Body& body, domain::Seq seq,
                                std::uint64_t index) {
  for (domain::GrantPointer grant :
       domain::find_grants(grants, body.effect(), view_of(body.action()), view_of(body.resource())))
    if (grant->seq == seq && grant->index == index) return grant;
  return nullptr;
}

template <class Command, class Body>
Command same_grant(const Body& body) {
  Command made;
  made.effect = body.effect();
  made.action = view_of(body.action());
  made.resource = view_of(body.resource());
  return made;
}

template <class Command, class Body>
Command removal_back(const Body& added, domain::Seq seq, std::uint16_t index) {
  auto made = same_grant<Command>(added);
  made.grant = std::make_unique<schema::GrantReferenceT>();
  made.grant->seq = seq;
  made.grant->index = index;
  return made;
}

/// What the grant that a removal names was added with; null: no conditions.
const schema::Conditions* conditions_of_event(const schema::Event& added) {
  if (const auto* body = added.body_as_GrantAdded()) return body->conditions();
  if (const auto* body = added.body_as_RoleGrantAdded()) return body->conditions();
  return nullptr;
}

/// The command that adds again what a removal took, or what keeps it from being added.
template <class Command, class Body>
std::expected<Command, schema::ProblemT> addition_back(Undoing& undoing,
                                                       const domain::Grants& grants,
                                                       const Body& removed) {
  const auto origin = undoing.read(removed.grant()->seq());
  const auto index = removed.grant()->index();
  if (origin == nullptr || index >= origin->events()->size())
    return refused(schema::Code::undo_impossible, "seq", "What added the grant cannot be read.");
  const auto* stored = conditions_of_event(*origin->events()->Get(index));
  const auto conditions = domain::conditions_of(stored);
  for (domain::GrantPointer grant : domain::find_grants(
           grants, removed.effect(), view_of(removed.action()), view_of(removed.resource())))
    if (domain::are_equal(domain::conditions_of(grants, *grant),
                          conditions ? &*conditions : nullptr))
      return std::unexpected(undoing.overtaken(grant->seq, "added the same grant since").error());
  auto made = same_grant<Command>(removed);
  if (stored != nullptr) made.conditions.reset(stored->UnPack());
  return made;
}

}  // namespace

Step undo_grant_added(Undoing& undoing, const schema::Event& event, std::uint16_t index) {
  const domain::User& user = undoing.user(event);
  const auto& body = *event.body_as_GrantAdded();
  if (undoing.is_cancelled(undoing.seq(), index)) return {};
  if (find_added(*user.grants, body, undoing.seq(), index) == nullptr)
    return undoing.overtaken(undoing.later_of(user,
                                              [&](const schema::Event& one) {
                                                return names(one.body_as_GrantRemoved(),
                                                             undoing.seq(), index);
                                              }),
                             "removed the grant");
  undoing.send(user, removal_back<schema::RemoveGrantT>(body, undoing.seq(), index));
  return {};
}

Step undo_grant_removed(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::User& user = undoing.user(event);
  const auto& body = *event.body_as_GrantRemoved();
  if (body.grant()->seq() == undoing.seq()) {
    undoing.cancel(undoing.seq(), body.grant()->index());
    return {};
  }
  auto back = addition_back<schema::AddGrantT>(undoing, *user.grants, body);
  if (!back) return std::unexpected(std::move(back.error()));
  undoing.send(user, std::move(*back));
  return {};
}

Step undo_role_grant_added(Undoing& undoing, const schema::Event& event, std::uint16_t index) {
  const auto& body = *event.body_as_RoleGrantAdded();
  if (undoing.is_cancelled(undoing.seq(), index) || undoing.is_made_again(*body.role())) return {};
  const domain::NamedRole* role = domain::find_role(*undoing.tenant, *body.role());
  if (role == nullptr) return role_is_gone(undoing, *body.role());
  if (find_added(*role->grants, body, undoing.seq(), index) == nullptr)
    return undoing.overtaken(undoing.later([&](const schema::Event& one) {
      return names(one.body_as_RoleGrantRemoved(), undoing.seq(), index);
    }),
                             "removed the role's grant");
  auto back = removal_back<schema::RemoveRoleGrantT>(body, undoing.seq(), index);
  back.role = role->name;
  undoing.send(std::move(back));
  return {};
}

Step undo_role_grant_removed(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const auto& body = *event.body_as_RoleGrantRemoved();
  if (undoing.is_made_again(*body.role())) return {};
  if (body.grant()->seq() == undoing.seq()) {
    undoing.cancel(undoing.seq(), body.grant()->index());
    return {};
  }
  const domain::NamedRole* role = domain::find_role(*undoing.tenant, *body.role());
  if (role == nullptr) return role_is_gone(undoing, *body.role());
  auto back = addition_back<schema::AddRoleGrantT>(undoing, *role->grants, body);
  if (!back) return std::unexpected(std::move(back.error()));
  back->role = role->name;
  undoing.send(std::move(*back));
  return {};
}

}  // namespace postern::view
