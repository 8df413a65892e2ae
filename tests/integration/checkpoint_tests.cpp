// Checkpoints over real sockets and real folders: what the daemon signed binds it, and who
// remembers it notices.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;
using schema::Code;

std::string text_in(const fs::path& file) {
  std::ifstream opened(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(opened), {}};
}

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Signing : DaemonProcess {
  Signing() { BOOST_REQUIRE_MESSAGE(start(), ended().said); }

  void create(const std::string& name) {
    BOOST_REQUIRE((owner().execute(create_tenant(name))->code == Code::ok));
  }
  /// Stops, if it runs, and puts these parts of the folder aside or back.
  fs::path aside() const { return data().parent_path() / "aside"; }
  void put_aside(std::initializer_list<const char*> parts) {
    BOOST_REQUIRE(stop().code == 0);
    fs::create_directory(aside());
    for (const char* part : parts)
      fs::copy(data() / part, aside() / part, fs::copy_options::recursive);
  }
  void put_back(std::initializer_list<const char*> parts) {
    if (running()) BOOST_REQUIRE(stop().code == 0);
    for (const char* part : parts) {
      fs::remove_all(data() / part);
      fs::copy(aside() / part, data() / part, fs::copy_options::recursive);
    }
  }

  template <class Body>
  schema::HistoryPageT page(Body body) const {
    schema::HistoryRequestT request;
    request.body.Set(std::move(body));
    auto given = owner().history(std::move(request));
    BOOST_REQUIRE_MESSAGE(given.has_value(), given.error().sentence);
    return std::move(*given);
  }
  std::string verifier_key() const {
    return page(schema::GetCheckpointT()).body.AsCheckpointPage()->verifier_key;
  }

  Ended postern(std::vector<std::string> words) const {
    words.insert(words.begin(), {POSTERN_CLI, "--data", data()});
    return run_program(words);
  }
  Ended verify(std::vector<std::string> words) const {
    words.insert(words.begin(), {POSTERN_REPLAY, "--data", data(), "verify"});
    return run_program(words);
  }
  fs::path kept(const std::string& text) const {
    const fs::path file = data().parent_path() / "kept";
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checkpoint_tests, Signing)

BOOST_AUTO_TEST_CASE(Q10_the_status_tells_the_newest_checkpoint_and_the_start_its_key) {
  create("acme");
  const std::string key = verifier_key();
  BOOST_TEST(key.starts_with("postern/"));
  BOOST_TEST(says(text_in(data() / "addresses"), "verifier_key = \"" + key + "\""));
  const Ended status = postern({"status"});
  BOOST_TEST(status.code == 0, status.said);
  BOOST_TEST(says(status.said, "of 2 records, signed "), status.said);
  const Ended stopped = stop();
  BOOST_TEST(says(stopped.said, "verifier    " + key), stopped.said);
}

BOOST_AUTO_TEST_CASE(H6_checkpoints_and_proofs_are_given_to_all_who_ask) {
  create("acme");
  const auto first = page(schema::GetCheckpointT());
  const auto* given = first.body.AsCheckpointPage();
  BOOST_REQUIRE(given != nullptr);
  const auto checkpoint = client::open_checkpoint(given->checkpoint, given->verifier_key);
  BOOST_REQUIRE(checkpoint);
  BOOST_TEST(checkpoint->size == 2U);
  BOOST_TEST(text_in(data() / "checkpoint") == given->checkpoint);
  for (const char* name : {"beta", "gamma", "delta"}) create(name);
  schema::GetInclusionT inclusion;
  inclusion.seq = 2;
  const auto proof = page(std::move(inclusion));
  BOOST_TEST(proof.body.AsProofPage()->size == 5U);
  BOOST_TEST(proof.body.AsProofPage()->hashes.size() == 3U * 32U);
  const auto asked = [&](std::uint64_t from, std::uint64_t to) {
    schema::GetConsistencyT wanted;
    wanted.from_size = from;
    wanted.to_size = to;
    return page(std::move(wanted)).code;
  };
  BOOST_TEST((asked(2, 5) == Code::ok));
  BOOST_TEST((asked(5, 0) == Code::ok));
  BOOST_TEST((asked(0, 5) == Code::field_missing));
  BOOST_TEST((asked(2, 6) == Code::seq_beyond_journal));
  BOOST_TEST((asked(5, 4) == Code::seq_beyond_journal));
}

BOOST_AUTO_TEST_CASE(H6_pages_of_records_bring_the_newest_checkpoint) {
  create("acme");
  page(schema::GetCheckpointT());
  schema::GetRecordsT wanted;
  wanted.from_seq = 1;
  const auto records = page(std::move(wanted));
  const auto seen = client::read_checkpoint(records.body.AsRecordPage()->checkpoint);
  BOOST_REQUIRE(seen);
  BOOST_TEST(seen->size == 2U);
}

BOOST_AUTO_TEST_CASE(H6_a_checkpoint_covers_the_journal_after_a_stop) {
  for (const char* name : {"acme", "beta", "gamma"}) create(name);
  BOOST_REQUIRE(stop().code == 0);
  BOOST_TEST(client::read_checkpoint(text_in(data() / "checkpoint"))->size == 4U);
}

BOOST_AUTO_TEST_CASE(H6_an_older_copy_of_the_journal_is_refused_by_the_daemon_s_own_checkpoint) {
  create("acme");
  put_aside({"journal"});
  BOOST_REQUIRE(start());
  create("beta");
  put_back({"journal"});
  BOOST_REQUIRE(!start());
  BOOST_TEST(ended().code == 65, ended().said);
  BOOST_TEST(says(ended().said, "covers 3 records, and the journal ends at record 2"),
             ended().said);
  BOOST_TEST(says(ended().said, "put the newest copy of its folder back"), ended().said);
}

BOOST_AUTO_TEST_CASE(H6_clients_notice_where_the_daemon_s_checkpoint_was_put_back_too) {
  create("acme");
  put_aside({"journal", "checkpoint"});
  BOOST_REQUIRE(start());
  create("beta");
  page(schema::GetCheckpointT());
  BOOST_TEST(postern({"status"}).code == 0);
  const std::string remembered = text_in(data() / "seen-checkpoint");
  BOOST_TEST(says(remembered, "\n3\n"), remembered);
  put_back({"journal", "checkpoint"});
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  const Ended back = postern({"events", "list"});
  BOOST_TEST(back.code == 65, back.said);
  BOOST_TEST(says(back.said, "contradicts the checkpoint remembered in"), back.said);
  for (const char* name : {"gamma", "delta", "epsilon"}) create(name);
  page(schema::GetCheckpointT());
  for (const auto& words : {std::vector<std::string>{"status"}, {"events", "list"}}) {
    const Ended further = postern(words);
    BOOST_TEST(further.code == 65, further.said);
    BOOST_TEST(says(further.said, "first 3 records are not those"), further.said);
  }
  BOOST_TEST(text_in(data() / "seen-checkpoint") == remembered);
  BOOST_TEST(postern({"--no-checkpoint", "status"}).code == 0);
}

BOOST_AUTO_TEST_CASE(H6_the_library_remembers_and_checks_where_it_is_told_to) {
  create("acme");
  client::Options options = owner_options();
  options.checkpoint_file = (data().parent_path() / "mine").string();
  options.verifier_key = verifier_key();
  auto client = client::Client::make(options);
  const auto first = client->check_history();
  BOOST_REQUIRE_MESSAGE(first.has_value(), first.error().sentence);
  BOOST_TEST(first->size == 2U);
  create("beta");
  BOOST_TEST(client->check_history()->size == 3U);
  BOOST_TEST(says(text_in(options.checkpoint_file), "\n3\n"));
}

BOOST_AUTO_TEST_CASE(H6_an_old_checkpoint_verifies_a_journal_offline) {
  create("acme");
  const auto given = page(schema::GetCheckpointT());
  const std::string note = given.body.AsCheckpointPage()->checkpoint;
  const std::string key = given.body.AsCheckpointPage()->verifier_key;
  put_aside({"journal", "checkpoint"});
  BOOST_REQUIRE(start());
  create("beta");
  const std::string newer = page(schema::GetCheckpointT()).body.AsCheckpointPage()->checkpoint;
  BOOST_REQUIRE(stop().code == 0);

  const Ended old = verify({"--checkpoint", kept(note), "--public-key", key});
  BOOST_TEST(old.code == 0, old.said);
  BOOST_TEST(says(old.said, "of 2 records, signed "), old.said);
  BOOST_TEST(verify({"--checkpoint", kept(key + "\n" + newer)}).code == 0);
  BOOST_TEST(verify({"--checkpoint", kept(newer)}).code == 64);
  BOOST_TEST(verify({"--public-key", key}).code == 64);

  std::string changed = newer;
  changed.replace(changed.find("\n3\n"), 3, "\n2\n");
  const Ended forged = verify({"--checkpoint", kept(changed), "--public-key", key});
  BOOST_TEST(forged.code == 65, forged.said);

  put_back({"journal", "checkpoint"});
  const Ended cut = verify({"--checkpoint", kept(newer), "--public-key", key});
  BOOST_TEST(cut.code == 1, cut.said);
  BOOST_TEST(says(cut.said, "records 3 to 3 are missing"), cut.said);
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  create("gamma");
  BOOST_REQUIRE(stop().code == 0);
  const Ended other = verify({"--checkpoint", kept(newer), "--public-key", key});
  BOOST_TEST(other.code == 1, other.said);
  BOOST_TEST(says(other.said, "records 1 to 3 are not those"), other.said);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
