#include "tools/bench/wire.h"

#include <poll.h>
#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>

#include "tools/bench/stopwatch.h"
#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int answer_timeout_ms = 30'000;
/// More than is ever in flight, so that a send never waits for room.
constexpr int high_water_mark = 100'000;

void set(void* socket, int option, int value) {
  zmq_setsockopt(socket, option, &value, sizeof value);
}

void set_key(void* socket, int option, const std::string& z85) {
  zmq_setsockopt(socket, option, z85.c_str(), z85.size() + 1);
}

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

}  // namespace

void* context() {
  struct Ender {
    void operator()(void* made) const { zmq_ctx_term(made); }
  };
  static const std::unique_ptr<void, Ender> made(zmq_ctx_new());
  return made.get();
}

void Answers::add(const void* data, std::size_t size) {
  starts_.push_back(blocks_.size());
  sizes_.push_back(size);
  blocks_.resize(blocks_.size() + (size + sizeof(Block) - 1) / sizeof(Block));
  if (size > 0) std::memcpy(blocks_.data() + starts_.back(), data, size);
}

void Answers::expect(std::size_t count) {
  constexpr std::size_t usual_blocks = 16;
  blocks_.reserve(count * usual_blocks);
  starts_.reserve(count);
  sizes_.reserve(count);
}

void Run::expect(const Limit& limit) {
  // Per second, and in all: more than any run has had.
  constexpr double answers_max = 1e6;
  const auto count = static_cast<std::size_t>(
      std::min({static_cast<double>(limit.count), limit.seconds * answers_max, answers_max}));
  answers.expect(count);
  asked.reserve(count);
}

void SocketCloser::operator()(void* socket) const { zmq_close(socket); }

Dealer::Dealer(const Door& door) : socket_(zmq_socket(context(), ZMQ_DEALER)) {
  void* socket = socket_.get();
  set(socket, ZMQ_SNDHWM, high_water_mark);
  set(socket, ZMQ_RCVHWM, high_water_mark);
  set(socket, ZMQ_LINGER, 0);
  set(socket, ZMQ_RCVTIMEO, answer_timeout_ms);
  if (!door.server_key.empty()) {
    set_key(socket, ZMQ_CURVE_SERVERKEY, door.server_key);
    set_key(socket, ZMQ_CURVE_PUBLICKEY, door.public_key);
    set_key(socket, ZMQ_CURVE_SECRETKEY, door.secret_key);
  }
  if (zmq_connect(socket, door.address.c_str()) != 0)
    fail(exit_codes::unreachable, "cannot connect to " + door.address);
  std::size_t size = sizeof descriptor_;
  zmq_getsockopt(socket, ZMQ_FD, &descriptor_, &size);
}

void Dealer::send(std::string_view message) {
  while (zmq_send(handle(), message.data(), message.size(), 0) < 0)
    if (zmq_errno() != EINTR) fail(exit_codes::unreachable, "cannot send");
}

bool Dealer::receive(Answers& answers, bool wait) {
  zmq_msg_t frame;
  zmq_msg_init(&frame);
  int size = -1;
  do {
    size = zmq_msg_recv(&frame, handle(), wait ? 0 : ZMQ_DONTWAIT);
  } while (size < 0 && zmq_errno() == EINTR);
  if (size >= 0) answers.add(zmq_msg_data(&frame), static_cast<std::size_t>(size));
  zmq_msg_close(&frame);
  if (size < 0 && wait) fail(exit_codes::unreachable, "no answer within 30 s");
  return size >= 0;
}

Run ask_one_at_a_time(Dealer& dealer, Reel& reel, const Limit& limit) {
  Run run;
  const Stopwatch stopwatch(limit);
  while (!stopwatch.over(run.asked.size())) {
    const std::size_t index = reel.take();
    run.asked.push_back(static_cast<std::uint32_t>(index));
    const auto sent = Clock::now();
    dealer.send(reel.messages[index]);
    dealer.receive(run.answers, true);
    run.microseconds.push_back(seconds_since(sent) * 1e6);
  }
  run.seconds = stopwatch.seconds();
  return run;
}

Run ask_pipelined(std::span<Dealer> dealers, Reel& reel, std::size_t window, const Limit& limit,
                  std::atomic<std::size_t>* answered) {
  Run run;
  run.expect(limit);
  std::vector<zmq_pollitem_t> items;
  for (Dealer& dealer : dealers) items.push_back({dealer.handle(), 0, ZMQ_POLLIN, 0});
  std::vector<std::deque<std::uint32_t>> unanswered(dealers.size());
  std::size_t sent = 0;
  const auto send = [&](std::size_t which, std::size_t count) {
    for (; count > 0 && sent < limit.count; --count, ++sent) {
      const std::size_t index = reel.take();
      unanswered[which].push_back(static_cast<std::uint32_t>(index));
      dealers[which].send(reel.messages[index]);
    }
  };
  // All before the first is sent: a send between them would wake ZeroMQ's thread for each.
  const auto take = [&](std::size_t which, bool wait) {
    std::size_t count = 0;
    for (; dealers[which].receive(run.answers, wait); wait = false, ++count) {
      run.asked.push_back(unanswered[which].front());
      unanswered[which].pop_front();
    }
    if (answered != nullptr) answered->fetch_add(count, std::memory_order_relaxed);
    return count;
  };
  const Stopwatch stopwatch(limit);
  for (std::size_t which = 0; which < dealers.size(); ++which) send(which, window);
  while (run.answers.size() < sent) {
    // A single socket needs no poll: neither side would have one to wait for.
    if (dealers.size() > 1 &&
        zmq_poll(items.data(), static_cast<int>(items.size()), answer_timeout_ms) == 0)
      fail(exit_codes::unreachable, "no answer within 30 s");
    for (std::size_t which = 0; which < dealers.size(); ++which) {
      if (dealers.size() > 1 && (items[which].revents & ZMQ_POLLIN) == 0) continue;
      const std::size_t count = take(which, dealers.size() == 1);
      if (!stopwatch.over(sent)) send(which, count);
    }
  }
  run.seconds = stopwatch.seconds();
  return run;
}

Run ask_paced(Dealer& dealer, Reel& reel, double per_second, const Limit& limit,
              std::atomic<std::size_t>* answered) {
  Run run;
  std::vector<Clock::time_point> sent;
  const auto interval =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / per_second));
  const Stopwatch stopwatch(limit);
  auto due = Clock::now();
  bool over = false;
  while (!over || run.answers.size() < sent.size()) {
    if (dealer.receive(run.answers, false)) {
      const std::size_t index = run.microseconds.size();
      run.microseconds.push_back(seconds_since(sent[index]) * 1e6);
      if (answered != nullptr) answered->fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    over = over || stopwatch.over(sent.size());
    const auto now = Clock::now();
    if (!over && now >= due) {
      const std::size_t index = reel.take();
      run.asked.push_back(static_cast<std::uint32_t>(index));
      sent.push_back(now);
      dealer.send(reel.messages[index]);
      due += interval;
      continue;
    }
    if (over && !sent.empty() && seconds_since(sent.back()) > answer_timeout_ms / 1000)
      fail(exit_codes::unreachable, "no answer within 30 s");
    const auto wait = over ? std::chrono::nanoseconds(100'000'000)
                           : std::chrono::duration_cast<std::chrono::nanoseconds>(due - now);
    const timespec time{wait.count() / 1'000'000'000, wait.count() % 1'000'000'000};
    // The descriptor is edge-triggered; the receive above has just found nothing.
    pollfd item{dealer.descriptor(), POLLIN, 0};
    ::ppoll(&item, 1, &time, nullptr);
  }
  run.seconds = stopwatch.seconds();
  return run;
}

}  // namespace postern::bench
