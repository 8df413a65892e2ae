#include "tools/cli/user_views.h"

#include <algorithm>
#include <iterator>

#include "tools/cli/list.h"
#include "tools/cli/session.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/user_page.h"
#include "tools/text/view_text.h"

namespace postern::cli {

schema::HistoryPageT read_user(Session& session, const std::string& user,
                               const std::string& user_id) {
  if (user.empty() && user_id.empty())
    stop_usage("No user is named.", "Give its name, or its id with --user-id.");
  schema::GetUserT get;
  get.tenant = session.tenant();
  get.username = user;
  if (!user_id.empty()) {
    const auto id = text::parse_uuid(user_id);
    if (!id) stop_usage("--user-id takes a UUID.");
    get.user_id = std::make_unique<schema::Uuid>(*id);
  }
  auto whole = session.page(request(schema::GetUserT(get)));
  read_on(session, Session::part(whole.body.AsUserView()));
  return whole;
}

void read_on(Session& session, schema::UserViewT& view) {
  schema::GetUserT get;
  if (view.details && view.details->id)
    get.user_id = std::make_unique<schema::Uuid>(*view.details->id);
  while (view.more && view.next != get.after) {
    get.after = view.next;
    auto page = session.page(request(schema::GetUserT(get)));
    auto& part = Session::part(page.body.AsUserView());
    std::ranges::move(part.data_access, std::back_inserter(view.data_access));
    view.more = part.more;
    view.next = part.next;
  }
}

namespace {

// ---- show

/// What a page of now shows of other answers; those that an older daemon does not give are absent.
struct Beside {
  std::optional<schema::HistoryPageT> sessions;
  std::optional<schema::HistoryPageT> tenant;
};

std::optional<schema::HistoryPageT> page_if_any(Session& session, schema::HistoryRequestT wanted) {
  auto page = session.client().history(std::move(wanted));
  if (!page || page->code != schema::Code::ok) return std::nullopt;
  return std::move(*page);
}

Beside read_beside(Session& session, const schema::UserDetailsT& details) {
  schema::ListSessionsT sessions;
  sessions.tenant = details.tenant;
  sessions.username = details.username;
  sessions.newest_first = true;
  sessions.count_max = 20;
  schema::GetTenantT get;
  get.alias = details.tenant;
  Beside beside;
  beside.sessions = page_if_any(session, request(std::move(sessions)));
  // The name may have become another's meanwhile.
  if (beside.sessions && beside.sessions->body.AsSessionPage() != nullptr)
    std::erase_if(beside.sessions->body.AsSessionPage()->sessions, [&](const auto& one) {
      return one->user == nullptr || details.id == nullptr || *one->user != *details.id;
    });
  beside.tenant = page_if_any(session, request(std::move(get)));
  return beside;
}

int run_show(Session& session, const std::string& user, const std::string& user_id) {
  const auto page = read_user(session, user, user_id);
  const auto& view = Session::part(page.body.AsUserView());
  if (session.format() != text::Format::table) {
    session.print(text::to_json(view));
    return exit_codes::yes;
  }
  const bool is_there = view.details && view.details->status != schema::UserStatus::deleted;
  const auto beside =
      session.is_in_the_past() || !is_there ? Beside() : read_beside(session, *view.details);
  const schema::TenantPageT* tenant = beside.tenant ? beside.tenant->body.AsTenantPage() : nullptr;
  text::write_user(
      session.out(), view,
      {beside.sessions ? beside.sessions->body.AsSessionPage() : nullptr,
       tenant != nullptr && tenant->tenants.size() == 1 ? tenant->tenants[0]->policies.get()
                                                        : nullptr});
  return exit_codes::yes;
}

}  // namespace

Handler show_user(Options& options) {
  auto user = std::make_shared<std::string>();
  auto user_id = std::make_shared<std::string>();
  auto at = std::make_shared<At>();
  add_at(options, *at);
  options.add("USER", user.get(), "Its name");
  options.add("--user-id", user_id.get(), "Its id, instead of the name; finds deleted users too")
      .excludes("USER");
  return [user, user_id, at](Session& session) {
    session.stand_at(*at);
    return run_show(session, *user, *user_id);
  };
}

// ---- list

namespace {

struct ListArguments {
  schema::ListUsersT request;
  std::string status;
  std::string sort;
  std::uint64_t count_max = 0;
  At at;
  std::int64_t since_ns = 0;
  bool newest_first = false;
};

/// The time that users are in order of; by username it is none.
std::int64_t sorted_time(const schema::UserSummaryT& user, schema::UserSort sort) {
  switch (sort) {
    case schema::UserSort::username:
      break;
    case schema::UserSort::created:
      return user.created_ns;
    case schema::UserSort::changed:
      return user.changed_ns;
    case schema::UserSort::last_used:
      return user.last_used_ns;
  }
  return 0;
}

/// By time the newest come first, so that reading ends where they are older.
void sort_by_time(schema::ListUsersT& list) {
  if (list.sort == schema::UserSort::username) list.sort = schema::UserSort::created;
  list.descending = true;
}

int run_list(Session& session, const ListArguments& asked) {
  ShownList listing(session, text::user_columns());
  auto list = asked.request;
  list.tenant = session.tenant();
  list.status = text::status_named(asked.status);
  list.sort = text::sort_named(asked.sort);
  if (asked.newest_first || asked.since_ns != 0) sort_by_time(list);
  session.stand_at(asked.at);
  auto left = asked.count_max != 0 ? asked.count_max : ~std::uint64_t{0};
  for (bool more = true; more && left > 0;) {
    list.count_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, page_count));
    const auto page = session.page(request(schema::ListUsersT(list)));
    const auto& part = Session::part(page.body.AsUserPage());
    for (const auto& user : part.users) {
      if (asked.since_ns != 0 && sorted_time(*user, list.sort) < asked.since_ns) left = 0;
      if (left == 0) break;
      listing.add(*user, text::row_of(*user));
      --left;
    }
    listing.flush();
    more = part.more && !part.next.empty();
    list.after = part.next;
  }
  listing.finish();
  return exit_codes::yes;
}

}  // namespace

Handler list_users(Options& options) {
  auto asked = std::make_shared<ListArguments>();
  options.add("--status", &asked->status, "Only with this status")
      .one_of({"new", "active", "inactive", "trashed", "deleted"});
  options.add("--locked", &asked->request.locked, "Only locked ones");
  options.add("--text", &asked->request.text,
              "Only with this in the username, a name or the description");
  options.add("--role", &asked->request.role, "Only those that hold this role themselves");
  options.add("--sort", &asked->sort, "username (if left out), created, changed or last-used")
      .one_of({"username", "created", "changed", "last-used"});
  options.add("--descending", &asked->request.descending, "The last first");
  options.add("--newest-first", &asked->newest_first,
              "The last created first; with --sort, the last changed or used");
  add_since(options, asked->since_ns,
            "Only those created since then; with --sort, changed or used. The newest first");
  options.add_number("--count", asked->count_max, "End after so many", {1});
  add_at(options, asked->at);
  return [asked](Session& session) { return run_list(session, *asked); };
}

}  // namespace postern::cli
