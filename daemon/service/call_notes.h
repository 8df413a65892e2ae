// L1, D1: what the reader notes of each call for the recorder. It never waits: what finds no room
// is dropped and counted.
#pragma once

#include <cstring>

#include "daemon/calls/call_line.h"
#include "daemon/credential/session_token.h"
#include "daemon/domain/authorize.h"
#include "query_generated.h"

namespace postern::service {

using domain::Uuid;

/// One call as it is noted, without what was asked. Valid during the call.
struct NotedCall {
  /// Null: nobody is named, and nothing is noted.
  const domain::User* user = nullptr;
  const schema::Call* call = nullptr;
  /// The operator that asked.
  Uuid service;
  schema::CredentialKind credential = schema::CredentialKind::named;
  /// C8: zero: none was used.
  Uuid key = Uuid();
  /// S1: null: the call is in none.
  const credential::SessionToken* session = nullptr;
  /// The credential was found right.
  bool verified = false;
  std::int64_t time_ns = 0;
  domain::Seq seq = 0;
};

/// An authentication, with the true reason. Null line: nothing is noted.
void note_authentication(calls::CallLine* line, const NotedCall& noted, schema::Code reason);

/// A question that is alone in its call. Null line: nothing is noted.
void note_question(calls::CallLine* line, const NotedCall& noted, const domain::Question& question,
                   const domain::Verdict& verdict);

/// Questions of one call, in the order they are decided. A logged user's are noted one by one,
/// another's together, at most outcomes_max of them. One at a time: it holds a place in the line.
class QuestionNotes {
 public:
  /// Null line: nothing is noted.
  QuestionNotes(calls::CallLine* line, const NotedCall& noted, std::size_t question_count);
  /// Hands over what was noted together.
  ~QuestionNotes();
  QuestionNotes(const QuestionNotes&) = delete;
  QuestionNotes& operator=(const QuestionNotes&) = delete;

  [[gnu::always_inline]] void add(const schema::Question& question,
                                  const domain::Verdict& verdict) {
    if (count_ == room_ || together_ == nullptr) return add_elsewhere(question, verdict);
    put_together(verdict);
  }

 private:
  void add_elsewhere(const schema::Question& question, const domain::Verdict& verdict);
  [[gnu::always_inline]] void put_together(const domain::Verdict& verdict) {
    const calls::Outcome outcome(verdict.grant, verdict.allowed());
    std::memcpy(together_ + count_ * sizeof outcome, &outcome, sizeof outcome);
    ++count_;
  }
  void begin_together();
  void end_together();

  calls::CallLine* line_;
  const NotedCall& noted_;
  bool one_by_one_;
  /// Where the outcomes go; null: there was no room.
  std::byte* together_ = nullptr;
  std::size_t left_;
  std::size_t room_ = 0;
  std::size_t count_ = 0;
  std::size_t lost_ = 0;
};

}  // namespace postern::service
