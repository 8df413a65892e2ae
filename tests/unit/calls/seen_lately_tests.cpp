#include <boost/test/unit_test.hpp>
#include <cstring>

#include "daemon/calls/seen_lately.h"

using namespace postern;

namespace {

const domain::Uuid tenant(0, 1);
const domain::Uuid user(0, 2);

/// A call in a session, as it lies in the line.
struct NoteOfSession {
  NoteOfSession(std::uint64_t session, std::int64_t time_ns, std::int64_t expires_ns) {
    note.user = user;
    note.tenant = tenant;
    note.key = domain::Uuid(0, session + 100);
    note.time_ns = time_ns;
    note.verified = true;
    note.has_session = true;
    note.outcome_count = 2;
    token.session = domain::Uuid(0, session);
    token.expires_ns = expires_ns;
    bytes.resize(note.bytes());
    std::memcpy(bytes.data(), &note, sizeof note);
    std::memcpy(bytes.data() + sizeof note + 2 * sizeof(calls::Outcome), &token, sizeof token);
  }

  const calls::CallNote& operator*() const {
    return *reinterpret_cast<const calls::CallNote*>(bytes.data());
  }

  calls::CallNote note;
  calls::SessionNote token;
  std::vector<std::byte> bytes;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(seen_lately_tests)

BOOST_AUTO_TEST_CASE(S1_a_session_is_remembered_until_its_newest_token_ends) {
  calls::SeenLately seen;
  seen.add(*NoteOfSession(1, 10, 100));
  seen.add(*NoteOfSession(1, 20, 200));
  // A token from before the renewal.
  seen.add(*NoteOfSession(1, 30, 100));
  const auto found = seen.sessions_of(tenant, nullptr);
  BOOST_REQUIRE(found.size() == 1U);
  BOOST_TEST(found[0].token.expires_ns == 200);
  BOOST_TEST(found[0].last_used_ns == 30);
  BOOST_TEST(found[0].call_count == 3U);
  seen.forget_expired(199);
  BOOST_TEST(seen.sessions_of(tenant, &user).size() == 1U);
  seen.forget_expired(200);
  BOOST_TEST(seen.sessions_of(tenant, &user).empty());
}

BOOST_AUTO_TEST_CASE(S1_so_many_sessions_are_remembered_and_the_others_counted) {
  calls::SeenLately seen(2, 1);
  for (std::uint64_t session = 1; session <= 4; ++session)
    seen.add(*NoteOfSession(session, 10, 100));
  seen.add(*NoteOfSession(1, 20, 100));
  BOOST_TEST(seen.sessions_of(tenant, nullptr).size() == 2U);
  BOOST_TEST(seen.left_out() == 2U);
  BOOST_TEST(seen.key_used_ns(domain::Uuid(0, 101)) == 20);
  BOOST_TEST(seen.key_used_ns(domain::Uuid(0, 102)) == 0);
}

BOOST_AUTO_TEST_CASE(C8_of_more_keys_than_are_remembered_those_used_last_are_told) {
  calls::SeenLately seen(100, 4);
  for (std::uint64_t session = 1; session <= 10; ++session) {
    seen.add(*NoteOfSession(1, static_cast<std::int64_t>(session), 100));
    seen.add(*NoteOfSession(session, static_cast<std::int64_t>(session), 100));
  }
  BOOST_TEST(seen.key_used_ns(domain::Uuid(0, 101)) == 10);
  BOOST_TEST(seen.key_used_ns(domain::Uuid(0, 110)) == 10);
  BOOST_TEST(seen.key_used_ns(domain::Uuid(0, 102)) == 0);
}

BOOST_AUTO_TEST_CASE(S1_what_was_not_verified_and_what_is_of_others_is_not_told) {
  calls::SeenLately seen;
  NoteOfSession wrong(1, 10, 100);
  wrong.note.verified = false;
  std::memcpy(wrong.bytes.data(), &wrong.note, sizeof wrong.note);
  seen.add(*wrong);
  BOOST_TEST(seen.sessions_of(tenant, nullptr).empty());
  seen.add(*NoteOfSession(1, 10, 100));
  BOOST_TEST(seen.sessions_of(user, nullptr).empty());
  BOOST_TEST(seen.sessions_of(tenant, &tenant).empty());
}

BOOST_AUTO_TEST_SUITE_END()
