#include "daemon/credential/hash_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <latch>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/platform/require.h"
#include "daemon/platform/scheduling.h"
#include "schema/uuid.h"

namespace postern::credential {

namespace {

using Work = std::move_only_function<void()>;
using schema::Uuid;

/// Lines of waiting work by id, the first of each line taken in turn.
/// `Line` has `empty()`; one that is empty is not kept.
template <class Line>
class Rota {
 public:
  bool empty() const { return order_.empty(); }

  const Line* find(const Uuid& id) const {
    const auto found = lines_.find(id);
    return found == lines_.end() ? nullptr : &found->second;
  }

  /// The line of `id`, which gets the last turn if it had none.
  Line& join(const Uuid& id) {
    const auto [place, is_new] = lines_.try_emplace(id);
    if (is_new) order_.push_back(id);
    return place->second;
  }

  /// Lets `take` take from the line whose turn it is; that line's next turn is after all others.
  template <class Take>
  Work take_turn(Take take) {
    const Uuid id = order_.front();
    order_.pop_front();
    const auto place = lines_.find(id);
    Work work = take(place->second);
    if (place->second.empty())
      lines_.erase(place);
    else
      order_.push_back(id);
    return work;
  }

 private:
  std::unordered_map<Uuid, Line, schema::UuidHash> lines_;
  std::deque<Uuid> order_;
};

struct ServiceLine {
  Rota<std::deque<Work>> tenants;
  std::size_t waiting = 0;
  bool empty() const { return waiting == 0; }
};

Work take_first(std::deque<Work>& line) {
  Work work = std::move(line.front());
  line.pop_front();
  return work;
}

}  // namespace

class HashPool::State {
 public:
  explicit State(Limits limits)
      : limits_(limits), started_(static_cast<std::ptrdiff_t>(limits.threads)) {
    require(limits.threads > 0);
    for (std::size_t i = 0; i < limits.threads; ++i)
      threads_.emplace_back([this](const std::stop_token& stop) {
        prepare();
        started_.count_down();
        run(stop);
      });
    started_.wait();
  }

  ~State() {
    // All are told before one is joined: else the others would go on with what waits.
    for (std::jthread& thread : threads_) thread.request_stop();
    Rota<ServiceLine> dropped;
    {
      const std::lock_guard lock(mutex_);
      std::swap(dropped, services_);
    }
  }

  bool submit(const Turn& turn, Work work) {
    require(work);
    {
      const std::lock_guard lock(mutex_);
      if (!fits(turn)) return false;
      ServiceLine& service = services_.join(turn.service);
      service.tenants.join(turn.tenant).push_back(std::move(work));
      ++service.waiting;
      ++waiting_;
    }
    arrived_.notify_one();
    return true;
  }

  /// Without the lock where nothing waits: so an answer that needs no hash touches none that the
  /// threads use.
  bool has_room(const Turn& turn) const {
    if (waiting_ == 0) return true;
    const std::lock_guard lock(mutex_);
    return fits(turn);
  }

  Expected<> set_threads(std::size_t wanted) {
    require(wanted > 0);
    const std::size_t before = threads_.size();
    try {
      while (threads_.size() < wanted)
        threads_.emplace_back([this](const std::stop_token& stop) {
          prepare();
          run(stop);
        });
    } catch (const std::system_error& none) {
      end_all_but(before);
      return std::unexpected(Failure{
          FailureKind::input_output, "no more threads can be made: " + none.code().message() + ".",
          "Raise the limit on threads, or set passwords.threads lower."});
    }
    end_all_but(wanted);
    return {};
  }

  std::size_t waiting() const { return waiting_; }

  bool low_priority() const { return low_priority_; }

 private:
  bool fits(const Turn& turn) const {
    if (waiting_ >= limits_.waiting_max) return false;
    const ServiceLine* service = services_.find(turn.service);
    if (service == nullptr) return true;
    if (service->waiting >= limits_.waiting_per_service_max) return false;
    const auto* tenant = service->tenants.find(turn.tenant);
    return tenant == nullptr || tenant->size() < limits_.waiting_per_tenant_max;
  }

  void prepare() {
    if (!platform::begin_thread("hasher", platform::Urgency::background)) low_priority_ = false;
  }

  void end_all_but(std::size_t left) {
    for (std::size_t place = left; place < threads_.size(); ++place) threads_[place].request_stop();
    threads_.resize(std::min(left, threads_.size()));
    // What one that ended was woken for is another's.
    arrived_.notify_all();
  }

  void run(const std::stop_token& stop) {
    while (Work work = next(stop)) work();
  }

  /// Empty when the pool stops.
  Work next(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, stop, [this] { return !services_.empty(); });
    if (stop.stop_requested()) return {};
    --waiting_;
    return services_.take_turn([](ServiceLine& service) {
      --service.waiting;
      return service.tenants.take_turn(take_first);
    });
  }

  const Limits limits_;
  std::latch started_;
  std::atomic<bool> low_priority_ = true;
  mutable std::mutex mutex_;
  std::condition_variable_any arrived_;
  Rota<ServiceLine> services_;
  /// Changed under the lock alone.
  std::atomic<std::size_t> waiting_ = 0;
  std::vector<std::jthread> threads_;
};

HashPool::HashPool(Limits limits) : state_(std::make_unique<State>(limits)) {}

HashPool::~HashPool() = default;

bool HashPool::submit(const Turn& turn, std::move_only_function<void()> work) {
  return state_->submit(turn, std::move(work));
}

bool HashPool::has_room(const Turn& turn) const { return state_->has_room(turn); }

Expected<> HashPool::set_threads(std::size_t threads) { return state_->set_threads(threads); }

std::size_t HashPool::waiting() const { return state_->waiting(); }

bool HashPool::low_priority() const { return state_->low_priority(); }

}  // namespace postern::credential
