// Checkpoints over real sockets and real folders: what the daemon signed binds it, and who
// remembers it notices.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"
#include "tests/support/rfc9162.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;
using schema::Code;
using std::chrono::seconds;

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
  /// Over ipc, with a memory of its own.
  client::Options remembering() const {
    client::Options options = owner_options();
    options.checkpoint_file = (data().parent_path() / "mine").string();
    return options;
  }
  /// The refusal of the start with this in the place of the daemon's checkpoint.
  std::string refused_start(const std::string& note) {
    std::ofstream(data() / "checkpoint", std::ios::binary) << note;
    BOOST_REQUIRE(!start());
    BOOST_TEST(ended().code == 65, ended().said);
    return ended().said;
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

BOOST_AUTO_TEST_CASE(Q10_the_status_is_told_where_history_cannot_be_reached) {
  client::Options options = remembering();
  options.history = ipc("nobody");
  options.wait_for_daemon = false;
  auto made = client::Client::make(options);
  BOOST_REQUIRE(made);
  verifier_key();
  for (bool told = false; !told;) {
    const auto answer = made->ask(get_status());
    BOOST_REQUIRE_MESSAGE(answer, answer.error().sentence);
    told = !answer->body.AsStatus()->checkpoint.empty();
  }
  BOOST_TEST(!fs::exists(options.checkpoint_file));
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
  // Beside the data folder: in it, the daemon itself would refuse the start.
  const fs::path kept = data().parent_path() / "kept-checkpoint";
  const auto remembering = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--checkpoint-file", kept});
    return postern(words);
  };
  create("acme");
  put_aside({"journal", "checkpoint", "snapshots"});
  BOOST_REQUIRE(start());
  create("beta");
  page(schema::GetCheckpointT());
  BOOST_TEST(remembering({"status"}).code == 0);
  const std::string remembered = text_in(kept);
  BOOST_TEST(says(remembered, "\n3\n"), remembered);
  put_back({"journal", "checkpoint", "snapshots"});
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  const Ended back = remembering({"events", "list"});
  BOOST_TEST(back.code == 65, back.said);
  BOOST_TEST(says(back.said, "contradicts the checkpoint remembered in"), back.said);
  for (const char* name : {"gamma", "delta", "epsilon"}) create(name);
  page(schema::GetCheckpointT());
  for (const auto& words : {std::vector<std::string>{"status"}, {"events", "list"}}) {
    const Ended further = remembering(words);
    BOOST_TEST(further.code == 65, further.said);
    BOOST_TEST(says(further.said, "first 3 records are not those"), further.said);
  }
  BOOST_TEST(text_in(kept) == remembered);
  BOOST_TEST(postern({"--no-checkpoint", "status"}).code == 0);
}

BOOST_AUTO_TEST_CASE(H6_the_library_reports_a_rewritten_history_wherever_a_checkpoint_comes_along) {
  create("acme");
  put_aside({"journal", "checkpoint", "snapshots"});
  BOOST_REQUIRE(start());
  create("beta");
  auto before = client::Client::make(remembering());
  BOOST_REQUIRE(before->check_history());
  put_back({"journal", "checkpoint", "snapshots"});
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  // As many records as were remembered, and another among them.
  create("gamma");
  page(schema::GetCheckpointT());
  auto client = client::Client::make(remembering());
  const auto contradicted = [](const auto& outcome) {
    BOOST_REQUIRE(!outcome.has_value());
    BOOST_TEST((outcome.error().kind == client::ErrorKind::contradiction));
    BOOST_TEST(says(outcome.error().sentence, "first 3 records are not those"),
               outcome.error().sentence);
    BOOST_TEST(says(outcome.error().remedy, "Do not rely on this daemon"));
  };
  contradicted(client->check_history());
  schema::QueryT status;
  status.body.Set(schema::GetStatusT());
  contradicted(client->ask(std::move(status)));
  schema::GetRecordsT from_start;
  from_start.from_seq = 1;
  bool taken = false;
  contradicted(client->follow(std::move(from_start), [&](const auto&, const auto&) {
    taken = true;
    return true;
  }));
  BOOST_TEST(!taken);
  // Commands are no history, and go on.
  BOOST_TEST((client->execute(create_tenant("delta"))->code == Code::ok));
}

BOOST_AUTO_TEST_CASE(H6_what_is_signed_after_a_crash_extends_what_was_signed_before) {
  client::Options options = remembering();
  std::uint64_t created = 0;
  client::Checkpoint before;
  for (int round = 0; round < 6; ++round) {
    auto client = client::Client::make(options);
    for (int count = 0; count < 40; ++count)
      BOOST_REQUIRE(client->submit(create_tenant("t" + std::to_string(++created))));
    // Some are durable now, others under way.
    BOOST_REQUIRE(client->collect_receipt(seconds(120)));
    const auto signed_midway = client->check_history();
    BOOST_REQUIRE_MESSAGE(signed_midway.has_value(), signed_midway.error().sentence);
    before = *signed_midway;
    kill();
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    auto again = client::Client::make(options);
    const auto after = again->check_history();
    BOOST_REQUIRE_MESSAGE(after.has_value(), after.error().sentence);
    BOOST_TEST(after->size >= before.size);
    schema::GetConsistencyT wanted;
    wanted.from_size = before.size;
    wanted.to_size = after->size;
    const auto proof = page(std::move(wanted));
    BOOST_TEST(rfc9162::verify_consistency(before.size, after->size, before.root, after->root,
                                           rfc9162::hashes_in(proof.body.AsProofPage()->hashes)));
  }
  BOOST_TEST(before.size > 6U);
}

BOOST_AUTO_TEST_CASE(H6_a_checkpoint_comes_by_itself_once_the_journal_has_grown) {
  for (const char* name : {"acme", "beta"}) create(name);
  auto client = owner();
  std::uint64_t covered = 0;
  // Each waits for the time in the daemon: nothing is appended meanwhile.
  for (int times = 0; covered < 3 && times < 20; ++times) {
    schema::GetRecordsT next;
    next.from_seq = 4;
    next.wait_ms = 1'200;
    schema::HistoryRequestT request;
    request.body.Set(std::move(next));
    const auto answer = client.history(std::move(request));
    BOOST_REQUIRE_MESSAGE(answer.has_value(), answer.error().sentence);
    const auto* records = answer->body.AsRecordPage();
    BOOST_TEST(records->records.empty());
    if (const auto seen = client::read_checkpoint(records->checkpoint)) covered = seen->size;
  }
  BOOST_TEST(covered == 3U);
  BOOST_TEST(client::read_checkpoint(text_in(data() / "checkpoint"))->size == 3U);
}

BOOST_AUTO_TEST_CASE(H6_proofs_convince_a_verifier_of_somebody_else) {
  auto client = owner();
  for (int count = 0; count < 129; ++count)
    BOOST_REQUIRE((client.execute(create_tenant("t" + std::to_string(count)))->code == Code::ok));
  std::vector<rfc9162::Hash> leaves;
  schema::GetRecordsT all;
  all.from_seq = 1;
  const auto records = page(std::move(all));
  for (const auto& record : records.body.AsRecordPage()->records)
    leaves.push_back(rfc9162::leaf_hash(record->bytes));
  BOOST_REQUIRE(leaves.size() == 130U);
  const auto root = [&](std::uint64_t size) {
    return rfc9162::tree_head(std::span(leaves).first(size));
  };
  const auto newest = page(schema::GetCheckpointT());
  const auto checkpoint = client::read_checkpoint(newest.body.AsCheckpointPage()->checkpoint);
  BOOST_TEST(checkpoint->size == 130U);
  BOOST_TEST((checkpoint->root == root(130)));

  const std::uint64_t sizes[] = {1,  2,  3,  4,  5,  7,  8,   9,   15,  16, 17,
                                 31, 32, 33, 63, 64, 65, 127, 128, 129, 130};
  const auto proof_of = [&](auto wanted) {
    schema::HistoryRequestT request;
    request.body.Set(std::move(wanted));
    const auto answer = client.history(std::move(request));
    BOOST_REQUIRE((answer && answer->code == Code::ok));
    return rfc9162::hashes_in(answer->body.AsProofPage()->hashes);
  };
  std::size_t proofs = 0;
  std::size_t wrong = 0;
  for (const std::uint64_t to : sizes) {
    for (const std::uint64_t from : sizes) {
      if (from > to) break;
      schema::GetConsistencyT consistency;
      consistency.from_size = from;
      consistency.to_size = to;
      const auto extends = proof_of(std::move(consistency));
      wrong += !rfc9162::verify_consistency(from, to, root(from), root(to), extends);
      wrong += from > 1 && rfc9162::verify_consistency(from, to, root(from - 1), root(to), extends);
      schema::GetInclusionT inclusion;
      inclusion.seq = from;
      inclusion.size = to;
      const auto holds = proof_of(std::move(inclusion));
      wrong += !rfc9162::verify_inclusion(from - 1, to, leaves[from - 1], holds, root(to));
      wrong += rfc9162::verify_inclusion(from - 1, to, leaves[from % to], holds, root(to)) &&
               from % to != from - 1;
      proofs += 2;
    }
  }
  BOOST_TEST(wrong == 0U);
  BOOST_TEST(proofs == std::size(sizes) * (std::size(sizes) + 1));
}

BOOST_AUTO_TEST_CASE(H6_a_service_may_hold_the_daemon_to_its_history_too) {
  const client::KeyPair keys = client::make_key_pair();
  BOOST_REQUIRE(
      (owner().execute(add_operator("shop", schema::Role::service, keys.public_key))->code ==
       Code::ok));
  client::Options options = tcp_options(keys);
  options.checkpoint_file = (data().parent_path() / "shop").string();
  auto service = client::Client::make(options);
  BOOST_REQUIRE(service->check_history());
  schema::QueryT query;
  query.body.Set(schema::GetStatusT());
  const auto answer = service->ask(std::move(query));
  BOOST_REQUIRE_MESSAGE(answer.has_value(), answer.error().sentence);
  const auto* status = answer->body.AsStatus();
  BOOST_TEST(client::read_checkpoint(status->checkpoint)->size == 2U);
  BOOST_TEST(status->installation == nullptr);
}

BOOST_AUTO_TEST_CASE(H6_a_kept_checkpoint_that_is_not_the_daemon_s_own_refuses_the_start) {
  create("acme");
  BOOST_REQUIRE(stop().code == 0);
  const std::string note = text_in(data() / "checkpoint");
  Signing stranger;
  BOOST_REQUIRE(stranger.stop().code == 0);
  const std::string foreign = text_in(stranger.data() / "checkpoint");
  const auto lines = note.find("\n\n") + 2;

  std::string flipped = note;
  flipped[flipped.size() - 10] = flipped[flipped.size() - 10] == 'A' ? 'B' : 'A';
  BOOST_TEST(says(refused_start(flipped), "changed after it was signed, or not signed by this key"),
             ended().said);
  BOOST_TEST(says(refused_start(note.substr(0, note.size() - 5)), "ends within a line"));
  BOOST_TEST(says(refused_start(note.substr(0, lines)), "is not signed by"), ended().said);
  BOOST_TEST(says(refused_start(foreign), "is not signed by"), ended().said);
  BOOST_TEST(says(refused_start(note.substr(0, lines) + foreign.substr(foreign.find("\n\n") + 2)),
                  "is not signed by"),
             ended().said);
  // A witness may sign below; and one that is missing is none yet.
  std::ofstream(data() / "checkpoint", std::ios::binary)
      << note + foreign.substr(foreign.find("\n\n") + 2);
  BOOST_TEST(start());
  BOOST_REQUIRE(stop().code == 0);
  fs::remove(data() / "checkpoint");
  BOOST_REQUIRE(start());
  BOOST_TEST(
      client::read_checkpoint(page(schema::GetCheckpointT()).body.AsCheckpointPage()->checkpoint)
          ->size == 2U);
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
  put_aside({"journal", "checkpoint", "snapshots"});
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

  // With nothing but the journal, and with nobody else's key.
  fs::rename(data() / "keys", aside() / "keys");
  const Ended alone = verify({"--checkpoint", kept(newer), "--public-key", key});
  fs::rename(aside() / "keys", data() / "keys");
  BOOST_TEST(alone.code == 0, alone.said);
  BOOST_TEST(says(alone.said, "not checked: this folder has none"), alone.said);
  Signing stranger;
  const Ended foreign =
      verify({"--checkpoint", kept(newer), "--public-key", stranger.verifier_key()});
  BOOST_TEST(foreign.code == 65, foreign.said);
  BOOST_TEST(says(foreign.said, "is not signed by"), foreign.said);

  std::string changed = newer;
  changed.replace(changed.find("\n3\n"), 3, "\n2\n");
  const Ended forged = verify({"--checkpoint", kept(changed), "--public-key", key});
  BOOST_TEST(forged.code == 65, forged.said);

  put_back({"journal", "checkpoint", "snapshots"});
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
