#include <fmt/format.h>

#include <ranges>

#include "tools/cli/list.h"
#include "tools/cli/names.h"
#include "tools/cli/records_back.h"
#include "tools/cli/session.h"
#include "tools/cli/story.h"
#include "tools/text/event_story.h"
#include "tools/text/event_text.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/times.h"

namespace postern::cli {

namespace events_commands {
namespace {

constexpr std::uint32_t follow_wait_ms = 10'000;
struct Arguments {
  schema::GetRecordsT request;
  std::optional<std::uint64_t> from_seq;
  std::uint64_t count_max = 0;
  std::string user_id;
  std::int64_t since_ns = 0;
  bool newest_first = false;
};

text::EventForms forms_of(Names& names, const std::string& tenant) {
  return {[&names, tenant](text::Named kind, const schema::Uuid& id) {
            return names.inner(kind, id, tenant);
          },
          text::time_text_short, text::key_text};
}

/// Of a record's events, those that were asked for: a batch has a thousand, of as many users.
struct WantedEvents {
  /// As its name is in the schema; empty: any.
  std::string kind;
  std::optional<schema::Uuid> user = {};

  bool holds(const schema::EventT& event) const {
    return (kind.empty() || text::event_kind(event) == kind) &&
           (!user || (event.user != nullptr && *event.user == *user));
  }
};

/// Whoever the daemon does not tell of, all events of its records are shown.
WantedEvents wanted_events(Session& session, const schema::GetRecordsT& asked) {
  WantedEvents wanted{asked.kind};
  if (asked.user_id != nullptr) wanted.user = *asked.user_id;
  if (asked.user.empty() || session.format() != text::Format::table) return wanted;
  schema::GetUserT get;
  get.tenant = asked.tenant;
  get.username = asked.user;
  get.count_max = 1;
  const auto page = session.client().history(request(std::move(get)));
  if (!page)
    throw Stop{client::exit_code(page.error()), page.error().sentence, page.error().remedy};
  const auto* user = page->code == schema::Code::ok ? page->body.AsUserView() : nullptr;
  if (user != nullptr && user->details && user->details->id) wanted.user = *user->details->id;
  return wanted;
}

/// The same to a person: a sentence for each event.
void tell_record(Story& story, Names& names, const schema::RecordT& record,
                 const WantedEvents& wanted) {
  const auto tenant = names.tenant(record.tenant);
  const auto forms = forms_of(names, tenant);
  for (const auto& event : record.events) {
    names.learn(*event);
    if (!wanted.holds(*event)) continue;
    const text::Persons persons{names.operator_name(record.operator_id, record.role),
                                names.user(event->user, tenant), tenant};
    const auto told = text::event_sentence(*event, persons, forms);
    story.tell(record.time_ns, told.sentence, told.style, told.details, record.reason);
  }
}

/// One row for each event; what the record says of all of them stands in each.
void add_record(text::Listing& listing, Names& names, const schema::RecordT& record,
                const WantedEvents& wanted) {
  if (listing.format() != text::Format::table) return listing.add_object(text::to_json(record));
  const auto tenant = names.tenant(record.tenant);
  const auto forms = forms_of(names, tenant);
  for (const auto& event : record.events) {
    names.learn(*event);
    if (!wanted.holds(*event)) continue;
    listing.add(record, {std::to_string(record.seq), text::time_text_short(record.time_ns),
                         names.operator_name(record.operator_id, record.role), tenant,
                         names.user(event->user, tenant), text::event_kind(*event),
                         text::event_details(*event, forms), record.reason});
  }
}

text::Columns columns_of(const Session& session) {
  return session.has_tenant() ? text::record_columns_of_tenant() : text::record_columns();
}

/// The request with what the command line as a whole says.
schema::GetRecordsT request_of(const Arguments& asked, const Session& session) {
  auto request = asked.request;
  request.from_seq = asked.from_seq.value_or(1);
  if (session.has_tenant()) request.tenant = session.tenant();
  if (!request.user.empty()) request.tenant = session.tenant();
  if (asked.user_id.empty()) return request;
  const auto id = text::parse_uuid(asked.user_id);
  if (!id) stop_usage("--user-id takes a UUID.");
  request.user_id = std::make_unique<schema::Uuid>(*id);
  return request;
}

/// Takes pages until `done` says so or enough records were given; returns how the client ended.
client::Result<schema::HistoryPageT> take_records(
    Session& session, schema::GetRecordsT& request, std::uint64_t& left,
    const std::function<void(const schema::RecordT&)>& give,
    const std::function<bool(const schema::RecordPageT&)>& done) {
  request.count_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, page_count));
  return session.client().follow(request, [&](const auto& page, auto records) {
    request.from_seq = page.next_seq;
    for (const auto& record : records) {
      if (left == 0) break;
      give(record);
      --left;
    }
    return !done(page) && left > 0;
  });
}

std::uint64_t count_of(const Arguments& asked) {
  return asked.count_max != 0 ? asked.count_max : ~std::uint64_t{0};
}

void stop_if_ended_badly(Session& session, const schema::GetRecordsT& request,
                         const client::Result<schema::HistoryPageT>& ended) {
  if (!ended)
    throw Stop{client::exit_code(ended.error()), ended.error().sentence, ended.error().remedy};
  if (ended->code == schema::Code::ok) return;
  session.remember_asked(text::to_json(request));
  session.stop_refused(ended->code, ended->problems,
                       exit_code_of(ended->code, exit_codes::missing));
}

int run_newest_first(Session& session, const schema::GetRecordsT& request, std::uint64_t left) {
  ShownList listing(session, columns_of(session));
  Names names(session);
  const WantedEvents wanted = wanted_events(session, request);
  read_back(session, request, left, [&](const auto& records) {
    for (const auto& record : records | std::views::reverse) {
      if (left == 0) break;
      add_record(listing, names, record, wanted);
      --left;
    }
    listing.flush();
    return left > 0 && session.out();
  });
  listing.finish();
  return exit_codes::yes;
}

int run_list(Session& session, const Arguments& asked) {
  auto request = request_of(asked, session);
  auto left = count_of(asked);
  if (asked.since_ns != 0)
    request.from_seq = std::max(request.from_seq, first_seq_since(session, asked.since_ns));
  if (asked.newest_first) return run_newest_first(session, request, left);
  ShownList listing(session, columns_of(session));
  Names names(session);
  const WantedEvents wanted = wanted_events(session, request);
  const auto ended = take_records(
      session, request, left,
      [&](const auto& record) { add_record(listing, names, record, wanted); },
      [&](const auto& page) {
        listing.flush();
        return page.next_seq > page.head_seq;
      });
  stop_if_ended_badly(session, request, ended);
  listing.finish();
  return exit_codes::yes;
}

int run_follow(Session& session, const Arguments& asked) {
  ShownList listing(session, columns_of(session));
  Names names(session);
  auto request = request_of(asked, session);
  if (!asked.from_seq) request.from_seq = newest_seq(session) + 1;
  request.wait_ms = follow_wait_ms;
  auto left = count_of(asked);
  Story story(session);
  const WantedEvents wanted = wanted_events(session, request);
  const auto give = [&](const schema::RecordT& record) {
    story.is_told() ? tell_record(story, names, record, wanted)
                    : add_record(listing, names, record, wanted);
  };
  for (bool is_lost = false;;) {
    const auto ended = take_records(session, request, left, give, [&](const auto&) {
      if (std::exchange(is_lost, false)) session.talk() << "The daemon answers again.\n";
      listing.flush();
      return !session.out();
    });
    const bool lost = !ended && ended.error().kind == client::ErrorKind::unreachable;
    if (!lost) {
      stop_if_ended_badly(session, request, ended);
      listing.finish();
      return exit_codes::yes;
    }
    // Said once, however long it stays away.
    if (!std::exchange(is_lost, true))
      session.talk() << ended.error().sentence << " Following goes on from seq " << request.from_seq
                     << ".\n";
    session.wait_for_daemon();
  }
}

std::shared_ptr<Arguments> add_filters(Options& options) {
  auto asked = std::make_shared<Arguments>();
  options.add("--user", &asked->request.user, "Only about this user of --tenant, by its name now");
  options.add("--user-id", &asked->user_id, "Only about the user with this id").excludes("--user");
  options.add("--operator", &asked->request.operator_name, "Only by this operator");
  options.add("--kind", &asked->request.kind, "Only this kind of event, as UserCreated");
  options.add_number("--from-seq", asked->from_seq, "The first record");
  options.add_number("--count", asked->count_max, "End after so many records", {1});
  return asked;
}

std::shared_ptr<Arguments> add_list_filters(Options& options) {
  auto asked = add_filters(options);
  add_since(options, asked->since_ns, "Only records of this time or later");
  options.add("--newest-first", &asked->newest_first,
              "From the newest record back, without reading those before the last that is shown");
  return asked;
}

constexpr Verb verbs[] = {
    {"list", Kind::lists, "Lists records of the journal with their events.",
     "--tenant acme events list --user api.bob --since 7d --newest-first",
     prepared_with<add_list_filters, run_list>},
    {"follow", Kind::lists, "Lists records as they are made, from --from-seq or from now on.",
     "--output jsonl events follow --kind UserLocked", prepared_with<add_filters, run_follow>},
};

}  // namespace
}  // namespace events_commands

const Noun events_noun = {"events", "What happened: the journal's records and their events.",
                          events_commands::verbs};

}  // namespace postern::cli
