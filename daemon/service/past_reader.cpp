#include "daemon/service/past_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "schema/problem.h"

namespace postern::service {

namespace {

using schema::Code;
using schema::make_problem;

/// To step over so many is less work than to look for a place anew.
constexpr domain::Seq steps_max = 16;

std::unexpected<schema::ProblemT> too_many() {
  return std::unexpected(make_problem(
      Code::too_large, "at_seq",
      "The limit is " + std::to_string(PastReader::records_max) +
          " records for one answer. Ask postern-replay, which reads a copy of the data folder."));
}

}  // namespace

std::unexpected<schema::ProblemT> unread(const std::string& sentence) {
  return std::unexpected(make_problem(Code::journal_unavailable, "", sentence));
}

void show_erased_as_now(domain::State& past, const view::View& present) {
  domain::erase_as_now(past, [&](const domain::Uuid& id) {
    const domain::User* user = present.tables().find_user(id);
    return user == nullptr ? domain::Seq{0} : domain::extras_of(*user).erased_seq;
  });
}

// ---- records

const schema::Record* PastReader::Kept::find(domain::Seq seq) const {
  const auto place = open_.find(seq);
  return place == open_.end() ? nullptr : place->second.record;
}

const schema::Record* PastReader::Kept::keep(domain::Seq seq, const schema::Record& record,
                                             domain::RecordGate& gate, std::size_t bytes) {
  if (bytes_ + bytes > kept_bytes_max) clear();
  bytes_ += bytes;
  // The bytes stay where they are when the gate moves.
  open_[seq] = {std::exchange(gate, {}), &record};
  return &record;
}

void PastReader::Kept::clear() {
  open_.clear();
  bytes_ = 0;
}

PastReader::Answer<const schema::Record*> PastReader::record(domain::Seq seq, std::size_t& bytes) {
  if (cursor_ == nullptr || seq < next_ || seq - next_ > steps_max) {
    cursor_ = journal_.read_from(seq);
    next_ = seq;
  }
  while (true) {
    const auto stored = cursor_->next();
    if (!stored || stored->empty()) cursor_ = nullptr;
    if (!stored) return unread(stored.error().sentence);
    if (stored->empty()) return unread("There is no record " + std::to_string(seq) + ".");
    if (next_++ != seq) continue;
    bytes = stored->size();
    const auto opened = gate_.open(*stored);
    if (!opened) return unread(opened.error().sentence);
    return *opened;
  }
}

PastReader::Answer<const schema::Record*> PastReader::record(domain::Seq seq) {
  std::size_t bytes = 0;
  return record(seq, bytes);
}

PastReader::Answer<const schema::Record*> PastReader::record(domain::Seq seq, Kept& kept) {
  if (const schema::Record* open = kept.find(seq)) return open;
  std::size_t bytes = 0;
  const auto found = record(seq, bytes);
  if (!found) return found;
  return kept.keep(seq, **found, gate_, bytes);
}

// ---- moments

PastReader::Answer<std::int64_t> PastReader::time_of(domain::Seq seq) {
  const auto found = record(seq);
  cursor_ = nullptr;
  if (!found) return std::unexpected(found.error());
  return (*found)->time_ns();
}

PastReader::Answer<domain::Seq> PastReader::seq_at(const domain::PastIndex& index,
                                                   std::int64_t time_ns, domain::Seq until) {
  domain::Seq at = std::min(index.near(time_ns), until);
  domain::Seq beyond = std::min(at + domain::PastIndex::times_step, until) + 1;
  // Times of records never fall.
  while (beyond - at > 1) {
    const domain::Seq middle = at + (beyond - at) / 2;
    const auto time = time_of(middle);
    if (!time) return std::unexpected(time.error());
    (*time <= time_ns ? at : beyond) = middle;
  }
  return at;
}

/// Adds the user's records up to `seq`.
PastReader::Answer<void> PastReader::follow_links(const PastUser& user, domain::Seq seq,
                                                  std::vector<domain::Seq>& seqs) {
  std::size_t count = 0;
  for (domain::Seq at = user.last_seq; at != 0;) {
    if (++count > records_max || seqs.size() > records_max) return too_many();
    if (at <= seq) seqs.push_back(at);
    const auto found = at <= seq ? record(at, own_) : record(at);
    if (!found) return std::unexpected(found.error());
    const auto before = domain::previous_link(**found, user.id);
    if (!before || *before >= at)
      return unread("Record " + std::to_string(at) + " has no link to an older one of its user.");
    at = *before;
  }
  return {};
}

PastReader::Answer<std::unique_ptr<Past>> PastReader::part(const domain::PastIndex& index,
                                                           const domain::Uuid& tenant,
                                                           const std::vector<PastUser>& users,
                                                           domain::Seq seq) {
  // None of both is open for longer than an answer takes.
  const struct Closer {
    PastReader& reader;
    ~Closer() {
      reader.cursor_ = nullptr;
      reader.own_.clear();
    }
  } closer{*this};
  std::vector<domain::Seq> seqs;
  const auto add_until = [&](std::span<const domain::Seq> found) {
    seqs.insert(seqs.end(), found.begin(), std::ranges::upper_bound(found, seq));
  };
  domain::PastScope scope{tenant};
  for (const PastUser& user : users) {
    scope.users.push_back(user.id);
    if (auto found = follow_links(user, seq, seqs); !found)
      return std::unexpected(std::move(found.error()));
  }
  std::vector<domain::Seq> own = seqs;
  std::ranges::sort(own);
  add_until(index.structural(tenant));
  add_until(index.installation());
  for (std::size_t provider = 1; provider < domain::provider_count; ++provider)
    if (const auto newest = index.ranges(static_cast<schema::Provider>(provider), seq))
      seqs.push_back(newest);
  std::ranges::sort(seqs);
  seqs.erase(std::ranges::unique(seqs).begin(), seqs.end());
  if (seqs.size() > records_max) return too_many();
  auto past = std::make_unique<Past>();
  cursor_ = nullptr;
  for (const domain::Seq one : seqs) {
    const bool is_own = std::ranges::binary_search(own, one);
    const auto found = record(one, is_own ? own_ : rules_);
    if (!found) return std::unexpected(found.error());
    domain::apply_part(past->state, **found, scope);
  }
  return past;
}

}  // namespace postern::service
