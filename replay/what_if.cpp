#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "daemon/domain/message.h"
#include "daemon/platform/files.h"
#include "daemon/view/recorded.h"
#include "daemon/view/supposition.h"
#include "replay/past.h"
#include "replay/recorded_calls.h"
#include "schema/identifiers.h"
#include "tools/text/differences.h"
#include "tools/text/json_message.h"
#include "tools/text/numbers.h"
#include "tools/text/output.h"
#include "tools/text/times.h"

namespace postern::replay {

namespace {

constexpr std::size_t file_bytes_max = 4U << 20U;
constexpr std::size_t flips_told_max = 10'000;
/// Events of one record that grants can be named by.
constexpr std::size_t events_max = 1'024;

/// Whoever supposes may do anything.
domain::Operator supposer() {
  domain::Operator made;
  made.name = "what-if";
  made.role = schema::Role::owner;
  made.all_tenants = true;
  return made;
}

/// Commands from a file, as `postern send` takes them.
struct Message {
  flatbuffers::FlatBufferBuilder builder;
  bool is_given = false;

  const schema::CommandMessage& operator*() const {
    return *flatbuffers::GetRoot<schema::CommandMessage>(builder.GetBufferPointer());
  }
};

Expected<> read_message(const WhatIfOptions& options, Message& message) {
  if (options.commands.empty()) return {};
  const auto bytes = platform::read_file(options.commands, file_bytes_max);
  if (!bytes) return std::unexpected(bytes.error());
  auto native =
      text::message_from_json({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!native)
    return std::unexpected(Failure{FailureKind::usage, printable(native.error()),
                                   "The file is one that 'postern send' takes."});
  if (native->tenant.empty()) native->tenant = options.tenant;
  // Nothing is sent; the rules ask for the form of an id.
  if (native->id == nullptr)
    native->id = std::make_unique<schema::Uuid>(domain::uuid_v7(1, {1, 1}));
  message.builder.Finish(schema::CreateCommandMessage(message.builder, &*native),
                         schema::command_message_identifier);
  message.is_given = true;
  return {};
}

Expected<std::set<domain::Seq>> read_seqs(const std::vector<std::string>& texts) {
  std::set<domain::Seq> seqs;
  for (const std::string& text : texts) {
    const auto seq = text::read_number<std::uint64_t>(text, 2);
    if (!seq)
      return std::unexpected(Failure{FailureKind::usage,
                                     printable(text) + " is no record that can be left out",
                                     "Name records by their seqs, from 2 on: --without 12,13."});
    seqs.insert(*seq);
  }
  return seqs;
}

/// The journal as it is, and beside it as it would be, with every recorded call asked of both.
class OtherHistory {
 public:
  struct Parts {
    const Audit& audit;
    const WhatIfOptions& options;
    const Message& message;
    Moment moment;
    std::set<domain::Seq> without;
    RecordedCalls calls;
    const domain::State& state;
  };

  explicit OtherHistory(Parts parts) : parts_(std::move(parts)) {}

  /// Before a record is folded: what was before it is done.
  Expected<> before(const schema::Record& record);
  /// A record that was folded.
  void after(const Step& step);
  /// Behind the newest record.
  Expected<> finish();
  Expected<schema::FlipPageT> page() const;

 private:
  Expected<> suppose();
  Expected<> ask_calls();
  void ask(const calls::Entry& entry);
  void begin(std::int64_t time_ns) { from_ns_ = std::min(from_ns_.value_or(time_ns), time_ns); }
  bool is_wanted(const domain::Uuid& tenant) const;

  Parts parts_;
  domain::State other_;
  domain::Changes changes_;
  view::Flips flips_{view::JudgedAt::then, 0};
  view::Coverage coverage_;
  /// Of the first thing that is otherwise; nothing: not yet.
  std::optional<std::int64_t> from_ns_;
  std::uint16_t events_of_newest_ = 0;
  bool is_supposed_ = false;
};

Expected<> OtherHistory::before(const schema::Record& record) {
  const bool is_due = parts_.message.is_given && !is_supposed_ && !parts_.moment.holds(record);
  if (is_due && record.seq() == 1)
    return std::unexpected(Failure{FailureKind::missing,
                                   fmt::format("the journal begins at {}, after the moment",
                                               text::time_text(record.time_ns())),
                                   "Name a later time with --at."});
  if (is_due)
    if (const auto supposed = suppose(); !supposed) return supposed;
  return ask_calls();
}

void OtherHistory::after(const Step& step) {
  events_of_newest_ = static_cast<std::uint16_t>(step.record.events()->size());
  changes_ = {};
  if (parts_.without.erase(step.record.seq()) == 0)
    domain::apply_record(other_, step.record, changes_);
  else
    begin(step.record.time_ns());
}

Expected<> OtherHistory::finish() {
  if (parts_.message.is_given && parts_.moment.seq.value_or(0) > parts_.state.seq())
    return std::unexpected(Failure{FailureKind::missing,
                                   fmt::format("the journal ends at record {}, before {}",
                                               parts_.state.seq(), *parts_.moment.seq),
                                   "Name a record that it has, or leave --at out for the newest."});
  if (parts_.message.is_given && !is_supposed_)
    if (const auto supposed = suppose(); !supposed) return supposed;
  return ask_calls();
}

Expected<> OtherHistory::suppose() {
  is_supposed_ = true;
  const domain::Seq seq = parts_.state.seq();
  const std::int64_t time_ns =
      std::max(parts_.state.time_ns(), parts_.moment.time_ns.value_or(parts_.state.time_ns()));
  const auto* commands = (*parts_.message).commands();
  if (commands != nullptr && events_of_newest_ + commands->size() > events_max)
    return std::unexpected(Failure{FailureKind::usage,
                                   fmt::format("record {} has no room for so many commands", seq),
                                   "Name the moment of the record before it, or send fewer."});
  const domain::Operator asker = supposer();
  const auto done =
      view::suppose(other_, {*parts_.message, asker, time_ns, {seq, events_of_newest_}});
  if (!done) {
    const schema::ProblemT& first = done.error().front();
    return std::unexpected(Failure{FailureKind::usage,
                                   fmt::format("at record {} command {} is refused: {}", seq,
                                               first.index + 1, printable(first.sentence)),
                                   printable(first.remedy)});
  }
  begin(time_ns);
  return {};
}

Expected<> OtherHistory::ask_calls() {
  for (;;) {
    const auto entry = parts_.calls.front();
    if (!entry) return std::unexpected(entry.error());
    if (*entry == nullptr || (*entry)->call.seq > parts_.state.seq()) return {};
    if (is_wanted((*entry)->tenant)) ask(**entry);
    parts_.calls.pop();
  }
}

bool OtherHistory::is_wanted(const domain::Uuid& id) const {
  std::string_view alias = parts_.options.tenant;
  if (alias.empty() && parts_.message.is_given && (*parts_.message).tenant() != nullptr)
    alias = (*parts_.message).tenant()->string_view();
  if (alias.empty()) return true;
  const domain::Tenant* tenant = parts_.state.tables().find_tenant(id);
  return tenant != nullptr && tenant->alias == alias;
}

void OtherHistory::ask(const calls::Entry& entry) {
  if (!from_ns_ || entry.call.time_ns < *from_ns_) return coverage_.add(entry.call);
  const auto answerer = [&](const domain::State& state) {
    const auto& tables = state.tables();
    return view::Answerer{tables.find_tenant(entry.tenant), tables.find_user(*entry.call.user),
                          &tables.providers()};
  };
  if (flips_.add(entry.call, answerer(parts_.state), answerer(other_))) coverage_.add(entry.call);
}

Expected<schema::FlipPageT> OtherHistory::page() const {
  if (!parts_.without.empty())
    return std::unexpected(
        Failure{FailureKind::missing, fmt::format("there is no record {}", *parts_.without.begin()),
                fmt::format("The journal ends at record {}.", parts_.state.seq())});
  schema::FlipPageT page;
  page.from_ns = from_ns_.value_or(0);
  flips_.fill(page, flips_told_max);
  const auto& tables = parts_.state.tables();
  for (auto& flip : page.flips)
    if (const domain::User* user = tables.find_user(*flip->user)) flip->username = user->username;
  tables.for_each_user([&](const domain::User& user) {
    if (is_wanted(user.tenant)) coverage_.count(user, page.from_ns, page);
  });
  return page;
}

/// A thing that goes wrong within reading ends it.
Expected<schema::FlipPageT> replay_otherwise(const Audit& audit, const WhatIfOptions& options,
                                             OtherHistory::Parts parts, domain::State& state) {
  OtherHistory other(std::move(parts));
  Expected<> so_far;
  DataFolder::Reading reading;
  reading.is_wanted = [&](const schema::Record& record) {
    if (so_far) so_far = other.before(record);
    return so_far.has_value();
  };
  reading.on_step = [&](const Step& step) {
    other.after(step);
    return Rest::fold;
  };
  {
    Progress progress(audit.streams.talk, audit.streams.watched);
    const auto proved = audit.folder.read(state, progress, reading);
    if (!proved) return std::unexpected(proved.error());
  }
  if (so_far) so_far = other.finish();
  if (!so_far) return std::unexpected(so_far.error());
  auto page = other.page();
  if (!page) return page;
  const unsigned percent = text::coverage_percent(*page);
  if (page->denied + page->allowed == 0 && percent < options.coverage_percent_min)
    return std::unexpected(
        Failure{FailureKind::missing,
                fmt::format("no recorded call would be answered otherwise, but they cover {} % of "
                            "the calls, and {} % is demanded",
                            percent, options.coverage_percent_min),
                "Switch on the recording of calls for more users, or demand less."});
  return page;
}

}  // namespace

Expected<int> what_if(const Audit& audit, const WhatIfOptions& options) {
  const auto moment = parse_moment(options.at);
  if (!moment) return std::unexpected(moment.error());
  auto without = read_seqs(options.without);
  if (!without) return std::unexpected(without.error());
  Message message;
  if (const auto read = read_message(options, message); !read) return std::unexpected(read.error());
  if (!message.is_given && without->empty())
    return std::unexpected(Failure{FailureKind::usage, "nothing is supposed",
                                   "Give a file of commands, or records with --without."});
  platform::SystemEntropy entropy;
  const auto keys = open_keys(audit.folder, entropy);
  if (!keys) return std::unexpected(keys.error());
  domain::State state;
  const std::filesystem::path folder =
      options.calls.empty() ? audit.folder.path() / "calls" : std::filesystem::path(options.calls);
  auto calls = RecordedCalls::open(folder, keys->get(), [&](const domain::Uuid& user) {
    return state.tables().find_user(user);
  });
  if (!calls) return std::unexpected(calls.error());
  auto page = replay_otherwise(
      audit, options,
      {audit, options, message, *moment, std::move(*without), std::move(*calls), state}, state);
  if (!page) return std::unexpected(page.error());
  if (audit.format == text::Format::json) {
    audit.streams.out << text::json_text(text::to_json(*page)) << '\n';
  } else {
    text::Listing listing(audit.streams.out, audit.format, text::flip_heads());
    for (const auto& flip : page->flips)
      listing.add(*flip, text::flip_row(*flip, text::time_text_short));
    listing.finish();
  }
  for (const std::string& sentence : text::flip_sentences(*page, text::time_text_short))
    audit.streams.talk << sentence << '\n';
  return page->denied + page->allowed == 0 ? 0 : 1;
}

}  // namespace postern::replay
