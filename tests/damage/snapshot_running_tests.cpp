// Snapshots written while the daemon runs: a crash then costs the records after the newest, and no
// more; what they hold is what the journal says.
#include <boost/test/unit_test.hpp>

#include "daemon/data/snapshot.h"
#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

using schema::Code;

struct EveryFewRecords : DaemonProcess {
  EveryFewRecords() : DaemonProcess("[snapshots]\nevery_records = 20\n") {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    run(create_tenant("acme"));
  }

  schema::ReceiptT run(schema::CommandMessageT message) {
    auto got = owner().execute(std::move(message));
    BOOST_REQUIRE_MESSAGE(got, got.error().sentence);
    if (got->code != Code::ok) BOOST_FAIL(got->problems.at(0)->sentence);
    return std::move(*got);
  }
  schema::CommandMessageT next_user() {
    auto made = create_user("acme", "user-" + std::to_string(++users));
    made.id = std::make_unique<schema::Uuid>(client::make_uuid());
    return made;
  }
  /// Works on until there is one of a record after `seq`; which it is.
  std::filesystem::path grow_past(std::uint64_t seq) {
    const std::string after = "snapshot-" + std::to_string(seq);
    for (int tries = 0; tries < 20'000; ++tries) {
      run(next_user());
      const auto found = data::snapshots_in(data() / "snapshots");
      if (!found.empty() && number_of(found.front()) > seq) return found.front();
    }
    BOOST_FAIL("no snapshot was written");
    return {};
  }
  static std::uint64_t number_of(const std::filesystem::path& file) {
    return std::stoull(file.filename().string().substr(std::string("snapshot-").size()));
  }
  std::vector<std::uint8_t> digest() {
    schema::HistoryRequestT request;
    request.at_least_seq = newest;
    request.wait_ms = 5'000;
    request.body.Set(schema::GetDigestT());
    auto got = owner().history(std::move(request));
    BOOST_REQUIRE(got);
    return got->body.AsDigest()->sha256;
  }

  int users = 0;
  std::uint64_t newest = 0;
};

bool tells(const std::string& said, const std::string& part) {
  return said.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_running_tests, EveryFewRecords)

BOOST_AUTO_TEST_CASE(a_crash_costs_the_records_after_the_newest_alone) {
  const auto first = grow_past(0);
  const auto second = grow_past(number_of(first));
  // K1: before the snapshot, and after it.
  auto old = next_user();
  newest = run(schema::CommandMessageT(old)).seq;
  const auto third = grow_past(newest);
  auto late = next_user();
  newest = run(schema::CommandMessageT(late)).seq;
  const auto before = digest();
  kill();

  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST((digest() == before));
  for (auto* again : {&old, &late}) {
    const auto repeated = owner().execute(schema::CommandMessageT(*again));
    BOOST_REQUIRE(repeated);
    BOOST_TEST(repeated->repeated);
  }
  const auto kept = data::snapshots_in(data() / "snapshots");
  BOOST_REQUIRE(!kept.empty());
  BOOST_TEST(number_of(kept.front()) >= number_of(third));
  // What links them goes on: of the tenant, of a user.
  newest = run(command_message("acme", "user-1", schema::TrashUserT())).seq;
  const auto after = digest();
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(
      tells(ended().said, "from the snapshot of record " + std::to_string(number_of(kept.front()))),
      ended().said);
  BOOST_TEST(number_of(data::snapshots_in(data() / "snapshots").front()) == newest);

  BOOST_REQUIRE_MESSAGE(start({"--verify"}), ended().said);
  BOOST_TEST((digest() == after));
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(tells(ended().said, "verified every byte"), ended().said);
}

BOOST_AUTO_TEST_CASE(it_is_told_and_none_is_left_in_the_making) {
  const auto first = grow_past(0);
  grow_past(number_of(first));
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(tells(ended().said, "wrote a snapshot of record " + std::to_string(number_of(first))),
             ended().said);
  BOOST_TEST(!tells(ended().said, "no snapshot is written"), ended().said);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data() / "snapshots")) {
    BOOST_TEST(entry.path().extension() != ".new");
    ++files;
  }
  BOOST_TEST(files == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
