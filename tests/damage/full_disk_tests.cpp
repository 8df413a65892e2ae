// A disk that really runs full, small and in memory: mounted in a namespace of this process alone.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <fstream>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;
using schema::Code;

constexpr std::uint64_t mib = 1U << 20U;
constexpr int tries_max = 60'000;

void write_text(const char* file, const std::string& text) {
  std::ofstream stream(file);
  stream << text << std::flush;
  BOOST_REQUIRE_MESSAGE(stream, file << " cannot be written");
}

/// Once for the process, and before it has a second thread.
void enter_namespace() {
  static const bool entered = [] {
    if (::unshare(CLONE_NEWNS) != 0) {
      const std::string uid = std::to_string(::getuid());
      const std::string gid = std::to_string(::getgid());
      BOOST_REQUIRE_MESSAGE(::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0,
                            "a small disk needs root or user namespaces: " << std::strerror(errno));
      write_text("/proc/self/uid_map", uid + " " + uid + " 1");
      write_text("/proc/self/setgroups", "deny");
      write_text("/proc/self/gid_map", gid + " " + gid + " 1");
    }
    BOOST_REQUIRE(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    return true;
  }();
  BOOST_REQUIRE(entered);
}

/// A daemon whose data folder is a disk of its own.
struct OnSmallDisk {
  explicit OnSmallDisk(const std::string& settings) {
    enter_namespace();
    daemon.emplace(settings);
    const fs::path made = daemon->data().parent_path() / "made";
    fs::rename(daemon->data(), made);
    fs::create_directory(daemon->data());
    BOOST_REQUIRE_MESSAGE(
        ::mount("none", daemon->data().c_str(), "tmpfs", 0, "size=128m,mode=0700") == 0,
        std::strerror(errno));
    fs::copy(made, daemon->data(), fs::copy_options::recursive);
    BOOST_REQUIRE_MESSAGE(daemon->start(), daemon->ended().said);
    BOOST_REQUIRE(send(create_tenant("acme")) == Code::ok);
    BOOST_REQUIRE(send(create_user("acme", "before")) == Code::ok);
  }
  ~OnSmallDisk() {
    if (daemon->running()) daemon->kill();
    ::umount2(daemon->data().c_str(), MNT_DETACH);
  }

  std::uint64_t free() const {
    struct statvfs disk {};
    BOOST_REQUIRE(::statvfs(daemon->data().c_str(), &disk) == 0);
    return std::uint64_t{disk.f_bavail} * disk.f_frsize;
  }
  fs::path others() const { return daemon->data() / "others"; }
  fs::path reserve() const { return daemon->data() / "reserve"; }

  /// Others take all but so much, at once: what the daemon sees while they do so it gives up.
  void fill_up_to(std::uint64_t left) const {
    const int file = ::open(others().c_str(), O_WRONLY | O_CREAT, 0600);
    BOOST_REQUIRE(file >= 0);
    const auto size = static_cast<off_t>(fs::file_size(others()));
    const std::uint64_t there = free();
    if (there > left)
      BOOST_TEST(::fallocate(file, 0, size, static_cast<off_t>(there - left)) == 0,
                 std::strerror(errno));
    ::close(file);
  }

  Code send(schema::CommandMessageT message) const {
    auto owner = daemon->owner();
    const auto receipt = owner.execute(std::move(message));
    BOOST_REQUIRE_MESSAGE(receipt, receipt.error().sentence);
    return receipt->code;
  }

  /// What a command comes to once it is not `passing` any more. A dry run is refused like another.
  Code code_after(Code passing) const {
    for (int tries = 0; tries < tries_max; ++tries) {
      auto asked = create_user("acme", "trial");
      asked.dry_run = true;
      if (const Code code = send(std::move(asked)); code != passing) return code;
    }
    return passing;
  }

  bool answers() const {
    auto owner = daemon->owner();
    const auto answer = owner.ask(get_status());
    return answer && answer->code == Code::ok;
  }

  bool is_there(const std::string& name) const {
    auto owner = daemon->owner();
    const auto answer = owner.ask(check_by_name("acme", name, "read", "table/orders"));
    BOOST_REQUIRE(answer);
    const Code reason = answer->body.AsChecked()->decisions.at(0)->reason;
    // It was granted nothing; of a name that nobody has, the owner is told that as well.
    const bool unknown = reason == Code::user_unknown;
    BOOST_REQUIRE_MESSAGE(unknown || reason == Code::no_matching_grant,
                          schema::EnumNameCode(reason));
    return !unknown;
  }

  std::optional<DaemonProcess> daemon;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(full_disk_tests)

BOOST_AUTO_TEST_CASE(K5_a_disk_that_others_fill_is_foreseen_and_heals) {
  OnSmallDisk disk("[journal]\ndisk_floor_mib = 32\ndisk_reserve_mib = 16\n");
  BOOST_TEST(fs::file_size(disk.reserve()) == 16 * mib);
  disk.fill_up_to(20 * mib);
  BOOST_TEST((disk.code_after(Code::ok) == Code::disk_low));
  BOOST_TEST(disk.answers());
  BOOST_TEST(!fs::exists(disk.reserve()));
  BOOST_TEST(disk.free() >= 30 * mib);

  // On what was given up, a stop and a start go through.
  disk.fill_up_to(12 * mib);
  BOOST_TEST(disk.daemon->stop().code == 0);
  BOOST_REQUIRE_MESSAGE(disk.daemon->start(), disk.daemon->ended().said);
  BOOST_TEST(disk.answers());
  BOOST_TEST((disk.code_after(Code::ok) == Code::disk_low));

  fs::remove(disk.others());
  BOOST_TEST((disk.code_after(Code::disk_low) == Code::ok));
  BOOST_TEST((disk.send(create_user("acme", "after")) == Code::ok));
  BOOST_TEST(fs::file_size(disk.reserve()) == 16 * mib);
}

BOOST_AUTO_TEST_CASE(K5_after_a_write_that_found_the_disk_full_nothing_is_acknowledged) {
  OnSmallDisk disk("[journal]\ndisk_floor_mib = 1\ndisk_reserve_mib = 1\n");
  schema::CommandMessageT large = create_user("acme", "large");
  large.commands.front()->body.AsCreateUser()->note.assign(4'000, 'n');
  int acknowledged = 0;
  const auto fill_with_commands = [&] {
    for (;; ++acknowledged) {
      schema::CommandMessageT batch;
      batch.tenant = "acme";
      for (int place = 0; place < 200; ++place) {
        auto& command =
            batch.commands.emplace_back(std::make_unique<schema::CommandT>(*large.commands[0]));
        command->body.AsCreateUser()->username =
            "u" + std::to_string(acknowledged) + "-" + std::to_string(place);
      }
      if (const Code code = disk.send(std::move(batch)); code != Code::ok) return code;
    }
  };
  // The floor is looked at once a second; between two looks the disk runs full.
  Code found = Code::disk_low;
  while (found == Code::disk_low) {
    disk.fill_up_to(1 * mib + mib / 4);
    found = fill_with_commands();
    if (found != Code::disk_low) break;
    fs::remove(disk.others());
    BOOST_REQUIRE(disk.code_after(Code::disk_low) == Code::ok);
  }
  BOOST_REQUIRE(found == Code::journal_unavailable);

  // Law 3: also when there is space again, and questions go on.
  fs::remove(disk.others());
  for (int tries = 0; tries < 100; ++tries)
    BOOST_TEST((disk.send(create_user("acme", "more" + std::to_string(tries))) ==
                Code::journal_unavailable));
  auto owner = disk.daemon->owner();
  const auto answer = owner.ask(get_status());
  BOOST_REQUIRE(answer);
  BOOST_TEST(answer->body.AsStatus()->degraded);

  disk.daemon->stop();
  BOOST_REQUIRE_MESSAGE(disk.daemon->start(), disk.daemon->ended().said);
  for (int batch = 0; batch < acknowledged; ++batch)
    for (const int place : {0, 199})
      BOOST_TEST(disk.is_there("u" + std::to_string(batch) + "-" + std::to_string(place)));
  // What was not acknowledged is there as a whole, or not at all.
  const std::string refused = "u" + std::to_string(acknowledged);
  BOOST_TEST(disk.is_there(refused + "-0") == disk.is_there(refused + "-199"));
  BOOST_TEST(!disk.is_there("nobody"));
  BOOST_TEST((disk.send(create_user("acme", "after")) == Code::ok));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
