#include "tools/cli/question.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "schema/receipt_text.h"
#include "tools/arguments/options.h"
#include "tools/cli/catalogue_names.h"
#include "tools/cli/conditions.h"
#include "tools/cli/list.h"
#include "tools/cli/mistyped.h"
#include "tools/cli/new_file.h"
#include "tools/cli/past_check.h"
#include "tools/cli/session.h"
#include "tools/text/access_text.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace question_commands {
namespace {

constexpr std::size_t questions_max = 10'000;
constexpr std::uint32_t fresh_wait_ms = 10'000;

/// How the user's call reached the asker (N6), and what all questions take.
struct Arguments {
  std::string user;
  schema::CallT call;
  bool interactive = false;
  bool with_password = false;
  bool with_key = false;
  bool with_token = false;
  std::uint64_t at_least_seq = 0;
  std::string action;
  std::string resource;
  bool this_level_only = false;
  std::string file = "-";
  /// H5: where the answer's receipt goes; empty: none is asked for.
  std::string receipt;
  At at;
};

std::shared_ptr<Arguments> add_call(Options& options) {
  auto asked = std::make_shared<Arguments>();
  options.add("USER", &asked->user, "Its name; with a key or token also -, whoever has it")
      .required();
  add_call_options(options, asked->call);
  options.add("--interactive", &asked->interactive, "The caller wants a screen");
  options.add_number("--at-least-seq", asked->at_least_seq, "Answer from a state at least this new",
                     {1});
  return asked;
}

std::unique_ptr<schema::CallT> call_of(const Arguments& asked) {
  auto call = std::make_unique<schema::CallT>(asked.call);
  if (asked.interactive) call->channel = schema::Channel::interactive;
  return call;
}

schema::QueryT query_of(const Session& session, const Arguments& asked) {
  schema::QueryT query;
  const bool names_itself = asked.with_key || asked.with_token;
  query.tenant = names_itself && !session.has_tenant() ? "" : session.tenant();
  query.call = call_of(asked);
  query.at_least_seq = asked.at_least_seq;
  query.wait_ms = asked.at_least_seq != 0 ? fresh_wait_ms : 0;
  return query;
}

/// Whose a key or a token must be; '-': whoever has it.
std::string named_beside(const Arguments& asked) { return asked.user == "-" ? "" : asked.user; }

void set_credential(Session& session, const Arguments& asked, schema::CredentialUnion& credential) {
  if (asked.with_key) {
    schema::KeyCredentialT key;
    key.username = named_beside(asked);
    key.key = session.input().password("API key");
    return credential.Set(std::move(key));
  }
  if (asked.with_token) {
    schema::TokenCredentialT token;
    token.username = named_beside(asked);
    token.token = session.input().password("Token");
    return credential.Set(std::move(token));
  }
  if (!asked.with_password) {
    schema::NamedUserT named;
    named.username = asked.user;
    return credential.Set(std::move(named));
  }
  schema::PasswordCredentialT password;
  password.username = asked.user;
  password.password = session.input().password("Password of " + asked.user);
  credential.Set(std::move(password));
}

// ---- answers

int exit_code_of_verdict(bool allowed) { return allowed ? exit_codes::yes : exit_codes::no; }

/// A denial may be a slip of the finger. Programs, which ask all day, are told nothing of it.
void suggest_bearer(Session& session, const Arguments& asked, schema::Code reason) {
  if (session.talks_to_a_person() && session.has_tenant())
    session.suggest(mistyped_bearer(reason, session.tenant(), asked.user));
}

// ---- authenticate

int run_authenticate(Session& session, Arguments& asked) {
  asked.with_password = true;
  auto query = query_of(session, asked);
  schema::AuthenticateT authenticate;
  authenticate.decline_token = true;
  set_credential(session, asked, authenticate.credential);
  query.body.Set(std::move(authenticate));
  const auto answer = session.ask(std::move(query));
  const auto& result = Session::part(answer.body.AsAuthenticated());
  if (session.format() == text::Format::table) {
    text::write_verdict(session.out(), {result.allowed, result.reason});
  } else {
    auto object = text::to_json(result);
    text::add_moment(object, {answer.seq, answer.time_ns});
    session.print(object);
  }
  return exit_code_of_verdict(result.allowed);
}

// ---- check

/// As it was signed: the text, and behind it the signature.
void keep_receipt(Session& session, NewFile& file, const schema::AnswerT& answer) {
  if (answer.receipt == nullptr ||
      answer.receipt->signature.size() != schema::receipt_signature_size)
    Session::stop_unexpected();
  std::string text(schema::receipt_heading);
  text.append(answer.receipt->bytes.begin(), answer.receipt->bytes.end());
  text.append(answer.receipt->signature.begin(), answer.receipt->signature.end());
  file.write(text);
  file.keep();
  session.talk() << "The receipt is in " << text::printable(file.path().string()) << ".\n";
}

Decisions ask_check(Session& session, const Arguments& asked, Questions questions) {
  if (asked.at.is_given()) {
    if (!asked.receipt.empty())
      stop_usage("A receipt is of what is answered now.", "Leave out --receipt or --at.");
    if (asked.with_password || asked.with_key || asked.with_token)
      stop_usage("A credential cannot be checked as of a past moment.",
                 "Ask by name: leave out --password, --key and --token.");
    session.stand_at(asked.at);
    return check_past(session, asked.user, *call_of(asked), std::move(questions));
  }
  auto query = query_of(session, asked);
  const auto count = questions.size();
  schema::CheckT check;
  set_credential(session, asked, check.credential);
  check.questions = std::move(questions);
  query.body.Set(std::move(check));
  std::optional<NewFile> file;
  if (!asked.receipt.empty()) file.emplace(asked.receipt);
  query.receipt = file.has_value();
  auto answer = session.ask(std::move(query));
  if (file) keep_receipt(session, *file, answer);
  auto& checked = Session::part(answer.body.AsChecked());
  if (checked.decisions.size() != count) Session::stop_unexpected();
  return {std::move(checked), answer.seq, answer.time_ns};
}

/// With names for people understood.
std::unique_ptr<schema::QuestionT> question(CatalogueNames& names, const std::string& action,
                                            const std::string& resource, bool this_level_only) {
  auto made = std::make_unique<schema::QuestionT>();
  made->resource = names.path(resource);
  made->action = names.action(action, made->resource);
  made->this_level_only = this_level_only;
  return made;
}

int run_check(Session& session, const Arguments& asked) {
  CatalogueNames names(session);
  Questions questions;
  questions.push_back(question(names, asked.action, asked.resource, asked.this_level_only));
  const auto answer = ask_check(session, asked, std::move(questions));
  const auto& decision = *answer.checked.decisions[0];
  if (session.format() == text::Format::table) {
    text::write_verdict(session.out(), {decision.allowed, decision.reason, decision.grant.get()});
  } else {
    auto object = text::to_json(decision);
    text::add_moment(object, {answer.seq, answer.time_ns});
    session.print(object);
  }
  suggest_bearer(session, asked, decision.reason);
  return exit_code_of_verdict(decision.allowed);
}

// ---- check-many

std::vector<std::unique_ptr<schema::QuestionT>> read_questions(Session& session, Input& input,
                                                               bool this_level_only) {
  CatalogueNames names(session);
  std::vector<std::unique_ptr<schema::QuestionT>> questions;
  std::size_t number = 0;
  while (const auto line = input.line()) {
    ++number;
    const auto words = arguments::split_words(*line);
    if (words.empty()) continue;
    if (words.size() != 2) stop_usage(fmt::format("Line {} is not ACTION RESOURCE.", number));
    if (questions.size() == questions_max)
      stop_usage(fmt::format("There are more than {} questions.", questions_max),
                 "Ask in several turns.");
    questions.push_back(question(names, words[0], words[1], this_level_only));
  }
  if (questions.empty()) stop_usage("There is no question.", "Write one a line: ACTION RESOURCE.");
  return questions;
}

std::vector<std::unique_ptr<schema::QuestionT>> read_questions(Session& session,
                                                               const Arguments& asked) {
  if (asked.file == "-") {
    if (asked.with_password || asked.with_key || asked.with_token)
      stop_usage("The password and the questions cannot both come from standard input.",
                 "Put the questions into a file.");
    return read_questions(session, session.input(), asked.this_level_only);
  }
  const int descriptor = ::open(asked.file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw Stop{
        exit_codes::missing,
        fmt::format("Cannot read {}: {}.", text::printable(asked.file), std::strerror(errno)),
        "Name a file of questions."};
  const std::unique_ptr<const int, void (*)(const int*)> closer(
      &descriptor, [](const int* opened) { ::close(*opened); });
  Input input(descriptor, session.talk());
  return read_questions(session, input, asked.this_level_only);
}

int run_check_many(Session& session, const Arguments& asked) {
  auto questions = read_questions(session, asked);
  std::vector<schema::QuestionT> asked_for;
  for (const auto& one : questions) asked_for.push_back(*one);
  const auto answer = ask_check(session, asked, std::move(questions));
  ShownList listing(session, text::decision_columns());
  bool all = true;
  for (std::size_t index = 0; index < asked_for.size(); ++index) {
    const auto& decision = *answer.checked.decisions[index];
    all = all && decision.allowed;
    text::add_decision(listing, asked_for[index], decision, {answer.seq, answer.time_ns});
  }
  listing.finish();
  if (const auto left_out = answer.checked.grants_left_out; left_out > 0)
    session.talk() << "Of " << left_out
                   << " answers the grant is not shown: ask fewer questions at once.\n";
  if (!asked_for.empty()) suggest_bearer(session, asked, answer.checked.decisions[0]->reason);
  return exit_code_of_verdict(all);
}

// ---- explain

int run_explain(Session& session, const Arguments& asked) {
  if (asked.action.empty() != asked.resource.empty())
    stop_usage("A question has both: ACTION RESOURCE.");
  session.stand_at(asked.at);
  schema::ExplainT explain;
  explain.tenant = session.tenant();
  explain.username = asked.user;
  explain.call = call_of(asked);
  explain.with_password = asked.with_password;
  CatalogueNames names(session);
  if (!asked.action.empty())
    explain.question = question(names, asked.action, asked.resource, asked.this_level_only);
  auto made = request(std::move(explain));
  made.at_least_seq = asked.at_least_seq;
  made.wait_ms = asked.at_least_seq != 0 ? fresh_wait_ms : 0;
  const auto page = session.page(std::move(made));
  const auto& explanation = Session::part(page.body.AsExplanation());
  if (session.format() == text::Format::table)
    text::write_explanation(session.out(), explanation);
  else
    session.print(text::to_json(explanation));
  if (!explanation.stops.empty()) suggest_bearer(session, asked, explanation.stops[0]->code);
  return exit_code_of_verdict(explanation.allowed);
}

// ---- who may, and what

/// A key or a token says itself whose it is, so USER may be '-'.
arguments::Option& add_token_flag(Options& options, Arguments& asked) {
  return options.add("--token", &asked.with_token,
                     "With a session token, read from standard input");
}

Handler permissions(Options& options) {
  auto asked = add_call(options);
  add_token_flag(options, *asked);
  add_at(options, asked->at);
  return [asked](Session& session) {
    session.stand_at(asked->at);
    schema::ListPermissionsT list;
    if (asked->with_token) {
      list.tenant = session.has_tenant() ? session.tenant() : "";
      list.username = named_beside(*asked);
      list.token = session.input().password("Token");
    } else {
      list.tenant = session.tenant();
      list.username = asked->user;
    }
    list.call = call_of(*asked);
    ShownList listing(session, text::permission_columns());
    bool first = true;
    for (bool more = true; more;) {
      const auto page = session.page(request(schema::ListPermissionsT(list)));
      const auto& part = Session::part(page.body.AsPermissionPage());
      for (const auto& stop : part.stops)
        if (first) text::write_sentence(session.talk(), "Stopped: " + stop->sentence);
      first = false;
      for (const auto& permission : part.permissions)
        if (permission->grant) listing.add(*permission, text::row_of(*permission));
      listing.flush();
      more = part.more && part.next != list.after;
      list.after = part.next;
    }
    client::wipe(list.token);
    listing.finish();
    return exit_codes::yes;
  };
}

Handler who_can(Options& options) {
  auto asked = std::make_shared<Arguments>();
  auto usable_only = std::make_shared<bool>(false);
  options.add("ACTION", &asked->action, "The action, as read").required();
  options.add("RESOURCE", &asked->resource, "The path, as table/customer").required();
  options.add("--this-level-only", &asked->this_level_only, "Not about what lies below the path");
  options.add("--usable-only", usable_only.get(),
              "Without those whom a lock, their status or a network stops now");
  options.add("--address", &asked->call.address, "As if they called from this address");
  options.add("--tls", &asked->call.tls, "As if they called over TLS");
  add_at(options, asked->at);
  return [asked, usable_only](Session& session) {
    session.stand_at(asked->at);
    schema::WhoCanT who;
    who.tenant = session.tenant();
    CatalogueNames names(session);
    who.question = question(names, asked->action, asked->resource, asked->this_level_only);
    who.call = call_of(*asked);
    who.usable_only = *usable_only;
    who.count_max = 1'000;
    ShownList listing(session, text::holder_columns());
    for (bool more = true; more;) {
      const auto page = session.page(request(schema::WhoCanT(who)));
      const auto& part = Session::part(page.body.AsHolderPage());
      for (const auto& holder : part.holders) listing.add(*holder, text::row_of(*holder));
      listing.flush();
      more = part.more && part.next != who.after;
      who.after = part.next;
    }
    listing.finish();
    return exit_codes::yes;
  };
}

// ---- the verbs

void add_secret_flags(Options& options, Arguments& asked) {
  options.add("--key", &asked.with_key, "With an API key, read from standard input");
  add_token_flag(options, asked).excludes("--key");
}

Handler authenticate(Options& options) {
  auto asked = add_call(options);
  add_secret_flags(options, *asked);
  return [asked](Session& session) { return run_authenticate(session, *asked); };
}

void add_password_flag(Options& options, Arguments& asked) {
  add_secret_flags(options, asked);
  options
      .add("--password", &asked.with_password,
           "Ask with the user's password, read from standard input; else by bare name")
      .excludes("--key")
      .excludes("--token");
}

void add_question(Options& options, Arguments& asked, bool needed) {
  options.add("ACTION", &asked.action, "The action, as read").required(needed);
  options.add("RESOURCE", &asked.resource, "The path, as table/customer").required(needed);
  options.add("--this-level-only", &asked.this_level_only, "Not about what lies below the path");
}

void add_receipt(Options& options, Arguments& asked) {
  options
      .add("--receipt", &asked.receipt,
           "A new file for the signed receipt, which 'postern-replay verify-receipt' holds against "
           "the journal")
      .type_name("FILE");
}

Handler check(Options& options) {
  auto asked = add_call(options);
  add_question(options, *asked, true);
  add_password_flag(options, *asked);
  add_receipt(options, *asked);
  add_at(options, asked->at);
  return [asked](Session& session) { return run_check(session, *asked); };
}

Handler check_many(Options& options) {
  auto asked = add_call(options);
  options.add("FILE", &asked->file, "Questions, ACTION RESOURCE on each line; - is standard input");
  options.add("--this-level-only", &asked->this_level_only, "Not about what lies below the paths");
  add_password_flag(options, *asked);
  add_receipt(options, *asked);
  add_at(options, asked->at);
  return [asked](Session& session) { return run_check_many(session, *asked); };
}

Handler explain(Options& options) {
  auto asked = add_call(options);
  add_question(options, *asked, false);
  options.add("--with-password", &asked->with_password,
              "As asked with the password, which a lock for wrong ones closes; none is read");
  add_at(options, asked->at);
  return [asked](Session& session) { return run_explain(session, *asked); };
}

constexpr Verb verbs[] = {
    {"authenticate", Kind::reads, "Checks a password, key or token from standard input.",
     "--tenant acme authenticate api.bob --address 192.0.2.7 --tls", authenticate},
    {"check", Kind::reads, "Asks whether a user may do something: 0 allowed, 1 denied.",
     "--tenant acme check api.bob read table/customer", check},
    {"check-many", Kind::lists, "Asks many such questions at once: 0 if all are allowed.",
     "--tenant acme check-many api.bob questions.txt", check_many},
    {"explain", Kind::reads, "Shows every reason for a denial, what caused it, and the remedy.",
     "--tenant acme explain api.bob read table/customer", explain},
    {"permissions", Kind::lists, "Lists what a user may do, and what takes it away now.",
     "--tenant acme permissions api.bob --address 192.0.2.7 --tls", permissions},
    {"who-can", Kind::lists, "Lists who may do this, with the grant that lets them.",
     "--tenant acme who-can read table/customer --usable-only", who_can},
};

}  // namespace
}  // namespace question_commands

void add_call_options(Options& options, schema::CallT& call) {
  options.add("--address", &call.address, "The caller's IPv4 or IPv6 address");
  options.add("--tls", &call.tls, "The call came over TLS");
  options.add("--client", &call.client, "Label of the calling system");
}

const Noun question_verbs = {"", "", question_commands::verbs};

}  // namespace postern::cli
