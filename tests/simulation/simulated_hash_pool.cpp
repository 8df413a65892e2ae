#include "tests/simulation/simulated_hash_pool.h"

#include <utility>
#include <vector>

#include "daemon/credential/hash_pool.h"
#include "daemon/platform/require.h"

namespace postern {

namespace {

using Work = std::move_only_function<void()>;

std::vector<Work>* waiting_now = nullptr;

}  // namespace

namespace credential {

class HashPool::State {
 public:
  explicit State(Limits limits) : waiting_max(limits.waiting_max) {
    require(std::exchange(waiting_now, &waiting) == nullptr);
  }
  ~State() { waiting_now = nullptr; }

  const std::size_t waiting_max;
  std::vector<Work> waiting;
};

HashPool::HashPool(Limits limits) : state_(std::make_unique<State>(limits)) {}

HashPool::~HashPool() = default;

bool HashPool::has_room(const Turn&) const {
  return state_->waiting.size() < state_->waiting_max;
}

bool HashPool::submit(const Turn& turn, Work work) {
  if (!has_room(turn)) return false;
  state_->waiting.push_back(std::move(work));
  return true;
}

std::size_t HashPool::waiting() const { return state_->waiting.size(); }

bool HashPool::low_priority() const { return true; }

}  // namespace credential

namespace simulation {

std::size_t hash_work_waiting() { return waiting_now == nullptr ? 0 : waiting_now->size(); }

void run_hash_work(std::size_t which) {
  Work work = std::move(waiting_now->at(which));
  waiting_now->erase(waiting_now->begin() + static_cast<std::ptrdiff_t>(which));
  work();
}

}  // namespace simulation

}  // namespace postern
