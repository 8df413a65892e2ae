// H7, U11: backups of the running daemon, and daemons made of them.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;
using schema::Code;

constexpr const char* password = "Correct-h0rse-battery";
constexpr const char* kept_until = "2090-01-01T00:00:00Z";

std::string text_in(const fs::path& file) {
  std::ifstream opened(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(opened), {}};
}

bool says(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

/// A daemon with a tenant and a user, the way to its backups, and a second one for what comes of
/// them.
struct BackedUp : DaemonProcess {
  TemporaryFolder shelf;
  DaemonProcess other;
  fs::path bundle = shelf.path() / "bundle";
  fs::path keys = shelf.path() / "keys";
  fs::path identity = shelf.path() / "restore.key";
  fs::path restored = shelf.path() / "restored";

  BackedUp() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    run(*this, create_tenant("acme"));
    schema::CreateUserT shop;
    shop.username = "shop";
    shop.password = password;
    shop.note = "Canary-note-77ac31";
    run(*this, command_message("acme", "", std::move(shop)));
    run(*this, add_grant("acme", "shop", schema::Effect::allow, "read", "table/x"));
  }

  static std::uint64_t run(const DaemonProcess& daemon, schema::CommandMessageT message) {
    const auto got = daemon.owner().execute(std::move(message));
    BOOST_REQUIRE_MESSAGE(got.has_value(), got.error().sentence);
    BOOST_REQUIRE((got->code == Code::ok));
    return got->seq;
  }
  static schema::StatusT status(const DaemonProcess& daemon) {
    const auto got = daemon.owner().ask(get_status());
    BOOST_REQUIRE(got);
    return *got->body.AsStatus();
  }
  /// Without kept tokens, so that each is a real authentication.
  static Code login(const DaemonProcess& daemon, const std::string& user) {
    auto options = daemon.owner_options();
    options.keep_tokens = false;
    const auto got = client::Client::make(options)->ask(authenticate("acme", user, password));
    BOOST_REQUIRE(got);
    return got->body.AsAuthenticated()->reason;
  }

  Ended cli(std::vector<std::string> words) const {
    words.insert(words.begin(), {POSTERN_CLI, "--data", data(), "--no-checkpoint"});
    return run_program(words);
  }
  void create_bundle() const {
    const auto made = cli({"backup", "create", bundle});
    BOOST_REQUIRE_MESSAGE(made.code == 0, made.said);
  }
  void copy_keys() const {
    const auto made =
        cli({"backup", "keys", keys, "--key-out", identity, "--kept-until", kept_until});
    BOOST_REQUIRE_MESSAGE(made.code == 0, made.said);
  }
  Ended restore(const fs::path& with_bundle, const fs::path& with_keys) const {
    return run_program({POSTERN_CLI, "backup", "restore", restored, "--bundle", with_bundle,
                        "--keys", with_keys, "--identity", identity});
  }
  void start_restored() {
    other.use_data(restored);
    BOOST_REQUIRE_MESSAGE(other.start(), other.ended().said);
  }
  static Ended verify(const fs::path& file) {
    return run_program({POSTERN_CLI, "backup", "verify", file});
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(backup_tests, BackedUp)

BOOST_AUTO_TEST_CASE(H7_a_restored_daemon_goes_on_where_the_copy_ends) {
  auto watching = owner_options();
  watching.checkpoint_file = (shelf.path() / "early").string();
  BOOST_REQUIRE(client::Client::make(watching)->check_history());
  create_bundle();
  const std::uint64_t copied = status(*this).seq;
  copy_keys();
  BOOST_TEST(status(*this).keys_kept_until_ns > 0);
  auto session = owner().ask(authenticate("acme", "shop", password));
  BOOST_REQUIRE(session);
  const std::string token = session->body.AsAuthenticated()->token;
  BOOST_TEST(!token.empty());
  run(*this, create_user("acme", "late"));
  auto late = owner_options();
  late.checkpoint_file = (shelf.path() / "late").string();
  BOOST_REQUIRE(client::Client::make(late)->check_history());
  kill();

  const auto verified = verify(bundle);
  BOOST_TEST(verified.code == 0, verified.said);
  const auto made = restore(bundle, keys);
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.said);
  BOOST_TEST(says(made.said, "from record " + std::to_string(copied + 1)), made.said);
  start_restored();
  BOOST_TEST((login(other, "shop") == Code::ok));
  const auto allowed = other.owner().ask(check_by_name("acme", "shop", "read", "table/x/y"));
  BOOST_REQUIRE(allowed);
  BOOST_TEST(allowed->body.AsChecked()->decisions.at(0)->allowed);
  BOOST_TEST(status(other).user_count == 1U);
  // S1: the key that sealed it is another now.
  schema::QueryT old_session;
  old_session.tenant = "acme";
  schema::CheckT check;
  schema::TokenCredentialT credential;
  credential.token = token;
  check.credential.Set(std::move(credential));
  check.questions.emplace_back(std::make_unique<schema::QuestionT>())->action = "read";
  check.questions[0]->resource = "table/x";
  old_session.body.Set(std::move(check));
  const auto refused = other.owner().ask(std::move(old_session));
  BOOST_REQUIRE(refused);
  BOOST_TEST(!refused->body.AsChecked()->decisions.at(0)->allowed);

  // Who saw no more than the copy goes on; who saw more is told what is missing.
  auto options = other.owner_options();
  options.checkpoint_file = watching.checkpoint_file;
  const auto goes_on = client::Client::make(options)->check_history();
  BOOST_TEST(goes_on.has_value(), goes_on.error().sentence);
  options.checkpoint_file = late.checkpoint_file;
  const auto told = client::Client::make(options)->check_history();
  BOOST_REQUIRE(!told);
  BOOST_TEST((told.error().kind == client::ErrorKind::contradiction));
  BOOST_TEST(says(told.error().sentence, "from record " + std::to_string(copied + 1)),
             told.error().sentence);

  run(other, create_user("acme", "late"));
  BOOST_REQUIRE(other.stop().code == 0);
  BOOST_REQUIRE_MESSAGE(other.start(), other.ended().said);
  BOOST_REQUIRE(other.stop().code == 0);
  const auto whole = run_program({POSTERN_REPLAY, "--data", restored, "verify"});
  BOOST_TEST(whole.code == 0, whole.said);
}

BOOST_AUTO_TEST_CASE(U11_who_was_erased_after_the_records_were_copied_stays_erased) {
  create_bundle();
  run(*this, command_message("acme", "shop", schema::TrashUserT()));
  run(*this, command_message("acme", "shop", schema::EraseUserT()));
  run(*this, create_user("acme", "other"));
  copy_keys();
  kill();
  const auto made = restore(bundle, keys);
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.said);
  BOOST_TEST(says(made.said, "erased for ever: 1 (1 after"), made.said);
  start_restored();
  BOOST_TEST((login(other, "shop") == Code::invalid_credentials));
  BOOST_REQUIRE(other.stop().code == 0);
  const auto whole = run_program({POSTERN_REPLAY, "--data", restored, "verify"});
  BOOST_TEST(whole.code == 0, whole.said);
  BOOST_TEST(says(whole.said, "no key of theirs is left"), whole.said);
}

BOOST_AUTO_TEST_CASE(U11_an_erasure_in_the_bundle_is_repeated_on_older_keys) {
  copy_keys();
  run(*this, command_message("acme", "shop", schema::TrashUserT()));
  run(*this, command_message("acme", "shop", schema::EraseUserT()));
  create_bundle();
  kill();
  BOOST_REQUIRE(restore(bundle, keys).code == 0);
  start_restored();
  BOOST_TEST((login(other, "shop") == Code::invalid_credentials));
  BOOST_REQUIRE(other.stop().code == 0);
  const auto whole = run_program({POSTERN_REPLAY, "--data", restored, "verify"});
  BOOST_TEST(says(whole.said, "no key of theirs is left"), whole.said);
}

BOOST_AUTO_TEST_CASE(U11_a_backup_shows_nothing_of_what_was_received) {
  create_bundle();
  copy_keys();
  for (const fs::path& file : {bundle, keys}) {
    const std::string text = text_in(file);
    BOOST_TEST(text.size() > 100U);
    for (const char* secret : {password, "Canary-note-77ac31"})
      BOOST_TEST(!says(text, secret), file << " holds " << secret);
  }
  // What is no secret is there: the search works.
  BOOST_TEST(says(text_in(bundle), "shop"));
}

BOOST_AUTO_TEST_CASE(H7_a_backup_of_a_busy_daemon_is_whole_at_its_own_record) {
  std::atomic<bool> enough = false;
  std::jthread busy([&] {
    auto sender = owner();
    for (int i = 0; !enough; ++i)
      if (!sender.execute(create_user("acme", "busy-" + std::to_string(i)))) return;
  });
  for (int round = 0; round < 5; ++round) {
    fs::remove(bundle);
    create_bundle();
  }
  enough = true;
  busy.join();
  const auto verified = verify(bundle);
  BOOST_TEST(verified.code == 0, verified.said);
}

BOOST_AUTO_TEST_CASE(H7_an_interrupted_backup_is_gone_on_with) {
  for (int i = 0; i < 30; ++i) run(*this, create_user("acme", "u" + std::to_string(i)));
  create_bundle();
  const std::string whole = text_in(bundle);
  const fs::path part = shelf.path() / "bundle.part";
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{200}, whole.size() / 2,
                                 whole.size() - 1, whole.size()}) {
    fs::remove(bundle);
    std::ofstream(part, std::ios::binary) << whole.substr(0, size);
    run(*this, create_user("acme", "more" + std::to_string(size)));
    create_bundle();
    const auto verified = verify(bundle);
    BOOST_TEST(verified.code == 0, verified.said);
    // With its first part there it ends where it was to end.
    if (size > whole.size() / 2) BOOST_TEST((text_in(bundle) == whole), size);
    BOOST_TEST(!fs::exists(part));
  }
  const auto there = cli({"backup", "create", bundle});
  BOOST_TEST(there.code == 73, there.said);
}

BOOST_AUTO_TEST_CASE(H7_copies_that_are_not_whole_or_do_not_fit_make_no_data_folder) {
  copy_keys();
  create_bundle();
  const std::string whole_bundle = text_in(bundle);
  const std::string whole_keys = text_in(keys);
  const fs::path changed = shelf.path() / "changed";
  const auto refused = [&](const Ended& ended, int code) {
    BOOST_TEST(ended.code == code, ended.said);
    const auto started = run_program({POSTERND, "--data", restored});
    BOOST_TEST(started.code == 66, started.said);
    fs::remove_all(restored);
  };
  std::ofstream(changed, std::ios::binary) << whole_bundle.substr(0, whole_bundle.size() - 1);
  refused(restore(changed, keys), 65);
  BOOST_TEST(verify(changed).code == 1);
  std::string flipped = whole_bundle;
  flipped[flipped.size() - 100] = static_cast<char>(flipped[flipped.size() - 100] ^ 1);
  std::ofstream(changed, std::ios::binary) << flipped;
  refused(restore(changed, keys), 65);
  std::ofstream(changed, std::ios::binary) << whole_keys.substr(0, whole_keys.size() / 2);
  refused(restore(bundle, changed), 65);
  refused(restore(shelf.path() / "nothing", keys), 66);
  refused(restore(bundle, shelf.path() / "nothing"), 66);
  // A recipient whom it was not made for.
  refused(run_program({POSTERND, "restore", "--data", restored, "--bundle", bundle, "--keys", keys,
                       "--identity", data() / "owner.key"}),
          64);
  // Keys of another installation.
  BOOST_REQUIRE_MESSAGE(other.start(), other.ended().said);
  const fs::path foreign = shelf.path() / "foreign";
  BOOST_REQUIRE(
      run_program({POSTERN_CLI, "--data", other.data(), "backup", "keys", foreign, "--recipient",
                   text_in(identity).substr(14, 40), "--kept-until", kept_until})
          .code == 0);
  refused(restore(bundle, foreign), 65);
  // A folder in use.
  fs::create_directory(restored);
  std::ofstream(restored / "mine") << "mine";
  BOOST_TEST(restore(bundle, keys).code == 73);
  BOOST_TEST(text_in(restored / "mine") == "mine");
  fs::remove_all(restored);
  BOOST_TEST(restore(bundle, keys).code == 0);
}

BOOST_AUTO_TEST_CASE(O2_who_is_not_shown_all_records_makes_no_bundle) {
  const auto keys_of_acme = client::make_key_pair();
  run(*this, add_operator("scoped", schema::Role::owner, keys_of_acme.public_key, {"acme"}));
  const fs::path key_file = shelf.path() / "scoped.key";
  std::ofstream(key_file) << "public_key = \"" << client::key_text(keys_of_acme.public_key)
                          << "\"\nsecret_key = \"" << client::key_text(keys_of_acme.secret_key)
                          << "\"\n";
  fs::permissions(key_file, fs::perms::owner_read | fs::perms::owner_write);
  const auto made = cli({"--key", key_file, "backup", "create", bundle});
  BOOST_TEST(made.code == 77, made.said);
  BOOST_TEST(says(made.said, "not shown all records"), made.said);
  BOOST_TEST(!fs::exists(bundle));
}

BOOST_AUTO_TEST_CASE(U11_keys_are_copied_only_for_owners_and_only_as_recorded) {
  const auto ask = [&](const client::Options& options, std::uint64_t seq, std::uint32_t part) {
    schema::HistoryRequestT request;
    schema::GetKeysT wanted;
    wanted.seq = seq;
    wanted.part = part;
    request.body.Set(std::move(wanted));
    const auto got = client::Client::make(options)->history(std::move(request));
    BOOST_REQUIRE(got);
    return got->code;
  };
  copy_keys();
  const std::uint64_t seq = status(*this).seq;
  BOOST_TEST((ask(owner_options(), seq, 0) == Code::ok));
  BOOST_TEST((ask(owner_options(), seq, 9'999) == Code::field_malformed));
  BOOST_TEST((ask(owner_options(), seq - 1, 0) == Code::field_malformed));
  BOOST_TEST((ask(owner_options(), seq + 9, 0) == Code::field_malformed));
  const auto auditor = client::make_key_pair();
  run(*this, add_operator("auditor", schema::Role::auditor, auditor.public_key));
  BOOST_TEST((ask(tcp_options(auditor), seq, 0) == Code::not_permitted));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
