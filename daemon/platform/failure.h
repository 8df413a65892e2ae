// A failure of the world around the program: disk, socket, configuration, damaged bytes.
// What the rules refuse is no failure; see domain/decide.h.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace postern {

/// What kind of trouble; each has its exit code (sysexits.h), but `conflict`, which never ends a
/// program: somebody else appended first, so read what came and try again.
enum class FailureKind : int {
  conflict = 1,
  usage = 64,
  damaged = 65,
  missing = 66,
  unreachable = 69,
  bug = 70,
  cannot_create = 73,
  input_output = 74,
  in_use = 75,
  protocol = 76,
  not_permitted = 77,
  configuration = 78,
};

/// What was attempted on what, why it failed, and what to do about it; sentences for people, never
/// with a secret.
struct Failure {
  FailureKind kind = FailureKind::bug;
  std::string sentence;
  std::string remedy;
};

template <class Value = void>
using Expected = std::expected<Value, Failure>;

constexpr int exit_code(const Failure& failure) {
  const auto kind = failure.kind == FailureKind::conflict ? FailureKind::in_use : failure.kind;
  return static_cast<int>(kind);
}

/// Text from strangers, made fit for diagnostics and errors: control and non-ASCII bytes escaped,
/// cut at `length_max`.
std::string printable(std::string_view text, std::size_t length_max = 80);

}  // namespace postern
