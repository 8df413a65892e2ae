#include "tools/cli/import_progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/cli/session.h"

namespace postern::cli {

std::string counted(std::uint64_t count, std::string_view thing) {
  std::string digits = std::to_string(count);
  for (std::size_t place = digits.size(); place > 3;) digits.insert(place -= 3, ",");
  const bool is_one = count == 1 || thing.empty();
  const bool with_es = thing.ends_with("ch");
  return fmt::format("{}{}{}{}", digits, thing.empty() ? "" : " ", thing,
                     is_one    ? ""
                     : with_es ? "es"
                               : "s");
}

ImportProgress::~ImportProgress() {
  if (shown_) session_.talk() << "\r\x1b[K" << std::flush;
}

void ImportProgress::tell(std::uint64_t count) {
  const auto now = Clock::now();
  if (!session_.talks_to_a_person() || now - told_ < std::chrono::milliseconds(300)) return;
  told_ = now;
  shown_ = true;
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  const auto made = static_cast<double>(count - std::min(count, before_));
  const double rate = made / std::max(seconds, 0.001);
  std::string line = fmt::format("{} {}, {:.0f} a second", verb_, counted(count, "user"), rate);
  if (of_ > count && rate > 0)
    line += fmt::format(", of {}: {:.0f} s left", counted(of_, ""),
                        static_cast<double>(of_ - count) / rate);
  session_.talk() << '\r' << line << "\x1b[K" << std::flush;
}

}  // namespace postern::cli
