#include "tools/cli/generated_names.h"

#include <algorithm>

#include "tools/cli/session.h"
#include "tools/cli/standing_state.h"
#include "tools/intake/nearest.h"

namespace postern::cli {

KnownRights::KnownRights(Session& session) {
  const auto standing = read_standing(session, WhichUsers::none, {});
  if (standing.tenant) catalogue_.add(standing.tenant->catalogue);
  for (const auto& [name, role] : standing.roles) roles_.push_back(name);
}

std::vector<KnownRights::Fault> KnownRights::faults_of(const intake::Account& account) const {
  std::vector<Fault> faults;
  for (const auto& role : account.roles)
    if (std::ranges::find(roles_, role) == roles_.end())
      faults.push_back({"roles", intake::no_such("role", role, roles_)});
  for (const auto& grant : account.grants)
    if (auto fault = catalogue_.fault_of(grant); !fault.empty())
      faults.push_back({"grants", std::move(fault)});
  return faults;
}

std::vector<std::string> names_made(const std::vector<std::unique_ptr<schema::EventT>>& events) {
  std::vector<std::string> names;
  for (const auto& event : events)
    if (const auto* created = event->body.AsUserCreated()) names.push_back(created->username);
  return names;
}

std::optional<MadeUsers> find_made_users(Session& session, std::uint64_t from_seq,
                                         const schema::Uuid& command_id) {
  std::optional<MadeUsers> found;
  schema::GetRecordsT wanted;
  wanted.tenant = session.tenant();
  wanted.from_seq = from_seq;
  const auto take = [&](const schema::RecordPageT& page, std::span<const schema::RecordT> records) {
    for (const auto& record : records)
      if (record.command_id && *record.command_id == command_id)
        found = MadeUsers{record.seq, names_made(record.events)};
    return !found && page.next_seq <= page.head_seq;
  };
  const auto last = session.client().follow(std::move(wanted), take);
  if (!last)
    throw Stop{client::exit_code(last.error()), last.error().sentence, last.error().remedy};
  if (last->code != schema::Code::ok)
    session.stop_refused(last->code, last->problems, exit_code_of(last->code, exit_codes::missing));
  return found;
}

}  // namespace postern::cli
