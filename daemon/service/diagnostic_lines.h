// Every line that the daemon says to whoever runs it: one table. Names are stable: monitoring and
// people rely on them. The handbook's page is made of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::service {

/// By who must act.
enum class Level : std::uint8_t {
  /// Whoever is on call, now.
  error,
  /// The administrator, within a working day.
  warning,
  /// Nobody: it is good to know afterwards.
  info,
  /// Nobody: for whoever looks for the cause of something.
  debug,
};

enum class Line : std::uint8_t {
  // the start
  journal_reading,
  journal_read,
  journal_verified,
  snapshot_read,
  snapshot_passed_over,
  journal_restored,
  calls_cut,
  clock_note_unreadable,
  clock_far_ahead,
  clock_behind_confirmed,
  ready,
  // who is kept out
  user_locked,
  user_locked_by_operator,
  tenant_disabled,
  tenant_enabled,
  stranger_denied,
  sender_unknown,
  commands_not_permitted,
  command_refused,
  connections_closed,
  // what concerns the installation
  operator_added,
  operator_changed,
  operator_removed,
  keys_backed_up,
  user_erased,
  // the disk
  disk_low,
  disk_enough,
  sync_slow,
  sync_stuck,
  reserve_wrong,
  snapshot_written,
  snapshot_not_written,
  // the journal and the keys
  journal_failed,
  journal_damaged,
  scrub_hindered,
  scrub_resumed,
  record_unreadable,
  checkpoint_failed,
  erase_unfinished,
  user_key_not_made,
  password_unreadable,
  password_not_handled,
  profile_unreadable,
  calls_not_recorded,
  calls_unreadable,
  past_unreadable,
  // the clock
  clock_ahead,
  clock_behind,
  clock_believed,
  clock_not_noted,
  // running
  settings_changed,
  settings_need_restart,
  settings_refused,
  settings_untold,
  service_manager_unreachable,
  thread_silent,
  lines_held_back,
  stopping,
  stopped,
  daemon_ended,
};

struct LineForm {
  Line line;
  std::string_view name;
  Level level;
  /// With the {names} of its values, in the order in which they are given.
  std::string_view sentence;
  std::string_view remedy;
};

/// In the order of `Line`.
inline constexpr LineForm line_forms[] = {
    {Line::journal_reading, "journal_reading", Level::info,
     "reading the journal: {records} records", ""},
    {Line::journal_read, "journal_read", Level::info, "read {records} records, {users} users", ""},
    {Line::journal_verified, "journal_verified", Level::info,
     "verified every byte of {records} records, {users} users", ""},
    {Line::snapshot_read, "snapshot_read", Level::info,
     "read {records} records, {users} users, from the snapshot of record {snapshot}, {after} "
     "records after it",
     ""},
    {Line::snapshot_passed_over, "snapshot_passed_over", Level::warning,
     "a snapshot is passed over, so the start takes longer: {why}",
     "It is a cache and is made anew."},
    {Line::journal_restored, "journal_restored", Level::warning,
     "this journal was made of a backup that ends before record {seq}",
     "What was acknowledged after that is missing: send it again. Every session has ended."},
    {Line::calls_cut, "calls_cut", Level::info,
     "the newest file of recorded calls ended in {bytes} torn bytes, which were cut", ""},
    {Line::clock_note_unreadable, "clock_note_unreadable", Level::warning,
     "the note of the clock cannot be used: {why}", ""},
    {Line::clock_far_ahead, "clock_far_ahead", Level::warning,
     "the clock is {ahead} ahead of the newest sign of life in the data folder",
     "If the daemon was not off for as long, set the clock right and restart the daemon."},
    {Line::clock_behind_confirmed, "clock_behind_confirmed", Level::warning,
     "the clock is {behind} behind the newest record, as an operator confirmed: until it has "
     "passed, commands are recorded with that record's time, and what expires is judged by it",
     ""},
    {Line::ready, "ready", Level::info, "ready at seq {seq}", ""},
    {Line::user_locked, "user_locked", Level::warning,
     "user {user} of tenant {tenant} is locked: too many wrong passwords in a row",
     "See who sent them with 'postern events list --user USER', then reset the password."},
    {Line::user_locked_by_operator, "user_locked_by_operator", Level::info,
     "user {user} of tenant {tenant} was locked by {operator}", ""},
    {Line::tenant_disabled, "tenant_disabled", Level::warning,
     "tenant {tenant} was disabled by {operator}: all of its users are denied",
     "If that was not meant, enable it; each user then needs its password reset."},
    {Line::tenant_enabled, "tenant_enabled", Level::info,
     "tenant {tenant} was enabled by {operator}", ""},
    {Line::stranger_denied, "stranger_denied", Level::warning,
     "a connection was denied: {stranger} is no operator",
     "If it is yours, add the key or user id to an operator; else see where it comes from."},
    {Line::sender_unknown, "sender_unknown", Level::warning,
     "messages were dropped: {stranger} is no operator any more",
     "Stop the program that sends them, or add the operator again."},
    {Line::commands_not_permitted, "commands_not_permitted", Level::warning,
     "operator {operator} sent commands that were refused: {code}, {count} times",
     "Ask whoever has its key, or take the key away with 'postern operator remove'."},
    {Line::command_refused, "command_refused", Level::debug,
     "a command of operator {operator} was refused: {code}", ""},
    {Line::connections_closed, "connections_closed", Level::error,
     "no descriptors are left for more connections: {count} were closed at once since the start",
     "Raise the limit on open files, or find who opens so many."},
    {Line::operator_added, "operator_added", Level::info, "operator {name} was added by {operator}",
     ""},
    {Line::operator_changed, "operator_changed", Level::info,
     "operator {name} was changed by {operator}", ""},
    {Line::operator_removed, "operator_removed", Level::info,
     "operator {name} was removed by {operator}", ""},
    {Line::keys_backed_up, "keys_backed_up", Level::warning,
     "operator {operator} took a copy of the keys, to be kept until {date}",
     "If nobody meant it, change the keys: whoever has the copy and its identity reads every "
     "profile."},
    {Line::user_erased, "user_erased", Level::info,
     "user {user} was erased by {operator}: nobody reads its profile any more, once copies of the "
     "keys are gone",
     ""},
    {Line::disk_low, "disk_low", Level::error,
     "free disk space is under the floor: commands are refused until there is more",
     "Free space where the data folder lies; nothing need be restarted."},
    {Line::disk_enough, "disk_enough", Level::info,
     "free disk space is above the floor again: commands are accepted", ""},
    {Line::sync_slow, "sync_slow", Level::warning,
     "the disk took {time} to make {records} records durable",
     "See what else writes to this disk, and whether it is failing."},
    {Line::sync_stuck, "sync_stuck", Level::error,
     "the disk has not answered for {time}: no command is acknowledged meanwhile",
     "See what the kernel says of the disk."},
    {Line::reserve_wrong, "reserve_wrong", Level::warning,
     "the reserve for a full disk is not as it should be: {why}", ""},
    {Line::snapshot_written, "snapshot_written", Level::info,
     "wrote a snapshot of record {seq} beside all else, {bytes} bytes in {time}", ""},
    {Line::snapshot_not_written, "snapshot_not_written", Level::warning,
     "no snapshot is written, so the next start takes longer: {why}", ""},
    {Line::journal_failed, "journal_failed", Level::error,
     "the journal failed, nothing is acknowledged from now on: {why}",
     "Mend the disk, then restart the daemon; questions are answered meanwhile."},
    {Line::journal_damaged, "journal_damaged", Level::error,
     "the journal is damaged on the disk, commands are refused from now on: {why}",
     "Stop the daemon, keep the data folder as it is, and restore a backup beside it."},
    {Line::scrub_hindered, "scrub_hindered", Level::warning,
     "the journal cannot be checked now, which is no damage: {why}",
     "It is tried again each minute."},
    {Line::scrub_resumed, "scrub_resumed", Level::info, "the journal can be checked again", ""},
    {Line::record_unreadable, "record_unreadable", Level::error,
     "record {seq} cannot be read: {why}",
     "Run 'postern-replay verify' on a copy of the data folder."},
    {Line::checkpoint_failed, "checkpoint_failed", Level::error,
     "no checkpoint can be made, the one before stands: {why}", "It is tried again every second."},
    {Line::erase_unfinished, "erase_unfinished", Level::error,
     "an erased user's key could not be destroyed, no command is taken now: {why}",
     "Mend the disk that holds the keys and restart the daemon, which finishes it."},
    {Line::user_key_not_made, "user_key_not_made", Level::error,
     "there is no key for a new user: {why}", ""},
    {Line::password_unreadable, "password_unreadable", Level::error,
     "the sealed password of user {user} cannot be opened",
     "Restore the keys from their backup; a reset of the password helps this user alone."},
    {Line::password_not_handled, "password_not_handled", Level::error,
     "a password could not be handled: {why}", ""},
    {Line::profile_unreadable, "profile_unreadable", Level::error,
     "the profile of user {user} cannot be opened: {why}", "Restore the keys from their backup."},
    {Line::calls_not_recorded, "calls_not_recorded", Level::warning,
     "calls cannot be recorded: {why}",
     "Answers are not touched by it; calls made meanwhile are in no list."},
    {Line::calls_unreadable, "calls_unreadable", Level::warning,
     "recorded calls cannot be read: {why}", ""},
    {Line::past_unreadable, "past_unreadable", Level::warning,
     "a question about the past cannot be answered: {why}",
     "Run 'postern-replay verify' on a copy of the data folder."},
    {Line::clock_ahead, "clock_ahead", Level::error,
     "the clock has jumped {ahead} ahead of the steady clock and is not believed: commands are "
     "refused until it is back",
     "Set it right, or restart the daemon with --confirm-clock because it is right."},
    {Line::clock_behind, "clock_behind", Level::error,
     "the clock is {behind} behind the newest record: commands are refused until it has caught up",
     "Set it right, or restart the daemon with --confirm-clock because it is right."},
    {Line::clock_believed, "clock_believed", Level::info,
     "the clock is believed again: commands are accepted", ""},
    {Line::clock_not_noted, "clock_not_noted", Level::warning,
     "the time cannot be noted for the next start: {why}", ""},
    {Line::settings_changed, "settings_changed", Level::info,
     "the setting {setting} is now {value}", ""},
    {Line::settings_need_restart, "settings_need_restart", Level::warning,
     "the setting {setting} is {value} in the file, which a restart alone takes",
     "Restart the daemon when it suits."},
    {Line::settings_refused, "settings_refused", Level::error,
     "the settings were read again and none was taken: {why}",
     "Mend the file and reload again; the daemon runs on as before."},
    {Line::settings_untold, "settings_untold", Level::warning,
     "what came of reading the settings again cannot be told to the command line: {why}", ""},
    {Line::service_manager_unreachable, "service_manager_unreachable", Level::warning,
     "the service manager could not be told: {why}", ""},
    {Line::thread_silent, "thread_silent", Level::error,
     "a thread made no turn since the watchdog was fed: {why}",
     "If it stays so, the service manager ends the daemon; see what the disk does."},
    {Line::lines_held_back, "lines_held_back", Level::warning,
     "{count} more lines of {event} were held back within a minute",
     "The page of metrics counts all of them."},
    {Line::stopping, "stopping", Level::info, "stopping", ""},
    {Line::stopped, "stopped", Level::info, "stopped at seq {seq}", ""},
    {Line::daemon_ended, "daemon_ended", Level::error, "the daemon ends: {why}", ""},
};

constexpr const LineForm& form_of(Line line) { return line_forms[static_cast<std::size_t>(line)]; }

constexpr bool is_in_order() {
  std::size_t place = 0;
  for (const LineForm& form : line_forms)
    if (static_cast<std::size_t>(form.line) != place++) return false;
  return place == static_cast<std::size_t>(Line::daemon_ended) + 1;
}
static_assert(is_in_order());

std::string_view name_of(Level level);

}  // namespace postern::service
