// Verbs that read users: `user show` and `user list` (Q6).
#pragma once

#include "history_generated.h"
#include "tools/cli/verb.h"

namespace postern::cli {

/// A page with the portal view of one user of --tenant, named by its name or its id.
schema::HistoryPageT read_user(Session& session, const std::string& user,
                               const std::string& user_id = {});

/// The rest of its grants, where the view has not all, as of its own moment.
void read_on(Session& session, schema::UserViewT& view);

Handler show_user(Options& options);
Handler list_users(Options& options);

}  // namespace postern::cli
