#include "tools/bench/echo.h"

#include <poll.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <thread>

#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

constexpr int io_threads = 2;
constexpr std::size_t key_text_bytes = 41;

std::string ipc_address(const std::filesystem::path& folder) {
  return "ipc://" + (folder / "echo").string();
}

void* make_router(void* context) {
  void* socket = zmq_socket(context, ZMQ_ROUTER);
  constexpr int unlimited = 0;
  zmq_setsockopt(socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
  zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
  return socket;
}

void serve(void* socket, std::size_t answer_bytes) {
  zmq_msg_t address;
  zmq_msg_t question;
  zmq_msg_init(&address);
  zmq_msg_init(&question);
  while (zmq_msg_recv(&address, socket, 0) >= 0 && zmq_msg_recv(&question, socket, 0) >= 0) {
    zmq_msg_t answer;
    zmq_msg_init_size(&answer, answer_bytes);
    std::memcpy(zmq_msg_data(&answer), zmq_msg_data(&question),
                std::min(answer_bytes, zmq_msg_size(&question)));
    zmq_msg_send(&address, socket, ZMQ_SNDMORE);
    zmq_msg_send(&answer, socket, 0);
  }
}

}  // namespace

EchoProcess::EchoProcess(const std::filesystem::path& folder, std::size_t answer_bytes)
    : answer_bytes_(answer_bytes) {
  std::filesystem::create_directories(folder);
  const auto ready = folder / "ready";
  child_.emplace(std::vector<std::string>{"/proc/self/exe", "--echo", folder.string(),
                                          std::to_string(answer_bytes)},
                 std::vector<std::string>{}, folder / "output");
  // It says where it listens by renaming this file into place.
  while (!std::filesystem::exists(ready)) {
    pollfd ended{child_->descriptor(), POLLIN, 0};
    if (::poll(&ended, 1, 1) > 0)
      fail(exit_codes::unreachable, "the echo did not start: " + read_text(folder / "output"));
  }
  std::ifstream facts(ready);
  std::array<char, key_text_bytes> public_key{};
  std::array<char, key_text_bytes> secret_key{};
  zmq_curve_keypair(public_key.data(), secret_key.data());
  ipc_.address = ipc_address(folder);
  facts >> curve_.address >> curve_.server_key;
  curve_.public_key = public_key.data();
  curve_.secret_key = secret_key.data();
}

void check_echoes(const Messages& messages, std::size_t answer_bytes, const Run& run) {
  for (std::size_t i = 0; i < run.answers.size(); ++i) {
    const std::string_view question = messages[run.asked[i]];
    const std::string_view answer = run.answers[i];
    const std::size_t common = std::min(question.size(), answer_bytes);
    if (answer.size() != answer_bytes || answer.substr(0, common) != question.substr(0, common))
      wrong_answer("an echo is not what was sent");
  }
}

void serve_echo(const std::filesystem::path& folder, std::size_t answer_bytes) {
  void* context = zmq_ctx_new();
  zmq_ctx_set(context, ZMQ_IO_THREADS, io_threads);
  void* ipc = make_router(context);
  void* curve = make_router(context);
  std::array<char, key_text_bytes> public_key{};
  std::array<char, key_text_bytes> secret_key{};
  zmq_curve_keypair(public_key.data(), secret_key.data());
  constexpr int server = 1;
  zmq_setsockopt(curve, ZMQ_CURVE_SERVER, &server, sizeof server);
  zmq_setsockopt(curve, ZMQ_CURVE_SECRETKEY, secret_key.data(), secret_key.size());
  if (zmq_bind(ipc, ipc_address(folder).c_str()) != 0 || zmq_bind(curve, "tcp://127.0.0.1:*") != 0)
    fail(exit_codes::unreachable, std::string("cannot bind the echo: ") + zmq_strerror(errno));
  std::array<char, 256> address{};
  std::size_t size = address.size();
  zmq_getsockopt(curve, ZMQ_LAST_ENDPOINT, address.data(), &size);
  std::ofstream(folder / "ready.new") << address.data() << ' ' << public_key.data() << '\n';
  std::filesystem::rename(folder / "ready.new", folder / "ready");
  std::thread([=] { serve(curve, answer_bytes); }).detach();
  serve(ipc, answer_bytes);
  std::_Exit(0);
}

}  // namespace postern::bench
