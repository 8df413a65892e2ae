#include "tools/cli/user_views.h"

#include <algorithm>
#include <iterator>

#include "tools/cli/session.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
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

int run_show(Session& session, const std::string& user, const std::string& user_id) {
  const auto page = read_user(session, user, user_id);
  const auto& view = Session::part(page.body.AsUserView());
  if (session.format() != text::Format::table) {
    session.print(text::to_json(view));
    return exit_codes::yes;
  }
  text::write_user(session.out(), view);
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
};

int run_list(Session& session, const ListArguments& asked) {
  text::Listing listing(session.out(), session.format(), text::user_heads());
  auto list = asked.request;
  list.tenant = session.tenant();
  list.status = text::status_named(asked.status);
  list.sort = text::sort_named(asked.sort);
  session.stand_at(asked.at);
  auto left = asked.count_max != 0 ? asked.count_max : ~std::uint64_t{0};
  for (bool more = true; more && left > 0;) {
    list.count_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, page_count));
    const auto page = session.page(request(schema::ListUsersT(list)));
    const auto& part = Session::part(page.body.AsUserPage());
    for (const auto& user : part.users) {
      listing.add(*user, text::row_of(*user));
      if (--left == 0) break;
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
  options.add_number("--count", asked->count_max, "End after so many", {1});
  add_at(options, asked->at);
  return [asked](Session& session) { return run_list(session, *asked); };
}

}  // namespace postern::cli
