// A grant as one line of text, for tables and files that people keep:
//   [allow|deny] ACTION RESOURCE [from TIME] [until TIME] [networks LIST] [tls]
// Functions without state, for any thread.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "command_generated.h"

namespace postern::intake {

struct Grant {
  schema::Effect effect = schema::Effect::allow;
  std::string action;
  std::string resource;
  /// Null: none.
  std::unique_ptr<schema::ConditionsT> conditions;
};

/// Else what is wrong with it. Whether the rules take it the daemon says.
std::expected<Grant, std::string> read_grant(std::string_view line);
/// What `read_grant` reads as the same; two grants are the same if their lines are.
std::string grant_line(const Grant& grant);

template <class Held>
Grant grant_of(const Held& held) {
  Grant made{held.effect, held.action, held.resource, nullptr};
  if (held.conditions) made.conditions = std::make_unique<schema::ConditionsT>(*held.conditions);
  return made;
}

}  // namespace postern::intake
