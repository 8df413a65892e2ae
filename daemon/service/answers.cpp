#include "daemon/service/answers.h"

#include <utility>

#include "daemon/service/receipts.h"

namespace postern::service {

namespace {

constexpr std::uint32_t no_room_retry_ms = 100;

}  // namespace

void Answers::send(const Asking& asking, flatbuffers::FlatBufferBuilder& builder,
                   schema::AnswerBody kind, flatbuffers::Offset<void> body, std::int64_t time_ns,
                   domain::Seq seq) {
  builder.Finish(schema::CreateAnswer(builder, schema::protocol_version, asking.query->id(),
                                      schema::Code::ok, 0, 0, seq, time_ns, kind, body),
                 schema::answer_identifier);
  send(asking, {builder.GetBufferPointer(), builder.GetSize()});
}

void Answers::send(const Asking& asking, std::span<const std::uint8_t> answer) {
  measure(asking, schema::Code::ok);
  if (asking.waits_for_grid)
    return grid_.keep(asking.came_ns, clock_.monotonic_ns(), asking.peer, answer);
  deliver(asking.peer, answer);
}

void Answers::deliver(const Peer& peer, std::span<const std::uint8_t> answer) {
  if (answer.size() <= small_answer_bytes || has_room(peer, answer.size()))
    return send_(peer, answer);
  const std::uint64_t id = flatbuffers::GetRoot<schema::Answer>(answer.data())->id();
  count(vitals_.busy);
  vitals_.measures.queries.codes.add(schema::Code::busy);
  std::vector<schema::ProblemT> problems;
  problems.push_back(make_problem(schema::Code::busy, ""));
  send_refusal(peer, id, std::move(problems), no_room_retry_ms);
}

void Answers::measure(const Asking& asking, schema::Code code) {
  const auto kind = asking.by_name.questions != nullptr ? schema::QueryBody::Check
                    : asking.query->body() == nullptr   ? schema::QueryBody::NONE
                                                        : asking.query->body_type();
  const std::int64_t taken_before_ns = clock_.monotonic_ns() - asking.taken_ns;
  if (code != schema::Code::ok || taken_before_ns > 0)
    return vitals_.measures.queries.add(kind, code, taken_before_ns + clock_.turn_ns());
  count_at_once(kind);
}

void Answers::end_turn() {
  if (all_at_once_ == 0) return;
  const std::int64_t each_ns = clock_.turn_ns() / all_at_once_;
  for (std::size_t kind = 0; kind < kinds; ++kind)
    vitals_.measures.queries.answered[kind].add(each_ns, answered_at_once_[kind]);
  answered_at_once_ = {};
  all_at_once_ = 0;
}

void Answers::send_due() {
  if (grid_.empty()) return;
  grid_.send_due(clock_.monotonic_ns(),
                 [&](const Peer& peer, auto answer) { deliver(peer, answer); });
}

void Answers::send_refusal(const Peer& peer, std::uint64_t id,
                           std::vector<schema::ProblemT> problems, std::uint32_t retry_after_ms) {
  builder_.Clear();
  const schema::Code code = problems.front().code;
  const auto packed = builder_.CreateVector(pack_problems(builder_, std::move(problems)));
  builder_.Finish(schema::CreateAnswer(builder_, schema::protocol_version, id, code, packed,
                                       retry_after_ms, seq_, clock_.now_ns()),
                  schema::answer_identifier);
  send_(peer, {builder_.GetBufferPointer(), builder_.GetSize()});
}

void Answers::refuse(const Peer& peer, std::uint64_t id, schema::ProblemT problem) {
  vitals_.measures.queries.codes.add(problem.code);
  std::vector<schema::ProblemT> problems;
  problems.push_back(std::move(problem));
  send_refusal(peer, id, std::move(problems), 0);
}

void Answers::refuse(const Asking& asking, std::vector<schema::ProblemT> problems,
                     std::uint32_t retry_after_ms) {
  measure(asking, problems.front().code);
  send_refusal(asking.peer, asking.query->id(), std::move(problems), retry_after_ms);
}

void Answers::refuse(const Asking& asking, schema::Code code, std::string_view field,
                     std::string_view detail) {
  std::vector<schema::ProblemT> problems;
  problems.push_back(make_problem(code, field, detail));
  refuse(asking, std::move(problems));
}

void Answers::refuse_busy(const Asking& asking, std::uint32_t retry_after_ms) {
  count(vitals_.busy);
  std::vector<schema::ProblemT> problems;
  problems.push_back(make_problem(schema::Code::busy, ""));
  refuse(asking, std::move(problems), retry_after_ms);
}

}  // namespace postern::service
