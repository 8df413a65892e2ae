#include "replay/asking.h"

#include <fmt/format.h>

#include "daemon/view/answers.h"
#include "replay/talk.h"
#include "schema/identifiers.h"
#include "tools/text/json.h"
#include "tools/text/schema_names.h"
#include "tools/text/times.h"

namespace postern::replay {

namespace {

using schema::Code;

bool is_nothing_known(Code code) {
  return code == Code::tenant_unknown || code == Code::user_unknown || code == Code::role_unknown;
}

}  // namespace

void add_moment_option(arguments::Options& options, std::string& at) {
  options
      .add("--at", &at,
           "As of this record, or of this time (RFC 3339); the newest record if left out")
      .type_name("TIME|SEQ");
}

void add_asked_of(arguments::Options& options, AskedOf& asked) {
  options.add("--tenant", &asked.tenant, "The tenant, by its alias").required();
  add_moment_option(options, asked.at);
}

void add_call_options(arguments::Options& options, schema::CallT& call, bool& interactive) {
  options.add("--address", &call.address, "The caller's IPv4 or IPv6 address");
  options.add("--tls", &call.tls, "The call came over TLS");
  options.add("--client", &call.client, "Label of the calling system");
  options.add("--interactive", &interactive, "The caller wants a screen");
}

Expected<Asking> Asking::begin(const Audit& audit, const AskedOf& asked,
                               const std::string& username) {
  const auto moment = parse_moment(asked.at);
  if (!moment) return std::unexpected(moment.error());
  Asking asking;
  asking.audit_ = &audit;
  asking.owners_ = std::make_unique<NameOwners>(asked.tenant, username);
  NameOwners& owners = *asking.owners_;
  PastReading reading;
  reading.takes_extract = true;
  if (!username.empty()) {
    reading.on_step = [&](const Step& step) { owners.note(step); };
    reading.on_later = [&](const schema::Record& record) { owners.note_later(record); };
  }
  auto past = Past::read(audit, *moment, reading);
  if (!past) return std::unexpected(past.error());
  asking.past_ = std::move(*past);
  if (const auto held = asking.confirm_held(asked.tenant); !held)
    return std::unexpected(held.error());
  if (asking.past_->time_ns() > asking.past_->state().time_ns() && asking.past_->is_newest())
    say(audit.streams.talk,
        fmt::format("the records end at {}; what may have happened after it is not among them.",
                    text::time_text_short(asking.past_->state().time_ns())));
  return asking;
}

Expected<> Asking::confirm_held(const std::string& alias) const {
  if (!past_->tenant()) return {};
  const domain::Tenant* held = past_->state().tables().find_tenant(*past_->tenant());
  if (held == nullptr)
    return std::unexpected(
        Failure{FailureKind::missing,
                fmt::format("as of record {}, {} there was no such tenant as the extract tells of",
                            past_->seq(), text::time_text(past_->time_ns())),
                "Name a later moment."});
  if (held->alias == alias) return {};
  return std::unexpected(Failure{
      FailureKind::missing,
      fmt::format("the extract tells of the tenant {} alone, {}", printable(held->alias),
                  alias.empty() ? "not of all tenants" : "and says nothing of " + printable(alias)),
      "Ask about its tenant, or ask the whole journal, or a bundle of it."});
}

Expected<schema::HistoryPageBodyUnion> Asking::ask(schema::HistoryBodyUnion question) const {
  schema::HistoryRequestT request;
  request.body = std::move(question);
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateHistoryRequest(builder, &request),
                 schema::history_request_identifier);
  auto answer = view::answer(
      past_->inquiry(), *flatbuffers::GetRoot<schema::HistoryRequest>(builder.GetBufferPointer()));
  if (!answer) return std::unexpected(failure_of(answer.error()));
  owners_->tell_once(audit_->streams.talk);
  return *std::move(answer);
}

Failure Asking::failure_of(const schema::ProblemT& problem) const {
  std::string sentence = fmt::format("as of record {}, {}: {}", past_->seq(),
                                     text::time_text_short(past_->time_ns()), problem.sentence);
  if (problem.code == Code::user_unknown && !owners_->owners().empty())
    sentence += " The name is that of " + text::owners_text(owners_->owners()) + ".";
  const bool unknown = is_nothing_known(problem.code);
  return {unknown ? FailureKind::missing : FailureKind::usage, std::move(sentence),
          unknown ? "Name one that there was at the moment, or another moment: see 'show'."
                  : text::sentence_of(problem.remedy)};
}

void Asking::write_moment() const {
  if (is_table())
    audit_->streams.out << fmt::format("as of record {}, {}\n", past_->seq(),
                                       text::time_text_short(past_->time_ns()));
}

void Asking::print(boost::json::object object) const {
  text::add_moment(object, moment());
  audit_->streams.out << text::json_text(object) << '\n';
}

}  // namespace postern::replay
