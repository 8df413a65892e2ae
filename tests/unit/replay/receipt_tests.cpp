// Receipts held against the journal, a bundle and an extract (H5).
#include "daemon/data/folder_proofs.h"
#include "daemon/domain/checkpoint_names.h"
#include "query_generated.h"
#include "schema/identifiers.h"
#include "schema/receipt_text.h"
#include "tests/unit/replay/export_fixture.h"

namespace postern::replay {

namespace {

using schema::Code;

struct ReceiptFixture : ExportFixture {
  /// What the daemon would have signed as of record 8, where record 7 lets api.bob read.
  schema::DecisionReceiptT a_receipt(std::uint64_t seq = 8) {
    const auto& tables = story().world().state().tables();
    const domain::Tenant* tenant = tables.find_tenant("acme");
    const domain::User* bob = tables.find_user(tenant->id, "api.bob");
    journal::Tree tree;
    for (std::size_t place = 0; place < seq; ++place)
      tree.append(std::as_bytes(std::span(records()[place])));
    const auto root = tree.root();
    schema::DecisionReceiptT made;
    const auto* first = flatbuffers::GetRoot<schema::Record>(records()[0].data());
    made.journal =
        domain::checkpoint_name(data::installation_of(*first).value_or(schema::Uuid()), nullptr);
    made.seq = seq;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(root.data());
    made.root.assign(bytes, bytes + root.size());
    made.time_ns = static_cast<std::int64_t>(seq) * 1'000'000'000 + 500;
    made.service = std::make_unique<schema::Uuid>(tables.find_operator("anna")->id);
    made.tenant = std::make_unique<schema::Uuid>(tenant->id);
    made.user = std::make_unique<schema::Uuid>(bob->id);
    add(made, "read", true, Code::ok);
    made.decisions[0]->grant = std::make_unique<schema::GrantReferenceT>();
    made.decisions[0]->grant->seq = 7;
    add(made, "write", false, Code::no_matching_grant);
    return made;
  }
  static void add(schema::DecisionReceiptT& receipt, const std::string& action, bool allowed,
                  Code reason) {
    auto& question = receipt.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = action;
    question->resource = "table/customer";
    auto& decision = receipt.decisions.emplace_back(std::make_unique<schema::ReceivedDecisionT>());
    decision->allowed = allowed;
    decision->reason = reason;
  }

  std::string signed_text(const schema::DecisionReceiptT& receipt,
                          const journal::Sign& signs) const {
    const auto bytes =
        support::packed<schema::DecisionReceipt>(receipt, schema::decision_receipt_identifier);
    std::string text(schema::receipt_heading);
    text.append(bytes.begin(), bytes.end());
    const auto signature = signs(std::as_bytes(std::span(text)));
    text.append(reinterpret_cast<const char*>(signature.data()), signature.size());
    return text;
  }
  std::string kept(const std::string& text) const {
    const std::string file = outside.path() / ("receipt" + std::to_string(++made));
    write_bytes(file, text);
    return file;
  }
  std::string kept(const schema::DecisionReceiptT& receipt) const {
    return kept(signed_text(receipt, sign));
  }
  void contradicted(const schema::DecisionReceiptT& receipt, std::string_view sentence) const {
    const Ended ended = replay("verify-receipt " + kept(receipt));
    BOOST_TEST(ended.code == 1, sentence << ": " << ended.talk);
    BOOST_TEST(contains(ended.out, "contradicted"));
    BOOST_TEST(contains(ended.out, sentence), ended.out);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(receipt_tests, ReceiptFixture)

BOOST_AUTO_TEST_CASE(H5_a_receipt_is_borne_out_by_folder_bundle_and_part) {
  const std::string file = kept(a_receipt());
  const Ended folder = replay("verify-receipt " + file);
  BOOST_TEST(folder.code == 0, folder.out << folder.talk);
  BOOST_TEST(contains(folder.out, "borne out"));
  BOOST_TEST(contains(folder.out, "record 8, 1970-01-01T00:00:08"));
  BOOST_TEST(contains(folder.out, "api.bob of acme, by name"));
  BOOST_TEST(contains(folder.out, "read table/customer: allowed by grant 7.0"));
  BOOST_TEST(contains(folder.out, "write table/customer: no_matching_grant"));
  const std::string line = "verify-receipt " + file + " --public-key " + key;
  for (const char* options : {"", " --tenant acme", " --tenant acme --to 9", " --to 8"})
    BOOST_TEST(asked_of(exported(options), line).out == folder.out, options);
  BOOST_TEST(contains(replay("--output json verify-receipt " + file).out, "\"borne_out\":true"));
  // Who signs must be known from somewhere.
  BOOST_TEST(asked_of(exported(), "verify-receipt " + file).code == 64);
  take_keys_away();
  BOOST_TEST(replay("verify-receipt " + file).code == 64);
  BOOST_TEST(replay(line).code == 0);
}

BOOST_AUTO_TEST_CASE(H5_a_part_says_what_it_cannot_look_at) {
  // Record 3 makes the other tenant, so that its proof is not in the part.
  schema::DecisionReceiptT early = a_receipt(3);
  early.tenant = nullptr;
  early.user = nullptr;
  early.service =
      std::make_unique<schema::Uuid>(story().world().state().tables().find_operator("anna")->id);
  early.questions.resize(1);
  early.decisions.resize(1);
  early.decisions[0]->allowed = false;
  early.decisions[0]->reason = Code::invalid_credentials;
  early.decisions[0]->grant = nullptr;
  const std::string line = "verify-receipt " + kept(early) + " --public-key " + key;
  const Ended part = asked_of(exported(" --tenant acme"), line);
  BOOST_TEST(contains(part.out, "not checked: the extract does not hold record 3"), part.out);
  BOOST_TEST(contains(asked_of(exported(), line).out, "root       checked"));
  BOOST_TEST(asked_of(exported(" --tenant acme --to 9"),
                      "verify-receipt " + kept(a_receipt(12)) + " --public-key " + key)
                 .code == 66);
  BOOST_TEST(asked_of(exported(" --tenant zenith"),
                      "verify-receipt " + kept(a_receipt()) + " --public-key " + key)
                 .code == 66);
}

BOOST_AUTO_TEST_CASE(H5_what_the_journal_does_not_bear_out_is_told) {
  auto receipt = a_receipt();
  receipt.decisions[1]->allowed = true;
  receipt.decisions[1]->reason = Code::ok;
  contradicted(receipt, "write table/customer: it says allowed (ok), and the journal denied");
  receipt = a_receipt();
  receipt.decisions[0]->grant->index = 1;
  contradicted(receipt, "by grant 7.1, and the journal by grant 7.0");
  // The same as of a record before the grant.
  contradicted(a_receipt(6), "read table/customer: it says allowed");
  receipt = a_receipt();
  receipt.root[0] ^= 1U;
  contradicted(receipt, "their root is another");
  receipt = a_receipt();
  receipt.journal = "postern/another";
  contradicted(receipt, "it is of the journal postern/another");
  receipt = a_receipt();
  receipt.time_ns = 7'000'000'000;
  contradicted(receipt, "before record 8 was");
  receipt = a_receipt();
  receipt.service = std::make_unique<schema::Uuid>(1, 2);
  contradicted(receipt, "who asked, was not there then");
  receipt = a_receipt();
  receipt.user = std::make_unique<schema::Uuid>(1, 2);
  contradicted(receipt, "was not there then");
  receipt = a_receipt();
  receipt.user = nullptr;
  receipt.tenant = nullptr;
  contradicted(receipt, "it allows something to nobody");
  receipt = a_receipt();
  receipt.credential = schema::ReceivedCredential::key;
  contradicted(receipt, "had no API key then");
}

BOOST_AUTO_TEST_CASE(H5_no_changed_byte_and_no_other_key_goes_unnoticed) {
  const std::string text = signed_text(a_receipt(), sign);
  const std::string bundle = exported();
  const std::string file = outside.path() / "mutated";
  std::size_t unnoticed = 0;
  for (std::size_t place = 0; place < text.size(); ++place) {
    std::string changed = text;
    changed[place] = static_cast<char>(changed[place] ^ (1 << place % 8));
    write_bytes(file, changed);
    const int code = asked_of(bundle, "verify-receipt " + file + " --public-key " + key).code;
    unnoticed += code == 0;
  }
  BOOST_TEST(unnoticed == 0u);
  BOOST_TEST(replay("verify-receipt " + kept(text.substr(0, text.size() - 1))).code == 1);
  BOOST_TEST(replay("verify-receipt " + kept(text + "x")).code == 1);
  BOOST_TEST(replay("verify-receipt " + kept("")).code == 65);
  BOOST_TEST(replay("verify-receipt /nowhere").code == 66);
  const credential::Key another{std::byte{9}};
  const auto other_sign = [&](journal::View bytes) { return credential::sign(another, bytes); };
  BOOST_TEST(replay("verify-receipt " + kept(signed_text(a_receipt(), other_sign))).code == 1);
  // Its own key, but the bundle is signed with another.
  const std::string other =
      journal::verifier_text({"postern/other", credential::signing_public_key(another)});
  const Ended ended =
      asked_of(bundle, "verify-receipt " + kept(signed_text(a_receipt(), other_sign)) +
                           " --public-key " + other);
  BOOST_TEST(ended.code == 1);
  BOOST_TEST(contains(ended.out, "the bundle is signed with"));
}

BOOST_AUTO_TEST_CASE(H5_a_damaged_journal_bears_nothing_out) {
  put(2, changed(records()[1], [](schema::RecordT& record) { record.reason = "said so"; }));
  BOOST_TEST(replay("verify-receipt " + kept(a_receipt())).code == 65);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
