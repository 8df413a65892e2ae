// First receipts: what a record says, laid out from its own bytes.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/message.h"
#include "daemon/service/receipts.h"
#include "schema/identifiers.h"
#include "tests/support/every_event.h"

namespace postern::support {

namespace {

using Bytes = std::vector<std::uint8_t>;

/// A record of these events, as it is stored.
struct Recorded {
  explicit Recorded(std::vector<schema::EventT> events) {
    domain::State state;
    const domain::OwnMessage message(made_id(1));
    const domain::Context context = message.context(state, 1'000);
    domain::Draft draft = domain::draft_of(state, context, std::move(events));
    bytes = domain::seal_record(draft, state, context, {domain::hash_to_come});
  }

  std::span<const std::uint8_t> stored() const { return {bytes.data(), bytes.size()}; }
  const schema::Record& operator*() const {
    return *flatbuffers::GetRoot<schema::Record>(bytes.data());
  }

  domain::StoredRecord bytes;
};

schema::ReceiptT unpacked(std::span<const std::uint8_t> bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  BOOST_REQUIRE(verifier.VerifyBuffer<schema::Receipt>(schema::receipt_identifier));
  schema::ReceiptT made;
  flatbuffers::GetRoot<schema::Receipt>(bytes.data())->UnPackTo(&made);
  return made;
}

Bytes packed(const schema::ReceiptT& receipt) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::Receipt::Pack(builder, &receipt), schema::receipt_identifier);
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::span<const std::uint8_t> view_of(const service::Message& message) {
  return {message.data(), message.size()};
}

/// One record for each kind of event, with all that such events may say.
std::vector<Recorded> one_of_each_kind() {
  const Names names(a_full_story());
  std::vector<Kind> kinds = events_of_users(names);
  for (Kind& kind : other_events(names)) kinds.push_back(std::move(kind));
  std::vector<Recorded> records;
  for (const Kind& kind : kinds) {
    std::vector<schema::EventT> events;
    for (const schema::EventBodyUnion& body : kind.contents) {
      schema::EventT& event = events.emplace_back();
      if (kind.about_bob) event.user = ref(names.bob);
      event.previous_user_seq = kind.about_bob ? 7 : 0;
      event.body = body;
    }
    records.emplace_back(std::move(events));
  }
  return records;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(receipts_tests)

BOOST_AUTO_TEST_CASE(K4_a_first_receipt_says_what_a_repeated_one_does) {
  for (const Recorded& record : one_of_each_kind()) {
    const auto kind = (*record).events()->Get(0)->body_type();
    schema::ReceiptT repeated = unpacked(view_of(service::repeated_receipt_of(*record)));
    BOOST_TEST(repeated.repeated);
    repeated.repeated = false;
    repeated.problems.clear();
    const service::Message first = service::receipt_of(record.stored(), {});
    BOOST_TEST((packed(unpacked(view_of(first))) == packed(repeated)),
               schema::EnumNameEventBody(kind));
  }
}

BOOST_AUTO_TEST_CASE(receipts_that_are_made_in_one_memory_are_as_those_made_alone) {
  service::ReceiptMaker maker;
  Bytes receipts;
  for (const Recorded& record : one_of_each_kind()) {
    const std::size_t before = receipts.size();
    maker.append(record.stored(), {}, receipts);
    const service::Message alone = service::receipt_of(record.stored(), {});
    BOOST_TEST(std::ranges::equal(std::span(receipts).subspan(before), view_of(alone)));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
