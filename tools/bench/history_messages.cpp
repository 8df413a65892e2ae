#include "tools/bench/history_messages.h"

#include <string>

#include "history_generated.h"
#include "schema/identifiers.h"
#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

using schema::Code;

constexpr std::size_t difference_lines = 100;

std::string packed(const schema::HistoryRequestT& request) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateHistoryRequest(builder, &request),
                 schema::history_request_identifier);
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

const schema::HistoryPage& open_page(std::string_view bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), 16, 100'000);
  if (bytes.size() < 8 ||
      !verifier.VerifyBuffer<schema::HistoryPage>(schema::history_page_identifier))
    wrong_answer("it is no page of history");
  return *flatbuffers::GetRoot<schema::HistoryPage>(data);
}

void require_ok(const schema::HistoryPage& page, const char* what) {
  if (page.code() != Code::ok)
    wrong_answer(std::string(what) + " ended " + schema::EnumNameCode(page.code()));
}

std::string as_of_message(std::uint64_t id, const AsOfQuestion& asked) {
  schema::ExplainT body;
  body.tenant = tenant_of(asked.user);
  body.username = username_of(asked.user);
  body.question = std::make_unique<schema::QuestionT>();
  body.question->action = action_text(asked.asked.right.action);
  body.question->resource = resource_text(asked.asked.right.resource);
  schema::HistoryRequestT request;
  request.id = id;
  request.at_seq = asked.seq;
  request.body.Set(std::move(body));
  return packed(request);
}

Code code_of(const AsOfQuestion& asked) {
  if (asked.switched_off_seq != 0) return Code::api_access_not_allowed;
  switch (asked.asked.verdict) {
    case Verdict::allowed:
      return Code::ok;
    case Verdict::denied_by_grant:
      return Code::denied_by_grant;
    case Verdict::no_matching_grant:
      return Code::no_matching_grant;
  }
  fail(exit_codes::wrong_answer, "an impossible verdict");
}

void check_explanation(const LongHistory& history, const AsOfQuestion& asked,
                       const schema::Explanation& told) {
  const Code expected = code_of(asked);
  const bool is_allowed = told.stops() == nullptr || told.stops()->size() == 0;
  const Code found = is_allowed ? Code::ok : told.stops()->Get(0)->code();
  if (told.allowed() != is_allowed || found != expected)
    wrong_answer(std::string("as of a moment ") + schema::EnumNameCode(found) + " instead of " +
                 schema::EnumNameCode(expected));
  const schema::Cause* cause = nullptr;
  if (!is_allowed)
    cause = told.stops()->Get(0)->caused_by();
  else if (told.grant() != nullptr)
    cause = told.grant()->added();
  const std::uint64_t by =
      asked.switched_off_seq != 0 ? asked.switched_off_seq : history.record_of_user(asked.user);
  const bool has_cause = expected != Code::no_matching_grant;
  if (has_cause && (cause == nullptr || cause->seq() != by || cause->operator_name() == nullptr))
    wrong_answer("as of a moment another record is told than the one that made it so");
}

}  // namespace

AsOfQuestions make_as_of_questions(const LongHistory& history,
                                   const std::vector<std::vector<LongHistory::Seq>>& switches,
                                   std::size_t count, std::uint64_t seed) {
  AsOfQuestions made;
  Numbers numbers(seed);
  const std::size_t first = history.first_changed_user();
  for (std::size_t id = 0; id < count; ++id) {
    AsOfQuestion asked;
    asked.user = first + numbers.below(history.users() - first);
    asked.seq =
        history.first_change() + numbers.below(history.records() - history.first_change() + 1);
    asked.asked = draw_question(grants_of(asked.user), numbers);
    const auto& own = switches[asked.user];
    const auto later = std::ranges::upper_bound(own, asked.seq);
    if ((later - own.begin()) % 2 == 1) asked.switched_off_seq = *std::prev(later);
    made.reel.messages.push_back(as_of_message(id, asked));
    made.asked.push_back(asked);
  }
  return made;
}

void check_as_of(const LongHistory& history, const AsOfQuestions& questions, const Run& run) {
  for (std::size_t place = 0; place < run.answers.size(); ++place) {
    const auto& page = open_page(run.answers[place]);
    if (page.id() != run.asked[place]) wrong_answer("it is to another question");
    require_ok(page, "a question to the past");
    const AsOfQuestion& asked = questions.asked[page.id()];
    if (page.at_seq() != asked.seq) wrong_answer("it is of another moment");
    if (page.body_as_Explanation() == nullptr) wrong_answer("it is no explanation");
    check_explanation(history, asked, *page.body_as_Explanation());
  }
}

Reel make_difference_request(const LongHistory& history) {
  schema::GetDifferenceT body;
  body.tenant = tenant_of(0);
  body.from_seq = history.snapshot_seq();
  body.count_max = difference_lines;
  schema::HistoryRequestT request;
  request.body.Set(std::move(body));
  Reel reel;
  reel.messages.push_back(packed(request));
  return reel;
}

std::size_t check_difference(const LongHistory& history, const Run& run) {
  std::size_t lines = 0;
  for (std::size_t place = 0; place < run.answers.size(); ++place) {
    const auto& page = open_page(run.answers[place]);
    if (page.code() == Code::busy) continue;
    require_ok(page, "a difference");
    const auto* differing = page.body_as_DifferencePage();
    if (differing == nullptr || differing->from_seq() != history.snapshot_seq() ||
        differing->lines() == nullptr)
      wrong_answer("it is no difference between the moments that were named");
    lines = differing->line_count();
  }
  return lines;
}

}  // namespace postern::bench
