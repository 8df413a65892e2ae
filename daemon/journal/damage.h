// What is said of a journal that is not as it was written.
#pragma once

#include <cstdint>

#include "daemon/platform/failure.h"

namespace postern::journal {

inline constexpr const char* restore_remedy =
    "restore the newest backup, or put the whole journal folder back from a copy; this refusal "
    "changed nothing in it";

Failure gap(std::uint64_t seq);
/// Records whose tree is not the one that the anchor or a checkpoint has.
Failure not_acknowledged(std::uint64_t first, std::uint64_t last);
/// It ends at `last`, before a record that was acknowledged.
Failure cut_off(std::uint64_t last, std::uint64_t acknowledged);

}  // namespace postern::journal
