#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "daemon/calls/call_stream.h"
#include "daemon/platform/files.h"
#include "daemon/view/other_history.h"
#include "replay/list.h"
#include "replay/past.h"
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

/// The one whose calls are asked; empty: all.
std::string tenant_of(const WhatIfOptions& options, const Message& message) {
  if (!options.tenant.empty() || !message.is_given || (*message).tenant() == nullptr)
    return options.tenant;
  return (*message).tenant()->str();
}

Failure failure_of(const schema::ProblemT& problem) {
  return {FailureKind::usage, printable(problem.sentence), printable(problem.remedy)};
}

/// The journal with its recorded calls, read once and told to the other history.
class Telling {
 public:
  struct Parts {
    Moment moment;
    calls::CallStream calls;
    const domain::State& state;
  };

  Telling(Parts parts, view::OtherHistory other)
      : parts_(std::move(parts)), other_(std::move(other)) {}

  /// Before a record is folded: what was before it is done.
  Expected<> before(const schema::Record& record);
  /// A record that was folded.
  void after(const Step& step) { other_.add(step.record); }
  /// Behind the newest record.
  Expected<> finish();
  Expected<schema::FlipPageT> page() const;

 private:
  Expected<> suppose();
  Expected<> ask_calls();

  Parts parts_;
  view::OtherHistory other_;
};

Expected<> Telling::before(const schema::Record& record) {
  const bool is_due = other_.is_due() && !parts_.moment.holds(record);
  if (is_due && record.seq() == 1)
    return std::unexpected(Failure{FailureKind::missing,
                                   fmt::format("the journal begins at {}, after the moment",
                                               text::time_text_short(record.time_ns())),
                                   "Name a later time with --at."});
  if (is_due)
    if (const auto supposed = suppose(); !supposed) return supposed;
  return ask_calls();
}

Expected<> Telling::finish() {
  if (other_.is_due() && parts_.moment.seq.value_or(0) > parts_.state.seq())
    return std::unexpected(Failure{FailureKind::missing,
                                   fmt::format("the journal ends at record {}, before {}",
                                               parts_.state.seq(), *parts_.moment.seq),
                                   "Name a record that it has, or leave --at out for the newest."});
  if (other_.is_due())
    if (const auto supposed = suppose(); !supposed) return supposed;
  return ask_calls();
}

Expected<> Telling::suppose() {
  const auto done = other_.suppose(parts_.moment.time_ns.value_or(0));
  if (!done) return std::unexpected(failure_of(done.error()));
  return {};
}

Expected<> Telling::ask_calls() {
  for (;;) {
    while (parts_.calls.has_to_read())
      if (const auto read = parts_.calls.read_on(); !read) return std::unexpected(read.error());
    const calls::Entry* entry = parts_.calls.front();
    if (entry == nullptr || entry->call.seq > parts_.state.seq()) return {};
    other_.ask(entry->tenant, parts_.calls.opened_front().call);
    parts_.calls.pop();
  }
}

Expected<schema::FlipPageT> Telling::page() const {
  if (!other_.missing().empty())
    return std::unexpected(Failure{
        FailureKind::missing, fmt::format("there is no record {}", *other_.missing().begin()),
        fmt::format("The journal ends at record {}.", parts_.state.seq())});
  return other_.page(flips_told_max);
}

/// A thing that goes wrong within reading ends it.
Expected<schema::FlipPageT> replay_otherwise(const Audit& audit, const WhatIfOptions& options,
                                             Telling& telling, domain::State& state) {
  Expected<> so_far;
  DataFolder::Reading reading;
  reading.is_wanted = [&](const schema::Record& record) {
    if (so_far) so_far = telling.before(record);
    return so_far.has_value();
  };
  reading.on_step = [&](const Step& step) {
    telling.after(step);
    return Rest::fold;
  };
  {
    Progress progress(audit.streams.talk, audit.streams.watched);
    const auto proved = audit.folder.read(state, progress, reading);
    if (!proved) return std::unexpected(proved.error());
  }
  if (so_far) so_far = telling.finish();
  if (!so_far) return std::unexpected(so_far.error());
  auto page = telling.page();
  if (!page) return page;
  if (auto fault = text::coverage_fault(*page, options.coverage_percent_min); !fault.empty())
    return std::unexpected(Failure{FailureKind::missing, std::move(fault), text::coverage_remedy});
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
  auto calls = calls::CallStream::open(folder, keys->get(), [&](const domain::Uuid& user) {
    return state.tables().find_user(user);
  });
  if (!calls) return std::unexpected(calls.error());
  view::OtherHistory::Wanted wanted{.message = message.is_given ? &*message : nullptr,
                                    .supposer = view::supposer(nullptr),
                                    .without = std::move(*without),
                                    .tenant = tenant_of(options, message)};
  Telling telling({*moment, std::move(*calls), state}, {state, std::move(wanted)});
  auto page = replay_otherwise(audit, options, telling, state);
  if (!page) return std::unexpected(page.error());
  if (audit.format == text::Format::json) {
    audit.streams.out << text::json_text(text::to_json(*page)) << '\n';
  } else {
    ShownList listing(audit, text::flip_columns());
    for (const auto& flip : page->flips)
      listing.add(*flip, text::flip_row(*flip, text::time_text_short));
    listing.finish();
  }
  for (const std::string& sentence : text::flip_sentences(*page, text::time_text_short))
    text::write_sentence(audit.streams.talk, sentence);
  return page->denied + page->allowed == 0 ? 0 : 1;
}

}  // namespace postern::replay
