#include "daemon/domain/past.h"

#include <algorithm>

#include "daemon/domain/apply.h"

namespace postern::domain {

EventSubject subject_of(const schema::Event& event) {
  using schema::EventBody;
  constexpr EventBody installation[] = {EventBody::JournalCreated,  EventBody::OperatorAdded,
                                        EventBody::OperatorChanged, EventBody::OperatorRemoved,
                                        EventBody::RangesImported,  EventBody::KeysBackedUp,
                                        EventBody::JournalRestored};
  if (std::ranges::find(installation, event.body_type()) != std::end(installation))
    return EventSubject::installation;
  if (event.body_type() == EventBody::CommandRefused) return EventSubject::nothing;
  return event.user() == nullptr ? EventSubject::tenant : EventSubject::user;
}

std::optional<Seq> previous_link(const schema::Record& record, const Uuid& user) {
  for (const schema::Event* event : *record.events())
    if (event->user() != nullptr && *event->user() == user) return event->previous_user_seq();
  return std::nullopt;
}

void apply_part(State& state, const schema::Record& record, const PastScope& scope) {
  RecordFacts facts{record.seq(), record.role(), Uuid(), record.time_ns()};
  if (record.tenant() != nullptr) facts.tenant = *record.tenant();
  const bool lies_in = record.tenant() != nullptr && facts.tenant == scope.tenant;
  const auto is_told = [&](const schema::Event& event) {
    switch (subject_of(event)) {
      case EventSubject::installation:
        return true;
      case EventSubject::tenant:
        return lies_in;
      case EventSubject::user:
        return lies_in && std::ranges::find(scope.users, *event.user()) != scope.users.end();
      case EventSubject::nothing:
        break;
    }
    return false;
  };
  Changes changes{.tells_all = false};
  std::uint16_t index = 0;
  for (const schema::Event* event : *record.events()) {
    if (is_told(*event)) apply(state, facts, *event, index, changes);
    ++index;
  }
  state.close_record(record.seq(), record.time_ns(), lies_in ? record.tenant() : nullptr);
}

}  // namespace postern::domain
