// The short way to the form of a check says what the long way says, or nothing.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "daemon/service/check_form.h"
#include "daemon/service/inbound.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using Bytes = std::vector<std::byte>;

Bytes packed(const schema::QueryT& query) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::Query::Pack(builder, &query), schema::query_identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

template <class Kind>
schema::QueryT check_by(Kind credential, std::size_t questions) {
  schema::CheckT check;
  check.credential.Set(std::move(credential));
  for (std::size_t index = 0; index < questions; ++index) {
    auto question = std::make_unique<schema::QuestionT>();
    question->action = "read";
    question->resource = "orders/" + std::to_string(index);
    question->this_level_only = index % 2 == 1;
    check.questions.push_back(std::move(question));
  }
  schema::QueryT query;
  query.id = 7;
  query.tenant = "acme";
  query.body.Set(std::move(check));
  return query;
}

schema::NamedUserT named() {
  schema::NamedUserT user;
  user.username = "billing";
  return user;
}

/// With every field of the message, and of the call.
schema::QueryT full_check(std::size_t questions) {
  schema::KeyCredentialT key;
  key.key = "psk_something";
  key.username = "billing";
  schema::QueryT query = check_by(std::move(key), questions);
  query.at_least_seq = 9;
  query.wait_ms = 100;
  query.receipt = true;
  query.call = std::make_unique<schema::CallT>();
  query.call->address = "192.0.2.1";
  query.call->tls = true;
  query.call->client = "till 3";
  query.call->channel = schema::Channel::program;
  return query;
}

std::vector<Bytes> usual_checks() {
  schema::TokenCredentialT token;
  token.token = "pst_something";
  schema::PasswordCredentialT password;
  password.username = "billing";
  password.password = "secret";
  schema::QueryT with_an_empty_call = check_by(named(), 1);
  with_an_empty_call.call = std::make_unique<schema::CallT>();
  return {packed(check_by(named(), 1)), packed(check_by(named(), 100)),
          packed(check_by(token, 1)),   packed(check_by(password, 2)),
          packed(full_check(1)),        packed(full_check(3)),
          packed(with_an_empty_call),   packed(check_by(schema::NamedUserT(), 1))};
}

/// With lists of fields that whatever was read before has left.
std::optional<CheckParts> read(std::span<const std::byte> bytes, MessageLimits limits,
                               CheckLists& lists) {
  CheckParts parts;
  if (!read_check(bytes, limits, lists, parts)) return std::nullopt;
  return parts;
}

std::optional<CheckParts> read(std::span<const std::byte> bytes, MessageLimits limits) {
  CheckLists lists;
  return read(bytes, limits, lists);
}

MessageForm by_the_long_way(std::span<const std::byte> bytes) {
  return form_of_query(bytes, schema::query_identifier, query_limits);
}

/// Some bytes of a message changed as whoever means harm would: offsets, sizes, lists of fields.
Bytes spoilt(Bytes bytes, std::mt19937_64& random) {
  const auto below = [&](std::size_t end) { return random() % end; };
  for (std::size_t changes = 1 + below(3); changes > 0 && bytes.size() > 8; --changes) {
    const std::size_t place = below(bytes.size());
    switch (below(6)) {
      case 0:
        bytes[place] = static_cast<std::byte>(random());
        break;
      case 1:
        bytes[place] ^= static_cast<std::byte>(1U << below(8));
        break;
      case 2: {
        const auto number = static_cast<std::uint32_t>(below(4) == 0   ? random()
                                                       : below(2) == 0 ? below(bytes.size() + 8)
                                                                       : ~below(256));
        const std::size_t aligned = std::min(place & ~std::size_t{3}, bytes.size() - 4);
        std::memcpy(bytes.data() + aligned, &number, sizeof number);
        break;
      }
      case 3: {
        const auto number = static_cast<std::uint16_t>(below(64));
        const std::size_t aligned = std::min(place & ~std::size_t{1}, bytes.size() - 2);
        std::memcpy(bytes.data() + aligned, &number, sizeof number);
        break;
      }
      case 4:
        bytes.resize(std::max<std::size_t>(8, place));
        break;
      case 5: {
        const std::size_t count = std::min(below(16), bytes.size() - place);
        std::memmove(bytes.data() + below(bytes.size() - count + 1), bytes.data() + place, count);
        break;
      }
    }
  }
  return bytes;
}

void check_moved(CheckParts parts, const Bytes& bytes) {
  const Bytes copy = bytes;
  const std::string tenant(parts.tenant);
  const std::string resource(parts.only.resource);
  parts.move(bytes.data(), copy.data());
  const auto* query = flatbuffers::GetRoot<schema::Query>(copy.data());
  BOOST_TEST(parts.questions == query->body_as_Check()->questions());
  BOOST_TEST(parts.credential == query->body_as_Check()->credential());
  BOOST_TEST(parts.call == query->call());
  BOOST_TEST(parts.tenant == tenant);
  BOOST_TEST(parts.only.resource == resource);
  if (!tenant.empty())
    BOOST_TEST(static_cast<const void*>(parts.tenant.data()) == query->tenant()->data());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_form_tests)

BOOST_AUTO_TEST_CASE(what_builders_make_takes_the_short_way_and_comes_to_the_same) {
  CheckLists lists;
  for (int number = 0; number < 20; ++number) {
    const std::vector<Bytes> usual = usual_checks();
    const Bytes& bytes = usual[static_cast<std::size_t>(number) * 5 % usual.size()];
    BOOST_TEST_CONTEXT("number " << number) {
      const auto parts = read(bytes, query_limits, lists);
      const MessageForm form = by_the_long_way(bytes);
      BOOST_REQUIRE((form.verdict == MessageForm::Verdict::well_formed));
      BOOST_REQUIRE(parts.has_value());
      BOOST_TEST(parts->unpacked_bytes == form.unpacked_bytes);
      const auto* query = flatbuffers::GetRoot<schema::Query>(bytes.data());
      const auto* check = query->body_as_Check();
      BOOST_TEST(parts->id == query->id());
      BOOST_TEST(parts->at_least_seq == query->at_least_seq());
      BOOST_TEST(parts->receipt == query->receipt());
      BOOST_TEST(parts->tenant == schema::view_of(query->tenant()));
      BOOST_TEST(parts->question_count == check->questions()->size());
      if (parts->question_count == 1) {
        const auto* only = check->questions()->Get(0);
        BOOST_TEST(parts->only.action == only->action()->string_view());
        BOOST_TEST(parts->only.resource == only->resource()->string_view());
        BOOST_TEST(parts->only.this_level_only == only->this_level_only());
      }
      if (const auto* named = check->credential_as_NamedUser())
        BOOST_TEST(parts->username == schema::view_of(named->username()));
      BOOST_TEST(parts->questions == check->questions());
      BOOST_TEST(parts->credential == check->credential());
      BOOST_TEST((parts->credential_kind == check->credential_type()));
      BOOST_TEST(parts->call == query->call());
      check_moved(*parts, bytes);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_passes_the_short_way_passes_the_long_one) {
  constexpr std::uint64_t seed = 15;
  constexpr int tries = 300'000;
  std::mt19937_64 random(seed);
  const std::vector<Bytes> usual = usual_checks();
  CheckLists learnt;
  int passed = 0;
  int refused = 0;
  int passed_by_known_lists = 0;
  for (int round = 0; round < tries; ++round) {
    const Bytes bytes = spoilt(usual[static_cast<std::size_t>(round / 50) % usual.size()], random);
    // What was learnt of one that harms, or of another, decides nothing.
    const CheckLists before = learnt;
    const auto parts = read(bytes, query_limits, learnt);
    const bool is_known = std::memcmp(&before, &learnt, sizeof learnt) == 0;
    BOOST_REQUIRE(parts.has_value() == read(bytes, query_limits).has_value());
    const MessageForm form = by_the_long_way(bytes);
    if (form.verdict != MessageForm::Verdict::well_formed) ++refused;
    if (!parts) continue;
    ++passed;
    passed_by_known_lists += is_known;
    BOOST_TEST_CONTEXT("seed " << seed << ", round " << round) {
      BOOST_REQUIRE(form.verdict == MessageForm::Verdict::well_formed);
      BOOST_REQUIRE(parts->unpacked_bytes == form.unpacked_bytes);
    }
  }
  // Both happened often: else nothing was looked at.
  BOOST_TEST(passed > tries / 20);
  BOOST_TEST(passed_by_known_lists > tries / 20);
  BOOST_TEST(refused > tries / 20);
}

BOOST_AUTO_TEST_CASE(every_other_message_is_left_to_the_long_way) {
  schema::QueryT nothing;
  schema::QueryT status;
  status.body.Set(schema::GetStatusT());
  schema::QueryT authenticate;
  schema::AuthenticateT asked;
  asked.credential.Set(named());
  authenticate.body.Set(std::move(asked));
  schema::QueryT empty_check;
  empty_check.body.Set(schema::CheckT());
  schema::QueryT without_questions = check_by(named(), 0);
  for (const schema::QueryT* query :
       {&nothing, &status, &authenticate, &empty_check, &without_questions}) {
    const Bytes bytes = packed(*query);
    BOOST_TEST(!read(bytes, query_limits));
    BOOST_TEST((by_the_long_way(bytes).verdict == MessageForm::Verdict::well_formed));
  }
  BOOST_TEST(!read({}, query_limits));
  schema::QueryT of_later = check_by(named(), 1);
  of_later.version = 2;
  BOOST_TEST(!read(packed(of_later), query_limits));
  of_later.version = 1;
  BOOST_TEST(read(packed(of_later), query_limits).has_value());
  Bytes of_another_kind = packed(check_by(named(), 1));
  of_another_kind[4] = std::byte{'X'};
  BOOST_TEST(!read(of_another_kind, query_limits));
}

BOOST_AUTO_TEST_CASE(a_field_that_only_later_versions_know_is_left_to_the_long_way) {
  flatbuffers::FlatBufferBuilder builder;
  const auto user = schema::CreateNamedUserDirect(builder, "billing");
  const std::vector<flatbuffers::Offset<schema::Question>> questions = {
      schema::CreateQuestionDirect(builder, "read", "orders")};
  const auto check =
      schema::CreateCheckDirect(builder, schema::Credential::NamedUser, user.Union(), &questions);
  const auto tenant = builder.CreateString("acme");
  const flatbuffers::uoffset_t begun = builder.StartTable();
  builder.AddOffset(schema::Query::VT_TENANT, tenant);
  builder.AddElement<std::uint8_t>(schema::Query::VT_BODY_TYPE,
                                   static_cast<std::uint8_t>(schema::QueryBody::Check), 0);
  builder.AddOffset(schema::Query::VT_BODY, check);
  builder.AddElement<std::uint32_t>(schema::Query::VT_RECEIPT + 2, 0x7fff'ffff, 0);
  builder.Finish(flatbuffers::Offset<schema::Query>(builder.EndTable(begun)),
                 schema::query_identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  BOOST_TEST((by_the_long_way(bytes).verdict == MessageForm::Verdict::well_formed));
  BOOST_TEST(!read(bytes, query_limits));
}

BOOST_AUTO_TEST_CASE(limits_hold_on_the_short_way_too) {
  const Bytes bytes = packed(check_by(named(), 100));
  MessageLimits few_tables = query_limits;
  few_tables.tables_max = 102;
  BOOST_TEST(!read(bytes, few_tables));
  few_tables.tables_max = 103;
  BOOST_TEST(read(bytes, few_tables).has_value());
  MessageLimits little = query_limits;
  little.unpacked_max = by_the_long_way(bytes).unpacked_bytes;
  BOOST_TEST(read(bytes, little).has_value());
  --little.unpacked_max;
  BOOST_TEST(!read(bytes, little));
  MessageLimits short_one = query_limits;
  short_one.bytes_max = bytes.size() - 1;
  BOOST_TEST(!read(bytes, short_one));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::service
