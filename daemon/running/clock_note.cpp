// note := "time_ns = " number LF "confirmed_until_ns = " number LF
#include "daemon/running/clock_note.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "daemon/journal/checkpoint.h"
#include "daemon/platform/files.h"

namespace postern::running {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t ahead_max_ns = 31 * day_ns;
constexpr std::size_t note_bytes_max = 256;
constexpr std::string_view time_name = "time_ns = ";
constexpr std::string_view confirmed_name = "confirmed_until_ns = ";

/// Takes one line off the text; false: it is not of this name, or no number.
bool take_line(std::string_view& text, std::string_view name, std::int64_t& value) {
  if (!text.starts_with(name)) return false;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + name.size(), end, value);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != '\n') return false;
  text.remove_prefix(static_cast<std::size_t>(read.ptr + 1 - text.data()));
  return true;
}

std::int64_t time_of(const journal::CheckpointKeeper& keeper) {
  const auto newest = journal::open_note(keeper.newest(), keeper.signer());
  return newest ? newest->time_ns : 0;
}

Failure far_ahead(std::int64_t ahead_ns) {
  return {FailureKind::in_use,
          "the clock is " + std::to_string(ahead_ns / day_ns) +
              " days ahead of all that this data folder knows of the time: its newest record, its "
              "newest checkpoint, and the daemon's own note",
          "Set the clock right. If it is right, because the daemon was stopped for so long, start "
          "it once with --confirm-clock."};
}

}  // namespace

Expected<std::optional<ClockNote>> read_clock_note(const fs::path& file) {
  const auto bytes = platform::read_file(file, note_bytes_max);
  if (!bytes && bytes.error().kind == FailureKind::missing) return std::nullopt;
  if (!bytes) return std::unexpected(bytes.error());
  std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  ClockNote note;
  if (take_line(text, time_name, note.time_ns) &&
      take_line(text, confirmed_name, note.confirmed_until_ns) && text.empty())
    return note;
  return std::unexpected(
      Failure{FailureKind::damaged,
              "the note of the clock in " + printable(file.native(), 400) + " is damaged",
              "It can be removed; the daemon writes a new one."});
}

Expected<> write_clock_note(const fs::path& file, const ClockNote& note) {
  const std::string text = std::string(time_name) + std::to_string(note.time_ns) + "\n" +
                           std::string(confirmed_name) + std::to_string(note.confirmed_until_ns) +
                           "\n";
  return platform::write_file(file, std::as_bytes(std::span(text)));
}

Expected<ClockAtStart> begin_with_clock(const data::DataPaths& paths, const data::OpenedData& data,
                                        bool confirmed, service::Present& present) {
  present.begin();
  ClockAtStart found;
  ClockNote note;
  if (const auto read = read_clock_note(paths.clock()); !read)
    found.note_trouble = read.error();
  else if (*read)
    note = **read;
  const std::int64_t record_ns = data.state.time_ns();
  found.ahead_ns =
      present.believed_ns() - std::max({note.time_ns, record_ns, time_of(*data.checkpoints)});
  if (found.ahead_ns > ahead_max_ns && !confirmed)
    return std::unexpected(far_ahead(found.ahead_ns));
  present.passed(record_ns);
  present.confirm_until(note.confirmed_until_ns);
  if (confirmed && present.standing().is_suspect()) present.confirm_until(record_ns);
  return found;
}

}  // namespace postern::running
