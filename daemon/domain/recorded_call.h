// Recorded calls (L1) asked again of a state: for guards (H11), previews (H4) and what-if (H3).
#pragma once

#include <optional>
#include <string>

#include "daemon/domain/authorize.h"
#include "daemon/domain/state.h"
#include "history_generated.h"

namespace postern::domain {

/// What of a recorded call an answer rests on.
struct RecordedCall {
  Uuid user;
  std::int64_t time_ns = 0;
  /// Empty: an authentication.
  std::string action = {};
  std::string resource = {};
  bool this_level_only = false;
  /// C8: zero: none was used.
  Uuid key = Uuid();
  bool by_password = false;
  /// S1.
  bool by_token = false;
  /// A10: the state it was answered by.
  Seq seq = 0;
  /// Absent: it told none, or was erased.
  std::optional<Address> address = {};
  bool tls = false;
  bool interactive = false;
};

RecordedCall recorded_call_of(const schema::CallViewT& call);

/// What of a state answers a user's calls; null: it has no such entry. Looked at while it is asked
/// alone.
struct Answerer {
  const Tenant* tenant = nullptr;
  const User* user = nullptr;
  const Providers* providers = nullptr;
};

struct AnswerAgain {
  /// `ok`, or the first reason against it.
  schema::Code reason = schema::Code::ok;
  /// As `Verdict::work`.
  std::size_t work = 1;
};

/// The answer to a call, as far as it rests on what lies in the state. Of a credential it asks
/// whether the user still has it.
AnswerAgain ask_again(const Answerer& state, const RecordedCall& call, std::int64_t now_ns);

}  // namespace postern::domain
