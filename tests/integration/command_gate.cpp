#include "tests/integration/command_gate.h"

#include <zmq.h>

#include <boost/test/unit_test.hpp>

#include "command_generated.h"

namespace postern::support {

namespace {

void* opened(void* context, int type) {
  void* socket = ::zmq_socket(context, type);
  const int none = 0;
  ::zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  return socket;
}

std::string received(void* socket) {
  zmq_msg_t frame;
  ::zmq_msg_init(&frame);
  ::zmq_msg_recv(&frame, socket, 0);
  std::string bytes(static_cast<const char*>(::zmq_msg_data(&frame)), ::zmq_msg_size(&frame));
  ::zmq_msg_close(&frame);
  return bytes;
}

}  // namespace

CommandGate::CommandGate(const DaemonProcess& daemon, Passing passing)
    : passing_(passing),
      context_(::zmq_ctx_new()),
      front_(opened(context_, ZMQ_ROUTER)),
      back_(opened(context_, ZMQ_DEALER)) {
  constexpr std::string_view scheme = "ipc://";
  for (const char* name : {"queries", "history"})
    std::filesystem::create_symlink(daemon.ipc(name).substr(scheme.size()), folder_.path() / name);
  BOOST_REQUIRE(::zmq_bind(front_, (endpoint() + "/commands").c_str()) == 0);
  BOOST_REQUIRE(::zmq_connect(back_, daemon.ipc("commands").c_str()) == 0);
  thread_ = std::thread([this] { pass(); });
}

CommandGate::~CommandGate() {
  ::zmq_ctx_shutdown(context_);
  thread_.join();
  ::zmq_close(front_);
  ::zmq_close(back_);
  ::zmq_ctx_term(context_);
}

void CommandGate::pass() {
  std::string program;
  // Dry runs pass, and are over before anything else is sent.
  int dry_runs = 0;
  for (int passed = 0;;) {
    const bool is_open = passed < passing_.commands;
    zmq_pollitem_t items[] = {{back_, 0, ZMQ_POLLIN, 0}, {front_, 0, ZMQ_POLLIN, 0}};
    // Shut down.
    if (::zmq_poll(items, is_open ? 2 : 1, -1) < 0) return;
    if (items[0].revents != 0) {
      const std::string receipt = received(back_);
      if (dry_runs > 0 || answered_ < passing_.receipts) {
        ::zmq_send(front_, program.data(), program.size(), ZMQ_SNDMORE);
        ::zmq_send(front_, receipt.data(), receipt.size(), 0);
      }
      if (dry_runs > 0)
        --dry_runs;
      else
        ++answered_;
    }
    if (items[1].revents != 0) {
      program = received(front_);
      const std::string command = received(front_);
      ::zmq_send(back_, command.data(), command.size(), 0);
      const bool is_dry_run =
          flatbuffers::GetRoot<schema::CommandMessage>(command.data())->dry_run();
      ++(is_dry_run ? dry_runs : passed);
    }
  }
}

}  // namespace postern::support
