#include "daemon/running/diagnostic_log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "daemon/domain/time_text.h"

namespace postern::running {

namespace {

using service::Diagnostic;
using service::Level;
using service::Line;

constexpr std::int64_t minute_ns = 60'000'000'000;

/// As syslog numbers them.
char priority_of(Level level) {
  switch (level) {
    case Level::error:
      return '3';
    case Level::warning:
      return '4';
    case Level::info:
      return '6';
    case Level::debug:
      return '7';
  }
  return '6';
}

/// RFC 3339 in UTC, to the millisecond.
std::string stamp(std::int64_t now_ns) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  const std::int64_t below_ms = now_ns % second_ns / platform::millisecond_ns;
  std::string text = domain::time_text(now_ns - now_ns % second_ns);
  const std::string digits = std::to_string(below_ms);
  text.back() = '.';
  return text + std::string(3 - digits.size(), '0') + digits + "Z";
}

/// Lines are made of printable characters alone.
std::string json_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') quoted += '\\';
    quoted += character;
  }
  return quoted + '"';
}

std::string json_of(const Diagnostic& told, std::int64_t now_ns) {
  std::string json = "{\"time\":" + json_text(stamp(now_ns));
  json += ",\"level\":" + json_text(name_of(told.form().level));
  json += ",\"event\":" + json_text(told.form().name);
  json += ",\"sentence\":" + json_text(told.sentence());
  if (const std::string remedy = told.remedy(); !remedy.empty())
    json += ",\"remedy\":" + json_text(remedy);
  for (std::size_t place = 0; place < told.values().size(); ++place) {
    const service::Value& value = told.values()[place];
    json += "," + json_text(told.name_of_value(place)) + ":";
    json += value.is_number() ? value.text() : json_text(value.text());
  }
  return json + "}";
}

std::string text_of(const Diagnostic& told) {
  std::string text = std::string(told.form().name) + ": " + told.sentence();
  if (const std::string remedy = told.remedy(); !remedy.empty()) text += ". " + remedy;
  return text;
}

}  // namespace

void DiagnosticLog::set_form(Form form) {
  const std::lock_guard lock(mutex_);
  level_ = form.level;
  form_ = form;
}

void DiagnosticLog::say(const Diagnostic& told) {
  if (told.form().level > level_.load(std::memory_order_relaxed)) return;
  counts_[static_cast<std::size_t>(told.line())].fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  const auto before = pass(told.line());
  if (!before) return;
  if (*before > 0) write(service::diagnostic<Line::lines_held_back>(*before, told.line()));
  write(told);
}

/// How many were held back in the minute before; absent: this one is, too.
std::optional<std::uint64_t> DiagnosticLog::pass(Line line) {
  Minute& minute = minutes_[static_cast<std::size_t>(line)];
  const std::int64_t now_ns = clock_.monotonic_ns();
  std::uint64_t before = 0;
  if (minute.said > 0 && now_ns - minute.began_ns >= minute_ns) {
    before = minute.held_back;
    minute = {};
  }
  if (minute.said == 0) minute.began_ns = now_ns;
  if (minute.said == lines_a_minute) {
    ++minute.held_back;
    held_back_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  ++minute.said;
  return before;
}

void DiagnosticLog::say_held_back(bool all) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ns = clock_.monotonic_ns();
  for (const service::LineForm& form : service::line_forms) {
    Minute& minute = minutes_[static_cast<std::size_t>(form.line)];
    if (minute.held_back == 0 || (!all && now_ns - minute.began_ns < minute_ns)) continue;
    write(service::diagnostic<Line::lines_held_back>(minute.held_back, form.line));
    minute = {};
  }
}

std::uint64_t DiagnosticLog::count(Line line) const {
  return counts_[static_cast<std::size_t>(line)].load(std::memory_order_relaxed);
}

void DiagnosticLog::write(const Diagnostic& told) { write_(line_of(told)); }

std::string DiagnosticLog::line_of(const Diagnostic& told) const {
  std::string line;
  if (form_.has_priorities) line = {'<', priority_of(told.form().level), '>'};
  const std::int64_t now_ns = clock_.now_ns();
  if (form_.is_json) return line + json_of(told, now_ns);
  if (!form_.has_priorities)
    line += stamp(now_ns) + " " + std::string(name_of(told.form().level)) + " ";
  return line + text_of(told);
}

// ---- where it goes

void write_to_standard_error(std::string_view line) {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("posternd",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    return made;
  }();
  logger->info("{}", line);
}

bool is_read_by_systemd() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat found {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &found) != 0) return false;
  return stream == std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino);
}

DiagnosticLog::Form log_form(const Config& config) {
  DiagnosticLog::Form form;
  for (const Level level : {Level::error, Level::warning, Level::info, Level::debug})
    if (name_of(level) == config.level) form.level = level;
  form.is_json = config.log_json;
  form.has_priorities = is_read_by_systemd();
  return form;
}

}  // namespace postern::running
