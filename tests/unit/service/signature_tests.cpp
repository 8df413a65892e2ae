// O4: signatures on commands, from the client's signing to the record.
#include <boost/test/unit_test.hpp>

#include "daemon/credential/signature.h"
#include "schema/signed_message.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

const credential::Key seed{std::byte{1}, std::byte{2}};
const credential::Key other_seed{std::byte{9}};

std::vector<std::byte> bytes_of(const schema::CommandMessageT& message) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CommandMessage::Pack(builder, &message),
                 schema::command_message_identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

/// The message with a signature by this key; what it was made over is in `blanked`.
schema::CommandMessageT signed_by(const credential::Key& key, schema::CommandMessageT message,
                                  std::vector<std::byte>* blanked = nullptr) {
  message.signature.assign(schema::signature_bytes, 0);
  std::vector<std::byte> bytes = bytes_of(message);
  schema::blank_for_signature(*flatbuffers::GetRoot<schema::CommandMessage>(bytes.data()));
  const credential::Signature signature = credential::sign(key, bytes);
  const auto* data = reinterpret_cast<const std::uint8_t*>(signature.data());
  message.signature.assign(data, data + signature.size());
  if (blanked != nullptr) *blanked = std::move(bytes);
  return message;
}

bool contains(std::span<const std::byte> bytes, std::string_view text) {
  const auto part = std::as_bytes(std::span(text));
  return !std::ranges::search(bytes, part).empty();
}

struct Signer : ServiceFixture {
  Signer() {
    schema::AddOperatorT body;
    body.name = "ann";
    body.role = schema::Role::owner;
    body.standing = std::make_unique<schema::OperatorStandingT>();
    body.standing->uid = 5;
    body.standing->all_tenants = true;
    const auto key = credential::signing_public_key(seed);
    const auto* data = reinterpret_cast<const std::uint8_t*>(key.data());
    body.standing->signing_keys.emplace_back(std::make_unique<schema::PublicKeyT>())
        ->bytes.assign(data, data + key.size());
    BOOST_REQUIRE((run(message("", "", std::move(body))).code == Code::ok));
    create_acme();
  }

  schema::CommandMessageT new_user(const std::string& name) {
    schema::CreateUserT body;
    body.username = name;
    body.password = "Corr3ct-horse";
    body.note = "only for people";
    body.profile = std::make_unique<schema::ProfileT>();
    body.profile->email = "jo@example.com";
    auto made = message("acme", "", std::move(body));
    made.id = std::make_unique<schema::Uuid>(fresh_id());
    return made;
  }
  schema::ReceiptT run_bytes(std::span<const std::byte> bytes) {
    const auto sent = send_bytes({bytes.begin(), bytes.end()}, "uid:5");
    turn_until([&] { return has_receipt(sent); });
    return receipt(sent);
  }
  schema::RecordT newest() {
    const auto stored = journal::read_one(journal, journal.head().seq);
    BOOST_REQUIRE(stored);
    schema::RecordT record;
    flatbuffers::GetRoot<schema::Record>(stored->data())->UnPackTo(&record);
    return record;
  }
};

const std::string ann = "uid:5";

}  // namespace

BOOST_AUTO_TEST_SUITE(signature_tests)

BOOST_FIXTURE_TEST_CASE(O4_a_signature_stays_with_the_record_and_what_it_was_made_over, Signer) {
  std::vector<std::byte> blanked;
  const auto sent = signed_by(seed, new_user("bob"), &blanked);
  BOOST_REQUIRE((run(schema::CommandMessageT(sent), ann).code == Code::ok));
  const schema::RecordT record = newest();
  BOOST_TEST(record.signature == sent.signature, boost::test_tools::per_element());
  const auto kept = std::as_bytes(std::span(record.signed_message));
  BOOST_TEST(std::ranges::equal(kept, blanked));
  credential::Signature signature;
  std::ranges::copy(std::as_bytes(std::span(record.signature)), signature.begin());
  BOOST_TEST(credential::verify_signature(credential::signing_public_key(seed), kept, signature));
}

BOOST_FIXTURE_TEST_CASE(O4_what_is_kept_holds_no_secret_and_nothing_personal, Signer) {
  BOOST_REQUIRE((run(signed_by(seed, new_user("bob")), ann).code == Code::ok));
  const schema::RecordT record = newest();
  const auto kept = std::as_bytes(std::span(record.signed_message));
  BOOST_TEST(contains(kept, "bob"));
  for (const char* hidden : {"Corr3ct-horse", "only for people", "jo@example.com"})
    BOOST_TEST(!contains(kept, hidden), hidden);
}

BOOST_FIXTURE_TEST_CASE(O4_a_signature_by_another_key_or_over_another_message_is_refused, Signer) {
  const auto refused = [&](schema::CommandMessageT message, const std::string& who) {
    const auto seq = journal.head().seq;
    const auto receipt = run(std::move(message), who);
    BOOST_TEST((receipt.code == Code::signature_invalid));
    BOOST_TEST(journal.head().seq == seq);
  };
  refused(signed_by(other_seed, new_user("bob")), ann);
  refused(signed_by(seed, new_user("bob")), owner);
  auto changed = signed_by(seed, new_user("bob"));
  changed.commands[0]->body.AsCreateUser()->username = "eve";
  refused(std::move(changed), ann);
  auto reasoned = signed_by(seed, new_user("bob"));
  reasoned.reason = "because";
  refused(std::move(reasoned), ann);
  auto flipped = signed_by(seed, new_user("bob"));
  flipped.signature[5] ^= 1;
  refused(std::move(flipped), ann);
}

BOOST_FIXTURE_TEST_CASE(O4_without_a_signature_a_record_has_none, Signer) {
  BOOST_REQUIRE((run(new_user("bob"), ann).code == Code::ok));
  BOOST_TEST(newest().signature.empty());
  BOOST_TEST(newest().signed_message.empty());
}

/// Object forms of some languages always write the field.
BOOST_FIXTURE_TEST_CASE(O4_an_empty_signature_is_none, Signer) {
  const auto with_an_empty_one = [](const schema::CommandMessageT& message) {
    flatbuffers::FlatBufferBuilder builder;
    builder.ForceDefaults(true);
    const auto packed = schema::CommandMessage::Pack(builder, &message);
    const auto* table = flatbuffers::GetTemporaryPointer(builder, packed);
    const schema::Uuid id = *table->id();
    const auto signature = builder.CreateVector(std::vector<std::uint8_t>());
    const auto command = schema::CreateCommand(builder, message.commands[0].get());
    const auto commands = builder.CreateVector(std::vector{command});
    const auto tenant = builder.CreateString(message.tenant);
    builder.Finish(
        schema::CreateCommandMessage(builder, 1, &id, tenant, 0, false, signature, commands),
        schema::command_message_identifier);
    return builder.Release();
  };
  const auto bytes = with_an_empty_one(new_user("bob"));
  BOOST_REQUIRE(
      flatbuffers::GetRoot<schema::CommandMessage>(bytes.data())->signature() != nullptr);
  BOOST_REQUIRE((run_bytes(std::as_bytes(std::span(bytes.data(), bytes.size()))).code == Code::ok));
  BOOST_TEST(newest().signature.empty());
  BOOST_TEST(newest().signed_message.empty());
  schema::SetTenantT policy;
  policy.policies = std::make_unique<schema::PolicyChangesT>();
  policy.policies->signatures_required = true;
  BOOST_REQUIRE((run(message("acme", "", std::move(policy)), ann).code == Code::ok));
  const auto refused = with_an_empty_one(new_user("eve"));
  BOOST_TEST((run_bytes(std::as_bytes(std::span(refused.data(), refused.size()))).code ==
              Code::signature_missing));
}

BOOST_FIXTURE_TEST_CASE(O4_by_policy_commands_about_a_tenant_must_be_signed, Signer) {
  schema::SetTenantT policy;
  policy.policies = std::make_unique<schema::PolicyChangesT>();
  policy.policies->signatures_required = true;
  BOOST_REQUIRE((run(message("acme", "", std::move(policy)), ann).code == Code::ok));
  const auto seq = journal.head().seq;
  for (const bool dry : {false, true}) {
    auto unsigned_one = new_user("bob");
    unsigned_one.dry_run = dry;
    const auto refused = run(std::move(unsigned_one), ann);
    BOOST_TEST((refused.code == Code::signature_missing));
    BOOST_REQUIRE(refused.problems.size() == 1u);
    BOOST_TEST(refused.problems[0]->field == "signature");
    BOOST_TEST(refused.problems[0]->remedy.contains("--signing-key"));
  }
  BOOST_TEST(journal.head().seq == seq);
  BOOST_TEST((run(signed_by(seed, new_user("bob")), ann).code == Code::ok));
  BOOST_TEST(newest().signature.size() == schema::signature_bytes);
  // Who has no signing key can do nothing there, not even take the policy back.
  schema::SetTenantT back;
  back.policies = std::make_unique<schema::PolicyChangesT>();
  back.policies->signatures_required = false;
  BOOST_TEST((run(message("acme", "", schema::SetTenantT(back))).code == Code::signature_missing));
  // Other tenants and the installation are none of its business.
  schema::CreateTenantT other;
  other.alias = "globex";
  BOOST_TEST((run(message("", "", std::move(other))).code == Code::ok));
  schema::CreateUserT user;
  user.username = "eve";
  BOOST_TEST((run(message("globex", "", std::move(user))).code == Code::ok));
  auto signed_back = message("acme", "", std::move(back));
  signed_back.id = std::make_unique<schema::Uuid>(fresh_id());
  BOOST_TEST((run(signed_by(seed, std::move(signed_back)), ann).code == Code::ok));
  BOOST_TEST((run(new_user("eve"), ann).code == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(O4_what_the_daemon_records_itself_needs_no_signature, Signer) {
  BOOST_REQUIRE((run(new_user("bob"), ann).code == Code::ok));
  schema::SetTenantT policy;
  policy.policies = std::make_unique<schema::PolicyChangesT>();
  policy.policies->signatures_required = true;
  BOOST_REQUIRE((run(message("acme", "", std::move(policy)), ann).code == Code::ok));
  const auto login = [&](const std::string& secret) {
    return answer(ask(by_password("acme", "bob", secret))).body.AsAuthenticated()->reason;
  };
  for (int count = 0; count < 5; ++count)
    BOOST_TEST((login("wrong-" + std::to_string(count)) == Code::invalid_credentials));
  BOOST_TEST((login("Corr3ct-horse") == Code::user_locked));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
