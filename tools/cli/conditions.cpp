#include "tools/cli/conditions.h"

#include "tools/cli/values.h"
#include "tools/cli/verb.h"
#include "tools/text/numbers.h"
#include "tools/text/times.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace {}  // namespace

void add_grant_options(arguments::Options& options, std::string& action,
                       std::vector<std::string>& resources, bool& deny) {
  options.add("ACTION", &action, "Actions of the resource's kind, with commas between, or *")
      .required();
  options
      .add("RESOURCE", &resources,
           "Paths, as table/customer, or names as the catalogue describes them; several are "
           "one batch")
      .required();
  options.add("--deny", &deny, "A deny, which beats every allow");
}

void add_condition_options(Options& options, ConditionArguments& asked) {
  options.add("--not-before", &asked.not_before,
              "In force from this time on, as 2027-01-31T00:00:00Z");
  options.add("--not-after", &asked.not_after, "In force before this time");
  options.add("--networks", List{&asked.networks},
              "From these alone: CIDRs, addresses, providers, with commas between");
  options.add("--require-tls", &asked.require_tls, "For calls over TLS alone");
}

std::unique_ptr<schema::ConditionsT> conditions_of(const ConditionArguments& asked) {
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

std::unique_ptr<schema::GrantReferenceT> parse_reference(const std::string& text) {
  if (text.empty()) return nullptr;
  auto made = std::make_unique<schema::GrantReferenceT>();
  const auto point = text.find('.');
  const auto seq = text::read_number<std::uint64_t>(text.substr(0, point));
  const auto index =
      text::read_number<std::uint16_t>(point == text.npos ? "" : text.substr(point + 1));
  if (!seq || !index)
    stop_usage("--grant takes a grant's name, as 12.0.", "See it in 'grant list' or 'role show'.");
  made->seq = *seq;
  made->index = *index;
  return made;
}

}  // namespace postern::cli
