// The threads that turn the services, and what they share with main.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "daemon/config.h"
#include "daemon/platform/scheduling.h"
#include "daemon/platform/waker.h"
#include "daemon/running/addresses.h"
#include "daemon/running/services.h"
#include "daemon/transport/endpoint.h"

namespace postern::running {

/// The loop of one service with a socket.
struct Loop {
  /// The way to its socket's peers, for its own thread.
  Services::Outlet outlet();
  /// It lives, and this is what its socket has dropped.
  void tick();

  platform::Waker waker;
  std::atomic<bool> ticked{true};
  std::atomic<std::uint64_t> dropped_in{0};
  std::atomic<std::uint64_t> dropped_out{0};
  /// Made and used by the loop's own thread alone; null: it has no socket.
  std::unique_ptr<transport::Endpoint> endpoint;
};

/// There before the services, whose mail wakes them, and gone after them.
struct Loops {
  service::Mailboxes::Wakers wakers() {
    return {commands.waker, queries.waker, history.waker, auditor, recorder};
  }
  /// Those that made no turn since this was asked last, with commas; empty: all did.
  std::string silent();

  Loop commands;
  Loop queries;
  Loop history;
  platform::Waker auditor;
  platform::Waker recorder;
};

/// Started once, by main; whoever starts them stops them, also when the start failed.
class Threads {
 public:
  Threads(Loops& loops, Services& services, std::uint32_t group_max)
      : loops_(loops), services_(services), group_max_(group_max) {}

  /// Every socket is bound, or the first failure is told. Connections need `context`'s leave.
  Expected<Addresses> start(transport::Context& context, const Config& config,
                            const std::filesystem::path& sockets,
                            std::span<const std::byte> curve_secret);
  /// In order: the recorder hands over, the writer refuses what comes and finishes what it has, the
  /// auditor tells whoever waits that it stops, the others end, the recorder last.
  void stop();
  /// What the writer takes from its socket at once; any thread.
  void set_group_max(std::uint32_t messages) { group_max_ = messages; }

 private:
  using Bound = Expected<std::vector<std::string>>;

  struct ThreadKind {
    const char* name;
    platform::Urgency urgency;
  };

  template <class Body>
  std::future<Bound> start_thread(transport::Context& context, Loop& loop,
                                  transport::EndpointOptions options, ThreadKind kind, Body body);
  void turn_writer();
  template <class Service>
  void turn_service(Loop& loop, Service& service);
  void turn_auditor();

  Loops& loops_;
  Services& services_;
  std::atomic<std::uint32_t> group_max_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> auditor_ending_{false};
  std::atomic<bool> others_ending_{false};
  /// The writer's is the first, the auditor's the last.
  std::vector<std::thread> threads_;
};

}  // namespace postern::running
