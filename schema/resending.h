// What a receipt's code says of a command id that may have been sent more than once, for whoever
// waits for what became of it (K1, K5). The manual's table of the same, in README.md, is held
// against this one by a test.
#pragma once

#include <string_view>

#include "common_generated.h"

namespace postern::schema {

enum class Resending {
  /// What became of the command, however often it was sent.
  final,
  /// This sending did nothing, and of others it says nothing. The same bytes again, in a moment.
  try_again,
  /// The same, and something must be mended before it is worth trying again.
  try_when_mended,
  /// It does not say whether the command was done.
  not_known,
};

struct CodeResending {
  Code code;
  Resending says;
};

/// Every code that is not final. One that a program does not know is final: it means no.
inline constexpr CodeResending code_resendings[] = {
    {Code::busy, Resending::try_again},
    {Code::not_yet, Resending::try_again},
    {Code::stopping, Resending::try_again},
    {Code::disk_low, Resending::try_when_mended},
    {Code::clock_suspect, Resending::try_when_mended},
    {Code::journal_unavailable, Resending::not_known},
    {Code::erase_unfinished, Resending::not_known},
    // Of a first sending it says that nothing was done.
    {Code::command_id_expired, Resending::not_known},
};

constexpr Resending resending_of(Code code) {
  for (const CodeResending& row : code_resendings)
    if (row.code == code) return row.says;
  return Resending::final;
}

/// As the manual names them.
constexpr std::string_view name_of(Resending says) {
  switch (says) {
    case Resending::final:
      return "final";
    case Resending::try_again:
      return "try again";
    case Resending::try_when_mended:
      return "try again when mended";
    case Resending::not_known:
      return "not known";
  }
  return "";
}

}  // namespace postern::schema
