// D1: a summary of use on its way from the recorder into the journal and back.
#pragma once

#include "command_generated.h"
#include "daemon/domain/state.h"
#include "daemon/service/letters.h"

namespace postern::service {

/// The message that records the summary. Parts about users whose last record is under a day old,
/// or who are not there, are left out and told when they may come again. Without commands: there
/// is nothing to record.
schema::CommandMessageT use_message(UseLetter& letter, const domain::State& state,
                                    std::int64_t now_ns);

/// Nothing can be recorded now: every part is to come again.
void put_off(UseLetter& letter, std::int64_t now_ns);

}  // namespace postern::service
