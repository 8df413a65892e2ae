#include "replay/progress.h"

#include <fmt/format.h>

namespace postern::replay {

namespace {

constexpr std::uint64_t interval = 100'000;
constexpr const char* to_the_start_of_an_empty_line = "\r\033[K";

}  // namespace

Progress::~Progress() {
  if (told_) talk_ << to_the_start_of_an_empty_line << std::flush;
}

void Progress::at(std::uint64_t seq, std::uint64_t last) {
  if (!watched_ || seq % interval != 0) return;
  told_ = true;
  talk_ << to_the_start_of_an_empty_line
        << (last < seq ? fmt::format("read {} records", seq)
                       : fmt::format("read {} of {} records", seq, last))
        << std::flush;
}

}  // namespace postern::replay
