// H5: what an answer said, signed, so that it can be held against the journal years later.
#pragma once

#include <span>
#include <string>

#include "daemon/credential/key_store.h"
#include "daemon/journal/journal.h"
#include "daemon/service/asking.h"
#include "daemon/service/bearer.h"

namespace postern::service {

/// Signing takes some 15 microseconds, and the answer twice its bytes.
inline constexpr std::size_t receipt_questions_max = 100;

/// What a receipt says beside its decisions.
struct ReceiptFacts {
  /// The name that checkpoints are signed under.
  const std::string& journal;
  const Asking& asking;
  const Bearer& bearer;
  journal::Head head;
  std::int64_t time_ns = 0;
};

using PackedDecisions = std::span<const flatbuffers::Offset<schema::Decision>>;

/// Into the answer's builder, which holds the decisions; nothing where none was asked for.
flatbuffers::Offset<schema::SignedReceipt> pack_receipt(flatbuffers::FlatBufferBuilder& builder,
                                                        const credential::KeyStore& keys,
                                                        const ReceiptFacts& facts,
                                                        PackedDecisions decisions);

/// What is signed: a heading that no other signed text begins with, and the receipt's bytes.
std::vector<std::byte> signed_text_of(std::span<const std::uint8_t> receipt);

}  // namespace postern::service
