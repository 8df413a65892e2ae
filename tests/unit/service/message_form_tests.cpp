// What a Verifier of FlatBuffers lets through, and the gate does not.
#include <boost/test/unit_test.hpp>
#include <functional>
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

/// Of every kind of command, each byte changed to some others, at a time.
BOOST_AUTO_TEST_CASE(what_is_known_passes_the_long_way_too) {
  int known = 0;
  int refused = 0;
  for (int kind = 1; kind <= static_cast<int>(schema::CommandBody::MAX); ++kind) {
    Bytes bytes = filled_with(static_cast<schema::CommandBody>(kind));
    BOOST_TEST_CONTEXT("command " << kind << ", " << bytes.size() << " bytes") {
      KnownForms forms = no_known_forms();
      BOOST_REQUIRE((forms.form_of_command(bytes).verdict == Verdict::well_formed));
      if (bytes.size() > KnownForms::bytes_max) continue;
      BOOST_REQUIRE(forms.find(bytes) != nullptr);
      for (std::size_t place = 0; place < bytes.size(); ++place)
        for (const unsigned changed : {0x01U, 0x02U, 0x04U, 0x10U, 0x80U, 0xffU}) {
          bytes[place] ^= std::byte(changed);
          const MessageForm form = form_in_full(bytes);
          refused += form.verdict != Verdict::well_formed;
          if (const MessageForm* found = forms.find(bytes)) {
            ++known;
            BOOST_REQUIRE_MESSAGE(form.verdict == Verdict::well_formed, "byte " << place);
            BOOST_REQUIRE_MESSAGE(form.unpacked_bytes == found->unpacked_bytes, "byte " << place);
          }
          bytes[place] ^= std::byte(changed);
        }
    }
  }
  // Both happened often: else nothing was looked at.
  BOOST_TEST(known > 10'000);
  BOOST_TEST(refused > 10'000);
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
