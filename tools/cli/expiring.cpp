#include "tools/cli/expiring.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "tools/cli/access.h"
#include "tools/cli/differences.h"
#include "tools/cli/list.h"
#include "tools/cli/session.h"
#include "tools/text/json.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"
#include "tools/text/view_text.h"

namespace postern::cli {

namespace expiring_commands {
namespace {

constexpr std::uint32_t soon_days = 30;
/// Whoever asked for the status does not wait longer for what stands beneath.
constexpr std::chrono::milliseconds soon_patience{1'000};

constexpr text::Column columns[] = {
    {"EXPIRES", 0, 0, text::Shade::until},
    {"WHAT"},
    {"TENANT", 1, 10},
    {"WHOSE", 0, 16},
    {"NAME", 0, 20},
};

/// How each kind is told.
struct KindText {
  schema::ExpiringKind kind;
  const char* what;
};
constexpr KindText kinds[] = {
    {schema::ExpiringKind::key, "key"},
    {schema::ExpiringKind::grant, "grant"},
    {schema::ExpiringKind::role_grant, "role's grant"},
    {schema::ExpiringKind::old_password, "old password"},
};

std::string kind_text(schema::ExpiringKind kind) {
  for (const KindText& row : kinds)
    if (row.kind == kind) return row.what;
  return fmt::format("kind {}", static_cast<unsigned>(kind));
}

text::Row row_of(const schema::ExpiringT& one) {
  return {text::time_text_short(one.expires_ns), kind_text(one.kind), one.tenant,
          one.role.empty() ? one.username : one.role,
          one.grant != nullptr ? text::grant_text(*one.grant) : one.key_name};
}

schema::HistoryRequestT request_of(const Session& session, std::uint32_t days,
                                   std::uint32_t count_max) {
  schema::ListExpiringT wanted;
  if (session.has_tenant()) wanted.tenant = session.tenant();
  wanted.days = days;
  wanted.count_max = count_max;
  return request(std::move(wanted));
}

/// None where it takes long: the queries' door may be open where the history's is not.
std::optional<schema::ExpiringPageT> read_soon(Session& session, std::uint32_t count_max) {
  auto options = reach(session.access());
  options.timeout = std::min(options.timeout, soon_patience);
  options.retries = 0;
  auto client = client::Client::make(std::move(options));
  if (!client)
    throw Stop{client::exit_code(client.error()), client.error().sentence, client.error().remedy};
  auto wanted = request_of(session, soon_days, count_max);
  session.remember_asked(text::to_json(wanted));
  auto page = client->history(std::move(wanted));
  if (!page && page.error().kind == client::ErrorKind::unreachable) return std::nullopt;
  if (!page)
    throw Stop{client::exit_code(page.error()), page.error().sentence, page.error().remedy};
  if (page->code != schema::Code::ok)
    session.stop_refused(page->code, page->problems, exit_code_of(page->code, exit_codes::missing));
  return std::move(Session::part(page->body.AsExpiringPage()));
}

int run(Session& session, std::uint32_t days) {
  ShownList listing(session, columns);
  const auto answered = session.page(request_of(session, days, page_count));
  const auto& page = Session::part(answered.body.AsExpiringPage());
  for (const auto& one : page.expiring) listing.add(*one, row_of(*one));
  listing.finish();
  if (page.count > page.expiring.size())
    session.talk() << fmt::format("These are the first {} of {}.\n", page.expiring.size(),
                                  page.count);
  return exit_codes::yes;
}

}  // namespace
}  // namespace expiring_commands

Handler expiring(Options& options) {
  auto days = std::make_shared<std::uint32_t>(expiring_commands::soon_days);
  options
      .add("--within",
           arguments::Reader{[days](const std::string& text) {
                               *days = read_days(text);
                               return *days != 0;
                             },
                             "a number of days up to 400, as 30d"},
           "Within so many days; 30d if left out")
      .type_name("DAYS");
  return [days](Session& session) { return expiring_commands::run(session, *days); };
}

void write_expiring_soon(Session& session) {
  constexpr std::uint32_t shown_max = 10;
  std::optional<schema::ExpiringPageT> read;
  try {
    read = expiring_commands::read_soon(session, shown_max);
  } catch (const Stop& stop) {
    // The status itself is told.
    session.talk() << text::printable(stop.sentence) << (stop.sentence.empty() ? "" : " ")
                   << "What expires soon is not shown.\n";
  }
  if (!read || read->count == 0) return;
  const auto& page = *read;
  session.out() << '\n';
  text::write_heading(session.out(),
                      fmt::format("Expires within {} days", expiring_commands::soon_days));
  text::Table table(expiring_commands::columns);
  for (const auto& one : page.expiring) table.add(expiring_commands::row_of(*one));
  table.write(session.out());
  if (page.count > page.expiring.size())
    session.out() << fmt::format("and {} more; see 'expiring'\n",
                                 page.count - page.expiring.size());
}

}  // namespace postern::cli
