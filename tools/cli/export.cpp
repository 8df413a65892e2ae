#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <deque>

#include "tools/cli/import_progress.h"
#include "tools/cli/new_file.h"
#include "tools/cli/session.h"
#include "tools/cli/user_views.h"
#include "tools/intake/account.h"
#include "tools/intake/csv.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace export_commands {
namespace {

constexpr std::size_t asked_at_once = 64;
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

/// Every user that is not deleted, with all its grants, by name; each as it is when it is read.
class UserReader {
 public:
  explicit UserReader(Session& session) : session_(session) { list_.tenant = session.tenant(); }

  /// Nothing at the end.
  std::unique_ptr<schema::HistoryPageT> next() {
    while (asked_.size() < asked_at_once && more_names()) ask();
    if (asked_.empty()) return nullptr;
    const std::uint64_t id = asked_.front().first;
    while (!answered_.contains(id)) collect();
    const std::string name = std::move(asked_.front().second);
    asked_.pop_front();
    auto page = std::move(answered_.extract(id).mapped());
    // One that is gone since the list was read.
    if (page->code == schema::Code::user_unknown) return next();
    if (page->code != schema::Code::ok)
      session_.stop_refused(page->code, page->problems,
                            exit_code_of(page->code, exit_codes::missing));
    const auto& view = Session::part(page->body.AsUserView());
    if (view.more) *page = read_user(session_, name);
    return page;
  }

 private:
  bool more_names() {
    while (names_.empty() && more_) {
      list_.count_max = page_count;
      const auto page = session_.page(request(schema::ListUsersT(list_)));
      const auto& part = Session::part(page.body.AsUserPage());
      for (const auto& user : part.users)
        if (user->status != schema::UserStatus::deleted) names_.push_back(user->username);
      more_ = part.more && !part.next.empty();
      list_.after = part.next;
    }
    return !names_.empty();
  }

  void ask() {
    schema::GetUserT get;
    get.tenant = list_.tenant;
    get.username = names_.front();
    const auto id = session_.client().submit(request(std::move(get)));
    if (!id) throw Stop{client::exit_code(id.error()), id.error().sentence, id.error().remedy};
    asked_.emplace_back(*id, std::move(names_.front()));
    names_.pop_front();
  }

  void collect() {
    auto outcome = session_.client().collect_page(std::chrono::seconds(1));
    if (!outcome) return;
    if (const auto& answer = outcome->answer; !answer)
      throw Stop{client::exit_code(answer.error()), answer.error().sentence, answer.error().remedy};
    answered_.emplace(outcome->id,
                      std::make_unique<schema::HistoryPageT>(std::move(*outcome->answer)));
  }

  Session& session_;
  schema::ListUsersT list_;
  bool more_ = true;
  std::deque<std::string> names_;
  std::deque<std::pair<std::uint64_t, std::string>> asked_;
  std::unordered_map<std::uint64_t, std::unique_ptr<schema::HistoryPageT>> answered_;
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

int run_users(Session& session, const Asked& asked) {
  const bool by_name = asked.file.ends_with(".jsonl") || asked.file.ends_with(".ndjson");
  const bool as_jsonl = asked.form.empty() ? by_name || session.format() != text::Format::table
                                           : asked.form == "jsonl";
  Destination to(session, asked.file);
  if (!as_jsonl) to.add(intake::csv_line(heading()));
  UserReader reader(session);
  ImportProgress progress(session, "exported", 0);
  std::uint64_t count = 0;
  while (const auto page = reader.next()) {
    const auto& user = *page->body.AsUserView();
    if (as_jsonl)
      to.add(boost::json::serialize(intake::told_fields(user)) + "\n");
    else
      to.add(intake::csv_line(cells_of(user)));
    progress.tell(++count);
  }
  to.finish();
  return exit_codes::yes;
}

Handler export_all(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.add("WHAT", &asked->what, "users").required().one_of({"users"});
  options.add("FILE", &asked->file, "A new file, its owner's alone; else standard output");
  options.add("--format", &asked->form, "csv or jsonl; else by the file's name, and csv")
      .one_of({"csv", "jsonl"});
  return [asked](Session& session) { return run_users(session, *asked); };
}

constexpr Verb verbs[] = {
    {"export", Kind::reads, "Writes all users, without secrets, as 'import users' reads them.",
     "--tenant acme export users users.csv", export_all},
};

}  // namespace
}  // namespace export_commands

const Noun export_verbs = {"", "", export_commands::verbs};

}  // namespace postern::cli
