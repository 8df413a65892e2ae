// What leads from what a tenant is to what it is to be: commands, each with what it is for. Where
// nothing leads there, a fault.
// Functions without state. Nothing is sent here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "command_generated.h"
#include "tools/cli/standing_state.h"
#include "tools/intake/desired_state.h"

namespace postern::cli {

enum class Doing { create, change, remove };

struct Step {
  Doing doing;
  /// "user api.bob".
  std::string what;
  /// "grant read table/customer"; never a value of a profile.
  std::string detail;
  std::unique_ptr<schema::CommandT> command;
  /// The entry of the file that it is for, "/users/api.bob/roles/0"; empty: none names it.
  std::string way = {};
};

template <class Body>
Step make_step(Doing doing, std::string what, std::string detail, const std::string& user,
               Body body) {
  auto command = std::make_unique<schema::CommandT>();
  command->user = user;
  command->body.Set(std::move(body));
  return {doing, std::move(what), std::move(detail), std::move(command)};
}

/// Why nothing leads there.
struct PlanFault {
  /// As in Step.
  std::string way;
  std::string sentence;
};

struct Plan {
  /// In the order they are to be sent. One that makes the tenant stands first.
  std::vector<Step> steps;
  /// What stands beside the desired state and is left: "user api.old".
  std::vector<std::string> beside;
  std::vector<PlanFault> faults;
};

struct PlanWanted {
  /// What the desired state does not name is taken away.
  bool prune = false;
};

/// `preset`: what policies and catalogue are built on.
Plan plan_of(const intake::DesiredState& desired, const StandingState& standing,
             const schema::CreateTenantT& preset, PlanWanted wanted);

}  // namespace postern::cli
