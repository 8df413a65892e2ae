#include "tools/cli/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "tools/cli/text.h"
#include "tools/client/event_text.h"

namespace postern::cli {
namespace {

struct CodeExit {
  schema::Code code;
  int exit_code;
};

using schema::Code;

/// Codes that say something else than "the rules say no".
constexpr CodeExit code_exits[] = {
    {Code::ok, exit_codes::yes},
    {Code::malformed_message, exit_codes::protocol},
    {Code::wrong_identifier, exit_codes::protocol},
    {Code::version_unsupported, exit_codes::protocol},
    {Code::unknown_kind, exit_codes::protocol},
    {Code::too_large, exit_codes::usage},
    {Code::field_missing, exit_codes::usage},
    {Code::field_malformed, exit_codes::usage},
    {Code::batch_spans_tenants, exit_codes::usage},
    {Code::resource_malformed, exit_codes::usage},
    {Code::not_permitted, exit_codes::not_permitted},
    {Code::busy, exit_codes::busy},
    {Code::not_yet, exit_codes::busy},
    {Code::stopping, exit_codes::busy},
    {Code::erase_unfinished, exit_codes::input_output},
    {Code::clock_suspect, exit_codes::busy},
    {Code::journal_unavailable, exit_codes::input_output},
    {Code::disk_low, exit_codes::input_output},
};

}  // namespace

int exit_code_of(Code code, int refused) {
  for (const auto& row : code_exits)
    if (row.code == code) return row.exit_code;
  return refused;
}

void stop_usage(std::string sentence, std::string remedy) {
  throw Stop{exit_codes::usage, std::move(sentence), std::move(remedy)};
}

Session::Session(Settings settings, ChangeSettings change, Streams streams)
    : settings_(std::move(settings)),
      change_(std::move(change)),
      streams_(streams),
      input_(streams.in, streams.talk) {}

const std::string& Session::tenant() const {
  if (settings_.tenant.empty())
    stop_usage("The tenant is not given.", "Name it with --tenant ALIAS (or POSTERN_TENANT).");
  return settings_.tenant;
}

client::Client& Session::client() {
  if (client_) return *client_;
  if (!reached_) reached_ = reach(settings_.access);
  auto options = *reached_;
  options.wait_for_daemon = patient_;
  auto made = client::Client::make(std::move(options));
  if (!made)
    throw Stop{client::exit_code(made.error()), made.error().sentence, made.error().remedy};
  return client_.emplace(std::move(*made));
}

void Session::wait_for_daemon() {
  patient_ = true;
  client_.reset();
}

void Session::finish(schema::CommandMessageT& message) {
  message.dry_run = message.dry_run || change_.dry_run;
  if (!change_.reason.empty()) message.reason = change_.reason;
  if (change_.id) {
    const auto id = client::parse_uuid(*change_.id);
    if (!id) stop_usage("--id takes a UUID.", "Leave it out for a fresh one.");
    message.id = std::make_unique<schema::Uuid>(*id);
  }
  id_given_ = message.id != nullptr;
  if (!id_given_) message.id = std::make_unique<schema::Uuid>(client::make_uuid());
  if (change_.expected_version == 0) return;
  const auto about_another = [&](const std::unique_ptr<schema::CommandT>& command) {
    return command->user != message.commands[0]->user;
  };
  if (message.commands.empty() ||
      (message.commands[0]->user.empty() && !message.commands[0]->user_id) ||
      std::ranges::any_of(message.commands, about_another))
    stop_usage("--expect-version is the version of one user.", "Name one user, or leave it out.");
  message.commands[0]->expected_version = change_.expected_version;
}

int Session::change(schema::CommandMessageT message) {
  const auto receipt = send(std::move(message));
  if (format() != Format::table) print(to_json(receipt));
  stop_unless_done(receipt);
  if (format() == Format::table) print_receipt(receipt);
  return exit_codes::yes;
}

schema::ReceiptT Session::execute(schema::CommandMessageT message) {
  auto receipt = send(std::move(message));
  stop_unless_done(receipt);
  return receipt;
}

schema::ReceiptT Session::send(schema::CommandMessageT message) {
  finish(message);
  several_ = message.commands.size() > 1;
  const auto id = client::uuid_text(*message.id);
  auto receipt = client().execute(std::move(message));
  if (receipt) return std::move(*receipt);
  const auto& error = receipt.error();
  throw Stop{client::exit_code(error), error.sentence,
             fmt::format("{} To repeat it safely, add --id {}.", error.remedy, id)};
}

void Session::stop_unless_done(const schema::ReceiptT& receipt) {
  if (receipt.code != Code::ok)
    stop_refused(receipt.code, receipt.problems, exit_code_of(receipt.code, exit_codes::no),
                 several_ ? "command" : "");
}

void Session::print_receipt(const schema::ReceiptT& receipt) {
  // Under an id of ours, the first receipt was lost and the client asked again.
  if (receipt.repeated && id_given_) talk() << "This id was seen before; nothing was done again.\n";
  if (receipt.dry_run) talk() << "A dry run: nothing was changed. It would cause:\n";
  Table table({"SEQ", "TIME", "EVENT", "USER", "DETAILS"});
  const client::EventForms forms{
      [](client::Named, const schema::Uuid& id) { return client::uuid_text(id); }, time_text_short,
      key_text};
  for (const auto& event : receipt.events) {
    table.add({receipt.seq != 0 ? std::to_string(receipt.seq) : "",
               receipt.time_ns != 0 ? time_text_short(receipt.time_ns) : "",
               client::event_kind(*event), uuid_text(event->user),
               client::event_details(*event, forms)});
  }
  table.write(out());
  for (const auto& secret : receipt.secrets) out() << printable(secret) << '\n';
  if (!receipt.secrets.empty()) talk() << "The secret is shown this once.\n";
  if (receipt.repeated && !receipt.problems.empty())
    say_problems(receipt.problems[0]->code, receipt.problems, "");
  for (const auto& event : receipt.events)
    if (!event->warning.empty()) talk() << "Warning: " << printable(event->warning) << '\n';
}

schema::AnswerT Session::ask(schema::QueryT query) {
  const auto* check = query.body.AsCheck();
  const bool several = check != nullptr && check->questions.size() > 1;
  auto answer = client().ask(std::move(query));
  if (!answer)
    throw Stop{client::exit_code(answer.error()), answer.error().sentence, answer.error().remedy};
  // A question that gets no answer must not end like one that is answered with no.
  if (answer->code != Code::ok)
    stop_refused(answer->code, answer->problems, exit_code_of(answer->code, exit_codes::missing),
                 several ? "question" : "");
  return std::move(*answer);
}

schema::HistoryPageT Session::page(schema::HistoryRequestT request) {
  auto page = client().history(std::move(request));
  if (!page)
    throw Stop{client::exit_code(page.error()), page.error().sentence, page.error().remedy};
  if (page->code != Code::ok)
    stop_refused(page->code, page->problems, exit_code_of(page->code, exit_codes::missing));
  return std::move(*page);
}

void Session::stop_unexpected() {
  throw Stop{exit_codes::protocol, "The daemon answered with something else than was asked for.",
             "Check that its version fits this program."};
}

void Session::print(const boost::json::object& object) {
  out() << boost::json::serialize(object) << '\n';
}

void Session::say_problems(Code code,
                           const std::vector<std::unique_ptr<schema::ProblemT>>& problems,
                           std::string_view part) {
  const auto say = [&](Code problem, const std::string& place, const std::string& sentence,
                       const std::string& remedy) {
    talk() << fmt::format("refused  {}{}: {}\n", code_name(problem), place,
                          printable(sentence.empty() ? code_sentence(problem) : sentence));
    talk() << fmt::format("         {}\n",
                          printable(remedy.empty() ? code_remedy(problem) : sentence_of(remedy)));
  };
  if (problems.empty()) say(code, "", "", "");
  for (const auto& problem : problems) {
    const auto field = problem->field.empty() ? "" : fmt::format("  {}", printable(problem->field));
    const auto place = part.empty() ? "" : fmt::format("  {} {}", part, problem->index);
    say(problem->code, place + field, problem->sentence, problem->remedy);
  }
}

void Session::stop_refused(Code code,
                           const std::vector<std::unique_ptr<schema::ProblemT>>& problems,
                           int exit_code, std::string_view part) {
  say_problems(code, problems, part);
  throw Stop{exit_code, "", ""};
}

}  // namespace postern::cli
