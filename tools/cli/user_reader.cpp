#include "tools/cli/user_reader.h"

#include "tools/cli/session.h"
#include "tools/cli/user_views.h"

namespace postern::cli {

namespace {

constexpr std::size_t users_asked_at_once = 64;
/// The client waits some seconds for each, so a page that is long in the making is waited for, and
/// a daemon that a busy machine does not let come to it.
constexpr int busy_in_a_row_max = 30;
constexpr int silent_in_a_row_max = 6;

}  // namespace

UserReader::UserReader(Session& session) : session_(session) {
  list_.tenant = session.tenant();
  list_.count_max = page_count;
  list_.portal = true;
  ask_page();
}

UserReader::UserReader(Session& session, std::vector<std::string> names) : session_(session) {
  list_.tenant = session.tenant();
  names_.assign(std::make_move_iterator(names.begin()), std::make_move_iterator(names.end()));
}

UserReader::View UserReader::next() {
  for (;;) {
    if (!views_.empty()) {
      View view = std::move(views_.front());
      views_.pop_front();
      read_on(session_, *view);
      return view;
    }
    if (!names_.empty() || !asked_.empty()) {
      if (View view = next_named()) return view;
      continue;
    }
    if (!page_) return nullptr;
    take_page();
  }
}

// ---- all, by pages

void UserReader::ask_page() { page_ = submit(request(schema::ListUsersT(list_))); }

/// Asks for the next one before this one is looked at.
void UserReader::take_page() {
  auto answer = collect(*page_);
  page_.reset();
  const bool is_silent = !answer && answer.error().kind == client::ErrorKind::unreachable;
  if (is_silent && ++silent_ < silent_in_a_row_max) return ask_page();
  auto page = page_in(std::move(answer));
  if (page.code == schema::Code::busy && ++busy_ < busy_in_a_row_max) return ask_page();
  if (page.code != schema::Code::ok)
    session_.stop_refused(page.code, page.problems, exit_code_of(page.code, exit_codes::missing));
  busy_ = silent_ = 0;
  auto& part = Session::part(page.body.AsUserPage());
  if (part.more && !part.next.empty()) {
    list_.after = part.next;
    ask_page();
  }
  views_.assign(std::make_move_iterator(part.views.begin()),
                std::make_move_iterator(part.views.end()));
  // Of an older daemon, which knows no views in a list.
  for (const auto& user : part.users) names_.push_back(user->username);
}

// ---- named ones

/// Null: it is not there, or gone since its name was read.
UserReader::View UserReader::next_named() {
  while (asked_.size() < users_asked_at_once && !names_.empty()) ask_named();
  auto page = page_in(collect(asked_.front()));
  asked_.pop_front();
  if (page.code == schema::Code::user_unknown) return nullptr;
  if (page.code != schema::Code::ok)
    session_.stop_refused(page.code, page.problems, exit_code_of(page.code, exit_codes::missing));
  auto view = std::make_unique<schema::UserViewT>(std::move(Session::part(page.body.AsUserView())));
  read_on(session_, *view);
  return view;
}

void UserReader::ask_named() {
  schema::GetUserT get;
  get.tenant = list_.tenant;
  get.username = std::move(names_.front());
  names_.pop_front();
  asked_.push_back(submit(request(std::move(get))));
}

// ---- the way to the daemon

std::uint64_t UserReader::submit(schema::HistoryRequestT request) {
  const auto id = session_.client().submit(std::move(request));
  if (!id) throw Stop{client::exit_code(id.error()), id.error().sentence, id.error().remedy};
  return *id;
}

UserReader::Answer UserReader::collect(std::uint64_t id) {
  while (!answered_.contains(id)) {
    auto outcome = session_.client().collect_page(std::chrono::seconds(1));
    if (outcome) answered_.emplace(outcome->id, std::move(outcome->answer));
  }
  return std::move(answered_.extract(id).mapped());
}

schema::HistoryPageT UserReader::page_in(Answer answer) {
  if (!answer)
    throw Stop{client::exit_code(answer.error()), answer.error().sentence, answer.error().remedy};
  return std::move(*answer);
}

}  // namespace postern::cli
