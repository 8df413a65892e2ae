#include "tools/text/user_page.h"

#include <fmt/format.h>

#include "tools/text/ids.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/times.h"
#include "tools/text/view_text.h"
#include "tools/text/words.h"

namespace postern::text {

namespace user_page {
namespace {

using schema::ProfileT;

struct ProfileField {
  const char* name;
  std::string ProfileT::*field;
};
constexpr ProfileField profile_fields[] = {
    {"first-name", &ProfileT::first_name},
    {"last-name", &ProfileT::last_name},
    {"email", &ProfileT::email},
    {"description", &ProfileT::description},
    {"organization", &ProfileT::organization},
    {"department", &ProfileT::department},
    {"warehouse", &ProfileT::warehouse},
    {"language", &ProfileT::language},
    {"time-zone", &ProfileT::time_zone},
    {"phone", &ProfileT::phone},
    {"address", &ProfileT::address},
    {"hire-date", &ProfileT::hire_date},
    {"system", &ProfileT::system},
};

constexpr std::size_t indent_columns = 2;

struct Page {
  const schema::UserViewT& user;
  const UserBeside& beside;

  const schema::UserDetailsT& details() const { return *user.details; }
  const schema::UserSecurityT& security() const { return *user.security; }
};

std::string switch_text(bool on) { return on ? "on" : "off"; }
std::string time_if_any(std::int64_t time_ns) {
  return time_ns == 0 ? std::string() : time_text_short(time_ns);
}

// ---- sections of names and values

Fields identity(const Page& page) {
  const auto& details = page.details();
  Fields fields;
  fields.add("username", details.username);
  fields.add("id", uuid_text(details.id));
  fields.add("tenant", details.tenant);
  fields.add("created", cause_text(details.created));
  return fields;
}

Fields status(const Page& page) {
  const auto& details = page.details();
  const auto& security = page.security();
  Fields fields;
  fields.add("status", status_text(details.status), Shade::state);
  fields.add("status changed", cause_text(details.status_changed));
  if (details.erased) fields.add("erased", cause_text(details.erased), Shade::fault);
  fields.add("api access", switch_text(security.api_access), Shade::state);
  fields.add("access changed", cause_text(security.api_access_changed));
  if (security.locks.empty()) fields.add("locked", "no");
  for (const auto& lock : security.locks) {
    const std::string until =
        lock->until_ns == 0 ? "" : ", until " + time_text_short(lock->until_ns);
    fields.add("locked",
               "by " + lock_text(lock->cause) + until + ": " + cause_text(lock->caused_by),
               Shade::fault);
  }
  fields.add("version", std::to_string(details.version));
  fields.add("last changed", cause_text(details.changed));
  return fields;
}

Fields profile(const Page& page) {
  const auto& details = page.details();
  Fields fields;
  if (details.profile) {
    for (const auto& [name, field] : profile_fields) fields.add(name, (*details.profile).*field);
    for (const auto& attribute : details.profile->attributes)
      fields.add(attribute->name, attribute->value);
  }
  fields.add("note", details.note);
  return fields;
}

Fields networks(const Page& page) {
  const auto& settings = *page.details().settings;
  Fields fields;
  fields.add("networks", networks_text(settings.networks));
  if (page.beside.policies != nullptr)
    fields.add("the tenant's", settings.skip_ip_check
                                   ? "do not bind it (skip ip check)"
                                   : networks_text(page.beside.policies->networks));
  fields.add("skip ip check", switch_text(settings.skip_ip_check));
  fields.add("require tls", switch_text(settings.secure_transport_required));
  return fields;
}

Fields password(const Page& page) {
  const auto& security = page.security();
  Fields fields;
  fields.add("password", security.password_set ? "set" : "none");
  fields.add("password set", cause_text(security.password_changed));
  fields.add("old one until", time_if_any(security.old_password_until_ns), Shade::until);
  // Where it was brought along and not used since.
  fields.add("imported hash until", time_if_any(security.imported_hash_ends_ns), Shade::until);
  fields.add("failures", std::to_string(security.failures));
  return fields;
}

std::string timeout_text(const Page& page) {
  const std::uint32_t own = page.details().settings->session_timeout_seconds;
  if (own != 0) return fmt::format("{} s", own);
  if (page.beside.policies == nullptr) return "the tenant's";
  return fmt::format("the tenant's, {} s", page.beside.policies->session_timeout_seconds);
}

Fields policy(const Page& page) {
  const auto& settings = *page.details().settings;
  Fields fields;
  fields.add("session timeout", timeout_text(page));
  fields.add("api logging", switch_text(settings.api_logging));
  fields.add("settings changed", cause_text(page.details().settings_changed));
  if (page.beside.policies == nullptr) return fields;
  const schema::PoliciesT& tenant = *page.beside.policies;
  fields.add("locks after", fmt::format("{} wrong passwords", tenant.lockout_failures));
  fields.add("tenant requires", tenant.secure_transport_required ? "tls" : "");
  return fields;
}

Fields use(const Page& page) {
  Fields fields;
  if (page.details().use == nullptr) return fields;
  const schema::UseT& use = *page.details().use;
  const auto with_others = [](const std::vector<std::string>& names, std::uint32_t others) {
    return joined(names) + (others == 0 ? "" : fmt::format(" and {} more", others));
  };
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  for (const auto& day : use.days) {
    allowed += day->allowed;
    denied += day->denied;
  }
  fields.add("first", time_if_any(use.first_ns));
  fields.add("last", time_if_any(use.last_ns));
  fields.add("days", std::to_string(use.days.size()));
  fields.add("allowed", std::to_string(allowed));
  fields.add("denied", std::to_string(denied));
  fields.add("password", time_if_any(use.password_last_ns));
  for (const auto& key : use.keys)
    fields.add("key", fmt::format("{}: {} times, last {}", uuid_text(key->key), key->count,
                                  time_if_any(key->last_ns)));
  fields.add("networks", with_others(use.networks, use.networks_left_out));
  fields.add("clients", with_others(use.clients, use.clients_left_out));
  fields.add("grants", std::to_string(use.grants.size()));
  return fields;
}

// ---- sections of rows

template <class Entries>
void write_rows(std::ostream& out, Columns columns, const Entries& entries,
                std::uint32_t left_out = 0) {
  Table table(columns);
  for (const auto& entry : entries)
    if (Row row = row_of(*entry); !row.empty()) table.add(std::move(row));
  if (entries.empty()) out << "  none\n";
  table.indent(indent_columns).write(out);
  if (left_out > 0) out << "  and " << left_out << " more\n";
}

void write_roles(std::ostream& out, const Page& page) {
  static constexpr Column columns[] = {{"ROLE", 0, 24}, {"ASSIGNED", 1, 20}};
  Table table(columns);
  for (const auto& role : page.user.roles) table.add({role->name, cause_text(role->added)});
  if (page.user.roles.empty()) out << "  none\n";
  table.indent(indent_columns).write(out);
  if (page.user.roles_left_out > 0) out << "  and " << page.user.roles_left_out << " more\n";
}

void write_own_grants(std::ostream& out, const Page& page) {
  write_rows(out, grant_columns(), page.user.data_access);
}

void write_keys(std::ostream& out, const Page& page) {
  write_rows(out, key_columns(), page.security().keys, page.security().keys_left_out);
}

/// Whose they are stands above.
void write_sessions(std::ostream& out, const Page& page) {
  const schema::SessionPageT& sessions = *page.beside.sessions;
  const Columns columns = session_columns().subspan(1);
  Table table(columns);
  for (const auto& session : sessions.sessions) {
    Row row = row_of(*session);
    row.erase(row.begin());
    table.add(std::move(row));
  }
  table.indent(indent_columns).write(out);
  if (sessions.sessions.empty())
    out << "  none seen since " << time_text_short(sessions.seen_from_ns) << '\n';
  if (sessions.more) out << "  and more; see 'session list'\n";
}

// ---- the page

/// In the order of the page: names and values, or rows.
struct Section {
  const char* heading;
  bool (*is_known)(const Page& page);
  Fields (*fields)(const Page& page);
  void (*write)(std::ostream& out, const Page& page);
};

bool has_details(const Page& page) { return page.user.details != nullptr; }
bool has_settings(const Page& page) {
  return has_details(page) && page.user.details->settings != nullptr;
}
bool has_security(const Page& page) { return page.user.security != nullptr; }
bool has_both(const Page& page) { return has_details(page) && has_security(page); }
bool has_sessions(const Page& page) { return page.beside.sessions != nullptr; }
bool always(const Page&) { return true; }

constexpr Section sections[] = {
    {"Identity", has_details, identity, nullptr},
    {"Status", has_both, status, nullptr},
    {"Profile", has_details, profile, nullptr},
    {"Roles", always, nullptr, write_roles},
    {"Grants", always, nullptr, write_own_grants},
    {"Networks", has_settings, networks, nullptr},
    {"Keys", has_security, nullptr, write_keys},
    {"Sessions", has_sessions, nullptr, write_sessions},
    {"Password", has_security, password, nullptr},
    {"Policy", has_settings, policy, nullptr},
    {"Use", has_details, use, nullptr},
};

}  // namespace
}  // namespace user_page

void write_user(std::ostream& out, const schema::UserViewT& user, const UserBeside& beside) {
  const user_page::Page page{user, beside};
  for (const user_page::Section& section : user_page::sections) {
    if (!section.is_known(page)) continue;
    if (section.write != nullptr) {
      write_heading(out, section.heading);
      section.write(out, page);
      continue;
    }
    Fields fields = section.fields(page);
    if (fields.empty()) continue;
    write_heading(out, section.heading);
    fields.write(out, user_page::indent_columns);
  }
}

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const user_page::ProfileField& field : user_page::profile_fields)
    names.emplace_back(field.name);
  return names;
}

}  // namespace postern::text
