#include "daemon/transport/context.h"

#include <zmq.h>

#include <exception>
#include <utility>

#include "daemon/platform/require.h"
#include "daemon/transport/self_check.h"
#include "daemon/transport/zmq_context.h"

namespace postern::transport {

namespace {

constexpr int io_threads = 2;

}  // namespace

ZmqContext::ZmqContext(std::function<void()> on_death) : handle_(zmq_ctx_new()) {
  require(handle_ != nullptr);
  require(zmq_ctx_set(handle_, ZMQ_IO_THREADS, io_threads) == 0);
  // Sockets that do not ask for it keep nobody waiting at the end.
  require(zmq_ctx_set(handle_, ZMQ_BLOCKY, 0) == 0);
  authenticator_.emplace(handle_, std::move(on_death));
}

ZmqContext::~ZmqContext() {
  authenticator_.reset();
  // An interrupted end would leave libzmq's threads behind.
  while (zmq_ctx_term(handle_) != 0 && zmq_errno() == EINTR) continue;
}

Expected<> ZmqContext::start() {
  if (auto started = authenticator_->start(); !started) return started;
  if (auto confirmed = confirm_strangers_are_denied(handle_); !confirmed) return confirmed;
  denied_at_start_ = authenticator_->denied();
  return {};
}

void ZmqContext::allow(std::set<std::string> identities) {
  authenticator_->allow(std::move(identities));
}

void ZmqContext::tell_denied(std::function<void(const platform::Stranger&)> tell) {
  authenticator_->tell_denied(std::move(tell));
}

std::uint64_t ZmqContext::denied() const { return authenticator_->denied() - denied_at_start_; }

bool ZmqContext::ticked() { return authenticator_->ticked(); }

Expected<std::unique_ptr<Context>> Context::start(std::function<void()> on_death) {
  require(on_death != nullptr);
  try {
    auto context = std::make_unique<ZmqContext>(std::move(on_death));
    if (auto started = context->start(); !started) return std::unexpected(started.error());
    return context;
  } catch (const std::exception& error) {
    return std::unexpected(Failure{FailureKind::input_output,
                                   std::string("cannot start the transport: ") + error.what(),
                                   "check the limits on threads and memory"});
  }
}

}  // namespace postern::transport
