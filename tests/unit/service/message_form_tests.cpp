// What a Verifier of FlatBuffers lets through, and the gate does not.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <utility>

#include "command_generated.h"
#include "daemon/service/inbound.h"
#include "daemon/service/message_form.h"
#include "history_generated.h"
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

}  // namespace

BOOST_AUTO_TEST_SUITE(message_form_tests)

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
