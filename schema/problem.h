// What is wrong with a message, as answers say it.
#pragma once

#include <string_view>

#include "codes.h"
#include "common_generated.h"

namespace postern::schema {

/// With the code's sentence and remedy; `detail` says what was found, and is never a secret.
inline ProblemT make_problem(Code code, std::string_view field, std::string_view detail = {}) {
  const CodeText& text = code_text(code);
  ProblemT problem;
  problem.code = code;
  problem.field = field;
  problem.sentence = text.sentence;
  if (!detail.empty()) problem.sentence.append(" ").append(detail);
  problem.remedy = text.remedy;
  return problem;
}

}  // namespace postern::schema
