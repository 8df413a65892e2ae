#include "tools/cli/views.h"

#include <fmt/format.h>

#include "tools/cli/conditions.h"
#include "tools/text/ids.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/times.h"

namespace postern::cli {

std::string cause_text(const std::unique_ptr<schema::CauseT>& cause) {
  if (!cause) return {};
  const auto who =
      cause->operator_name.empty() ? text::uuid_text(cause->operator_id) : cause->operator_name;
  const auto why = cause->reason.empty() ? "" : ": " + cause->reason;
  return fmt::format("seq {}, {}, by {} ({}){}", cause->seq, text::time_text_short(cause->time_ns),
                     who, text::role_text(cause->role), why);
}

void print_grants(std::ostream& out,
                  const std::vector<std::unique_ptr<schema::GrantHeldT>>& grants) {
  text::Table table({"GRANT", "EFFECT", "ACTION", "RESOURCE", "CONDITIONS", "ADDED"});
  for (const auto& held : grants) {
    if (!held->grant) continue;
    const auto& grant = *held->grant;
    table.add({text::grant_name(grant.reference), text::effect_text(grant.effect), grant.action,
               grant.resource, conditions_text(grant.conditions), cause_text(held->added)});
  }
  table.write(out);
}

}  // namespace postern::cli
