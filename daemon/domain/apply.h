// Folds an event into the state. Total: it holds no rule, refuses nothing and cannot fail (law 1).
#pragma once

#include "daemon/domain/state.h"
#include "event_generated.h"

namespace postern::domain {

/// What a record says of all its events.
struct RecordFacts {
  Seq seq = 0;
  schema::Role role = schema::Role::none;
  /// The tenant it concerns; zero: none.
  Uuid tenant;
  std::int64_t time_ns = 0;
};

/// `index` is the event's place in its record. An event about something that is not there changes
/// nothing.
void apply(State& state, const RecordFacts& record, const schema::Event& event, std::uint16_t index,
           Changes& changes);

/// Whether this build knows the event's kind; a journal with an unknown one is not opened.
bool is_known(const schema::Event& event);

/// Applies every event of a stored record and closes it.
void apply_record(State& state, const schema::Record& record, Changes& changes);

}  // namespace postern::domain
