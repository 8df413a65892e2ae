#include "tools/cli/status_board.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tools/cli/import_progress.h"
#include "tools/client/client.h"
#include "tools/text/schema_names.h"
#include "tools/text/times.h"

namespace postern::cli {
namespace {

/// How a counter's name ends that should stay 0.
constexpr std::string_view troubles[] = {"refused",     "dropped",   "dropped_in",
                                         "dropped_out", "denied",    "closed",
                                         "malformed",   "strangers", "busy"};

bool tells_trouble(std::string_view name) {
  return std::ranges::any_of(troubles, [&](std::string_view end) { return name.ends_with(end); });
}

/// What goes up and down has no rate.
bool is_level(std::string_view name) { return name.ends_with("_waiting"); }

}  // namespace

std::string checkpoint_text(const std::string& note) {
  const auto checkpoint = client::read_checkpoint(note);
  if (!checkpoint) return "malformed";
  return fmt::format("of {} records, signed {}", checkpoint->size,
                     text::time_text_short(checkpoint->time_ns));
}

/// Healthy is what takes commands.
std::string state_text(const schema::StatusT& status) {
  const std::string state = status.degraded ? "degraded" : "";
  if (status.commands_refused == schema::Code::ok) return state.empty() ? "healthy" : state;
  return fmt::format("{}commands are refused: {}", state.empty() ? "" : state + ", ",
                     text::code_name(status.commands_refused));
}

void StatusBoard::take(const schema::StatusT& status, Clock::time_point at) {
  before_.clear();
  if (status_) {
    seconds_ = std::chrono::duration<double>(at - taken_).count();
    before_["seq"] = status_->seq;
    for (const auto& counter : status_->counters) before_[counter->name] = counter->value;
  }
  status_ = status;
  taken_ = at;
  lost_.clear();
}

void StatusBoard::lose(const std::string& why, std::int64_t now_ns) {
  if (lost_.empty())
    lost_ = fmt::format("not reachable since {}: {}", text::time_text_short(now_ns), why);
}

/// A counter that is less than it was began anew, with the daemon.
std::string StatusBoard::with_rate(const std::string& name, std::uint64_t value) const {
  std::string told = counted(value, "");
  const auto before = before_.find(name);
  if (is_level(name) || before == before_.end() || before->second > value || seconds_ <= 0)
    return told;
  const double rate = static_cast<double>(value - before->second) / seconds_;
  return rate > 0 ? fmt::format("{}  {:.1f}/s", told, rate) : told;
}

std::vector<BoardLine> StatusBoard::heads() const {
  using text::Style;
  std::vector<BoardLine> lines;
  if (!lost_.empty()) lines.push_back({"daemon", lost_, Style::bad});
  if (!status_) return lines;
  const schema::StatusT& status = *status_;
  const std::string state = state_text(status);
  lines.push_back({"state", state, state == "healthy" ? Style::good : Style::bad});
  for (const auto& warning : status.warnings)
    lines.push_back({"warning", warning, Style::doubtful});
  lines.push_back({"version", status.program_version});
  lines.push_back({"seq", with_rate("seq", status.seq)});
  if (status.time_ns != 0)
    lines.push_back({"newest record", text::time_text_short(status.time_ns)});
  if (!status.checkpoint.empty())
    lines.push_back({"checkpoint", checkpoint_text(status.checkpoint)});
  // A service is told the above only.
  if (!status.installation) return lines;
  lines.push_back({"up for", fmt::format("{} s", status.uptime_ms / 1'000)});
  lines.push_back(
      {"tenants, users", counted(status.tenant_count, "") + ", " + counted(status.user_count, "")});
  if (status.disk_free != 0)
    lines.push_back({"disk free", fmt::format("{} MiB", status.disk_free / 1'048'576)});
  return lines;
}

std::vector<BoardLine> StatusBoard::figures() const {
  std::vector<BoardLine> lines;
  if (!status_) return lines;
  for (const auto& counter : status_->counters) {
    const bool trouble = tells_trouble(counter->name);
    if (trouble && counter->value == 0) continue;
    lines.push_back({counter->name, with_rate(counter->name, counter->value),
                     trouble ? text::Style::doubtful : text::Style::plain});
  }
  return lines;
}

}  // namespace postern::cli
