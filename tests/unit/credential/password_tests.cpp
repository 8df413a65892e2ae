#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <vector>

#include "daemon/credential/password.h"
#include "tests/support/sanitized.h"

using namespace postern::credential;

namespace {

constexpr PasswordCost smallest{.memory_kib = 8, .passes = 1};

double cpu_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

template <class Work>
double cost_ms(Work work) {
  const double begin = cpu_ms();
  work();
  return cpu_ms() - begin;
}

/// What the work costs when nothing else disturbs it.
double least(const std::vector<double>& values) { return *std::ranges::min_element(values); }

}  // namespace

BOOST_AUTO_TEST_SUITE(password_tests)

BOOST_AUTO_TEST_CASE(C4_a_hash_is_an_argon2id_string_at_its_cost) {
  const std::string hash = hash_password(Secret("hunter2!"), smallest);
  BOOST_TEST(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
  BOOST_TEST(hash.find("hunter2!") == std::string::npos);
  const std::string dearer = hash_password(Secret("hunter2!"), {.memory_kib = 64, .passes = 3});
  BOOST_TEST(dearer.starts_with("$argon2id$v=19$m=64,t=3,p=1$"));
}

BOOST_AUTO_TEST_CASE(C4_only_the_right_password_verifies) {
  const std::string hash = hash_password(Secret("hunter2!"), smallest);
  BOOST_TEST(verify_password(hash, Secret("hunter2!")));
  for (const char* wrong : {"", "hunter2", "hunter2!!", "Hunter2!", "hunter3!"})
    BOOST_TEST(!verify_password(hash, Secret(wrong)), wrong);
}

BOOST_AUTO_TEST_CASE(C4_every_byte_of_a_password_counts) {
  using namespace std::string_view_literals;
  const std::string hash = hash_password(Secret("a\0b"sv), smallest);
  BOOST_TEST(verify_password(hash, Secret("a\0b"sv)));
  BOOST_TEST(!verify_password(hash, Secret("a\0c"sv)));
  BOOST_TEST(!verify_password(hash, Secret("a"sv)));

  std::string longest(1'024, 'x');
  const std::string hash_of_longest = hash_password(Secret(longest), smallest);
  BOOST_TEST(verify_password(hash_of_longest, Secret(longest)));
  longest.back() = 'y';
  BOOST_TEST(!verify_password(hash_of_longest, Secret(longest)));
}

BOOST_AUTO_TEST_CASE(C4_an_empty_password_hashes_and_verifies) {
  const std::string hash = hash_password(Secret(), smallest);
  BOOST_TEST(verify_password(hash, Secret()));
  BOOST_TEST(!verify_password(hash, Secret("x")));
}

BOOST_AUTO_TEST_CASE(C4_equal_passwords_have_different_hashes) {
  const Secret password("hunter2!");
  BOOST_TEST(hash_password(password, smallest) != hash_password(password, smallest));
}

/// Made with the reference implementation's `argon2` program.
BOOST_AUTO_TEST_CASE(C4_verifies_what_the_reference_implementation_made) {
  const std::string hash =
      "$argon2id$v=19$m=64,t=2,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$"
      "pxpzaaQc35C12OcoMTEem63tvWNj9niKgTOkjjto9YE";
  BOOST_TEST(verify_password(hash, Secret("hunter2!")));
  BOOST_TEST(!verify_password(hash, Secret("hunter2?")));
}

BOOST_AUTO_TEST_CASE(C4_another_cost_needs_a_rehash) {
  const std::string hash = hash_password(Secret("x"), {.memory_kib = 16, .passes = 2});
  BOOST_TEST(!needs_rehash(hash, {.memory_kib = 16, .passes = 2}));
  BOOST_TEST(needs_rehash(hash, {.memory_kib = 32, .passes = 2}));
  BOOST_TEST(needs_rehash(hash, {.memory_kib = 16, .passes = 3}));
  BOOST_TEST(needs_rehash(hash, {.memory_kib = 8, .passes = 2}));
  BOOST_TEST(needs_rehash("no hash", {.memory_kib = 16, .passes = 2}));
}

BOOST_AUTO_TEST_CASE(C4_what_is_no_hash_verifies_nobody) {
  const Secret password("x");
  const std::string good = hash_password(password, smallest);
  BOOST_REQUIRE(verify_password(good, password));
  const auto changed = [&](std::string_view part, std::string_view other) {
    std::string text = good;
    text.replace(text.find(part), part.size(), other);
    return text;
  };
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string("$argon2id$"), std::string(4'000, '$'),
        good.substr(0, good.size() - 1), good + "A", good + "$", " " + good,
        changed("argon2id", "argon2i"), changed("v=19", "v=16"), changed("m=8", "m=7"),
        changed("m=8", "m="), changed("m=8", "m=99999999999"), changed("t=1", "t=0"),
        changed("t=1", "t=-1"), changed("p=1", "p=2"), changed("p=1$", "p=1$A")})
    BOOST_TEST(!verify_password(bad, password), bad);
}

BOOST_AUTO_TEST_CASE(C9_verifying_nothing_costs_what_verifying_does) {
  constexpr PasswordCost cost{.memory_kib = 2'048, .passes = 2};
  const Secret password("hunter2!");
  const Secret wrong("hunter3!");
  const std::string hash = hash_password(password, cost);
  std::vector<double> right_ms;
  std::vector<double> wrong_ms;
  std::vector<double> nothing_ms;
  for (int round = 0; round < 25; ++round) {
    right_ms.push_back(cost_ms([&] { BOOST_REQUIRE(verify_password(hash, password)); }));
    wrong_ms.push_back(cost_ms([&] { BOOST_REQUIRE(!verify_password(hash, wrong)); }));
    nothing_ms.push_back(cost_ms([&] { verify_nothing(password, cost); }));
  }
  BOOST_TEST_MESSAGE("right " << least(right_ms) << " ms, wrong " << least(wrong_ms)
                              << " ms, nothing " << least(nothing_ms) << " ms");
  BOOST_TEST(least(nothing_ms) / least(right_ms) == 1.0, boost::test_tools::tolerance(0.25));
  BOOST_TEST(least(nothing_ms) / least(wrong_ms) == 1.0, boost::test_tools::tolerance(0.25));
}

/// A password that nobody looked at must never count as a wrong one (C5).
BOOST_AUTO_TEST_CASE(C4_out_of_memory_is_no_wrong_password,
                     *boost::unit_test::enable_if<!postern::support::sanitized>()) {
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit little{.rlim_cur = 512 << 20, .rlim_max = 512 << 20};
    ::setrlimit(RLIMIT_AS, &little);
    std::signal(SIGABRT, SIG_DFL);
    // What the child says on its way out is not this test's output.
    ::close(STDERR_FILENO);
    const std::string needs_2_gib =
        "$argon2id$v=19$m=2097152,t=1,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$" + std::string(42, 'B') + "A";
    ::_exit(verify_password(needs_2_gib, Secret("x")));
  }
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(WIFSIGNALED(status));
  BOOST_TEST(WTERMSIG(status) == SIGABRT);
}

BOOST_AUTO_TEST_SUITE_END()
