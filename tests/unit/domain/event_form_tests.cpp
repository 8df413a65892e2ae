// An event that is made of its form is, byte for byte, what a builder packs.
#include <boost/test/unit_test.hpp>
#include <string>

#include "daemon/domain/event_form.h"

using namespace postern;

namespace {

using domain::PackedEvents;
using domain::Uuid;

template <class Body>
void pack(PackedEvents& events, const Uuid& user, domain::Seq previous, const Body& body) {
  const auto packed = Body::TableType::Pack(events.builder, &body);
  events.offsets.push_back(schema::CreateEvent(events.builder, &user, previous,
                                               schema::EventBodyUnionTraits<Body>::enum_value,
                                               packed.Union()));
}

std::string bytes_of(const PackedEvents& events) {
  return {reinterpret_cast<const char*>(events.builder.GetCurrentBufferPointer()),
          events.builder.GetSize()};
}

template <class Body>
void compare_all() {
  const Uuid user(0x1122334455667788, 0x99aabbccddeeff00);
  constexpr domain::Seq previous = 0x1020304050607080;
  const auto pack_any = [](PackedEvents& events, const Body& body) {
    pack(events, Uuid(1, 1), 1, body);
  };
  constexpr const Body* kind = nullptr;
  for (std::size_t number = 0; number < domain::forms_of(kind); ++number) {
    const Body body = domain::body_of_form(kind, number);
    BOOST_TEST_REQUIRE(domain::form_number(body) == number);
    PackedEvents packed;
    PackedEvents formed;
    // Twice, as a builder is used again.
    for (int turn = 0; turn < 2; ++turn) {
      packed.clear();
      formed.clear();
      pack(packed, user, previous, body);
      domain::form_of(body, pack_any).push(formed, user, previous);
      BOOST_TEST(bytes_of(formed) == bytes_of(packed));
      BOOST_TEST(formed.offsets.front().o == packed.offsets.front().o);
    }
    BOOST_TEST((*formed[0].user() == user));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_form_tests)

BOOST_AUTO_TEST_CASE(each_form_is_what_a_builder_packs) {
  compare_all<schema::ApiAccessChangedT>();
  compare_all<schema::UserStatusChangedT>();
}

BOOST_AUTO_TEST_CASE(others_have_none) {
  BOOST_TEST(!domain::HasForms<schema::UserRenamedT>);
  BOOST_TEST(!domain::HasForms<schema::UserLockedT>);
}

BOOST_AUTO_TEST_SUITE_END()
