// A tenant's policies at the command line (T4): one table of options, from which `tenant set` and
// `tenant create` are made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "command_generated.h"
#include "tools/arguments/options.h"

namespace postern::cli {

/// The option --clear, of what is text and may be taken away; 64 for other names.
arguments::Option& add_clear(arguments::Options& options, std::vector<std::string>& cleared,
                             const std::vector<std::string>& names);
/// What a command carries for a text: itself, or the mark of a cleared one; 64 where both are
/// asked.
std::string cleared_or(const std::string& text, bool cleared, std::string_view name);

/// What was typed, by the table's rows; empty text: not given.
class PolicyOptions {
 public:
  enum class Of { new_tenant, present_tenant };
  /// Declares an option for each policy; of a present tenant, texts can be cleared too.
  PolicyOptions(arguments::Options& options, Of of);

  bool any() const;
  /// Sets what was given. 64 where a value does not fit its policy's kind.
  void change(schema::PolicyChangesT& policies) const;

 private:
  std::vector<std::string> values_;
  std::shared_ptr<std::vector<std::string>> cleared_ = std::make_shared<std::vector<std::string>>();
};

/// Networks as they are typed: CIDRs, addresses and providers with commas between; `none` clears.
std::unique_ptr<schema::NetworksT> parse_networks(const std::string& text);

/// The fields of PolicyChanges that have an option.
std::vector<std::string> policy_fields();

}  // namespace postern::cli
