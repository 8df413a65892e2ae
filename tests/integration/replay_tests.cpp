// The audit tool on what the real daemon left: both must say the same.
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;
using schema::Code;

/// Every file by its name: bytes and time of change.
std::map<std::string, std::string> image_of(const fs::path& folder) {
  std::map<std::string, std::string> image;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat about {};
    BOOST_REQUIRE(::lstat(entry.path().c_str(), &about) == 0);
    std::string& facts = image[entry.path().native()];
    facts = std::to_string(about.st_mtim.tv_sec) + "." + std::to_string(about.st_mtim.tv_nsec);
    std::ifstream file(entry.path(), std::ios::binary);
    if (entry.is_regular_file()) facts.append(std::istreambuf_iterator<char>(file), {});
  }
  return image;
}

struct Audited : DaemonProcess {
  Audited() { BOOST_REQUIRE_MESSAGE(start(), ended().said); }

  void run(schema::CommandMessageT message) {
    auto got = owner().execute(std::move(message));
    BOOST_REQUIRE(got);
    BOOST_REQUIRE((got->code == Code::ok));
  }

  /// What the command line prints of the running daemon.
  std::string postern(std::vector<std::string> words) const {
    words.insert(words.begin(), {POSTERN_CLI, "--data", data()});
    const Ended ended = run_program(words);
    BOOST_TEST(ended.code == 0, ended.said);
    return ended.said;
  }

  Ended replay_on(const fs::path& folder, std::vector<std::string> words) const {
    words.insert(words.begin(), {POSTERN_REPLAY, "--data", folder});
    const auto before = image_of(folder);
    Ended ended = run_program(words);
    BOOST_TEST((image_of(folder) == before), words.back() << " changed the folder");
    return ended;
  }
  Ended replay(std::vector<std::string> words) const { return replay_on(data(), std::move(words)); }

  /// Gives what the daemon called its digest after each.
  std::vector<std::string> tell(std::vector<schema::CommandMessageT> story) {
    std::vector<std::string> digests = {postern({"status", "--digest"})};
    for (auto& message : story) {
      run(std::move(message));
      digests.push_back(postern({"status", "--digest"}));
    }
    return digests;
  }

  /// A story of commands.
  std::vector<std::string> tell_story() {
    std::vector<schema::CommandMessageT> story;
    story.push_back(create_tenant("acme"));
    story.push_back(create_user("acme", "api.bob"));
    story.push_back(create_user("acme", "api.al"));
    story.push_back(reset_password("acme", "api.bob", "Corr3ct-horse"));
    story.push_back(command_message("acme", "api.al", schema::LockUserT{}));
    story.push_back(command_message("acme", "api.al", schema::TrashUserT{}));
    story.push_back(command_message("acme", "", schema::DisableTenantT{}));
    return tell(std::move(story));
  }
};

std::unique_ptr<schema::ConditionsT> some_conditions() {
  auto made = std::make_unique<schema::ConditionsT>();
  made->not_before_ns = 1'000'000'000;
  made->not_after_ns = 4'000'000'000'000'000'000;
  made->networks = std::make_unique<schema::NetworksT>();
  made->networks->entries = {"AWS", "2001:db8::/32"};
  made->secure_transport = true;
  return made;
}

/// A command of the tenant, or about its user.
template <class Body>
schema::CommandMessageT with(const std::function<void(Body&)>& edit, const std::string& user = {},
                             const std::string& tenant = "acme") {
  Body body;
  edit(body);
  return command_message(tenant, user, std::move(body));
}

/// Roles, conditions, catalogue, networks, keys, sessions, policies, settings.
std::vector<schema::CommandMessageT> whole_story() {
  using namespace schema;
  std::vector<CommandMessageT> story;
  const auto add = [&](CommandMessageT message) { story.push_back(std::move(message)); };
  const std::string bob = "api.bob";
  add(create_tenant("acme"));
  add(create_user("acme", "api.bob"));
  add(create_user("acme", "api.al"));
  add(reset_password("acme", "api.bob", "Corr3ct-horse"));
  add(with<DefineCatalogueT>([](auto& body) {
    auto& kind = *body.kinds.emplace_back(std::make_unique<CatalogueKindT>());
    kind.name = "ticket";
    for (const char* name : {"open", "close"})
      kind.actions.emplace_back(std::make_unique<CatalogueActionT>())->name = name;
    kind.actions.back()->implies = {"open"};
    kind.resources.emplace_back(std::make_unique<CatalogueResourceT>())->path = "ticket/sales";
    kind.resources.emplace_back(std::make_unique<CatalogueResourceT>())->path = "ticket/legal";
  }));
  add(with<RetireCatalogueT>([](auto& body) { body.resources = {"ticket/legal"}; }));
  for (const char* name : {"clerk", "chief", "nobody"})
    add(with<CreateRoleT>([&](auto& body) { body.name = name; }));
  add(with<DeleteRoleT>([](auto& body) { body.name = "nobody"; }));
  for (const char* action : {"open", "close"})
    add(with<AddRoleGrantT>([&](auto& body) {
      body.role = "clerk";
      body.effect = Effect::allow;
      body.action = action;
      body.resource = "ticket/sales";
      body.conditions = some_conditions();
    }));
  add(with<RemoveRoleGrantT>([](auto& body) {
    body.role = "clerk";
    body.effect = Effect::allow;
    body.action = "open";
    body.resource = "ticket/sales";
  }));
  add(with<NestRoleT>([](auto& body) {
    body.role = "chief";
    body.inner = "clerk";
  }));
  add(with<AssignRoleT>([](auto& body) { body.role = "chief"; }, bob));
  add(with<AddGrantT>(
      [](auto& body) {
        body.effect = Effect::deny;
        body.action = "read";
        body.resource = "table/customer/ssn";
        body.conditions = some_conditions();
      },
      bob));
  add(with<CreateKeyT>(
      [](auto& body) {
        body.name = "ci";
        auto& part = *body.narrowed_to.emplace_back(std::make_unique<NarrowingT>());
        part.action = "close";
        part.resource = "ticket/sales";
      },
      bob));
  add(with<CreateKeyT>([](auto& body) { body.name = "old"; }, bob));
  add(with<RevokeKeyT>([](auto& body) { body.name = "old"; }, bob));
  add(with<RotatePasswordT>(
      [](auto& body) {
        body.password = "N3wer-secret-word";
        body.old_valid_until_ns =
            std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::system_clock::now().time_since_epoch() + std::chrono::hours(1))
                .count();
      },
      bob));
  add(with<SetUserSettingsT>(
      [](auto& body) {
        body.networks = std::make_unique<NetworksT>();
        body.networks->entries = {"192.0.2.0/24", "CLOUDFLARE"};
        body.api_logging = true;
        body.session_timeout_seconds = 600;
      },
      bob));
  add(command_message("acme", bob, EndSessionsT()));
  add(command_message("acme", "", EndTenantSessionsT()));
  add(with<SetTenantT>([](auto& body) {
    body.display_name = "Acme Ltd";
    body.policies = std::make_unique<PolicyChangesT>();
    body.policies->lockout_failures = 7;
    body.policies->networks = std::make_unique<NetworksT>();
    body.policies->networks->entries = {"AWS"};
  }));
  add(with<ImportRangesT>(
      [](auto& body) {
        body.provider = Provider::AWS;
        body.source_name = "ip-ranges.json";
        body.source_sha256.assign(32, 7);
        body.v4 = {0xc0000200, 0xc00002ff};
        body.v6 = {0x20010db800000000, 0, 0x20010db8ffffffff, ~0ULL};
      },
      "", ""));
  add(with<RenameUserT>([](auto& body) { body.username = "api.eve"; }, "api.al"));
  return story;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(replay_tests, Audited)

BOOST_AUTO_TEST_CASE(H9_the_digest_folded_is_the_daemons_at_every_seq) {
  const auto digests = tell_story();
  BOOST_TEST(stop().code == 0);
  for (std::size_t i = 0; i < digests.size(); ++i) {
    const Ended folded = replay({"fold", "--to-seq", std::to_string(i + 1)});
    BOOST_TEST(folded.code == 0);
    BOOST_TEST(folded.said == digests[i]);
  }
  BOOST_TEST(replay({"fold"}).said == digests.back());
  BOOST_TEST(digests.front() != digests.back());
}

BOOST_AUTO_TEST_CASE(H9_all_that_a_tenant_can_hold_is_the_same_after_a_restart_and_folded) {
  const auto digests = tell(whole_story());
  BOOST_TEST((std::set(digests.begin(), digests.end()).size() == digests.size()),
             "each command changed the digest");
  // Signed in and asked, so that there is use to record when it stops.
  auto asker = owner();
  BOOST_REQUIRE(asker.ask(authenticate("acme", "api.bob", "wrong-0ne")));
  const std::string last = postern({"status", "--digest"});
  kill();
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(postern({"status", "--digest"}) == last);
  BOOST_TEST(stop().code == 0);
  const std::string folded = replay({"fold"}).said;
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(postern({"status", "--digest"}) == folded);
  BOOST_TEST(stop().code == 0);
  for (std::size_t place = 0; place < digests.size(); ++place)
    BOOST_TEST(replay({"fold", "--to-seq", std::to_string(place + 1)}).said == digests[place]);
}

BOOST_AUTO_TEST_CASE(Q7_show_prints_the_records_that_events_list_prints) {
  tell_story();
  const std::string listed = postern({"--output", "jsonl", "events", "list"});
  const std::string of_bob =
      postern({"--tenant", "acme", "--output", "jsonl", "events", "list", "--user", "api.bob"});
  const std::string table = postern({"events", "list", "--kind", "TenantCreated"});
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(replay({"show", "--output", "jsonl"}).said == listed);
  BOOST_TEST(replay({"show", "--output", "jsonl", "--tenant", "acme", "--user", "api.bob"}).said ==
             of_bob);
  BOOST_TEST(replay({"show", "--kind", "TenantCreated"}).said == table);
  BOOST_TEST(std::ranges::count(listed, '\n') == 8);
}

BOOST_AUTO_TEST_CASE(Q7_both_programs_tell_every_kind_of_event_alike) {
  auto story = whole_story();
  // The one tells the name a user has now, the other the name it had then.
  story.pop_back();
  for (auto& message : story) run(std::move(message));
  const std::string table = postern({"events", "list"});
  const std::string lines = postern({"--output", "jsonl", "events", "list"});
  BOOST_TEST(stop().code == 0);
  BOOST_TEST((replay({"show"}).said == table), table);
  BOOST_TEST((replay({"show", "--output", "jsonl"}).said == lines), lines);
  for (const char* part : {"role=chief inner=clerk", "role=nobody", "key=old", "name=ci",
                           "narrowed_to=close:ticket/sales", "kinds=ticket(",
                           "actions=ticket:open(", "lockout_failures=7", "networks=AWS",
                           "not_before=1970-01-01T00:00:01Z", "v4_ranges=1 v6_ranges=1"})
    BOOST_TEST(table.find(part) != std::string::npos, part);
}

BOOST_AUTO_TEST_CASE(H5_what_the_daemon_signed_is_borne_out_by_what_it_left) {
  auto story = whole_story();
  // The last one renames a user.
  story.pop_back();
  for (auto& message : story) run(std::move(message));
  const TemporaryFolder kept;
  const auto ask = [&](const std::string& action, const std::string& resource,
                       const std::string& user) {
    const fs::path file = kept.path() / (user + action);
    const Ended asked = run_program({POSTERN_CLI, "--data", data(), "--tenant", "acme", "check",
                                     user, action, resource, "--receipt", file});
    BOOST_TEST(asked.code < 2, asked.said);
    return file.string();
  };
  std::vector<std::string> receipts;
  for (const char* user : {"api.bob", "api.al", "api.nobody"})
    for (const char* action : {"open", "close"})
      receipts.push_back(ask(action, "ticket/sales", user));
  // Later records change nothing about it.
  run(command_message("acme", "api.bob", schema::LockUserT{}));
  BOOST_TEST(stop().code == 0);
  const fs::path bundle = kept.path() / "bundle";
  BOOST_TEST(replay({"export", bundle}).code == 0);
  const auto head =
      replay({"--output", "json", "export", kept.path() / "part", "--tenant", "acme"});
  BOOST_REQUIRE(head.code == 0);
  const auto key_at = head.said.find("\"verifier_key\":\"") + 16;
  const std::string key = head.said.substr(key_at, head.said.find('"', key_at) - key_at);
  for (const std::string& receipt : receipts) {
    const Ended borne = replay({"verify-receipt", receipt});
    BOOST_TEST(borne.code == 0, borne.said);
    for (const fs::path& file : {bundle, kept.path() / "part"}) {
      const Ended proved = run_program(
          {POSTERN_REPLAY, "--bundle", file, "verify-receipt", receipt, "--public-key", key});
      BOOST_TEST(proved.code == 0, proved.said);
      BOOST_TEST(proved.said == borne.said);
    }
  }
}

BOOST_AUTO_TEST_CASE(H6_a_stopped_daemons_folder_is_whole_and_a_running_ones_in_use) {
  tell_story();
  for (const char* verb : {"verify", "show", "fold"}) {
    const Ended refused = run_program({POSTERN_REPLAY, "--data", data(), verb});
    BOOST_TEST(refused.code == 75);
    BOOST_TEST(refused.said.find("is in use by process " + std::to_string(process())) !=
               std::string::npos);
  }
  BOOST_TEST(stop().code == 0);
  const Ended whole = replay({"verify"});
  BOOST_TEST(whole.code == 0, whole.said);
  BOOST_TEST(whole.said.find("keys     checked, for 2 users\n") != std::string::npos);

  const TemporaryFolder elsewhere;
  const fs::path copy = elsewhere.path() / "copy";
  fs::create_directory(copy);
  fs::copy(data() / "format", copy);
  fs::copy(data() / "journal", copy / "journal", fs::copy_options::recursive);
  const Ended copied = replay_on(copy, {"verify"});
  BOOST_TEST(copied.code == 0, copied.said);
  BOOST_TEST(copied.said.find("keys     not checked") != std::string::npos);
  BOOST_REQUIRE_MESSAGE(start(), "a daemon starts after an audit: " << ended().said);
}

BOOST_AUTO_TEST_CASE(H6_what_a_killed_daemon_leaves_is_whole) {
  const auto digests = tell_story();
  kill();
  const Ended whole = replay({"verify"});
  BOOST_TEST(whole.code == 0, whole.said);
  BOOST_TEST(replay({"fold"}).said == digests.back());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
