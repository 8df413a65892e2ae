// Whose the files of a data folder are, and what others may do with them.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;

bool tells(const std::string& said, const std::string& part) {
  return said.find(part) != std::string::npos;
}

/// A folder with something of everything, stopped.
struct Guarded : DaemonProcess {
  Guarded() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    BOOST_REQUIRE(owner().execute(create_tenant("acme"))->code == schema::Code::ok);
    BOOST_REQUIRE(owner().execute(create_user("acme", "shop"))->code == schema::Code::ok);
    BOOST_REQUIRE(run_program({POSTERN_CLI, "--data", data(), "status"}).code == 0);
    BOOST_REQUIRE(stop().code == 0);
  }

  std::vector<fs::path> everything() const {
    std::vector<fs::path> found{data()};
    for (const auto& entry : fs::recursive_directory_iterator(data())) found.push_back(entry);
    return found;
  }
  static std::string mode_text(unsigned mode) {
    char text[8];
    std::snprintf(text, sizeof text, "%04o", mode);
    return text;
  }

  /// One that is not refused is stopped: it would be waited for without end.
  Ended refused_start() { return start() ? stop() : ended(); }

  /// Each program that opens the folder refuses it with this code, telling each part.
  void refused(int code, const std::vector<std::string>& parts) {
    const std::string key = data().parent_path() / "recovered.key";
    const std::vector<std::vector<std::string>> programs = {
        {POSTERND, "recover-owner", "--data", data(), "--owner-key", key},
        {POSTERND, "rotate-server-key", "--data", data()}};
    const auto check = [&](const std::string& program, const Ended& ended) {
      BOOST_TEST(ended.code == code, program << ": " << ended.said);
      for (const std::string& part : parts)
        BOOST_TEST(tells(ended.said, part), program << ": " << part << " is not in " << ended.said);
    };
    check("a start", refused_start());
    for (const auto& program : programs) check(program[1], run_program(program));
    BOOST_TEST(!fs::exists(key));
  }
};

bool is_public(const fs::path& file) {
  const std::string name = file.filename();
  const std::string folder = file.parent_path().filename();
  return folder == "snapshots" || folder == "calls" || name == "format" || name == "checkpoint" ||
         name == "clock" || name == "server.key" || name == "seen-checkpoint";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(guard_tests)

BOOST_FIXTURE_TEST_CASE(C4_what_is_open_to_others_refuses_the_start_and_names_the_command,
                        Guarded) {
  std::size_t tried = 0;
  for (const fs::path& path : everything()) {
    const unsigned right = mode_of(path);
    const bool is_folder = fs::is_directory(path);
    for (const unsigned more : {0077U, 0040U, 0020U, 0004U, 0002U, 0010U}) {
      const unsigned wide = right | more;
      const bool is_fine = is_public(path) && (wide & 022U) == 0;
      if (is_fine || (more != 0077U && tried > 60 && path.parent_path() != data())) continue;
      fs::permissions(path, fs::perms(wide));
      const Ended ended = refused_start();
      BOOST_TEST_CONTEXT(path << " with " << mode_text(wide) << ": " << ended.said) {
        BOOST_TEST(ended.code == 77);
        BOOST_TEST(tells(ended.said, path.native() + ": its mode is " + mode_text(wide)));
        BOOST_TEST(tells(ended.said, (is_folder ? "chmod 0700 " : "chmod 0600 ") + path.native()));
      }
      fs::permissions(path, fs::perms(right));
      ++tried;
    }
  }
  BOOST_TEST(tried > 60U);
  fs::permissions(data(), fs::perms(0777));
  refused(77, {"its mode is 0777", "chmod 0700 " + data().native()});
  fs::permissions(data() / "keys" / "root", fs::perms(0666));
  refused(77, {"and 1 more", "chmod -R go= " + data().native()});
  BOOST_REQUIRE(run_program({"/bin/chmod", "-R", "go=", data()}).code == 0);
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(stop().code == 0);
}

BOOST_FIXTURE_TEST_CASE(C4_what_belongs_to_another_refuses_the_start, Guarded) {
  if (::geteuid() != 0) return;
  for (const fs::path& path : everything()) {
    BOOST_REQUIRE(::lchown(path.c_str(), other_user, other_user) == 0);
    const Ended ended = refused_start();
    BOOST_TEST_CONTEXT(path << ": " << ended.said) {
      BOOST_TEST(ended.code == 77);
      BOOST_TEST(tells(ended.said, path.native() + " belongs to user 4711"));
      if (path == data())
        BOOST_TEST(tells(ended.said, "setpriv --reuid 4711"));
      else
        BOOST_TEST(tells(ended.said, "chown 0:0 " + path.native()));
    }
    BOOST_REQUIRE(::lchown(path.c_str(), 0, 0) == 0);
  }
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
}

BOOST_FIXTURE_TEST_CASE(O3_what_root_does_to_anothers_folder_is_the_owners, Guarded) {
  if (::geteuid() != 0) return;
  use_user(other_user);
  const auto all_are_the_owners = [&](const char* after) {
    for (const fs::path& path : everything()) {
      struct stat about {};
      BOOST_REQUIRE(::lstat(path.c_str(), &about) == 0);
      BOOST_TEST(about.st_uid == other_user, path << " after " << after);
      BOOST_TEST((about.st_mode & 077) == 0U, path << " after " << after);
    }
  };
  const std::string key = data().parent_path() / "roots.key";
  const std::vector<std::vector<std::string>> commands = {
      {POSTERND, "rotate-server-key", "--data", data()},
      {POSTERND, "rotate-server-key", "--data", data(), "--finish"},
      {POSTERND, "recover-owner", "--data", data(), "--owner-key", key},
      {POSTERND, "recover-owner", "--data", data()},
      {POSTERN_REPLAY, "--data", data(), "verify"}};
  for (const auto& command : commands) {
    const Ended ended = run_program(command);
    BOOST_TEST(ended.code == 0, command[1] << ": " << ended.said);
    all_are_the_owners(command[1].c_str());
  }
  struct stat about {};
  BOOST_REQUIRE(::stat(key.c_str(), &about) == 0);
  BOOST_TEST(about.st_uid == 0U);

  fs::remove(data() / "seen-checkpoint");
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  const Ended status = run_program({POSTERN_CLI, "--data", data(), "status"});
  BOOST_TEST(status.code == 0, status.said);
  BOOST_TEST(fs::exists(data() / "seen-checkpoint"));
  all_are_the_owners("postern status by root");
  BOOST_TEST(stop().code == 0);
  // Not by who may not.
  const Ended refused = run_program({POSTERND, "--data", data(), "--config", settings_file()});
  BOOST_TEST(refused.code == 77, refused.said);

  const fs::path given = data().parent_path() / "given";
  fs::create_directory(given);
  BOOST_REQUIRE(::chown(given.c_str(), other_user, other_user) == 0);
  const Ended made = run_program({POSTERND, "init", "--data", given});
  BOOST_TEST(made.code == 0, made.said);
  use_data(given);
  all_are_the_owners("init");
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
}

BOOST_FIXTURE_TEST_CASE(a_link_is_looked_at_where_it_leads, Guarded) {
  const fs::path elsewhere = data().parent_path() / "elsewhere";
  fs::rename(data() / "journal", elsewhere);
  fs::create_directory_symlink(elsewhere, data() / "journal");
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(stop().code == 0);
  fs::permissions(elsewhere, fs::perms(0755));
  refused(77, {"journal: its mode is 0755"});
}

BOOST_FIXTURE_TEST_CASE(H7_an_identity_that_others_may_read_restores_nothing, Guarded) {
  const fs::path shelf = data().parent_path();
  const std::string identity = shelf / "identity";
  BOOST_REQUIRE(start());
  const auto cli = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {POSTERN_CLI, "--data", data()});
    const Ended ended = run_program(words);
    BOOST_REQUIRE_MESSAGE(ended.code == 0, ended.said);
  };
  const auto keys = client::make_key_pair();
  std::ofstream(identity) << "public_key = \"" << client::key_text(keys.public_key)
                          << "\"\nsecret_key = \"" << client::key_text(keys.secret_key) << "\"\n";
  cli({"backup", "create", shelf / "bundle"});
  cli({"backup", "keys", shelf / "keys", "--recipient", client::key_text(keys.public_key),
       "--kept-until", "2099-01-01T00:00:00Z"});
  const std::vector<std::string> restore = {
      POSTERND,         "restore", "--data",       shelf / "restored", "--bundle",
      shelf / "bundle", "--keys",  shelf / "keys", "--identity",       identity};
  fs::permissions(identity, fs::perms(0644));
  const Ended refused = run_program(restore);
  BOOST_TEST(refused.code == 77, refused.said);
  BOOST_TEST(tells(refused.said, "chmod 0600 " + identity), refused.said);
  BOOST_TEST(!fs::exists(shelf / "restored"));
  fs::permissions(identity, fs::perms(0600));
  const Ended restored = run_program(restore);
  BOOST_TEST(restored.code == 0, restored.said);
  BOOST_TEST(mode_of(shelf / "restored") == 0700U);
  BOOST_TEST(stop().code == 0);
  use_data(shelf / "restored");
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
}

BOOST_FIXTURE_TEST_CASE(H7_a_part_of_somebody_elses_yields_no_backup, Guarded) {
  const fs::path bundle = data().parent_path() / "bundle";
  const fs::path part = bundle.native() + ".part";
  const auto back_up = [&] {
    return run_program({POSTERN_CLI, "--data", data(), "backup", "create", bundle});
  };
  BOOST_REQUIRE(start());
  std::ofstream(part) << "";
  for (const unsigned mode : {0666U, 0660U, 0602U, 0620U}) {
    fs::permissions(part, fs::perms(mode));
    const Ended refused = back_up();
    BOOST_TEST(refused.code == 77, refused.said);
    BOOST_TEST(tells(refused.said, "rm " + part.native()), refused.said);
    BOOST_TEST(!fs::exists(bundle));
  }
  fs::permissions(part, fs::perms(0644));
  fs::create_hard_link(part, part.native() + ".too");
  BOOST_TEST(back_up().code == 77);
  fs::remove(part.native() + ".too");
  if (::geteuid() == 0) {
    BOOST_REQUIRE(::chown(part.c_str(), other_user, other_user) == 0);
    BOOST_TEST(back_up().code == 77);
    BOOST_REQUIRE(::chown(part.c_str(), 0, 0) == 0);
  }
  BOOST_TEST(back_up().code == 0);
  BOOST_TEST(mode_of(bundle) == 0600U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
