// Where diagnostics go: lines on standard error, as text or JSON, no more of one event than a few a
// minute.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/config.h"
#include "daemon/platform/clock.h"
#include "daemon/service/diagnostics.h"

namespace postern::running {

/// Any thread. Lines above the level are neither said nor counted as held back.
class DiagnosticLog {
 public:
  struct Form {
    /// The lowest that is said.
    service::Level level = service::Level::info;
    bool is_json = false;
    /// The journal of systemd reads it: it has times of its own, and takes a priority before each.
    bool has_priorities = false;
  };

  static constexpr std::uint32_t lines_a_minute = 5;

  /// `write` takes one line without its end, by one thread at a time. Both outlive it.
  DiagnosticLog(const platform::Clock& clock, std::function<void(std::string_view)> write)
      : clock_(clock), write_(std::move(write)) {}

  void set_form(Form form);
  void say(const service::Diagnostic& told);
  /// Says of how many lines the minute is over that were held back; to be called now and then.
  void say_held_back() { say_held_back(false); }
  /// At the end: without waiting for the minute.
  void say_all_held_back() { say_held_back(true); }

  /// Since the start.
  std::uint64_t held_back() const { return held_back_.load(std::memory_order_relaxed); }
  /// Lines of this event that were said or held back, since the start.
  std::uint64_t count(service::Line line) const;

 private:
  static constexpr std::size_t lines_max = std::size(service::line_forms);
  struct Minute {
    std::int64_t began_ns = 0;
    std::uint32_t said = 0;
    std::uint64_t held_back = 0;
  };

  std::optional<std::uint64_t> pass(service::Line line);
  void say_held_back(bool all);
  void write(const service::Diagnostic& told);
  std::string line_of(const service::Diagnostic& told) const;

  const platform::Clock& clock_;
  std::function<void(std::string_view)> write_;
  std::atomic<std::uint64_t> held_back_{0};
  std::array<std::atomic<std::uint64_t>, lines_max> counts_{};
  std::atomic<service::Level> level_{service::Level::info};
  /// Guards what follows.
  std::mutex mutex_;
  Form form_;
  std::array<Minute, lines_max> minutes_;
};

/// A line on standard error.
void write_to_standard_error(std::string_view line);
/// What systemd says of where standard error leads (JOURNAL_STREAM).
bool is_read_by_systemd();

/// As the settings want it, and whoever reads it.
DiagnosticLog::Form log_form(const Config& config);

}  // namespace postern::running
