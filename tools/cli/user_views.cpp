#include "tools/cli/user_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tools/cli/policies.h"
#include "tools/cli/session.h"
#include "tools/cli/user_options.h"
#include "tools/cli/views.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/times.h"
#include "tools/text/words.h"

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
  auto* view = whole.body.AsUserView();
  while (view != nullptr && view->more && view->next != get.after) {
    get.after = view->next;
    auto page = session.page(request(schema::GetUserT(get)));
    auto& part = Session::part(page.body.AsUserView());
    std::ranges::move(part.data_access, std::back_inserter(view->data_access));
    view->more = part.more;
    view->next = part.next;
  }
  return whole;
}

namespace {

// ---- show

void add_settings(text::Fields& fields, const schema::UserSettingsT& settings) {
  const auto on_off = [](bool on) { return on ? "on" : "off"; };
  fields.add("networks", networks_text(settings.networks));
  fields.add("skip ip check", on_off(settings.skip_ip_check));
  fields.add("require tls", on_off(settings.secure_transport_required));
  fields.add("session timeout", settings.session_timeout_seconds == 0
                                    ? "the tenant's"
                                    : std::to_string(settings.session_timeout_seconds) + " s");
  fields.add("api logging", on_off(settings.api_logging));
}

void print_use(std::ostream& out, const schema::UseT& use) {
  text::Fields fields;
  const auto with_others = [](const std::vector<std::string>& names, std::uint32_t others) {
    return text::joined(names) + (others == 0 ? "" : fmt::format(" and {} more", others));
  };
  const auto time = [](std::int64_t time_ns) {
    return time_ns == 0 ? std::string() : text::time_text_short(time_ns);
  };
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  for (const auto& day : use.days) {
    allowed += day->allowed;
    denied += day->denied;
  }
  fields.add("first", time(use.first_ns));
  fields.add("last", time(use.last_ns));
  fields.add("days", std::to_string(use.days.size()));
  fields.add("allowed", std::to_string(allowed));
  fields.add("denied", std::to_string(denied));
  fields.add("password", time(use.password_last_ns));
  for (const auto& key : use.keys)
    fields.add("key", fmt::format("{}: {} times, last {}", text::uuid_text(key->key), key->count,
                                  time(key->last_ns)));
  fields.add("networks", with_others(use.networks, use.networks_left_out));
  fields.add("clients", with_others(use.clients, use.clients_left_out));
  fields.add("grants", std::to_string(use.grants.size()));
  out << "Use\n";
  fields.write(out, 2);
}

void print_details(std::ostream& out, const schema::UserDetailsT& details) {
  text::Fields fields;
  fields.add("id", text::uuid_text(details.id));
  fields.add("tenant", details.tenant);
  fields.add("username", details.username);
  fields.add("status", text::status_text(details.status));
  fields.add("version", std::to_string(details.version));
  if (details.profile) {
    for (const auto& option : profile_options())
      fields.add(option.option + 2, (*details.profile).*option.field);
    for (const auto& attribute : details.profile->attributes)
      fields.add(attribute->name, attribute->value);
  }
  fields.add("note", details.note);
  if (details.settings) add_settings(fields, *details.settings);
  fields.add("settings changed", cause_text(details.settings_changed));
  fields.add("created", cause_text(details.created));
  fields.add("status changed", cause_text(details.status_changed));
  fields.add("last changed", cause_text(details.changed));
  if (details.erased) fields.add("erased", cause_text(details.erased));
  out << "Details\n";
  fields.write(out, 2);
}

void print_security(std::ostream& out, const schema::UserSecurityT& security) {
  text::Fields fields;
  fields.add("api access", security.api_access ? "on" : "off");
  fields.add("access changed", cause_text(security.api_access_changed));
  if (security.locks.empty()) fields.add("locked", "no");
  for (const auto& lock : security.locks)
    fields.add("locked", "by " + text::lock_text(lock->cause) + ": " + cause_text(lock->caused_by));
  fields.add("failures", std::to_string(security.failures));
  fields.add("password", security.password_set ? "set" : "none");
  fields.add("password set", cause_text(security.password_changed));
  out << "Security\n";
  fields.write(out, 2);
}

void print_roles(std::ostream& out, const std::vector<std::unique_ptr<schema::RoleHeldT>>& roles) {
  text::Table table({"ROLE", "ASSIGNED"});
  for (const auto& role : roles) table.add({role->name, cause_text(role->added)});
  out << "Roles\n";
  table.write(out);
}

int run_show(Session& session, const std::string& user, const std::string& user_id) {
  const auto page = read_user(session, user, user_id);
  const auto& view = Session::part(page.body.AsUserView());
  if (session.format() != text::Format::table) {
    session.print(text::to_json(view));
    return exit_codes::yes;
  }
  if (view.details) print_details(session.out(), *view.details);
  if (view.security) print_security(session.out(), *view.security);
  if (view.details && view.details->use) print_use(session.out(), *view.details->use);
  if (!view.roles.empty()) print_roles(session.out(), view.roles);
  if (view.roles_left_out > 0) session.out() << "  and " << view.roles_left_out << " more\n";
  session.out() << "Data access\n";
  print_grants(session.out(), view.data_access);
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

schema::UserStatus parse_status(const std::string& text) {
  for (const auto status : schema::EnumValuesUserStatus())
    if (text::status_text(status) == text) return status;
  return schema::UserStatus::unset;
}

schema::UserSort parse_sort(const std::string& text) {
  if (text == "last-used") return schema::UserSort::last_used;
  for (const auto sort : schema::EnumValuesUserSort())
    if (schema::EnumNameUserSort(sort) == text) return sort;
  return schema::UserSort::username;
}

std::string moment(std::int64_t time_ns) {
  return time_ns == 0 ? "" : text::time_text_short(time_ns);
}

std::string name_of(const schema::UserSummaryT& user) {
  const bool both = !user.first_name.empty() && !user.last_name.empty();
  return user.first_name + (both ? " " : "") + user.last_name;
}

int run_list(Session& session, const ListArguments& asked) {
  text::Listing listing(session.out(), session.format(),
                        {"USER", "STATUS", "LOCKED BY", "ACCESS", "GRANTS", "VERSION", "CREATED",
                         "CHANGED", "LAST USED", "NAME", "DESCRIPTION", "ID"});
  auto list = asked.request;
  list.tenant = session.tenant();
  list.status = parse_status(asked.status);
  list.sort = parse_sort(asked.sort);
  session.stand_at(asked.at);
  auto left = asked.count_max != 0 ? asked.count_max : ~std::uint64_t{0};
  for (bool more = true; more && left > 0;) {
    list.count_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, page_count));
    const auto page = session.page(request(schema::ListUsersT(list)));
    const auto& part = Session::part(page.body.AsUserPage());
    for (const auto& user : part.users) {
      std::vector<std::string> locks;
      for (const auto lock : user->locks) locks.push_back(text::lock_text(lock));
      listing.add(
          *user,
          {user->username, text::status_text(user->status) + (user->erased ? ", erased" : ""),
           text::joined(locks), user->api_access ? "on" : "off", std::to_string(user->grant_count),
           std::to_string(user->version), moment(user->created_ns), moment(user->changed_ns),
           moment(user->last_used_ns), name_of(*user), user->description,
           text::uuid_text(user->id)});
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
