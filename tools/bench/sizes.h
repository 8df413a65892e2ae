// How much of everything: tiny for the tests, quick for every day, full for what is published.
#pragma once

#include <cstddef>
#include <string_view>

namespace postern::bench {

struct Sizes {
  std::string_view name;
  /// Floor and figure are measured in turn so many times.
  std::size_t rounds;
  /// One measurement of round trips or rates.
  double seconds;
  /// One measurement of latencies beside another load.
  double contention_seconds;
  std::size_t questions;
  std::size_t small_users;
  std::size_t big_users;
  /// Messages of 100 questions.
  std::size_t batch_messages;
  /// Commands of one measurement with 1,000 in flight; a multiple of `small_users`.
  std::size_t durable_commands;
  std::size_t durable_single_commands;
  /// Records of one event in the journal whose start and replay are measured, at least.
  std::size_t records;
  /// Starts that are timed.
  std::size_t starts;
  /// Whose passwords have been verified before.
  std::size_t verified_users;
  /// Who all call with a password after a restart, each one hash at its real cost.
  std::size_t restart_users;
  /// Of one tenant, in a journal of so many records.
  std::size_t history_users;
  std::size_t history_records;
  /// Questions to the past of one measurement.
  std::size_t history_questions;
  /// Of the year that is reported on.
  std::size_t year_users;
  std::size_t year_calls;
};

inline constexpr Sizes tiny = {"tiny", 2, 0.02, 0.05, 512, 100,   300, 20, 1'000, 20,
                               2'000,  1, 4,    8,    100, 1'000, 50,  50, 500};
inline constexpr Sizes quick = {"quick", 5, 0.1, 0.3, 8'192, 1'000,  20'000, 300, 20'000, 200,
                                100'000, 2, 32,  40,  1'000, 50'000, 250,    100, 5'000};
inline constexpr Sizes full = {"full",  9,          1.0,   2.0,       65'536,   1'000, 1'000'000,
                               2'000,   100'000,    4'000, 1'000'000, 3,        64,    10'000,
                               100'000, 10'000'000, 2'000, 5'000,     2'000'000};

}  // namespace postern::bench
