// U11 on the real daemon: a user is used, then erased, and looked for everywhere: in answers, in
// the memory of the process, in every file, after restarts, and with an old copy of the keys.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"
#include "tests/support/rfc9162.h"
#include "tests/support/sanitized.h"
#include "tests/support/search.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;
using schema::Code;

const std::string first_password = "Hushed-Passw0rd-zq71";
const std::string second_password = "Hushed-Passw0rd-kx38";
const std::string third_password = "Hushed-Passw0rd-vb52";
const std::string address = "203.0.113.77";

/// What must be nowhere.
const std::vector<std::string> canaries = {"canary-first-name-p4o2",
                                           "canary-mail-t8w1@acme.example",
                                           "canary-attribute-m3n5",
                                           "canary-note-before-r9d6",
                                           "canary-note-after-h2j7",
                                           "canary-phone-f6g8",
                                           first_password,
                                           second_password,
                                           third_password};

bool contains(std::string_view bytes, std::string_view text) {
  return bytes.find(text) != std::string_view::npos;
}

/// The canaries that lie in the bytes.
std::string found_in(std::string_view bytes) {
  std::string found;
  for (const std::string& canary : canaries)
    if (contains(bytes, canary)) found += canary + " ";
  return found;
}

struct Erased : DaemonProcess {
  Erased() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    run(create_tenant("acme"));
  }

  /// Over tcp, where libzmq's own buffers hold what is encrypted.
  client::Client asker() const {
    auto made = client::Client::make(tcp_options(owner_keys()));
    BOOST_REQUIRE(made);
    return std::move(*made);
  }

  schema::ReceiptT run(schema::CommandMessageT message) const {
    auto got = asker().execute(std::move(message));
    if (!got) BOOST_FAIL(got.error().sentence);
    if (got->code != Code::ok) BOOST_FAIL(got->problems.at(0)->sentence);
    return std::move(*got);
  }

  schema::UserViewT show(const schema::Uuid& id) const {
    schema::GetUserT get;
    get.user_id = std::make_unique<schema::Uuid>(id);
    return std::move(*page(std::move(get)).body.AsUserView());
  }

  Code login(const std::string& password) const {
    auto query = authenticate("acme", "shop", password);
    query.call = std::make_unique<schema::CallT>();
    query.call->address = address;
    const auto answer = asker().ask(std::move(query));
    BOOST_REQUIRE(answer);
    return answer->body.AsAuthenticated()->reason;
  }

  template <class Body>
  schema::HistoryPageT page(Body body) const {
    schema::HistoryRequestT request;
    request.body.Set(std::move(body));
    auto got = asker().history(std::move(request));
    BOOST_REQUIRE(got);
    BOOST_REQUIRE((got->code == Code::ok));
    return std::move(*got);
  }

  Ended replay(std::vector<std::string> words) const {
    words.insert(words.begin(), {POSTERN_REPLAY, "--data", data()});
    return run_program(words);
  }
  /// As `postern-replay fold` prints it.
  std::string digest() const {
    const auto got = page(schema::GetDigestT());
    std::string text;
    for (const std::uint8_t byte : got.body.AsDigest()->sha256) {
      constexpr std::string_view digits = "0123456789abcdef";
      text += {digits[byte >> 4U], digits[byte & 15U]};
    }
    return text + "  seq " + std::to_string(got.seq) + "\n";
  }

  /// A user with everything that an erasure must reach, used while its calls are recorded.
  schema::Uuid use_shop() const {
    schema::CreateUserT create;
    create.username = "shop";
    create.password = first_password;
    create.note = canaries[3];
    create.profile = std::make_unique<schema::ProfileT>();
    create.profile->first_name = canaries[0];
    create.profile->email = canaries[1];
    auto& attribute =
        create.profile->attributes.emplace_back(std::make_unique<schema::AttributeT>());
    attribute->name = "colour";
    attribute->value = canaries[2];
    create.settings = std::make_unique<schema::UserSettingsT>();
    create.settings->api_logging = true;
    const auto created = run(command_message("acme", "", std::move(create)));
    BOOST_TEST((login(first_password) == Code::ok));
    BOOST_TEST((login("Canary-wrong-0ne") == Code::invalid_credentials));
    schema::SetProfileT change;
    change.profile = std::make_unique<schema::ProfileT>();
    change.profile->phone = canaries[5];
    change.note = canaries[4];
    run(command_message("acme", "shop", std::move(change)));
    run(reset_password("acme", "shop", second_password));
    schema::RotatePasswordT rotate;
    rotate.password = third_password;
    rotate.old_valid_until_ns =
        std::chrono::nanoseconds(std::chrono::system_clock::now() + std::chrono::hours(1) -
                                 std::chrono::system_clock::time_point())
            .count();
    run(command_message("acme", "shop", std::move(rotate)));
    BOOST_TEST((login(second_password) == Code::ok));
    BOOST_TEST((login(third_password) == Code::ok));
    return *created.events.at(0)->body.AsUserCreated()->user;
  }

  void erase_shop() const {
    run(command_message("acme", "shop", schema::TrashUserT()));
    const auto erased = run(command_message("acme", "shop", schema::EraseUserT()));
    BOOST_REQUIRE(erased.events.size() == 2U);
    BOOST_TEST((erased.events[1]->body.type == schema::EventBody::UserErased));
  }

  void check_answers(const schema::Uuid& id) const {
    const schema::UserViewT view = show(id);
    BOOST_TEST(view.details->username == "shop");
    BOOST_TEST((view.details->status == schema::UserStatus::deleted));
    BOOST_REQUIRE(view.details->erased != nullptr);
    BOOST_TEST(view.details->erased->operator_name == "owner");
    BOOST_TEST(view.details->profile == nullptr);
    BOOST_TEST(view.details->note == "");
    BOOST_TEST(!view.security->password_set);
    for (const std::string& password : {first_password, second_password, third_password})
      BOOST_TEST((login(password) == Code::invalid_credentials));
    schema::ListUsersT list;
    list.tenant = "acme";
    list.status = schema::UserStatus::deleted;
    const auto listed = page(std::move(list));
    BOOST_REQUIRE(listed.body.AsUserPage()->users.size() == 1U);
    BOOST_TEST(listed.body.AsUserPage()->users[0]->erased);
    schema::ListCallsT wanted;
    wanted.tenant = "acme";
    const auto calls = page(std::move(wanted));
    BOOST_TEST(!calls.body.AsCallPage()->calls.empty());
    for (const auto& call : calls.body.AsCallPage()->calls) BOOST_TEST(call->address == "");
  }

  void check_files() const {
    std::size_t looked_at = 0;
    read_files(data(), [&](const fs::path& file, std::string_view bytes) {
      looked_at += !bytes.empty();
      BOOST_TEST(found_in(bytes) == "", file << " holds " << found_in(bytes));
      BOOST_TEST(!contains(bytes, address), file << " holds the address of a call");
    });
    BOOST_TEST(looked_at > 5U);
  }

  std::string found_in_memory(bool& sees) const {
    std::string found;
    sees = false;
    read_memory(process(), [&](std::string_view piece) {
      found += found_in(piece);
      sees |= contains(piece, "canary-that-stays");
    });
    return found;
  }

  /// What somebody kept before: a checkpoint, and a proof that a record is among those it covers.
  struct Kept {
    fs::path file;
    client::Checkpoint checkpoint;
    std::vector<rfc9162::Hash> inclusion;
  };
  static constexpr std::uint64_t proved_seq = 3;

  Kept keep_proof(const fs::path& file) const {
    const auto given = page(schema::GetCheckpointT());
    const auto& body = *given.body.AsCheckpointPage();
    std::ofstream(file) << body.verifier_key << '\n' << body.checkpoint;
    auto checkpoint = client::open_checkpoint(body.checkpoint, body.verifier_key);
    BOOST_REQUIRE(checkpoint);
    schema::GetInclusionT wanted;
    wanted.seq = proved_seq;
    wanted.size = checkpoint->size;
    const auto proof = page(std::move(wanted));
    return {file, *checkpoint, rfc9162::hashes_in(proof.body.AsProofPage()->hashes)};
  }

  void check_proof(const Kept& kept) const {
    schema::GetRecordsT wanted;
    wanted.from_seq = proved_seq;
    wanted.count_max = 1;
    const auto got = page(std::move(wanted));
    const auto leaf = rfc9162::leaf_hash(got.body.AsRecordPage()->records.at(0)->bytes);
    BOOST_TEST(rfc9162::verify_inclusion(proved_seq - 1, kept.checkpoint.size, leaf, kept.inclusion,
                                         kept.checkpoint.root));
  }

  void copy_keys(const fs::path& from, const fs::path& to) const {
    fs::remove_all(to);
    fs::copy(from, to);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(erase_tests, Erased)

BOOST_AUTO_TEST_CASE(U11_an_erased_user_is_nowhere) {
  const schema::Uuid id = use_shop();
  const schema::UserViewT before = show(id);
  BOOST_TEST(before.details->profile->first_name == canaries[0]);
  BOOST_TEST(before.details->profile->attributes.at(0)->value == canaries[2]);
  BOOST_TEST(before.details->note == canaries[4]);
  const TemporaryFolder elsewhere;
  const fs::path old_keys = elsewhere.path() / "keys";
  copy_keys(data() / "keys", old_keys);
  const Kept kept = keep_proof(elsewhere.path() / "kept");
  erase_shop();
  check_answers(id);
  check_proof(kept);
  const Ended stopped = stop();
  BOOST_TEST(stopped.code == 0);
  BOOST_TEST(found_in(stopped.said) == "");
  check_files();
  const Ended whole = replay({"verify", "--checkpoint", kept.file});
  BOOST_TEST(whole.code == 0, whole.said);
  BOOST_TEST(contains(whole.said, "1 of the users; no key of theirs is left"), whole.said);
  const std::string folded = replay({"fold"}).said;
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(digest() == folded);
  check_answers(id);
  BOOST_TEST(stop().code == 0);

  // Who puts an old copy of the keys back gets nobody back.
  copy_keys(old_keys, data() / "keys");
  const Ended again = replay({"verify"});
  BOOST_TEST(contains(again.said, "keys still there: 1,"), again.said);
  BOOST_TEST(replay({"fold"}).said == folded, "keys change no digest");
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(digest() == folded);
  check_answers(id);
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(contains(replay({"verify"}).said, "1 of the users; no key of theirs is left"));
}

// A sanitizer keeps what was given back, as it was.
BOOST_AUTO_TEST_CASE(U11_the_memory_of_the_daemon_holds_nothing_of_an_erased_user,
                     *boost::unit_test::enable_if<!sanitized>()) {
  const schema::Uuid id = use_shop();
  BOOST_TEST(show(id).details->note == canaries[4]);
  run(create_user("acme", "canary-that-stays"));
  erase_shop();
  check_answers(id);
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE("not looked at: only root may read the memory of a hardened process");
    return;
  }
  // What libzmq still holds goes as it comes to it.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  std::string found;
  bool sees = false;
  do {
    found = found_in_memory(sees);
  } while (!found.empty() && std::chrono::steady_clock::now() < limit);
  BOOST_TEST(found == "");
  BOOST_TEST(sees, "a name that is kept was not found, so nothing was looked at");
}

BOOST_AUTO_TEST_CASE(U11_a_manager_may_not_erase) {
  run(create_user("acme", "shop"));
  run(command_message("acme", "shop", schema::TrashUserT()));
  const client::KeyPair keys = client::make_key_pair();
  run(add_operator("mia", schema::Role::manager, keys.public_key, {"acme"}));
  auto manager = client::Client::make(tcp_options(keys));
  BOOST_REQUIRE(manager);
  const auto refused = manager->execute(command_message("acme", "shop", schema::EraseUserT()));
  BOOST_REQUIRE(refused);
  BOOST_TEST((refused->code == Code::not_permitted));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
