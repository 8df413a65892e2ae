// H10 and H5 through the services: who is told how a record is taken back, and answers that can be
// held against the journal.
#include <boost/test/unit_test.hpp>

#include "daemon/credential/signature.h"
#include "daemon/service/decision_receipt.h"
#include "schema/cleared_text.h"
#include "schema/identifiers.h"
#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

using schema::Code;
using schema::Role;

template <class Root>
typename Root::NativeTableType unpacked(const WholeService::Bytes& bytes) {
  typename Root::NativeTableType made;
  flatbuffers::GetRoot<Root>(bytes.data())->UnPackTo(&made);
  return made;
}

class Told : public WholeService {
 public:
  Told() {
    schema::CreateTenantT tenant;
    tenant.alias = "acme";
    run("", "", std::move(tenant));
    schema::CreateUserT user;
    user.username = "bob";
    user.profile = std::make_unique<schema::ProfileT>();
    user.profile->first_name = "Bob";
    run("acme", "", std::move(user));
    schema::AddGrantT grant;
    grant.effect = schema::Effect::allow;
    grant.action = "read";
    grant.resource = "table/a";
    grant_seq = run("acme", "bob", std::move(grant)).seq;
  }

  schema::HistoryPageT plan(std::uint64_t seq, const std::string& asker = "uid:1") {
    schema::PlanUndoT wanted;
    wanted.seq = seq;
    schema::HistoryRequestT asked;
    asked.body.Set(std::move(wanted));
    return unpacked<schema::HistoryPage>(page = request(std::move(asked), asker));
  }

  schema::QueryT a_check(std::size_t questions, bool receipt) const {
    schema::CheckT body;
    schema::NamedUserT named;
    named.username = "bob";
    body.credential.Set(std::move(named));
    for (std::size_t number = 0; number < questions; ++number) {
      auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
      question->action = number % 2 == 0 ? "read" : "write";
      question->resource = "table/a";
    }
    schema::QueryT query;
    query.id = 5;
    query.tenant = "acme";
    query.receipt = receipt;
    query.call = std::make_unique<schema::CallT>();
    query.call->address = "192.0.2.7";
    query.body.Set(std::move(body));
    return query;
  }

  std::uint64_t grant_seq = 0;
  Bytes page;
};

bool is_signed(const schema::SignedReceiptT& receipt) {
  // As WholeService has them.
  simulation::SimulatedKeys keys{1};
  credential::Signature signature;
  BOOST_REQUIRE(receipt.signature.size() == signature.size());
  std::memcpy(signature.data(), receipt.signature.data(), signature.size());
  return credential::verify_signature(
      credential::signing_public_key(keys.own_key(credential::OwnKey::checkpoint_signing)),
      service::signed_text_of(receipt.bytes), signature);
}

schema::DecisionReceiptT opened(const schema::SignedReceiptT& receipt) {
  flatbuffers::Verifier verifier(receipt.bytes.data(), receipt.bytes.size());
  BOOST_REQUIRE(
      verifier.VerifyBuffer<schema::DecisionReceipt>(schema::decision_receipt_identifier));
  schema::DecisionReceiptT made;
  flatbuffers::GetRoot<schema::DecisionReceipt>(receipt.bytes.data())->UnPackTo(&made);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(undo_and_receipt_tests)

BOOST_FIXTURE_TEST_CASE(H10_a_plan_is_sent_as_it_is_told, Told) {
  const auto told = plan(grant_seq);
  BOOST_TEST((told.code == Code::ok), schema::EnumNameCode(told.code));
  const auto& undo = *told.body.AsUndoPlan();
  BOOST_TEST(undo.undone->seq == grant_seq);
  schema::CommandMessageT message;
  message.tenant = undo.tenant;
  for (const auto& command : undo.commands)
    message.commands.push_back(std::make_unique<schema::CommandT>(*command));
  const auto receipt = unpacked<schema::Receipt>(send(std::move(message), "uid:1"));
  BOOST_TEST((receipt.code == Code::ok), schema::EnumNameCode(receipt.code));
  const auto again = plan(grant_seq);
  BOOST_TEST((again.code == Code::undo_overtaken), schema::EnumNameCode(again.code));
  BOOST_TEST(again.problems[0]->sentence.find("Record " + std::to_string(receipt.seq)) !=
                 std::string::npos,
             again.problems[0]->sentence);
}

BOOST_FIXTURE_TEST_CASE(H10_what_was_empty_is_told_as_empty_text, Told) {
  schema::SetProfileT body;
  body.profile = std::make_unique<schema::ProfileT>();
  body.profile->last_name = "Builder";
  const auto seq = run("acme", "bob", std::move(body)).seq;
  const auto told = plan(seq);
  BOOST_REQUIRE((told.code == Code::ok));
  const auto* root = flatbuffers::GetRoot<schema::HistoryPage>(page.data());
  const auto* profile = root->body_as_UndoPlan()->commands()->Get(0)->body_as_SetProfile();
  BOOST_REQUIRE(profile->profile()->last_name() != nullptr);
  BOOST_TEST(profile->profile()->last_name()->size() == 0u);
  BOOST_TEST((profile->profile()->first_name() == nullptr));
}

BOOST_FIXTURE_TEST_CASE(H10_only_who_may_send_the_commands_is_told_them, Told) {
  add_operator("manager", Role::manager, 10);
  add_operator("auditor", Role::auditor, 11);
  add_operator("service", Role::service, 12);
  add_operator("theirs", Role::owner, 13, {"acme"});
  schema::SetTenantT body;
  body.display_name = "Acme & Sons";
  const auto seq = run("acme", "", std::move(body)).seq;
  BOOST_TEST((plan(grant_seq, "uid:10").code == Code::ok));
  BOOST_TEST((plan(seq, "uid:10").code == Code::not_permitted));
  BOOST_TEST((plan(seq, "uid:13").code == Code::ok));
  for (const char* other : {"uid:11", "uid:12"})
    for (const std::uint64_t one : {grant_seq, seq})
      BOOST_TEST((plan(one, other).code == Code::not_permitted));
  // Operators are the installation's.
  BOOST_TEST((plan(seq - 1, "uid:13").code == Code::record_unknown));
}

BOOST_FIXTURE_TEST_CASE(H10_O2_who_may_not_take_it_back_is_not_told_what_keeps_it_from_that, Told) {
  add_operator("manager", Role::manager, 10);
  schema::SetTenantT body;
  body.display_name = "Acme & Sons";
  const auto seq = run("acme", "", schema::SetTenantT(body)).seq;
  body.display_name = "Acme & Daughters";
  run("acme", "", std::move(body));
  BOOST_TEST((plan(seq, "uid:1").code == Code::undo_overtaken));
  const auto refused = plan(seq, "uid:10");
  BOOST_TEST((refused.code == Code::not_permitted), schema::EnumNameCode(refused.code));
  for (const auto& problem : refused.problems)
    BOOST_TEST(problem->sentence.find("Record") == std::string::npos, problem->sentence);
}

BOOST_FIXTURE_TEST_CASE(H5_an_answer_carries_a_receipt_that_the_journal_bears_out, Told) {
  const auto head = journal.head();
  const auto answer = unpacked<schema::Answer>(ask(a_check(3, true), "uid:1"));
  BOOST_REQUIRE((answer.code == Code::ok));
  BOOST_REQUIRE(answer.receipt != nullptr);
  BOOST_TEST(is_signed(*answer.receipt));
  const auto receipt = opened(*answer.receipt);
  BOOST_TEST(receipt.seq == head.seq);
  BOOST_TEST((std::memcmp(receipt.root.data(), head.root.data(), head.root.size()) == 0));
  BOOST_TEST(receipt.time_ns == answer.time_ns);
  BOOST_TEST((*receipt.user == *answer.body.AsChecked()->user));
  BOOST_TEST(receipt.call->address == "192.0.2.7");
  BOOST_TEST(receipt.journal.starts_with("postern/"));
  BOOST_REQUIRE(receipt.decisions.size() == 3u);
  BOOST_REQUIRE(receipt.questions.size() == 3u);
  BOOST_TEST(receipt.questions[1]->action == "write");
  BOOST_TEST(receipt.decisions[0]->allowed);
  BOOST_TEST(receipt.decisions[0]->grant->seq == grant_seq);
  BOOST_TEST(!receipt.decisions[1]->allowed);
  BOOST_TEST((receipt.decisions[1]->reason == Code::no_matching_grant));
}

BOOST_FIXTURE_TEST_CASE(H5_a_receipt_that_was_changed_is_no_receipt, Told) {
  const auto answer = unpacked<schema::Answer>(ask(a_check(1, true), "uid:1"));
  BOOST_REQUIRE(answer.receipt != nullptr);
  auto changed = *answer.receipt;
  for (std::size_t place = 0; place < changed.bytes.size(); ++place) {
    changed.bytes[place] ^= 1;
    BOOST_TEST(!is_signed(changed));
    changed.bytes[place] ^= 1;
  }
  BOOST_TEST(is_signed(changed));
}

BOOST_FIXTURE_TEST_CASE(H5_a_receipt_is_given_where_it_is_asked_for, Told) {
  BOOST_TEST((unpacked<schema::Answer>(ask(a_check(1, false), "uid:1")).receipt == nullptr));
  BOOST_TEST((unpacked<schema::Answer>(ask(a_check(100, true), "uid:1")).receipt != nullptr));
  BOOST_TEST((unpacked<schema::Answer>(ask(a_check(101, true), "uid:1")).code == Code::too_large));
  schema::QueryT status;
  status.receipt = true;
  status.body.Set(schema::RenewSessionT());
  BOOST_TEST(
      (unpacked<schema::Answer>(ask(std::move(status), "uid:1")).code == Code::field_malformed));
}

BOOST_FIXTURE_TEST_CASE(H5_C9_a_receipt_of_a_wrong_credential_names_nobody, Told) {
  auto query = a_check(1, true);
  schema::KeyCredentialT wrong;
  wrong.key = "pstk_none";
  query.body.AsCheck()->credential.Set(std::move(wrong));
  const auto answer = unpacked<schema::Answer>(ask(std::move(query), "uid:1"));
  BOOST_REQUIRE(answer.receipt != nullptr);
  const auto receipt = opened(*answer.receipt);
  BOOST_TEST((receipt.user == nullptr));
  BOOST_TEST((receipt.tenant == nullptr));
  BOOST_TEST((receipt.decisions[0]->reason == Code::invalid_credentials));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
