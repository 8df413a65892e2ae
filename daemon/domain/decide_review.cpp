// H8: that a person has gone through a report is a fact like any other.
#include <string>

#include "codes.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;

namespace {

constexpr std::size_t digest_bytes = 32;
constexpr std::size_t sentence_bytes_max = 1'024;

void check_sentence(const Case& asked, std::string_view sentence) {
  if (sentence.empty())
    asked.refuse(Code::field_missing, "sentence", "A review says what was found.");
  else if (sentence.size() > sentence_bytes_max)
    asked.refuse(Code::too_large, "sentence",
                 "The limit is 1024 bytes, found " + std::to_string(sentence.size()) + ".");
  else if (!is_text(sentence))
    asked.refuse(Code::field_malformed, "sentence", "It must be UTF-8 without control characters.");
}

}  // namespace

void record_review(const Case& asked) {
  const auto& body = *asked.command.body_as_RecordReview();
  if (require_tenant(asked) == nullptr) return;
  if (body.report_seq() == 0)
    asked.refuse(Code::field_missing, "report_seq", "A report stands at a record.");
  else if (body.report_seq() > asked.state.seq())
    asked.refuse(Code::seq_beyond_journal, "report_seq",
                 "The newest record is " + std::to_string(asked.state.seq()) + ".");
  const auto* digest = body.report_sha256();
  if (digest == nullptr)
    asked.refuse(Code::field_missing, "report_sha256");
  else if (digest->size() != digest_bytes)
    asked.refuse(Code::field_malformed, "report_sha256",
                 "It must have 32 bytes, found " + std::to_string(digest->size()) + ".");
  check_sentence(asked, view_of(body.sentence()));
  if (!asked.decision.refusals.empty()) return;
  schema::ReviewRecordedT recorded;
  recorded.report_seq = body.report_seq();
  recorded.report_sha256.assign(digest->begin(), digest->end());
  recorded.sentence = view_of(body.sentence());
  asked.cause(recorded);
}

}  // namespace postern::domain
