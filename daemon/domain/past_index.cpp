#include "daemon/domain/past_index.h"

#include <algorithm>
#include <iterator>

#include "daemon/domain/past.h"

namespace postern::domain {

namespace {

void note_names(const schema::Record& record, const Changes& changes, PastNotes& notes) {
  for (const auto& [before, after, number] : changes.users) {
    if (before == nullptr || after == nullptr) continue;
    const bool was_named = before->status != schema::UserStatus::deleted;
    const bool is_named = after->status != schema::UserStatus::deleted;
    const bool loses_it =
        was_named && (!is_named || !equal_names(before->username, after->username));
    if (loses_it)
      notes.former_names.push_back(
          {before->tenant, fold_name(before->username), {before->id, record.seq()}});
  }
}

std::vector<PastNotes::Structural> sorted(std::vector<PastNotes::Structural> notes) {
  std::ranges::sort(notes, {}, &PastNotes::Structural::seq);
  return notes;
}

}  // namespace

void PastNotes::append(PastNotes after) {
  const auto move = [](auto& from, auto& to) { std::ranges::move(from, std::back_inserter(to)); };
  seq = std::max(seq, after.seq);
  move(after.structural, structural);
  move(after.installation, installation);
  move(after.ranges, ranges);
  move(after.former_names, former_names);
  move(after.times, times);
}

void note(const schema::Record& record, const Changes& changes, PastNotes& notes) {
  notes.seq = record.seq();
  if (record.seq() % PastIndex::times_step == 0)
    notes.times.push_back({record.seq(), record.time_ns()});
  note_names(record, changes, notes);
  bool is_structural = false;
  bool is_installation = false;
  for (const schema::Event* event : *record.events()) {
    const EventSubject subject = subject_of(*event);
    is_structural |= subject == EventSubject::tenant;
    if (const auto* ranges = event->body_as_RangesImported())
      notes.ranges.push_back({ranges->provider(), record.seq()});
    else
      is_installation |= subject == EventSubject::installation;
  }
  if (is_structural && record.tenant() != nullptr)
    notes.structural.push_back({*record.tenant(), record.seq()});
  if (is_installation) notes.installation.push_back(record.seq());
}

void PastIndex::take(PastNotes notes) {
  seq_ = std::max(seq_, notes.seq);
  for (const auto& [tenant, seq] : notes.structural) structural_[tenant].push_back(seq);
  installation_.insert(installation_.end(), notes.installation.begin(), notes.installation.end());
  for (const auto& [provider, seq] : notes.ranges)
    if (const auto place = static_cast<std::size_t>(provider); place < ranges_.size())
      ranges_[place].push_back(seq);
  for (auto& [tenant, name, owner] : notes.former_names)
    former_owners_[{tenant, std::move(name)}].push_back(owner);
  times_.insert(times_.end(), notes.times.begin(), notes.times.end());
}

PastNotes PastIndex::notes() const {
  PastNotes made;
  made.seq = seq_;
  for (const auto& [tenant, seqs] : structural_)
    for (const Seq seq : seqs) made.structural.push_back({tenant, seq});
  made.structural = sorted(std::move(made.structural));
  made.installation = installation_;
  for (std::size_t place = 0; place < ranges_.size(); ++place)
    for (const Seq seq : ranges_[place])
      made.ranges.push_back({static_cast<schema::Provider>(place), seq});
  std::ranges::stable_sort(made.ranges, {}, &PastNotes::Ranges::seq);
  for (const auto& [name, owners] : former_owners_)
    for (const FormerOwner& owner : owners)
      made.former_names.push_back({name.tenant, name.folded, owner});
  std::ranges::stable_sort(made.former_names, {},
                           [](const auto& name) { return name.owner.until_seq; });
  made.times = times_;
  return made;
}

std::span<const Seq> PastIndex::structural(const Uuid& tenant) const {
  const auto place = structural_.find(tenant);
  return place == structural_.end() ? std::span<const Seq>() : place->second;
}

Seq PastIndex::ranges(schema::Provider provider, Seq until) const {
  const auto& seqs = ranges_[static_cast<std::size_t>(provider)];
  const auto after = std::ranges::upper_bound(seqs, until);
  return after == seqs.begin() ? 0 : *std::prev(after);
}

std::span<const FormerOwner> PastIndex::former_owners(const Uuid& tenant,
                                                      std::string_view username) const {
  const auto place = former_owners_.find(Name{tenant, fold_name(username)});
  return place == former_owners_.end() ? std::span<const FormerOwner>() : place->second;
}

Seq PastIndex::near(std::int64_t time_ns) const {
  const auto after = std::ranges::upper_bound(times_, time_ns, {}, &PastNotes::Time::time_ns);
  return after == times_.begin() ? 0 : std::prev(after)->seq;
}

std::size_t PastIndex::bytes() const {
  std::size_t bytes =
      times_.capacity() * sizeof(PastNotes::Time) + installation_.capacity() * sizeof(Seq);
  for (const auto& [tenant, seqs] : structural_)
    bytes += sizeof(Uuid) + sizeof(seqs) + seqs.capacity() * sizeof(Seq);
  for (const auto& seqs : ranges_) bytes += seqs.capacity() * sizeof(Seq);
  for (const auto& [name, owners] : former_owners_)
    bytes += sizeof(Name) + name.folded.capacity() + sizeof(owners) +
             owners.capacity() * sizeof(FormerOwner);
  return bytes;
}

}  // namespace postern::domain
