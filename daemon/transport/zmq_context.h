// Context as it is: libzmq's context and the authenticator. Private to this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "daemon/transport/authenticator.h"
#include "daemon/transport/context.h"

namespace postern::transport {

class ZmqContext final : public Context {
 public:
  explicit ZmqContext(std::function<void()> on_death);
  ~ZmqContext() override;

  Expected<> start();

  void allow(std::set<std::string> identities) override;
  void tell_denied(std::function<void(const platform::Stranger&)> tell) override;
  std::uint64_t denied() const override;
  bool ticked() override;

  /// libzmq's context, which makes sockets on any thread.
  void* handle() const { return handle_; }

 private:
  void* handle_;
  std::optional<Authenticator> authenticator_;
  /// Those of the self-check.
  std::uint64_t denied_at_start_ = 0;
};

}  // namespace postern::transport
