#include "tools/cli/user_reader.h"

#include "tools/cli/session.h"
#include "tools/cli/user_views.h"

namespace postern::cli {

namespace {

constexpr std::size_t users_asked_at_once = 64;

}  // namespace

UserReader::UserReader(Session& session) : session_(session) { list_.tenant = session.tenant(); }

UserReader::UserReader(Session& session, std::vector<std::string> names) : UserReader(session) {
  more_ = false;
  names_.assign(std::make_move_iterator(names.begin()), std::make_move_iterator(names.end()));
}

std::unique_ptr<schema::HistoryPageT> UserReader::next() {
  for (;;) {
    while (asked_.size() < users_asked_at_once && more_names()) ask();
    if (asked_.empty()) return nullptr;
    const std::uint64_t id = asked_.front().first;
    while (!answered_.contains(id)) collect();
    const std::string name = std::move(asked_.front().second);
    asked_.pop_front();
    auto page = std::move(answered_.extract(id).mapped());
    // Not there, or gone since the list was read.
    if (page->code == schema::Code::user_unknown) continue;
    if (page->code != schema::Code::ok)
      session_.stop_refused(page->code, page->problems,
                            exit_code_of(page->code, exit_codes::missing));
    if (Session::part(page->body.AsUserView()).more) *page = read_user(session_, name);
    return page;
  }
}

bool UserReader::more_names() {
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

void UserReader::ask() {
  schema::GetUserT get;
  get.tenant = list_.tenant;
  get.username = names_.front();
  const auto id = session_.client().submit(request(std::move(get)));
  if (!id) throw Stop{client::exit_code(id.error()), id.error().sentence, id.error().remedy};
  asked_.emplace_back(*id, std::move(names_.front()));
  names_.pop_front();
}

void UserReader::collect() {
  auto outcome = session_.client().collect_page(std::chrono::seconds(1));
  if (!outcome) return;
  if (const auto& answer = outcome->answer; !answer)
    throw Stop{client::exit_code(answer.error()), answer.error().sentence, answer.error().remedy};
  answered_.emplace(outcome->id,
                    std::make_unique<schema::HistoryPageT>(std::move(*outcome->answer)));
}

}  // namespace postern::cli
