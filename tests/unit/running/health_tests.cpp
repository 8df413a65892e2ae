// Q10: what stands in the table of the daemon's health is told by the status and by the metrics
// page, row by row.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>
#include <set>

#include "daemon/running/health.h"
#include "daemon/running/metrics_text.h"
#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

using running::Sign;
using Kind = running::Sign::Kind;

constexpr std::int64_t hour_ms = 3'600'000;

schema::StatusT status_of(WholeService& service) {
  schema::QueryT query;
  query.body.Set(schema::GetStatusT());
  const auto bytes = service.ask(std::move(query), "uid:1");
  schema::AnswerT answer;
  flatbuffers::GetRoot<schema::Answer>(bytes.data())->UnPackTo(&answer);
  BOOST_REQUIRE(answer.body.AsStatus() != nullptr);
  return std::move(*answer.body.AsStatus());
}

/// What brings each warning about.
const std::map<std::string, void (*)(WholeService&)> causes = {
    {"owner_key_exposed",
     [](WholeService& service) {
       service.config.address = "::";
       std::ofstream(service.folder.path() / "owner.key") << "a key";
     }},
    {"hashing_weak", [](WholeService& service) { service.config.cost.memory_kib = 19'455; }},
    {"anchor_off",
     [](WholeService& service) { service.config.anchor = journal::AnchorPolicy::off; }},
    {"keys_unlocked", [](WholeService& service) { service.keys_of_health.locked = false; }},
    {"server_key_changing",
     [](WholeService& service) { service.keys_of_health.planned.emplace(); }},
    {"clock_ahead_seconds",
     [](WholeService& service) {
       service.alarms_are_errors = false;
       service.clock.set_forward_ms(hour_ms);
     }},
    {"clock_behind_seconds",
     [](WholeService& service) {
       service.present.confirm_until(service.clock.now_ns());
       service.clock.set_back_ms(hour_ms);
     }},
    {"scrub_hindered", [](WholeService& service) { service.vitals.scrub_hindered = true; }},
};

/// A world of which nothing is to be warned.
struct Healthy : WholeService {
  Healthy() { config.cost = {}; }

  void create_tenant() {
    schema::CreateTenantT tenant;
    tenant.alias = "acme";
    run("", "", std::move(tenant));
  }

  /// The row's line on the metrics page.
  std::string line_of(const Sign& sign) const {
    const auto reading = running::Health(health_sources()).reading();
    const std::string page = running::metrics_text(reading.metrics);
    const std::string name = "postern_" + sign.name + (sign.kind == Kind::counter ? "_total" : "");
    BOOST_TEST(page.find("# HELP " + name + " " + sign.help + "\n") != page.npos, name);
    BOOST_TEST(page.find("# TYPE " + name +
                         (sign.kind == Kind::counter ? " counter\n" : " gauge\n")) != page.npos,
               name);
    const std::size_t begin = page.find("\n" + name + " ");
    BOOST_REQUIRE_MESSAGE(begin != page.npos, name);
    return page.substr(begin + 1, page.find('\n', begin + 1) - begin - 1).substr(name.size() + 1);
  }
};

template <class Body>
void for_each_sign(std::set<Kind> kinds, Body body) {
  std::size_t found = 0;
  for (const Sign& sign : running::health_signs()) {
    if (!kinds.contains(sign.kind)) continue;
    ++found;
    BOOST_TEST_CONTEXT(sign.name) { body(sign); }
  }
  BOOST_TEST(found > 0u);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(health_tests)

BOOST_FIXTURE_TEST_CASE(Q10_each_counter_is_in_the_status_and_on_the_page, Healthy) {
  handshakes_denied = 7;
  connections_closed = 8;
  loops.queries.dropped_out = 9;
  create_tenant();
  const auto status = status_of(*this);
  std::size_t place = 0;
  for_each_sign({Kind::counter, Kind::level}, [&](const Sign& sign) {
    BOOST_REQUIRE(place < status.counters.size());
    const auto& counter = *status.counters[place++];
    BOOST_TEST(counter.name == sign.name);
    BOOST_TEST(line_of(sign) == std::to_string(counter.value));
    if (sign.name == "commands") BOOST_TEST(counter.value == 1u);
    if (sign.name == "handshakes_denied") BOOST_TEST(counter.value == 7u);
    if (sign.name == "connections_closed") BOOST_TEST(counter.value == 8u);
    if (sign.name == "queries_dropped_out") BOOST_TEST(counter.value == 9u);
  });
  BOOST_TEST(place == status.counters.size());
}

BOOST_FIXTURE_TEST_CASE(Q10_each_field_is_on_the_page_as_in_the_status, Healthy) {
  create_tenant();
  const auto status = status_of(*this);
  const std::map<std::string, std::uint64_t> fields = {{"seq", status.seq},
                                                       {"disk_free_bytes", status.disk_free},
                                                       {"checkpoint_seq", vitals.checkpoint_seq}};
  BOOST_TEST(status.seq == 2u);
  BOOST_TEST(status.disk_free > 0u);
  for_each_sign({Kind::field}, [&](const Sign& sign) {
    BOOST_REQUIRE(fields.contains(sign.name));
    BOOST_TEST(std::stod(line_of(sign)) == static_cast<double>(fields.at(sign.name)));
  });
}

BOOST_AUTO_TEST_CASE(Q10_each_warning_is_told_by_both_while_it_holds) {
  for_each_sign({Kind::warning}, [](const Sign& sign) {
    Healthy service;
    BOOST_TEST(status_of(service).warnings.empty());
    BOOST_TEST(service.line_of(sign) == "0");
    BOOST_REQUIRE(causes.contains(sign.name));
    causes.at(sign.name)(service);
    // Of the clock the writer tells in its turn, which comes with the first question.
    status_of(service);
    const auto warnings = status_of(service).warnings;
    const std::string sentence = sign.sentence(service.health_sources());
    BOOST_TEST(!sentence.empty());
    BOOST_TEST(std::ranges::count(warnings, sentence) == 1);
    BOOST_TEST(service.line_of(sign) != "0");
  });
}

BOOST_FIXTURE_TEST_CASE(Q10_each_reason_for_refusing_is_told_by_both_while_it_holds, Healthy) {
  std::size_t place = 0;
  for_each_sign({Kind::refusal}, [&](const Sign& sign) {
    const service::Refusing& reason = service::refusing[place++];
    BOOST_TEST(sign.name == reason.name);
    BOOST_TEST(line_of(sign) == "0");
    (vitals.*reason.holds) = true;
    const auto status = status_of(*this);
    BOOST_TEST((status.commands_refused == reason.code));
    BOOST_TEST(status.warnings == std::vector<std::string>{sign.sentence(health_sources())},
               boost::test_tools::per_element());
    BOOST_TEST(line_of(sign) == "1");
    BOOST_TEST(running::Health(health_sources()).reading().not_ready == status.warnings,
               boost::test_tools::per_element());
    (vitals.*reason.holds) = false;
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
