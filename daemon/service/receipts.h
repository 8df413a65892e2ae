// Receipts: made from the record alone wherever there is one, so that a repeated one says what the
// first one said (K1).
#pragma once

#include <span>
#include <vector>

#include "command_generated.h"
#include "daemon/credential/secret.h"
#include "daemon/domain/ids.h"

namespace postern::service {

using Message = flatbuffers::DetachedBuffer;

/// C9: a service may not hear of a refused record that there is one, so each of its receipts is
/// that of a refusal that left none.
bool is_hidden(const schema::Record& record);

/// What a record says, events without sealed bytes (K4).
Message repeated_receipt_of(const schema::Record& record);
/// The same for the first time, of the bytes that `domain::seal_record` made; `secrets` are shown
/// by it alone (C8).
Message receipt_of(std::span<const std::uint8_t> record,
                   std::span<const credential::Secret> secrets);

/// Makes one first receipt after the other in the same memory. Owned by one thread at a time.
class ReceiptMaker {
 public:
  /// Behind what is there; what it shows lies nowhere else afterwards.
  void append(std::span<const std::uint8_t> record, std::span<const credential::Secret> secrets,
              std::vector<std::uint8_t>& receipts);

 private:
  flatbuffers::FlatBufferBuilder builder_{1'024};
};

/// For a message that left no record: its problems, or what a dry run would cause.
struct Unrecorded {
  domain::Uuid id;
  std::vector<schema::ProblemT> problems;
  std::vector<schema::EventT> events;
  bool dry_run = false;
  std::uint32_t retry_after_ms = 0;
};
/// `ok`, or what its first problem is.
schema::Code code_of(const Unrecorded& made);
Message receipt_of(Unrecorded made);

/// Texts that strangers chose stand in problems only escaped and cut.
std::vector<flatbuffers::Offset<schema::Problem>> pack_problems(
    flatbuffers::FlatBufferBuilder& builder, std::vector<schema::ProblemT> problems);

}  // namespace postern::service
