#include "replay/past.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/credential/api_key.h"
#include "daemon/credential/personal.h"
#include "daemon/domain/past.h"
#include "daemon/platform/clock.h"
#include "replay/talk.h"
#include "tools/text/numbers.h"
#include "tools/text/times.h"

namespace postern::replay {

namespace {

std::unexpected<Failure> no_such_moment(std::string sentence, std::string remedy) {
  return std::unexpected(Failure{FailureKind::missing, std::move(sentence), std::move(remedy)});
}

}  // namespace

bool Moment::holds(domain::Seq seq_then, std::int64_t then_ns) const {
  if (seq) return seq_then <= *seq;
  return !time_ns || then_ns <= *time_ns;
}

Expected<Moment> parse_moment(std::string_view text) {
  if (text.empty()) return Moment{};
  if (text.find_first_not_of("0123456789") == text.npos) {
    const auto seq = text::read_number<std::uint64_t>(text, 1);
    if (seq) return Moment{*seq, std::nullopt};
    return std::unexpected(Failure{FailureKind::usage, "no record has the seq " + printable(text),
                                   "Records are counted from 1: --at 1000."});
  }
  const auto time_ns = text::read_time(text);
  if (!time_ns)
    return std::unexpected(
        Failure{FailureKind::usage, printable(text) + " is neither a record's seq nor a time",
                std::string("Give --at a number, or a time. ") + text::wanted_time});
  if (*time_ns > platform::SystemClock().now_ns())
    return std::unexpected(Failure{FailureKind::missing,
                                   text::time_text_short(*time_ns) + " is still to come",
                                   "Name a time that is past, or leave --at out for the newest "
                                   "record."});
  return Moment{std::nullopt, *time_ns};
}

Expected<std::unique_ptr<credential::KeyStore>> open_keys(const DataFolder& folder,
                                                          platform::Entropy& entropy) {
  const auto keys = folder.keys();
  std::error_code error;
  // Where looking fails, opening says why.
  if (keys.empty() || !(std::filesystem::exists(keys, error) || error)) return nullptr;
  return credential::KeyStore::open(keys, entropy);
}

Past::Past(const Audit& audit) : audit_(audit) {
  auditor_.name = "auditor";
  auditor_.role = schema::Role::auditor;
  auditor_.all_tenants = true;
  sources_.cause = [this](domain::Seq seq) { return cause(seq); };
  sources_.personal = [this](const domain::User& user) { return personal_of(user); };
  sources_.imported_ns = [this](const domain::User& user) { return imported_ns_of(user); };
  sources_.session = [](std::string_view) { return std::nullopt; };
  sources_.key_beginning = credential::api_key_beginning;
  sources_.record = [this](domain::Seq seq) { return record_of(seq); };
}

Expected<std::unique_ptr<Past>> Past::read(const Audit& audit, const Moment& moment,
                                           const PastReading& wanted) {
  auto past = read(std::unique_ptr<Past>(new Past(audit)), moment, wanted, nullptr);
  if (!past) return past;
  (*past)->show_erased();
  (*past)->view_.load((*past)->state_.tables());
  return past;
}

Expected<std::unique_ptr<Past>> Past::read_from_snapshot(const Audit& audit, const Moment& moment) {
  const auto reaches = [&](domain::Seq seq, std::int64_t time_ns) {
    return moment.holds(seq, time_ns);
  };
  const auto snapshot = audit.folder.snapshot(reaches, audit.streams.talk);
  std::unique_ptr<Past> begun(new Past(audit));
  if (snapshot != nullptr) {
    begun->state_ = std::move(snapshot->state);
    say(audit.streams.talk,
        fmt::format("begun with the snapshot of record {}, which this installation signed; what "
                    "lies before it was not read: 'verify' reads it.",
                    snapshot->head.journal.seq));
  }
  auto past = read(std::move(begun), moment, {}, snapshot ? &snapshot->head : nullptr);
  if (past) (*past)->view_.load((*past)->state_.tables());
  return past;
}

Expected<std::unique_ptr<Past>> Past::read(std::unique_ptr<Past> past, const Moment& moment,
                                           const PastReading& wanted,
                                           const data::SnapshotHead* known) {
  const Audit& audit = past->audit_;
  auto keys = open_keys(audit.folder, past->entropy_);
  if (!keys) return std::unexpected(keys.error());
  past->keys_ = std::move(*keys);
  DataFolder::Reading reading;
  reading.known = known;
  reading.is_wanted = [&](const schema::Record& record) {
    if (record.seq() == 1) past->first_time_ns_ = record.time_ns();
    if (moment.holds(record)) return true;
    past->later_seen_ = true;
    past->note_erasures(record);
    if (wanted.on_later) wanted.on_later(record);
    return false;
  };
  reading.on_step = [&](const Step& step) {
    if (wanted.on_step) wanted.on_step(step);
    return Rest::fold;
  };
  reading.takes_extract = wanted.takes_extract;
  {
    Progress progress(audit.streams.talk, audit.streams.watched);
    auto proved = audit.folder.read(past->state_, progress, reading);
    if (!proved) return std::unexpected(proved.error());
    past->proved_ = std::move(**proved);
  }
  if (const auto there = past->arrive(moment); !there) return std::unexpected(there.error());
  return past;
}

Expected<> Past::go_on(const Moment& moment, const std::function<void(const Step&)>& on_step) {
  const auto cursor = proved_.journal->read_from(seq() + 1);
  domain::Changes changes;
  for (;;) {
    const auto bytes = cursor->next();
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) break;
    const auto record = gate_.open(*bytes);
    if (!record) return std::unexpected(unfit(record.error(), seq() + 1));
    if (!moment.holds(**record)) break;
    changes = {};
    if (const auto folded = domain::fold(state_, **record, changes); !folded)
      return std::unexpected(unfit(folded.error(), seq() + 1));
    on_step({**record, state_, changes});
  }
  if (const auto there = arrive(moment); !there) return there;
  show_erased();
  view_.load(state_.tables());
  return {};
}

Expected<> Past::arrive(const Moment& moment) {
  const char* what = proved_.extract ? "extract" : "journal";
  if (moment.seq && *moment.seq > proved_.last_seq())
    return no_such_moment(
        fmt::format("the {} ends at record {}, before {}", what, proved_.last_seq(), *moment.seq),
        "Name a record that it has, or leave --at out for the newest.");
  if (seq() == 0)
    return no_such_moment(
        fmt::format("the journal begins at {}, after {}", text::time_text_short(first_time_ns_),
                    text::time_text_short(moment.time_ns.value_or(0))),
        "Name a later time.");
  // Of a record that is not there nobody can tell what time it was.
  if (moment.seq && !moment.time_ns && seq() != *moment.seq)
    return no_such_moment(
        fmt::format("the extract does not hold record {}, which tells of another tenant",
                    *moment.seq),
        fmt::format("Name a time, or record {}, the newest one before it that is held.", seq()));
  time_ns_ = std::max(time_ns_, moment.time_ns.value_or(state_.time_ns()));
  return {};
}

std::optional<domain::Uuid> Past::tenant() const {
  return proved_.extract ? proved_.extract->head().range.tenant : std::nullopt;
}

void Past::note_erasures(const schema::Record& record) {
  for (const schema::Event* event : *record.events())
    if (event->body_type() == schema::EventBody::UserErased && event->user() != nullptr)
      erased_.emplace(*event->user(), record.seq());
}

void Past::show_erased() {
  if (erased_.empty()) return;
  replaced_ = domain::erase_as_now(state_, [this](const domain::Uuid& user) {
    const auto place = erased_.find(user);
    return place == erased_.end() ? domain::Seq{0} : place->second;
  });
}

/// Nobody can read what is sealed without keys.
schema::PersonalT Past::personal_of(const domain::User& user) const {
  if (keys_ == nullptr || user.sealed_profile == nullptr) return {};
  const auto key = keys_->user_key({user.key.file, user.key.slot});
  auto personal = key ? credential::open_personal(*key, user.id, credential::PersonalPart::profile,
                                                  *user.sealed_profile)
                      : std::unexpected(key.error());
  if (personal) return *std::move(personal);
  say(audit_.streams.talk, "the profile of user " + printable(user.username) +
                               " cannot be opened: " + personal.error().sentence);
  return {};
}

std::int64_t Past::imported_ns_of(const domain::User& user) const {
  if (keys_ == nullptr || user.sealed_password == nullptr) return 0;
  const auto key = keys_->user_key({user.key.file, user.key.slot});
  return key ? credential::imported_ns_of(*key, user.id, *user.sealed_password).value_or(0) : 0;
}

std::shared_ptr<const schema::Record> Past::record_of(domain::Seq seq) const {
  if (seq == 0 || seq > this->seq()) return nullptr;
  auto gate = std::make_shared<domain::RecordGate>();
  const auto stored = proved_.record(seq);
  const auto record =
      stored ? gate->open(*stored) : std::unexpected(domain::Unfit{false, stored.error().sentence});
  if (!record) {
    say(audit_.streams.talk,
        fmt::format("record {} cannot be read: {}", seq, record.error().sentence));
    return nullptr;
  }
  return {std::move(gate), *record};
}

schema::CauseT Past::cause(domain::Seq seq) const {
  const auto stored = proved_.record(seq);
  const auto record =
      stored ? gate_.open(*stored) : std::unexpected(domain::Unfit{false, stored.error().sentence});
  if (record) return view::cause_of(**record);
  say(audit_.streams.talk,
      fmt::format("record {} cannot be read: {}", seq, record.error().sentence));
  schema::CauseT unread;
  unread.seq = seq;
  return unread;
}

}  // namespace postern::replay
