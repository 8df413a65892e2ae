#include "daemon/domain/conditions.h"

#include <algorithm>

namespace postern::domain {

namespace {

enum class Judgement { met, unmet, unknown };

const Providers& providers_of(const CallFacts& call) {
  static const Providers none_imported;
  return call.providers != nullptr ? *call.providers : none_imported;
}

Judgement judge_time(const Conditions& conditions, const CallFacts& call) {
  const bool is_early = conditions.not_before_ns && call.now_ns < *conditions.not_before_ns;
  return is_early || are_over(conditions, call.now_ns) ? Judgement::unmet : Judgement::met;
}

Judgement judge_networks(const Conditions& conditions, const CallFacts& call) {
  if (conditions.networks == nullptr) return Judgement::met;
  const NetworkList& list = *conditions.networks;
  // One that did not compile says nothing.
  if (!call.address || list.entries.empty()) return Judgement::unknown;
  if (holds(list, *call.address, providers_of(call))) return Judgement::met;
  return unknown_providers(list, providers_of(call)) == 0 ? Judgement::unmet : Judgement::unknown;
}

Judgement judge_transport(const Conditions& conditions, const CallFacts& call) {
  if (!conditions.secure_transport || call.tls) return Judgement::met;
  return call.tls_told ? Judgement::unmet : Judgement::unknown;
}

constexpr Judgement (*judges[])(const Conditions&, const CallFacts&) = {judge_time, judge_networks,
                                                                        judge_transport};

}  // namespace

std::optional<Conditions> conditions_of(const schema::Conditions* stored) {
  if (stored == nullptr) return std::nullopt;
  Conditions made;
  if (const auto time_ns = stored->not_before_ns()) made.not_before_ns = *time_ns;
  if (const auto time_ns = stored->not_after_ns()) made.not_after_ns = *time_ns;
  made.networks = compile(stored->networks()).value_or(std::make_shared<const NetworkList>());
  made.secure_transport = stored->secure_transport();
  const bool any =
      made.not_before_ns || made.not_after_ns || made.networks != nullptr || made.secure_transport;
  return any ? std::optional(std::move(made)) : std::nullopt;
}

std::unique_ptr<schema::ConditionsT> as_schema(const Conditions& conditions) {
  auto made = std::make_unique<schema::ConditionsT>();
  if (conditions.not_before_ns) made->not_before_ns = *conditions.not_before_ns;
  if (conditions.not_after_ns) made->not_after_ns = *conditions.not_after_ns;
  made->networks = as_schema(conditions.networks);
  made->secure_transport = conditions.secure_transport;
  return made;
}

bool are_equal(const Conditions* left, const Conditions* right) {
  if (left == nullptr || right == nullptr) return left == right;
  const auto entries_of = [](const Conditions& conditions) {
    return conditions.networks ? conditions.networks->entries : std::vector<std::string>();
  };
  return left->not_before_ns == right->not_before_ns && left->not_after_ns == right->not_after_ns &&
         left->secure_transport == right->secure_transport &&
         entries_of(*left) == entries_of(*right);
}

bool are_in_force(const Conditions* conditions, bool deny, const CallFacts& call) {
  if (conditions == nullptr) return true;
  // A deny holds until one part says that it does not, an allow needs each to say that it does.
  return std::ranges::all_of(judges, [&](auto judge) {
    const Judgement found = judge(*conditions, call);
    return found == Judgement::met || (deny && found == Judgement::unknown);
  });
}

bool are_over(const Conditions& conditions, std::int64_t now_ns) {
  return conditions.not_after_ns && now_ns >= *conditions.not_after_ns;
}

std::vector<std::string> missing_facts(const NetworkList& list, const CallFacts& call) {
  if (!call.address) return {"The call names no address."};
  const std::uint32_t unknown = unknown_providers(list, providers_of(call));
  if (unknown == 0 || holds(list, *call.address, providers_of(call))) return {};
  return {"No ranges of " + names_of_providers(unknown) + " are known: import them."};
}

std::vector<std::string> parts_told(const Conditions& conditions, bool deny,
                                    const CallFacts& call) {
  std::vector<std::string> parts;
  if (conditions.not_before_ns && call.now_ns < *conditions.not_before_ns)
    parts.push_back("It does not hold yet: see its 'not before'.");
  if (are_over(conditions, call.now_ns)) parts.push_back("It holds no more: see its 'not after'.");
  const Judgement near = judge_networks(conditions, call);
  if (near == Judgement::unknown) {
    for (const std::string& fact : missing_facts(*conditions.networks, call)) parts.push_back(fact);
    parts.push_back("So its networks cannot be judged, which counts against the caller.");
  } else if (near == Judgement::unmet) {
    parts.push_back("The address " + text_of(*call.address) + " is not in its networks.");
  }
  const Judgement transport = judge_transport(conditions, call);
  if (transport == Judgement::unknown)
    parts.push_back("It is not said whether the call was made over TLS, which counts against the "
                    "caller.");
  else if (transport == Judgement::unmet && !deny)
    parts.push_back("The call was not made over TLS.");
  return parts;
}

}  // namespace postern::domain
