#include "tests/simulation/ledger.h"

#include <algorithm>

namespace postern::simulation {

void Ledger::follow(const journal::Journal& journal) {
  if (journal.head().seq <= records_.size()) return;
  const auto cursor = journal.read_from(records_.size() + 1);
  for (auto bytes = cursor->next(); bytes && !bytes->empty(); bytes = cursor->next()) {
    records_.emplace_back(bytes->begin(), bytes->end());
    const auto record = reading_.open(records_.back());
    if (!record) {
      findings_.push_back("record " + std::to_string(records_.size()) + " cannot be opened");
      return;
    }
    if ((*record)->role() == schema::Role::daemon) continue;
    // K1: whatever happens, an id acts once.
    if (!commands_.emplace(id_of(*(*record)->command_id()), records_.size()).second)
      findings_.push_back("K1: record " + std::to_string(records_.size()) +
                          " is of a command that has a record");
  }
}

void Ledger::compare(const journal::Journal& journal) {
  const auto cursor = journal.read_from(1);
  for (std::uint64_t seq = 1; seq <= records_.size(); ++seq) {
    const auto bytes = cursor->next();
    if (bytes && std::ranges::equal(*bytes, records_[seq - 1])) continue;
    findings_.push_back("K5: record " + std::to_string(seq) + " of " +
                        std::to_string(records_.size()) + " durable ones is gone or another");
    return;
  }
}

std::optional<std::uint64_t> Ledger::seq_of(const schema::Uuid& command) const {
  const auto found = commands_.find(id_of(command));
  if (found == commands_.end()) return std::nullopt;
  return found->second;
}

std::uint64_t Ledger::failures_of(const schema::Uuid& user) const {
  const auto found = failures_.find(id_of(user));
  return found == failures_.end() ? 0 : found->second;
}

void Ledger::hear_until(std::uint64_t seq) {
  while (state_.seq() < seq) {
    domain::Changes changes;
    const auto folded = domain::fold(state_, folding_, records_.at(state_.seq()), changes);
    if (!folded) {
      findings_.push_back("the journal cannot be folded: " + folded.error().sentence);
      return;
    }
    const schema::Record& record = **folded;
    support::Oracle::Place place;
    if (record.tenant() != nullptr) place.tenant = *record.tenant();
    place.role = record.role();
    place.seq = record.seq();
    place.time_ns = record.time_ns();
    for (const schema::Event* event : *record.events()) {
      schema::EventT native;
      event->UnPackTo(&native);
      // The oracle reads profiles in the open only, and no decision depends on them.
      if (auto* created = native.body.AsUserCreated()) created->sealed_profile.clear();
      if (auto* changed = native.body.AsProfileChanged()) changed->sealed_profile.clear();
      oracle_.hear(place, native);
      ++place.index;
      if (event->body_type() == schema::EventBody::PasswordFailed && event->user() != nullptr)
        ++failures_[id_of(*event->user())];
    }
    if (on_record) on_record(record);
  }
}

}  // namespace postern::simulation
