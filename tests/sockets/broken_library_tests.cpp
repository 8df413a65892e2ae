// A libzmq whose locks do not lock: the start must notice before anything public is bound. One that
// answers late, as on a busy machine, is none of those.
#include <dlfcn.h>
#include <zmq.h>

#include <boost/test/unit_test.hpp>

#include "daemon/transport/context.h"

namespace {

/// The option that is taken without an error and without an effect.
int ignored_option = 0;
/// What the library takes for its answers, of time that passes for those who wait alone.
thread_local long late_ms = 0;

}  // namespace

/// Stands before libzmq's own for this whole program.
int zmq_setsockopt(void* socket, int option, const void* value, std::size_t size) {
  using Set = int (*)(void*, int, const void*, std::size_t);
  static const auto real = reinterpret_cast<Set>(::dlsym(RTLD_NEXT, "zmq_setsockopt"));
  return option == ignored_option ? 0 : real(socket, option, value, size);
}

/// Whoever waits less than that hears nothing.
int zmq_poll(zmq_pollitem_t* items, int count, long timeout_ms) {
  using Poll = int (*)(zmq_pollitem_t*, int, long);
  static const auto real = reinterpret_cast<Poll>(::dlsym(RTLD_NEXT, "zmq_poll"));
  if (timeout_ms >= 0 && timeout_ms < late_ms) return 0;
  return real(items, count, timeout_ms);
}

namespace postern::tests {

namespace {

BOOST_AUTO_TEST_SUITE(broken_library_tests)

BOOST_AUTO_TEST_CASE(a_whole_library_is_accepted) {
  BOOST_TEST(transport::Context::start([] {}).has_value());
}

BOOST_AUTO_TEST_CASE(fact_9_a_library_that_lets_strangers_in_is_noticed_at_start) {
  ignored_option = ZMQ_ZAP_DOMAIN;
  const auto context = transport::Context::start([] {});
  ignored_option = 0;
  BOOST_REQUIRE(!context);
  BOOST_TEST((context.error().kind == FailureKind::configuration));
  BOOST_TEST(context.error().sentence.find("self-check") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(fact_9_a_library_that_answers_after_a_minute_is_not_broken) {
  late_ms = 60'000;
  const auto context = transport::Context::start([] {});
  late_ms = 0;
  BOOST_TEST(context.has_value(), (context ? std::string() : context.error().sentence));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
