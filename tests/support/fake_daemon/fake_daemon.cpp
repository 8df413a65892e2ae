#include "tests/support/fake_daemon/fake_daemon.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "schema/identifiers.h"

namespace postern::support {
namespace {

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "postern-fake-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return name;
}

template <class Native>
Native opened(const std::string& bytes) {
  std::vector<std::max_align_t> copy(bytes.size() / sizeof(std::max_align_t) + 1);
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  Native native;
  flatbuffers::GetRoot<typename Native::TableType>(copy.data())->UnPackTo(&native);
  return native;
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
  for (std::size_t index = 0; index < door_count; ++index)
    doors_.addresses[index] =
        curve ? "tcp://127.0.0.1:*" : "ipc://" + (folder / door_names[index]).string();
  doors_.curve = curve;
  doors_.admits = !deny_all;
  doors_.keys = server_keys;
  doors_.open();
  thread_ = std::jthread([this](std::stop_token stopping) { serve(stopping); });
}

void FakeDaemon::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  doors_.close();
}

client::Options FakeDaemon::options() const {
  client::Options options;
  options.commands = doors_.addresses[0];
  options.queries = doors_.addresses[1];
  options.history = doors_.addresses[2];
  if (curve) {
    options.server_key = server_keys.public_key;
    options.keys = client::make_key_pair();
  }
  return options;
}

void FakeDaemon::serve(std::stop_token stopping) {
  while (!stopping.stop_requested()) {
    const auto arrival = doors_.receive(std::chrono::milliseconds(5));
    denials = doors_.denials();
    if (!arrival) continue;
    for (const std::string& reply : replies_to(*arrival)) doors_.answer(*arrival, reply);
  }
}

FakeDaemon::Replies FakeDaemon::replies_to(const Arrival& arrival) {
  const std::string& bytes = arrival.bytes;
  switch (arrival.door) {
    case Door::commands:
      command_bytes.push_back(bytes);
      return on_command ? on_command(opened<schema::CommandMessageT>(bytes)) : Replies{};
    case Door::queries:
      query_bytes.push_back(bytes);
      return on_query ? on_query(opened<schema::QueryT>(bytes)) : Replies{};
    case Door::history:
      history_bytes.push_back(bytes);
      return on_history ? on_history(opened<schema::HistoryRequestT>(bytes)) : Replies{};
  }
  return {};
}

}  // namespace postern::support
