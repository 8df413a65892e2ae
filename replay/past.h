// The state at a moment of the past, with what the answers of view/ need besides (H1, Q9).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/credential/key_store.h"
#include "daemon/platform/entropy.h"
#include "daemon/view/inquiry.h"
#include "replay/verbs.h"

namespace postern::replay {

/// A moment as somebody asks for it: after a record, or at a time; neither: after the newest
/// record.
struct Moment {
  std::optional<std::uint64_t> seq;
  /// UTC nanoseconds; the records of that very time have happened.
  std::optional<std::int64_t> time_ns;

  /// Whether the record has happened by then.
  bool holds(const schema::Record& record) const { return holds(record.seq(), record.time_ns()); }
  bool holds(domain::Seq seq_then, std::int64_t then_ns) const;
};

/// `TIME|SEQ`: a number is a seq, anything else RFC 3339; empty: after the newest record. Fails
/// with `usage`, and for a time that is still to come with `missing`.
Expected<Moment> parse_moment(std::string_view text);

/// The users' keys; null: none lie there, so that nothing sealed is opened.
Expected<std::unique_ptr<credential::KeyStore>> open_keys(const DataFolder& folder,
                                                          platform::Entropy& entropy);

/// How a past is read.
struct PastReading {
  /// Sees each record up to the moment as it is folded.
  std::function<void(const Step&)> on_step = {};
  /// Sees each record behind it.
  std::function<void(const schema::Record&)> on_later = {};
  /// Of an extract too, which may tell of one tenant alone: see `Past::tenant`.
  bool takes_extract = false;
};

/// Folded up to a moment, of a journal that was found whole, or of one tenant's part of it. Whoever
/// the records behind the moment erased reads as erased (U11), as in the daemon's answers about the
/// past. One thread.
class Past {
 public:
  /// The audit outlives it. Fails with `missing` if the journal has no such moment, with `damaged`,
  /// and with what reading fails with.
  static Expected<std::unique_ptr<Past>> read(const Audit& audit, const Moment& moment,
                                              const PastReading& wanted = {});

  /// To be gone on with, from the newest snapshot at the moment or before it, where there is one:
  /// what lies before that is not proved, beyond that this installation signed for it, and this is
  /// said. Nobody reads as erased until then.
  static Expected<std::unique_ptr<Past>> read_from_snapshot(const Audit& audit,
                                                            const Moment& moment);

  /// Folds on to a later moment; an earlier one changes nothing. Once. The same failures.
  Expected<> go_on(const Moment& moment, const std::function<void(const Step&)>& on_step);

  const domain::State& state() const { return state_; }
  const view::View& view() const { return view_; }
  /// What was proved of all records, those behind the moment too.
  const DataFolder::Proved& proved() const { return proved_; }

  /// The newest record that had happened.
  domain::Seq seq() const { return state_.seq(); }
  /// There is no record behind the moment.
  bool is_newest() const { return !later_seen_; }
  /// Of an extract: the tenant that it tells of, and no other; nothing: it tells of all.
  std::optional<domain::Uuid> tenant() const;
  /// What time it was: that which was asked for, else the record's.
  std::int64_t time_ns() const { return time_ns_; }

  /// A question by somebody who may read everything but notes (U4), as an auditor of all tenants.
  /// Borrows the past.
  view::Inquiry inquiry() const { return {view_, auditor_, time_ns_, sources_}; }

  /// The record behind a fact; its seq alone for one that the journal does not have.
  schema::CauseT cause(domain::Seq seq) const;

 private:
  explicit Past(const Audit& audit);

  static Expected<std::unique_ptr<Past>> read(std::unique_ptr<Past> past, const Moment& moment,
                                              const PastReading& wanted,
                                              const data::SnapshotHead* known);
  std::shared_ptr<const schema::Record> record_of(domain::Seq seq) const;
  void note_erasures(const schema::Record& record);
  void show_erased();
  Expected<> arrive(const Moment& moment);
  schema::PersonalT personal_of(const domain::User& user) const;
  std::int64_t imported_ns_of(const domain::User& user) const;

  const Audit& audit_;
  domain::Operator auditor_;
  platform::SystemEntropy entropy_;
  /// Null: they are not there, so that nothing sealed is opened.
  std::unique_ptr<credential::KeyStore> keys_;
  DataFolder::Proved proved_;
  domain::State state_;
  view::View view_;
  std::int64_t time_ns_ = 0;
  std::int64_t first_time_ns_ = 0;
  bool later_seen_ = false;
  mutable domain::RecordGate gate_;
  /// What erased a user after the moment.
  boost::unordered_flat_map<domain::Uuid, domain::Seq, domain::UuidHash> erased_;
  /// Where users read as erased: what they were, which a view of before may borrow.
  domain::Changes replaced_;
  view::Sources sources_;
};

}  // namespace postern::replay
