// What is typed, over the whole table of verbs: an empty argument is an error and never "not
// given", and one reader takes numbers and another times.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "tests/unit/cli/fixture.h"
#include "tools/cli/verb.h"
#include "tools/text/json_message.h"
#include "tools/text/times.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace {

using Line = std::vector<std::string>;

/// One argument of a verb, and a line that has all that must stand before it.
struct Place {
  Line before;
  /// "--reason", or "USER".
  std::string name;
  /// "N", "SECONDS", …
  std::string type;
  bool is_positional = false;
  /// Of every verb that changes something, or of all verbs.
  bool is_shared = false;
  /// What the verb cannot do without.
  Line needed;
};

Line with(Line line, std::initializer_list<std::string> more) {
  line.insert(line.end(), more);
  return line;
}

std::string shown(const Line& line) {
  std::string text;
  for (const auto& word : line) text += "'" + word + "' ";
  return text;
}

/// The options that `postern … --help` shows in this part of the help, beyond a verb's own.
std::vector<Place> shared_options(const Line& verb) {
  std::vector<Place> places;
  const std::string help = run_with(with(verb, {"--help"})).out;
  for (std::size_t at = help.find("\n  --"); at != help.npos; at = help.find("\n  --", at + 1)) {
    const std::string line = help.substr(at + 3, help.find('\n', at + 1) - at - 3);
    const auto words_end = line.find("  ");
    const auto named = words(line.substr(0, words_end));
    // A flag's name stands alone.
    if (named.size() > 1 && named[1] != "Excludes:")
      places.push_back({verb,
                        named[0].substr(0, named[0].find(',')),
                        named[1].substr(0, named[1].find(' ')),
                        false,
                        true,
                        {}});
  }
  return places;
}

/// Every option and positional that takes a value, of every verb.
std::vector<Place> places() {
  std::vector<Place> all = shared_options({});
  for (const auto& noun : nouns()) {
    for (const auto& verb : noun.verbs) {
      Line line;
      if (!noun.name.empty()) line.emplace_back(noun.name);
      line.emplace_back(verb.name);
      Options options;
      const auto handler = verb.prepare(options);
      Line positionals = line;
      Line needed;
      for (const auto& option : options.all())
        if (option.is_positional() && option.is_required) needed.emplace_back("x");
      for (const auto& option : options.all()) {
        if (option.is_flag()) continue;
        if (option.is_positional()) {
          all.push_back({positionals, option.names, option.type, true, false, {}});
          positionals.emplace_back("x");
        } else {
          for (const auto& name : text::split_list(option.names))
            all.push_back({line, name, option.type, false, false, needed});
        }
      }
      if (verb.kind == Kind::changes)
        for (auto& place : shared_options(line)) all.push_back(std::move(place));
    }
  }
  return all;
}

void check_refused(const Line& line, const std::string& name) {
  const auto ended = run_with(line);
  BOOST_TEST(ended.exit_code == 64, shown(line));
  BOOST_TEST(ended.out == "", shown(line));
  BOOST_TEST(contains(ended.talk, name), shown(line) << ended.talk);
  BOOST_TEST(contains(ended.talk, "empty"), shown(line) << ended.talk);
}

BOOST_AUTO_TEST_SUITE(arguments_tests)

BOOST_AUTO_TEST_CASE(an_empty_argument_of_any_verb_is_an_error_that_names_it) {
  std::size_t options = 0, positionals = 0;
  for (const auto& place : places()) {
    if (place.is_positional) {
      ++positionals;
      check_refused(with(place.before, {""}), place.name);
      check_refused(with(place.before, {"--", ""}), place.name);
      continue;
    }
    ++options;
    check_refused(with(place.before, {place.name, ""}), "--");
    if (place.is_shared) continue;
    check_refused(with(place.before, {place.name + "="}), place.name);
    check_refused(with(place.before, {place.name + "=", "acme"}), place.name);
  }
  BOOST_TEST(options > 250u);
  BOOST_TEST(positionals > 50u);
}

BOOST_AUTO_TEST_CASE(options_of_all_verbs_are_refused_empty_wherever_they_stand) {
  for (const char* name :
       {"--data", "--port-base", "--endpoint", "--key", "--signing-key", "--server-key",
        "--checkpoint-file", "--tenant", "--timeout", "--time-zone", "--output"}) {
    check_refused({name, "", "status"}, name);
    check_refused({"status", name, ""}, name);
    check_refused({"status", std::string(name) + "="}, name);
  }
  for (const char* name : {"--reason", "--expect-version", "--id"})
    check_refused({"--tenant", "acme", "user", "lock", "bob", name, ""}, name);
}

/// CLI11 drops the empty entries of a list, and then takes the option for one that is not there.
BOOST_AUTO_TEST_CASE(a_list_with_an_empty_entry_is_refused) {
  for (const char* line :
       {"grant add bob read table/a --networks ,", "grant add bob read table/a --networks AWS,,AWS",
        "role grant clerk read table/a --networks ,", "catalogue define table --resource ,",
        "user create []", "session end bob --session ''", "user set bob --networks AWS,",
        "tenant set acme --networks ,"}) {
    Line typed = words("--tenant acme " + std::string(line));
    const auto ended = run_with(typed);
    BOOST_TEST(ended.exit_code == 64, line);
    BOOST_TEST(contains(ended.talk, "empty"), line << "\n" << ended.talk);
  }
}

BOOST_FIXTURE_TEST_CASE(an_empty_environment_variable_counts_as_unset, Fixture) {
  for (const char* name :
       {"POSTERN_TENANT", "POSTERN_OUTPUT", "POSTERN_PORT_BASE", "POSTERN_TIMEOUT", "POSTERN_KEY"})
    ::setenv(name, "", 1);
  const auto ended = postern("user lock bob");
  const auto named = postern("--tenant acme user lock bob");
  for (const char* name :
       {"POSTERN_TENANT", "POSTERN_OUTPUT", "POSTERN_PORT_BASE", "POSTERN_TIMEOUT", "POSTERN_KEY"})
    ::unsetenv(name);
  BOOST_TEST(ended.exit_code == 64);
  BOOST_TEST(contains(ended.talk, "tenant is not given"));
  BOOST_TEST(named.exit_code == 0, named.talk);
}

// ---- numbers

BOOST_AUTO_TEST_CASE(every_number_is_read_by_one_reader) {
  std::size_t count = 0;
  for (const auto& place : places()) {
    BOOST_TEST((place.type != "UINT" && place.type != "INT" && place.type != "FLOAT"),
               place.name << " is read by CLI11, which takes -1, 0x10 and 010");
    if (place.is_shared || (place.type != "N" && place.type != "SECONDS")) continue;
    ++count;
    for (const char* text : {"-1", "+5", " 5", "0x10", "1e3", "nan", "99999999999999999999"}) {
      Line line = place.before;
      // What is asked of a verb before it looks at a number.
      for (const char* word : {"--tenant", "acme", "--data", "/nowhere"}) line.emplace_back(word);
      line.insert(line.end(), place.needed.begin(), place.needed.end());
      line.push_back(place.name + "=" + text);
      const auto ended = run_with(line);
      BOOST_TEST(ended.exit_code == 64, shown(line));
      BOOST_TEST(contains(ended.talk, "takes"), shown(line) << ended.talk);
    }
  }
  for (const char* name : {"--port-base", "--timeout", "--answer-timeout", "--expect-version"})
    for (const char* text : {"-1", "+5", " 5", "5 ", "0x10", "1e3", "nan", "inf", "5,000", "1_000",
                             "18446744073709551616", "5.", ".5", "true"})
      BOOST_TEST(run_with({"--tenant", "acme", "user", "lock", "bob", name, text}).exit_code == 64,
                 name << text);
  BOOST_TEST(count > 15u);
}

BOOST_FIXTURE_TEST_CASE(a_uid_with_zeros_in_front_is_decimal, Fixture) {
  BOOST_TEST(postern("operator add helper --role manager --tenants all --uid 01000").exit_code ==
             0);
  BOOST_TEST(sent().commands.at(0)->body.AsAddOperator()->standing->uid.value_or(0) == 1'000u);
}

// ---- times

constexpr const char* not_times[] = {"2027-01-31",
                                     "2027-01-31T00:00:00",
                                     "2027-01-31 00:00:00Z",
                                     "9999-12-31T00:00:00Z",
                                     "9999-12-31",
                                     "2262-04-12T00:00:00Z",
                                     "2027-01-31T00:00:00.0000000001Z",
                                     "2027-01-31T00:00:00.Z",
                                     "2027-02-30T00:00:00Z",
                                     "2027-01-31T24:00:00Z",
                                     "2027-01-31T00:00:60Z",
                                     "2027-01-31T00:00:00z ",
                                     "2027-01-31T00:00:00+25:00",
                                     "+027-01-31T00:00:00Z",
                                     " 2027-01-31T00:00:00Z",
                                     "tomorrow"};

BOOST_AUTO_TEST_CASE(times_have_one_reader_that_tells_the_form) {
  for (const char* text : not_times) {
    BOOST_TEST(!text::read_time(text).has_value(), text);
    for (const char* line :
         {"key create bob nightly --expires", "grant add bob read table/a --not-before",
          "grant add bob read table/a --not-after", "role grant clerk read table/a --not-after",
          "password rotate bob --old-until", "backup keys copy --key-out k --kept-until"}) {
      Line typed = words("--tenant acme --data /nowhere " + std::string(line));
      typed.emplace_back(text);
      const auto ended = run_with(typed, "secret-7\n");
      BOOST_TEST(ended.exit_code == 64, shown(typed));
      BOOST_TEST(contains(ended.talk, "2027-01-31T00:00:00Z"), ended.talk);
    }
    const auto message = text::message_from_json(
        R"({"commands": [{"body_type": "CreateKey", "body": {"name": "n", "expires": ")" +
        std::string(text) + R"("}}]})");
    BOOST_TEST_REQUIRE(!message.has_value(), text);
    BOOST_TEST(contains(message.error(), "expires: Write it as 2027-01-31T00:00:00Z"),
               message.error());
  }
  constexpr std::int64_t midnight = 1'801'353'600'000'000'000;
  for (const auto& [text, time_ns] : {std::pair{"2027-01-31T00:00:00Z", midnight},
                                      {"2027-01-31T01:00:00+01:00", midnight},
                                      {"2027-01-30T23:30:00.5-00:30", midnight + 500'000'000},
                                      {"2027-01-31T00:00:00.000000001Z", midnight + 1}})
    BOOST_TEST(text::read_time(text).value_or(0) == time_ns, text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
