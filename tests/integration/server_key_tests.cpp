// The server's CURVE key changed in two steps, with a client that was told and one that was not.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>

#include "tests/support/daemon_process.h"

namespace postern::support {

namespace {

std::string text_in(const std::filesystem::path& file) {
  std::ifstream opened(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(opened), {}};
}

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string after(const std::string& text, std::string_view words) {
  const auto place = text.find(words);
  return place == text.npos ? "" : text.substr(place + words.size(), 40);
}

struct Rotating : DaemonProcess {
  Ended rotate(std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {POSTERND, "rotate-server-key", "--data", data()};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }
  std::string server_key() const { return text_in(data() / "server.key").substr(0, 40); }
  static client::Result<schema::AnswerT> status(const client::Options& options) {
    auto asker = client::Client::make(options);
    schema::QueryT query;
    query.body.Set(schema::GetStatusT());
    return asker->ask(std::move(query));
  }
  client::Options tcp(const std::string& key) const {
    client::Options options = tcp_options(owner_keys());
    options.server_key = client::parse_key(key);
    return options;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(server_key_tests, Rotating)

BOOST_AUTO_TEST_CASE(the_next_key_is_told_before_it_is_taken) {
  const std::string old_key = server_key();
  const Ended planned = rotate();
  BOOST_REQUIRE_MESSAGE(planned.code == 0, planned.said);
  const std::string next_key = after(planned.said, "the server's next key is ");
  BOOST_TEST(client::parse_key(next_key).has_value());
  BOOST_TEST(next_key != old_key);
  BOOST_TEST(server_key() == old_key);
  // Asked again it is the same: clients may have been told already.
  BOOST_TEST(after(rotate().said, "the server's next key is ") == next_key);

  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(says(text_in(data() / "addresses"), "next_server_key = \"" + next_key + "\""));
  const auto told = status(tcp(old_key));
  BOOST_REQUIRE_MESSAGE(told.has_value(), told.error().sentence);
  BOOST_TEST(told->body.AsStatus()->next_server_key == next_key);
  bool warned = false;
  for (const std::string& warning : told->body.AsStatus()->warnings)
    warned |= says(warning, next_key);
  BOOST_TEST(warned);
  const Ended running = rotate({"--finish"});
  BOOST_TEST(running.code == 75, running.said);
  BOOST_REQUIRE(stop().code == 0);

  const Ended taken = rotate({"--finish"});
  BOOST_TEST(taken.code == 0, taken.said);
  BOOST_TEST(after(taken.said, "the server's key is now ") == next_key);
  BOOST_TEST(server_key() == next_key);
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  const auto known = status(tcp(next_key));
  BOOST_REQUIRE_MESSAGE(known.has_value(), known.error().sentence);
  BOOST_TEST(known->body.AsStatus()->next_server_key == "");
  client::Options untold = tcp(old_key);
  untold.timeout = std::chrono::seconds(1);
  untold.retries = 0;
  BOOST_TEST(!status(untold).has_value());
}

BOOST_AUTO_TEST_CASE(a_key_that_was_not_planned_is_not_taken) {
  const std::string old_key = server_key();
  const Ended refused = rotate({"--finish"});
  BOOST_TEST(refused.code == 64, refused.said);
  BOOST_TEST(says(refused.said, "no change of the server's key is planned"), refused.said);
  BOOST_TEST(server_key() == old_key);
  const Ended missing = run_program({POSTERND, "rotate-server-key", "--data", data() / "nowhere"});
  BOOST_TEST(missing.code == 66, missing.said);
}

BOOST_AUTO_TEST_CASE(a_stop_between_the_key_and_its_file_is_mended_by_the_start) {
  const std::string old_key = server_key();
  BOOST_REQUIRE(rotate().code == 0);
  BOOST_REQUIRE(rotate({"--finish"}).code == 0);
  const std::string new_key = server_key();
  std::ofstream(data() / "server.key") << old_key << "\n";
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(server_key() == new_key);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
