#include <boost/test/unit_test.hpp>
#include <random>

#include "command_marks.h"
#include "tests/support/askew.h"
#include "tests/support/fake_daemon/fake_daemon.h"
#include "tools/client/gate.h"

namespace postern::client {
namespace {

using support::packed;
using support::put_askew;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

schema::AnswerT answer_with_decisions(std::size_t count) {
  schema::CheckedT checked;
  for (std::size_t index = 0; index < count; ++index) {
    auto decision = std::make_unique<schema::DecisionT>();
    decision->allowed = index % 2 == 0;
    decision->grant = std::make_unique<schema::GrantViewT>();
    decision->grant->reference = std::make_unique<schema::GrantReferenceT>();
    decision->grant->action = "read";
    decision->grant->resource = "table/customer";
    checked.decisions.push_back(std::move(decision));
  }
  schema::AnswerT answer;
  answer.id = 7;
  answer.body.Set(std::move(checked));
  return answer;
}

std::string good_answer() { return packed(answer_with_decisions(3)); }

bool refused(const std::string& bytes) {
  const auto answer = unpack<QueryConversation>(bytes_of(bytes));
  return !answer && answer.error().kind == ErrorKind::protocol;
}

BOOST_AUTO_TEST_SUITE(gate_tests)

BOOST_AUTO_TEST_CASE(a_good_answer_passes_from_any_address) {
  const std::string good = good_answer();
  for (std::size_t shift = 0; shift < 16; ++shift) {
    const std::string moved = std::string(shift, 'x') + good;
    const auto answer = unpack<QueryConversation>(bytes_of(moved).subspan(shift));
    BOOST_TEST_REQUIRE(answer.has_value());
    BOOST_TEST(answer->body.AsChecked()->decisions.size() == 3u);
  }
}

BOOST_AUTO_TEST_CASE(Q2_an_answer_to_ten_thousand_questions_passes) {
  const auto answer = unpack<QueryConversation>(bytes_of(packed(answer_with_decisions(10'000))));
  BOOST_TEST_REQUIRE(answer.has_value());
  BOOST_TEST(answer->body.AsChecked()->decisions.size() == 10'000u);
}

BOOST_AUTO_TEST_CASE(a_user_with_ten_thousand_grants_passes) {
  schema::UserViewT user;
  for (int index = 0; index < 10'000; ++index) {
    auto held = std::make_unique<schema::GrantHeldT>();
    held->grant = std::make_unique<schema::GrantViewT>();
    held->grant->reference = std::make_unique<schema::GrantReferenceT>();
    held->grant->resource = "table/customer/field" + std::to_string(index);
    held->added = std::make_unique<schema::CauseT>();
    held->added->operator_name = "owner";
    user.data_access.push_back(std::move(held));
  }
  schema::HistoryPageT page;
  page.body.Set(std::move(user));
  BOOST_TEST(unpack<HistoryConversation>(bytes_of(packed(page))).has_value());
}

BOOST_AUTO_TEST_CASE(an_answer_of_another_conversation_is_refused) {
  BOOST_TEST(refused(packed(schema::ReceiptT{})));
}

BOOST_AUTO_TEST_CASE(an_answer_too_small_or_too_large_is_refused) {
  BOOST_TEST(refused(""));
  BOOST_TEST(refused(good_answer().substr(0, 8)));
  BOOST_TEST(refused(good_answer() + std::string(answer_bytes_max, '\0')));
}

BOOST_AUTO_TEST_CASE(an_answer_cut_anywhere_is_refused_or_harmless) {
  const std::string good = good_answer();
  std::size_t refusals = 0;
  for (std::size_t size = 0; size < good.size(); ++size)
    refusals += refused(good.substr(0, size)) ? 1 : 0;
  BOOST_TEST(refusals > good.size() / 2);
}

BOOST_AUTO_TEST_CASE(no_flipped_bit_gets_past_the_gate_to_harm) {
  const std::string good = good_answer();
  std::size_t refusals = 0;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string damaged = good;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto answer = unpack<QueryConversation>(bytes_of(damaged));
    if (!answer) {
      ++refusals;
    } else {
      // What passes can be written again, so every part of it is there.
      packed(*answer);
    }
  }
  BOOST_TEST(refusals > 0u);
}

std::unique_ptr<schema::EventT> import_of_four_numbers() {
  schema::RangesImportedT imported;
  imported.v6 = {1, 2, 3, 4};
  auto event = std::make_unique<schema::EventT>();
  event->body.Set(std::move(imported));
  return event;
}

void put_numbers_askew(const schema::Event& event) {
  put_askew(*event.body_as_RangesImported(), schema::RangesImported::VT_V6);
}

BOOST_AUTO_TEST_CASE(a_receipt_whose_numbers_lie_askew_is_refused) {
  schema::ReceiptT receipt;
  receipt.events.push_back(import_of_four_numbers());
  const std::string bytes = packed(receipt);
  BOOST_TEST(unpack<CommandConversation>(bytes_of(bytes)).has_value());
  put_numbers_askew(*flatbuffers::GetRoot<schema::Receipt>(bytes.data())->events()->Get(0));
  BOOST_TEST(!unpack<CommandConversation>(bytes_of(bytes)).has_value());
}

BOOST_AUTO_TEST_CASE(a_plan_whose_numbers_lie_askew_is_refused) {
  schema::ImportRangesT import;
  import.v6 = {1, 2, 3, 4};
  schema::UndoPlanT plan;
  plan.commands.push_back(std::make_unique<schema::CommandT>());
  plan.commands.front()->body.Set(std::move(import));
  schema::HistoryPageT page;
  page.body.Set(std::move(plan));
  const std::string bytes = packed(page);
  BOOST_TEST(unpack<HistoryConversation>(bytes_of(bytes)).has_value());
  const auto& held = *flatbuffers::GetRoot<schema::HistoryPage>(bytes.data())->body_as_UndoPlan();
  put_askew(*held.commands()->Get(0)->body_as_ImportRanges(), schema::ImportRanges::VT_V6);
  BOOST_TEST(!unpack<HistoryConversation>(bytes_of(bytes)).has_value());
}

BOOST_AUTO_TEST_CASE(a_record_whose_numbers_lie_askew_is_refused) {
  schema::RecordT record;
  record.events.push_back(import_of_four_numbers());
  const std::string bytes = packed(record);
  const auto unpacked = [&] {
    return unpack_record({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  };
  BOOST_TEST(unpacked().has_value());
  put_numbers_askew(*flatbuffers::GetRoot<schema::Record>(bytes.data())->events()->Get(0));
  BOOST_TEST(!unpacked().has_value());
}

BOOST_AUTO_TEST_CASE(another_protocol_version_is_refused_unless_it_is_the_answer) {
  auto answer = answer_with_decisions(1);
  answer.version = 2;
  BOOST_TEST(refused(packed(answer)));
  answer.code = schema::Code::version_unsupported;
  BOOST_TEST(!refused(packed(answer)));
}

BOOST_AUTO_TEST_CASE(an_unknown_kind_is_refused) {
  flatbuffers::FlatBufferBuilder builder;
  const auto status = schema::CreateStatus(builder);
  const auto unknown = static_cast<schema::AnswerBody>(99);
  builder.Finish(
      schema::CreateAnswer(builder, 1, 7, schema::Code::ok, 0, 0, 0, 0, unknown, status.Union()),
      schema::answer_identifier);
  BOOST_TEST(
      refused({reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()}));
}

BOOST_AUTO_TEST_CASE(a_kind_without_its_value_is_refused) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateAnswer(builder, 1, 7, schema::Code::ok, 0, 0, 0, 0,
                                      schema::AnswerBody::Checked),
                 schema::answer_identifier);
  BOOST_TEST(
      refused({reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()}));
}

BOOST_AUTO_TEST_CASE(an_answer_of_endlessly_shared_tables_is_refused) {
  // One decision, named a million times: small on the wire, large to walk.
  flatbuffers::FlatBufferBuilder builder;
  const auto decision = schema::CreateDecision(builder, true);
  const std::vector decisions(1'000'000, decision);
  const auto checked = schema::CreateChecked(builder, builder.CreateVector(decisions));
  builder.Finish(schema::CreateAnswer(builder, 1, 7, schema::Code::ok, 0, 0, 0, 0,
                                      schema::AnswerBody::Checked, checked.Union()),
                 schema::answer_identifier);
  BOOST_TEST(
      refused({reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()}));
}

BOOST_AUTO_TEST_CASE(a_message_larger_than_the_daemon_takes_is_refused_before_sending) {
  schema::CommandMessageT message;
  message.reason = std::string(message_bytes_max, 'x');
  const auto bytes = pack(message);
  BOOST_TEST_REQUIRE(!bytes.has_value());
  BOOST_TEST((bytes.error().kind == ErrorKind::usage));
  BOOST_TEST(bytes.error().sentence.find("1048576") != std::string::npos);
}

/// Texts of this table that their names call secret.
std::size_t count_by_name(const flatbuffers::TypeTable& table) {
  std::size_t count = 0;
  for (std::size_t field = 0; field < table.num_elems; ++field) {
    const std::string_view name = table.names[field];
    count += table.type_codes[field].base_type == flatbuffers::ET_STRING &&
             (name.find("password") != std::string_view::npos || name == "token");
  }
  return count;
}

/// By the schema's own tables, so that nobody need list a new kind here.
BOOST_AUTO_TEST_CASE(C4_every_secret_of_every_kind_of_command_is_wiped) {
  flatbuffers::FlatBufferBuilder empty;
  empty.Finish(schema::CreateEnableUser(empty));
  const auto* none = flatbuffers::GetRoot<schema::EnableUser>(empty.GetBufferPointer());
  const auto* bodies = schema::CommandBodyTypeTable();
  for (const auto kind : schema::EnumValuesCommandBody()) {
    if (kind == schema::CommandBody::NONE) continue;
    schema::CommandMessageT message;
    auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
    command->body.type = kind;
    command->body.value = schema::CommandBodyUnion::UnPack(none, kind, nullptr);
    std::size_t count = 0;
    visit_secrets(message, [&](std::string_view, std::string& text) {
      text = "secret";
      ++count;
    });
    const auto place = bodies->type_codes[static_cast<std::size_t>(kind)].sequence_ref;
    BOOST_TEST(count == count_by_name(*bodies->type_refs[place]()),
               schema::EnumNameCommandBody(kind));
    wipe_secrets(message);
    BOOST_TEST(packed(message, "PSCM").find("secret") == std::string::npos,
               schema::EnumNameCommandBody(kind));
  }
}

BOOST_AUTO_TEST_CASE(C4_every_secret_of_a_message_is_wiped) {
  schema::CommandMessageT message;
  const auto add = [&](auto body) {
    message.commands.push_back(std::make_unique<schema::CommandT>());
    message.commands.back()->body.Set(std::move(body));
  };
  schema::RotatePasswordT rotate;
  rotate.password = rotate.password_confirmation = "secret";
  add(std::move(rotate));
  schema::CreateUserT create;
  create.username = "kept";
  create.password = create.password_confirmation = "secret";
  add(std::move(create));
  schema::ResetPasswordT reset;
  reset.password = reset.password_confirmation = "secret";
  add(std::move(reset));
  schema::ChangePasswordT change;
  change.current_password = change.password = change.password_confirmation = "secret";
  add(std::move(change));
  const auto holds_secret = [&] {
    return packed(message, "PSCM").find("secret") != std::string::npos;
  };
  BOOST_TEST(holds_secret());
  wipe_secrets(message);
  BOOST_TEST(!holds_secret());
  BOOST_TEST(message.commands[1]->body.AsCreateUser()->username == "kept");
}

BOOST_AUTO_TEST_CASE(C4_every_secret_of_a_question_is_wiped) {
  schema::PasswordCredentialT password;
  password.password = "secret";
  schema::KeyCredentialT key;
  key.key = "secret";
  schema::TokenCredentialT token;
  token.token = "secret";
  const auto wiped = [](auto credential) {
    schema::AuthenticateT authenticate;
    authenticate.credential.Set(credential);
    schema::CheckT check;
    check.credential.Set(credential);
    schema::QueryT first, second;
    first.body.Set(std::move(authenticate));
    second.body.Set(std::move(check));
    BOOST_TEST(packed(first, "PSQU").find("secret") != std::string::npos);
    wipe_secrets(first);
    wipe_secrets(second);
    return packed(first, "PSQU").find("secret") == std::string::npos &&
           packed(second, "PSQU").find("secret") == std::string::npos;
  };
  BOOST_TEST(wiped(password));
  BOOST_TEST(wiped(key));
  BOOST_TEST(wiped(token));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::client
