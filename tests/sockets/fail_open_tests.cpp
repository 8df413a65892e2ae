// The matrix of hard fact 9: every peer that must not get in, at every server, whatever became of
// the authenticator. The same matrix without the guard must go red, or it would prove nothing.
#include <zmq.h>

#include <boost/test/unit_test.hpp>
#include <optional>

#include "daemon/transport/identity.h"
#include "tests/sockets/peers.h"

namespace postern::tests {

namespace {

using credential::CurveKeyPair;
using credential::make_curve_key_pair;
using transport::Option;

/// How the server's socket is locked.
enum class Lock { guard, no_domain, not_enforced };
/// What answers the handshakes: ours, which allows one key; nothing; something that takes them and
/// never answers, as a thread that died in the middle.
enum class Handler { ours, none, silent };
enum class Door { curve_over_tcp, null_over_ipc };
enum class Caller { known_key, stranger_key, wrong_server_key, plain, null };

struct Cell {
  Handler handler;
  Door door;
  Caller caller;
};

std::string name_of(const Cell& cell) {
  constexpr const char* handlers[] = {"ours", "none", "silent"};
  constexpr const char* doors[] = {"curve over tcp", "null over ipc"};
  constexpr const char* callers[] = {"known key", "stranger's key", "wrong server key", "PLAIN",
                                     "NULL"};
  return std::string(handlers[static_cast<int>(cell.handler)]) + ", " +
         doors[static_cast<int>(cell.door)] + ", " + callers[static_cast<int>(cell.caller)];
}

/// None of them may come in; all combinations that can be.
std::vector<Cell> denied_cells() {
  std::vector<Cell> cells;
  for (const Handler handler : {Handler::ours, Handler::none, Handler::silent}) {
    for (const Caller caller :
         {Caller::stranger_key, Caller::wrong_server_key, Caller::plain, Caller::null})
      cells.push_back({handler, Door::curve_over_tcp, caller});
    for (const Caller caller : {Caller::stranger_key, Caller::plain, Caller::null})
      cells.push_back({handler, Door::null_over_ipc, caller});
    // Nobody who could know the key is there to be asked.
    if (handler != Handler::ours)
      cells.push_back({handler, Door::curve_over_tcp, Caller::known_key});
  }
  return cells;
}

/// A context with one of the handlers.
class World {
 public:
  explicit World(Handler handler) {
    if (handler == Handler::ours) {
      transport_.emplace();
      transport_->context->allow({transport::curve_identity(known.public_key)});
      return;
    }
    bare_ = zmq_ctx_new();
    if (handler == Handler::silent)
      silent_.emplace(bare_, "inproc://zeromq.zap.01", no_options_, false,
                      std::span<const std::byte>());
  }
  ~World() {
    silent_.reset();
    if (bare_ != nullptr) zmq_ctx_term(bare_);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void* handle() const { return transport_ ? transport_->handle() : bare_; }

  CurveKeyPair known = make_curve_key_pair();

 private:
  static constexpr std::initializer_list<Option> no_options_ = {};
  std::optional<Transport> transport_;
  void* bare_ = nullptr;
  std::optional<BareRouter> silent_;
};

void lock(const BareRouter& router, Lock how, std::span<const std::byte> secret) {
  constexpr int enforce_domain = 93;
  if (how == Lock::guard) {
    BOOST_REQUIRE(transport::guard(router.socket, secret));
    return;
  }
  if (how == Lock::no_domain)
    BOOST_REQUIRE(transport::set_options(router.socket, {{enforce_domain, 1}}));
  if (how == Lock::not_enforced)
    BOOST_REQUIRE(transport::set_options(
        router.socket, {{ZMQ_ZAP_DOMAIN, std::as_bytes(std::span("postern", 7))}}));
  if (!secret.empty())
    BOOST_REQUIRE(transport::set_options(router.socket,
                                         {{ZMQ_CURVE_SERVER, 1}, {ZMQ_CURVE_SECRETKEY, secret}}));
}

/// Whether the caller's message reaches the server behind this lock.
bool gets_through(const Cell& cell, Lock how) {
  const World world(cell.handler);
  const CurveKeyPair server = make_curve_key_pair();
  const CurveKeyPair other = make_curve_key_pair();
  const bool is_curve = cell.door == Door::curve_over_tcp;
  // A handshake that nobody answers must end; every other has all the time it takes.
  const bool is_answered = cell.handler != Handler::silent || how == Lock::no_domain;
  const BareRouter router(world.handle(), "",
                          {{ZMQ_HANDSHAKE_IVL, is_answered ? 0 : 200}, {ZMQ_LINGER, 0}}, false, {});
  lock(router, how,
       is_curve ? std::span<const std::byte>(server.secret_key) : std::span<const std::byte>());
  Monitor monitor(world.handle(), router.socket,
                  ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                      ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                      ZMQ_EVENT_DISCONNECTED);
  const std::string wanted =
      is_curve
          ? "tcp://127.0.0.1:*"
          : "ipc://@postern-test-" + transport::curve_identity(server.public_key).substr(6, 32);
  BOOST_REQUIRE(zmq_bind(router.socket.get(), wanted.c_str()) == 0);

  const bool has_key = cell.caller == Caller::known_key || cell.caller == Caller::stranger_key ||
                       cell.caller == Caller::wrong_server_key;
  const CurveKeyPair& own = cell.caller == Caller::known_key ? world.known : other;
  const bool knows_server = cell.caller != Caller::wrong_server_key;
  const Credentials credentials =
      has_key ? Credentials{.own = &own,
                            .server = knows_server ? &server.public_key : &other.public_key}
              : Credentials{};
  const ClientSocket client(world.handle(), ZMQ_DEALER, "", credentials,
                            {{ZMQ_HANDSHAKE_IVL, 0}, {ZMQ_LINGER, 0}, {ZMQ_RECONNECT_IVL, -1}});
  if (cell.caller == Caller::plain)
    BOOST_REQUIRE(transport::set_options(
        client.socket(), {{ZMQ_PLAIN_USERNAME, std::as_bytes(std::span("owner", 5))},
                          {ZMQ_PLAIN_PASSWORD, std::as_bytes(std::span("owner", 5))}}));
  client.connect(transport::last_address(router.socket));
  // Not to wait: whoever was turned away by now has no way left to send on.
  zmq_send(client.socket().get(), "hello", 5, ZMQ_DONTWAIT);
  const auto event = monitor.next();
  BOOST_REQUIRE_MESSAGE(event, name_of(cell));
  const bool let_in = event->first == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
  BOOST_TEST(router.receive(let_in ? patience : std::chrono::milliseconds(0)).has_value() == let_in,
             name_of(cell));
  return let_in;
}

/// The cells in which somebody gets in who must not.
std::vector<std::string> red_cells(Lock how) {
  std::vector<std::string> red;
  for (const Cell& cell : denied_cells())
    if (gets_through(cell, how)) red.push_back(name_of(cell));
  return red;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fail_open_tests)

BOOST_AUTO_TEST_CASE(fact_9_behind_the_guard_nobody_gets_in_who_must_not) {
  const auto red = red_cells(Lock::guard);
  for (const std::string& cell : red) BOOST_TEST_MESSAGE("got in: " << cell);
  BOOST_TEST(red.empty());
}

BOOST_AUTO_TEST_CASE(fact_9_behind_the_guard_the_known_key_gets_in) {
  // Else a server that nobody reaches would pass.
  BOOST_TEST(gets_through({Handler::ours, Door::curve_over_tcp, Caller::known_key}, Lock::guard));
}

BOOST_AUTO_TEST_CASE(fact_9_canary_without_a_domain_the_matrix_goes_red) {
  const std::vector<std::string> expected{
      "ours, curve over tcp, stranger's key", "ours, null over ipc, NULL",
      "none, curve over tcp, stranger's key", "none, null over ipc, NULL",
      "none, curve over tcp, known key",      "silent, curve over tcp, stranger's key",
      "silent, null over ipc, NULL",          "silent, curve over tcp, known key"};
  const auto red = red_cells(Lock::no_domain);
  BOOST_TEST(red == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fact_9_canary_without_enforcing_the_matrix_goes_red_where_nobody_is_asked) {
  const std::vector<std::string> expected{"none, curve over tcp, stranger's key",
                                          "none, null over ipc, NULL",
                                          "none, curve over tcp, known key"};
  const auto red = red_cells(Lock::not_enforced);
  BOOST_TEST(red == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::tests
