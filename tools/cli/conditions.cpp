#include "tools/cli/conditions.h"

#include "tools/arguments/arguments.h"
#include "tools/cli/text.h"
#include "tools/cli/verb.h"

namespace postern::cli {
namespace {}  // namespace

void add_condition_options(CLI::App& command, ConditionsAsked& asked) {
  command.add_option("--not-before", asked.not_before,
                     "In force from this time on, as 2027-01-31T00:00:00Z");
  command.add_option("--not-after", asked.not_after, "In force before this time");
  arguments::add_list(command, "--networks", asked.networks,
                      "From these alone: CIDRs, addresses, providers, with commas between");
  command.add_flag("--require-tls", asked.require_tls, "For calls over TLS alone");
}

std::unique_ptr<schema::ConditionsT> conditions_of(const ConditionsAsked& asked) {
  if (asked.not_before.empty() && asked.not_after.empty() && asked.networks.empty() &&
      !asked.require_tls)
    return nullptr;
  auto made = std::make_unique<schema::ConditionsT>();
  if (!asked.not_before.empty()) made->not_before_ns = parse_time("--not-before", asked.not_before);
  if (!asked.not_after.empty()) made->not_after_ns = parse_time("--not-after", asked.not_after);
  if (!asked.networks.empty()) {
    made->networks = std::make_unique<schema::NetworksT>();
    made->networks->entries = asked.networks;
  }
  made->secure_transport = asked.require_tls;
  return made;
}

std::string conditions_text(const std::unique_ptr<schema::ConditionsT>& conditions) {
  if (!conditions) return {};
  std::vector<std::string> parts;
  if (conditions->not_before_ns)
    parts.push_back("from " + time_text_short(*conditions->not_before_ns));
  if (conditions->not_after_ns)
    parts.push_back("until " + time_text_short(*conditions->not_after_ns));
  if (conditions->networks) parts.push_back("in " + joined(conditions->networks->entries, " "));
  if (conditions->secure_transport) parts.push_back("TLS");
  return joined(parts);
}

std::unique_ptr<schema::GrantReferenceT> parse_reference(const std::string& text) {
  if (text.empty()) return nullptr;
  auto made = std::make_unique<schema::GrantReferenceT>();
  const auto point = text.find('.');
  const auto seq = arguments::read_number<std::uint64_t>(text.substr(0, point));
  const auto index =
      arguments::read_number<std::uint16_t>(point == text.npos ? "" : text.substr(point + 1));
  if (!seq || !index)
    stop_usage("--grant takes a grant's name, as 12.0.", "See it in 'grant list' or 'role show'.");
  made->seq = *seq;
  made->index = *index;
  return made;
}

}  // namespace postern::cli
