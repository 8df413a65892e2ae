// The daemon where the system gives it little: few descriptors, filtered system calls.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <boost/algorithm/string/erase.hpp>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstddef>

#include "history_generated.h"
#include "tests/support/bare_connection.h"
#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"
#include "tests/support/sanitized.h"

namespace postern::support {

namespace {

using schema::Code;

/// A daemon that may have so many descriptors.
struct WithDescriptors : DaemonProcess {
  explicit WithDescriptors(rlim_t count) {
    before_start([count] {
      const rlimit few{count, count};
      if (::setrlimit(RLIMIT_NOFILE, &few) != 0) ::_exit(126);
    });
  }
};

std::uint64_t counter(client::Client& client, const std::string& name) {
  const auto got = client.ask(get_status());
  BOOST_REQUIRE_MESSAGE(got, got.error().sentence);
  for (const auto& counter : got->body.AsStatus()->counters)
    if (counter->name == name) return counter->value;
  BOOST_FAIL("no counter " + name);
  return 0;
}

void creates(client::Client& client, const std::string& user) {
  const auto receipt = client.execute(create_user("acme", user));
  BOOST_REQUIRE_MESSAGE(receipt, receipt.error().sentence);
  BOOST_TEST((receipt->code == Code::ok));
}

/// What @resources of systemd's filters holds here.
constexpr int resources[] = {
    SYS_ioprio_set,    SYS_mbind,          SYS_migrate_pages,     SYS_move_pages,
    SYS_sched_setattr, SYS_sched_setparam, SYS_sched_setaffinity, SYS_sched_setscheduler,
    SYS_set_mempolicy, SYS_setpriority,    SYS_setrlimit};

/// From here on this process is judged by these rules; what they say nothing of is allowed.
void obey(std::vector<sock_filter> program) {
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0)
    ::_exit(126);
}

/// From here on this process may not ask for resources: `verdict` is SECCOMP_RET_…
void forbid_resources(std::uint32_t verdict, bool limits_too) {
  std::vector<sock_filter> program;
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  const auto forbid = [&](int call) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, verdict));
  };
  for (const int call : resources) forbid(call);
  // The C library sets limits, and asks for them, by this one.
  if (limits_too) forbid(SYS_prlimit64);
  obey(std::move(program));
}

/// What RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 leaves out.
void forbid_netlink() {
  obey({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT)});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(limits_tests)

BOOST_AUTO_TEST_CASE(fact_13_with_too_few_descriptors_it_ends_with_a_sentence) {
  for (const unsigned count : {20u, 40u, 73u}) {
    WithDescriptors daemon(count);
    BOOST_TEST(!daemon.start());
    BOOST_TEST(daemon.ended().code == 78);
    BOOST_TEST(daemon.ended().said.contains("this process may have " + std::to_string(count) +
                                            " files and connections open, and needs 74"));
    BOOST_TEST(daemon.ended().said.contains("ulimit -n 1024"));
  }
}

BOOST_AUTO_TEST_CASE(fact_13_connections_never_take_the_descriptors_the_daemon_needs) {
  WithDescriptors daemon(80);
  BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
  client::Client honest = daemon.owner();
  BOOST_REQUIRE(honest.execute(create_tenant("acme"))->code == Code::ok);
  schema::HistoryRequestT asked;
  asked.body.Set(schema::GetRecordsT());
  BOOST_TEST((honest.history(std::move(asked))->code == Code::ok));
  {
    std::vector<BareConnection> strangers;
    for (int index = 0; index < 200; ++index) {
      if (index % 2 == 0)
        strangers.emplace_back(daemon.port_base() + 1 + index % 3);
      else
        strangers.emplace_back(daemon.ipc("queries"));
      if (index % 20 == 0) creates(honest, "user" + std::to_string(index));
    }
    const auto end = BareConnection::Clock::now() + std::chrono::seconds(120);
    while (counter(honest, "connections_closed") < 150)
      BOOST_REQUIRE(BareConnection::Clock::now() < end);
    creates(honest, "among_strangers");
  }
  // They are gone, and there is room again.
  client::Client late = daemon.owner();
  creates(late, "late");
  const Ended ended = daemon.stop();
  BOOST_TEST(ended.code == 0);
  BOOST_TEST(ended.said.contains("no descriptors are left for more connections"));
  BOOST_TEST(!boost::erase_all_copy(ended.said, " error connections_closed").contains(" error "));
  BOOST_TEST(!ended.said.contains("no snapshot"));
  BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
  BOOST_TEST(daemon.stop().said.contains("from the snapshot of record"));
}

BOOST_AUTO_TEST_CASE(fact_13d_it_runs_where_netlink_is_forbidden) {
  DaemonProcess daemon;
  daemon.before_start(forbid_netlink);
  BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
  auto remote = client::Client::make(daemon.tcp_options(daemon.owner_keys()));
  BOOST_REQUIRE(remote);
  BOOST_TEST((remote->execute(create_tenant("acme"))->code == Code::ok));
}

BOOST_AUTO_TEST_CASE(fact_13c_it_runs_where_asking_for_resources_is_forbidden) {
  // The sanitizers ask for limits themselves.
  if (sanitized) return;
  constexpr std::uint32_t not_permitted = SECCOMP_RET_ERRNO | EPERM;
  for (const auto& [verdict, limits_too] :
       {std::pair(not_permitted, false), std::pair(not_permitted, true),
        std::pair<std::uint32_t, bool>(SECCOMP_RET_KILL_PROCESS, false)}) {
    DaemonProcess daemon;
    daemon.before_start([=] { forbid_resources(verdict, limits_too); });
    BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
    client::Client owner = daemon.owner();
    BOOST_REQUIRE(owner.execute(create_tenant("acme"))->code == Code::ok);
    creates(owner, "alice");
    auto remote = client::Client::make(daemon.tcp_options(daemon.owner_keys()));
    BOOST_REQUIRE(remote);
    creates(*remote, "bob");
    // A hasher is asked for its share of the processor.
    const auto reset = owner.execute(reset_password("acme", "alice", "correct horse battery"));
    BOOST_REQUIRE(reset);
    BOOST_TEST(daemon.stop().code == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
