// The C++ client behind lines of JSON, as README.md says: what conformance.py plays the list of
// behaviours to. A program whose client and input wait for each other in one poll.
#include <poll.h>
#include <unistd.h>

#include <cstring>
#include <iostream>
#include <map>
#include <variant>

#include "codes.h"
#include "schema/cleared_text.h"
#include "tests/support/fake_daemon/fake_daemon.h"
#include "tests/support/fake_daemon/wire_text.h"
#include "tools/client/client.h"

namespace {

using namespace postern;
using namespace std::chrono_literals;
namespace json = boost::json;
using support::Door;

constexpr std::pair<client::ErrorKind, const char*> kinds[] = {
    {client::ErrorKind::usage, "usage"},
    {client::ErrorKind::contradiction, "contradiction"},
    {client::ErrorKind::unreachable, "unreachable"},
    {client::ErrorKind::input_output, "input_output"},
    {client::ErrorKind::busy, "busy"},
    {client::ErrorKind::protocol, "protocol"},
    {client::ErrorKind::not_permitted, "not_permitted"},
};

void say(const json::object& line) { std::cout << line << std::endl; }

json::object fields_of(const client::Error& error) {
  const auto* kind =
      std::ranges::find(kinds, error.kind, [](const auto& row) { return row.first; });
  return {{"kind", kind->second},
          {"number", client::exit_code(error)},
          {"sentence", error.sentence},
          {"remedy", error.remedy}};
}

/// A Uuid's text as the struct that it is.
void open_ids(json::value& value) {
  if (auto* object = value.if_object())
    for (auto& field : *object) open_ids(field.value());
  if (auto* array = value.if_array())
    for (auto& element : *array) open_ids(element);
  const auto* text = value.if_string();
  const auto id = text == nullptr ? std::nullopt : client::parse_uuid(std::string(*text));
  if (id) value = {{"high", id->high()}, {"low", id->low()}};
}

std::string text_of(const json::object& fields, const char* name) {
  const auto* value = fields.if_contains(name);
  return value == nullptr ? "" : std::string(value->as_string());
}

client::Options options_of(const json::object& given) {
  client::Options options;
  options.commands = text_of(given, "commands");
  options.queries = text_of(given, "queries");
  options.history = text_of(given, "history");
  options.server_key = client::parse_key(text_of(given, "server_key"));
  const auto own = client::parse_key(text_of(given, "public_key"));
  const auto secret = client::parse_key(text_of(given, "secret_key"));
  if (own && secret) options.keys = client::KeyPair{*own, *secret};
  options.signing_seed = client::parse_key(text_of(given, "signing_seed"));
  options.checkpoint_file = text_of(given, "checkpoint_file");
  options.verifier_key = text_of(given, "verifier_key");
  const auto take = [&](const char* name, auto set) {
    if (const auto* value = given.if_contains(name)) set(*value);
  };
  take("timeout_ms", [&](const json::value& v) {
    options.timeout = std::chrono::milliseconds(v.to_number<int>());
  });
  take("retries", [&](const json::value& v) { options.retries = v.to_number<int>(); });
  take("wait_for_daemon", [&](const json::value& v) { options.wait_for_daemon = v.as_bool(); });
  take("keep_tokens", [&](const json::value& v) { options.keep_tokens = v.as_bool(); });
  take("in_flight_max",
       [&](const json::value& v) { options.in_flight_max = v.to_number<std::size_t>(); });
  return options;
}

class Adapter {
 public:
  /// Until the input's end.
  void run();

 private:
  using Id = std::variant<schema::Uuid, std::uint64_t>;

  void take_input();
  void act(const json::object& line);
  void open(const json::object& line);
  void send(const json::object& line);
  client::Result<Id> begin(const std::string& name, const json::object& line);
  void check_history(const std::string& name);
  void cancel(const json::object& line);
  void tell_code(const std::string& name);
  void collect();
  void take_page(const client::PageOutcome& outcome);
  void end(const std::string& name, const client::Error& error) {
    say({{"ended", name}, {"error", fields_of(error)}});
  }
  template <class Outcome>
  void end(const std::string& name, const char* part, Door door, const Outcome& outcome);
  template <class Root>
  typename Root::NativeTableType native_of(Door door, const json::object& line, const char* part);

  support::WireText text_{POSTERN_SCHEMA};
  std::optional<client::Client> client_;
  std::string unread_;
  bool ended_ = false;
  std::map<std::string, Id> sent_;
  std::map<std::string, std::string> commands_;
  std::map<std::uint64_t, std::string> names_;
  std::map<std::string, client::Follower> followers_;
};

void Adapter::run() {
  while (!ended_) {
    std::optional<std::chrono::milliseconds> due;
    if (client_) due = client_->turn();
    pollfd items[] = {{0, POLLIN, 0}, {client_ ? client_->descriptor() : -1, POLLIN, 0}};
    ::poll(items, 2, due ? static_cast<int>(due->count()) : -1);
    if (items[0].revents != 0) take_input();
    if (!client_) continue;
    client_->turn();
    collect();
  }
}

void Adapter::take_input() {
  char buffer[65'536];
  const auto count = ::read(0, buffer, sizeof buffer);
  if (count <= 0) {
    ended_ = true;
    return;
  }
  unread_.append(buffer, std::size_t(count));
  for (auto end = unread_.find('\n'); end != unread_.npos; end = unread_.find('\n')) {
    const auto line = json::parse(unread_.substr(0, end)).as_object();
    unread_.erase(0, end + 1);
    act(line);
  }
}

void Adapter::act(const json::object& line) {
  const std::string what = text_of(line, "do");
  if (what == "open") return open(line);
  if (what == "send") return send(line);
  if (what == "cancel") return cancel(line);
  tell_code(text_of(line, "of"));
}

void Adapter::open(const json::object& line) {
  client_.reset();
  auto made = client::Client::make(options_of(line.at("options").as_object()));
  if (!made) return say({{"did", "open"}, {"error", fields_of(made.error())}});
  client_ = std::move(*made);
  say({{"did", "open"}});
}

template <class Root>
typename Root::NativeTableType Adapter::native_of(Door door, const json::object& line,
                                                  const char* part) {
  json::value fields = line.at(part);
  open_ids(fields);
  const std::string bytes = text_.request(door, fields.as_object());
  std::vector<std::max_align_t> copy(bytes.size() / sizeof(std::max_align_t) + 1);
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  const auto* root = flatbuffers::GetRoot<Root>(copy.data());
  typename Root::NativeTableType native;
  root->UnPackTo(&native);
  if constexpr (std::is_same_v<Root, schema::CommandMessage>)
    schema::mark_cleared_texts(*root, native);
  return native;
}

void Adapter::send(const json::object& line) {
  const std::string name = text_of(line, "name");
  if (line.contains("check_history")) return check_history(name);
  const auto id = begin(name, line);
  if (!id) return say({{"did", "send"}, {"error", fields_of(id.error())}});
  sent_.insert_or_assign(name, *id);
  if (const auto* number = std::get_if<std::uint64_t>(&*id)) {
    names_[*number] = name;
    return say({{"did", "send"}, {"id", std::to_string(*number)}});
  }
  const std::string text = client::uuid_text(std::get<schema::Uuid>(*id));
  commands_[text] = name;
  say({{"did", "send"}, {"id", text}});
}

client::Result<Adapter::Id> Adapter::begin(const std::string& name, const json::object& line) {
  if (line.contains("command"))
    return client_->submit(native_of<schema::CommandMessage>(Door::commands, line, "command"));
  if (line.contains("question"))
    return client_->submit(native_of<schema::Query>(Door::queries, line, "question"));
  if (line.contains("request"))
    return client_->submit(native_of<schema::HistoryRequest>(Door::history, line, "request"));
  const json::object request{
      {"request", {{"body_type", "GetRecords"}, {"body", line.at("follow")}}}};
  auto wanted = native_of<schema::HistoryRequest>(Door::history, request, "request");
  const auto follower =
      followers_.insert_or_assign(name, client::Follower(*wanted.body.AsGetRecords())).first;
  return client_->submit(follower->second.next());
}

/// The one call that waits; nothing else is under way in the cases that ask for it.
void Adapter::check_history(const std::string& name) {
  say({{"did", "send"}, {"id", ""}});
  const auto found = client_->check_history();
  if (!found) return end(name, found.error());
  say({{"ended", name}, {"checkpoint", {{"origin", found->origin}, {"size", found->size}}}});
}

void Adapter::cancel(const json::object& line) {
  const auto found = sent_.find(text_of(line, "name"));
  const bool gives =
      found != sent_.end() &&
      std::visit([this](const auto& id) { return client_->cancel(id); }, found->second);
  say({{"did", "cancel"}, {"gives", gives}});
}

void Adapter::tell_code(const std::string& name) {
  const auto* row = std::ranges::find(schema::code_texts, name, &schema::CodeText::name);
  say({{"did", "code"},
       {"number", static_cast<unsigned>(row->code)},
       {"sentence", row->sentence},
       {"remedy", row->remedy}});
}

template <class Outcome>
void Adapter::end(const std::string& name, const char* part, Door door, const Outcome& outcome) {
  if (!outcome.answer) return end(name, outcome.answer.error());
  say({{"ended", name}, {part, text_.answer_fields(door, support::packed(*outcome.answer))}});
}

void Adapter::collect() {
  while (const auto receipt = client_->collect_receipt(0ms))
    end(commands_.at(client::uuid_text(receipt->id)), "receipt", Door::commands, *receipt);
  while (const auto answer = client_->collect_answer(0ms))
    end(names_.at(answer->id), "answer", Door::queries, *answer);
  while (const auto page = client_->collect_page(0ms)) take_page(*page);
}

void Adapter::take_page(const client::PageOutcome& outcome) {
  const std::string name = names_.at(outcome.id);
  const auto follower = followers_.find(name);
  const bool goes_on =
      follower != followers_.end() && outcome.answer && outcome.answer->code == schema::Code::ok;
  if (!goes_on) return end(name, "page", Door::history, outcome);
  const auto records = follower->second.take(*outcome.answer);
  if (!records) return end(name, records.error());
  json::array seqs;
  for (const auto& record : *records) seqs.push_back(record.seq);
  say({{"page_of", name},
       {"seqs", seqs},
       {"next_seq", outcome.answer->body.AsRecordPage()->next_seq}});
  const auto id = client_->submit(follower->second.next());
  if (!id) return end(name, id.error());
  names_[*id] = name;
  sent_.insert_or_assign(name, *id);
}

}  // namespace

int main() {
  try {
    Adapter().run();
    return 0;
  } catch (const std::exception& wrong) {
    std::cerr << wrong.what() << std::endl;
    return 1;
  }
}
