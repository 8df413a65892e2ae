#include "tests/support/fake_daemon/fake_daemon.h"

#include <unistd.h>
#include <zmq.h>

#include <cstdlib>
#include <stdexcept>

#include "schema/identifiers.h"

namespace postern::support {
namespace {

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "postern-fake-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return name;
}

std::string receive_frame(void* socket) {
  zmq_msg_t frame;
  ::zmq_msg_init(&frame);
  ::zmq_msg_recv(&frame, socket, 0);
  std::string bytes(static_cast<const char*>(::zmq_msg_data(&frame)), ::zmq_msg_size(&frame));
  ::zmq_msg_close(&frame);
  return bytes;
}

bool more(void* socket) {
  int value = 0;
  std::size_t size = sizeof value;
  ::zmq_getsockopt(socket, ZMQ_RCVMORE, &value, &size);
  return value != 0;
}

void answer(void* socket, const std::string& peer, const FakeDaemon::Replies& replies) {
  for (const auto& reply : replies) {
    ::zmq_send(socket, peer.data(), peer.size(), ZMQ_SNDMORE);
    ::zmq_send(socket, reply.data(), reply.size(), 0);
  }
}

template <class Native>
Native opened(const std::string& bytes) {
  std::vector<std::max_align_t> copy(bytes.size() / sizeof(std::max_align_t) + 1);
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  Native native;
  flatbuffers::GetRoot<typename Native::TableType>(copy.data())->UnPackTo(&native);
  return native;
}

/// One ZAP request (identity, empty, version, request id, …), answered with a denial.
void deny(void* authenticator) {
  std::vector<std::string> frames{receive_frame(authenticator)};
  while (more(authenticator)) frames.push_back(receive_frame(authenticator));
  const std::string reply[] = {frames[0], "", "1.0", frames[3], "400", "no", "", ""};
  for (std::size_t part = 0; part < std::size(reply); ++part) {
    const int flags = part + 1 < std::size(reply) ? ZMQ_SNDMORE : 0;
    ::zmq_send(authenticator, reply[part].data(), reply[part].size(), flags);
  }
}

}  // namespace

std::string packed(const schema::ReceiptT& receipt) {
  return packed(receipt, schema::receipt_identifier);
}
std::string packed(const schema::AnswerT& answer) {
  return packed(answer, schema::answer_identifier);
}
std::string packed(const schema::HistoryPageT& page) {
  return packed(page, schema::history_page_identifier);
}
std::string packed(const schema::RecordT& record) {
  return packed(record, schema::record_identifier);
}

FakeDaemon::FakeDaemon() : folder(make_folder()) {}

FakeDaemon::~FakeDaemon() {
  stop();
  std::filesystem::remove_all(folder);
}

schema::ReceiptT FakeDaemon::receipt_to(const schema::CommandMessageT& message, schema::Code code) {
  schema::ReceiptT receipt;
  receipt.id = std::make_unique<schema::Uuid>(*message.id);
  receipt.code = code;
  receipt.dry_run = message.dry_run;
  return receipt;
}

schema::AnswerT FakeDaemon::answer_to(const schema::QueryT& query, schema::Code code) {
  schema::AnswerT answer;
  answer.id = query.id;
  answer.code = code;
  return answer;
}

schema::HistoryPageT FakeDaemon::page_to(const schema::HistoryRequestT& request,
                                         schema::Code code) {
  schema::HistoryPageT page;
  page.id = request.id;
  page.code = code;
  return page;
}

void FakeDaemon::start() {
  context_ = ::zmq_ctx_new();
  if (deny_all) {
    authenticator_ = ::zmq_socket(context_, ZMQ_ROUTER);
    ::zmq_bind(authenticator_, "inproc://zeromq.zap.01");
  }
  addresses_.clear();
  for (const char* name : {"commands", "queries", "history"}) {
    void* socket = ::zmq_socket(context_, ZMQ_ROUTER);
    const int linger = 0;
    ::zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    if (curve) {
      const int server = 1;
      ::zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &server, sizeof server);
      ::zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, server_keys.secret_key.data(), 32);
      ::zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "postern", 7);
    }
    const std::string address = curve ? "tcp://127.0.0.1:*" : "ipc://" + (folder / name).string();
    if (::zmq_bind(socket, address.c_str()) != 0)
      throw std::runtime_error("cannot bind " + address);
    char bound[256];
    std::size_t size = sizeof bound;
    ::zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, &size);
    addresses_.emplace_back(bound);
    sockets_.push_back(socket);
  }
  thread_ = std::jthread([this](std::stop_token stopping) { serve(stopping); });
}

void FakeDaemon::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  for (void* socket : sockets_) ::zmq_close(socket);
  sockets_.clear();
  if (authenticator_ != nullptr) ::zmq_close(std::exchange(authenticator_, nullptr));
  ::zmq_ctx_term(context_);
}

client::Options FakeDaemon::options() const {
  client::Options options;
  options.commands = addresses_.at(0);
  options.queries = addresses_.at(1);
  options.history = addresses_.at(2);
  if (curve) {
    options.server_key = server_keys.public_key;
    options.keys = client::make_key_pair();
  }
  return options;
}

void FakeDaemon::serve(std::stop_token stopping) {
  while (!stopping.stop_requested()) {
    zmq_pollitem_t items[4] = {{sockets_[0], 0, ZMQ_POLLIN, 0},
                               {sockets_[1], 0, ZMQ_POLLIN, 0},
                               {sockets_[2], 0, ZMQ_POLLIN, 0},
                               {authenticator_, 0, ZMQ_POLLIN, 0}};
    ::zmq_poll(items, authenticator_ != nullptr ? 4 : 3, 5);
    if (authenticator_ != nullptr && items[3].revents != 0) {
      ++denials;
      deny(authenticator_);
    }
    for (std::size_t index = 0; index < 3; ++index) {
      if (items[index].revents == 0) continue;
      const std::string peer = receive_frame(sockets_[index]);
      const std::string bytes = receive_frame(sockets_[index]);
      Replies replies;
      if (index == 0) {
        command_bytes.push_back(bytes);
        if (on_command) replies = on_command(opened<schema::CommandMessageT>(bytes));
      } else if (index == 1) {
        query_bytes.push_back(bytes);
        if (on_query) replies = on_query(opened<schema::QueryT>(bytes));
      } else {
        history_bytes.push_back(bytes);
        if (on_history) replies = on_history(opened<schema::HistoryRequestT>(bytes));
      }
      answer(sockets_[index], peer, replies);
    }
  }
}

}  // namespace postern::support
