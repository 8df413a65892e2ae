#include "tools/client/replica.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "tools/client/replica_shared.h"
#include "tools/client/watch.h"

namespace postern::client {

namespace {

constexpr std::chrono::milliseconds age_least{100};
constexpr std::chrono::minutes age_most{10};

}  // namespace

Replica::Replica(std::unique_ptr<Shared> shared) : shared_(std::move(shared)) {}

Result<std::unique_ptr<Replica>> Replica::start(ReplicaOptions options) {
  const auto unusable = [](std::string sentence, std::string remedy) {
    return std::unexpected(Error{ErrorKind::usage, std::move(sentence), std::move(remedy)});
  };
  if (options.client.history.empty())
    return unusable("A replica follows the history socket, and has no address of it.",
                    "Set `client.history`.");
  if (options.age_max < age_least || options.age_max > age_most)
    return unusable("`age_max` is 100 ms to 10 minutes.", "Choose how old an answer may be.");
  if (options.asks_daemon && options.client.queries.empty())
    return unusable("The daemon cannot be asked without an address.", "Set `client.queries`.");
  Options following = options.client;
  following.commands.clear();
  following.queries.clear();
  auto client = Client::make(std::move(following));
  if (!client) return std::unexpected(client.error());
  auto shared = std::make_unique<Shared>(std::move(options));
  shared->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (shared->wake < 0)
    return std::unexpected(Error{ErrorKind::input_output, "The system has no descriptor left.",
                                 "Allow this process more open files."});
  shared->thread = std::thread(
      [&all = *shared, own = std::move(*client)]() mutable { follow_daemon(all, std::move(own)); });
  return std::unique_ptr<Replica>(new Replica(std::move(shared)));
}

Replica::~Replica() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->is_stopping = true;
  }
  shared_->changed.notify_all();
  const std::uint64_t one = 1;
  // It holds a number, so this cannot fail.
  [[maybe_unused]] const auto written = write(shared_->wake, &one, sizeof one);
  shared_->thread.join();
  close(shared_->wake);
}

ReplicaStanding Replica::standing() const {
  const std::lock_guard lock(shared_->mutex);
  ReplicaStanding standing = shared_->standing;
  if (standing.answers)
    standing.age = std::chrono::nanoseconds(steady_ns() - shared_->confirmed_ns);
  return standing;
}

bool Replica::wait_for(std::uint64_t seq, std::chrono::milliseconds time) const {
  std::unique_lock lock(shared_->mutex);
  const ReplicaStanding& standing = shared_->standing;
  const auto is_there = [&] { return standing.answers && standing.seq >= seq; };
  shared_->changed.wait_for(
      lock, bounded(time), [&] { return is_there() || standing.is_final || shared_->is_stopping; });
  return is_there();
}

}  // namespace postern::client
