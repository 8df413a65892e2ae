#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "daemon/platform/notifier.h"
#include "tests/unit/platform/child.h"

namespace postern::tests {

namespace {

using platform::Descriptor;
using platform::Notifier;

/// The service manager's end of the notify socket, and the environment it gives us.
class ServiceManager {
 public:
  explicit ServiceManager(const std::string& address)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un bound{};
    bound.sun_family = AF_UNIX;
    std::ranges::copy(address, bound.sun_path);
    if (address[0] == '@') bound.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    BOOST_REQUIRE(::bind(socket_.number(), reinterpret_cast<const sockaddr*>(&bound), length) == 0);
    ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
  }
  ~ServiceManager() { ::unsetenv("NOTIFY_SOCKET"); }

  std::string heard() const {
    std::array<char, 1000> datagram{};
    const ssize_t got = ::recv(socket_.number(), datagram.data(), datagram.size(), MSG_DONTWAIT);
    return {datagram.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }

 private:
  Descriptor socket_;
};

std::optional<std::chrono::microseconds> interval(const char* microseconds,
                                                  const std::string& process) {
  ::setenv("WATCHDOG_USEC", microseconds, 1);
  if (!process.empty()) ::setenv("WATCHDOG_PID", process.c_str(), 1);
  const auto found = Notifier().watchdog_interval();
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
  return found;
}

BOOST_FIXTURE_TEST_SUITE(notifier_tests, Folder)

BOOST_AUTO_TEST_CASE(the_manager_hears_each_state) {
  for (const std::string& address :
       {(path / "notify").native(), "@postern-test-" + std::to_string(::getpid())}) {
    const ServiceManager manager(address);
    Notifier notifier;
    BOOST_TEST(notifier.ready().has_value());
    BOOST_TEST(manager.heard() == "READY=1");
    BOOST_TEST(notifier.alive().has_value());
    BOOST_TEST(manager.heard() == "WATCHDOG=1");
    BOOST_TEST(notifier.status("seq 7\nREADY=0").has_value());
    BOOST_TEST(manager.heard() == "STATUS=seq 7\\x0aREADY=0");
    BOOST_TEST(notifier.starting("record 7", std::chrono::seconds(30)).has_value());
    BOOST_TEST(manager.heard() == "STATUS=record 7\nEXTEND_TIMEOUT_USEC=30000000");
    BOOST_TEST(notifier.stopping().has_value());
    BOOST_TEST(manager.heard() == "STOPPING=1");
  }
}

BOOST_AUTO_TEST_CASE(a_manager_that_reads_nothing_holds_nobody_up) {
  const ServiceManager manager((path / "notify").native());
  Notifier notifier;
  Expected<> told;
  for (int words = 0; told && words < 100'000; ++words) told = notifier.alive();
  BOOST_REQUIRE(!told);
  BOOST_TEST(manager.heard() == "WATCHDOG=1");
  BOOST_TEST(notifier.alive().has_value());
}

BOOST_AUTO_TEST_CASE(without_a_manager_nothing_happens) {
  Notifier notifier;
  BOOST_TEST(!notifier.is_managed());
  BOOST_TEST(notifier.ready().has_value());
  BOOST_TEST(!notifier.watchdog_interval().has_value());
}

BOOST_AUTO_TEST_CASE(a_manager_that_is_not_there_is_a_failure) {
  for (const std::string& address : {(path / "nobody").native(), std::string(200, 'x')}) {
    ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
    const auto told = Notifier().ready();
    ::unsetenv("NOTIFY_SOCKET");
    BOOST_REQUIRE(!told);
    BOOST_TEST(!told.error().sentence.empty());
  }
}

BOOST_AUTO_TEST_CASE(the_watchdog_is_for_us_and_has_a_time) {
  using namespace std::chrono_literals;
  const std::string own = std::to_string(::getpid());
  BOOST_TEST((interval("30000000", "") == 30s));
  BOOST_TEST((interval("30000000", own) == 30s));
  BOOST_TEST(!interval("30000000", "1").has_value());
  for (const char* wrong : {"", "0", "-1", "x", "1x", "99999999999999999999"})
    BOOST_TEST(!interval(wrong, "").has_value(), wrong);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
