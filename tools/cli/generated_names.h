// What an import into a tenant needs that makes its users' names itself (U2): users first, then,
// with the names that were made, what they may do.
// Thread: main. Failure: `Stop`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "command_generated.h"
#include "tools/cli/known_catalogue.h"
#include "tools/intake/account.h"

namespace postern::cli {

class Session;

/// Rights are asked for once their users have names, which is too late for a report: so they are
/// held against what the tenant knows.
class KnownRights {
 public:
  explicit KnownRights(Session& session);

  struct Fault {
    const char* field;
    std::string sentence;
  };
  std::vector<Fault> faults_of(const intake::Account& account) const;

 private:
  std::vector<std::string> roles_;
  KnownCatalogue catalogue_;
};

/// Of the users that events make, in their order.
std::vector<std::string> names_made(const std::vector<std::unique_ptr<schema::EventT>>& events);

struct MadeUsers {
  std::uint64_t seq = 0;
  std::vector<std::string> names;
};
/// What a command's record made, looked for from `from_seq` on; nothing: it was not done.
std::optional<MadeUsers> find_made_users(Session& session, std::uint64_t from_seq,
                                         const schema::Uuid& command_id);

}  // namespace postern::cli
