#include "daemon/domain/fold.h"

#include <algorithm>

#include "daemon/domain/past.h"
#include "schema/identifiers.h"

namespace postern::domain {

namespace {

constexpr flatbuffers::uoffset_t depth_max = 16;
/// A batch's 1,024 events with bodies, keys, standings and catalogues.
constexpr flatbuffers::uoffset_t tables_max = 65'536;

std::unexpected<Unfit> damaged(std::string sentence) {
  return std::unexpected(Unfit{false, std::move(sentence)});
}

std::string of_record(const schema::Record& record) {
  return "record " + std::to_string(record.seq());
}

enum class Gaps { none, allowed };

/// The links tell whether a record between two was left out, swapped or added.
std::expected<void, Unfit> check_links(const State& state, const schema::Record& record,
                                       Gaps gaps) {
  const Seq next = state.seq() + 1;
  if (gaps == Gaps::none ? record.seq() != next : record.seq() < next)
    return damaged(of_record(record) + " stands where record " + std::to_string(next) + " belongs");
  if (record.time_ns() < state.time_ns())
    return damaged(of_record(record) + " is older than the one before it");
  if (record.tenant() != nullptr &&
      record.previous_tenant_seq() != state.tenant_head(*record.tenant()))
    return damaged(of_record(record) + " links to another record of its tenant than the newest");
  for (const schema::Event* event : *record.events()) {
    if (event->user() == nullptr) continue;
    const User* user = state.tables().find_user(*event->user());
    const Seq newest = user == nullptr ? 0 : user->last_seq;
    // Later events of one record about one user link to the record itself.
    if (event->previous_user_seq() != newest && event->previous_user_seq() != record.seq())
      return damaged(of_record(record) + " links to another record of its user than the newest");
  }
  return {};
}

bool lies_in(const TenantScope& scope, const schema::Record& record) {
  return record.tenant() == nullptr ||
         std::ranges::find(scope.tenants, *record.tenant()) != scope.tenants.end();
}

bool is_of_installation(const schema::Event& event) {
  return subject_of(event) == EventSubject::installation;
}

/// What a record of a tenant that is passed over says of the installation.
void apply_installation(State& state, const schema::Record& record, Changes& changes) {
  const RecordFacts facts{record.seq(), record.role(), Uuid(), record.time_ns()};
  std::uint16_t index = 0;
  for (const schema::Event* event : *record.events()) {
    if (is_of_installation(*event)) apply(state, facts, *event, index, changes);
    ++index;
  }
  state.close_record(record.seq(), record.time_ns(), nullptr);
}

}  // namespace

std::expected<const schema::Record*, Unfit> RecordGate::open(std::span<const std::byte> bytes) {
  aligned_.assign(bytes.begin(), bytes.end());
  return open_record(aligned_);
}

std::expected<const schema::Record*, Unfit> open_record(std::span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), depth_max, tables_max);
  if (!verifier.VerifyBuffer<schema::Record>(schema::record_identifier))
    return damaged("its bytes are not a well-formed record");
  const auto* record = flatbuffers::GetRoot<schema::Record>(data);
  if (record->events() == nullptr || record->operator_id() == nullptr ||
      record->command_id() == nullptr)
    return damaged(of_record(*record) + " lacks a field that every record has");
  for (const schema::Event* event : *record->events()) {
    if (!is_known(*event))
      return std::unexpected(
          Unfit{true, of_record(*record) + " holds an event of a kind this version does not know"});
  }
  return record;
}

bool tells_of(const TenantScope& scope, const schema::Record& record) {
  return lies_in(scope, record) || std::ranges::any_of(*record.events(), [](const auto* event) {
           return is_of_installation(*event);
         });
}

std::expected<const schema::Record*, Unfit> fold(State& state, RecordGate& gate,
                                                 std::span<const std::byte> bytes,
                                                 Changes& changes) {
  const auto record = gate.open(bytes);
  if (!record) return record;
  if (auto folded = fold(state, **record, changes); !folded) return std::unexpected(folded.error());
  return record;
}

std::expected<void, Unfit> fold(State& state, const schema::Record& record, Changes& changes) {
  if (auto linked = check_links(state, record, Gaps::none); !linked) return linked;
  apply_record(state, record, changes);
  return {};
}

std::expected<const schema::Record*, Unfit> fold_part(State& state, RecordGate& gate,
                                                      const TenantScope& scope,
                                                      std::span<const std::byte> bytes,
                                                      Changes& changes) {
  const auto record = gate.open(bytes);
  if (!record) return record;
  if (auto folded = fold_part(state, **record, scope, changes); !folded)
    return std::unexpected(folded.error());
  return record;
}

std::expected<void, Unfit> fold_part(State& state, const schema::Record& record,
                                     const TenantScope& scope, Changes& changes) {
  if (!tells_of(scope, record)) return {};
  if (auto linked = check_links(state, record, Gaps::allowed); !linked) return linked;
  apply_part(state, record, scope, changes);
  return {};
}

void apply_part(State& state, const schema::Record& record, const TenantScope& scope,
                Changes& changes) {
  if (lies_in(scope, record))
    apply_record(state, record, changes);
  else if (tells_of(scope, record))
    apply_installation(state, record, changes);
}

}  // namespace postern::domain
