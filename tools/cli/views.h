// Parts of answers as people read them, used by several verbs.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "history_generated.h"

namespace postern::cli {

/// "seq 12, 2026-07-01T12:00:00Z, by jo (owner): why"; empty for none.
std::string cause_text(const std::unique_ptr<schema::CauseT>& cause);

void print_grants(std::ostream& out,
                  const std::vector<std::unique_ptr<schema::GrantHeldT>>& grants);

}  // namespace postern::cli
