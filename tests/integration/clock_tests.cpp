// Time, in the real daemon: a clock that is behind or ahead, at the start and while it runs, is
// neither believed nor an outage that nothing ends.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"
#include "tests/support/sanitized.h"

namespace postern::support {

namespace {

using schema::Code;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::int64_t year_ms = 365 * day_ms;
const std::string password = "Corr3ct-horse";

/// How far the clocks of the daemons are moved that start while it lives.
class ClockFile {
 public:
  ClockFile() {
    const auto path = folder_.path() / "moved";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    BOOST_REQUIRE(::ftruncate(file, sizeof *moved_ns_) == 0);
    void* const place =
        ::mmap(nullptr, sizeof *moved_ns_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    BOOST_REQUIRE(place != MAP_FAILED);
    moved_ns_ = static_cast<std::atomic<std::int64_t>*>(place);
    ::setenv("MOVED_CLOCK", path.c_str(), 1);
    ::setenv("LD_PRELOAD", MOVED_CLOCK_LIBRARY, 1);
  }
  ~ClockFile() {
    ::unsetenv("LD_PRELOAD");
    ::munmap(moved_ns_, sizeof *moved_ns_);
  }
  ClockFile(const ClockFile&) = delete;
  ClockFile& operator=(const ClockFile&) = delete;

  void move_to_ms(std::int64_t ms) { *moved_ns_ = ms * 1'000'000; }

 private:
  TemporaryFolder folder_;
  std::atomic<std::int64_t>* moved_ns_ = nullptr;
};

/// Its clients' clocks are right, save where a test says otherwise.
struct Clocked : ClockFile, DaemonProcess {
  void begin(std::vector<std::string> arguments = {}) {
    BOOST_REQUIRE_MESSAGE(start(std::move(arguments)), ended().said);
  }
  void end() { BOOST_TEST(stop().code == 0, ended().said); }
  bool said(const std::string& part) const { return ended().said.find(part) != std::string::npos; }

  /// Ids of a client whose clock is moved as well.
  static schema::CommandMessageT at(std::int64_t moved_ms, schema::CommandMessageT message) {
    const schema::Uuid id = client::make_uuid();
    message.id = std::make_unique<schema::Uuid>(
        id.high() + (static_cast<std::uint64_t>(moved_ms) << 16U), id.low());
    return message;
  }
  schema::ReceiptT send(schema::CommandMessageT message) const {
    auto asker = owner();
    auto got = asker.execute(std::move(message));
    BOOST_REQUIRE_MESSAGE(got, got.error().sentence);
    return std::move(*got);
  }
  Code code_of(schema::CommandMessageT message) const { return send(std::move(message)).code; }
  schema::AnswerT login(const std::string& tried = password) const {
    auto asker = owner();
    auto got = asker.ask(authenticate("acme", "shop", tried));
    BOOST_REQUIRE_MESSAGE(got, got.error().sentence);
    return std::move(*got);
  }
  bool is_let_in() const {
    const auto got = login();
    return got.code == Code::ok && got.body.AsAuthenticated()->allowed;
  }
  bool warns(const std::string& part) const {
    auto asker = owner();
    const auto got = asker.ask(get_status());
    BOOST_REQUIRE(got);
    const auto& warnings = got->body.AsStatus()->warnings;
    return std::ranges::any_of(warnings, [&](const std::string& warning) {
      return warning.find(part) != std::string::npos;
    });
  }
};

}  // namespace

// A sanitizer's own runtime must stand first.
BOOST_AUTO_TEST_SUITE(clock_tests, *boost::unit_test::enable_if<!sanitized>())

BOOST_FIXTURE_TEST_CASE(time_a_record_of_a_fast_clock_costs_nothing_once_it_is_confirmed, Clocked) {
  move_to_ms(year_ms);
  begin({"--confirm-clock"});
  BOOST_TEST((code_of(at(year_ms, create_tenant("acme"))) == Code::ok));
  end();

  move_to_ms(0);
  begin();
  BOOST_TEST((code_of(create_user("acme", "shop")) == Code::clock_suspect));
  BOOST_TEST((login().code == Code::clock_suspect));
  BOOST_TEST(warns("364 days behind the newest record"));
  end();
  BOOST_TEST(said("behind the newest record"), ended().said);

  // Said once, it holds until the clock has passed the record.
  int user = 0;
  for (const char* more : {"--confirm-clock", "--verify", "--verify"}) {
    begin({more});
    BOOST_TEST((code_of(create_user("acme", "u" + std::to_string(++user))) == Code::ok));
    BOOST_TEST(warns("as an operator confirmed"));
    BOOST_TEST(!warns("refused"));
    end();
  }
  begin();
  BOOST_TEST((code_of(create_user("acme", "shop")) == Code::ok));
  BOOST_TEST((code_of(reset_password("acme", "shop", password)) == Code::ok));
  BOOST_TEST(is_let_in());
  auto asked = at(0, create_user("acme", "once"));
  BOOST_TEST((code_of(schema::CommandMessageT(asked)) == Code::ok));
  end();
  begin();
  const auto again = send(std::move(asked));
  BOOST_TEST((again.code == Code::ok));
  BOOST_TEST(again.repeated);
  end();
}

BOOST_FIXTURE_TEST_CASE(time_a_start_far_ahead_is_refused_until_it_is_confirmed, Clocked) {
  begin();
  BOOST_TEST((code_of(create_tenant("acme")) == Code::ok));
  end();
  // A quiet weekend.
  move_to_ms(day_ms - hour_ms);
  begin();
  BOOST_TEST((code_of(at(day_ms - hour_ms, create_user("acme", "one"))) == Code::ok));
  end();
  BOOST_TEST(!said("sign of life"), ended().said);
  move_to_ms(10 * day_ms);
  begin();
  BOOST_TEST((code_of(at(10 * day_ms, create_user("acme", "two"))) == Code::ok));
  end();
  BOOST_TEST(said("9 days ahead of the newest sign of life"), ended().said);
  // Nothing was recorded, and the daemon was there: its note is the sign.
  move_to_ms(40 * day_ms);
  begin();
  end();
  move_to_ms(70 * day_ms);
  begin();
  end();

  move_to_ms(102 * day_ms);
  BOOST_TEST(!start());
  BOOST_TEST(ended().code == 75);
  BOOST_TEST(said("32 days ahead"), ended().said);
  BOOST_TEST(said("--confirm-clock"), ended().said);
  begin({"--confirm-clock"});
  BOOST_TEST((code_of(at(102 * day_ms, create_user("acme", "three"))) == Code::ok));
  kill();
  begin();
  BOOST_TEST((code_of(at(102 * day_ms, create_user("acme", "four"))) == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(time_a_note_that_is_damaged_is_told_and_replaced, Clocked) {
  begin();
  end();
  const auto note = data() / "clock";
  BOOST_REQUIRE(std::filesystem::exists(note));
  for (const std::uintmax_t size : {std::uintmax_t{0}, std::uintmax_t{12}, std::uintmax_t{40}}) {
    std::filesystem::resize_file(note, size);
    begin();
    end();
    BOOST_TEST(said("note of the clock"), ended().said);
    begin();
    end();
    BOOST_TEST(!said("note of the clock"), ended().said);
  }
}

BOOST_FIXTURE_TEST_CASE(time_a_jump_ahead_while_running_is_not_believed, Clocked) {
  begin();
  BOOST_TEST((code_of(create_tenant("acme")) == Code::ok));
  BOOST_TEST((code_of(create_user("acme", "shop")) == Code::ok));
  BOOST_TEST((code_of(reset_password("acme", "shop", password)) == Code::ok));
  BOOST_TEST(is_let_in());
  std::int64_t newest_ns = login().time_ns;
  for (const std::int64_t far_ms : {hour_ms, 26 * hour_ms, 40 * day_ms, 3 * year_ms}) {
    BOOST_TEST_CONTEXT("ahead by ms " << far_ms) {
      move_to_ms(far_ms);
      BOOST_TEST((code_of(at(far_ms, create_user("acme", "ahead"))) == Code::clock_suspect));
      BOOST_TEST((code_of(create_user("acme", "right")) == Code::clock_suspect));
      const auto refused = login("wr0ng-guess");
      BOOST_TEST((refused.code == Code::clock_suspect));
      // Nothing ends by such a clock.
      BOOST_TEST(refused.time_ns >= newest_ns);
      BOOST_TEST(refused.time_ns < newest_ns + 30 * minute_ms * 1'000'000);
      newest_ns = refused.time_ns;
      BOOST_TEST(warns("has jumped"));
      move_to_ms(0);
      BOOST_TEST((code_of(create_user("acme", "u" + std::to_string(far_ms))) == Code::ok));
      BOOST_TEST(is_let_in());
      BOOST_TEST(!warns("has jumped"));
    }
  }
  // Some minutes, as when the time comes from the network, are nothing.
  move_to_ms(4 * minute_ms);
  BOOST_TEST((code_of(create_user("acme", "minutes")) == Code::ok));
  move_to_ms(0);
  BOOST_TEST((code_of(create_user("acme", "back")) == Code::ok));
  end();
  BOOST_TEST(said("has jumped"), ended().said);
  BOOST_TEST(said("the clock is believed again"), ended().said);
}

BOOST_FIXTURE_TEST_CASE(time_a_clock_that_falls_behind_while_running_is_refused_and_heals,
                        Clocked) {
  begin();
  BOOST_TEST((code_of(create_tenant("acme")) == Code::ok));
  for (const std::int64_t far_ms : {hour_ms, 26 * hour_ms, 2 * year_ms}) {
    move_to_ms(-far_ms);
    BOOST_TEST((code_of(create_user("acme", "behind")) == Code::clock_suspect));
    BOOST_TEST(warns("behind the newest record"));
    move_to_ms(0);
    BOOST_TEST((code_of(create_user("acme", "u" + std::to_string(far_ms))) == Code::ok));
  }
  end();
}

BOOST_FIXTURE_TEST_CASE(K1_no_command_acts_twice_whatever_the_clock_did_between, Clocked) {
  begin();
  BOOST_TEST((code_of(create_tenant("acme")) == Code::ok));
  BOOST_TEST((code_of(create_user("acme", "shop")) == Code::ok));
  const auto grant = at(0, add_grant("acme", "shop", schema::Effect::allow, "read", "table/x"));
  const auto first = send(schema::CommandMessageT(grant));
  BOOST_REQUIRE((first.code == Code::ok));
  schema::RemoveGrantT undo;
  undo.effect = schema::Effect::allow;
  undo.action = "read";
  undo.resource = "table/x";
  BOOST_TEST((code_of(command_message("acme", "shop", std::move(undo))) == Code::ok));
  const auto acts_not_again = [&] {
    const auto again = send(schema::CommandMessageT(grant));
    BOOST_TEST((again.repeated ? again.seq == first.seq : again.code == Code::command_id_expired));
    return again.repeated;
  };
  move_to_ms(26 * hour_ms);
  BOOST_TEST((code_of(create_user("acme", "no")) == Code::clock_suspect));
  move_to_ms(0);
  BOOST_TEST(acts_not_again());
  // The same over a start, which believes such a clock, and forgets by it.
  end();
  move_to_ms(26 * hour_ms);
  begin();
  BOOST_TEST((code_of(at(26 * hour_ms, create_user("acme", "ahead"))) == Code::ok));
  acts_not_again();
  end();
  move_to_ms(0);
  begin({"--confirm-clock"});
  acts_not_again();
  BOOST_TEST((code_of(create_user("acme", "fresh")) == Code::ok));
  end();
  begin({"--verify"});
  BOOST_TEST(acts_not_again());
  end();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
