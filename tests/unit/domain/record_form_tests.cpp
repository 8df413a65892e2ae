// A record that is made of its form is, byte for byte, what a builder packs.
#include <array>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>

#include "daemon/domain/record_form.h"
#include "schema/identifiers.h"

using namespace postern;

namespace {

using domain::RecordParts;
using domain::Uuid;
using Packing = std::function<void(domain::PackedEvents&)>;

const Uuid tenant(1, 2);
const Uuid asker(3, 4);
const Uuid command(5, 6);
const std::array<std::uint8_t, 32> hash{7, 8, 9};

RecordParts usual_parts() {
  return {.seq = 0x1122334455667788,
          .time_ns = 1'800'000'000'000'000'123,
          .tenant = &tenant,
          .previous_tenant_seq = 0x1020304050607080,
          .operator_id = &asker,
          .role = schema::Role::manager,
          .command_id = &command,
          .contents_hash = hash};
}

/// An event whose size depends on the name's.
Packing renaming(std::size_t name_bytes, const std::string& warning = {}) {
  return [=](domain::PackedEvents& events) {
    schema::EventT event;
    event.user = std::make_unique<Uuid>(10, 11);
    event.previous_user_seq = 12;
    schema::UserRenamedT renamed;
    renamed.from = "shop";
    renamed.to = std::string(name_bytes, 'x');
    event.body.Set(std::move(renamed));
    event.warning = warning;
    events.offsets.push_back(schema::CreateEvent(events.builder, &event));
  };
}

std::string bytes_of(domain::PackedEvents& events) {
  const auto bytes = events.builder.Release();
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  BOOST_TEST(verifier.VerifyBuffer<schema::Record>(schema::record_identifier));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Whether the form serves; both ways are compared where it does.
bool is_formed(const RecordParts& parts, const std::vector<Packing>& packings) {
  domain::PackedEvents packed;
  domain::PackedEvents formed;
  for (const Packing& pack : packings) {
    pack(packed);
    pack(formed);
  }
  if (!domain::pack_by_form(formed, parts)) return false;
  domain::pack_record(packed, parts);
  BOOST_TEST((bytes_of(formed) == bytes_of(packed)));
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_form_tests)

BOOST_AUTO_TEST_CASE(a_record_of_its_form_is_what_a_builder_packs) {
  for (std::size_t name_bytes = 0; name_bytes < 40; ++name_bytes)
    BOOST_TEST(is_formed(usual_parts(), {renaming(name_bytes)}));
}

BOOST_AUTO_TEST_CASE(a_record_behind_a_warning_is_what_a_builder_packs) {
  for (std::size_t name_bytes = 0; name_bytes < 16; ++name_bytes)
    is_formed(usual_parts(), {renaming(name_bytes, "It is no prefix.")});
}

BOOST_AUTO_TEST_CASE(a_record_of_another_form_is_left_to_the_builder) {
  const std::string text = "because";
  const std::array<std::uint8_t, 64> signature{};
  const auto signed_message = std::as_bytes(std::span(text));
  const std::function<void(RecordParts&)> others[] = {
      [](RecordParts& parts) { parts.seq = 0; },
      [](RecordParts& parts) { parts.tenant = nullptr; },
      [](RecordParts& parts) { parts.operator_id = nullptr; },
      [](RecordParts& parts) { parts.command_id = nullptr; },
      [](RecordParts& parts) { parts.previous_tenant_seq = 0; },
      [](RecordParts& parts) { parts.time_ns = 0; },
      [](RecordParts& parts) { parts.role = schema::Role::none; },
      [](RecordParts& parts) { parts.contents_hash = {}; },
      [](RecordParts& parts) { parts.contents_hash = parts.contents_hash.first(31); },
      [](RecordParts& parts) { parts.outcome = schema::Code::invalid_credentials; },
      [&](RecordParts& parts) { parts.reason = text; },
      [&](RecordParts& parts) { parts.signature = signature; },
      [&](RecordParts& parts) { parts.signed_message = signed_message; },
  };
  for (const auto& change : others) {
    RecordParts parts = usual_parts();
    change(parts);
    BOOST_TEST(!is_formed(parts, {renaming(4)}));
  }
  BOOST_TEST(!is_formed(usual_parts(), {}));
  BOOST_TEST(!is_formed(usual_parts(), {renaming(4), renaming(5)}));
}

BOOST_AUTO_TEST_SUITE_END()
