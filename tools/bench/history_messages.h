// Questions to the history socket about a LongHistory, and what the answers to them say.
// Thread: any. Failure: Trouble, naming what is wrong with an answer.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/bench/long_history.h"
#include "tools/bench/wire.h"

namespace postern::bench {

/// Whether a user could do something at a moment, and by which records (H1).
struct AsOfQuestion {
  std::size_t user = 0;
  std::uint64_t seq = 0;
  ExpectedAnswer asked = {};
  /// The newest record by then that switched it off; 0: it is on.
  std::uint64_t switched_off_seq = 0;
};

struct AsOfQuestions {
  Reel reel;
  std::vector<AsOfQuestion> asked;
};

/// Of any users that are switched, at any moments. `switches`: as LongHistory tells them.
AsOfQuestions make_as_of_questions(const LongHistory& history,
                                   const std::vector<std::vector<LongHistory::Seq>>& switches,
                                   std::size_t count, std::uint64_t seed);
/// Each answer is of its moment, says what was so, and names the records behind it.
void check_as_of(const LongHistory& history, const AsOfQuestions& questions, const Run& run);

/// H2: what differs in the tenant between the snapshot and the end.
Reel make_difference_request(const LongHistory& history);
/// How many lines it has; 0: the past that it needs is not made yet.
std::size_t check_difference(const LongHistory& history, const Run& run);

}  // namespace postern::bench
