// A daemon within a C++ test that says what the test tells it to, over ipc or tcp with CURVE.
// Thread: handlers run on its own; a test reads what it gathered after `stop`.
// Lifetime: binds in `start`.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/fake_daemon/doors.h"

namespace postern::support {

template <class Native>
std::string packed(const Native& message, const char* identifier) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Native::TableType::Pack(builder, &message), identifier);
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

std::string packed(const schema::ReceiptT& receipt);
std::string packed(const schema::AnswerT& answer);
std::string packed(const schema::HistoryPageT& page);
std::string packed(const schema::RecordT& record);

class FakeDaemon {
 public:
  /// What to send back, payload by payload; nothing: stay silent.
  using Replies = std::vector<std::string>;

  FakeDaemon();
  ~FakeDaemon();

  /// A receipt with this code and the message's id.
  static schema::ReceiptT receipt_to(const schema::CommandMessageT& message,
                                     schema::Code code = schema::Code::ok);
  static schema::AnswerT answer_to(const schema::QueryT& query,
                                   schema::Code code = schema::Code::ok);
  static schema::HistoryPageT page_to(const schema::HistoryRequestT& request,
                                      schema::Code code = schema::Code::ok);

  void start();
  void stop();
  client::Options options() const;

  std::function<Replies(const schema::CommandMessageT&)> on_command;
  std::function<Replies(const schema::QueryT&)> on_query;
  std::function<Replies(const schema::HistoryRequestT&)> on_history;

  /// Set before `start`: tcp with CURVE on free ports, instead of ipc.
  bool curve = false;
  /// With CURVE: the authenticator turns everybody away.
  bool deny_all = false;
  client::KeyPair server_keys = client::make_key_pair();

  /// Every payload received, socket by socket.
  std::vector<std::string> command_bytes, query_bytes, history_bytes;
  std::atomic<int> denials = 0;
  std::filesystem::path folder;

 private:
  void serve(std::stop_token stopping);
  Replies replies_to(const Arrival& arrival);

  Doors doors_;
  std::jthread thread_;
};

}  // namespace postern::support
