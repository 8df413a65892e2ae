// What is typed at the real programs: an empty argument is an error and never "not given".
#include <boost/test/unit_test.hpp>

#include "tests/support/daemon_process.h"

namespace postern::support {

namespace {

struct Asked {
  const char* program;
  std::vector<std::string> verb;
  std::vector<std::string> options;
};

const Asked asked[] = {
    {POSTERND, {}, {"--data", "--config", "--port-base"}},
    {POSTERND, {"init"}, {"--data", "--owner-key"}},
    {POSTERND, {"recover-owner"}, {"--data", "--owner-key", "--name"}},
    {POSTERND, {"rotate-server-key"}, {"--data"}},
    {POSTERND, {"restore"}, {"--data", "--bundle", "--keys", "--identity", "--public-key"}},
    {POSTERND, {"check-config"}, {""}},
    {POSTERN_REPLAY,
     {"verify"},
     {"--data", "--bundle", "--output", "--checkpoint", "--public-key"}},
    {POSTERN_REPLAY,
     {"show"},
     {"--from-seq", "--count", "--tenant", "--user", "--operator", "--kind"}},
    {POSTERN_REPLAY, {"fold"}, {"--to-seq"}},
    {POSTERN_CLI, {"tenant", "disable"}, {"", "--tenant", "--reason"}},
    {POSTERN_CLI, {"session", "end"}, {"", "--session"}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(arguments_tests)

BOOST_AUTO_TEST_CASE(an_empty_argument_of_any_program_is_an_error_that_names_it) {
  for (const Asked& one : asked) {
    for (const std::string& option : one.options) {
      std::vector<std::string> line{one.program};
      line.insert(line.end(), one.verb.begin(), one.verb.end());
      if (!option.empty()) line.push_back(option);
      line.emplace_back();
      const Ended ended = run_program(line);
      BOOST_TEST(ended.code == 64, option << ": " << ended.said);
      BOOST_TEST(ended.said.find("is empty") != std::string::npos, ended.said);
      BOOST_TEST(ended.said.find(option) != std::string::npos, ended.said);
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_of_any_program_are_decimal_digits) {
  for (const char* text : {"-1", "+5", "0x10", "1e3", "nan", "99999999999999999999"}) {
    BOOST_TEST(run_program({POSTERND, "--data", "/nowhere", "--port-base", text}).code == 64);
    BOOST_TEST(run_program({POSTERN_REPLAY, "--data", "/nowhere", "show", "--count", text}).code ==
               64);
    BOOST_TEST(run_program({POSTERN_REPLAY, "--data", "/nowhere", "fold", "--to-seq", text}).code ==
               64);
  }
}

/// Even where whoever starts it ignores the signal, as many a supervisor does.
BOOST_AUTO_TEST_CASE(a_closed_pipe_ends_a_program_quietly) {
  for (const char* program : {POSTERN_CLI, POSTERN_REPLAY}) {
    // Its reader is gone before it begins.
    const Ended ended = run_program({"/bin/bash", "-c",
                                     "trap '' PIPE; exec 3> >(true); wait $!; " +
                                         std::string(program) + " --help >&3; echo code $?"});
    BOOST_TEST(ended.said == "code 141\n", program << ": " << ended.said);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
