#include "daemon/domain/message.h"

#include <algorithm>

#include "daemon/domain/record_form.h"
#include "schema/identifiers.h"
#include "schema/signed_message.h"
#include "schema/text_view.h"

namespace postern::domain {

namespace {

/// As rules pack them.
void pack(const schema::EventT& fact, PackedEvents& events) {
  events.builder.ForceDefaults(stores_defaults(fact.body.type));
  events.offsets.push_back(schema::CreateEvent(events.builder, &fact));
  events.builder.ForceDefaults(false);
}

/// Applies an event by the very bytes that will be stored.
void apply_event(State& state, const RecordFacts& facts, std::size_t at, Draft& draft) {
  apply(state, facts, draft.events[at], static_cast<std::uint16_t>(draft.first_index + at),
        draft.changes);
}

/// Deciding, packing and applying one that looks at nothing else.
constexpr std::size_t work_of_command = 100;

schema::ProblemT too_much_work(flatbuffers::uoffset_t index) {
  schema::ProblemT made = make_problem(
      schema::Code::too_large, "commands",
      "Together with what is there, a batch of so many commands of these kinds takes too long; up "
      "to this one is the most. Send them in several.");
  made.index = index;
  return made;
}

void take_back(State& state, Draft& draft) {
  state.revert(draft.changes);
  draft.changes = {};
  draft.events.clear();
}

}  // namespace

void Draft::empty_out() {
  events.clear();
  first_index = 0;
  problems.clear();
  changes.clear();
  tenant = {};
  work = 0;
}

Draft decide_message(State& state, const Context& context, std::span<const Material> materials) {
  return decide_message(state, context, materials, EventPlace{state.seq() + 1});
}

Draft decide_message(State& state, const Context& context, std::span<const Material> materials,
                     const EventPlace& place) {
  Draft draft;
  decide_message(state, context, materials, place, draft);
  return draft;
}

void decide_message(State& state, const Context& context, std::span<const Material> materials,
                    const EventPlace& place, Draft& draft) {
  draft.empty_out();
  draft.first_index = place.first_index;
  const schema::CommandMessage& message = *context.message;
  RecordFacts facts{place.seq, context.asker->role, Uuid(), context.now_ns};
  const std::string_view alias =
      message.tenant() == nullptr ? std::string_view() : message.tenant()->string_view();
  if (const auto* tenant = find_tenant_in_scope(state, *context.asker, alias))
    facts.tenant = tenant->id;
  const flatbuffers::uoffset_t count = message.commands()->size();
  std::size_t looked_at = 0;
  const GuardWatch guard(state, context);
  for (flatbuffers::uoffset_t index = 0; index < count; ++index) {
    const std::size_t decided = draft.events.size();
    Decision decision = decide(state, *message.commands()->Get(index), index, materials[index],
                               context, draft.events, looked_at);
    looked_at = decision.work;
    for (schema::ProblemT& problem : decision.refusals)
      draft.problems.push_back(std::move(problem));
    for (std::size_t at = decided; at < draft.events.size(); ++at) {
      if (const auto* created = draft.events[at].body_as_TenantCreated()) {
        if (!is_zero(facts.tenant))
          draft.problems.push_back(make_problem(schema::Code::batch_spans_tenants, "commands"));
        facts.tenant = *created->tenant();
      }
      apply_event(state, facts, at, draft);
    }
    if (count > 1 && looked_at + draft.changes.work > batch_work_max) {
      draft.problems.push_back(too_much_work(index));
      break;
    }
  }
  bool is_taken_back = !draft.problems.empty() && count > 1;
  if (draft.problems.empty()) {
    draft.problems = guard.problems(state, draft.changes);
    is_taken_back = !draft.problems.empty();
  }
  draft.work = work_of_command * count + looked_at + draft.changes.work + guard.work();
  if (is_taken_back) take_back(state, draft);
  draft.tenant = facts.tenant;
}

Draft draft_of(State& state, const Context& context, std::vector<schema::EventT> facts) {
  Draft draft;
  const RecordFacts record{state.seq() + 1, context.asker->role, Uuid(), context.now_ns};
  for (const schema::EventT& fact : facts) {
    pack(fact, draft.events);
    apply_event(state, record, draft.events.size() - 1, draft);
  }
  return draft;
}

StoredRecord seal_record(Draft& draft, State& state, const Context& context,
                         const RecordSeal& seal) {
  const schema::CommandMessage& message = *context.message;
  const Uuid* tenant = is_zero(draft.tenant) ? nullptr : &draft.tenant;
  RecordParts parts;
  parts.seq = state.seq() + 1;
  parts.time_ns = context.now_ns;
  parts.tenant = tenant;
  parts.previous_tenant_seq = tenant ? state.tenant_head(*tenant) : 0;
  parts.operator_id = &context.asker->id;
  parts.role = context.asker->role;
  parts.command_id = message.id();
  parts.contents_hash = seal.contents_hash;
  if (schema::is_signed(message)) {
    parts.signature = {message.signature()->data(), message.signature()->size()};
    parts.signed_message = seal.signed_message;
  }
  parts.reason = schema::view_of(message.reason());
  parts.outcome = draft.problems.empty() ? schema::Code::ok : draft.problems.front().code;
  if (!pack_by_form(draft.events, parts)) pack_record(draft.events, parts);
  state.close_record(parts.seq, context.now_ns, tenant);
  return draft.events.builder.Release();
}

const Operator& the_daemon() {
  static const Operator entry = [] {
    Operator made;
    made.id = daemon_operator;
    made.name = "daemon";
    made.role = schema::Role::daemon;
    made.all_tenants = true;
    return made;
  }();
  return entry;
}

OwnMessage::OwnMessage(const Uuid& id, schema::CommandMessageT message) {
  message.id = std::make_unique<Uuid>(id);
  flatbuffers::FlatBufferBuilder builder(256);
  builder.Finish(schema::CreateCommandMessage(builder, &message),
                 schema::command_message_identifier);
  bytes_ = builder.Release();
}

const schema::CommandMessage& OwnMessage::operator*() const {
  return *flatbuffers::GetRoot<schema::CommandMessage>(bytes_.data());
}

Context OwnMessage::context(const State& state, std::int64_t clock_ns) const {
  return {std::max(clock_ns, state.time_ns()), &the_daemon(), &**this};
}

}  // namespace postern::domain
