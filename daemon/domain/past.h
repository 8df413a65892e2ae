// A part of the past, made again from the records that tell of it: one tenant's rules and a few of
// its users, as they were at a moment, without all the records before it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/domain/state.h"

namespace postern::domain {

/// What an event tells of. `nothing`: no state.
enum class EventSubject : std::uint8_t { nothing, user, tenant, installation };
EventSubject subject_of(const schema::Event& event);

struct PastScope {
  /// Zero: none, so that only the installation is told of.
  Uuid tenant;
  std::vector<Uuid> users = {};
};

/// The users' links: the seq of the record before this one with an event about the user, 0 if there
/// is none; nothing where this record has none.
std::optional<Seq> previous_link(const schema::Record& record, const Uuid& user);

/// Applies what the record says of the scope and of the installation, and closes it. The records
/// must come in their order, and of these none may be missing: the tenant's structural ones, the
/// users' own, and of the installation those that are asked about.
void apply_part(State& state, const schema::Record& record, const PastScope& scope);

/// U11: whoever is erased by now reads as erased in the past too, since nobody can open what was
/// sealed. `erased_by`: the record that erased a user, 0 where none did. Gives what was replaced,
/// for a view that borrows it.
template <class ErasedBy>
Changes erase_as_now(State& state, ErasedBy erased_by) {
  std::vector<Owned<User>> erased;
  state.tables().for_each_user([&](const User& user) {
    const Seq seq = is_erased(user) ? 0 : erased_by(user.id);
    if (seq == 0) return;
    auto after = make_counted<User>(user);
    auto extras = make_counted<UserExtras>(extras_of(user));
    extras->erased_seq = seq;
    extras->sealed_old_password = nullptr;
    after->extras = std::move(extras);
    after->sealed_profile = nullptr;
    after->sealed_password = nullptr;
    erased.push_back(std::move(after));
  });
  Changes changes;
  for (Owned<User>& user : erased) state.replace(std::move(user), changes);
  return changes;
}

}  // namespace postern::domain
