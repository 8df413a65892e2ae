#include "daemon/domain/conditions.h"

namespace postern::domain {

namespace {

bool is_near(const Conditions& conditions, const CallFacts& call) {
  static const Providers none;
  return conditions.networks == nullptr ||
         (call.address &&
          holds(*conditions.networks, *call.address, call.providers ? *call.providers : none));
}

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

bool are_met(const Conditions& conditions, const CallFacts& call) {
  if (conditions.not_before_ns && call.now_ns < *conditions.not_before_ns) return false;
  if (conditions.not_after_ns && call.now_ns >= *conditions.not_after_ns) return false;
  if (conditions.secure_transport && !call.tls) return false;
  return is_near(conditions, call);
}

std::vector<std::string> unmet_parts(const Conditions& conditions, const CallFacts& call) {
  std::vector<std::string> parts;
  if (conditions.not_before_ns && call.now_ns < *conditions.not_before_ns)
    parts.push_back("It does not hold yet: see its 'not before'.");
  if (conditions.not_after_ns && call.now_ns >= *conditions.not_after_ns)
    parts.push_back("It holds no more: see its 'not after'.");
  if (!is_near(conditions, call))
    parts.push_back(call.address
                        ? "The address " + text_of(*call.address) + " is not in its networks."
                        : "The call names no address, and its networks are limited.");
  if (conditions.secure_transport && !call.tls) parts.push_back("The call was not made over TLS.");
  return parts;
}

}  // namespace postern::domain
