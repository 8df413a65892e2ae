// The gate for what comes back: bytes to native types, or an Error. Nothing generated is touched
// before it. Order: size, aligned copy, identifier, structure under limits, version, then meaning
// (known unions).
#pragma once

#include <flatbuffers/flatbuffers.h>

#include "schema/identifiers.h"
#include "schema/resending.h"
#include "tools/client/client.h"

namespace postern::client {

inline constexpr std::size_t message_bytes_max = 1'048'576;
/// One import of a provider's ranges.
inline constexpr std::size_t import_bytes_max = 4 * 1'048'576 + 65'536;
inline constexpr std::size_t answer_bytes_max = 8 * 1'048'576;

/// A serialized message; wiped when the last owner lets go.
using Bytes = std::shared_ptr<const flatbuffers::DetachedBuffer>;

/// How a lane finds the pending message of an answer; questions and pages leave `high` at 0.
struct Ticket {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const Ticket&) const = default;
};

// The three conversations: types, identifiers, the most tables an answer within its limits can
// hold, whether a sending does something, and which answers the client waits out by itself.

struct CommandConversation {
  using Request = schema::CommandMessageT;
  using Answer = schema::ReceiptT;
  static constexpr const char* request_identifier = schema::command_message_identifier;
  static constexpr const char* answer_identifier = schema::receipt_identifier;
  static constexpr flatbuffers::uoffset_t tables_max = 65'536;
  static constexpr bool acts = true;
  static constexpr bool is_sent_again(schema::Code code) {
    return schema::resending_of(code) == schema::Resending::try_again;
  }
};

/// A wait that was given and is over is an answer.
constexpr bool is_asked_again(schema::Code code) {
  return code != schema::Code::not_yet && CommandConversation::is_sent_again(code);
}

struct QueryConversation {
  using Request = schema::QueryT;
  using Answer = schema::AnswerT;
  static constexpr const char* request_identifier = schema::query_identifier;
  static constexpr const char* answer_identifier = schema::answer_identifier;
  /// 10,000 decisions of three tables each.
  static constexpr flatbuffers::uoffset_t tables_max = 32'768;
  static constexpr bool acts = false;
  static constexpr bool is_sent_again(schema::Code code) { return is_asked_again(code); }
};

struct HistoryConversation {
  using Request = schema::HistoryRequestT;
  using Answer = schema::HistoryPageT;
  static constexpr const char* request_identifier = schema::history_request_identifier;
  static constexpr const char* answer_identifier = schema::history_page_identifier;
  /// A user with 10,000 grants of four tables each.
  static constexpr flatbuffers::uoffset_t tables_max = 65'536;
  static constexpr bool acts = false;
  static constexpr bool is_sent_again(schema::Code code) { return is_asked_again(code); }
};

/// `usage` if it is larger than the daemon takes.
/// `signing_seed`: signs the command (O4); null: it stays unsigned.
Result<Bytes> pack(const schema::CommandMessageT& message, const Key* signing_seed = nullptr);
Result<Bytes> pack(const schema::QueryT& query);
Result<Bytes> pack(const schema::HistoryRequestT& request);

template <class Conversation>
Result<typename Conversation::Answer> unpack(std::span<const std::byte> bytes);

Result<schema::RecordT> unpack_record(std::span<const std::uint8_t> bytes);

Ticket ticket_of(const schema::ReceiptT& receipt);
Ticket ticket_of(const schema::AnswerT& answer);
Ticket ticket_of(const schema::HistoryPageT& page);

void wipe_secrets(schema::CommandMessageT& message);
void wipe_secrets(schema::QueryT& query);
void wipe_secrets(schema::HistoryRequestT& request);

/// Null where the kind of question has none.
schema::CredentialUnion* credential_of(schema::QueryT& query);

/// The question verifies a password: each time it is sent may count as an attempt (C5).
bool carries_password(schema::QueryT& query);

}  // namespace postern::client
