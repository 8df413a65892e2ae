// etcd, through its own interface over gRPC: a key for each grant, read without asking the other
// members, of which there are none.
#include <etcd.grpc.pb.h>

#include <chrono>
#include <thread>
#include <utility>

#include "tools/bench/peer/grpc_calls.h"
#include "tools/bench/peer/peer.h"

namespace postern::bench::peer {

namespace {

namespace wire = etcdserverpb;

/// What etcd takes in one transaction.
constexpr std::size_t operations_at_once = 128;
constexpr std::size_t loads_in_flight = 16;
/// Each channel is one connection, on which calls share windows.
constexpr std::size_t most_channels = 8;

std::string key_of(const std::string& username, const Right& right) {
  return "grants/" + username + "/" + action_text(right.action) + "/" +
         resource_text(right.resource);
}

wire::RangeRequest range_of(const std::string& username, const Right& right) {
  wire::RangeRequest range;
  range.set_key(key_of(username, right));
  range.set_serializable(true);
  return range;
}

bool is_allowed(const wire::RangeResponse& response) {
  return response.kvs_size() == 1 && response.kvs(0).value() == "allow";
}

wire::PutRequest put_of(const std::string& key, const std::string& value) {
  wire::PutRequest put;
  put.set_key(key);
  put.set_value(value);
  return put;
}

class EtcdChecks : public Conversation {
 public:
  EtcdChecks(const std::string& address, std::size_t channels, const QuestionSet& questions)
      : calls_(address, channels, &wire::KV::Stub::AsyncRange), verdicts_(questions) {
    for (std::size_t i = 0; i < questions.asked.size(); ++i)
      requests_.push_back(range_of(questions.usernames[i], questions.asked[i].right));
  }

  void send(std::size_t index) override { calls_.send(index, requests_[index]); }
  std::size_t receive() override {
    return calls_.receive([&](std::size_t index, const wire::RangeResponse& response) {
      verdicts_.add(index, is_allowed(response));
    });
  }
  void verify() override { verdicts_.verify("etcd"); }

 private:
  GrpcCalls<wire::KV, wire::RangeRequest, wire::RangeResponse> calls_;
  std::vector<wire::RangeRequest> requests_;
  Verdicts verdicts_;
};

/// Many look-ups in one transaction.
class EtcdBatches : public Conversation {
 public:
  EtcdBatches(const std::string& address, std::size_t channels, const QuestionSet& questions)
      : calls_(address, channels, &wire::KV::Stub::AsyncTxn),
        requests_(questions.usernames.size()),
        per_message_(questions.per_message),
        verdicts_(questions) {
    for (std::size_t i = 0; i < questions.asked.size(); ++i) {
      const std::size_t message = i / per_message_;
      *requests_[message].add_success()->mutable_request_range() =
          range_of(questions.usernames[message], questions.asked[i].right);
    }
  }

  void send(std::size_t index) override { calls_.send(index, requests_[index]); }
  std::size_t receive() override {
    return calls_.receive([&](std::size_t index, const wire::TxnResponse& response) {
      if (static_cast<std::size_t>(response.responses_size()) != per_message_)
        wrong_answer("etcd left questions out");
      for (int i = 0; i < response.responses_size(); ++i)
        verdicts_.add(index * per_message_ + static_cast<std::size_t>(i),
                      is_allowed(response.responses(i).response_range()));
    });
  }
  void verify() override { verdicts_.verify("etcd"); }

 private:
  GrpcCalls<wire::KV, wire::TxnRequest, wire::TxnResponse> calls_;
  std::vector<wire::TxnRequest> requests_;
  std::size_t per_message_;
  Verdicts verdicts_;
};

class EtcdWrites : public Conversation {
 public:
  EtcdWrites(const std::string& address, std::size_t channels, const World& world)
      : calls_(address, channels, &wire::KV::Stub::AsyncPut) {
    for (const char* value : {"off", "on"})
      for (std::size_t i = 0; i < world.written_users; ++i)
        requests_.push_back(put_of("users/" + username_of(world.users + i), value));
  }

  void send(std::size_t index) override {
    calls_.send(index % requests_.size(), requests_[index % requests_.size()]);
  }
  std::size_t receive() override {
    return calls_.receive([&](std::size_t, const wire::PutResponse& response) {
      if (response.header().revision() <= 0) wrong_answer("etcd tells no revision of a write");
    });
  }
  void verify() override {}

 private:
  GrpcCalls<wire::KV, wire::PutRequest, wire::PutResponse> calls_;
  std::vector<wire::PutRequest> requests_;
};

class Etcd : public Peer {
 public:
  Etcd(std::string address, const World& world) : address_(std::move(address)), world_(world) {}

  std::string name() const override { return "etcd, Range"; }
  std::string settings() override {
    const auto status = call_once<wire::Maintenance, wire::StatusResponse>(
        address_, &wire::Maintenance::Stub::Status, wire::StatusRequest());
    return status.version() +
           ", one member, loopback without TLS, serializable reads, default fsync";
  }

  void load(const World& world) override {
    GrpcCalls<wire::KV, wire::TxnRequest, wire::TxnResponse> calls(address_, most_channels,
                                                                   &wire::KV::Stub::AsyncTxn);
    std::size_t under_way = 0;
    const auto take = [&] {
      under_way -= calls.receive([](std::size_t, const wire::TxnResponse&) {});
    };
    wire::TxnRequest request;
    const auto send = [&] {
      while (under_way >= loads_in_flight) take();
      calls.send(0, request);
      ++under_way;
      request.Clear();
    };
    for (std::size_t user = 0; user < world.users + world.written_users; ++user)
      for (const Grant& grant : grants_of(user)) {
        *request.add_success()->mutable_request_put() =
            put_of(key_of(username_of(user), grant.right), grant.deny ? "deny" : "allow");
        if (static_cast<std::size_t>(request.success_size()) == operations_at_once) send();
      }
    if (request.success_size() > 0) send();
    while (under_way > 0) take();
  }

  std::unique_ptr<Conversation> open(Work work, std::size_t connections) override {
    if (work == Work::writes)
      has_written_ = true;
    else if (std::exchange(has_written_, false))
      drop_write_buffer();
    const std::size_t channels = std::min(connections, most_channels);
    switch (work) {
      case Work::checks:
        return std::make_unique<EtcdChecks>(address_, channels, world_.checks);
      case Work::batches:
        return std::make_unique<EtcdBatches>(address_, channels, world_.batches);
      case Work::writes:
        return std::make_unique<EtcdWrites>(address_, channels, world_);
    }
    return nullptr;
  }

 private:
  /// etcd 3.4 allocates for each read as much as its buffer of the writes before once had, until it
  /// has committed without a write to a key. A lease is such a commit; two, as the first one may
  /// come together with the last writes.
  void drop_write_buffer() const {
    // etcd commits each 100 ms.
    constexpr std::chrono::milliseconds two_commits(250);
    wire::LeaseGrantRequest request;
    request.set_ttl(60);
    for (int i = 0; i < 2; ++i) {
      call_once<wire::Lease, wire::LeaseGrantResponse>(address_, &wire::Lease::Stub::LeaseGrant,
                                                       request);
      std::this_thread::sleep_for(two_commits);
    }
  }

  std::string address_;
  const World& world_;
  bool has_written_ = true;
};

}  // namespace

std::unique_ptr<Peer> make_etcd(const std::string& address, const World& world) {
  return std::make_unique<Etcd>(address, world);
}

}  // namespace postern::bench::peer
