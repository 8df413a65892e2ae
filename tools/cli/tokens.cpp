#include "tools/cli/list.h"
#include "tools/cli/moment.h"
#include "tools/cli/question.h"
#include "tools/cli/session.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"
#include "tools/text/view_text.h"

namespace postern::cli {
namespace session_commands {
namespace {

int print_session(Session& session, schema::QueryT query) {
  const auto answer = session.ask(std::move(query));
  const auto& result = Session::part(answer.body.AsAuthenticated());
  if (session.format() != text::Format::table) {
    session.print(text::to_json(result));
  } else if (result.allowed) {
    session.out() << text::printable(result.token) << '\n';
    session.talk() << "Session " << text::uuid_text(result.session) << " of "
                   << text::printable(result.username) << ", until "
                   << text::time_text_short(result.expires_ns) << ".\n";
  } else {
    session.talk() << "denied  " << text::code_name(result.reason) << ": "
                   << text::code_sentence(result.reason) << '\n';
  }
  return result.allowed ? exit_codes::yes : exit_codes::no;
}

Handler open(Options& options) {
  auto user = std::make_shared<std::string>();
  auto call = std::make_shared<schema::CallT>();
  options.add("USER", user.get(), "Its name").required();
  add_call_options(options, *call);
  return [user, call](Session& session) {
    schema::QueryT query;
    query.tenant = session.tenant();
    query.call = std::make_unique<schema::CallT>(*call);
    schema::PasswordCredentialT password;
    password.username = *user;
    password.password = session.input().password("Password of " + *user);
    schema::AuthenticateT body;
    body.credential.Set(std::move(password));
    query.body.Set(std::move(body));
    return print_session(session, std::move(query));
  };
}

Handler renew(Options&) {
  return [](Session& session) {
    schema::QueryT query;
    schema::RenewSessionT body;
    body.token = session.input().password("Token");
    query.body.Set(std::move(body));
    return print_session(session, std::move(query));
  };
}

struct ListArguments {
  schema::ListSessionsT request;
  std::uint64_t count_max = 0;
};

/// A token is no record, so a daemon that was started since knows only what was used since.
void say_what_is_missing(Session& session, const schema::SessionPageT& page) {
  text::write_sentence(session.talk(), "Not shown: sessions from before the daemon's start, " +
                                           text::time_text_short(page.seen_from_ns) +
                                           ", that were not used since.");
  if (page.left_out != 0)
    session.talk() << "Too many to remember: calls in others, " << page.left_out << ".\n";
}

int run_list(Session& session, const ListArguments& asked) {
  ShownList listing(session, text::session_columns());
  schema::ListSessionsT list = asked.request;
  list.tenant = session.tenant();
  auto left = asked.count_max != 0 ? asked.count_max : ~std::uint64_t{0};
  for (bool more = true; more && left > 0;) {
    list.count_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, page_count));
    const auto page = session.page(request(schema::ListSessionsT(list)));
    const auto& part = Session::part(page.body.AsSessionPage());
    for (const auto& one : part.sessions) listing.add(*one, text::row_of(*one));
    listing.flush();
    left -= std::min<std::uint64_t>(left, part.sessions.size());
    more = part.more && !part.sessions.empty();
    if (more) list.after = std::make_unique<schema::Uuid>(*part.sessions.back()->session);
    if (!more || left == 0) say_what_is_missing(session, part);
  }
  listing.finish();
  return exit_codes::yes;
}

Handler list(Options& options) {
  auto asked = std::make_shared<ListArguments>();
  options.add("USER", &asked->request.username, "Its name; left out: every user of the tenant");
  add_since(options, asked->request.opened_from_ns, "Only those opened at this time or later");
  options.add("--newest-first", &asked->request.newest_first, "The last opened first");
  options.add_number("--count", asked->count_max, "End after so many", {1});
  return [asked](Session& session) { return run_list(session, *asked); };
}

struct Ending {
  std::string user;
  std::string session;
};

int run_end(Session& session, const Ending& ending) {
  if (ending.user.empty()) {
    if (!ending.session.empty()) stop_usage("--session needs the USER whose session it is.");
    return session.change(
        message_of(session.tenant(), std::string(), schema::EndTenantSessionsT()));
  }
  schema::EndSessionsT body;
  if (!ending.session.empty()) {
    const auto id = text::parse_uuid(ending.session);
    if (!id) stop_usage("--session takes an id, as 'session open' tells it.");
    body.session = std::make_unique<schema::Uuid>(*id);
  }
  return session.change(message_of(session.tenant(), ending.user, std::move(body)));
}

Handler end(Options& options) {
  auto ending = std::make_shared<Ending>();
  options.add("USER", &ending->user, "Its name; left out: every user of the tenant");
  options.add("--session", &ending->session, "This session alone, by its id");
  return [ending](Session& session) { return run_end(session, *ending); };
}

constexpr Verb verbs[] = {
    {"open", Kind::reads, "Authenticates with a password and prints the session's token.",
     "--tenant acme session open api.bob", open},
    {"renew", Kind::reads, "Prints a new token for the session of the one on standard input.",
     "session renew <token.txt", renew},
    {"list", Kind::lists, "Lists open sessions that were opened or used since the daemon's start.",
     "--tenant acme session list api.bob --newest-first", list},
    {"end", Kind::changes, "Ends one session, all of a user, or all of the tenant.",
     "--tenant acme session end api.bob", end},
};

}  // namespace
}  // namespace session_commands

const Noun session_noun = {"session", "Sessions: tokens that stand for a password for a while.",
                           session_commands::verbs};

}  // namespace postern::cli
