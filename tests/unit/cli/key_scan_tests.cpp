// API keys in bytes of every encoding, in parts of every size; and how a daemon's answer is told.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/unit/cli/fixture.h"
#include "tools/cli/key_finder.h"

namespace postern::cli {
namespace {

using support::FakeDaemon;

const schema::Uuid key_id{0x0190d6c88a517b3e, 0x9c2f000000000001};
const schema::Uuid user_id{0x0190d6c88a517b3e, 0x9c2f000000000002};

std::string with_checksum(std::string body) {
  body += schema::in_api_key_digits(schema::api_key_checksum(body), 6);
  return body;
}

std::string key_text(std::uint64_t secret = 7) {
  std::string body(schema::api_key_prefix);
  for (const std::uint64_t number : {key_id.high(), key_id.low(), user_id.high(), user_id.low(),
                                     secret, secret, secret, ~secret})
    body += schema::in_api_key_digits(number, 11);
  return with_checksum(std::move(body));
}

/// "line:column encoding" of each key, its bytes given in parts of this size.
std::vector<std::string> found_in(const std::string& text, std::size_t part) {
  std::vector<std::string> found;
  KeyFinder finder([&](const FoundKey& key) {
    BOOST_TEST((key.names.key == key_id));
    BOOST_TEST((key.names.user == user_id));
    found.push_back(std::to_string(key.line) + ":" + std::to_string(key.column) + " " +
                    std::string(key.encoding));
  });
  for (std::size_t place = 0; place < text.size();) {
    const auto room = finder.room();
    const auto count = std::min({part, room.size(), text.size() - place});
    BOOST_REQUIRE(count > 0U);
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(place), count, room.begin());
    finder.add(count);
    place += count;
  }
  finder.finish();
  return found;
}

std::string wide(const std::string& ascii, std::size_t width, bool big_end) {
  std::string text;
  for (const char letter : ascii) {
    std::string unit(width, '\0');
    unit[big_end ? width - 1 : 0] = letter;
    text += unit;
  }
  return text;
}

struct Text {
  const char* what;
  std::string bytes;
  std::vector<std::string> found;
};

std::ostream& operator<<(std::ostream& out, const Text& text) { return out << text.what; }

const std::string lines = "one\r\n\ntwo " + key_text() + " " + key_text(8) + "\nq=" + key_text(9);

const Text texts[] = {
    {"nothing", "", {}},
    {"alone", key_text(), {"1:1 UTF-8"}},
    {"in words", "pstk_pstk_" + key_text() + "pstk_", {"1:11 UTF-8"}},
    {"one behind the other", key_text() + key_text(8), {"1:1 UTF-8", "1:100 UTF-8"}},
    {"lines", lines, {"3:5 UTF-8", "3:105 UTF-8", "4:3 UTF-8"}},
    {"with a byte order mark", "\xef\xbb\xbf" + key_text(), {"1:1 UTF-8"}},
    {"letters of several bytes",
     "\xc3\xbc\xe2\x82\xac\n\xc3\xbc\xe2\x82\xac" + key_text(),
     {"2:3 UTF-8"}},
    {"UTF-16LE", wide(lines, 2, false), {"3:5 UTF-16LE", "3:105 UTF-16LE", "4:3 UTF-16LE"}},
    {"UTF-16LE with its mark", "\xff\xfe" + wide(key_text(), 2, false), {"1:1 UTF-16LE"}},
    {"UTF-16BE", wide(lines, 2, true), {"3:5 UTF-16BE", "3:105 UTF-16BE", "4:3 UTF-16BE"}},
    {"UTF-16BE with its mark", "\xfe\xff" + wide("\n" + key_text(), 2, true), {"2:1 UTF-16BE"}},
    {"UTF-32LE", wide(lines, 4, false), {"3:5 UTF-32LE", "3:105 UTF-32LE", "4:3 UTF-32LE"}},
    {"UTF-32BE", wide(lines, 4, true), {"3:5 UTF-32BE", "3:105 UTF-32BE", "4:3 UTF-32BE"}},
    {"no line where half a letter is its end",
     "\x0a\x0a" + wide(key_text(), 2, false),
     {"1:2 UTF-16LE"}},
    {"cut off", key_text().substr(0, 98), {}},
    {"without its beginning", key_text().substr(1), {}},
    {"with a gap", key_text().substr(0, 50) + "\n" + key_text().substr(50), {}},
    {"half of it wide", key_text().substr(0, 50) + wide(key_text().substr(50), 2, false), {}},
    {"a number above 64 bits", with_checksum("pstk_zzzzzzzzzzz" + key_text().substr(16, 77)), {}},
};

BOOST_FIXTURE_TEST_SUITE(key_scan_tests, Fixture)

BOOST_DATA_TEST_CASE(C8_keys_are_found_in_every_encoding_and_across_every_boundary,
                     boost::unit_test::data::make(texts), text) {
  for (std::size_t part = 1; part <= 500; part += part < 110 ? 1 : 97)
    BOOST_TEST(found_in(text.bytes, part) == text.found, boost::test_tools::per_element());
  BOOST_TEST(found_in(text.bytes, 1 << 20) == text.found, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(C8_one_wrong_digit_anywhere_is_no_key) {
  const std::string key = key_text();
  for (std::size_t place = 0; place < key.size(); ++place)
    for (const char wrong : {'0', 'A', 'z', '_', '\n'}) {
      std::string near = key;
      near[place] = wrong;
      BOOST_TEST(found_in(near, 64).size() == (wrong == key[place] ? 1U : 0U),
                 place << " as " << wrong);
    }
}

BOOST_AUTO_TEST_CASE(C8_the_text_of_a_key_is_shown_but_for_its_secret) {
  const std::string shown = "/a/" + masked_key(key_id) + ".txt";
  BOOST_TEST(without_keys("/a/" + key_text() + ".txt") == shown);
  BOOST_TEST(without_keys("/a/pstk_none") == "/a/pstk_none");
  BOOST_TEST(masked_key(key_id).size() == 16U + std::string("…").size());
}

struct Answered : Fixture {
  std::string file;

  Answered() {
    file = daemon.folder / "leak";
    write_file(file, key_text());
  }

  /// Its user as the daemon would tell of it at second 1,000.
  void answer(std::int64_t expires_ns) {
    daemon.on_history = [=](const auto& request) {
      BOOST_TEST((*request.body.AsGetUser()->user_id == user_id));
      schema::UserViewT view;
      view.details = std::make_unique<schema::UserDetailsT>();
      view.details->tenant = "acme";
      view.details->username = "api.bob";
      view.details->status = schema::UserStatus::active;
      view.security = std::make_unique<schema::UserSecurityT>();
      auto& key = view.security->keys.emplace_back(std::make_unique<schema::KeyViewT>());
      key->key = std::make_unique<schema::Uuid>(key_id);
      key->name = "nightly";
      key->expires_ns = expires_ns;
      auto page = FakeDaemon::page_to(request);
      page.time_ns = 1'000'000'000'000;
      page.body.Set(std::move(view));
      return FakeDaemon::Replies{packed(page)};
    };
  }
};

BOOST_FIXTURE_TEST_CASE(C8_a_key_expires_by_the_daemons_clock, Answered) {
  answer(1'000'000'000'001);
  const auto live = postern("key scan " + file);
  BOOST_TEST(live.exit_code == 1);
  BOOST_TEST(contains(live.out, "live "), live.out);
}

BOOST_FIXTURE_TEST_CASE(C8_an_expired_key_is_told_as_dead, Answered) {
  answer(1'000'000'000'000);
  const auto ended = postern("key scan " + file);
  BOOST_TEST(ended.exit_code == 1);
  BOOST_TEST(contains(ended.out, "expired  since 1970-01-01T00:16:40Z"), ended.out);
  BOOST_TEST(postern("key scan --live " + file).exit_code == 0);
  const auto dead = postern("key scan --revoke " + file);
  BOOST_TEST(contains(dead.talk, "No live key is to be revoked."), dead.talk);
}

BOOST_FIXTURE_TEST_CASE(C8_where_nobody_can_be_asked_no_key_is_said_to_be_dead, Answered) {
  const auto ended = run_with({"--data", daemon.folder / "none", "key", "scan", "--revoke", file});
  BOOST_TEST(ended.exit_code != 0);
  BOOST_TEST(ended.exit_code != 1);
  BOOST_TEST(!contains(ended.talk, "No live key"), ended.talk);
  BOOST_TEST(contains(ended.talk, "Nothing was revoked.\nWhose they are could not be asked: "),
             ended.talk);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
