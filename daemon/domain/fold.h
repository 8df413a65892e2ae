// Opens stored records, checks what links them, and folds them into a state: for every start and
// every audit.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "daemon/domain/apply.h"

namespace postern::domain {

/// Why stored bytes cannot be folded.
struct Unfit {
  /// Written by a newer version; else damaged.
  bool newer = false;
  std::string sentence;
};

/// The gate for stored bytes: form, identifier, kinds of events. The record lies in `bytes`, whose
/// first lies at a multiple of 8.
std::expected<const schema::Record*, Unfit> open_record(std::span<const std::byte> bytes);

/// The same for bytes at any alignment, of which it keeps a copy.
class RecordGate {
 public:
  /// The record is valid until the next call.
  std::expected<const schema::Record*, Unfit> open(std::span<const std::byte> bytes);

 private:
  std::vector<std::byte> aligned_;
};

/// Opens a record, checks that seq, time and links follow on the state, and applies it.
/// On failure the state is as before.
std::expected<const schema::Record*, Unfit> fold(State& state, RecordGate& gate,
                                                 std::span<const std::byte> bytes,
                                                 Changes& changes);

/// The same with one that is open.
std::expected<void, Unfit> fold(State& state, const schema::Record& record, Changes& changes);

/// O2: the tenants that a part of a journal tells of.
struct TenantScope {
  std::vector<Uuid> tenants;
};

/// Whether the record is one of these tenants', or tells of the installation: an operator that was
/// made together with a tenant stands in that tenant's record.
bool tells_of(const TenantScope& scope, const schema::Record& record);

/// The same for a part of a journal. What records say of other tenants is passed over
/// where they are and not missed where they are not, so seqs may have gaps. What links the records
/// of a tenant and of a user is checked as in the whole; that nothing on the installation is
/// missing, only the whole can show.
std::expected<const schema::Record*, Unfit> fold_part(State& state, RecordGate& gate,
                                                      const TenantScope& scope,
                                                      std::span<const std::byte> bytes,
                                                      Changes& changes);

/// The same with one that is open.
std::expected<void, Unfit> fold_part(State& state, const schema::Record& record,
                                     const TenantScope& scope, Changes& changes);

/// What such a record says, without a check; for a record that is folded elsewhere, too.
void apply_part(State& state, const schema::Record& record, const TenantScope& scope,
                Changes& changes);

}  // namespace postern::domain
