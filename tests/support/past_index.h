// The index of the past that a journal in memory comes to, as an opening makes it.
#pragma once

#include <stdexcept>

#include "daemon/domain/fold.h"
#include "daemon/domain/past_index.h"
#include "daemon/journal/journal.h"

namespace postern::support {

inline domain::PastIndex past_index_of(const journal::Journal& journal) {
  domain::State state;
  domain::RecordGate gate;
  domain::PastIndex index;
  const auto cursor = journal.read_from(1);
  while (true) {
    const auto bytes = cursor->next();
    if (!bytes) throw std::runtime_error(bytes.error().sentence);
    if (bytes->empty()) return index;
    domain::Changes changes;
    const auto record = domain::fold(state, gate, *bytes, changes);
    if (!record) throw std::runtime_error(record.error().sentence);
    domain::PastNotes notes;
    domain::note(**record, changes, notes);
    index.take(std::move(notes));
  }
}

}  // namespace postern::support
