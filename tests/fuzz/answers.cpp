// The gate of the client library: receipts, answers, pages and the records in them become native
// objects or an error, and an object that came of it, packed and opened again, is the same.
#include "daemon/platform/require.h"
#include "tests/fuzz/target.h"
#include "tools/client/gate.h"

namespace {

using namespace postern;

template <class Conversation>
void unpack(std::span<const std::byte> bytes) {
  using Answer = typename Conversation::Answer;
  const auto answer = client::unpack<Conversation>(bytes);
  if (!answer) return require(!answer.error().sentence.empty());
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Answer::TableType::Pack(builder, &*answer), Conversation::answer_identifier);
  // What the message named often stands there often now.
  if (builder.GetSize() > client::answer_bytes_max) return;
  const auto again =
      client::unpack<Conversation>(std::as_bytes(std::span(builder.GetBufferPointer(),
                                                           builder.GetSize())));
  require(again.has_value());
  require(*again == *answer && client::ticket_of(*again) == client::ticket_of(*answer));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::bytes_of(data, size);
  unpack<client::CommandConversation>(bytes);
  unpack<client::QueryConversation>(bytes);
  unpack<client::HistoryConversation>(bytes);
  const auto record = client::unpack_record({data, size});
  if (!record) {
    require(!record.error().sentence.empty());
    return 0;
  }
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::Record::Pack(builder, &*record), schema::record_identifier);
  const auto again = client::unpack_record({builder.GetBufferPointer(), builder.GetSize()});
  require(again.has_value() && *again == *record);
  return 0;
}
