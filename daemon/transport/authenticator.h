// Answers libzmq's question "may this peer connect?" (ZAP, ZeroMQ RFC 27). Private to this folder.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "daemon/platform/failure.h"
#include "daemon/platform/peer.h"
#include "daemon/platform/waker.h"
#include "daemon/transport/socket.h"

namespace postern::transport {

/// Its thread owns the handler's socket; all methods may be called by any other thread.
/// Destroyed before the ZeroMQ context ends. If the thread ends by itself, `on_death` is called, on
/// it, once.
class Authenticator {
 public:
  Authenticator(void* context, std::function<void()> on_death);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  /// Returns when the handler is bound. Fails if the context has another handler.
  Expected<> start();

  void allow(std::set<std::string> identities);
  void tell_denied(std::function<void(const platform::Stranger&)> tell);
  std::uint64_t denied() const { return denied_.load(std::memory_order_relaxed); }
  /// The thread has turned since the last call; it turns at least once a second.
  bool ticked() { return ticked_.exchange(false, std::memory_order_relaxed); }

 private:
  void run(std::promise<Expected<>> bound);
  void serve(const Socket& socket);
  bool answer(const Socket& socket);
  bool is_allowed(const std::string& identity);
  void deny(const std::string& identity, const std::string& address);

  void* context_;
  std::function<void()> on_death_;
  std::mutex mutex_;
  std::set<std::string> allowed_;
  std::function<void(const platform::Stranger&)> tell_denied_;
  std::atomic<std::uint64_t> denied_ = 0;
  std::atomic<bool> ticked_ = false;
  std::atomic<bool> stopping_ = false;
  platform::Waker waker_;
  std::thread thread_;
};

}  // namespace postern::transport
