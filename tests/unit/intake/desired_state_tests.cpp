// YAML and desired states.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "tools/intake/desired_state.h"
#include "tools/intake/yaml.h"

namespace postern::intake {
namespace {

std::string as_json(const std::string& yaml) {
  const auto read = read_yaml(yaml);
  return read ? boost::json::serialize(read->value) : "line " + std::to_string(read.error().line);
}

BOOST_AUTO_TEST_SUITE(desired_state_tests)

BOOST_AUTO_TEST_CASE(scalars_are_text_unless_json_says_otherwise) {
  BOOST_TEST(as_json("a: 1\nb: 01\nc: \"1\"\nd: true\ne: on\nf: ~\ng: 1.50\nh: +41 1\n") ==
             R"({"a":1,"b":"01","c":"1","d":true,"e":"on","f":null,"g":"1.50","h":"+41 1"})");
  BOOST_TEST(as_json("{\"a\": [1, \"x\"]}") == R"({"a":[1,"x"]})");
}

BOOST_AUTO_TEST_CASE(what_is_no_yaml_is_told_with_its_line) {
  BOOST_TEST(as_json("a: 1\nb: [1\n").starts_with("line "));
  BOOST_TEST(as_json("a: 1\na: 2\n") == "line 2");
  BOOST_TEST(as_json("a: 1\n---\nb: 2\n").starts_with("line "));
  std::string deep;
  for (int level = 0; level < 100; ++level) deep += "[";
  BOOST_TEST(as_json(deep + std::string(100, ']')).starts_with("line "));
}

BOOST_AUTO_TEST_CASE(a_bomb_of_aliases_is_bounded) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 12; ++level) {
    const auto now = std::to_string(level);
    const auto before = "*a" + std::to_string(level - 1);
    bomb += "a" + now + ": &a" + now + " [" + before;
    for (int copy = 1; copy < 10; ++copy) bomb += ", " + before;
    bomb += "]\n";
  }
  BOOST_TEST(as_json(bomb).starts_with("line "));
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
  const auto value = boost::json::parse(
      R"({"a":{"b":["x","- y",{"c":"true","d":true},"",5,"5"],"e":{}},"on":"off","f":[],)"
      R"("g":"two\nlines: #no","h":"'q'","i":" s ","j":null,"k":"~","l":"null"})");
  const auto text = write_yaml(value);
  BOOST_TEST(as_json(text) == boost::json::serialize(value), text);
}

BOOST_AUTO_TEST_CASE(every_fault_has_its_line_and_the_nearest_name) {
  const auto read = read_desired(
      "tenant: acme\n"
      "rolls: {}\n"
      "policies:\n"
      "  password_lenght_min: 8\n"
      "roles:\n"
      "  clerk:\n"
      "    grant: [read table/x]\n"
      "    grants: [read]\n"
      "users:\n"
      "  api.bob:\n"
      "    emial: x\n"
      "    password: secret\n");
  BOOST_REQUIRE(!read.has_value());
  std::string said;
  for (const auto& fault : read.error())
    said += std::to_string(fault.line) + ' ' + fault.sentence + '\n';
  for (const char* part :
       {"2 There is no section 'rolls'; the nearest is 'roles'", "4 There is no policy",
        "'password_length_min'", "7 There is no field of a role 'grant'; the nearest is 'grants'",
        "8 A grant is", "11 There is no field 'emial'; the nearest is 'email'",
        "12 A desired state holds no passwords"})
    BOOST_TEST(said.contains(part), part << " in " << said);
  BOOST_TEST(!said.contains("secret"));
}

BOOST_AUTO_TEST_CASE(T4_policies_are_the_schemas) {
  const auto read = read_desired(
      "tenant: acme\npolicies:\n  networks: [10.0.0.0/8]\n  new_user_status: new\n"
      "catalogue:\n  - {name: script, open: true, actions: [{name: run}]}\nroles:\nusers:\n");
  BOOST_REQUIRE(read.has_value());
  const auto policies = policies_from(read->policies);
  BOOST_TEST((policies->networks->entries == std::vector<std::string>{"10.0.0.0/8"}));
  BOOST_TEST((policies->new_user_status == schema::UserStatus::new_user));
  BOOST_TEST(kinds_from(*read->catalogue)->at(0)->actions.at(0)->name == "run");
  BOOST_TEST(read->roles.has_value());
  BOOST_TEST(!read_desired("policies: {lockout_failures: many}\n").has_value());
  BOOST_TEST(!read_desired("catalogue: [{name: [x]}]\n").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::intake
