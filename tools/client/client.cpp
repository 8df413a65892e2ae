#include "tools/client/client.h"

#include <algorithm>
#include <cstring>

#include "tools/client/lanes.h"

namespace postern::client {
namespace {

bool sets_password(const schema::CommandT& command) {
  if (const auto* create = command.body.AsCreateUser()) return !create->password.empty();
  return command.body.type == schema::CommandBody::ResetPassword ||
         command.body.type == schema::CommandBody::RotatePassword ||
         command.body.type == schema::CommandBody::ChangePassword;
}

}  // namespace

Options::~Options() {
  if (keys) ::explicit_bzero(keys->secret_key.data(), keys->secret_key.size());
  if (signing_seed) ::explicit_bzero(signing_seed->data(), signing_seed->size());
}

std::chrono::milliseconds time_to_hash(const schema::CommandMessageT& message) {
  constexpr std::chrono::milliseconds each{100};
  const auto count = std::ranges::count_if(
      message.commands, [](const auto& command) { return sets_password(*command); });
  return count > 1 ? count * each : std::chrono::milliseconds(0);
}

Result<Client> Client::make(Options options) {
  auto lanes = Lanes::make(std::move(options));
  if (!lanes) return std::unexpected(std::move(lanes).error());
  return Client(std::move(*lanes));
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
