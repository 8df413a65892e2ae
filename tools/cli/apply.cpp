// `apply`: a tenant as a file says it is to be.
#include "tools/cli/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>

#include "schema/nearest_name.h"
#include "tools/cli/import_progress.h"
#include "tools/cli/known_names.h"
#include "tools/cli/plan.h"
#include "tools/cli/preset.h"
#include "tools/cli/session.h"
#include "tools/cli/sweep.h"
#include "tools/intake/yaml.h"
#include "tools/text/output.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace {

constexpr std::size_t batch_commands_max = 1'000;
constexpr std::size_t plan_bytes_max = 900'000;
constexpr std::size_t plan_command_bytes_max = 60'000;

[[noreturn]] void stop_unreadable(std::string sentence) {
  throw Stop{exit_codes::missing, std::move(sentence),
             "Name a file with a desired state; 'export --as-desired' writes one."};
}

/// What never ends is read until it is seen to be too much, which `read_desired` refuses.
std::string read_state_file(const std::string& file) {
  const std::string shown = text::printable(file);
  std::error_code unknown;
  if (std::filesystem::is_directory(file, unknown)) stop_unreadable(shown + " is a folder.");
  const auto cannot = [&] {
    return fmt::format("Cannot read {}: {}.", shown, std::strerror(errno));
  };
  std::ifstream opened(file, std::ios::binary);
  if (!opened) stop_unreadable(cannot());
  std::string text;
  for (std::array<char, 65'536> part; opened && text.size() <= intake::yaml_bytes_max;) {
    const auto room = std::min(part.size(), intake::yaml_bytes_max + 1 - text.size());
    opened.read(part.data(), static_cast<std::streamsize>(room));
    text.append(part.data(), static_cast<std::size_t>(opened.gcount()));
  }
  if (opened.bad()) stop_unreadable(cannot());
  return text;
}

const char* doing_text(Doing doing) {
  switch (doing) {
    case Doing::create:
      return "create";
    case Doing::change:
      return "change";
    case Doing::remove:
      return "remove";
  }
  return "";
}

void tell_plan(Session& session, const Plan& plan) {
  static constexpr text::Column columns[] = {
      {"PLAN", 0, 0, text::Shade::state}, {"WHAT", 0, 30}, {"DETAILS", 0, 20}};
  text::Listing listing(session.out(), session.format(), columns);
  for (const Step& step : plan.steps) {
    if (session.format() == text::Format::table)
      listing.add_row({doing_text(step.doing), step.what, step.detail});
    else
      listing.add_object(
          {{"plan", doing_text(step.doing)}, {"what", step.what}, {"details", step.detail}});
  }
  if (session.format() != text::Format::table || !plan.steps.empty()) listing.finish();
  if (plan.beside.empty()) return;
  constexpr std::size_t shown_max = 20;
  session.talk() << "Not in the file, and left (--prune removes):\n";
  for (std::size_t at = 0; at < std::min(shown_max, plan.beside.size()); ++at)
    session.talk() << "  " << text::printable(plan.beside[at]) << '\n';
  if (plan.beside.size() > shown_max)
    session.talk() << fmt::format("  and {} more\n", plan.beside.size() - shown_max);
}

std::size_t bytes_of_step(const schema::CommandT& command) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::Command::Pack(builder, &command));
  return builder.GetSize();
}

/// What goes in one message: all or nothing.
struct PlanMessage {
  std::vector<Step> steps;
  bool makes_tenant = false;
};

/// As few messages as there can be.
std::vector<PlanMessage> messages_of(std::vector<Step> steps) {
  std::vector<PlanMessage> messages;
  std::size_t bytes = 0;
  bool is_open = false;
  for (Step& step : steps) {
    const std::size_t more = bytes_of_step(*step.command);
    const bool fits = is_open && messages.back().steps.size() < batch_commands_max &&
                      bytes + more <= plan_bytes_max && more <= plan_command_bytes_max;
    if (!fits) {
      messages.emplace_back();
      bytes = 0;
    }
    bytes += more;
    messages.back().makes_tenant = step.command->body.type == schema::CommandBody::CreateTenant;
    is_open = !messages.back().makes_tenant;
    messages.back().steps.push_back(std::move(step));
  }
  return messages;
}

class PlanSender {
 public:
  PlanSender(Session& session, const intake::DesiredState& desired)
      : session_(session), desired_(desired) {}

  /// Where there are several, what one of the later ones would be refused for must not come to
  /// light once the first are done: so each is asked dry before. Says what is wrong, and stops.
  void try_all(std::span<const PlanMessage> messages, bool tenant_was_made);
  void send(const PlanMessage& message);

  std::string records() const {
    return first_seq_ == last_seq_ ? fmt::format("record {}", last_seq_)
                                   : fmt::format("records {} to {}", first_seq_, last_seq_);
  }

 private:
  schema::CommandMessageT message_of(const PlanMessage& message) const;
  Places places(const PlanMessage& message) const;
  void note_made(const Step& step);
  bool rests_on_earlier(const schema::ProblemT& problem, const Step& step) const;

  Session& session_;
  const intake::DesiredState& desired_;
  /// What messages before make or change: "user bob", "roles", "catalogue".
  std::set<std::string> made_;
  std::uint64_t first_seq_ = 0;
  std::uint64_t last_seq_ = 0;
};

schema::CommandMessageT PlanSender::message_of(const PlanMessage& message) const {
  schema::CommandMessageT made;
  if (!message.makes_tenant) made.tenant = desired_.tenant;
  for (const Step& step : message.steps)
    made.commands.push_back(std::make_unique<schema::CommandT>(*step.command));
  return made;
}

Places PlanSender::places(const PlanMessage& message) const {
  return [&](const schema::ProblemT& problem) {
    if (problem.index >= message.steps.size()) return problem.field;
    const Step& step = message.steps[problem.index];
    const auto place = intake::place_of(desired_, step.way, problem.field);
    return place.empty() ? step.what + (step.detail.empty() ? "" : ", " + step.detail) : place;
  };
}

/// What a step leaves that later ones may rest on.
void PlanSender::note_made(const Step& step) {
  using enum schema::CommandBody;
  const auto& command = *step.command;
  const auto kind = command.body.type;
  if (const auto* create = command.body.AsCreateUser())
    made_.insert("user " + folded(create->username));
  else if (!command.user.empty())
    made_.insert("user " + folded(command.user));
  else
    made_.insert(kind == DefineCatalogue || kind == RetireCatalogue ? "catalogue" : "roles");
}

/// Refused for what a message before it makes otherwise.
bool PlanSender::rests_on_earlier(const schema::ProblemT& problem, const Step& step) const {
  using enum schema::Code;
  struct Row {
    schema::Code code;
    std::string made;
  };
  const std::string user = "user " + folded(step.command->user);
  const Row rows[] = {{user_unknown, user},
                      {version_conflict, user},
                      {status_move_not_allowed, user},
                      {unknown_resource, "catalogue"},
                      {role_unknown, "roles"},
                      {role_in_use, "roles"}};
  return std::ranges::any_of(
      rows, [&](const Row& row) { return row.code == problem.code && made_.contains(row.made); });
}

void PlanSender::try_all(std::span<const PlanMessage> messages, bool tenant_was_made) {
  if (messages.size() < 2) return;
  schema::Code refused = schema::Code::ok;
  for (const PlanMessage& message : messages) {
    auto asked = message_of(message);
    asked.dry_run = true;
    const auto receipt = session_.client().execute(std::move(asked));
    if (!receipt)
      throw Stop{client::exit_code(receipt.error()), receipt.error().sentence,
                 receipt.error().remedy};
    std::vector<std::unique_ptr<schema::ProblemT>> told;
    for (const auto& problem : receipt->problems)
      if (problem->index >= message.steps.size() ||
          !rests_on_earlier(*problem, message.steps[problem->index]))
        told.push_back(std::make_unique<schema::ProblemT>(*problem));
    if (!told.empty()) session_.say_problems(receipt->code, told, places(message));
    if (!told.empty() && refused == schema::Code::ok) refused = told[0]->code;
    for (const Step& step : message.steps) note_made(step);
  }
  if (refused != schema::Code::ok)
    throw Stop{
        exit_code_of(refused, exit_codes::no),
        tenant_was_made ? "The tenant was made, and nothing else was done." : "Nothing was done.",
        "Set the file right."};
}

void PlanSender::send(const PlanMessage& message) {
  last_seq_ = session_.execute(message_of(message), places(message)).seq;
  if (first_seq_ == 0) first_seq_ = last_seq_;
}

void tell_counts(Session& session, const Plan& plan) {
  std::size_t counts[3] = {};
  for (const Step& step : plan.steps) ++counts[static_cast<std::size_t>(step.doing)];
  session.talk() << fmt::format("{} to create, {} to change, {} to remove.\n", counts[0], counts[1],
                                counts[2]);
}

/// Before the first message, so that nothing stops between two.
void confirm_removals(Session& session, const Plan& plan, const std::string& tenant) {
  const auto removed = std::ranges::count(plan.steps, Doing::remove, &Step::doing);
  if (removed != 0)
    session.confirm({fmt::format("This removes {} {} tenant {}.", removed,
                                 removed == 1 ? "thing from" : "things from", tenant),
                     tenant});
}

/// A name that is one slip from a tenant's would make another tenant with all that it is to have.
void refuse_mistyped_tenant(Session& session, const std::string& alias, Plan& plan) {
  const auto nearest = nearest_known_name(session.client(), {NameKind::tenant}, alias);
  if (!nearest || schema::name_distance(*nearest, alias) > 1) return;
  plan.faults.push_back(
      {"/tenant",
       fmt::format("There is no tenant '{0}'; the nearest is '{1}'. If another is meant, "
                   "make it first: postern tenant create {0}.",
                   alias, *nearest)});
}

}  // namespace

int apply_state(Session& session, intake::DesiredState desired, bool prune) {
  session.refuse_options_of_one_message("apply");
  if (desired.tenant.empty())
    desired.tenant = session.tenant();
  else if (session.has_tenant() && session.tenant() != desired.tenant)
    stop_usage(fmt::format("The file is of tenant {}, and --tenant says {}.",
                           text::printable(desired.tenant), text::printable(session.tenant())));
  session.work_in(desired.tenant);
  schema::CreateTenantT preset;
  if (!desired.preset.empty()) preset = read_preset(desired.preset);
  std::vector<std::string> names;
  if (desired.users)
    for (const auto& account : *desired.users) names.push_back(account.user.username);
  const bool reads_all = prune && desired.users.has_value();
  const auto standing =
      read_standing(session, reads_all ? WhichUsers::all : WhichUsers::named, std::move(names));
  Plan plan = plan_of(desired, standing, preset, {prune});
  if (!standing.tenant) refuse_mistyped_tenant(session, desired.tenant, plan);
  tell_plan(session, plan);
  if (!plan.faults.empty()) {
    for (const auto& fault : plan.faults)
      session.talk() << fmt::format("refused  {}: {}\n",
                                    text::printable(intake::place_of(desired, fault.way)),
                                    text::printable(fault.sentence));
    throw Stop{exit_codes::no, "Nothing was done.", "Set the file right."};
  }
  if (plan.steps.empty()) {
    session.talk() << "Nothing to do.\n";
    return exit_codes::yes;
  }
  tell_counts(session, plan);
  if (session.dry_run()) {
    session.talk() << "A dry run: nothing was changed.\n";
    return exit_codes::yes;
  }
  confirm_removals(session, plan, desired.tenant);
  const auto count = plan.steps.size();
  const auto messages = messages_of(std::move(plan.steps));
  PlanSender sender(session, desired);
  std::span<const PlanMessage> left(messages);
  // Nothing can be asked of a tenant that is not there, not even dry.
  const bool makes_tenant = left.front().makes_tenant;
  if (makes_tenant) {
    sender.send(left.front());
    left = left.subspan(1);
  }
  sender.try_all(left, makes_tenant);
  for (const PlanMessage& message : left) sender.send(message);
  session.talk() << fmt::format("Done: {}, {}.\n", counted(count, "command"), sender.records());
  return exit_codes::yes;
}

intake::DesiredState read_state(Session& session, const std::string& file) {
  auto desired = intake::read_desired(read_state_file(file));
  if (desired) return std::move(*desired);
  for (const auto& fault : desired.error())
    session.talk() << fmt::format("refused  line {}{}: {}\n", fault.line,
                                  fault.field.empty() ? "" : " " + text::printable(fault.field),
                                  text::printable(fault.sentence));
  throw Stop{exit_codes::usage, "The file is no desired state; nothing was done.",
             "See tools/cli/README.md, 'Accounts in git'."};
}

Handler apply(Options& options) {
  struct Asked {
    std::string file;
    bool prune = false;
  };
  auto asked = std::make_shared<Asked>();
  options.add("FILE", &asked->file, "A desired state, as YAML or JSON").required();
  options.add("--prune", &asked->prune, "Remove what the file does not name");
  return [asked](Session& session) {
    return apply_state(session, read_state(session, asked->file), asked->prune);
  };
}

}  // namespace postern::cli
