// Bundles: what is read from one is what was signed for, and nothing less is read from a changed
// one.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>

#include "backup_generated.h"
#include "daemon/credential/signature.h"
#include "daemon/journal/bundle.h"
#include "daemon/journal/proof.h"
#include "schema/identifiers.h"
#include "tests/support/journal_bytes.h"
#include "tests/support/memory_journal.h"
#include "tests/support/temporary_folder.h"

namespace postern::journal {

namespace {

struct Bundles {
  support::TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "bundle";
  credential::Key seed{std::byte{9}};
  Verifier signer{"postern/one", credential::signing_public_key(seed)};
  support::MemoryJournal stored;
  std::vector<Bytes> records;

  explicit Bundles(std::uint64_t count = 10'000) : records(support::records_from(1, count)) {
    BOOST_REQUIRE(stored.append(0, support::views(records)));
  }

  static std::string framed(const schema::BundlePartT& part) {
    flatbuffers::FlatBufferBuilder builder;
    builder.FinishSizePrefixed(schema::CreateBundlePart(builder, &part),
                               schema::bundle_part_identifier);
    return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
  }
  std::string first_part(std::uint64_t size) const {
    schema::BundlePartT part;
    part.verifier_key = verifier_text(signer);
    part.checkpoint = make_note({signer.name, {size, *root_at(stored, size)}, 1'800'000'000},
                                signer, [&](View text) { return credential::sign(seed, text); });
    return framed(part);
  }
  std::string part_of(std::uint64_t from, std::uint64_t count) const {
    schema::BundlePartT part;
    for (std::uint64_t seq = from; seq < from + count; ++seq) {
      const Bytes& bytes = records.at(seq - 1);
      auto& record = part.records.emplace_back(std::make_unique<schema::StoredRecordT>());
      const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
      record->bytes.assign(data, data + bytes.size());
    }
    return framed(part);
  }
  std::string whole(std::uint64_t part_size) const {
    std::string text = first_part(records.size());
    for (std::uint64_t seq = 1; seq <= records.size(); seq += part_size)
      text += part_of(seq, std::min(part_size, records.size() - seq + 1));
    return text;
  }
  Expected<Bundle> read(const std::string& text, std::vector<Bytes>* seen = nullptr) const {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    return read_bundle(file, [&](std::uint64_t seq, View record) -> Expected<> {
      if (seen != nullptr) {
        BOOST_TEST(seq == seen->size() + 1);
        seen->emplace_back(record.begin(), record.end());
      }
      return {};
    });
  }
  std::string refused(const std::string& text) const {
    const auto got = read(text);
    BOOST_REQUIRE(!got);
    BOOST_TEST((got.error().kind == FailureKind::damaged), got.error().sentence);
    return got.error().sentence;
  }
};

struct SmallBundle : Bundles {
  SmallBundle() : Bundles(12) {}
};

bool says(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(bundle_tests)

BOOST_FIXTURE_TEST_CASE(H7_a_bundle_is_a_journal_that_is_only_read, Bundles) {
  std::vector<Bytes> seen;
  const auto bundle = read(whole(999), &seen);
  BOOST_REQUIRE_MESSAGE(bundle.has_value(), bundle.error().sentence);
  BOOST_TEST((seen == records));
  const Journal& journal = *bundle->journal;
  BOOST_TEST((journal.head() == stored.head()));
  BOOST_TEST(bundle->verifier_key == verifier_text(signer));
  for (const std::uint64_t seq : {1U, 999U, 1'000U, 5'555U, 10'000U}) {
    const auto cursor = journal.read_from(seq);
    for (std::uint64_t at = seq; at <= std::min<std::uint64_t>(seq + 1'500, 10'000); ++at) {
      const auto record = cursor->next();
      BOOST_REQUIRE(record);
      BOOST_REQUIRE(std::ranges::equal(*record, records[at - 1]));
    }
  }
  BOOST_TEST(journal.read_from(10'001)->next()->empty());
  // What proofs stand on is there too.
  BOOST_TEST(
      (*consistency_proof(journal, 4'097, 9'000) == *consistency_proof(stored, 4'097, 9'000)));
  const View view = records[0];
  BOOST_TEST(!bundle->journal->append(10'000, {&view, 1}));
}

BOOST_FIXTURE_TEST_CASE(H7_no_length_but_the_whole_is_taken, SmallBundle) {
  const std::string text = whole(5);
  for (std::size_t size = 0; size < text.size(); ++size) refused(text.substr(0, size));
  BOOST_TEST(read(text).has_value());
  BOOST_TEST(says(refused(first_part(12) + part_of(1, 5)), "ends with record 5 of 12"));
}

BOOST_FIXTURE_TEST_CASE(H7_no_flipped_bit_changes_what_is_read, SmallBundle) {
  const std::string text = whole(5);
  std::size_t found = 0;
  std::size_t harmless = 0;
  for (std::size_t place = 0; place < text.size(); ++place)
    for (const int bit : {0, 3, 7}) {
      std::string changed = text;
      changed[place] = static_cast<char>(changed[place] ^ (1 << bit));
      std::vector<Bytes> seen;
      const auto got = read(changed, &seen);
      if (!got) {
        ++found;
        continue;
      }
      // Room between the fields of a message means nothing.
      ++harmless;
      BOOST_TEST((seen == records), "byte " << place);
      BOOST_TEST((got->journal->head() == stored.head()), "byte " << place);
    }
  BOOST_TEST_MESSAGE(found << " refused, " << harmless << " harmless of " << 3 * text.size());
  BOOST_TEST(found > harmless);
}

BOOST_FIXTURE_TEST_CASE(H7_records_of_another_history_are_refused, SmallBundle) {
  const std::string first = first_part(12);
  records[3] = support::bytes_of("another past");
  BOOST_TEST(says(refused(first + part_of(1, 12)), "not those that its checkpoint"));
  records = support::records_from(1, 12);
  BOOST_TEST(says(refused(first + part_of(1, 12) + part_of(12, 1)), "covers 12 records"));
  BOOST_TEST(says(refused(part_of(1, 12)), "does not begin with a checkpoint"));
}

BOOST_FIXTURE_TEST_CASE(H7_a_bundle_signed_by_somebody_else_is_refused, SmallBundle) {
  schema::BundlePartT part;
  part.verifier_key = verifier_text(signer);
  credential::Key other{std::byte{8}};
  part.checkpoint = make_note({signer.name, {12, *root_at(stored, 12)}, 1}, signer,
                              [&](View text) { return credential::sign(other, text); });
  refused(framed(part) + part_of(1, 12));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
