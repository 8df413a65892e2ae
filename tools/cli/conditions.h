// What a grant's options say: its conditions (A9), and which one is meant.
// Failure: `Stop` with 64 for what makes no sense.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command_generated.h"
#include "tools/arguments/options.h"

namespace postern::cli {

struct ConditionArguments {
  std::string not_before;
  std::string not_after;
  std::vector<std::string> networks;
  bool require_tls = false;
};

/// Which action on what, and whether it is a deny.
void add_grant_options(arguments::Options& options, std::string& action,
                       std::vector<std::string>& resources, bool& deny);

void add_condition_options(arguments::Options& options, ConditionArguments& asked);

/// Null: none are asked for.
std::unique_ptr<schema::ConditionsT> conditions_of(const ConditionArguments& asked);

/// "12.0", as lists show a grant; null for an empty text.
std::unique_ptr<schema::GrantReferenceT> parse_reference(const std::string& text);

}  // namespace postern::cli
