// What the daemon itself records, on its way through the writer.
#include <algorithm>
#include <utility>

#include "daemon/service/writer.h"

namespace postern::service {

namespace {

using schema::Code;

}  // namespace

void Writer::take_attempt(std::unique_ptr<Attempt> attempt) {
  record_own(attempt_task(new_id(), *attempt, state_));
}

/// D1: what is not recorded now goes home to count on.
void Writer::take_use(std::unique_ptr<UseLetter> letter) {
  if (gate_.cannot_now() != Code::ok)
    put_off(*letter, now_ns());
  else if (auto own = use_task(new_id(), *letter, state_, now_ns()))
    record_own(std::move(*own));
  parts_.mail.recorder_returned.post(std::move(letter));
}

void Writer::record_due_refusals() {
  if (gate_.cannot_now() != Code::ok) return;
  for (const RefusalCounts::Due& due : refusals_.take_due(parts_.clock.monotonic_ns()))
    record_own(refusals_task(new_id(), due));
}

void Writer::record_own(OwnTask own) {
  const Code code = decide_own(own);
  if (own.ticket) groups_.add(AttemptOutcome{*own.ticket, code});
  groups_.add(std::move(own));
}

/// `ok`, or why it was not recorded.
Code Writer::decide_own(const OwnTask& own) {
  if (const Code now = gate_.cannot_now(); now != Code::ok) return now;
  const domain::Context context = own.message.context(state_, parts_.clock.now_ns());
  domain::Draft draft = domain::decide_message(state_, context, own.materials);
  turns_.spend(draft.work);
  if (!draft.is_fact()) return draft.problems.empty() ? Code::ok : draft.problems.front().code;
  domain::StoredRecord bytes = domain::seal_record(draft, state_, context);
  if (!draft.changes.operators.empty()) forget_asker();
  groups_.add(std::move(bytes), draft.changes, state_);
  return Code::ok;
}

}  // namespace postern::service
