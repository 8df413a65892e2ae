#include "tools/client/client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "schema/signed_message.h"
#include "tools/client/asking.h"

namespace postern::client {
namespace {

bool is_tcp(const std::string& address) { return address.starts_with("tcp://"); }

Ticket ticket_of_id(const schema::Uuid& id) { return {id.high(), id.low()}; }

/// It may have left, or wait where it cannot be taken back.
Error cancelled(const schema::Uuid& command) {
  return {ErrorKind::busy,
          "It is not known whether the command " + uuid_text(command) +
              " was done: it was cancelled after it was sent.",
          "Send the same again with the same id: the daemon then says what became of it."};
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

/// The three conversations, and the waiting for any of them.
struct Client::Lanes {
  explicit Lanes(Options given)
      : options(std::move(given)),
        own_context(options.context == nullptr ? shared_context() : nullptr),
        surroundings{own_context ? own_context.get() : options.context, options, watch},
        commands(surroundings, options.commands),
        history(surroundings, last_id),
        queries(surroundings, history, last_id) {}
  ~Lanes() {
    if (options.keys)
      ::explicit_bzero(options.keys->secret_key.data(), options.keys->secret_key.size());
    if (options.signing_seed)
      ::explicit_bzero(options.signing_seed->data(), options.signing_seed->size());
  }

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
    auto sent = commands.send(
        {.ticket = ticket_of_id(id), .bytes = std::move(*bytes), .extra_time = hashing});
    if (!sent) return std::unexpected(std::move(sent).error());
    return id;
  }

  /// The questions before the history, which they ask too.
  void turn() {
    commands.turn();
    queries.turn();
    history.turn();
  }

  SteadyClock::time_point due() const {
    return std::min({commands.due(), queries.due(), history.due()});
  }

  /// Whatever else it was done for: who waits on the descriptor is to call `turn` or to collect.
  void show() {
    const bool uncollected =
        commands.ended().size() + queries.ended().size() + history.ended().size() > 0;
    watch.set_raised(uncollected || due() == SteadyClock::time_point::min());
  }

  template <class Done>
  void run_until(const Done& done, SteadyClock::time_point until = SteadyClock::time_point::max()) {
    for (turn(); !done() && SteadyClock::now() < until; turn()) {
      watch.set_raised(false);
      watch.wait_until(std::min(until, due()));
    }
    show();
  }

  /// The end of that message.
  template <class Part, class Id>
  auto await(Part& part, const Id& id) {
    auto one = part.ended().of(id);
    run_until([&] { return one || (one = part.ended().of(id)); });
    return std::move(one->answer);
  }

  /// The next end of any message.
  template <class Part>
  auto collect(Part& part, std::chrono::milliseconds wait) {
    if (part.ended().size() == 0)
      run_until([&] { return part.ended().size() > 0 || part.in_flight() == 0; },
                SteadyClock::now() + wait);
    auto one = part.ended().first();
    show();
    return one;
  }

  Options options;
  std::shared_ptr<void> own_context;
  Watch watch;
  Surroundings surroundings;
  /// Of questions and of requests, so that an id names one or the other.
  std::uint64_t last_id = 0;
  Lane<CommandConversation> commands;
  GuardedHistory history;
  Asking queries;
};

Result<Client> Client::make(Options options) {
  const bool tcp = is_tcp(options.commands) || is_tcp(options.queries) || is_tcp(options.history);
  if (tcp && !(options.server_key && options.keys)) {
    return std::unexpected(
        Error{ErrorKind::usage,
              "A tcp address needs the server's public key and a key pair of one's own.",
              "Give both, or use the ipc address."});
  }
  auto lanes = std::make_unique<Lanes>(std::move(options));
  if (lanes->watch.descriptor() < 0)
    return std::unexpected(Error{
        ErrorKind::input_output,
        "The system gives no descriptor to wait on: " + std::string(std::strerror(errno)) + ".",
        "Raise the limit of open files of this process."});
  return Client(std::move(lanes));
}

Client::Client(std::unique_ptr<Lanes> lanes) : lanes_(std::move(lanes)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<schema::ReceiptT> Client::execute(schema::CommandMessageT message) {
  const auto id = lanes_->send(message);
  if (!id) return std::unexpected(id.error());
  return lanes_->await(lanes_->commands, ticket_of_id(*id));
}

Result<schema::AnswerT> Client::ask(schema::QueryT query) {
  const auto id = lanes_->queries.send(query);
  if (!id) return std::unexpected(id.error());
  return lanes_->await(lanes_->queries, *id);
}

Result<schema::HistoryPageT> Client::history(schema::HistoryRequestT request) {
  const auto id = lanes_->history.send(request);
  if (!id) return std::unexpected(id.error());
  return lanes_->await(lanes_->history, *id);
}

Result<Checkpoint> Client::check_history() {
  std::optional<Result<Checkpoint>> verdict;
  lanes_->history.check([&verdict](Result<Checkpoint> found) { verdict = std::move(found); });
  lanes_->run_until([&verdict] { return verdict.has_value(); });
  return std::move(*verdict);
}

Result<schema::HistoryPageT> Client::follow(schema::GetRecordsT request, const Take& take) {
  Follower follower(std::move(request));
  for (;;) {
    auto answer = history(follower.next());
    if (!answer || answer->code != schema::Code::ok) return answer;
    const auto records = follower.take(*answer);
    if (!records) return std::unexpected(records.error());
    if (!take(*answer->body.AsRecordPage(), *records)) return answer;
  }
}

int Client::descriptor() const { return lanes_->watch.descriptor(); }

std::optional<std::chrono::milliseconds> Client::turn() {
  lanes_->turn();
  lanes_->show();
  const auto due = lanes_->due();
  if (due == SteadyClock::time_point::max()) return std::nullopt;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - SteadyClock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

Result<schema::Uuid> Client::submit(schema::CommandMessageT message) {
  auto id = lanes_->send(message);
  lanes_->show();
  return id;
}

Result<std::uint64_t> Client::submit(schema::QueryT query) {
  auto id = lanes_->queries.send(query);
  lanes_->show();
  return id;
}

Result<std::uint64_t> Client::submit(schema::HistoryRequestT request) {
  auto id = lanes_->history.send(request);
  lanes_->show();
  return id;
}

std::optional<CommandOutcome> Client::collect_receipt(std::chrono::milliseconds wait) {
  auto ended = lanes_->collect(lanes_->commands, wait);
  if (!ended) return std::nullopt;
  return CommandOutcome{{ended->id.high, ended->id.low}, std::move(ended->answer)};
}

std::optional<QueryOutcome> Client::collect_answer(std::chrono::milliseconds wait) {
  return lanes_->collect(lanes_->queries, wait);
}

std::optional<PageOutcome> Client::collect_page(std::chrono::milliseconds wait) {
  return lanes_->collect(lanes_->history, wait);
}

bool Client::cancel(const schema::Uuid& command) {
  const Ticket ticket = ticket_of_id(command);
  if (!lanes_->commands.cancel(ticket)) return false;
  lanes_->commands.ended().add(ticket, std::unexpected(cancelled(command)));
  lanes_->show();
  return true;
}

bool Client::cancel(std::uint64_t id) {
  const bool was_there = lanes_->queries.cancel(id) || lanes_->history.cancel(id);
  lanes_->show();
  return was_there;
}

std::size_t Client::in_flight() const {
  return lanes_->commands.in_flight() + lanes_->queries.in_flight() + lanes_->history.in_flight();
}

}  // namespace postern::client
