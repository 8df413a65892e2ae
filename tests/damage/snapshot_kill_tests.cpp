// Law 4 against real crashes: SIGKILL at each system call of whoever writes a snapshot. Then the
// next start finds the one before or the new one, whole, and comes to the same digest.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "daemon/data/data_folder.h"
#include "daemon/data/snapshot_keeping.h"
#include "daemon/domain/digest.h"
#include "daemon/journal/sha256.h"
#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;

Expected<data::OpenedData> opened(const fs::path& folder, std::string* passed_over = nullptr) {
  const platform::SystemClock clock;
  platform::SystemEntropy entropy;
  data::OpenOptions options;
  options.from_snapshot = true;
  options.passed_over = [&](const Failure& why) {
    if (passed_over != nullptr) *passed_over += why.sentence;
  };
  return data::open_data_folder(folder, options, clock, entropy);
}

journal::Hash digest_of(const domain::State& state) {
  journal::Sha256 sha256;
  domain::write_canonical(state.tables(), [&](std::span<const std::uint8_t> bytes) {
    sha256.add(std::as_bytes(bytes));
  });
  return sha256.finish();
}

/// In a process of its own, which is watched from the first call that writes on.
[[noreturn]] void write_watched(const fs::path& folder) {
  auto data = opened(folder);
  if (!data) ::_exit(2);
  const data::Running running{data->state, data->ids, data->past, data->read_whole_ns};
  ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  ::raise(SIGSTOP);
  ::_exit(data::keep_snapshot(data::DataPaths(folder), *data, running, 0) ? 0 : 3);
}

/// Kills whoever writes at the end of its system call `number`, whichever of its threads makes it.
/// The exit code; absent: it was killed.
std::optional<int> write_until(const fs::path& folder, int number) {
  const pid_t writer = ::fork();
  BOOST_REQUIRE(writer >= 0);
  if (writer == 0) write_watched(folder);
  int status = 0;
  BOOST_REQUIRE(::waitpid(writer, &status, 0) == writer);
  BOOST_REQUIRE(WIFSTOPPED(status));
  constexpr long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
  BOOST_REQUIRE(::ptrace(PTRACE_SETOPTIONS, writer, nullptr, options) == 0);
  ::ptrace(PTRACE_SYSCALL, writer, nullptr, nullptr);
  constexpr int in_a_call = SIGTRAP | 0x80;
  for (int count = 0;;) {
    const pid_t thread = ::waitpid(-1, &status, __WALL);
    BOOST_REQUIRE(thread > 0);
    const bool is_end = WIFEXITED(status) || WIFSIGNALED(status);
    if (is_end && thread == writer)
      return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
    if (is_end) continue;
    // Told when a call begins and when it ends, each of which is a moment to be killed at.
    if (WSTOPSIG(status) == in_a_call && ++count == number) ::kill(writer, SIGKILL);
    ::ptrace(PTRACE_SYSCALL, thread, nullptr, nullptr);
  }
}

/// A folder with a snapshot, and records after it.
struct Folder : DaemonProcess {
  Folder() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    BOOST_REQUIRE(owner().execute(create_tenant("acme"))->code == schema::Code::ok);
    BOOST_REQUIRE(owner().execute(create_user("acme", "shop"))->code == schema::Code::ok);
    BOOST_REQUIRE(stop().code == 0);
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    BOOST_REQUIRE(owner().execute(create_user("acme", "erp"))->code == schema::Code::ok);
    kill();
    fs::remove_all(data() / "sockets");
    fs::remove(data() / "reserve");
    const auto found = opened(data());
    BOOST_REQUIRE_MESSAGE(found, found.error().sentence);
    before = found->snapshot_seq;
    last = found->journal->head().seq;
    digest = digest_of(found->state);
    BOOST_REQUIRE(before > 0U);
    BOOST_REQUIRE(before < last);
  }

  fs::path copy() const {
    fs::path made = data().parent_path() / "copy";
    fs::remove_all(made);
    fs::copy(data(), made, fs::copy_options::recursive);
    fs::permissions(made, fs::perms::owner_all);
    return made;
  }

  std::uint64_t before = 0;
  std::uint64_t last = 0;
  journal::Hash digest{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_kill_tests, Folder)

BOOST_AUTO_TEST_CASE(a_kill_at_each_system_call_leaves_the_old_one_or_the_new_one) {
  int of_before = 0;
  int of_last = 0;
  std::optional<int> code;
  for (int number = 1; !code; ++number) {
    const fs::path folder = copy();
    code = write_until(folder, number);
    const auto found = opened(folder);
    BOOST_REQUIRE_MESSAGE(found, found.error().sentence);
    BOOST_REQUIRE_MESSAGE(
        (found->snapshot_seq == before || found->snapshot_seq == last),
        "after call " << number << " the start used that of record " << found->snapshot_seq);
    BOOST_REQUIRE((digest_of(found->state) == digest));
    ++(found->snapshot_seq == last ? of_last : of_before);
  }
  BOOST_TEST(*code == 0);
  BOOST_TEST(of_before > 10);
  BOOST_TEST(of_last > 1);
  BOOST_TEST_MESSAGE(of_before << " kills left the old one, " << of_last << " the new one");
}

BOOST_AUTO_TEST_CASE(one_of_an_older_form_is_passed_over_and_replaced) {
  const fs::path folder = copy();
  // As 0.1 wrote it: a body, and a head that begins with its form in eight bytes, under a true
  // seal.
  std::string text = "postsnap" + std::string(80, 'b');
  std::string end = std::string("\4\0\0\0\0\0\0\0", 8) + std::string(40, 'h');
  end += std::string(1, static_cast<char>(end.size())) + std::string(7, '\0');
  const journal::Hash hash = journal::Sha256().add(std::as_bytes(std::span(end))).finish();
  std::string signed_text = "Postern snapshot\n";
  signed_text.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  {
    const auto data = opened(folder);
    BOOST_REQUIRE(data);
    const auto seal = credential::sign(data->keys->own_key(data::snapshot_key),
                                       std::as_bytes(std::span(signed_text)));
    text += end + std::string(reinterpret_cast<const char*>(seal.data()), seal.size());
  }
  const auto files = data::snapshots_in(folder / "snapshots");
  BOOST_REQUIRE(files.size() == 1U);
  std::ofstream(files[0], std::ios::binary) << text;
  std::string passed_over;
  {
    const auto data = opened(folder, &passed_over);
    BOOST_REQUIRE_MESSAGE(data, data.error().sentence);
    BOOST_TEST(passed_over.find("another form") != passed_over.npos, passed_over);
    BOOST_TEST(data->snapshot_seq == 0U);
    BOOST_TEST((digest_of(data->state) == digest));
    const data::Running running{data->state, data->ids, data->past, data->read_whole_ns};
    BOOST_REQUIRE(data::keep_snapshot(data::DataPaths(folder), *data, running, 0));
  }
  const auto again = opened(folder);
  BOOST_REQUIRE(again);
  BOOST_TEST(again->snapshot_seq == last);
  BOOST_TEST(data::snapshots_in(folder / "snapshots").size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
