// Why a benchmark cannot go on. Thrown inside this folder alone; main ends with its exit code.
#pragma once

#include <string>
#include <utility>

namespace postern::bench {

/// sysexits.h, as every program of Postern.
namespace exit_codes {
inline constexpr int missed = 1;
inline constexpr int usage = 64;
inline constexpr int unreachable = 69;
inline constexpr int wrong_answer = 70;
inline constexpr int input_output = 74;
}  // namespace exit_codes

struct Trouble {
  int exit_code;
  std::string sentence;
};

[[noreturn]] inline void fail(int exit_code, std::string sentence) {
  throw Trouble{exit_code, std::move(sentence)};
}

/// Every answer is checked: one that is wrong ends the run.
[[noreturn]] inline void wrong_answer(std::string sentence) {
  fail(exit_codes::wrong_answer, "wrong answer: " + std::move(sentence));
}

}  // namespace postern::bench
