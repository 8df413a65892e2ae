#include "daemon/service/command_gate.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "daemon/credential/signature.h"
#include "daemon/service/permissions.h"
#include "schema/signed_message.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::Code;
using Problems = std::vector<schema::ProblemT>;

/// One import of a provider's ranges may have 4 MiB, a batch 1 MiB, any other command 64 KiB.
std::size_t bytes_max_of(const schema::CommandMessage& message) {
  const auto& commands = *message.commands();
  if (commands.size() > 1) return batch_bytes_max;
  const bool imports = commands[0]->body_type() == schema::CommandBody::ImportRanges;
  return imports ? command_limits.bytes_max : single_bytes_max;
}

void check_size(const CommandTask& task, Problems& problems) {
  const std::size_t bytes = task.message.bytes().size();
  const std::size_t bytes_max = bytes_max_of(*task.message);
  if (bytes > bytes_max)
    problems.push_back(make_problem(Code::too_large, "", limit_and_size(bytes_max, bytes)));
}

void check_permissions(const CommandTask& task, const domain::Operator& asker, Problems& problems) {
  std::uint32_t index = 0;
  for (const schema::Command* command : *task.message->commands()) {
    const auto kind = command->body() == nullptr ? schema::CommandBody::NONE : command->body_type();
    if (auto refused = refusal(asker, kind)) {
      refused->index = index;
      problems.push_back(std::move(*refused));
    }
    ++index;
  }
}

/// H11: evidence tells of calls, which a service may not read.
void check_guard(const CommandTask& task, const domain::Operator& asker, Problems& problems) {
  if (task.message->guard() != nullptr && asker.role == schema::Role::service)
    problems.push_back(make_problem(Code::not_permitted, "guard", "A service sends no guard."));
}

/// O4: one that is there must be the asker's; a tenant's policy says whether one must be.
void check_signature(const CommandTask& task, const domain::Operator& asker,
                     const domain::State& state, Problems& problems) {
  if (!schema::is_signed(*task.message)) {
    const domain::Tenant* tenant =
        domain::find_tenant_in_scope(state, asker, schema::view_of(task.message->tenant()));
    if (tenant != nullptr && tenant->policies.signatures_required)
      problems.push_back(make_problem(Code::signature_missing, "signature"));
    return;
  }
  credential::Signature signature;
  std::memcpy(signature.data(), task.message->signature()->data(), signature.size());
  const auto is_its = [&](const std::array<std::uint8_t, 32>& key) {
    return credential::verify_signature(std::bit_cast<credential::SigningPublicKey>(key),
                                        task.signed_message, signature);
  };
  if (!std::ranges::any_of(asker.signing_keys, is_its))
    problems.push_back(make_problem(Code::signature_invalid, "signature",
                                    asker.signing_keys.empty()
                                        ? "The operator has no signing key."
                                        : "None of the operator's signing keys made it."));
}

}  // namespace

std::int64_t CommandGate::watch_clock() {
  const Present::Standing clock = parts_.clock.look();
  parts_.vitals.clock_behind_ns = clock.behind_ns;
  parts_.vitals.clock_ahead_ns = clock.ahead_ns;
  const bool suspect = clock.is_suspect();
  if (std::exchange(clock_is_suspect_, suspect) != suspect) tell_of_clock(clock);
  return clock.believed_ns;
}

void CommandGate::tell_of_clock(const Present::Standing& clock) {
  parts_.vitals.clock_suspect = clock_is_suspect_;
  if (!clock_is_suspect_) return parts_.log(diagnostic<Line::clock_believed>());
  parts_.log(clock.ahead_ns > 0 ? diagnostic<Line::clock_ahead>(Duration{clock.ahead_ns})
                                : diagnostic<Line::clock_behind>(Duration{clock.behind_ns}));
}

CommandGate::Standing CommandGate::standing_of(const CommandTask& task,
                                               const domain::Operator& asker,
                                               std::int64_t believed_ns) const {
  if (task.message->dry_run() || task.message->id() == nullptr) return {};
  const auto seq = ids_.find(asker.id, task.id());
  // Whether an older one ever acted is not known any more; it never will.
  if (!seq)
    return {domain::time_ms_of(task.id()) < ids_.since_ms() ? IdStanding::expired
                                                            : IdStanding::fresh};
  // A clock that is not right says nothing of an id that is remembered.
  const bool may_come = parts_.vitals.clock_suspect || is_in_window(task.id(), believed_ns);
  return {may_come ? IdStanding::recorded : IdStanding::expired, *seq};
}

bool CommandGate::is_in_window(const Uuid& id, std::int64_t believed_ns) const {
  return ids_.in_window(id, believed_ns / 1'000'000);
}

Problems CommandGate::problems(const CommandTask& task, const domain::Operator& asker,
                               const domain::State& state) const {
  Problems problems = domain::message_problems(*task.message);
  if (task.message->commands() != nullptr && task.message->commands()->size() > 0) {
    check_size(task, problems);
    check_permissions(task, asker, problems);
    check_guard(task, asker, problems);
  }
  if (problems.empty()) check_signature(task, asker, state, problems);
  return problems;
}

}  // namespace postern::service
