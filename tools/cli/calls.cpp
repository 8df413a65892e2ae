#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ranges>

#include "tools/cli/list.h"
#include "tools/cli/names.h"
#include "tools/cli/records_back.h"
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
  std::int64_t since_ns = 0;
  bool newest_first = false;
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

constexpr text::Column columns[] = {{"POSITION", 7},
                                    {"TIME"},
                                    {"USER", 0, 12},
                                    {"SERVICE", 9, 8},
                                    {"ADDRESS", 3},
                                    {"CLIENT", 5, 8},
                                    {"BY", 8},
                                    {"QUESTION", 0, 22},
                                    {"ANSWER", 0, 0, text::Shade::state},
                                    {"REASON", 2, 12, text::Shade::code},
                                    {"GRANT", 4}};

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

/// `to`: none at or behind it; 0: any.
schema::CallPageT read_page(Session& session, const Arguments& asked, std::uint64_t from,
                            std::uint64_t left, std::uint64_t to = 0) {
  auto wanted = asked.request;
  wanted.to = to;
  wanted.from_time_ns = asked.since_ns;
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

/// Where following begins that names no place, and reading back: behind the newest call.
std::uint64_t newest(Session& session) { return read_page(session, {}, ~std::uint64_t{0}, 1).next; }

/// Those that match in a window of the ring, which ends before `end`.
std::vector<std::unique_ptr<schema::CallViewT>> calls_before(Session& session,
                                                             const Arguments& asked,
                                                             std::uint64_t begin,
                                                             std::uint64_t end) {
  std::vector<std::unique_ptr<schema::CallViewT>> calls;
  for (std::uint64_t from = begin; from < end;) {
    auto page = read_page(session, asked, from, page_count, end);
    std::ranges::move(page.calls, std::back_inserter(calls));
    if (!calls.empty() && calls.back()->position >= end)
      throw Stop{exit_codes::protocol, "The daemon is older than this program, and cannot do this.",
                 "Leave out --newest-first."};
    if (page.next <= from) break;
    from = page.next;
  }
  return calls;
}

/// The daemon gives calls by rising position: window by window, each before the one that was read.
int run_newest_first(Session& session, const Arguments& asked) {
  ShownList listing(session, columns);
  Names names(session);
  auto left = asked.count_max != 0 ? asked.count_max : ~std::uint64_t{0};
  const auto last = read_page(session, asked, ~std::uint64_t{0}, 1);
  const std::uint64_t first = std::max<std::uint64_t>(
      {read_page(session, asked, asked.from.value_or(0), 1, 1).next, last.oldest, 1});
  BackWindow window(left);
  for (std::uint64_t end = last.next; end > first && left > 0 && session.out();) {
    const std::uint64_t begin = end - std::min(end - first, window.size());
    const auto calls = calls_before(session, asked, begin, end);
    for (const auto& call : calls | std::views::reverse) {
      if (left == 0) break;
      add_call(listing, names, session, *call);
      --left;
    }
    listing.flush();
    end = begin;
    window.passed(calls.size());
  }
  if (left > 0) say_what_is_missing(session, last);
  listing.finish();
  return exit_codes::yes;
}

int run_list(Session& session, const Arguments& asked) {
  if (asked.newest_first) return run_newest_first(session, asked);
  ShownList listing(session, columns);
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

int run_follow(Session& session, Arguments asked) {
  ShownList listing(session, columns);
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

std::shared_ptr<Arguments> add_list_filters(Options& options) {
  auto asked = add_filters(options);
  add_since(options, asked->since_ns, "Only calls of this time or later");
  options.add("--newest-first", &asked->newest_first, "From the newest call back");
  return asked;
}

constexpr Verb verbs[] = {
    {"list", Kind::lists, "Lists recorded calls, the oldest first unless --newest-first.",
     "--tenant acme calls list --user api.bob --since 12h --newest-first",
     prepared_with<add_list_filters, run_list>},
    {"follow", Kind::lists, "Lists calls as they are recorded, from --from or from now on.",
     "--tenant acme --output jsonl calls follow --user api.bob",
     prepared_with<add_filters, run_follow>},
};

}  // namespace
}  // namespace calls_commands

const Noun calls_noun = {"calls", "Calls of users whose API logging is on.", calls_commands::verbs};

}  // namespace postern::cli
