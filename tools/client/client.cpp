#include "tools/client/client.h"

#include <algorithm>
#include <cstring>

#include "codes.h"
#include "schema/signed_message.h"
#include "tools/client/asking.h"
#include "tools/client/history_guard.h"
#include "tools/client/lane.h"

namespace postern::client {
namespace {

bool is_tcp(const std::string& address) { return address.starts_with("tcp://"); }

Ticket ticket_of_id(const schema::Uuid& id) { return {id.high(), id.low()}; }

/// With a filter, seqs only rise; without one, none is missing.
bool without_gap(const schema::GetRecordsT& request, const schema::RecordPageT& page,
                 std::span<const schema::RecordT> records) {
  const bool filtered = !request.tenant.empty() || !request.user.empty() ||
                        request.user_id != nullptr || !request.operator_name.empty() ||
                        !request.kind.empty();
  std::uint64_t next = std::max<std::uint64_t>(request.from_seq, 1);
  for (const auto& record : records) {
    if (filtered ? record.seq < next : record.seq != next) return false;
    next = record.seq + 1;
  }
  return filtered ? page.next_seq >= next : page.next_seq == next;
}

schema::HistoryRequestT request_of(const schema::GetRecordsT& records) {
  schema::HistoryRequestT request;
  request.body.Set(schema::GetRecordsT(records));
  return request;
}

std::chrono::milliseconds wait_of(const schema::HistoryRequestT& request) {
  const auto* records = request.body.AsGetRecords();
  return std::chrono::milliseconds(request.wait_ms + (records != nullptr ? records->wait_ms : 0u));
}

bool sets_password(const schema::CommandT& command) {
  if (const auto* create = command.body.AsCreateUser()) return !create->password.empty();
  return command.body.type == schema::CommandBody::ResetPassword ||
         command.body.type == schema::CommandBody::RotatePassword ||
         command.body.type == schema::CommandBody::ChangePassword;
}

}  // namespace

std::chrono::milliseconds time_to_hash(const schema::CommandMessageT& message) {
  constexpr std::chrono::milliseconds each{100};
  const auto count = std::ranges::count_if(
      message.commands, [](const auto& command) { return sets_password(*command); });
  return count > 1 ? count * each : std::chrono::milliseconds(0);
}

Error unanswered(Trouble trouble, const std::string& address) {
  const std::string at = " at " + address;
  switch (trouble) {
    case Trouble::refused:
      return {ErrorKind::unreachable, "Nobody listens" + at + ".",
              "Start posternd, or correct the address."};
    case Trouble::denied:
      return {ErrorKind::not_permitted, "The daemon" + at + " does not let this key or user in.",
              "Use the key of an operator; an owner sees them with 'operator list'."};
    case Trouble::handshake:
      return {ErrorKind::protocol, "The handshake broke off" + at + ".",
              "Check that the server key is this daemon's and that the port is right."};
    case Trouble::lost:
      return {ErrorKind::unreachable, "The connection was lost" + at + " before an answer came.",
              "Ask again when the daemon is back; a command with the same id."};
    case Trouble::none:
      return {ErrorKind::unreachable, "No answer came in time" + at + ".",
              "Ask again, a command with the same id; check the daemon's diagnostics."};
  }
  return {ErrorKind::unreachable, "No answer came.", "Ask again."};
}

Error not_known(schema::Code said, const std::string& address) {
  return {ErrorKind::busy,
          "It is not known whether the command was done: it was sent more than once, and the "
          "daemon at " +
              address + " answered one sending with '" + std::string(schema::code_text(said).name) +
              "', another not at all.",
          "Send the same again with the same id: the daemon then says what became of it."};
}

struct Client::Lanes {
  explicit Lanes(Options given)
      : options(std::move(given)),
        own_context(options.context == nullptr ? shared_context() : nullptr),
        commands(context(), options, options.commands),
        queries(context(), options),
        history(context(), options, options.history),
        guard(options.checkpoint_file, options.verifier_key) {}
  ~Lanes() {
    if (options.keys)
      ::explicit_bzero(options.keys->secret_key.data(), options.keys->secret_key.size());
    if (options.signing_seed)
      ::explicit_bzero(options.signing_seed->data(), options.signing_seed->size());
  }

  void* context() const { return own_context ? own_context.get() : options.context; }

  Result<schema::Uuid> send(schema::CommandMessageT& message) {
    if (!message.id) message.id = std::make_unique<schema::Uuid>(make_uuid());
    const schema::Uuid id = *message.id;
    const auto hashing = time_to_hash(message);
    // Its place in the message; what it says is known when the bytes are.
    message.signature.assign(options.signing_seed ? schema::signature_bytes : 0, 0);
    auto bytes = pack(message, options.signing_seed ? &*options.signing_seed : nullptr);
    queries.forget_changed(message);
    wipe_secrets(message);
    if (!bytes) return std::unexpected(std::move(bytes).error());
    auto sent = commands.send(ticket_of_id(id), std::move(*bytes), true, hashing);
    if (!sent) return std::unexpected(std::move(sent).error());
    return id;
  }

  Result<schema::HistoryPageT> page(schema::HistoryRequestT request) {
    request.id = ++last_request;
    auto bytes = pack(request);
    wipe_secrets(request);
    if (!bytes) return std::unexpected(std::move(bytes).error());
    const Ticket ticket{0, request.id};
    auto sent = history.send(ticket, std::move(*bytes), true, wait_of(request));
    if (!sent) return std::unexpected(std::move(sent).error());
    return history.await(ticket);
  }

  HistoryGuard::Ask asking() {
    return [this](schema::HistoryRequestT request) { return page(std::move(request)); };
  }

  Options options;
  std::shared_ptr<void> own_context;
  std::uint64_t last_request = 0;
  Lane<CommandConversation> commands;
  Asking queries;
  Lane<HistoryConversation> history;
  HistoryGuard guard;
};

Result<Client> Client::make(Options options) {
  const bool tcp = is_tcp(options.commands) || is_tcp(options.queries) || is_tcp(options.history);
  if (tcp && !(options.server_key && options.keys)) {
    return std::unexpected(
        Error{ErrorKind::usage,
              "A tcp address needs the server's public key and a key pair of one's own.",
              "Give both, or use the ipc address."});
  }
  return Client(std::make_unique<Lanes>(std::move(options)));
}

Client::Client(std::unique_ptr<Lanes> lanes) : lanes_(std::move(lanes)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<schema::ReceiptT> Client::execute(schema::CommandMessageT message) {
  auto id = lanes_->send(message);
  if (!id) return std::unexpected(std::move(id).error());
  return lanes_->commands.await(ticket_of_id(*id));
}

Result<schema::AnswerT> Client::ask(schema::QueryT query) {
  auto id = lanes_->queries.send(query);
  if (!id) return std::unexpected(std::move(id).error());
  auto answer = lanes_->queries.await(*id);
  if (!answer) return answer;
  if (const auto* status = answer->body.AsStatus())
    // Whoever reaches the queries alone is told the status, and remembers nothing new.
    if (auto agrees = lanes_->guard.observe(status->checkpoint, lanes_->asking());
        !agrees && agrees.error().kind != ErrorKind::unreachable)
      return std::unexpected(std::move(agrees).error());
  return answer;
}

Result<schema::HistoryPageT> Client::history(schema::HistoryRequestT request) {
  auto answer = lanes_->page(std::move(request));
  if (!answer) return answer;
  if (const auto* page = answer->body.AsRecordPage())
    if (auto agrees = lanes_->guard.observe(page->checkpoint, lanes_->asking()); !agrees)
      return std::unexpected(std::move(agrees).error());
  return answer;
}

Result<Checkpoint> Client::check_history() { return lanes_->guard.check(lanes_->asking()); }

Result<schema::HistoryPageT> Client::follow(schema::GetRecordsT request, const Take& take) {
  for (;;) {
    auto answer = history(request_of(request));
    if (!answer || answer->code != schema::Code::ok) return answer;
    const auto* page = answer->body.AsRecordPage();
    if (page == nullptr) {
      return std::unexpected(Error{ErrorKind::protocol,
                                   "The daemon answered a request for records with something else.",
                                   "Check that its version fits this client."});
    }
    const auto records = read_records(*page);
    if (!records) return std::unexpected(records.error());
    if (!without_gap(request, *page, *records)) {
      return std::unexpected(Error{ErrorKind::protocol,
                                   "Records are missing after seq " +
                                       std::to_string(request.from_seq) +
                                       " in what the daemon sent.",
                                   "Have the journal verified; do not rely on this history."});
    }
    request.from_seq = page->next_seq;
    if (!take(*page, *records)) return answer;
  }
}

Result<schema::Uuid> Client::submit(schema::CommandMessageT message) {
  return lanes_->send(message);
}
Result<std::uint64_t> Client::submit(schema::QueryT query) { return lanes_->queries.send(query); }

std::optional<CommandOutcome> Client::collect_receipt(std::chrono::milliseconds wait) {
  auto ended = lanes_->commands.next(wait);
  if (!ended) return std::nullopt;
  return CommandOutcome{{ended->ticket.high, ended->ticket.low}, std::move(ended->answer)};
}

std::optional<QueryOutcome> Client::collect_answer(std::chrono::milliseconds wait) {
  return lanes_->queries.next(wait);
}

std::size_t Client::in_flight() const {
  return lanes_->commands.in_flight() + lanes_->queries.in_flight();
}

Result<std::vector<schema::RecordT>> read_records(const schema::RecordPageT& page) {
  std::vector<schema::RecordT> records;
  records.reserve(page.records.size());
  for (const auto& stored : page.records) {
    auto record = unpack_record(stored->bytes);
    if (!record) return std::unexpected(std::move(record).error());
    records.push_back(std::move(*record));
  }
  return records;
}

}  // namespace postern::client
