// The journals that the contract's suite runs over.
#pragma once

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>

#include "daemon/journal/leveldb/leveldb_journal.h"
#include "tests/support/conflicting_journal.h"
#include "tests/support/fault_env.h"
#include "tests/support/journal_bytes.h"
#include "tests/support/memory_journal.h"
#include "tests/support/temporary_folder.h"

namespace postern::journal {

/// Opens, asserting that it worked.
inline std::unique_ptr<Journal> opened(const LevelDbOptions& options) {
  auto journal = open_leveldb_journal(options, [](auto, auto) { return Expected<>{}; });
  BOOST_REQUIRE_MESSAGE(journal, journal.error().sentence);
  return std::move(*journal);
}

/// As a writer does that is not alone: behind what somebody else appended first.
inline void append_from(Journal& journal, std::uint64_t first, std::uint64_t count) {
  const std::uint64_t last = first + count - 1;
  for (std::uint64_t seq = first; seq <= last; seq = journal.head().seq + 1) {
    const auto records = support::records_from(seq, last - seq + 1);
    const auto appended = journal.append(seq - 1, support::views(records));
    if (appended) continue;
    BOOST_REQUIRE_MESSAGE(appended.error().kind == FailureKind::conflict,
                          appended.error().sentence);
    BOOST_REQUIRE(journal.head().seq >= seq);
  }
}

struct InMemory {
  support::MemoryJournal memory;
  Journal& journal = memory;

  /// The next append fails and says why.
  void break_disk() { memory.fail_from(1); }
  std::uint64_t fired() const { return memory.fired(); }
};

/// Somebody else appends what was to come, and is first at every third append.
struct Conflicting {
  support::MemoryJournal memory;
  support::ConflictingJournal journal{memory, support::records_from};
};

/// On a folder made for it. A small write buffer, so that tables come about.
struct OnLevelDb {
  support::TemporaryFolder temporary;
  LevelDbOptions options;
  std::unique_ptr<Journal> opened_journal;

  explicit OnLevelDb(AnchorPolicy policy = AnchorPolicy::soon, support::FaultEnv* env = nullptr) {
    options.folder = temporary.path() / "journal";
    options.anchor = policy;
    options.base_env = env;
    options.disk = env;
    options.write_buffer_bytes = 64 << 10;
    const auto created = create_leveldb_journal(options);
    BOOST_REQUIRE_MESSAGE(created, created.error().sentence);
    opened_journal = opened(options);
  }

  void reopen() {
    opened_journal.reset();
    opened_journal = opened(options);
  }
};

template <AnchorPolicy policy>
struct OnSystem : OnLevelDb {
  Journal& journal = *opened_journal;

  OnSystem() : OnLevelDb(policy) {}
};

struct Faults {
  support::FaultEnv faults;
};

struct OnFaults : Faults, OnLevelDb {
  Journal& journal = *opened_journal;

  OnFaults() : OnLevelDb(AnchorPolicy::soon, &faults) {}

  void break_disk() { faults.fail(support::Operation::append, 1, support::FaultEnv::Times::once); }
  std::uint64_t fired() const { return faults.fired(); }
};

using Soon = OnSystem<AnchorPolicy::soon>;
using BeforeAcknowledgement = OnSystem<AnchorPolicy::before_acknowledgement>;
using Off = OnSystem<AnchorPolicy::off>;
using EveryJournal =
    boost::mpl::list<InMemory, Conflicting, Soon, BeforeAcknowledgement, Off, OnFaults>;
using EveryBreakable = boost::mpl::list<InMemory, OnFaults>;

}  // namespace postern::journal
