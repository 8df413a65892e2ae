#include "daemon/running/loops.h"

#include <poll.h>

#include <array>

#include "daemon/platform/retried.h"
#include "daemon/platform/scheduling.h"
#include "daemon/platform/wiped_memory.h"
#include "daemon/running/settings.h"

namespace postern::running {

namespace {

using platform::Urgency;

constexpr int longest_wait_ms = 1'000;
constexpr int messages_a_turn = 256;

void wait_for(const platform::Waker& waker) {
  pollfd wait{waker.descriptor(), POLLIN, 0};
  platform::retried([&] { return ::poll(&wait, 1, longest_wait_ms); });
}

}  // namespace

/// Once its thread has ended nobody is heard any more: what the stop still passes on between the
/// services, as the answer of an auditor that was at work, reaches no peer.
Services::Outlet Loop::outlet() {
  return {[this](const platform::Peer& peer, std::span<const std::uint8_t> payload) {
            if (endpoint != nullptr) endpoint->send(peer, payload);
          },
          [this](const platform::Peer& peer, std::size_t bytes, std::size_t owed) {
            return endpoint != nullptr && endpoint->has_room(peer, bytes, owed);
          }};
}

void Loop::tick() {
  ticked.store(true, std::memory_order_relaxed);
  const transport::EndpointCounters counters = endpoint->counters();
  dropped_in.store(counters.dropped_in, std::memory_order_relaxed);
  dropped_out.store(counters.dropped_out, std::memory_order_relaxed);
}

std::string Loops::silent() {
  struct Turning {
    Loop& loop;
    const char* thread;
  };
  std::string names;
  for (const auto& [loop, thread] :
       {Turning{commands, "writer"}, Turning{queries, "reader"}, Turning{history, "historian"}})
    if (!loop.ticked.exchange(false)) names += (names.empty() ? "" : ", ") + std::string(thread);
  return names;
}

// ---- start and stop

/// An endpoint belongs to one thread for life, so each thread binds its own and tells main how that
/// went.
template <class Body>
std::future<Threads::Bound> Threads::start_thread(transport::Context& context, Loop& loop,
                                                  transport::EndpointOptions options,
                                                  ThreadKind kind, Body body) {
  std::promise<Bound> outcome;
  std::future<Bound> bound = outcome.get_future();
  threads_.emplace_back([&context, &loop, options = std::move(options), kind, body,
                         outcome = std::move(outcome)]() mutable {
    platform::begin_thread(kind.name, kind.urgency);
    auto endpoint = transport::Endpoint::bind(context, options);
    if (!endpoint) return outcome.set_value(std::unexpected(endpoint.error()));
    loop.endpoint = std::move(*endpoint);
    outcome.set_value(loop.endpoint->addresses());
    body();
    loop.endpoint.reset();
  });
  return bound;
}

Expected<Addresses> Threads::start(transport::Context& context, const Config& config,
                                   const std::filesystem::path& sockets,
                                   std::span<const std::byte> curve_secret) {
  auto options = endpoint_options(config, sockets, curve_secret);
  // Whoever asks first is told whether commands are refused, and why.
  services_.writer().turn();
  std::array<std::future<Bound>, 3> bound = {
      start_thread(context, loops_.commands, std::move(options[0]), {"writer", Urgency::patient},
                   [this] { turn_writer(); }),
      start_thread(context, loops_.queries, std::move(options[1]), {"reader", Urgency::prompt},
                   [this] {
                     // It never opens what is sealed, and wipes the secrets it receives itself.
                     platform::wipes_freed_memory = false;
                     turn_service(loops_.queries, services_.reader());
                   }),
      start_thread(context, loops_.history, std::move(options[2]), {"historian", Urgency::patient},
                   [this] { turn_service(loops_.history, services_.historian()); })};
  threads_.emplace_back([this] {
    platform::begin_thread("auditor", Urgency::patient);
    turn_auditor();
  });
  services_.calls().start();
  // Each is waited for, whatever became of the one before.
  std::array<Bound, 3> results = {bound[0].get(), bound[1].get(), bound[2].get()};
  Addresses addresses;
  for (std::size_t index = 0; index < results.size(); ++index) {
    if (!results[index]) return std::unexpected(results[index].error());
    addresses[index] = std::move(*results[index]);
  }
  return addresses;
}

void Threads::stop() {
  services_.calls().hand_over_all();
  stopping_ = true;
  loops_.commands.waker.wake();
  // The writer needs the reader to the end: its last receipts wait until queries show what they
  // say.
  threads_.front().join();
  // The historian lets out what the auditor tells whoever waits.
  auditor_ending_ = true;
  loops_.auditor.wake();
  threads_.back().join();
  others_ending_ = true;
  for (platform::Waker* waker : {&loops_.queries.waker, &loops_.history.waker}) waker->wake();
  for (std::size_t index = 1; index + 1 < threads_.size(); ++index) threads_[index].join();
  services_.calls().stop();
}

// ---- turns

void Threads::turn_writer() {
  Loop& loop = loops_.commands;
  service::Writer& writer = services_.writer();
  transport::Inbound inbound;
  // Once it is told to stop, the writer refuses what comes and finishes what it has.
  bool woken = true;
  for (bool done = false; !done;) {
    if (woken) loop.waker.clear();
    const bool last_turns = stopping_;
    writer.turn();
    for (std::uint32_t taken = 0;
         taken < group_max_ && !writer.is_turn_due() && loop.endpoint->receive(inbound); ++taken)
      writer.take({inbound.peer, inbound.identity, inbound.payload});
    // A disk that hangs is a writer that hangs.
    if (writer.commit()) loop.tick();
    done = last_turns && writer.drain();
    woken = !done && loop.endpoint->wait(loop.waker.descriptor(), writer.idle_ms());
  }
}

template <class Service>
void Threads::turn_service(Loop& loop, Service& service) {
  transport::Inbound inbound;
  bool woken = true;
  while (!others_ending_) {
    if (woken) loop.waker.clear();
    service.turn();
    for (int taken = 0; taken < messages_a_turn && loop.endpoint->receive(inbound); ++taken)
      service.take({inbound.peer, inbound.identity, inbound.payload});
    if constexpr (requires { service.end_turn(); }) service.end_turn();
    loop.tick();
    woken = loop.endpoint->wait(loop.waker.descriptor(), service.idle_ms());
  }
  // What others have answered meanwhile leaves.
  service.turn();
}

/// Between any two pieces it looks whether it is to end, so that no line of questions keeps the
/// daemon from stopping.
void Threads::turn_auditor() {
  while (!auditor_ending_) {
    loops_.auditor.clear();
    if (!services_.auditor().turn()) wait_for(loops_.auditor);
  }
  services_.auditor().stop();
}

}  // namespace postern::running
