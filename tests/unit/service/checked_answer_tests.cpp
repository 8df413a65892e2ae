// The answer to a check as it is written by hand, against what FlatBuffers' own builder makes.
#include <boost/test/unit_test.hpp>
#include <random>

#include "daemon/service/checked_answer.h"
#include "schema/identifiers.h"
#include "tests/support/held_grants.h"
#include "tests/unit/service/allocated_bytes.h"

using namespace postern;
using domain::Grant;
using domain::Verdict;
using schema::Code;
using service::CheckedAnswer;

namespace {

/// Grants, roles and verdicts of all forms.
struct Verdicts {
  std::vector<std::unique_ptr<std::string>> texts;
  support::HeldGrants grants;
  std::vector<Verdict> all;

  const std::string* text(std::size_t size) {
    std::string made(size, 'a');
    for (std::size_t place = 0; place < size; ++place) made[place] += static_cast<char>(place % 26);
    return texts.emplace_back(std::make_unique<std::string>(std::move(made))).get();
  }

  void add(std::mt19937& random) {
    Verdict verdict;
    verdict.reason = random() % 3 == 0   ? Code::no_matching_grant
                     : random() % 2 == 0 ? Code::ok
                                         : Code::denied_by_grant;
    if (verdict.reason != Code::no_matching_grant) {
      Grant grant;
      grant.action = text(1 + random() % 9);
      grant.resource = text(1 + random() % 60);
      grant.seq = random() * 0x10001ULL;
      grant.index = random() % 1'000;
      grant.deny = verdict.reason == Code::denied_by_grant;
      verdict.grant = grants.add(grant);
      if (random() % 3 == 0) verdict.role = text(1 + random() % 12);
    }
    all.push_back(verdict);
  }
};

schema::AnswerT read(std::span<const std::uint8_t> bytes) {
  // As a client gets them: aligned, and not a byte more.
  const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
  flatbuffers::Verifier verifier(copy.data(), copy.size(), 16, 100'000);
  BOOST_TEST_REQUIRE(verifier.VerifyBuffer<schema::Answer>(schema::answer_identifier));
  schema::AnswerT answer;
  flatbuffers::GetRoot<schema::Answer>(copy.data())->UnPackTo(&answer);
  return answer;
}

void write(CheckedAnswer& answer, const std::vector<Verdict>& verdicts,
           const CheckedAnswer::Facts& facts) {
  answer.begin(verdicts.size());
  for (const Verdict& verdict : verdicts) answer.add(verdict);
  answer.finish(facts);
}

void check_same(const schema::DecisionT& decision, const Verdict& verdict) {
  BOOST_TEST(decision.allowed == verdict.allowed());
  BOOST_TEST((decision.reason == verdict.reason));
  BOOST_TEST_REQUIRE((decision.grant != nullptr) == (verdict.grant != nullptr));
  if (verdict.grant == nullptr) return;
  BOOST_TEST(decision.grant->action == *verdict.grant->action);
  BOOST_TEST(decision.grant->resource == *verdict.grant->resource);
  BOOST_TEST(decision.grant->role == (verdict.role == nullptr ? "" : *verdict.role));
  BOOST_TEST((decision.grant->effect == verdict.grant->effect()));
  BOOST_TEST_REQUIRE(decision.grant->reference != nullptr);
  BOOST_TEST(decision.grant->reference->seq == verdict.grant->seq);
  BOOST_TEST(decision.grant->reference->index == verdict.grant->index);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checked_answer_tests)

BOOST_AUTO_TEST_CASE(A10_what_is_written_is_what_was_decided) {
  CheckedAnswer answer;
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    Verdicts verdicts;
    for (std::size_t count = random() % 20; count > 0; --count) verdicts.add(random);
    const domain::Uuid user(random(), random());
    const bool is_named = random() % 2 == 0;
    write(answer, verdicts.all, {seed, seed + 1, seed + 2, is_named ? &user : nullptr});
    const schema::AnswerT told = read(answer.bytes());
    BOOST_TEST(told.version == schema::protocol_version);
    BOOST_TEST(told.id == seed);
    BOOST_TEST(told.seq == seed + 1);
    BOOST_TEST(told.time_ns == seed + 2);
    BOOST_TEST((told.code == Code::ok));
    BOOST_TEST((told.receipt == nullptr));
    const schema::CheckedT& checked = *told.body.AsChecked();
    BOOST_TEST((checked.user != nullptr && *checked.user == user) == is_named);
    BOOST_TEST(checked.grants_left_out == 0U);
    BOOST_TEST_REQUIRE(checked.decisions.size() == verdicts.all.size());
    for (std::size_t place = 0; place < verdicts.all.size(); ++place)
      check_same(*checked.decisions[place], verdicts.all[place]);
  }
}

BOOST_AUTO_TEST_CASE(H5_a_receipt_stands_beside_what_was_decided_and_not_in_the_next_answer) {
  std::mt19937 random(1);
  Verdicts verdicts;
  for (int count = 0; count < 3; ++count) verdicts.add(random);
  CheckedAnswer answer;
  write(answer, verdicts.all, {1, 2, 3, nullptr});
  const std::vector<std::uint8_t> receipt(101, 7);
  const std::vector<std::uint8_t> signature(64, 9);
  answer.add_receipt(receipt, signature);
  schema::AnswerT told = read(answer.bytes());
  BOOST_TEST_REQUIRE(told.receipt != nullptr);
  BOOST_TEST(told.receipt->bytes == receipt);
  BOOST_TEST(told.receipt->signature == signature);
  BOOST_TEST(told.body.AsChecked()->decisions.size() == 3U);
  write(answer, verdicts.all, {1, 2, 3, nullptr});
  BOOST_TEST((read(answer.bytes()).receipt == nullptr));
}

BOOST_AUTO_TEST_CASE(A10_a_grant_that_decides_again_is_told_once_and_found_by_both) {
  std::mt19937 random(4);
  Verdicts verdicts;
  for (int count = 0; count < 100; ++count) verdicts.add(random);
  // By the same grant of another role, and of none.
  Verdict by_a_role = verdicts.all[0];
  for (const Verdict& verdict : verdicts.all)
    if (verdict.grant != nullptr) by_a_role = verdict;
  by_a_role.role = verdicts.text(5);
  Verdict by_itself = by_a_role;
  by_itself.role = nullptr;
  for (const Verdict& more : {by_a_role, by_itself, by_a_role, by_itself})
    verdicts.all.push_back(more);
  const std::size_t once = verdicts.all.size();
  CheckedAnswer answer;
  write(answer, verdicts.all, {1, 2, 3, nullptr});
  const std::size_t size = answer.bytes().size();
  // Each twice in a row, at places and decisions of sixteen bytes.
  std::vector<Verdict> twice;
  for (const Verdict& verdict : verdicts.all) twice.insert(twice.end(), 2, verdict);
  write(answer, twice, {1, 2, 3, nullptr});
  BOOST_TEST(answer.bytes().size() <= size + 16 * once + 8);
  const schema::AnswerT told = read(answer.bytes());
  const auto& decisions = told.body.AsChecked()->decisions;
  BOOST_TEST_REQUIRE(decisions.size() == twice.size());
  for (std::size_t place = 0; place < twice.size(); ++place)
    check_same(*decisions[place], twice[place]);
}

BOOST_AUTO_TEST_CASE(Q2_an_answer_keeps_to_a_mebibyte_and_says_what_it_leaves_out) {
  Verdicts verdicts;
  Grant grant;
  grant.action = verdicts.text(64);
  grant.resource = verdicts.text(512);
  for (int count = 0; count < 10'000; ++count) {
    Verdict& verdict = verdicts.all.emplace_back();
    grant.seq = static_cast<std::uint64_t>(count) + 1;
    verdict.grant = verdicts.grants.add(grant);
  }
  CheckedAnswer answer;
  write(answer, verdicts.all, {1, 2, 3, nullptr});
  BOOST_TEST(answer.bytes().size() < 1'048'576U);
  const schema::AnswerT told = read(answer.bytes());
  const schema::CheckedT& checked = *told.body.AsChecked();
  std::size_t without = 0;
  for (const auto& decision : checked.decisions) {
    BOOST_TEST(decision->allowed);
    without += decision->grant == nullptr;
  }
  BOOST_TEST(without > 0U);
  BOOST_TEST(checked.grants_left_out == without);
}

BOOST_AUTO_TEST_CASE(nothing_of_an_answer_is_left_in_the_next) {
  Verdicts verdicts;
  Grant grant;
  grant.action = verdicts.text(64);
  grant.resource = verdicts.text(512);
  Verdict with_grant;
  with_grant.grant = verdicts.grants.add(grant);
  CheckedAnswer used;
  write(used, std::vector(50, with_grant), {1, 2, 3, nullptr});
  std::mt19937 random(2);
  for (int count = 0; count < 40; ++count) verdicts.add(random);
  write(used, verdicts.all, {1, 2, 3, nullptr});
  CheckedAnswer fresh;
  write(fresh, verdicts.all, {1, 2, 3, nullptr});
  BOOST_TEST(std::ranges::equal(used.bytes(), fresh.bytes()));
}

BOOST_AUTO_TEST_CASE(an_answer_no_larger_than_one_before_takes_no_memory) {
  std::mt19937 random(3);
  Verdicts verdicts;
  for (int count = 0; count < 40; ++count) verdicts.add(random);
  CheckedAnswer answer;
  write(answer, verdicts.all, {1, 2, 3, nullptr});
  const std::size_t before = support::allocated_bytes();
  write(answer, verdicts.all, {4, 5, 6, nullptr});
  BOOST_TEST(support::allocated_bytes() == before);
}

BOOST_AUTO_TEST_SUITE_END()
