// A ROUTER that takes nothing for a while, in a process of its own, and peers that go meanwhile.
// It is libzmq alone, with whatever the program it is in puts before the C library's functions.
#pragma once

#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/support/bare_connection.h"

namespace postern::tests {

/// How a peer that has filled the mark goes.
enum class Leaving { closes, closes_half };

struct Departure {
  const char* name = "";
  /// Of the ROUTER; 0: none.
  int own_heartbeat_ms = 0;
  /// What lies behind the messages that fill the mark, read together with them.
  std::string behind = {};
  Leaving leaving = Leaving::closes;
};

inline const std::array<Departure, 7> departures{
    {{"heartbeats of our own", 20, {}, Leaving::closes},
     {"a ping behind the mark", 0, support::zmtp_ping(0), Leaving::closes},
     {"a ping that lives 0.1 s behind the mark", 0, support::zmtp_ping(1), Leaving::closes},
     {"pings and a message behind the mark", 0,
      support::zmtp_ping(0) + support::zmtp_frame('\0', "x") + support::zmtp_ping(600),
      Leaving::closes},
     {"half closed", 0, support::zmtp_ping(0), Leaving::closes_half},
     {"a frame that is none behind the mark", 0, "\xff\xff", Leaving::closes},
     {"nothing behind the mark", 0, {}, Leaving::closes}}};

/// Those that end a bare libzmq.
constexpr std::size_t deadly_count = 4;

constexpr int mark = 64;
constexpr int patience_ms = 30'000;

/// The child's life: bound, stalled until told, then taking all that lay before and behind the mark
/// (which is there once libzmq has read on), and the word of an honest peer.
inline int run_stalled_router(const std::string& address, int heartbeat_ms, int bound, int go) {
  void* context = ::zmq_ctx_new();
  void* router = ::zmq_socket(context, ZMQ_ROUTER);
  ::zmq_setsockopt(router, ZMQ_RCVHWM, &mark, sizeof mark);
  ::zmq_setsockopt(router, ZMQ_HEARTBEAT_IVL, &heartbeat_ms, sizeof heartbeat_ms);
  ::zmq_setsockopt(router, ZMQ_HEARTBEAT_TIMEOUT, &patience_ms, sizeof patience_ms);
  ::zmq_setsockopt(router, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms);
  char word = 'b';
  if (::zmq_bind(router, address.c_str()) != 0 || ::write(bound, &word, 1) != 1) return 2;
  if (::read(go, &word, 1) != 1) return 2;
  bool honest = false;
  for (int taken = 0; taken <= mark || !honest;) {
    char payload[16] = {};
    if (::zmq_recv(router, payload, sizeof payload - 1, 0) < 0) return 3;
    taken += std::string_view(payload) == "m" ? 1 : 0;
    honest = honest || std::string_view(payload) == "honest";
  }
  return 0;
}

/// What a stalled ROUTER comes to whose peer goes so: 0 it serves on; -1 a signal ended it.
inline int fate_of_router(const Departure& departure) {
  char folder[] = "/tmp/postern-XXXXXX";
  BOOST_REQUIRE(::mkdtemp(folder) != nullptr);
  const std::string address = std::string("ipc://") + folder + "/router";
  int bound[2];
  int go[2];
  BOOST_REQUIRE(::pipe(bound) == 0 && ::pipe(go) == 0);
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    // Boost's handler would make an exit code of it.
    ::signal(SIGABRT, SIG_DFL);
    ::_exit(run_stalled_router(address, departure.own_heartbeat_ms, bound[1], go[0]));
  }
  char word = 'g';
  BOOST_REQUIRE(::read(bound[0], &word, 1) == 1);

  // Written in one piece, so that libzmq reads the rest together with what fills the mark.
  std::string said;
  for (int index = 0; index <= mark; ++index) said += support::zmtp_frame('\0', "m");
  auto peer = support::handmade_peer(address);
  peer.send(said + departure.behind);
  auto honest = support::handmade_peer(address);
  if (departure.leaving == Leaving::closes)
    peer.reset();
  else
    peer.close_half();
  // Each pong to the honest peer is a turn of the I/O thread after the departure; what a bare
  // libzmq does of itself is due within two of its heartbeats.
  const auto due = support::BareConnection::Clock::now() +
                   std::chrono::milliseconds(2 * departure.own_heartbeat_ms);
  do {
    honest.send_what_fits(support::zmtp_ping(0));
  } while (honest.skip(support::zmtp_pong_bytes) && support::BareConnection::Clock::now() < due);
  BOOST_REQUIRE(::write(go[1], &word, 1) == 1);
  honest.send_what_fits(support::zmtp_frame('\0', "honest"));
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  for (const int end : {bound[0], bound[1], go[0], go[1]}) ::close(end);
  std::filesystem::remove_all(folder);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace postern::tests
