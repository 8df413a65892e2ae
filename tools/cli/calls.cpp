#include <fmt/format.h>

#include "tools/cli/names.h"
#include "tools/cli/session.h"
#include "tools/cli/story.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/times.h"

namespace postern::cli {
namespace calls_commands {
namespace {

constexpr std::uint32_t follow_wait_ms = 10'000;
struct Arguments {
  schema::ListCallsT request;
  std::optional<std::uint64_t> from;
  std::uint64_t count_max = 0;
};

std::string credential_text(const schema::CallViewT& call) {
  return schema::EnumNameCredentialKind(call.credential);
}

std::string question_text(const schema::CallViewT& call) {
  if (call.question == nullptr) return "authenticate";
  return fmt::format("{} {}{}", call.question->action, call.question->resource,
                     call.question->this_level_only ? " (this level)" : "");
}

void add_call(text::Listing& listing, Names& names, const Session& session,
              const schema::CallViewT& call) {
  if (listing.format() != text::Format::table) return listing.add(call, {});
  listing.add(call,
              {std::to_string(call.position), text::time_text_short(call.time_ns),
               names.user(call.user, session.has_tenant() ? session.tenant() : std::string()),
               names.operator_name(call.service, schema::Role::none), call.address, call.client,
               credential_text(call), question_text(call), call.allowed ? "allow" : "deny",
               text::code_name(call.reason), text::grant_name(call.grant)});
}

/// The same to a person.
void tell_call(Story& story, Names& names, const Session& session, const schema::CallViewT& call) {
  const auto user = names.user(call.user, session.has_tenant() ? session.tenant() : std::string());
  const std::string did =
      call.question == nullptr ? "logged in" : "asked to " + question_text(call);
  const std::string from = call.address.empty() ? "" : " from " + call.address;
  const std::string with = call.client.empty() ? "" : " with " + call.client;
  const bool by_name = call.credential == schema::CredentialKind::named;
  const auto sentence =
      fmt::format("{} {}{}{} through {}, by {}: {}", user, did, from, with,
                  names.operator_name(call.service, schema::Role::none),
                  by_name ? "name" : credential_text(call), call.allowed ? "allowed" : "denied");
  story.tell(call.time_ns, sentence, call.allowed ? text::Style::plain : text::Style::bad,
             call.allowed ? text::grant_name(call.grant) : text::code_name(call.reason), "");
}

text::Listing listing_of(Session& session) {
  return {session.out(),
          session.format(),
          {"POSITION", "TIME", "USER", "SERVICE", "ADDRESS", "CLIENT", "BY", "QUESTION", "ANSWER",
           "REASON", "GRANT"}};
}

schema::CallPageT read_page(Session& session, const Arguments& asked, std::uint64_t from,
                            std::uint64_t left) {
  auto wanted = asked.request;
  wanted.from = from;
  wanted.count_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, page_count));
  if (session.has_tenant() || !wanted.username.empty()) wanted.tenant = session.tenant();
  auto page = session.page(request(std::move(wanted)));
  return std::move(Session::part(page.body.AsCallPage()));
}

/// At most `left` of the page's; gives how many.
std::uint64_t add_calls(text::Listing& listing, Names& names, Session& session,
                        const schema::CallPageT& page, std::uint64_t left) {
  const std::uint64_t count = std::min<std::uint64_t>(left, page.calls.size());
  for (std::uint64_t place = 0; place < count; ++place)
    add_call(listing, names, session, *page.calls[place]);
  listing.flush();
  return count;
}

/// D2: whoever reads recorded calls is told what is not among them.
void say_what_is_missing(Session& session, const schema::CallPageT& page) {
  if (page.dropped == 0 && page.overwritten == 0) return;
  session.talk() << "Not shown: " << page.overwritten
                 << " older calls that made room for newer ones, " << page.dropped
                 << " that could not be recorded since the daemon's start.\n";
}

int run_list(Session& session, const Arguments& asked) {
  auto listing = listing_of(session);
  Names names(session);
  auto left = asked.count_max != 0 ? asked.count_max : ~std::uint64_t{0};
  for (auto from = asked.from.value_or(0); left > 0;) {
    const auto page = read_page(session, asked, from, left);
    left -= add_calls(listing, names, session, page, left);
    // Where a filter lets little pass, a page may be empty and yet have got on.
    const bool is_last = page.next <= from;
    from = page.next;
    if (!is_last && left > 0) continue;
    say_what_is_missing(session, page);
    break;
  }
  listing.finish();
  return exit_codes::yes;
}

/// Where following begins that names no place: behind the newest call.
std::uint64_t newest(Session& session) { return read_page(session, {}, ~std::uint64_t{0}, 1).next; }

int run_follow(Session& session, Arguments asked) {
  auto listing = listing_of(session);
  Names names(session);
  Story story(session);
  auto from = asked.from ? *asked.from : newest(session);
  asked.request.wait_ms = follow_wait_ms;
  session.wait_for_daemon();
  bool is_lost = false;
  for (auto left = asked.count_max != 0 ? asked.count_max : ~std::uint64_t{0};
       left > 0 && session.out();) {
    schema::CallPageT page;
    try {
      page = read_page(session, asked, from, left);
    } catch (const Stop& stop) {
      if (stop.exit_code != exit_codes::unreachable) throw;
      // Said once, however long it stays away.
      if (!std::exchange(is_lost, true))
        session.talk() << stop.sentence << " Following goes on from position " << from << ".\n";
      session.wait_for_daemon();
      continue;
    }
    if (std::exchange(is_lost, false)) session.talk() << "The daemon answers again.\n";
    if (page.oldest > from && from != 0)
      session.talk() << page.oldest - from << " calls made room for newer ones unseen.\n";
    if (story.is_told()) {
      const auto told = std::min<std::uint64_t>(left, page.calls.size());
      for (std::uint64_t place = 0; place < told; ++place)
        tell_call(story, names, session, *page.calls[place]);
      session.out().flush();
      left -= told;
    } else {
      left -= add_calls(listing, names, session, page, left);
    }
    from = page.next;
  }
  listing.finish();
  return exit_codes::yes;
}

std::shared_ptr<Arguments> add_filters(Options& options) {
  auto asked = std::make_shared<Arguments>();
  options.add("--user", &asked->request.username, "Only of this user of --tenant");
  options.add_number("--from", asked->from, "The first position; else the oldest there is");
  options.add_number("--count", asked->count_max, "End after so many calls", {1});
  return asked;
}

constexpr Verb verbs[] = {
    {"list", Kind::reads, "Lists recorded calls, oldest first.",
     "--tenant acme calls list --user api.bob", prepared_with<add_filters, run_list>},
    {"follow", Kind::reads, "Lists calls as they are recorded, from --from or from now on.",
     "--tenant acme --output jsonl calls follow --user api.bob",
     prepared_with<add_filters, run_follow>},
};

}  // namespace
}  // namespace calls_commands

const Noun calls_noun = {"calls", "Calls of users whose API logging is on.", calls_commands::verbs};

}  // namespace postern::cli
