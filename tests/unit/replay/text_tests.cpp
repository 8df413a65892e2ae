#include <boost/test/unit_test.hpp>
#include <limits>
#include <sstream>

#include "replay/listing.h"
#include "replay/progress.h"
#include "replay/record_text.h"
#include "tools/client/shown.h"

namespace postern::replay {

BOOST_AUTO_TEST_SUITE(text_tests)

BOOST_AUTO_TEST_CASE(ids_and_bytes) {
  BOOST_TEST(uuid_text({0x0123'4567'89ab'7cdeU, 0x8001'0203'0405'0607U}) ==
             "01234567-89ab-7cde-8001-020304050607");
  BOOST_TEST(hex_text(std::as_bytes(std::span("\x00\x7f\xff", 3))) == "007fff");
}

BOOST_AUTO_TEST_CASE(times_are_utc_to_the_nanosecond) {
  BOOST_TEST(time_text(0) == "1970-01-01T00:00:00.000000000Z");
  BOOST_TEST(time_text(1'709'164'800'000'000'001) == "2024-02-29T00:00:00.000000001Z");
  BOOST_TEST(time_text(-1) == "1969-12-31T23:59:59.999999999Z");
  BOOST_TEST(time_text_short(1'709'164'799'999'999'999) == "2024-02-28T23:59:59Z");
  BOOST_TEST(time_text(std::numeric_limits<std::int64_t>::max()) ==
             "2262-04-11T23:47:16.854775807Z");
}

BOOST_AUTO_TEST_CASE(text_is_made_fit_for_a_terminal) {
  BOOST_TEST(client::printable("Zo\xc3\xab \xf0\x9f\x94\x91") == "Zo\xc3\xab \xf0\x9f\x94\x91");
  BOOST_TEST(client::printable({"\0\x7f", 2}) == "\\x00\\x7f");
  BOOST_TEST(client::printable("\xc2\x9b\xe2\x81\xa6\xef\xbb\xbf") == "\\u009b\\u2066\\ufeff");
  // Overlong, a surrogate, cut short.
  BOOST_TEST(client::printable("\xc0\xaf\xed\xa0\x80\xe2\x82") ==
             "\\xc0\\xaf\\xed\\xa0\\x80\\xe2\\x82");
}

BOOST_AUTO_TEST_CASE(public_keys_are_z85) {
  // The vector of ZeroMQ's RFC 32, four times.
  schema::RecordT record;
  schema::OperatorAddedT added;
  added.standing = std::make_unique<schema::OperatorStandingT>();
  added.standing->keys.push_back(std::make_unique<schema::PublicKeyT>());
  for (int i = 0; i < 4; ++i)
    for (const int byte : {0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b})
      added.standing->keys[0]->bytes.push_back(static_cast<std::uint8_t>(byte));
  record.events.push_back(std::make_unique<schema::EventT>());
  record.events[0]->body.Set(std::move(added));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateRecord(builder, &record));
  const auto object = to_json(*flatbuffers::GetRoot<schema::Record>(builder.GetBufferPointer()));
  BOOST_TEST(object.at("events").at(0).at("body").at("standing").at("keys").at(0).as_string() ==
             "HelloWorldHelloWorldHelloWorldHelloWorld");
}

BOOST_AUTO_TEST_CASE(a_time_that_is_none_is_not_1970) {
  schema::RecordT record;
  record.events.push_back(std::make_unique<schema::EventT>());
  record.events[0]->body.Set(schema::KeyCreatedT());
  const auto body_of = [&] {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateRecord(builder, &record));
    const auto object = to_json(*flatbuffers::GetRoot<schema::Record>(builder.GetBufferPointer()));
    return object.at("events").at(0).at("body").as_object();
  };
  BOOST_TEST(body_of().at("expires").is_null());
  record.events[0]->body.AsKeyCreated()->expires_ns = 1;
  BOOST_TEST(body_of().at("expires").as_string() == "1970-01-01T00:00:00.000000001Z");
}

BOOST_AUTO_TEST_CASE(columns_are_as_wide_as_their_characters) {
  std::ostringstream out;
  Table table(out, {"A", "B"});
  table.add({"Zo\xc3\xab", "1"});
  table.add({"", "2"});
  table.flush();
  BOOST_TEST(out.str() == "A    B\nZo\xc3\xab  1\n-    2\n");
}

BOOST_AUTO_TEST_CASE(progress_is_told_to_who_watches_and_goes_away) {
  std::ostringstream watched;
  std::ostringstream other;
  {
    Progress progress(watched, true);
    Progress silent(other, false);
    for (const std::uint64_t seq : {1U, 99'999U, 100'000U, 100'001U, 200'000U}) {
      progress.at(seq, 150'000);
      silent.at(seq, 150'000);
    }
  }
  BOOST_TEST(watched.str() ==
             "\r\033[Kread 100000 of 150000 records\r\033[Kread 200000 records\r\033[K");
  BOOST_TEST(other.str() == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
