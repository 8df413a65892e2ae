#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "command_generated.h"
#include "daemon/credential/signature.h"
#include "daemon/journal/tree.h"
#include "daemon/platform/folder_lock.h"
#include "replay/replay.h"
#include "schema/identifiers.h"
#include "tests/unit/replay/fixture.h"
#include "tools/text/ids.h"

namespace postern::replay {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

/// Readable by everybody, writable by nobody.
void open_to_all(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    fs::permissions(entry, fs::perms(entry.is_directory() ? 0555 : 0444));
  fs::permissions(folder, fs::perms(0555));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(verify_tests, DataFolderFixture)

BOOST_AUTO_TEST_CASE(a_whole_folder_is_whole) {
  journal::Tree tree;
  for (const auto& record : records()) tree.append(std::as_bytes(std::span(record)));
  const Ended ended = replay("verify");
  BOOST_TEST(ended.code == 0);
  BOOST_TEST(ended.talk == "");
  BOOST_TEST(
      ended.out ==
      "journal  whole\n"
      "records  15\n"
      "root     " +
          text::hex_text(tree.root()) +
          "\n"
          "first    1970-01-01T00:00:01Z\n"
          "newest   1970-01-01T00:00:15Z\n"
          "anchor   record 15\n"
          "checked  every byte, seqs without a gap, the tree against the anchor, the links of "
          "each tenant and user\n"
          "keys     checked, for 3 users\n");

  const auto object = json::parse(replay("--output json verify").out).as_object();
  BOOST_TEST(object.at("whole").as_bool());
  BOOST_TEST(object.at("seq").as_int64() == 15);
  BOOST_TEST(object.at("root").as_string() == text::hex_text(tree.root()));
  BOOST_TEST(object.at("first_time").as_string() == "1970-01-01T00:00:01.000000000Z");
  BOOST_TEST(object.at("anchored_seq").as_int64() == 15);
  BOOST_TEST(object.at("keys_checked").as_bool());
  BOOST_TEST(object.at("damage").as_array().empty());
}

BOOST_AUTO_TEST_CASE(a_copy_without_keys_says_so) {
  take_keys_away();
  const Ended ended = replay("verify");
  BOOST_TEST(ended.code == 0);
  BOOST_TEST(contains(ended.out, "keys     not checked: this folder has none\n"));
  BOOST_TEST(contains(replay("--output json verify").out, "\"keys_checked\":false"));
}

// ---- signatures

BOOST_AUTO_TEST_CASE(O4_each_signature_is_checked_with_its_operators_keys) {
  // Signs, as anna, what was sent with this reason; the record tells another where they differ.
  const auto signed_record = [&](const std::string& signed_reason, const std::string& told_reason,
                                 const credential::Key& seed) {
    return next_record([&](schema::RecordT& record) {
      schema::CommandMessageT message;
      message.id = std::make_unique<schema::Uuid>(*record.command_id);
      message.reason = signed_reason;
      message.signature.assign(64, 0);
      const auto sent =
          support::packed<schema::CommandMessage>(message, schema::command_message_identifier);
      record.reason = told_reason;
      record.signed_message.assign(sent.begin(), sent.end());
      const auto signature = credential::sign(seed, std::as_bytes(std::span(sent)));
      const auto* data = reinterpret_cast<const std::uint8_t*>(signature.data());
      record.signature.assign(data, data + signature.size());
    });
  };
  put(16, signed_record("why", "why", annas_seed));
  const Ended good = replay("verify");
  BOOST_TEST(good.code == 0);
  BOOST_TEST(contains(good.out, "1 records, checked with their operators' keys"));
  put(16, signed_record("why", "why", credential::Key{std::byte{8}}));
  const Ended other_key = replay("verify");
  BOOST_TEST(other_key.code == 1);
  BOOST_TEST(contains(other_key.out,
                      "the signature of record 16: none of the keys that operator anna had then "
                      "made it"));
  put(16, signed_record("why", "because", annas_seed));
  const Ended other_words = replay("verify");
  BOOST_TEST(other_words.code == 1);
  BOOST_TEST(contains(other_words.out, "it was made over another command than the record's"));
}

// ---- keys

BOOST_AUTO_TEST_CASE(H6_each_user_whose_key_is_another_is_named) {
  take_keys_away();
  platform::SystemEntropy entropy;
  BOOST_REQUIRE(credential::KeyStore::create(keys(), entropy));
  BOOST_REQUIRE((*credential::KeyStore::open(keys(), entropy))->next());
  const Ended ended = replay("verify");
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "journal  damaged\n"));
  const auto object = json::parse(replay("--output json verify").out).as_object();
  BOOST_TEST(!object.at("whole").as_bool());
  const auto& damage = object.at("damage").as_array();
  BOOST_REQUIRE(damage.size() == 3U);
  std::string named;
  for (const auto& one : damage) named += one.at("sentence").as_string();
  BOOST_TEST(contains(named, "the key of user api.bob of tenant acme (01234567-89ab-7cde-8000-"));
  BOOST_TEST(contains(named, "slot 2 holds another key, and a user that is not erased needs it"));
}

BOOST_AUTO_TEST_CASE(U11_a_key_that_an_erasure_left_is_told_and_is_no_damage) {
  story().given(support::to("api.al", schema::TrashUserT{}),
                support::to("api.al", schema::EraseUserT{}));
  append_story();
  const Ended left = replay("verify");
  BOOST_TEST(left.code == 0, left.out);
  BOOST_TEST(contains(left.out,
                      "keys     checked, for 2 users\n"
                      "erased   1 of the users; keys still there: 1, which the daemon "
                      "destroys when it starts\n"),
             left.out);
  const auto& key = story().user("api.al").key;
  platform::SystemEntropy entropy;
  BOOST_REQUIRE((*credential::KeyStore::open(keys(), entropy))->erase({{{key.file, key.slot}}}));
  const Ended gone = replay("verify");
  BOOST_TEST(gone.code == 0, gone.out);
  BOOST_TEST(contains(gone.out, "erased   1 of the users; no key of theirs is left\n"), gone.out);
  const auto object = json::parse(replay("--output json verify").out).as_object();
  BOOST_TEST(object.at("users_erased").as_int64() == 1);
  BOOST_TEST(object.at("erasures_unfinished").as_int64() == 0);
  BOOST_TEST(contains(replay("show --kind UserErased").out, "api.al"));
}

BOOST_AUTO_TEST_CASE(H6_a_key_store_without_its_root_is_damage) {
  fs::remove(keys() / "root");
  const Ended ended = replay("verify");
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "damage   cannot open '" + (keys() / "root").string()));
}

BOOST_AUTO_TEST_CASE(H6_flipped_bytes_of_the_key_files_are_found) {
  for (const char* name : {"root", "keys-00000001"}) {
    const std::string whole = bytes_in(keys() / name);
    for (const std::size_t place : {whole.size() / 5, whole.size() / 2, whole.size() - 1}) {
      std::string flipped = whole;
      flipped[place] = static_cast<char>(flipped[place] ^ 4);
      write_bytes(keys() / name, flipped);
      const Ended ended = replay("verify");
      BOOST_TEST(ended.code == 1, name << ", byte " << place);
      BOOST_TEST(contains(ended.out, (keys() / name).string()));
    }
    write_bytes(keys() / name, whole);
  }
}

// ---- trouble is no answer

BOOST_AUTO_TEST_CASE(what_is_missing_ends_66) {
  for (const char* gone : {"journal", "format"}) {
    fs::rename(path() / gone, path() / "away");
    const Ended ended = replay("verify");
    BOOST_TEST(ended.code == 66, gone);
    BOOST_TEST(ended.out == "");
    fs::rename(path() / "away", path() / gone);
  }
  fs::rename(path(), path().string() + "-away");
  BOOST_TEST(replay("verify").code == 66);
}

BOOST_AUTO_TEST_CASE(a_folder_in_use_ends_75_with_what_to_do) {
  {
    const auto held = platform::FolderLock::take(path());
    BOOST_REQUIRE(held);
    for (const char* verb : {"verify", "show", "fold"}) {
      const Ended ended = replay(verb);
      BOOST_TEST(ended.code == 75);
      BOOST_TEST(contains(ended.talk, "is in use by process " + std::to_string(::getpid())));
      BOOST_TEST(contains(ended.talk, "Stop that process, or work on a copy of the folder"));
    }
  }
  const auto shared = platform::FolderLock::share(path());
  BOOST_REQUIRE(shared);
  BOOST_TEST(replay("verify").code == 0, "auditors share");
}

BOOST_AUTO_TEST_CASE(no_lock_is_made_where_there_is_none) {
  fs::remove(path() / "lock");
  fs::remove(journal_folder() / "db" / "LOCK");
  BOOST_TEST(replay("verify").code == 0);
  BOOST_TEST(!fs::exists(path() / "lock"));
  BOOST_TEST(!fs::exists(journal_folder() / "db" / "LOCK"));
}

BOOST_AUTO_TEST_CASE(what_may_not_be_read_ends_77) {
  open_to_all(path().parent_path());
  BOOST_TEST(replay_as_nobody("verify").code == 0);
  for (const fs::path& closed :
       {path(), path() / "lock", journal_folder(), keys(), keys() / "root"}) {
    const auto before = fs::status(closed).permissions();
    fs::permissions(closed, fs::perms::none);
    BOOST_TEST(replay_as_nobody("verify").code == 77, closed);
    fs::permissions(closed, before);
  }
}

BOOST_AUTO_TEST_CASE(what_may_not_be_written_can_be_read) {
  open_to_all(path().parent_path());
  for (const char* verb : {"verify", "show", "fold"})
    BOOST_TEST(replay_as_nobody(verb).code == 0, verb);
}

BOOST_AUTO_TEST_CASE(an_answer_that_cannot_be_written_ends_74) {
  for (const char* verb : {"verify", "show", "fold"}) {
    std::ostringstream full;
    std::ostringstream talk;
    full.setstate(std::ios::badbit);
    BOOST_TEST(run({"--data", path(), verb}, {full, talk}) == 74, verb);
    BOOST_TEST(contains(talk.str(), "cannot write to standard output"));
  }
}

BOOST_AUTO_TEST_CASE(H9_data_of_a_newer_version_ends_78) {
  write_bytes(path() / "format", "postern-data 2\n");
  BOOST_TEST(replay("verify").code == 78);
  write_bytes(path() / "format", "postern-data 1\n");

  put(16, next_record([](schema::RecordT& record) {
        record.events.at(0)->body.Reset();
        record.events.at(0)->body.type = static_cast<schema::EventBody>(200);
      }));
  for (const char* verb : {"verify", "show", "fold"}) {
    const Ended ended = replay(verb);
    BOOST_TEST(ended.code == 78, verb);
    BOOST_TEST(contains(ended.talk, "Use the version of Postern that wrote it, or a newer one."));
  }
}

// ---- the command line

BOOST_AUTO_TEST_CASE(what_makes_no_sense_ends_64) {
  for (const char* line : {"", "nothing", "verify --to-seq 3", "--output text verify",
                           "show --from-seq -1", "verify show"})
    BOOST_TEST(replay(line).code == 64, line);
}

BOOST_AUTO_TEST_CASE(each_verb_has_an_example_in_its_help) {
  for (const std::string verb : {"verify", "show", "fold"})
    BOOST_TEST(contains(replay(verb + " --help").out,
                        "Example:\n  postern-replay --data /mnt/copy " + verb));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
