#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tools/cli/differences.h"
#include "tools/cli/expiring.h"
#include "tools/cli/reload.h"
#include "tools/cli/session.h"
#include "tools/cli/status_board.h"
#include "tools/cli/status_watch.h"
#include "tools/text/differences.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/json_message.h"
#include "tools/text/numbers.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"

namespace postern::cli {
namespace other_commands {
namespace {

constexpr std::size_t file_bytes_max = 16 * 1'048'576;

// ---- status

void print_status(std::ostream& out, const schema::StatusT& status) {
  text::Fields fields;
  fields.add("version", status.program_version);
  fields.add("state", state_text(status));
  fields.add("seq", std::to_string(status.seq));
  fields.add("root", text::hex_text(status.root));
  if (status.time_ns != 0) fields.add("newest record", text::time_text_short(status.time_ns));
  if (!status.checkpoint.empty()) fields.add("checkpoint", checkpoint_text(status.checkpoint));
  if (!status.next_server_key.empty()) fields.add("next server key", status.next_server_key);
  // A service is told the above only.
  if (status.installation) {
    fields.add("installation", text::uuid_text(status.installation));
    fields.add("uptime", fmt::format("{:.1f} s", static_cast<double>(status.uptime_ms) / 1'000));
    fields.add("tenants", std::to_string(status.tenant_count));
    fields.add("users", std::to_string(status.user_count));
    fields.add("operators", std::to_string(status.operator_count));
    if (status.keys_kept_until_ns != 0)
      fields.add("erasures final from", text::time_text_short(status.keys_kept_until_ns) +
                                            ", when the last copy of keys goes");
    // Told to operators of all tenants.
    if (status.disk_free != 0)
      fields.add("disk free", fmt::format("{} MiB", status.disk_free / 1'048'576));
  }
  for (const auto& counter : status.counters)
    fields.add(counter->name, std::to_string(counter->value));
  for (const auto& warning : status.warnings) fields.add("warning", warning);
  fields.write(out);
}

int run_status(Session& session) {
  schema::QueryT query;
  query.body.Set(schema::GetStatusT{});
  const auto answer = session.ask(std::move(query));
  const auto& status = Session::part(answer.body.AsStatus());
  if (session.format() == text::Format::table)
    print_status(session.out(), status);
  else
    session.print(text::to_json(status));
  // A service is told of nothing that expires, and what scripts read stays as it was.
  const bool has_reader =
      session.format() == text::Format::table && text::screen_of(session.out()).width != 0;
  if (has_reader && status.installation) write_expiring_soon(session);
  return exit_codes::yes;
}

int run_digest(Session& session) {
  const auto page = session.page(request(schema::GetDigestT{}));
  const auto& digest = Session::part(page.body.AsDigest());
  if (session.format() == text::Format::table)
    session.out() << fmt::format("{}  seq {}\n", text::hex_text(digest.sha256), page.seq);
  else
    session.print({{"sha256", text::hex_text(digest.sha256)}, {"seq", page.seq}});
  return exit_codes::yes;
}

struct StatusAsked {
  bool digest = false;
  bool watch = false;
  std::optional<std::uint64_t> interval_ms;
  std::optional<std::uint64_t> count_max;
};

int run_watch(Session& session, const StatusAsked& asked) {
  Watching watching;
  if (asked.interval_ms) watching.interval = std::chrono::milliseconds(*asked.interval_ms);
  watching.count_max = asked.count_max.value_or(0);
  return watch_status(session, watching);
}

Handler status(Options& options) {
  auto asked = std::make_shared<StatusAsked>();
  options.add("--digest", &asked->digest, "The digest of all state instead");
  options
      .add("--watch", &asked->watch,
           "A live board, until q or Ctrl-C; blocks of lines where there is no terminal")
      .excludes("--digest");
  options
      .add("--interval",
           arguments::Reader{[asked = asked.get()](const std::string& typed) {
                               constexpr std::uint64_t least_ms = 100;
                               constexpr std::uint64_t most_ms = 3'600'000;
                               asked->interval_ms = text::read_milliseconds(typed);
                               return asked->interval_ms && *asked->interval_ms >= least_ms &&
                                      *asked->interval_ms <= most_ms;
                             },
                             "seconds: 0.1 to 3600"},
           "With --watch: seconds from one answer to the next; 1 if left out")
      .type_name("SECONDS");
  options.add_number("--count", asked->count_max, "With --watch: end after so many answers", {1});
  return [asked](Session& session) {
    if (!asked->watch && (asked->interval_ms || asked->count_max))
      stop_usage("--interval and --count are of --watch.", "Say --watch, or leave them out.");
    if (asked->watch) return run_watch(session, *asked);
    return asked->digest ? run_digest(session) : run_status(session);
  };
}

// ---- send

std::string read_all(Session& session, const std::string& file) {
  std::string text;
  if (file == "-") {
    while (auto line = session.input().line()) text += *line + '\n';
    return text;
  }
  std::ifstream opened(file, std::ios::binary);
  if (!opened)
    throw Stop{exit_codes::missing,
               fmt::format("Cannot read {}: {}.", text::printable(file), std::strerror(errno)),
               "Name a file with a batch as JSON."};
  text.resize(file_bytes_max);
  opened.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(opened.gcount()));
  return text;
}

/// Commands on operators have no tenant, and a new tenant is named in its own command.
bool names_no_tenant(const std::unique_ptr<schema::CommandT>& command) {
  using enum schema::CommandBody;
  const auto kind = command->body.type;
  return kind == CreateTenant || kind == AddOperator || kind == ChangeOperator ||
         kind == RemoveOperator;
}

int run_send(Session& session, const std::string& file) {
  auto text = read_all(session, file);
  auto message = text::message_from_json(text);
  client::wipe(text);
  if (!message)
    stop_usage(message.error(),
               "See command.fbs: {\"tenant\": …, \"commands\": [{\"user\": …, \"body_type\": …, "
               "\"body\": {…}}]}");
  const bool for_tenant = std::ranges::none_of(message->commands, names_no_tenant);
  if (message->tenant.empty() && session.has_tenant() && for_tenant)
    message->tenant = session.tenant();
  return session.change(std::move(*message));
}

Handler send(Options& options) {
  auto file = std::make_shared<std::string>();
  options.add("FILE", file.get(), "A CommandMessage as JSON; - is standard input").required();
  return [file](Session& session) { return run_send(session, *file); };
}

// ---- what-if

struct WhatIf {
  std::string file;
  At at;
  std::vector<std::string> without;
  /// Of the calls that are looked at where the commands are sent now.
  std::uint32_t days = 30;
  std::uint32_t coverage_percent_min = 0;
};

std::unique_ptr<schema::CommandMessageT> read_message(Session& session, const std::string& file) {
  auto text = read_all(session, file);
  auto message = text::message_from_json(text);
  client::wipe(text);
  if (!message) stop_usage(message.error(), "The file is one that 'postern send' takes.");
  if (message->tenant.empty()) message->tenant = session.tenant();
  // Nothing is sent; the rules ask for the form of an id.
  if (message->id == nullptr) message->id = std::make_unique<schema::Uuid>(client::make_uuid());
  return std::make_unique<schema::CommandMessageT>(std::move(*message));
}

std::vector<std::uint64_t> read_seqs(const std::vector<std::string>& texts) {
  std::vector<std::uint64_t> seqs;
  for (const std::string& text : texts) {
    const auto seq = text::read_number<std::uint64_t>(text, 2);
    if (!seq)
      stop_usage(text::printable(text) + " is no record that can be left out.",
                 "Name records by their seqs, from 2 on: --without 12,13.");
    seqs.push_back(*seq);
  }
  return seqs;
}

/// On top of the present it is what a preview asks.
schema::HistoryRequestT request_of(Session& session, const WhatIf& asked) {
  const auto without = read_seqs(asked.without);
  if (asked.file.empty() && without.empty())
    stop_usage("Nothing is supposed.", "Give a file of commands, or records with --without.");
  auto message = asked.file.empty() ? nullptr : read_message(session, asked.file);
  if (!asked.at.is_given() && without.empty()) {
    schema::PreviewCommandsT wanted;
    wanted.message = std::move(message);
    wanted.days = asked.days;
    wanted.count_max = page_count;
    return request(std::move(wanted));
  }
  if (message != nullptr && !asked.at.is_given())
    stop_usage("When the commands would have been sent is not given.", "Name it with --at.");
  schema::GetWhatIfT wanted;
  wanted.tenant = message == nullptr ? session.tenant() : message->tenant;
  wanted.message = std::move(message);
  wanted.without = without;
  wanted.count_max = page_count;
  return request(std::move(wanted));
}

int run_what_if(Session& session, const WhatIf& asked) {
  auto wanted = request_of(session, asked);
  session.stand_at(asked.at);
  auto answered = session.page(std::move(wanted));
  const auto& page = Session::part(answered.body.AsFlipPage());
  if (auto fault = text::coverage_fault(page, asked.coverage_percent_min); !fault.empty())
    throw Stop{exit_codes::missing, std::move(fault), text::coverage_remedy};
  return tell_flips(session, page);
}

Handler what_if(Options& options) {
  auto asked = std::make_shared<WhatIf>();
  options.add("FILE", &asked->file, "Commands as 'send' takes them; - is standard input");
  add_moment(options, "--at", asked->at,
             "Sent at this time, or behind this record; now if left out");
  options.add("--without", List{&asked->without}, "As if these records were not")
      .type_name("SEQ,…");
  options
      .add("--days",
           arguments::Reader{[asked = asked.get()](const std::string& text) {
                               asked->days = read_days(text);
                               return asked->days != 0;
                             },
                             "a number of days up to 400, as 30d"},
           "Where they are sent now: calls of these days are looked at; 30d if left out")
      .type_name("DAYS");
  options.add_number("--min-coverage", asked->coverage_percent_min,
                     "End with 66 instead of saying that nothing would change, where less of all "
                     "calls, in percent, is recorded",
                     {0, 100});
  return [asked](Session& session) { return run_what_if(session, *asked); };
}

constexpr Verb verbs[] = {
    {"diff", Kind::lists, "Shows what can be done that could not before, or no more, and by whom.",
     "--tenant acme diff --from 2026-10-01T00:00:00Z", diff},
    {"what-if", Kind::lists,
     "Shows which recorded calls would be answered otherwise, had commands been sent or records "
     "not "
     "been.",
     "--tenant acme what-if commands.json --at 2026-10-01T00:00:00Z", what_if},
    {"status", Kind::reads, "Shows how the daemon is, and what expires within 30 days.",
     "status --output json", status},
    {"expiring", Kind::lists, "Lists keys, grants and old passwords that expire soon.",
     "--tenant acme expiring --within 90d", expiring},
    {"reload", Kind::reads,
     "Has a daemon on this machine read its settings again, and shows which.",
     "--data /var/lib/postern reload", reload},
    {"send", Kind::changes, "Sends a batch of commands from a JSON file, all or nothing.",
     "send batch.json --dry-run", send},
};

}  // namespace
}  // namespace other_commands

const Noun other_verbs = {"", "", other_commands::verbs};

}  // namespace postern::cli
