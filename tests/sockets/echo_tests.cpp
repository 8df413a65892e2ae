// What Endpoint costs over a bare ROUTER that echoes the same bytes, in the same run.
#include <zmq.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <iostream>
#include <thread>

#include "daemon/platform/waker.h"
#include "tests/sockets/peers.h"

namespace postern::tests {

namespace {

using Clock = std::chrono::steady_clock;

/// Both are measured in turns, so whatever else the machine does burdens either alike, and a round
/// is as likely better as worse than both are alone: that each of so many is worse than the bound,
/// where half of them should be far above it, has a chance of 2^-60.
constexpr int rounds_max = 60;
constexpr int rounds_min = 7;
constexpr double ratio_min = 0.6;
constexpr std::size_t message_bytes = 200;

/// Echoes through Endpoint, as a service thread would: receive until nothing is there, then wait.
class EndpointEcho {
 public:
  EndpointEcho() {
    transport_.context->allow({own_identity()});
    thread_ = std::thread([this] {
      transport::Inbound inbound;
      while (!stopping_) {
        while (transport_.endpoint->receive(inbound))
          transport_.endpoint->send(inbound.peer,
                                    {reinterpret_cast<const std::uint8_t*>(inbound.payload.data()),
                                     inbound.payload.size()});
        transport_.endpoint->wait(waker_.descriptor(), -1);
      }
    });
  }
  ~EndpointEcho() {
    stopping_ = true;
    waker_.wake();
    thread_.join();
  }
  void* handle() const { return transport_.handle(); }
  const std::string& address() const { return transport_.ipc_address(); }
  std::filesystem::path other_path() const { return transport_.folder / "bare"; }

 private:
  Transport transport_;
  platform::Waker waker_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// The floor: a ROUTER that hands each message back as it came.
class BareEcho {
 public:
  BareEcho(void* context, const std::filesystem::path& path)
      : router_(context, "ipc://" + path.native(), {{ZMQ_RCVTIMEO, 100}}, false, {}) {
    thread_ = std::thread([this] {
      while (!stopping_) echo_one();
    });
  }
  ~BareEcho() {
    stopping_ = true;
    thread_.join();
  }
  const std::string& address() const { return router_.address; }

 private:
  void echo_one() {
    zmq_msg_t message;
    zmq_msg_init(&message);
    int more = 1;
    while (more && zmq_msg_recv(&message, router_.socket.get(), 0) >= 0) {
      more = zmq_msg_more(&message);
      zmq_msg_send(&message, router_.socket.get(), more ? ZMQ_SNDMORE : 0);
    }
    zmq_msg_close(&message);
  }

  BareRouter router_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// Seconds for `count` echoes with `in_flight` of them under way.
double seconds_for(const ClientSocket& client, int count, int in_flight) {
  const std::string question(message_bytes, 'q');
  std::string answer(message_bytes, '\0');
  const auto start = Clock::now();
  int sent = 0;
  for (; sent < in_flight; ++sent) transport::send_frame(client.socket(), question, false);
  for (int received = 0; received < count; ++received) {
    const int size = zmq_recv(client.socket().get(), answer.data(), answer.size(), 0);
    if (size != static_cast<int>(message_bytes)) BOOST_FAIL("an echo of the wrong size");
    if (sent < count) {
      transport::send_frame(client.socket(), question, false);
      ++sent;
    }
  }
  BOOST_REQUIRE(answer == question);
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Medians of the rounds. Tests look at the best round: other programs can only make one worse.
struct Measured {
  double ratio;
  double best_ratio;
  double endpoint_per_second;
  double bare_per_second;
};

Measured measure(int count, int in_flight) {
  const EndpointEcho endpoint;
  const BareEcho bare(endpoint.handle(), endpoint.other_path());
  const ClientSocket to_endpoint(endpoint.handle(), ZMQ_DEALER, endpoint.address(), {},
                                 {{ZMQ_RCVTIMEO, 120'000}});
  const ClientSocket to_bare(endpoint.handle(), ZMQ_DEALER, bare.address(), {},
                             {{ZMQ_RCVTIMEO, 120'000}});
  std::vector<double> ratios, endpoint_rates, bare_rates;
  for (int round = 0; round < rounds_min ||
                      (round < rounds_max && std::ranges::max(ratios) < ratio_min);
       ++round) {
    endpoint_rates.push_back(count / seconds_for(to_endpoint, count, in_flight));
    bare_rates.push_back(count / seconds_for(to_bare, count, in_flight));
    ratios.push_back(endpoint_rates.back() / bare_rates.back());
  }
  const auto median = [](std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
  };
  return {.ratio = median(ratios),
          .best_ratio = std::ranges::max(ratios),
          .endpoint_per_second = median(endpoint_rates),
          .bare_per_second = median(bare_rates)};
}

void report(const std::string& what, const Measured& measured) {
  std::cout << what << ": endpoint " << static_cast<int>(measured.endpoint_per_second)
            << "/s, bare " << static_cast<int>(measured.bare_per_second) << "/s, ratio "
            << measured.ratio << '\n';
}

BOOST_AUTO_TEST_SUITE(echo_tests)

BOOST_AUTO_TEST_CASE(sixty_four_in_flight) {
  const auto measured = measure(20'000, 64);
  report("64 in flight", measured);
  BOOST_TEST(measured.best_ratio >= ratio_min);
}

BOOST_AUTO_TEST_CASE(one_at_a_time) {
  const auto measured = measure(2'000, 1);
  report("one at a time", measured);
  BOOST_TEST(measured.best_ratio >= ratio_min);
}

BOOST_AUTO_TEST_CASE(no_wake_up_is_lost) {
  // A lost one would stand still until the client's limit.
  const EndpointEcho endpoint;
  const ClientSocket client(endpoint.handle(), ZMQ_DEALER, endpoint.address(), {},
                            {{ZMQ_RCVTIMEO, 120'000}});
  for (const int in_flight : {1, 2, 3, 7}) seconds_for(client, 5'000, in_flight);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
