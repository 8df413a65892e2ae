#include "daemon/service/pages.h"

#include "history_marks.h"
#include "schema/cleared_text.h"
#include "schema/identifiers.h"

namespace postern::service {

Message page_of(const PageHead& head, schema::HistoryPageBodyUnion body, NameOwners name_owners) {
  schema::HistoryPageT page;
  page.version = schema::protocol_version;
  page.id = head.id;
  page.seq = head.seq;
  page.time_ns = head.time_ns;
  page.body = std::move(body);
  page.at_seq = head.moment.seq;
  page.at_time_ns = head.moment.time_ns;
  page.name_owners = std::move(name_owners);
  flatbuffers::FlatBufferBuilder builder(4'096);
  builder.Finish(schema::CreateHistoryPage(builder, &page), schema::history_page_identifier);
  const auto& packed = *flatbuffers::GetRoot<schema::HistoryPage>(builder.GetBufferPointer());
  if (const auto* plan = packed.body_as_UndoPlan()) schema::empty_cleared_texts(*plan);
  return builder.Release();
}

Message refusal_page(const PageHead& head, schema::ProblemT problem, std::uint32_t retry_after_ms) {
  flatbuffers::FlatBufferBuilder builder(512);
  const schema::Code code = problem.code;
  std::vector<schema::ProblemT> problems;
  problems.push_back(std::move(problem));
  const auto packed = builder.CreateVector(pack_problems(builder, std::move(problems)));
  builder.Finish(schema::CreateHistoryPage(builder, schema::protocol_version, head.id, code, packed,
                                           retry_after_ms, head.seq, head.time_ns),
                 schema::history_page_identifier);
  return builder.Release();
}

}  // namespace postern::service
