// Unary calls of gRPC, many under way over a few channels, ended in any order.
// Thread: main's. Failure: Trouble, with what the peer said.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <vector>

#include "tools/bench/trouble.h"

namespace postern::bench::peer {

template <class Service, class Request, class Response>
class GrpcCalls {
 public:
  using Stub = typename Service::Stub;
  using Method = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*)(
      grpc::ClientContext*, const Request&, grpc::CompletionQueue*);

  GrpcCalls(const std::string& address, std::size_t channels, Method method) : method_(method) {
    for (std::size_t i = 0; i < channels; ++i) {
      grpc::ChannelArguments arguments;
      // Else channels to one address are one connection.
      arguments.SetInt("peer.channel", static_cast<int>(i));
      stubs_.push_back(Service::NewStub(
          grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
    }
  }
  ~GrpcCalls() {
    queue_.Shutdown();
    void* tag = nullptr;
    for (bool done = false; queue_.Next(&tag, &done);) delete static_cast<Call*>(tag);
  }

  void send(std::size_t index, const Request& request) {
    auto call = std::make_unique<Call>();
    call->index = index;
    Stub& stub = *stubs_[next_];
    next_ = next_ + 1 == stubs_.size() ? 0 : next_ + 1;
    call->reader = (stub.*method_)(&call->context, request, &queue_);
    call->reader->Finish(&call->response, &call->status, call.get());
    // The queue gives it back.
    (void)call.release();
  }

  /// `take(index, response)` for the next that ends.
  template <class Take>
  std::size_t receive(Take take) {
    void* tag = nullptr;
    bool done = false;
    queue_.Next(&tag, &done);
    const std::unique_ptr<Call> call(static_cast<Call*>(tag));
    if (!call->status.ok())
      fail(exit_codes::unreachable, "over gRPC: " + call->status.error_message());
    take(call->index, call->response);
    return 1;
  }

 private:
  struct Call {
    std::size_t index = 0;
    grpc::ClientContext context;
    Response response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader;
  };

  Method method_;
  std::vector<std::unique_ptr<Stub>> stubs_;
  std::size_t next_ = 0;
  grpc::CompletionQueue queue_;
};

/// One call, waited for.
template <class Service, class Response, class Request, class Method>
Response call_once(const std::string& address, Method method, const Request& request) {
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  grpc::ClientContext context;
  Response response;
  const auto stub = Service::NewStub(channel);
  const grpc::Status status = ((*stub).*method)(&context, request, &response);
  if (!status.ok()) fail(exit_codes::unreachable, address + ": " + status.error_message());
  return response;
}

}  // namespace postern::bench::peer
