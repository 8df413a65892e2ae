// Leaked API keys: found in real files, told whose they are by the real daemon, and revoked.
#include <sys/stat.h>

#include "schema/api_key.h"
#include "tests/support/command_line.h"
#include "tests/support/messages.h"
#include "tests/support/sanitized.h"
#include "tests/support/terminal_program.h"

namespace postern::support {
namespace {

namespace fs = std::filesystem;

struct Scan : CommandLine {
  Scan() {
    done({"tenant", "create", "acme"});
    done({"--tenant", "acme", "user", "create", "api.bob", "api.eve"});
    fs::create_directories(path("tree/below"));
  }

  /// Its text.
  std::string make_key(const std::string& user, const std::string& name,
                       std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"--tenant", "acme", "key", "create", user, name};
    std::ranges::move(more, std::back_inserter(all));
    const std::string said = done(std::move(all));
    const auto place = said.find("pstk_");
    BOOST_REQUIRE(place != said.npos);
    secrets.push_back(said.substr(place, 99));
    return secrets.back();
  }

  /// Standard output alone; whatever is said holds no secret.
  Ended scan(std::vector<std::string> more, const std::string& input = "/dev/null") const {
    std::vector<std::string> all{"/bin/sh", "-c", "input=$1; shift; exec \"$@\" <\"$input\"", "sh",
                                 input};
    for (auto& word : words({"key", "scan"})) all.push_back(std::move(word));
    std::ranges::move(more, std::back_inserter(all));
    Ended ended = run_program(all);
    hold_no_secret(ended.said);
    return ended;
  }

  void hold_no_secret(const std::string& said) const {
    for (const std::string& secret : secrets)
      BOOST_TEST(said.find(secret.substr(30, 20)) == said.npos, said);
  }

  mutable std::vector<std::string> secrets;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string in_utf16(const std::string& ascii) {
  std::string wide = "\xff\xfe";
  for (const char letter : ascii) wide += {letter, '\0'};
  return wide;
}

BOOST_FIXTURE_TEST_SUITE(key_scan_tests, Scan)

BOOST_AUTO_TEST_CASE(C8_leaked_keys_are_found_and_told_whose_they_are) {
  const std::string live = make_key("api.bob", "nightly");
  const std::string timed = make_key("api.bob", "timed", {"--expires", "2040-01-01T00:00:00Z"});
  const std::string gone = make_key("api.eve", "gone");
  done({"--tenant", "acme", "key", "revoke", "api.eve", "gone", "--reason", "T-7"});
  write("tree/a.json", "{\n  \"k\u00fc\": \"" + live + "\"}\n");
  write("tree/below/b.txt", in_utf16("one\r\ntwo " + timed + "\r\n"));
  write("tree/below/c.bin", std::string(3, '\0') + "\xff" + gone + gone);
  std::string near = live;
  near[50] = near[50] == 'a' ? 'b' : 'a';
  write("tree/near", near + "\n" + live.substr(0, 98) + "\n" + live.substr(1));
  const Ended ended = scan({path("tree")});
  BOOST_TEST(ended.code == 1);
  const auto row = [&](const std::string& place, const std::string& rest) {
    const auto begin = ended.said.find(path("tree/" + place));
    const auto line = begin == ended.said.npos
                          ? std::string()
                          : ended.said.substr(begin, ended.said.find('\n', begin) - begin);
    BOOST_TEST(contains(line, rest), place << ": " << ended.said);
  };
  row("a.json:2:10", "acme    api.bob  nightly  live");
  row("below/b.txt:2:5", "expires 2040-01-01T00:00:00Z");
  row("below/c.bin:1:5", "revoked  seq");
  row("below/c.bin:1:104", "by owner (owner): T-7");
  BOOST_TEST(!contains(ended.said, "near"));
  BOOST_TEST(contains(ended.said, "4 places"), ended.said);
  // What is dead needs nobody.
  const Ended alive = scan({path("tree"), "--live"});
  BOOST_TEST(alive.code == 1);
  BOOST_TEST(!contains(alive.said, "c.bin"));
  BOOST_TEST(scan({path("tree/below/c.bin"), "--live"}).code == 0);
}

BOOST_AUTO_TEST_CASE(C8_a_scan_of_nothing_ends_0_and_of_what_cannot_be_read_never) {
  write("tree/clean", "nothing here");
  BOOST_TEST(scan({path("tree")}).code == 0);
  BOOST_TEST(scan({path("none")}).code == 66);
  BOOST_TEST(scan({path("tree"), path("none")}).code == 66);
  BOOST_TEST(scan({}).code == 64);
  // A link is not followed, and a pipe nobody waits at.
  write("leak", make_key("api.bob", "nightly"));
  fs::create_symlink(path("leak"), path("tree/link"));
  BOOST_REQUIRE(::mkfifo(path("tree/pipe").c_str(), 0600) == 0);
  BOOST_TEST(scan({path("tree")}).code == 0);
  // A link that was named is.
  BOOST_TEST(scan({path("tree/link")}).code == 1);
}

BOOST_AUTO_TEST_CASE(C8_what_may_not_be_read_is_told) {
  write("tree/closed", "x");
  fs::permissions(path("tree/closed"), fs::perms::none);
  fs::permissions(path("tree/below"), fs::perms::none);
  fs::permissions(folder.path(), fs::perms(0711));
  const Ended ended =
      run_program_as(other_user, {POSTERN_CLI, "key", "scan", path("tree"), "--offline"});
  if (::geteuid() == 0) {
    BOOST_TEST(ended.code == 74);
    BOOST_TEST(contains(ended.said, "Not looked into: " + path("tree/closed")), ended.said);
    BOOST_TEST(contains(ended.said, "Not looked into: " + path("tree/below")), ended.said);
  }
  fs::permissions(path("tree/below"), fs::perms::owner_all);
}

BOOST_AUTO_TEST_CASE(C8_a_key_across_blocks_of_a_big_file_is_found_in_bounded_memory) {
  const std::string key = make_key("api.bob", "nightly");
  constexpr std::size_t block = 1'048'576;
  for (const std::size_t before : {block - 400, block - 99, block - 50, block - 1, block}) {
    write("tree/big", std::string(before, 'p') + key + std::string(block, 'p'));
    const Ended ended = scan({path("tree/big"), "--offline"});
    BOOST_TEST(ended.code == 1);
    BOOST_TEST(contains(ended.said, "big:1:" + std::to_string(before + 1)), ended.said);
  }
  // 600 MB in less room than that; a sanitizer needs all there is.
  const std::string room = sanitized ? "unlimited" : "400000";
  const Ended ended = run_program({"/bin/sh", "-c",
                                   "{ yes postern | head -c 600000000; printf %s \"$2\"; } | "
                                   "(ulimit -v \"$3\"; exec \"$1\" key scan - --offline)",
                                   "sh", POSTERN_CLI, key, room});
  BOOST_TEST(ended.code == 1, ended.said);
  BOOST_TEST(contains(ended.said, "standard input:75000001:1"), ended.said);
}

BOOST_AUTO_TEST_CASE(C8_a_text_of_the_right_form_that_is_no_key_of_its_user_is_told) {
  const std::string key = make_key("api.bob", "nightly");
  std::string forged = key.substr(0, key.size() - schema::api_key_checksum_digits);
  forged[schema::api_key_prefix.size() + 12] =
      forged[schema::api_key_prefix.size() + 12] == '1' ? '2' : '1';
  forged +=
      schema::in_api_key_digits(schema::api_key_checksum(forged), schema::api_key_checksum_digits);
  write("forged", forged);
  const auto before = seq();
  const Ended ended = scan({path("forged"), "--revoke"});
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.said, "unknown key"), ended.said);
  BOOST_TEST(seq() == before);
  BOOST_TEST(scan({path("forged"), "--live"}).code == 0);
}

BOOST_AUTO_TEST_CASE(C8_standard_input_is_looked_through_and_the_answer_is_data) {
  const std::string key = make_key("api.bob", "nightly");
  write("log", "a\nb " + key + " c\n");
  const Ended ended = scan({"-", "--output", "jsonl"}, path("log"));
  BOOST_TEST(ended.code == 1);
  for (const char* part :
       {R"("file":"-","line":2,"column":3,"encoding":"UTF-8")", R"("state":"live")",
        R"("tenant":"acme","username":"api.bob","key_name":"nightly","user_status":"active")",
        R"("expires":null,"revoked":null,"revoked_now":false)"})
    BOOST_TEST(contains(ended.said, part), ended.said);
  const Ended none = scan({"-", "--output", "json"});
  BOOST_TEST(none.code == 0);
  BOOST_TEST(contains(none.said, "[]"), none.said);
}

BOOST_AUTO_TEST_CASE(C8_a_file_may_be_named_as_a_key_and_the_name_is_not_shown) {
  const std::string key = make_key("api.bob", "nightly");
  write("tree/" + key + ".txt", "x");
  const Ended ended = scan({path("tree")});
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.said, key.substr(0, 16) + "….txt (its name)"), ended.said);
}

BOOST_AUTO_TEST_CASE(C8_what_is_not_looked_into_is_told) {
  write("tree/log.gz", "\x1f\x8b\x08 and so on");
  fs::create_directories(path("tree/.git"));
  const Ended ended = scan({path("tree")});
  BOOST_TEST(ended.code == 0);
  BOOST_TEST(contains(ended.said, "1 compressed file was not unpacked, the first of them " +
                                      path("tree/log.gz")),
             ended.said);
  BOOST_TEST(contains(ended.said, "git log -p --all | postern key scan -"));
}

BOOST_AUTO_TEST_CASE(C8_without_a_daemon_a_key_is_found_and_that_nobody_was_asked_is_told) {
  write("tree/a", make_key("api.bob", "nightly"));
  daemon.stop();
  const Ended away = scan({path("tree")});
  BOOST_TEST(away.code == 1);
  BOOST_TEST(contains(away.said, "not asked"), away.said);
  BOOST_TEST(contains(away.said, "Whose they are could not be asked"), away.said);
  // What was to be done was not.
  BOOST_TEST(scan({path("tree"), "--revoke"}).code == 69);
  const Ended offline = scan({path("tree"), "--offline"});
  BOOST_TEST(offline.code == 1);
  BOOST_TEST(!contains(offline.said, "could not be asked"), offline.said);
}

BOOST_AUTO_TEST_CASE(O2_who_may_not_see_the_user_is_told_of_nobody) {
  write("leak", make_key("api.bob", "nightly"));
  done({"tenant", "create", "umbra"});
  const auto as = [&](const char* role, const char* tenant) {
    const std::string name = std::string(role) + "-" + tenant;
    done({"operator", "add", name, "--role", role, "--tenants", tenant, "--key-out", path(name)});
    return scan({path("leak"), "--key", path(name), "--revoke"});
  };
  const Ended stranger = as("administrator", "umbra");
  BOOST_TEST(stranger.code == 1);
  BOOST_TEST(contains(stranger.said, "unknown user"), stranger.said);
  BOOST_TEST(!contains(stranger.said, "api.bob"));
  const Ended service = as("service", "acme");
  BOOST_TEST(service.code == 77);
  BOOST_TEST(contains(service.said, "could not be asked"), service.said);
  BOOST_TEST(!contains(service.said, "api.bob"));
  // Who may see it, but end nothing.
  const Ended auditor = as("auditor", "acme");
  BOOST_TEST(auditor.code == 77);
  BOOST_TEST(contains(auditor.said, "Not revoked: nightly of api.bob (acme)."), auditor.said);
}

BOOST_AUTO_TEST_CASE(C8_live_keys_are_revoked_on_demand_and_others_of_the_user_stay) {
  write("leak", make_key("api.bob", "nightly") + "\n" + make_key("api.eve", "nightly"));
  make_key("api.bob", "other");
  const auto before = seq();
  const Ended dry = scan({path("leak"), "--revoke", "--dry-run"});
  BOOST_TEST(dry.code == 1);
  BOOST_TEST(contains(dry.said, "Would be revoked: nightly of api.bob (acme)."), dry.said);
  BOOST_TEST(seq() == before);
  BOOST_TEST(scan({"-", "--revoke"}, path("leak")).code == 64);
  BOOST_TEST(scan({path("leak"), "--revoke", "--guard", "unused"}).code == 64);
  BOOST_TEST(seq() == before);
  const Ended ended =
      scan({"-", "--revoke", "--yes", "--reason", "leaked", "--output", "jsonl"}, path("leak"));
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.said, R"("reason":"leaked"},"revoked_now":true)"), ended.said);
  BOOST_TEST(seq() == before + 2);
  const std::string keys = done({"--tenant", "acme", "key", "list", "api.bob"});
  BOOST_TEST(contains(keys, "other"));
  BOOST_TEST(!contains(keys, "nightly"));
  const Ended again = scan({path("leak"), "--revoke"});
  BOOST_TEST(again.code == 1);
  BOOST_TEST(contains(again.said, "No live key is to be revoked."), again.said);
}

BOOST_AUTO_TEST_CASE(C8_at_a_terminal_the_tenant_is_typed_before_keys_are_revoked) {
  write("leak", make_key("api.bob", "nightly"));
  const auto before = seq();
  const auto at_terminal = [&](const std::string& typed) {
    TerminalProgram program(words({"key", "scan", path("leak"), "--revoke"}));
    BOOST_TEST(program.wait_for("Type acme to go on: "), program.shown());
    program.type(typed);
    Ended ended = program.wait();
    hold_no_secret(ended.said);
    return ended;
  };
  for (const std::string wrong : {"yes\n", "\n", "acm\n", "\x04"}) {
    const Ended ended = at_terminal(wrong);
    BOOST_TEST(ended.code == 1);
    BOOST_TEST(contains(ended.said, "Nothing was done."), ended.said);
  }
  BOOST_TEST(at_terminal("\x03").code == 130);
  BOOST_TEST(seq() == before);
  const Ended ended = at_terminal("acme\n");
  BOOST_TEST(contains(ended.said, "Revoked: nightly of api.bob (acme)."), ended.said);
  BOOST_TEST(seq() == before + 1);
}

BOOST_AUTO_TEST_CASE(C8_keys_of_a_deleted_user_are_dead) {
  const std::string key = make_key("api.eve", "nightly");
  write("leak", key);
  done({"--tenant", "acme", "user", "disable", "api.eve"});
  BOOST_TEST(contains(scan({path("leak")}).said, "the user is inactive"));
  done({"--tenant", "acme", "user", "trash", "api.eve"});
  done({"--tenant", "acme", "user", "delete", "api.eve"});
  const Ended ended = scan({path("leak")});
  BOOST_TEST(contains(ended.said, "deleted"), ended.said);
  BOOST_TEST(scan({path("leak"), "--live"}).code == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::support
