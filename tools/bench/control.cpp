#include "tools/bench/control.h"

#include <algorithm>

#include "tools/bench/trouble.h"
#include "tools/client/client.h"

namespace postern::bench {

namespace {

constexpr std::uint32_t wait_ms_max = 10'000;

client::Client connect(const DaemonProcess& daemon) {
  client::Options options;
  options.queries = daemon.door("queries", DoorKind::ipc).address;
  options.history = daemon.door("history", DoorKind::ipc).address;
  auto made = client::Client::make(std::move(options));
  if (!made) fail(exit_codes::unreachable, made.error().sentence);
  return *std::move(made);
}

schema::AnswerT ask_status(const DaemonProcess& daemon, std::uint64_t at_least_seq) {
  client::Client client = connect(daemon);
  schema::QueryT query;
  query.at_least_seq = at_least_seq;
  query.wait_ms = wait_ms_max;
  query.body.Set(schema::GetStatusT());
  auto answer = client.ask(std::move(query));
  if (!answer) fail(exit_codes::unreachable, answer.error().sentence);
  if (answer->body.AsStatus() == nullptr) wrong_answer("the daemon does not tell its status");
  return *std::move(answer);
}

}  // namespace

WriterCounters writer_counters(const DaemonProcess& daemon) {
  const schema::AnswerT answer = ask_status(daemon, 0);
  const auto* status = answer.body.AsStatus();
  WriterCounters counters;
  counters.seq = status->seq;
  for (const auto& counter : status->counters) {
    if (counter->name == "records") counters.records = counter->value;
    if (counter->name == "groups") counters.groups = counter->value;
  }
  return counters;
}

void await_seq(const DaemonProcess& daemon, std::uint64_t seq) { ask_status(daemon, seq); }

std::vector<std::string> stored_records(const DaemonProcess& daemon, std::uint64_t from_seq,
                                        std::size_t count) {
  client::Client client = connect(daemon);
  std::vector<std::string> records;
  std::uint64_t next_seq = from_seq;
  while (records.size() < count) {
    schema::GetRecordsT wanted;
    wanted.from_seq = next_seq;
    wanted.count_max =
        static_cast<std::uint32_t>(std::min<std::size_t>(count - records.size(), 1'000));
    schema::HistoryRequestT request;
    request.body.Set(std::move(wanted));
    const auto page = client.history(std::move(request));
    if (!page) fail(exit_codes::unreachable, page.error().sentence);
    const auto* body = page->body.AsRecordPage();
    if (body == nullptr || body->records.empty())
      wrong_answer("the history lacks records that were acknowledged");
    for (const auto& record : body->records)
      records.emplace_back(record->bytes.begin(), record->bytes.end());
    next_seq = body->next_seq;
  }
  return records;
}

}  // namespace postern::bench
