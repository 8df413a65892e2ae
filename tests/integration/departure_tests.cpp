// Peers of every kind that go while the daemon's loops take nothing (hard fact 13).
// POSTERN_DEPARTURES: how many go at least, 324 if it is not set.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zmq.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "history_generated.h"
#include "schema/identifiers.h"
#include "tests/support/bare_connection.h"
#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

using schema::Code;
namespace fs = std::filesystem;

const std::array<std::string, 3> socket_names{"commands", "queries", "history"};
/// The daemon lets so many messages of one peer wait.
constexpr int waiting_messages_max = 64;

/// A daemon whose loops and syncs can be held.
struct Held : DaemonProcess {
  explicit Held(std::string settings = {}) : DaemonProcess(std::move(settings)) {
    ::setenv("HELD_CALLS", holds.path().c_str(), 1);
    ::setenv("LD_PRELOAD", HELD_CALLS, 1);
    const bool started = start();
    ::unsetenv("LD_PRELOAD");
    BOOST_REQUIRE_MESSAGE(started, ended().said);
    BOOST_REQUIRE(owner().execute(create_tenant("acme"))->code == Code::ok);
  }

  /// From here on, what comes to `what` waits there.
  void hold(const std::string& what) {
    fs::remove(holds.path() / (what + ".held"));
    BOOST_REQUIRE(::mkfifo((holds.path() / what).c_str(), 0600) == 0);
  }
  /// Somebody is held.
  void wait_until_held(const std::string& what) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!fs::exists(holds.path() / (what + ".held"))) {
      BOOST_REQUIRE(std::chrono::steady_clock::now() < end);
      std::this_thread::yield();
    }
  }
  void release(const std::string& what) {
    const fs::path pipe = holds.path() / what;
    // Who is held opens the other end; who comes after finds nothing.
    const int end = ::open(pipe.c_str(), O_RDWR | O_CLOEXEC);
    BOOST_REQUIRE(end >= 0);
    fs::remove(pipe);
    // It may be between seeing the pipe and opening it: that fails, and it goes on.
    ::close(end);
  }
  /// On every socket, over both doors.
  void serves() {
    const auto remote_options = tcp_options(owner_keys());
    for (const client::Options& options : {owner_options(), remote_options}) {
      auto client = client::Client::make(options);
      BOOST_REQUIRE(client);
      const auto status = client->ask(get_status());
      BOOST_REQUIRE_MESSAGE(status, status.error().sentence);
      BOOST_TEST((status->code == Code::ok));
      const auto receipt = client->execute(create_user("acme", "user" + std::to_string(++users)));
      BOOST_REQUIRE_MESSAGE(receipt, receipt.error().sentence);
      BOOST_TEST((receipt->code == Code::ok));
      schema::HistoryRequestT asked;
      asked.body.Set(schema::GetRecordsT());
      const auto page = client->history(std::move(asked));
      BOOST_REQUIRE_MESSAGE(page, page.error().sentence);
      BOOST_TEST((page->code == Code::ok));
    }
  }

  TemporaryFolder holds;
  int users = 0;
};

enum class Leaving { closes, resets, closes_half };

struct Kind {
  std::string socket;
  bool over_tcp = false;
  int heartbeat_ms = 0;
  int lives_ms = 0;
  Leaving leaving = Leaving::closes;
};

std::vector<Kind> every_kind() {
  std::vector<Kind> kinds;
  for (const std::string& socket : socket_names)
    for (const bool over_tcp : {false, true})
      for (const auto& [heartbeat_ms, lives_ms] :
           {std::pair(0, 0), {1, 100}, {10, 600'000}, {200, 0}, {1'000, 3'000}, {10'000, 100}})
        for (const Leaving leaving : {Leaving::closes, Leaving::resets, Leaving::closes_half})
          for (int twice = 0; twice < 3; ++twice)
            kinds.push_back({socket, over_tcp, heartbeat_ms, lives_ms, leaving});
  return kinds;
}

/// A DEALER that fills the mark and more, then goes as its kind does.
class Peer {
 public:
  Peer(void* context, const Kind& kind, const client::Options& remote, const std::string& ipc)
      : kind_(kind), socket_(::zmq_socket(context, ZMQ_DEALER)) {
    set(ZMQ_LINGER, 0);
    set(ZMQ_HEARTBEAT_IVL, kind.heartbeat_ms);
    set(ZMQ_HEARTBEAT_TTL, kind.lives_ms);
    set(ZMQ_HEARTBEAT_TIMEOUT, 600'000);
    set(ZMQ_RECONNECT_IVL, -1);
    if (kind.over_tcp) {
      set_key(ZMQ_CURVE_SERVERKEY, *remote.server_key);
      set_key(ZMQ_CURVE_PUBLICKEY, remote.keys->public_key);
      set_key(ZMQ_CURVE_SECRETKEY, remote.keys->secret_key);
    }
    const std::string watched = "inproc://peer-" + std::to_string(++made);
    BOOST_REQUIRE(::zmq_socket_monitor(socket_, watched.c_str(),
                                       ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED) == 0);
    monitor_ = ::zmq_socket(context, ZMQ_PAIR);
    BOOST_REQUIRE(::zmq_connect(monitor_, watched.c_str()) == 0);
    const std::string address = kind.over_tcp ? address_of(remote, kind.socket) : ipc;
    BOOST_REQUIRE(::zmq_connect(socket_, address.c_str()) == 0);
  }
  Peer(Peer&& from) noexcept
      : kind_(from.kind_),
        socket_(std::exchange(from.socket_, nullptr)),
        monitor_(std::exchange(from.monitor_, nullptr)),
        descriptor_(from.descriptor_) {}
  Peer& operator=(Peer&&) = delete;
  ~Peer() {
    if (socket_ != nullptr) go();
  }

  void fill() {
    descriptor_ = next_event();
    next_event();
    for (int sent = 0; sent < 2 * waiting_messages_max; ++sent)
      ::zmq_send(socket_, "junk", 4, ZMQ_DONTWAIT);
  }
  void go() {
    if (kind_.leaving == Leaving::closes_half) ::shutdown(descriptor_, SHUT_WR);
    if (kind_.leaving == Leaving::resets) {
      const linger at_once{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    ::zmq_socket_monitor(socket_, nullptr, 0);
    ::zmq_close(std::exchange(monitor_, nullptr));
    ::zmq_close(std::exchange(socket_, nullptr));
  }

 private:
  static std::string address_of(const client::Options& options, const std::string& socket) {
    return socket == "commands"  ? options.commands
           : socket == "queries" ? options.queries
                                 : options.history;
  }
  void set(int option, int value) const {
    BOOST_REQUIRE(::zmq_setsockopt(socket_, option, &value, sizeof value) == 0);
  }
  void set_key(int option, const client::Key& key) const {
    BOOST_REQUIRE(::zmq_setsockopt(socket_, option, key.data(), key.size()) == 0);
  }
  /// Its value: of a connection, the descriptor.
  int next_event() const {
    char first[6] = {};
    char address[256];
    BOOST_REQUIRE(::zmq_recv(monitor_, first, sizeof first, 0) == sizeof first);
    ::zmq_recv(monitor_, address, sizeof address, 0);
    int value = 0;
    std::memcpy(&value, first + 2, sizeof value);
    return value;
  }

  static inline int made = 0;
  Kind kind_;
  void* socket_;
  void* monitor_ = nullptr;
  int descriptor_ = -1;
};

struct ClientContext {
  ClientContext() { ::zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, 2'000); }
  ~ClientContext() { ::zmq_ctx_term(handle); }
  void* handle = ::zmq_ctx_new();
};

std::size_t departures_wanted() {
  const char* set = std::getenv("POSTERN_DEPARTURES");
  return set == nullptr ? every_kind().size() : std::strtoul(set, nullptr, 10);
}

/// A process of its own that runs `body` and is killed at the end.
template <class Body>
pid_t in_process(Body body) {
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    body();
    ::_exit(0);
  }
  return child;
}

/// Of every version and mechanism, and of none.
std::vector<std::string> strange_greetings() {
  std::vector<std::string> greetings{"",
                                     std::string(1, '\0'),
                                     "\1",
                                     std::string("\1\0x", 3),
                                     std::string(300, '\xff'),
                                     "GET / HTTP/1.1\r\n\r\n"};
  for (const int version : {0, 1, 2, 3, 4, 255})
    for (const int minor : {0, 1, 2, 255})
      for (const char* mechanism : {"NULL", "CURVE", "PLAIN", "GSSAPI", "NULLx", ""})
        for (const char server : {'\0', '\1'}) {
          std::string greeting = zmtp_greeting(mechanism);
          greeting[10] = static_cast<char>(version);
          greeting[11] = static_cast<char>(minor);
          greeting[32] = server;
          greetings.push_back(std::move(greeting));
        }
  // A client of a version without mechanisms, up to its first message.
  const std::string signature = "\xff" + std::string(7, '\0') + "\1\x7f";
  for (const char version : {'\0', '\1'})
    greetings.push_back(signature + version + '\5' + std::string("\0\0\0\1x", 5));
  return greetings;
}

/// Frames that are no message of ours, commands known and unknown, cut and too long.
std::vector<std::string> strange_commands() {
  std::vector<std::string> said;
  for (const std::string name : {"PING", "PONG", "SUBSCRIBE", "CANCEL", "JOIN", "LEAVE", "READY",
                                 "ERROR", "HELLO", "INITIATE", "MESSAGE", "X"}) {
    const std::string named = static_cast<char>(name.size()) + name;
    for (const std::string& body :
         {named, named + '\0', named + std::string(30, '\xff'), named + std::string(200, 'c'),
          named.substr(0, 2), named + "\3400", named + std::string("\1x\xff\xff\xff\xff", 6)})
      for (const char flags : {'\4', '\5', '\0'}) said.push_back(zmtp_frame(flags, body));
  }
  for (int flags = 0; flags < 256; ++flags) {
    said.push_back(zmtp_frame(static_cast<char>(flags), ""));
    said.push_back(static_cast<char>(flags) + std::string(8, '\xff') + "x");
    said.push_back(static_cast<char>(flags) + std::string("\x7f") + std::string(7, '\xff') + "x");
  }
  return said;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(departure_tests)

BOOST_FIXTURE_TEST_CASE(fact_13_a_ping_behind_the_mark_of_who_has_gone_ends_nothing, Held) {
  std::string filling;
  for (int index = 0; index <= waiting_messages_max; ++index) filling += zmtp_frame('\0', "junk");
  for (const int lives_ds : {0, 1, 30, 655, 656, 6'000, 65'535}) {
    hold("receive");
    for (const std::string& name : socket_names) {
      auto closes = handmade_peer(ipc(name));
      closes.send(filling + zmtp_ping(lives_ds));
      auto closes_half = handmade_peer(ipc(name));
      closes_half.send(filling + zmtp_ping(lives_ds) + zmtp_frame('\0', "x") + zmtp_ping(1));
      closes_half.close_half();
      closes.reset();
    }
    wait_until_held("receive");
    release("receive");
    serves();
  }
}

BOOST_FIXTURE_TEST_CASE(fact_13_no_kind_of_peer_that_leaves_ends_the_daemon, Held) {
  std::vector<Kind> kinds = every_kind();
  const client::Options remote = tcp_options(owner_keys());
  std::mt19937 random(13);
  std::size_t gone = 0;
  while (gone < departures_wanted()) {
    const ClientContext context;
    std::shuffle(kinds.begin(), kinds.end(), random);
    std::vector<Peer> peers;
    for (const Kind& kind : kinds)
      peers.emplace_back(context.handle, kind, remote, ipc(kind.socket));
    // Handshakes need the authenticator, which is not held.
    hold("receive");
    for (Peer& peer : peers) peer.fill();
    wait_until_held("receive");
    // A third goes during the stall, a third while it ends, the rest while it is made up for.
    const std::size_t third = peers.size() / 3;
    for (std::size_t index = 0; index < third; ++index) peers[index].go();
    std::thread going([&] {
      for (std::size_t index = third; index < peers.size(); ++index) peers[index].go();
    });
    release("receive");
    going.join();
    gone += peers.size();
    serves();
  }
  BOOST_TEST_MESSAGE(gone << " peers left");
}

BOOST_FIXTURE_TEST_CASE(fact_13_an_importer_killed_while_the_disk_syncs_ends_nothing, Held) {
  hold("sync");
  std::vector<pid_t> importers;
  for (int index = 0; index < 4; ++index)
    importers.push_back(in_process([&] {
      auto client = owner();
      for (int user = 0; user < 500; ++user)
        static_cast<void>(client.submit(
            create_user("acme", "i" + std::to_string(index) + "u" + std::to_string(user))));
      static_cast<void>(client.collect_receipt(std::chrono::minutes(10)));
    }));
  wait_until_held("sync");
  for (const pid_t importer : importers) {
    ::kill(importer, SIGKILL);
    BOOST_REQUIRE(::waitpid(importer, nullptr, 0) == importer);
  }
  release("sync");
  serves();
}

BOOST_FIXTURE_TEST_CASE(fact_13_who_leaves_while_the_writer_is_busy_ends_nothing, Held) {
  const std::string note(900, 'n');
  schema::CommandMessageT batch;
  batch.tenant = "acme";
  batch.dry_run = true;
  for (int user = 0; user < 70; ++user) {
    schema::CreateUserT body;
    body.username = "dry" + std::to_string(user);
    body.note = note;
    auto& command = batch.commands.emplace_back(std::make_unique<schema::CommandT>());
    command->body.Set(std::move(body));
  }
  const pid_t sender = in_process([&] {
    auto client = owner();
    for (int message = 0; message < 200; ++message) {
      schema::CommandMessageT copy = batch;
      static_cast<void>(client.submit(std::move(copy)));
    }
    static_cast<void>(client.collect_receipt(std::chrono::minutes(10)));
  });
  // It has ended with one answer: the rest lies before the writer.
  BOOST_REQUIRE(::waitpid(sender, nullptr, 0) == sender);
  serves();
}

BOOST_FIXTURE_TEST_CASE(fact_13_no_bytes_of_a_peer_end_the_daemon, Held) {
  for (const std::string& greeting : strange_greetings())
    for (const std::string& name : socket_names) {
      BareConnection(ipc(name)).send_what_fits(greeting);
      BareConnection(port_base() + 1).send_what_fits(greeting + zmtp_ready());
    }
  for (const std::string& said : strange_commands())
    for (const std::string& name : socket_names) {
      // In place of who it is, after that, and again.
      BareConnection(ipc(name)).send_what_fits(zmtp_greeting("NULL") + said + zmtp_ready());
      auto let_in = handmade_peer(ipc(name));
      let_in.send_what_fits(said + said + zmtp_ping(1));
      let_in.close_half();
      let_in.closes_before(BareConnection::Clock::now() + std::chrono::seconds(20));
    }
  serves();
}

BOOST_FIXTURE_TEST_CASE(fact_13_routing_ids_of_any_form_end_nothing, Held) {
  const std::string own_form("\0\1\2\3\4", 5);
  for (const std::string& id :
       {std::string(1, '\0'), own_form, std::string("same"), std::string(200, 'i')})
    for (const std::string& name : socket_names) {
      const auto connect = [&] {
        BareConnection made(ipc(name));
        made.send(zmtp_greeting("NULL") + zmtp_ready(id));
        made.read(zmtp_greeting("NULL").size());
        made.read(static_cast<unsigned char>(made.read(2)[1]));
        return made;
      };
      auto first = connect();
      first.send(zmtp_frame('\0', "junk"));
      // Only who has the id is answered; its end makes room for the next.
      auto second = connect();
      for (int sent = 0; sent < 3; ++sent)
        second.send(zmtp_frame('\1', "") + zmtp_frame('\0', "j"));
      first.reset();
      auto third = connect();
      third.send(zmtp_frame('\0', "junk") + zmtp_ping(0));
    }
  serves();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
