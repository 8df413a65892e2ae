// What of the past a request needs, so that no more of the journal is read than tells of it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "daemon/domain/past_index.h"
#include "daemon/service/past_reader.h"
#include "history_generated.h"

namespace postern::service {

/// Whether a request may name a moment: whatever is answered from a view, but for operators, who
/// are listed as they are.
bool takes_moment(schema::HistoryBody kind);

/// Whether its answer is made in slices: it reads more than one turn has time for.
bool takes_long(schema::HistoryBody kind);

/// Whom a request names.
struct Named {
  std::string_view tenant = {};
  std::string_view username = {};
  const domain::Uuid* user = nullptr;
  std::string_view token = {};
};
Named named_in(const schema::HistoryRequest& request);

/// How much of the past.
enum class PastExtent : std::uint8_t {
  /// One user, or nobody: its records and the tenant's structural ones.
  part,
  /// Every user of the tenant, or of every tenant where none is named: for counts and lists.
  whole,
};
PastExtent extent_of(schema::HistoryBody kind);

/// The users that a name may have meant at some time: who has it, and who had it. `id`: one more.
struct NameHolders {
  std::vector<PastUser> users;
  /// Where they are several, for the page; the one that has it now is last.
  std::vector<std::unique_ptr<schema::NameOwnerT>> owners;
  /// The record that took the name from whoever had it last; 0: somebody has it now.
  domain::Seq until_seq = 0;
};
NameHolders holders_of(const view::View& view, const domain::PastIndex& index,
                       const domain::Tenant& tenant, const Named& named);

}  // namespace postern::service
