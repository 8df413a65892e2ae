// `apply`: a tenant as a file says it is to be.
#include "tools/cli/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tools/cli/import_progress.h"
#include "tools/cli/plan.h"
#include "tools/cli/preset.h"
#include "tools/cli/session.h"
#include "tools/cli/sweep.h"
#include "tools/text/output.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace {

constexpr std::size_t batch_commands_max = 1'000;
constexpr std::size_t plan_bytes_max = 900'000;
constexpr std::size_t plan_command_bytes_max = 60'000;

std::string read_state_file(const std::string& file) {
  std::ifstream opened(file, std::ios::binary);
  if (!opened)
    throw Stop{exit_codes::missing,
               fmt::format("Cannot read {}: {}.", text::printable(file), std::strerror(errno)),
               "Name a file with a desired state; 'export --as-desired' writes one."};
  std::ostringstream text;
  text << opened.rdbuf();
  return std::move(text).str();
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

/// As few messages as there can be: what fits into one is all or nothing.
class PlanSender {
 public:
  PlanSender(Session& session, const std::string& tenant) : session_(session), tenant_(tenant) {}

  void add(Step step) {
    const std::size_t bytes = bytes_of_step(*step.command);
    const bool makes_tenant = step.command->body.type == schema::CommandBody::CreateTenant;
    const bool is_full = commands_.size() == batch_commands_max ||
                         bytes_ + bytes > plan_bytes_max ||
                         (bytes > plan_command_bytes_max && !commands_.empty());
    if (is_full) flush();
    bytes_ += bytes;
    commands_.push_back(std::move(step.command));
    if (makes_tenant) flush();
  }

  void flush() {
    if (commands_.empty()) return;
    schema::CommandMessageT message;
    message.tenant = commands_[0]->body.type == schema::CommandBody::CreateTenant ? "" : tenant_;
    message.commands = std::move(commands_);
    commands_.clear();
    bytes_ = 0;
    last_seq_ = session_.execute(std::move(message)).seq;
    if (first_seq_ == 0) first_seq_ = last_seq_;
    ++messages_;
  }

  std::string records() const {
    return first_seq_ == last_seq_ ? fmt::format("record {}", last_seq_)
                                   : fmt::format("records {} to {}", first_seq_, last_seq_);
  }

 private:
  Session& session_;
  const std::string& tenant_;
  std::vector<std::unique_ptr<schema::CommandT>> commands_;
  std::size_t bytes_ = 0;
  std::size_t messages_ = 0;
  std::uint64_t first_seq_ = 0;
  std::uint64_t last_seq_ = 0;
};

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
  tell_plan(session, plan);
  if (!plan.faults.empty()) {
    for (const auto& fault : plan.faults)
      session.talk() << "refused  " << text::printable(fault) << '\n';
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
  PlanSender sender(session, desired.tenant);
  for (Step& step : plan.steps) sender.add(std::move(step));
  sender.flush();
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
