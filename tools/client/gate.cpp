#include "tools/client/gate.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "history_marks.h"
#include "schema/cleared_text.h"
#include "tools/client/signing.h"

namespace postern::client {
namespace {

constexpr flatbuffers::uoffset_t depth_max = 16;
/// As the gate for stored records: 1,024 events with all they hold.
constexpr flatbuffers::uoffset_t record_tables_max = 65'536;
constexpr std::size_t message_bytes_min = 16;

/// Every block is overwritten before it is freed, also those the builder grows out of.
class WipingAllocator : public flatbuffers::Allocator {
 public:
  std::uint8_t* allocate(std::size_t size) override { return new std::uint8_t[size]; }
  void deallocate(std::uint8_t* block, std::size_t size) override {
    ::explicit_bzero(block, size);
    delete[] block;
  }
};

template <class Root, class Native>
Result<Bytes> pack_as(const Native& message, const char* identifier,
                      std::size_t bytes_max = message_bytes_max) {
  static WipingAllocator allocator;
  flatbuffers::FlatBufferBuilder builder(512, &allocator);
  builder.Finish(Root::Pack(builder, &message), identifier);
  if constexpr (std::is_same_v<Root, schema::CommandMessage>)
    schema::empty_cleared_texts(*flatbuffers::GetRoot<Root>(builder.GetBufferPointer()));
  if (builder.GetSize() > bytes_max) {
    return std::unexpected(Error{ErrorKind::usage,
                                 "The message has " + std::to_string(builder.GetSize()) +
                                     " bytes; the daemon takes at most " +
                                     std::to_string(bytes_max) + ".",
                                 "Send less at once."});
  }
  return std::make_shared<const flatbuffers::DetachedBuffer>(builder.Release());
}

Error not_an_answer(std::string_view what) {
  return {ErrorKind::protocol, "The answer is not one of this protocol: " + std::string(what) + ".",
          "Check that the address is a Postern daemon's and that its version fits this client."};
}

/// Aligned bytes whose structure has been verified.
class Verified {
 public:
  template <class Root>
  static Result<Verified> make(const void* bytes, std::size_t size, const char* identifier,
                               flatbuffers::uoffset_t tables_max) {
    if (size < message_bytes_min || size > answer_bytes_max)
      return std::unexpected(not_an_answer("its size is " + std::to_string(size) + " bytes"));
    Verified verified;
    verified.copy_.resize((size + sizeof(Block) - 1) / sizeof(Block));
    std::memcpy(verified.copy_.data(), bytes, size);
    if (!flatbuffers::BufferHasIdentifier(verified.copy_.data(), identifier))
      return std::unexpected(not_an_answer("it has another identifier"));
    const auto* start = reinterpret_cast<const std::uint8_t*>(verified.copy_.data());
    flatbuffers::Verifier verifier(start, size, depth_max, tables_max);
    if (!verifier.VerifyBuffer<Root>(identifier))
      return std::unexpected(not_an_answer("its structure is damaged"));
    return verified;
  }

  template <class Root>
  const Root& root() const {
    return *flatbuffers::GetRoot<Root>(copy_.data());
  }

 private:
  struct alignas(16) Block {
    std::byte bytes[16];
  };
  std::vector<Block> copy_;
};

/// Where empty text means something, the object says so.
void mark_cleared(const schema::HistoryPage& page, schema::HistoryPageT& native) {
  const auto* plan = page.body_as_UndoPlan();
  if (plan != nullptr) schema::mark_cleared_texts(*plan, *native.body.AsUndoPlan());
}
void mark_cleared(const schema::Receipt&, schema::ReceiptT&) {}
void mark_cleared(const schema::Answer&, schema::AnswerT&) {}

/// The verifier takes an unknown kind for valid, and a kind without its value too.
template <class Union, class Enum>
bool understood(const Union& body, Enum last) {
  return body.type <= last && (body.type == Enum::NONE) == (body.value == nullptr);
}

bool understood(const std::vector<std::unique_ptr<schema::EventT>>& events) {
  for (const auto& event : events)
    if (!understood(event->body, schema::EventBody::MAX)) return false;
  return true;
}

bool understood(const schema::ReceiptT& receipt) { return understood(receipt.events); }
bool understood(const schema::AnswerT& answer) {
  return understood(answer.body, schema::AnswerBody::MAX);
}
bool understood(const schema::HistoryPageT& page) {
  if (!understood(page.body, schema::HistoryPageBody::MAX)) return false;
  const auto* plan = page.body.AsUndoPlan();
  return plan == nullptr || std::ranges::all_of(plan->commands, [](const auto& command) {
           return understood(command->body, schema::CommandBody::MAX);
         });
}

}  // namespace

Result<Bytes> pack(const schema::CommandMessageT& message, const Key* signing_seed) {
  const bool imports = message.commands.size() == 1 && message.commands[0] != nullptr &&
                       message.commands[0]->body.type == schema::CommandBody::ImportRanges;
  auto packed = pack_as<schema::CommandMessage>(message, schema::command_message_identifier,
                                                imports ? import_bytes_max : message_bytes_max);
  if (packed && signing_seed != nullptr)
    sign(std::span(const_cast<std::uint8_t*>((*packed)->data()), (*packed)->size()), *signing_seed);
  return packed;
}

Result<Bytes> pack(const schema::QueryT& query) {
  return pack_as<schema::Query>(query, schema::query_identifier);
}

Result<Bytes> pack(const schema::HistoryRequestT& request) {
  return pack_as<schema::HistoryRequest>(request, schema::history_request_identifier);
}

template <class Conversation>
Result<typename Conversation::Answer> unpack(std::span<const std::byte> bytes) {
  using Answer = typename Conversation::Answer;
  using Root = typename Answer::TableType;
  const auto verified = Verified::make<Root>(
      bytes.data(), bytes.size(), Conversation::answer_identifier, Conversation::tables_max);
  if (!verified) return std::unexpected(verified.error());
  const Root& root = verified->template root<Root>();
  if (root.version() != schema::protocol_version &&
      root.code() != schema::Code::version_unsupported) {
    return std::unexpected(Error{ErrorKind::protocol,
                                 "The daemon answers in protocol version " +
                                     std::to_string(root.version()) + "; this client speaks " +
                                     std::to_string(schema::protocol_version) + ".",
                                 "Use a client of the daemon's version."});
  }
  Answer answer;
  root.UnPackTo(&answer);
  if (!understood(answer))
    return std::unexpected(not_an_answer("it holds something this client does not know"));
  mark_cleared(root, answer);
  return answer;
}

template Result<schema::ReceiptT> unpack<CommandConversation>(std::span<const std::byte>);
template Result<schema::AnswerT> unpack<QueryConversation>(std::span<const std::byte>);
template Result<schema::HistoryPageT> unpack<HistoryConversation>(std::span<const std::byte>);

Result<schema::RecordT> unpack_record(std::span<const std::uint8_t> bytes) {
  const auto verified = Verified::make<schema::Record>(
      bytes.data(), bytes.size(), schema::record_identifier, record_tables_max);
  if (!verified) return std::unexpected(verified.error());
  schema::RecordT record;
  verified->root<schema::Record>().UnPackTo(&record);
  if (!understood(record.events))
    return std::unexpected(not_an_answer("a record holds an event this client does not know"));
  return record;
}

Ticket ticket_of(const schema::ReceiptT& receipt) {
  return receipt.id ? Ticket{receipt.id->high(), receipt.id->low()} : Ticket{};
}
Ticket ticket_of(const schema::AnswerT& answer) { return {0, answer.id}; }
Ticket ticket_of(const schema::HistoryPageT& page) { return {0, page.id}; }

namespace {

const auto wipe_each = [](std::string_view, std::string& text) { wipe(text); };

}  // namespace

void wipe_secrets(schema::CommandMessageT& message) { visit_secrets(message, wipe_each); }
void wipe_secrets(schema::QueryT& query) { visit_secrets(query, wipe_each); }
void wipe_secrets(schema::HistoryRequestT& request) { visit_secrets(request, wipe_each); }

schema::CredentialUnion* credential_of(schema::QueryT& query) {
  if (auto* authenticate = query.body.AsAuthenticate()) return &authenticate->credential;
  if (auto* check = query.body.AsCheck()) return &check->credential;
  return nullptr;
}

bool carries_password(schema::QueryT& query) {
  const auto* credential = credential_of(query);
  return credential != nullptr && credential->type == schema::Credential::PasswordCredential;
}

}  // namespace postern::client
