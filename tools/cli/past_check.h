// Checks as of the moment that a session stands at, through the history socket.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "history_generated.h"
#include "tools/cli/session.h"

namespace postern::cli {

using Questions = std::vector<std::unique_ptr<schema::QuestionT>>;

/// A10: decisions, and the state and the time that they were made at.
struct Decisions {
  schema::CheckedT checked;
  std::uint64_t seq = 0;
  std::int64_t time_ns = 0;
};

/// In several requests, as one holds fewer questions than a check does.
Decisions check_past(Session& session, const std::string& user, const schema::CallT& call,
                     Questions questions);

}  // namespace postern::cli
