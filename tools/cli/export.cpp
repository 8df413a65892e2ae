#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <functional>
#include <utility>

#include "tools/cli/apply.h"
#include "tools/cli/import_progress.h"
#include "tools/cli/new_file.h"
#include "tools/cli/session.h"
#include "tools/cli/standing_state.h"
#include "tools/cli/user_reader.h"
#include "tools/intake/account.h"
#include "tools/intake/csv.h"
#include "tools/intake/yaml.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace export_commands {
namespace {

constexpr std::size_t piece_bytes = 1U << 20U;

/// Standard output, or a new file that has its name once it is whole.
class Destination {
 public:
  Destination(Session& session, const std::string& file) : session_(session) {
    if (!file.empty()) file_.emplace(file);
  }
  void add(std::string_view text) {
    held_ += text;
    if (held_.size() >= piece_bytes) write();
  }
  void finish() {
    write();
    if (file_) file_->keep();
  }

 private:
  void write() {
    if (file_)
      file_->write(held_);
    else
      session_.out() << held_;
    held_.clear();
  }

  Session& session_;
  std::optional<NewFile> file_;
  std::string held_;
};

std::vector<std::string> cells_of(const schema::UserViewT& user) {
  std::vector<std::string> cells;
  for (const auto& field : intake::fields())
    if (field.tell != nullptr) cells.push_back(field.tell(user, field.name));
  return cells;
}

std::vector<std::string> heading() {
  std::vector<std::string> names;
  for (const auto& field : intake::fields())
    if (field.tell != nullptr) names.emplace_back(field.name);
  return names;
}

struct Asked {
  std::string what;
  std::string file;
  std::string form;
};

std::uint64_t count_users(Session& session) {
  schema::GetTenantT get;
  get.alias = session.tenant();
  auto page = session.page(request(std::move(get)));
  const auto& tenants = Session::part(page.body.AsTenantPage()).tenants;
  return tenants.empty() ? 0 : tenants[0]->user_count;
}

/// By name, as of one moment.
void for_each_user(Session& session, const std::function<void(const schema::UserViewT&)>& take) {
  ImportProgress progress(session, "exported", count_users(session));
  UserReader reader(session);
  std::uint64_t count = 0;
  while (const auto view = reader.next()) {
    take(*view);
    progress.tell(++count);
  }
}

int run_users(Session& session, const Asked& asked) {
  const bool by_name = asked.file.ends_with(".jsonl") || asked.file.ends_with(".ndjson");
  const bool as_jsonl = asked.form.empty() ? by_name || session.format() != text::Format::table
                                           : asked.form == "jsonl";
  Destination to(session, asked.file);
  if (!as_jsonl) to.add(intake::csv_line(heading()));
  for_each_user(session, [&](const schema::UserViewT& user) {
    if (as_jsonl)
      to.add(boost::json::serialize(intake::told_fields(user)) + "\n");
    else
      to.add(intake::csv_line(cells_of(user)));
  });
  to.finish();
  return exit_codes::yes;
}

/// What `apply` reads and finds nothing to do about. Users are written as they come, so that a
/// million of them take no more memory than one page.
int run_desired(Session& session, const Asked& asked) {
  Destination to(session, asked.what);
  to.add(intake::write_yaml(desired_of(read_standing(session, WhichUsers::none, {}))));
  bool any = false;
  for_each_user(session, [&](const schema::UserViewT& user) {
    if (!std::exchange(any, true)) to.add("users:\n");
    to.add(
        intake::write_yaml(boost::json::object{{user.details->username, desired_user(user)}}, 2));
  });
  if (!any) to.add("users: {}\n");
  to.finish();
  return exit_codes::yes;
}

Handler export_all(Options& options) {
  auto asked = std::make_shared<Asked>();
  auto as_desired = std::make_shared<bool>(false);
  options.add("WHAT", &asked->what, "users; with --as-desired the file");
  options.add("FILE", &asked->file, "A new file, its owner's alone; else standard output");
  options.add("--as-desired", as_desired.get(), "The whole tenant, as 'apply' reads it");
  options.add("--format", &asked->form, "csv or jsonl; else by the file's name, and csv")
      .one_of({"csv", "jsonl"});
  return [asked, as_desired](Session& session) {
    if (*as_desired && asked->file.empty()) return run_desired(session, *asked);
    if (*as_desired || asked->what != "users")
      stop_usage("It is not said what to export.",
                 "Say 'export users [FILE]' or 'export --as-desired [FILE]'.");
    return run_users(session, *asked);
  };
}

constexpr Verb verbs[] = {
    {"export", Kind::reads, "Writes all users, or the whole tenant, without secrets.",
     "--tenant acme export users users.csv", export_all},
    {"apply", Kind::changes, "Brings a tenant to what a file says: shows the plan, and does it.",
     "apply acme.yaml --prune --dry-run", apply},
};

}  // namespace
}  // namespace export_commands

const Noun export_verbs = {"", "", export_commands::verbs};

}  // namespace postern::cli
