// What an export holds is what was signed for, and nothing less is read from a changed one (H7).
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <random>
#include <sstream>

#include "daemon/journal/extract.h"
#include "daemon/journal/proof.h"
#include "daemon/journal/tree.h"
#include "replay/readable_export.h"
#include "tests/unit/replay/export_fixture.h"

namespace postern::replay {

namespace {

/// One of the ways in which a file is not what it was.
std::string mutated(std::string text, const std::string& other, std::mt19937_64& random) {
  const auto place = [&](std::size_t size) { return static_cast<std::size_t>(random() % size); };
  const std::size_t at = place(text.size());
  const std::size_t length = 1 + place(64);
  switch (random() % 6) {
    case 0:
      text[at] = static_cast<char>(text[at] ^ (1 << place(8)));
      return text;
    case 1:
      return text.insert(at, text.substr(place(text.size()), length));
    case 2:
      return text.erase(at, length);
    case 3: {
      const std::size_t from = place(text.size());
      const std::string moved = text.substr(from, length);
      return text.erase(from, length).insert(place(text.size()), moved);
    }
    case 4:
      return text.substr(0, at);
    default:
      return text.substr(0, at) + other.substr(std::min(at, other.size()));
  }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(export_tests, ExportFixture)

BOOST_AUTO_TEST_CASE(H7_a_whole_export_is_a_bundle_like_any_other) {
  const std::string file = exported();
  BOOST_TEST(verified(file) == 0);
  BOOST_TEST(verified_by_python(file) == 0);
  BOOST_TEST(run_on(file, {"fold"}).out == replay("fold").out);
  // And again, of a bundle.
  const std::string second = file + ".again";
  BOOST_TEST(run_on(file, {"export", second}).code == 0);
  BOOST_TEST(bytes_in(second) == bytes_in(file));
}

BOOST_AUTO_TEST_CASE(H7_a_tenants_export_holds_all_of_its_records_with_their_proofs) {
  const std::string file = exported(" --tenant acme");
  const Ended ended = run_on(file, {"verify", "--public-key", key});
  BOOST_TEST(ended.code == 0, ended.out);
  BOOST_TEST(contains(ended.out, "none of the tenant's between the first and the last is missing"));
  // All but the record that makes the other tenant.
  BOOST_TEST(contains(ended.out, "14, of 1 to 15"));
  BOOST_TEST(verified_by_python(file) == 0);
  BOOST_TEST(bytes_in(file).find("zenith") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(H7_a_time_and_a_range_of_seqs_name_the_same_records) {
  const std::string by_seq = exported(" --from 5 --to 9");
  const std::string by_time = exported(" --from 1970-01-01T00:00:05Z --to 1970-01-01T00:00:09Z");
  BOOST_TEST(bytes_in(by_seq) == bytes_in(by_time));
  BOOST_TEST(verified(by_seq) == 0);
  BOOST_TEST(verified_by_python(by_seq) == 0);
}

BOOST_AUTO_TEST_CASE(H7_no_mutation_of_an_export_goes_unnoticed) {
  constexpr int mutations = 10'000;
  const std::string whole = bytes_in(exported());
  const std::string tenant = bytes_in(exported(" --tenant acme"));
  const std::string file = path().parent_path() / "mutated";
  std::mt19937_64 random(11);
  int unnoticed = 0;
  for (int number = 0; number < mutations; ++number) {
    const std::string& from = number % 2 == 0 ? whole : tenant;
    const std::string text = mutated(from, number % 2 == 0 ? tenant : whole, random);
    if (text == whole || text == tenant) continue;
    write_bytes(file, text);
    const int code = verified(file);
    // One that is cut to nothing, or is of a newer form, is no bundle at all.
    if (code == 0) ++unnoticed;
  }
  BOOST_TEST(unnoticed == 0);
}

BOOST_AUTO_TEST_CASE(H7_the_independent_verifier_finds_every_mutation_too) {
  const std::string whole = exported();
  const std::string tenant = exported(" --tenant acme");
  const std::string line = "python3 -B " POSTERN_SOURCE "/tests/unit/replay/mutations.py " + whole +
                           " " + tenant + " '" + key + "'";
  BOOST_TEST(std::system(line.c_str()) == 0);
}

BOOST_AUTO_TEST_CASE(H7_what_is_wrong_with_an_export_is_said) {
  const std::string file = exported(" --tenant acme");
  journal::Verifier other = signer;
  other.name = "postern/another";
  BOOST_TEST(run_on(file, {"verify", "--public-key", journal::verifier_text(other)}).code == 1);
  const Ended no_key = run_on(file, {"verify", "--public-key", "nonsense"});
  BOOST_TEST(no_key.code == 64);
  BOOST_TEST(contains(no_key.talk, "the verifier key is missing or malformed"), no_key.talk);
  // Without what proves its records it is none.
  const std::string cut = path().parent_path() / "cut";
  const std::string whole = bytes_in(file);
  write_bytes(cut, whole.substr(0, whole.size() / 2));
  const Ended unproved = run_on(cut, {"verify", "--public-key", key});
  BOOST_TEST(unproved.code == 1);
  BOOST_TEST(contains(unproved.out + unproved.talk, "damage"), unproved.out + unproved.talk);
  // An older one than was seen, and one of another journal.
  const std::string kept = path().parent_path() / "kept";
  write_bytes(kept, key + "\n" + note(records().size()));
  BOOST_TEST(run_on(file, {"verify", "--checkpoint", kept}).code == 0);
  write_bytes(path() / "checkpoint", note(9));
  const std::string older = exported(" --tenant acme");
  const Ended ended = run_on(older, {"verify", "--checkpoint", kept});
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "fewer than the 15 that were signed for already"));
  BOOST_TEST(replay("export " + file).code == 73);
  BOOST_TEST(replay("export /nowhere/file").code != 0);
  BOOST_TEST(replay("export x --tenant nobody").code == 66);
  BOOST_TEST(replay("export x --from 9 --to 5").code == 66);
  // No question is answered from some of the records.
  BOOST_TEST(run_on(file, {"fold"}).code == 64);
  take_keys_away();
  BOOST_TEST(replay("export x").code == 64);
  BOOST_TEST(replay("export " + file + "2 --public-key " + key).code == 0);
}

BOOST_AUTO_TEST_CASE(H7_a_tenants_export_proves_roots_before_its_own) {
  const std::string file = exported(" --tenant acme");
  const auto read = journal::Extract::read(file, [](auto, auto) { return Expected<>{}; });
  BOOST_REQUIRE(read);
  journal::Tree tree;
  for (std::size_t seq = 1; seq <= records().size(); ++seq) {
    const journal::View bytes = std::as_bytes(std::span(records()[seq - 1]));
    tree.append(bytes);
    const auto found = read->find(seq);
    // Record 3 makes the other tenant.
    BOOST_TEST(found.has_value() == (seq != 3));
    if (!found) continue;
    BOOST_TEST((std::ranges::equal(found->bytes, bytes)));
    BOOST_TEST((journal::root_up_to(found->proof, seq, journal::leaf_hash(bytes),
                                    records().size()) == tree.root()));
  }
  BOOST_TEST(!read->find(records().size() + 1));
}

BOOST_AUTO_TEST_CASE(H7_what_is_exported_stands_beside_it_for_people) {
  const std::string beside = outside.path() / "acme";
  const std::string file =
      exported(" --tenant acme --jsonl " + beside + ".jsonl --csv " + beside + ".csv");
  BOOST_TEST(verified(file) == 0);
  // The same lines as 'show' has, of the same records.
  const std::string lines = bytes_in(beside + ".jsonl");
  BOOST_TEST(std::ranges::count(lines, '\n') == 14);
  std::string shown;
  std::istringstream all(replay("--output jsonl show").out);
  for (std::string line; std::getline(all, line);)
    if (!contains(line, "zenith")) shown += line + '\n';
  BOOST_TEST(lines == shown);
  const std::string table = bytes_in(beside + ".csv");
  BOOST_TEST(
      table.starts_with("seq,time,operator,role,tenant,user,event,details,reason,outcome,"
                        "command\r\n"));
  BOOST_TEST(contains(table, "\r\n7,1970-01-01T00:00:07"));
  BOOST_TEST(contains(table, ",anna,administrator,acme,api.bob,GrantAdded,"));
  BOOST_TEST(!contains(table, "zenith"));
  // Nothing is overwritten, and what fails leaves nothing.
  BOOST_TEST(replay("export x --csv " + beside + ".csv").code == 73);
  BOOST_TEST(replay("export x --csv y --jsonl y").code == 64);
  BOOST_TEST(replay("export " + beside + ".x --tenant nobody --csv " + beside + ".y").code == 66);
  BOOST_TEST(!std::filesystem::exists(beside + ".y"));
}

BOOST_AUTO_TEST_CASE(H7_a_spreadsheet_takes_no_cell_for_a_formula) {
  BOOST_TEST(csv_line({"1", "=HYPERLINK(0)", "+1", "-1", "@x"}) ==
             "1,'=HYPERLINK(0),'+1,'-1,'@x\r\n");
  BOOST_TEST(csv_line({"a,b", "say \"no\"", "", "=1,2"}) ==
             "\"a,b\",\"say \"\"no\"\"\",,\"'=1,2\"\r\n");
  BOOST_TEST(csv_line({"two\r\nlines"}) == "two\\x0d\\x0alines\r\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
