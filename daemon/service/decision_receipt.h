// H5: what an answer said, signed, so that it can be held against the journal years later.
#pragma once

#include <span>
#include <string>

#include "daemon/credential/key_store.h"
#include "daemon/journal/journal.h"
#include "daemon/service/asking.h"
#include "daemon/service/bearer.h"
#include "daemon/service/checked_answer.h"

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

/// Of an answer that is finished, to it; nothing where none was asked for.
void add_receipt(CheckedAnswer& answer, const credential::KeyStore& keys,
                 const ReceiptFacts& facts);

/// What is signed: a heading that no other signed text begins with, and the receipt's bytes.
std::vector<std::byte> signed_text_of(std::span<const std::uint8_t> receipt);

}  // namespace postern::service
