#include "daemon/service/answers.h"

#include <utility>

#include "daemon/service/receipts.h"

namespace postern::service {

namespace {

constexpr std::uint32_t no_room_retry_ms = 100;

}  // namespace

void Answers::send(const Asking& asking, flatbuffers::FlatBufferBuilder& builder,
                   schema::AnswerBody kind, flatbuffers::Offset<void> body, std::int64_t time_ns,
                   domain::Seq seq, flatbuffers::Offset<schema::SignedReceipt> receipt) {
  builder.Finish(schema::CreateAnswer(builder, schema::protocol_version, asking.query->id(),
                                      schema::Code::ok, 0, 0, seq, time_ns, kind, body, receipt),
                 schema::answer_identifier);
  const std::span<const std::uint8_t> bytes(builder.GetBufferPointer(), builder.GetSize());
  if (asking.waits_for_grid)
    return grid_.keep(asking.came_ns, clock_.monotonic_ns(), asking.peer, bytes);
  deliver(asking.peer, bytes);
}

void Answers::deliver(const Peer& peer, std::span<const std::uint8_t> answer) {
  if (has_room(peer, answer.size())) return send_(peer, answer);
  const std::uint64_t id = flatbuffers::GetRoot<schema::Answer>(answer.data())->id();
  refuse_busy(peer, id, no_room_retry_ms);
}

void Answers::send_due() {
  if (grid_.empty()) return;
  grid_.send_due(clock_.monotonic_ns(),
                 [&](const Peer& peer, auto answer) { deliver(peer, answer); });
}

void Answers::refuse(const Peer& peer, std::uint64_t id, std::vector<schema::ProblemT> problems,
                     std::uint32_t retry_after_ms) {
  builder_.Clear();
  const schema::Code code = problems.front().code;
  const auto packed = builder_.CreateVector(pack_problems(builder_, std::move(problems)));
  builder_.Finish(schema::CreateAnswer(builder_, schema::protocol_version, id, code, packed,
                                       retry_after_ms, seq_, clock_.now_ns()),
                  schema::answer_identifier);
  send_(peer, {builder_.GetBufferPointer(), builder_.GetSize()});
}

void Answers::refuse(const Peer& peer, std::uint64_t id, schema::ProblemT problem) {
  std::vector<schema::ProblemT> problems;
  problems.push_back(std::move(problem));
  refuse(peer, id, std::move(problems));
}

void Answers::refuse(const Asking& asking, schema::Code code, std::string_view field,
                     std::string_view detail) {
  refuse(asking.peer, asking.query->id(), make_problem(code, field, detail));
}

void Answers::refuse_busy(const Peer& peer, std::uint64_t id, std::uint32_t retry_after_ms) {
  count(vitals_.busy);
  std::vector<schema::ProblemT> problems;
  problems.push_back(make_problem(schema::Code::busy, ""));
  refuse(peer, id, std::move(problems), retry_after_ms);
}

}  // namespace postern::service
