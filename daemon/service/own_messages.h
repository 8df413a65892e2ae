// What the daemon itself records: messages of its own, decided like any other.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "daemon/domain/message.h"
#include "daemon/service/letters.h"

namespace postern::service {

/// A message of the daemon's own on its way through the writer.
struct OwnTask {
  domain::OwnMessage message;
  /// One for each command.
  std::vector<domain::Material> materials;
  /// C5: of the reader, who waits for what it comes to.
  std::optional<std::uint64_t> ticket = {};
};

/// C5, C4: what a password check found.
OwnTask attempt_task(const Uuid& id, Attempt& attempt, const domain::State& state);

/// D1: the summary that a letter brings. Parts about users whose last record is under a day old, or
/// who are not there, are left out and told when they may come again. Nothing: there is nothing to
/// record.
std::optional<OwnTask> use_task(const Uuid& id, UseLetter& letter, const domain::State& state,
                                std::int64_t now_ns);
/// Nothing can be recorded now: every part is to come again.
void put_off(UseLetter& letter, std::int64_t now_ns);

/// O2: commands that were not permitted, recorded at most once per operator and minute, with a
/// count. Owned by one thread.
class RefusalCounts {
 public:
  void note(const Uuid& operator_id, schema::Code code);

  struct Due {
    Uuid operator_id;
    schema::Code code = schema::Code::ok;
    std::uint32_t count = 0;
  };
  /// What is to be recorded now, by the steady clock: the time of records may stand still.
  std::vector<Due> take_due(std::int64_t steady_ns);

 private:
  struct Count {
    /// Not recorded before this.
    std::int64_t next_ns = 0;
    std::uint32_t count = 0;
    schema::Code code = schema::Code::ok;
  };
  struct UuidHash {
    std::size_t operator()(const Uuid& id) const { return domain::hash_of(id); }
  };

  std::unordered_map<Uuid, Count, UuidHash> counts_;
};

OwnTask refusals_task(const Uuid& id, const RefusalCounts::Due& due);

}  // namespace postern::service
