// U11: copies of the keys.
#include "daemon/domain/day.h"
#include "daemon/domain/public_key.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;

namespace {

constexpr std::int64_t kept_ns_max = 36'525 * day_ns;

}  // namespace

void back_up_keys(const Case& asked) {
  const auto& body = *asked.command.body_as_BackUpKeys();
  if (!view_of(asked.context.message->tenant()).empty())
    asked.refuse(Code::field_malformed, "tenant", "A copy of the keys concerns no tenant alone.");
  const auto* recipient = body.recipient();
  if (recipient == nullptr)
    asked.refuse(Code::field_missing, "recipient");
  else if (!names_somebody({recipient->data(), recipient->size()}))
    asked.refuse(Code::field_malformed, "recipient",
                 "It must be a public key of 32 bytes that somebody can hold; found " +
                     std::to_string(recipient->size()) + " bytes.");
  const std::int64_t now_ns = asked.context.now_ns;
  if (body.kept_until_ns() <= now_ns || body.kept_until_ns() - now_ns > kept_ns_max)
    asked.refuse(Code::field_malformed, "kept_until_ns",
                 "It must lie after now, and at most 100 years on.");
  if (!asked.decision.refusals.empty()) return;
  schema::KeysBackedUpT recorded;
  recorded.recipient.assign(recipient->begin(), recipient->end());
  recorded.kept_until_ns = body.kept_until_ns();
  asked.cause(recorded);
}

}  // namespace postern::domain
