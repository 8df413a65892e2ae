// What a Verifier of FlatBuffers lets through, and the gate does not.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <initializer_list>
#include <random>
#include <utility>

#include "command_generated.h"
#include "daemon/service/inbound.h"
#include "daemon/service/message_form.h"
#include "history_generated.h"
#include "tests/fuzz/filled.h"
#include "tests/support/askew.h"
#include "tests/support/messages.h"

namespace postern::service {

namespace {

using Verdict = MessageForm::Verdict;

template <class Message>
flatbuffers::DetachedBuffer packed(const Message& message, const char* identifier) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Message::TableType::Pack(builder, &message), identifier);
  return builder.Release();
}

std::span<const std::byte> bytes_of(const flatbuffers::DetachedBuffer& buffer) {
  return std::as_bytes(std::span(buffer.data(), buffer.size()));
}

using Bytes = std::vector<std::byte>;

MessageForm form_in_full(std::span<const std::byte> bytes) {
  return form_of_command(bytes, schema::command_message_identifier, command_limits);
}

KnownForms no_known_forms() { return {schema::command_message_identifier, command_limits}; }

/// One command, and all that a message can have beside it.
Bytes filled_with(schema::CommandBody kind) {
  const auto bytes =
      fuzz::filled(*schema::CommandMessageTypeTable(), schema::command_message_identifier,
                   static_cast<std::size_t>(kind) - 1);
  const auto* begun = reinterpret_cast<const std::byte*>(bytes.data());
  return {begun, begun + bytes.size()};
}

Bytes lock_of(const std::string& user) {
  const auto buffer = packed(support::command_message("acme", user, schema::LockUserT()),
                             schema::command_message_identifier);
  const auto bytes = bytes_of(buffer);
  return {bytes.begin(), bytes.end()};
}

struct Tried {
  int known = 0;
  int refused = 0;
  int unusual = 0;
};

/// Each byte by itself: what is known passes in full as well, and comes to the same.
void change_each_byte(Bytes bytes, std::initializer_list<unsigned> changes, Tried& tried) {
  KnownForms forms = no_known_forms();
  forms.form_of_command(bytes);
  BOOST_REQUIRE(forms.find(bytes) != nullptr);
  for (std::size_t place = 0; place < bytes.size(); ++place)
    for (const unsigned change : changes) {
      bytes[place] ^= std::byte(change);
      const MessageForm form = form_in_full(bytes);
      tried.refused += form.verdict != Verdict::well_formed;
      if (const MessageForm* found = forms.find(bytes)) {
        ++tried.known;
        BOOST_REQUIRE_MESSAGE(form.verdict == Verdict::well_formed, "byte " << place);
        BOOST_REQUIRE_MESSAGE(form.unpacked_bytes == found->unpacked_bytes, "byte " << place);
      }
      bytes[place] ^= std::byte(change);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(message_form_tests)

BOOST_AUTO_TEST_CASE(a_command_like_the_one_before_is_known) {
  KnownForms forms = no_known_forms();
  const Bytes first = lock_of("billing");
  BOOST_TEST(forms.find(first) == nullptr);
  const MessageForm form = forms.form_of_command(first);
  BOOST_TEST((form.verdict == Verdict::well_formed));
  BOOST_TEST(form.unpacked_bytes == form_in_full(first).unpacked_bytes);
  // Another id, another user.
  const Bytes second = lock_of("archive");
  BOOST_REQUIRE(forms.find(second) != nullptr);
  BOOST_TEST(forms.find(second)->unpacked_bytes == form.unpacked_bytes);
  BOOST_TEST(forms.find(lock_of("archives-of-old")) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_command_that_is_malformed_is_not_kept) {
  KnownForms forms = no_known_forms();
  Bytes bytes = lock_of("billing");
  bytes.front() = std::byte{0};
  BOOST_TEST((forms.form_of_command(bytes).verdict == Verdict::malformed));
  BOOST_TEST(forms.find(bytes) == nullptr);
}

BOOST_AUTO_TEST_CASE(limits_hold_for_what_is_known) {
  const Bytes bytes = lock_of("billing");
  MessageLimits limits = command_limits;
  limits.tables_max = 1;
  KnownForms forms(schema::command_message_identifier, limits);
  for (int round = 0; round < 2; ++round)
    BOOST_TEST((forms.form_of_command(bytes).verdict == Verdict::malformed));
}

/// Of every kind of command, and of what is well-formed by chance, each byte changed to some
/// others.
BOOST_AUTO_TEST_CASE(what_is_known_passes_the_long_way_too) {
  constexpr std::uint64_t seed = 7;
  constexpr int rounds = 100;
  std::mt19937_64 random(seed);
  Tried tried;
  for (int kind = 1; kind <= static_cast<int>(schema::CommandBody::MAX); ++kind) {
    const Bytes usual = filled_with(static_cast<schema::CommandBody>(kind));
    BOOST_REQUIRE((form_in_full(usual).verdict == Verdict::well_formed));
    if (usual.size() > KnownForms::bytes_max) continue;
    BOOST_TEST_CONTEXT("command " << kind << ", " << usual.size() << " bytes, seed " << seed) {
      change_each_byte(usual, {0x01, 0x02, 0x04, 0x10, 0x80, 0xff}, tried);
      for (int round = 0; round < rounds; ++round) {
        Bytes changed = usual;
        for (std::uint64_t count = 1 + random() % 4; count > 0; --count)
          changed[random() % changed.size()] = std::byte(random() % 8);
        if (form_in_full(changed).verdict != Verdict::well_formed) continue;
        ++tried.unusual;
        change_each_byte(changed, {0x01, 0xff}, tried);
      }
    }
  }
  // All of it happened often: else nothing was looked at.
  BOOST_TEST(tried.known > 10'000);
  BOOST_TEST(tried.refused > 10'000);
  BOOST_TEST(tried.unusual > 100);
}

/// A list of fields that is said to have no bytes, not even those that say so.
BOOST_AUTO_TEST_CASE(how_long_a_list_of_fields_is_counts_wherever_there_is_one) {
  Bytes bytes = lock_of("billing");
  const auto* message = flatbuffers::GetRoot<schema::CommandMessage>(bytes.data());
  const auto* body = static_cast<const std::uint8_t*>(message->commands()->Get(0)->body());
  const auto place =
      static_cast<std::size_t>(body - flatbuffers::ReadScalar<flatbuffers::soffset_t>(body) -
                               reinterpret_cast<const std::uint8_t*>(bytes.data()));
  bytes[place] = bytes[place + 1] = std::byte{0};
  KnownForms forms = no_known_forms();
  BOOST_REQUIRE((forms.form_of_command(bytes).verdict == Verdict::well_formed));
  bytes[place] = std::byte{1};
  BOOST_TEST((form_in_full(bytes).verdict == Verdict::malformed));
  BOOST_TEST(forms.find(bytes) == nullptr);
}

/// Its length lies at a multiple of four, which is all that a Verifier asks.
BOOST_AUTO_TEST_CASE(a_command_whose_numbers_lie_askew_is_malformed) {
  schema::ImportRangesT ranges;
  ranges.v6 = {1, 2, 3, 4};
  const auto buffer = packed(support::command_message("", "", std::move(ranges)),
                             schema::command_message_identifier);
  const auto verdict = [&] {
    return form_of_command(bytes_of(buffer), schema::command_message_identifier, command_limits)
        .verdict;
  };
  BOOST_TEST((verdict() == Verdict::well_formed));
  const auto* message = flatbuffers::GetRoot<schema::CommandMessage>(buffer.data());
  support::put_askew(*message->commands()->Get(0)->body_as_ImportRanges(),
                     schema::ImportRanges::VT_V6);
  BOOST_TEST((verdict() == Verdict::malformed));
}

BOOST_AUTO_TEST_CASE(a_history_request_whose_numbers_lie_askew_is_malformed) {
  schema::GetWhatIfT what_if;
  what_if.without = {1, 2};
  schema::HistoryRequestT request;
  request.body.Set(std::move(what_if));
  const auto buffer = packed(request, schema::history_request_identifier);
  const auto verdict = [&] {
    return form_of_history_request(bytes_of(buffer), schema::history_request_identifier,
                                   history_limits)
        .verdict;
  };
  BOOST_TEST((verdict() == Verdict::well_formed));
  const auto* message = flatbuffers::GetRoot<schema::HistoryRequest>(buffer.data());
  support::put_askew(*message->body_as_GetWhatIf(), schema::GetWhatIf::VT_WITHOUT);
  BOOST_TEST((verdict() == Verdict::malformed));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::service
