// Every kind of event, in all that it may say, on top of a story that has something of everything.
// Values; any thread.
#pragma once

#include <vector>

#include "daemon/domain/roles.h"
#include "tests/support/scenario.h"

namespace postern::support {

/// Something of everything, so that each kind of event has what it can change.
Scenario a_full_story();

inline std::unique_ptr<Uuid> ref(const Uuid& id) { return std::make_unique<Uuid>(id); }

/// The ids that events name.
struct Names {
  explicit Names(const Scenario& story)
      : bob(story.user("bob").id),
        one(domain::extras_of(story.user("bob")).keys.at(0).id),
        two(domain::extras_of(story.user("bob")).keys.at(1).id),
        clerk(domain::find_role(story.tenant(), "clerk")->id),
        chief(domain::find_role(story.tenant(), "chief")->id),
        temp(domain::find_role(story.tenant(), "temp")->id),
        anna(story.state().tables().find_operator("anna")->id),
        otto(story.state().tables().find_operator("otto")->id) {
    for (const domain::Grant& grant : story.user("bob").grants->sorted())
      grants.push_back(grant.seq);
    for (const domain::Grant& grant : domain::find_role(story.tenant(), "clerk")->grants->sorted())
      role_grants.push_back(grant.seq);
  }

  Uuid bob, one, two, clerk, chief, temp, anna, otto;
  std::vector<std::uint64_t> grants;
  std::vector<std::uint64_t> role_grants;
};

/// What an event of one kind may say; `about_bob`: it is bob's event.
struct Kind {
  bool about_bob;
  std::vector<schema::EventBodyUnion> contents;
};

/// About the user of the story.
std::vector<Kind> events_of_users(const Names& names);
/// About the tenant and the installation.
std::vector<Kind> other_events(const Names& names);

}  // namespace postern::support
