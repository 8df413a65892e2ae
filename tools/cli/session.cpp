#include "tools/cli/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include "command_marks.h"
#include "history_marks.h"
#include "schema/resending.h"
#include "tools/cli/differences.h"
#include "tools/cli/known_names.h"
#include "tools/cli/mistyped.h"
#include "tools/cli/names.h"
#include "tools/cli/sweep.h"
#include "tools/text/event_text.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"

namespace postern::cli {
namespace {

struct CodeExit {
  schema::Code code;
  int exit_code;
};

using schema::Code;

/// So many times in a row a past is no further when it is asked for again.
constexpr int standing_still_max = 30;
/// What a page is refused with that no table of codes tells: a plan is none, and what-if takes
/// commands that the rules take.
int refused_exit_of(schema::HistoryBody kind, Code code) {
  using schema::HistoryBody;
  const bool is_missing =
      code == Code::tenant_unknown || code == Code::record_unknown || code == Code::moment_unknown;
  if (is_missing) return exit_codes::missing;
  if (kind == HistoryBody::PlanUndo) return exit_codes::no;
  return kind == HistoryBody::GetWhatIf ? exit_codes::usage : exit_codes::missing;
}

/// By its number, where a message has several parts, and the field.
Places place_in(std::string_view part) {
  return [part](const schema::ProblemT& problem) {
    auto place = part.empty() ? std::string() : fmt::format("{} {}", part, problem.index);
    if (!place.empty() && !problem.field.empty()) place += "  ";
    return place + problem.field;
  };
}

/// "unused", "30d", or both with a comma between.
std::unique_ptr<schema::GuardT> guard_of(std::string_view text) {
  auto made = std::make_unique<schema::GuardT>();
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const auto end = part.data() + part.size();
    const auto read = std::from_chars(part.data(), end, made->days);
    const bool is_days =
        read.ec == std::errc() && read.ptr + 1 == end && *read.ptr == 'd' && made->days > 0;
    if (part == "unused")
      made->unused = true;
    else if (!is_days)
      stop_usage("--guard takes 'unused', days as '30d', or both with a comma.",
                 "For example --guard 30d,unused.");
  }
  return made;
}

/// What was meant is said of so many names, and nobody waits long for it.
constexpr std::size_t suggestions_max = 3;
constexpr std::chrono::milliseconds suggestion_timeout{1'000};

/// What a refusal may be about; of a big batch nothing.
boost::json::object json_without_secrets(const schema::CommandMessageT& message) {
  constexpr std::size_t commands_max = 100;
  if (message.commands.size() > commands_max) return {};
  schema::CommandMessageT copy(message);
  schema::visit_secrets(copy, [](auto, std::string& secret) { client::wipe(secret); });
  return text::to_json(copy);
}

/// A hash takes so much less than the client grants it.
constexpr int hash_times_granted = 7;

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

void Session::refuse_options_of_one_message(std::string_view what) const {
  const char* const given = change_.id                      ? "--id"
                            : change_.expected_version != 0 ? "--expect-version"
                            : change_.preview_days != 0     ? "--preview"
                            : !change_.guard.empty()        ? "--guard"
                                                            : nullptr;
  if (given != nullptr)
    stop_usage(fmt::format("{} is about one message, and {} sends many.", given, what),
               "Leave it out.");
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
  if (!change_.guard.empty()) message.guard = guard_of(change_.guard);
  if (change_.id) {
    const auto id = text::parse_uuid(*change_.id);
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

int Session::change(schema::CommandMessageT message,
                    const std::function<void(const schema::ReceiptT&)>& done) {
  const auto receipt = send(std::move(message));
  if (receipt.code == Code::ok) done(receipt);
  if (format() != text::Format::table) print(text::to_json(receipt));
  stop_unless_done(receipt);
  if (format() == text::Format::table) print_receipt(receipt);
  return exit_codes::yes;
}

schema::ReceiptT Session::execute(schema::CommandMessageT message, const Places& places) {
  auto receipt = send(std::move(message));
  stop_unless_done(receipt, places);
  return receipt;
}

void Session::confirm(const Sweep& sweep) {
  if (change_.yes || change_.dry_run || !input_.at_terminal()) return;
  const auto question =
      fmt::format("{} Type {} to go on", sweep.sentence, text::printable(sweep.name));
  if (input_.answer(question) != sweep.name)
    throw Stop{exit_codes::no, "Nothing was done.", "--yes says so beforehand."};
  take_as_confirmed();
}

void Session::confirm(const schema::CommandMessageT& message) {
  if (message.dry_run) return;
  if (const auto sweep = sweep_of(message)) confirm(*sweep);
}

void Session::preview(schema::CommandMessageT message) {
  several_ = message.commands.size() > 1;
  schema::PreviewCommandsT wanted;
  wanted.message = std::make_unique<schema::CommandMessageT>(std::move(message));
  wanted.days = change_.preview_days;
  wanted.count_max = page_count;
  schema::HistoryRequestT asked;
  asked.body.Set(std::move(wanted));
  const auto answered = page(std::move(asked));
  throw Stop{tell_preview(*this, part(answered.body.AsFlipPage())), "", ""};
}

schema::ReceiptT Session::send(schema::CommandMessageT message) {
  finish(message);
  if (change_.preview_days != 0) preview(std::move(message));
  confirm(message);
  several_ = message.commands.size() > 1;
  typed_ = typed_in(message);
  asked_ = json_without_secrets(message);
  id_ = text::uuid_text(*message.id);
  const bool takes_long = client::time_to_hash(message) > std::chrono::seconds(2);
  auto receipt = takes_long && streams_.talk_is_terminal ? execute_in_view(std::move(message))
                                                         : client().execute(std::move(message));
  if (receipt) return std::move(*receipt);
  const auto& error = receipt.error();
  throw Stop{client::exit_code(error), error.sentence,
             fmt::format("{} To repeat it safely, add --id {}.", error.remedy, id_)};
}

/// Passwords are hashed one after the other, which somebody at a terminal is told.
client::Result<schema::ReceiptT> Session::execute_in_view(schema::CommandMessageT message) {
  using Clock = std::chrono::steady_clock;
  using std::chrono::seconds;
  const auto in_seconds = [](auto time) { return std::chrono::duration_cast<seconds>(time); };
  const auto begun = Clock::now();
  const auto most_often = in_seconds(client::time_to_hash(message) / hash_times_granted);
  const auto sent = client().submit(std::move(message));
  if (!sent) return std::unexpected(sent.error());
  std::optional<client::CommandOutcome> outcome;
  while (!(outcome = client().collect_receipt(seconds(1)))) {
    talk() << fmt::format("\rhashing passwords: {} s of about {} s",
                          in_seconds(Clock::now() - begun).count(), most_often.count())
           << std::flush;
  }
  talk() << "\r\x1b[K" << std::flush;
  return std::move(outcome->answer);
}

void Session::stop_unless_done(const schema::ReceiptT& receipt, const Places& places) {
  if (receipt.code == Code::ok) return;
  say_problems(receipt.code, receipt.problems,
               places ? places : place_in(several_ ? "command" : ""));
  throw Stop{say_what_is_known(receipt.code), "", ""};
}

/// K5: a code that is not final says nothing of what was sent before under the same id. Gives the
/// exit code.
int Session::say_what_is_known(Code code) {
  using schema::Resending;
  const int exit_code = exit_code_of(code, exit_codes::no);
  const Resending says = schema::resending_of(code);
  if (says == Resending::final) return exit_code;
  const bool expired = code == Code::command_id_expired;
  // Under an id of ours it was the only sending.
  const bool known = !id_given_ && (expired || says != Resending::not_known);
  talk() << "         " << (known ? "Nothing was done." : "It is not known whether it was done.");
  if (!expired) talk() << " To ask again, repeat this with --id " << id_ << '.';
  if (expired && id_given_) talk() << " See 'events list'.";
  talk() << '\n';
  return id_given_ ? exit_codes::busy : exit_code;
}

void Session::print_receipt(const schema::ReceiptT& receipt) {
  // Under an id of ours, the first receipt was lost and the client asked again.
  if (receipt.repeated && id_given_) talk() << "This id was seen before; nothing was done again.\n";
  if (receipt.dry_run) talk() << "A dry run: nothing was changed. It would cause:\n";
  static constexpr text::Column columns[] = {
      {"SEQ"}, {"TIME", 2}, {"EVENT"}, {"USER", 1, 16}, {"DETAILS", 0, 20}};
  text::Table table(columns);
  table.wrap_last();
  Names names(*this);
  names.learn(receipt.events, typed_);
  const text::EventForms forms{[&](text::Named kind, const schema::Uuid& id) {
                                 return names.inner(kind, id, typed_.tenant);
                               },
                               text::time_text_short, text::key_text};
  for (const auto& event : receipt.events) {
    table.add({receipt.seq != 0 ? std::to_string(receipt.seq) : "",
               receipt.time_ns != 0 ? text::time_text_short(receipt.time_ns) : "",
               text::event_kind(*event), names.user(event->user, typed_.tenant),
               text::event_details(*event, forms)});
  }
  table.write(out());
  for (const auto& secret : receipt.secrets) out() << text::printable(secret) << '\n';
  if (!receipt.secrets.empty()) talk() << "The secret is shown this once.\n";
  if (receipt.repeated && !receipt.problems.empty())
    say_problems(receipt.problems[0]->code, receipt.problems, place_in(""));
  for (const auto& event : receipt.events)
    if (!event->warning.empty()) talk() << "Warning: " << text::printable(event->warning) << '\n';
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

schema::HistoryPageT Session::page_once(schema::HistoryRequestT request) {
  auto page = client().history(std::move(request));
  if (!page)
    throw Stop{client::exit_code(page.error()), page.error().sentence, page.error().remedy};
  return std::move(*page);
}

/// Busy with what takes long it is told how far that is, and asks again as long as that goes on.
schema::HistoryPageT Session::page(schema::HistoryRequestT request) {
  request.at_seq = at_.seq;
  request.at_time_ns = at_.time_ns;
  auto page = page_once(schema::HistoryRequestT(request));
  std::string told;
  const schema::HistoryBody kind = request.body.type;
  const bool reads_the_past =
      at_.is_given() || kind == schema::HistoryBody::GetDifference ||
      kind == schema::HistoryBody::GetReport || kind == schema::HistoryBody::PreviewCommands ||
      kind == schema::HistoryBody::PlanUndo || kind == schema::HistoryBody::GetWhatIf;
  for (int standing = 0; page.code == Code::busy && reads_the_past && !page.problems.empty() &&
                         standing < standing_still_max;) {
    const std::string& sentence = page.problems[0]->sentence;
    standing = sentence == told ? standing + 1 : 0;
    told = sentence;
    if (streams_.talk_is_terminal && standing == 0) talk() << text::printable(told) << '\n';
    std::this_thread::sleep_for(std::chrono::milliseconds(page.retry_after_ms));
    page = page_once(schema::HistoryRequestT(request));
  }
  schema::visit_secrets(request, [](auto, std::string& secret) { client::wipe(secret); });
  if (page.code != Code::ok) {
    asked_ = text::to_json(request);
    stop_refused(page.code, page.problems,
                 exit_code_of(page.code, refused_exit_of(kind, page.code)));
  }
  const bool is_first = !std::exchange(moment_is_told_, true);
  if (is_first && at_.is_given()) tell_moment(talk(), page);
  if (is_first) tell_owners(talk(), page);
  return page;
}

void Session::stop_unexpected() {
  throw Stop{exit_codes::protocol, "The daemon answered with something else than was asked for.",
             "Check that its version fits this program."};
}

void Session::print(const boost::json::object& object) { out() << text::json_text(object) << '\n'; }

void Session::say_problems(Code code,
                           const std::vector<std::unique_ptr<schema::ProblemT>>& problems,
                           const Places& places) {
  const auto say = [&](Code problem, const std::string& place, const std::string& sentence,
                       const std::string& remedy) {
    talk() << fmt::format(
        "refused  {}{}: {}\n", text::code_name(problem), place,
        text::printable(sentence.empty() ? text::code_sentence(problem) : sentence));
    talk() << fmt::format(
        "         {}\n",
        text::printable(remedy.empty() ? text::code_remedy(problem) : text::sentence_of(remedy)));
  };
  if (problems.empty()) {
    say(code, "", "", "");
    suggest(mistyped_in(code, 0, asked_));
  }
  std::set<std::string> suggested;
  for (const auto& problem : problems) {
    const auto place = text::printable(places(*problem));
    say(problem->code, place.empty() ? "" : "  " + place, problem->sentence, problem->remedy);
    const auto mistyped = mistyped_in(problem->code, problem->index, asked_);
    if (mistyped && suggested.size() < suggestions_max && suggested.insert(mistyped->typed).second)
      suggest(mistyped);
  }
}

void Session::suggest(const std::optional<Mistyped>& mistyped) {
  if (!mistyped || !reached_) return;
  auto options = *reached_;
  options.timeout = suggestion_timeout;
  options.retries = 0;
  auto client = client::Client::make(std::move(options));
  if (!client) return;
  if (const auto nearest = nearest_known_name(*client, mistyped->wanted, mistyped->typed))
    talk() << fmt::format("         The nearest of '{}' is {}.\n", text::printable(mistyped->typed),
                          text::printable(*nearest));
}

void Session::stop_refused(Code code,
                           const std::vector<std::unique_ptr<schema::ProblemT>>& problems,
                           int exit_code, std::string_view part) {
  say_problems(code, problems, place_in(part));
  throw Stop{exit_code, "", ""};
}

}  // namespace postern::cli
