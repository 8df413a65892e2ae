// What strangers chose, as it is shown: the same escapes in tables and in JSON.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/unit/cli/fixture.h"
#include "tools/text/json.h"
#include "tools/text/output.h"

namespace postern::cli {
namespace {

/// Each of them is seen by nobody, or turns what stands around it.
constexpr std::pair<const char*, const char*> deceiving[] = {
    {"\u200b", "\\u200b"},        {"\u202e", "\\u202e"},        {"\u2066", "\\u2066"},
    {"\u061c", "\\u061c"},        {"\u00ad", "\\u00ad"},        {"\u2060", "\\u2060"},
    {"\u3164", "\\u3164"},        {"\ufeff", "\\ufeff"},        {"\u2028", "\\u2028"},
    {"\u0085", "\\u0085"},        {"\ufe0f", "\\ufe0f"},        {"\ufff9", "\\ufff9"},
    {"\U000e0041", "\\u{e0041}"}, {"\U000e0001", "\\u{e0001}"}, {"\U0001d173", "\\u{1d173}"},
};

BOOST_AUTO_TEST_SUITE(output_tests)

BOOST_AUTO_TEST_CASE(what_deceives_is_escaped_in_tables_and_in_json) {
  for (const auto& [text, escaped] : deceiving) {
    const std::string typed = std::string("a") + text + "b";
    std::ostringstream table;
    static constexpr text::Column columns[] = {{"NAME"}};
    text::Table rows(columns);
    rows.add({typed});
    rows.write(table);
    BOOST_TEST(table.str() == std::string("NAME\na") + escaped + "b\n");
    const boost::json::object object{{"name", typed}};
    const std::string line = text::json_text(object);
    BOOST_TEST(!contains(line, text), line);
    BOOST_TEST(contains(line, "\\u"), line);
    // Still the same value for whoever reads it.
    BOOST_TEST((boost::json::parse(line) == object), line);
  }
  const boost::json::object plain{{"name", "Zo\u00eb \u6f22\u5b57 \U0001f511 \\ \" \x7f"}};
  BOOST_TEST((boost::json::parse(text::json_text(plain)) == plain));
  BOOST_TEST(contains(text::json_text(plain), "Zo\u00eb \u6f22\u5b57 \U0001f511"));
  BOOST_TEST(!contains(text::json_text(plain), "\x7f"));
}

BOOST_AUTO_TEST_CASE(what_is_said_of_wrong_arguments_is_escaped_too) {
  const auto ended = run_with({"user", "list", "--status", "a\u202eb\x1b[2J"});
  BOOST_TEST(ended.exit_code == 64);
  BOOST_TEST(contains(ended.talk, "a\\u202eb\\x1b[2J"), ended.talk);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
