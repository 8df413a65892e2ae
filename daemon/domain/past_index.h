// Where in the journal lies what a moment of the past is made from again: a projection like any
// other, made by the fold, in memory, never in a record.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/state.h"

namespace postern::domain {

/// U1: one whose username somebody else may have by now.
struct FormerOwner {
  Uuid user;
  /// The record that took the name from it, by renaming or deletion.
  Seq until_seq = 0;
};

/// What records add to the index, in their order.
struct PastNotes {
  struct Structural {
    Uuid tenant;
    Seq seq = 0;
  };
  struct Ranges {
    schema::Provider provider = schema::Provider::none;
    Seq seq = 0;
  };
  struct FormerName {
    Uuid tenant;
    /// Folded, as names are compared.
    std::string name;
    FormerOwner owner;
  };
  struct Time {
    Seq seq = 0;
    std::int64_t time_ns = 0;
  };

  /// The newest record that was noted; 0: none.
  Seq seq = 0;
  std::vector<Structural> structural = {};
  /// Of the installation, but for ranges: operators above all.
  std::vector<Seq> installation = {};
  std::vector<Ranges> ranges = {};
  std::vector<FormerName> former_names = {};
  std::vector<Time> times = {};

  void append(PastNotes after);
};

/// `changes`: what this one record changed.
void note(const schema::Record& record, const Changes& changes, PastNotes& notes);

/// Owned by one thread. Bytes: 8 for each structural record of a tenant or of the installation, 16
/// for each 4,096th record, and about 100 for each name that was given up.
class PastIndex {
 public:
  /// Of every so many records the time is kept.
  static constexpr Seq times_step = 4'096;

  /// Those after what it holds.
  void take(PastNotes notes);
  /// All it holds, as one record after another would have noted it.
  PastNotes notes() const;

  /// The newest record it knows of.
  Seq seq() const { return seq_; }
  /// In order: of policies, catalogue, roles, enabling, disabling, sessions ended.
  std::span<const Seq> structural(const Uuid& tenant) const;
  std::span<const Seq> installation() const { return installation_; }
  /// N3: the newest record at or before `until` with the provider's ranges; 0: none.
  Seq ranges(schema::Provider provider, Seq until) const;
  /// By when they lost it.
  std::span<const FormerOwner> former_owners(const Uuid& tenant, std::string_view username) const;
  /// A record of that time or earlier, fewer than `times_step` before the last such; 0: before the
  /// first that is kept.
  Seq near(std::int64_t time_ns) const;
  std::size_t bytes() const;

 private:
  struct Name {
    Uuid tenant;
    std::string folded;

    bool operator==(const Name&) const = default;
  };
  struct NameHash {
    std::size_t operator()(const Name& name) const {
      return mix(hash_of(name.tenant) ^ hash_of_name(name.folded));
    }
  };

  Seq seq_ = 0;
  boost::unordered_flat_map<Uuid, std::vector<Seq>, UuidHash> structural_;
  std::vector<Seq> installation_;
  /// By provider.
  std::array<std::vector<Seq>, std::tuple_size_v<Providers>> ranges_;
  boost::unordered_flat_map<Name, std::vector<FormerOwner>, NameHash> former_owners_;
  std::vector<PastNotes::Time> times_;
};

}  // namespace postern::domain
