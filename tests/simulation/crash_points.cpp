// Every moment of the writer's work at which the power may go.
#include <algorithm>
#include <iterator>
#include <utility>

#include "tests/contract/folder_image.h"
#include "tests/simulation/simulation.h"

namespace postern::simulation {

namespace fs = std::filesystem;
using support::FaultEnv;
using support::Operation;

const Findings& Simulation::run_through_crashes(std::size_t commands, std::size_t torn_at_each) {
  seed_salts(plan_.seed);
  make_journal();
  start_server();
  const support::TemporaryFolder after;
  disk_->watch([this, torn_at_each](FaultEnv& env, const support::Step& step) {
    look(env, step, torn_at_each);
  });
  if (!is_wrong()) begin();
  while (tally_.receipts < commands && !is_wrong()) {
    // Mostly a group of few, now and then one that lies in many sectors.
    for (std::size_t count = 1 + random_.below(random_.one_in(12) ? 50 : 4); count > 0; --count)
      send(workload_.command(server_->writer->state()));
    settle(20);
    check_left(after.path() / "journal");
    // What a new table, manifest and log come from.
    if (!is_wrong() && random_.one_in(40)) restart(false);
  }
  check_left(after.path() / "journal");
  disk_->watch(nullptr);
  server_.reset();
  return findings_;
}

void Simulation::look(FaultEnv& env, const support::Step& step, std::size_t torn_at_each) {
  // What is appended or flushed is no more than what a sync may lose.
  if (step.operation == Operation::append || step.operation == Operation::flush) return;
  const std::lock_guard lock(left_mutex_);
  // Each of its writes is synced at once.
  const std::string anchor = disk_->anchor();
  const auto keep = [&](FaultEnv::Left kind, std::uint64_t seed, std::uint64_t sector) {
    left_.push_back({env.left_now(kind, seed, sector), anchor, acknowledged_});
  };
  ++crashes_.moments;
  keep(FaultEnv::Left::synced, 0, 512);
  if (left_.back().files == env.left_now(FaultEnv::Left::written)) return;
  ++crashes_.torn;
  keep(FaultEnv::Left::written, 0, 512);
  for (std::size_t index = 0; index < torn_at_each; ++index)
    keep(index % 4 < 2 ? FaultEnv::Left::torn : FaultEnv::Left::scattered, crashes_.torn + index,
         index % 2 == 0 ? 512 : 4'096);
}

/// Once the writer rests: until then its records are nowhere to compare with.
void Simulation::check_left(const fs::path& folder) {
  std::vector<Left> left;
  {
    const std::lock_guard lock(left_mutex_);
    left.swap(left_);
  }
  for (const Left& one : left) {
    ++crashes_.states;
    if (const std::string wrong = what_is_wrong(one, folder); !wrong.empty())
      return find("K5: state " + std::to_string(crashes_.states) + ", acknowledged to record " +
                  std::to_string(one.acknowledged) + ": " + wrong);
  }
}

std::string Simulation::what_is_wrong(const Left& left, const fs::path& folder) const {
  journal::FolderImage image{{"anchor", left.anchor}};
  for (const auto& [name, bytes] : left.files)
    if (const fs::path path(name); path.parent_path().filename() == "db")
      image["db" / path.filename()] = bytes;
  fs::create_directories(folder / "db");
  journal::put_back(folder, image);
  const journal::JournalOptions options{folder, journal::AnchorPolicy::before_acknowledgement};
  const auto truth = server_->journal->read_from(1);
  bool altered = false;
  const auto opened = journal::open_journal(options, [&](std::uint64_t, journal::View record) {
    const auto wanted = truth->next();
    altered = altered || !wanted || !std::ranges::equal(record, *wanted);
    return Expected<>{};
  });
  if (!opened) return opened.error().sentence;
  const std::uint64_t end = (*opened)->head().seq;
  if (altered) return "a record is another";
  if (end < left.acknowledged) return "it ends at record " + std::to_string(end);
  return {};
}

}  // namespace postern::simulation
