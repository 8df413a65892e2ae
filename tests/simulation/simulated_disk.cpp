#include "tests/simulation/simulated_disk.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

#include "daemon/platform/require.h"
#include "tests/support/forwarding_journal.h"
#include "tests/support/journal_folder.h"
#include "tests/support/memory_journal.h"

namespace postern::simulation {

namespace {

using support::FaultEnv;
using support::Operation;

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

/// What lies on the disk, and what is to go wrong.
struct Platter {
  std::vector<journal::Bytes> records;
  /// Told to be kept, and not.
  std::vector<journal::Bytes> forgotten;
  bool forgets = false;
  std::uint64_t appends_left = never;
  bool keeps_what_fails = false;
  std::uint64_t fired = 0;
};

/// The memory journal, whose appends reach the platter as well.
class PlatterJournal final : public support::ForwardingJournal {
 public:
  explicit PlatterJournal(Platter& platter) : ForwardingJournal(memory_), platter_(platter) {
    std::vector<journal::View> views(platter.records.begin(), platter.records.end());
    if (!views.empty()) require(memory_.append(0, views).has_value());
  }

  Expected<> append(std::uint64_t expected_last, std::span<const journal::View> records) override {
    const bool fails = platter_.appends_left == 0;
    if (platter_.appends_left != never && !fails) --platter_.appends_left;
    if (fails && memory_.health()) {
      memory_.fail_from(0);
      ++platter_.fired;
      if (platter_.keeps_what_fails) keep(platter_.records, records);
    }
    auto appended = memory_.append(expected_last, records);
    if (appended) keep(platter_.forgets ? platter_.forgotten : platter_.records, records);
    return appended;
  }

 private:
  static void keep(std::vector<journal::Bytes>& kept, std::span<const journal::View> records) {
    for (const journal::View record : records) kept.emplace_back(record.begin(), record.end());
  }

  Platter& platter_;
  support::MemoryJournal memory_;
};

class MemoryDisk final : public SimulatedDisk {
 public:
  explicit MemoryDisk(bool forgets) { platter_.forgets = forgets; }

  Expected<std::unique_ptr<journal::Journal>> open(const journal::OnRecord& on_record) override {
    for (std::uint64_t seq = 1; seq <= platter_.records.size(); ++seq)
      if (auto told = on_record(seq, platter_.records[seq - 1]); !told)
        return std::unexpected(told.error());
    return std::make_unique<PlatterJournal>(platter_);
  }
  void plan_trouble(Random& random) override {
    platter_.appends_left = random.below(6);
    platter_.keeps_what_fails = random.one_in(2);
  }
  void lose_power() override {}
  void restore(Random&, bool power_was_lost) override {
    platter_.appends_left = never;
    if (!power_was_lost)
      std::ranges::move(platter_.forgotten, std::back_inserter(platter_.records));
    platter_.forgotten.clear();
  }
  std::uint64_t fired() const override { return platter_.fired; }

 private:
  Platter platter_;
};

class FileDisk final : public SimulatedDisk {
 public:
  explicit FileDisk(bool forgets) { env_.syncs_lie = forgets; }

  Expected<std::unique_ptr<journal::Journal>> open(const journal::OnRecord& on_record) override {
    return journal_.open(on_record);
  }
  void plan_trouble(Random& random) override {
    constexpr Operation operations[] = {Operation::append, Operation::flush, Operation::sync,
                                        Operation::write_synced};
    if (random.one_in(2)) return env_.cut_power_after(random.below(30));
    env_.fail(operations[random.below(std::size(operations))], 1 + random.below(5),
              random.one_in(2) ? FaultEnv::Times::once : FaultEnv::Times::from_then_on);
  }
  void lose_power() override { env_.cut_power_after(0); }
  void restore(Random& random, bool power_was_lost) override {
    constexpr FaultEnv::Left kinds[] = {FaultEnv::Left::synced, FaultEnv::Left::written,
                                        FaultEnv::Left::torn, FaultEnv::Left::scattered};
    env_.crash(power_was_lost ? kinds[random.below(std::size(kinds))] : FaultEnv::Left::written,
               random.next());
  }
  std::uint64_t fired() const override { return env_.fired(); }
  void watch(Look look) override {
    env_.before_step = nullptr;
    if (look) env_.before_step = [this, look](const support::Step& step) { look(env_, step); };
  }
  std::string anchor() const override {
    std::ifstream file(journal_.path() / "anchor", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  support::TemporaryFolder folder_;
  FaultEnv env_;
  const support::JournalFolder journal_{
      {folder_.path() / "journal", journal::AnchorPolicy::before_acknowledgement}, &env_};
};

}  // namespace

std::unique_ptr<SimulatedDisk> memory_disk(bool forgets) {
  return std::make_unique<MemoryDisk>(forgets);
}

std::unique_ptr<SimulatedDisk> file_disk(bool forgets) {
  return std::make_unique<FileDisk>(forgets);
}

}  // namespace postern::simulation
