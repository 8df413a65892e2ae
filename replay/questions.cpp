// What a user could do at a moment, and why (H1, Q9).
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "replay/asking.h"
#include "replay/list.h"
#include "replay/talk.h"
#include "replay/verb.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/shown.h"

namespace postern::replay {
namespace questions {
namespace {

constexpr std::size_t questions_max = 10'000;

struct Question {
  AskedOf of;
  std::string user;
  schema::CallT call;
  bool interactive = false;
  bool with_password = false;
  bool usable_only = false;
  schema::QuestionT question;
  std::string file;

  std::unique_ptr<schema::CallT> call_of() const {
    auto made = std::make_unique<schema::CallT>(call);
    if (interactive) made->channel = schema::Channel::interactive;
    return made;
  }
};
using Asked = std::shared_ptr<Question>;
using Questions = std::vector<std::unique_ptr<schema::QuestionT>>;

Asked add_question(arguments::Options& options) {
  auto asked = std::make_shared<Question>();
  add_asked_of(options, asked->of);
  add_call_options(options, asked->call, asked->interactive);
  return asked;
}

Asked add_user(arguments::Options& options) {
  auto asked = add_question(options);
  options.add("USER", &asked->user, "Its name then").required();
  return asked;
}

void add_place(arguments::Options& options, schema::QuestionT& question, bool needed) {
  options.add("ACTION", &question.action, "The action, as read").required(needed);
  options.add("RESOURCE", &question.resource, "The path, as table/customer").required(needed);
  options.add("--this-level-only", &question.this_level_only, "Not about what lies below the path");
}

// ---- check and check-many

Expected<schema::CheckedT> ask_check(const Asking& asking, const Question& asked,
                                     const Questions& questions) {
  schema::CheckUserT check;
  check.tenant = asked.of.tenant;
  check.username = asked.user;
  check.call = asked.call_of();
  for (const auto& question : questions)
    check.questions.push_back(std::make_unique<schema::QuestionT>(*question));
  return asking.page<schema::CheckedT>(std::move(check));
}

Expected<int> run_check(const Audit& audit, const Question& asked) {
  const auto asking = Asking::begin(audit, asked.of, asked.user);
  if (!asking) return std::unexpected(asking.error());
  Questions questions;
  questions.push_back(std::make_unique<schema::QuestionT>(asked.question));
  const auto checked = ask_check(*asking, asked, questions);
  if (!checked) return std::unexpected(checked.error());
  const schema::DecisionT& decision = *checked->decisions.at(0);
  if (!asking->is_table()) {
    asking->print(text::to_json(decision));
  } else {
    text::write_verdict(audit.streams.out,
                        {decision.allowed, decision.reason, decision.grant.get()});
    audit.streams.out << "        ";
    asking->write_moment();
  }
  return decision.allowed ? 0 : 1;
}

Expected<Questions> read_questions(const Question& asked) {
  std::ifstream file(asked.file);
  if (!file)
    return std::unexpected(Failure{FailureKind::missing, "cannot read " + printable(asked.file),
                                   "Name a file of questions, ACTION RESOURCE on each line."});
  const auto wrong = [](std::string sentence) {
    return std::unexpected(Failure{FailureKind::usage, std::move(sentence),
                                   "Write one question a line: ACTION RESOURCE."});
  };
  Questions questions;
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const auto words = arguments::split_words(line);
    if (words.empty()) continue;
    if (words.size() != 2)
      return wrong(
          fmt::format("line {} of {} is not ACTION RESOURCE", number, printable(asked.file)));
    if (questions.size() == questions_max)
      return wrong(fmt::format("there are more than {} questions", questions_max));
    auto& made = questions.emplace_back(std::make_unique<schema::QuestionT>());
    made->action = words[0];
    made->resource = words[1];
    made->this_level_only = asked.question.this_level_only;
  }
  if (file.bad())
    return std::unexpected(
        Failure{FailureKind::input_output, "cannot read on in " + printable(asked.file), ""});
  if (questions.empty()) return wrong("there is no question in " + printable(asked.file));
  return questions;
}

Expected<int> run_check_many(const Audit& audit, const Question& asked) {
  const auto questions = read_questions(asked);
  if (!questions) return std::unexpected(questions.error());
  const auto asking = Asking::begin(audit, asked.of, asked.user);
  if (!asking) return std::unexpected(asking.error());
  const auto checked = ask_check(*asking, asked, *questions);
  if (!checked) return std::unexpected(checked.error());
  asking->write_moment();
  ShownList listing(audit, text::decision_columns());
  bool all = true;
  for (std::size_t index = 0; index < questions->size(); ++index) {
    const schema::DecisionT& decision = *checked->decisions.at(index);
    all = all && decision.allowed;
    text::add_decision(listing, *questions->at(index), decision, asking->moment());
  }
  listing.finish();
  if (checked->grants_left_out > 0)
    say(audit.streams.talk,
        fmt::format("of {} answers the grant is not shown: ask fewer questions at once.",
                    checked->grants_left_out));
  return all ? 0 : 1;
}

// ---- explain

Expected<int> run_explain(const Audit& audit, const Question& asked) {
  if (asked.question.action.empty() != asked.question.resource.empty())
    return std::unexpected(Failure{FailureKind::usage, "a question has both: ACTION RESOURCE",
                                   "Name both, or none for what comes before any question."});
  const auto asking = Asking::begin(audit, asked.of, asked.user);
  if (!asking) return std::unexpected(asking.error());
  schema::ExplainT explain;
  explain.tenant = asked.of.tenant;
  explain.username = asked.user;
  explain.call = asked.call_of();
  explain.with_password = asked.with_password;
  if (!asked.question.action.empty())
    explain.question = std::make_unique<schema::QuestionT>(asked.question);
  const auto explanation = asking->page<schema::ExplanationT>(std::move(explain));
  if (!explanation) return std::unexpected(explanation.error());
  asking->write_moment();
  if (asking->is_table())
    text::write_explanation(audit.streams.out, *explanation);
  else
    asking->print(text::to_json(*explanation));
  return explanation->allowed ? 0 : 1;
}

// ---- what, and who

Expected<int> run_permissions(const Audit& audit, const Question& asked) {
  const auto asking = Asking::begin(audit, asked.of, asked.user);
  if (!asking) return std::unexpected(asking.error());
  schema::ListPermissionsT list;
  list.tenant = asked.of.tenant;
  list.username = asked.user;
  list.call = asked.call_of();
  ShownList listing(audit, text::permission_columns());
  for (bool more = true, first = true; more; first = false) {
    const auto page = asking->page<schema::PermissionPageT>(schema::ListPermissionsT(list));
    if (!page) return std::unexpected(page.error());
    if (first) asking->write_moment();
    for (const auto& stop : page->stops)
      if (first) text::write_sentence(audit.streams.talk, "Stopped: " + stop->sentence);
    for (const auto& permission : page->permissions)
      if (permission->grant) asking->add(listing, *permission);
    listing.flush();
    more = page->more && page->next != list.after;
    list.after = page->next;
  }
  listing.finish();
  return 0;
}

Expected<int> run_who_can(const Audit& audit, const Question& asked) {
  const auto asking = Asking::begin(audit, asked.of);
  if (!asking) return std::unexpected(asking.error());
  schema::WhoCanT who;
  who.tenant = asked.of.tenant;
  who.question = std::make_unique<schema::QuestionT>(asked.question);
  who.call = asked.call_of();
  who.usable_only = asked.usable_only;
  who.count_max = 1'000;
  ShownList listing(audit, text::holder_columns());
  for (bool more = true, first = true; more; first = false) {
    const auto page = asking->page<schema::HolderPageT>(schema::WhoCanT(who));
    if (!page) return std::unexpected(page.error());
    if (first) asking->write_moment();
    for (const auto& holder : page->holders) asking->add(listing, *holder);
    listing.flush();
    more = page->more && page->next != who.after;
    who.after = page->next;
  }
  listing.finish();
  return 0;
}

// ---- the verbs

Run run_with(const Asked& asked, Expected<int> (*run)(const Audit&, const Question&)) {
  return [asked, run](const Audit& audit) { return run(audit, *asked); };
}

Run check(arguments::Options& options) {
  const Asked asked = add_user(options);
  add_place(options, asked->question, true);
  return run_with(asked, run_check);
}

Run check_many(arguments::Options& options) {
  const Asked asked = add_user(options);
  options.add("FILE", &asked->file, "Questions, ACTION RESOURCE on each line").required();
  options.add("--this-level-only", &asked->question.this_level_only,
              "Not about what lies below the paths");
  return run_with(asked, run_check_many);
}

Run explain(arguments::Options& options) {
  const Asked asked = add_user(options);
  add_place(options, asked->question, false);
  options.add("--with-password", &asked->with_password,
              "As asked with the password, which a lock for wrong ones closes; none is read");
  return run_with(asked, run_explain);
}

Run permissions(arguments::Options& options) {
  return run_with(add_user(options), run_permissions);
}

Run who_can(arguments::Options& options) {
  const Asked asked = add_question(options);
  add_place(options, asked->question, true);
  options.add("--usable-only", &asked->usable_only,
              "Without those whom a lock, their status or a network stopped then");
  return run_with(asked, run_who_can);
}

constexpr Verb verbs[] = {
    {"", "check", "Whether a user could do something then: 0 allowed, 1 denied.",
     "--data /mnt/copy check api.bob read table/customer --tenant acme --at 2026-07-01T12:00:00Z",
     check},
    {"", "check-many", "Asks many such questions of one moment: 0 if all were allowed.",
     "--data /mnt/copy check-many api.bob questions.txt --tenant acme --at 1000", check_many},
    {"", "explain", "Every reason for a denial then, the record that caused it, and the remedy.",
     "--data /mnt/copy explain api.bob read table/customer --tenant acme --at 1000", explain},
    {"", "permissions", "What a user could do then, and what took it away.",
     "--data /mnt/copy permissions api.bob --tenant acme --at 1000", permissions},
    {"", "who-can", "Who could do this then, with the grant that let them.",
     "--data /mnt/copy who-can read table/customer --tenant acme --at 1000", who_can},
};

}  // namespace
}  // namespace questions

std::span<const Verb> question_verbs() { return questions::verbs; }

}  // namespace postern::replay
