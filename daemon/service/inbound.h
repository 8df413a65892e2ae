// The gate for untrusted bytes (hard fact 15): size, alignment, identifier, form, what its parts
// come to, version.
// Generated accessors are reached through it alone.
#pragma once

#include <cstring>
#include <expected>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "command_generated.h"
#include "daemon/credential/secret.h"
#include "daemon/domain/decide.h"
#include "daemon/platform/peer.h"
#include "daemon/service/check_form.h"
#include "daemon/service/message_form.h"
#include "history_generated.h"
#include "query_generated.h"
#include "schema/identifiers.h"
#include "schema/problem.h"

namespace postern::service {

using domain::make_problem;
using domain::Uuid;
using platform::Peer;

/// A message as transport hands it over; valid during the call. The payload's secrets are wiped in
/// place.
struct Inbound {
  const Peer& peer;
  std::string_view identity;
  std::span<std::byte> payload;
};

/// Batches and check-many may have 1 MiB, one import of ranges 4 MiB beside its other fields; what
/// is single otherwise is held to 64 KiB where its kind is known. Parts may be shared, so what they
/// come to has a limit of its own, which no message without shared parts reaches: twice an import,
/// sixteen times a check-many (it is read in place), four times a history request.
inline constexpr std::size_t single_bytes_max = 65'536;
inline constexpr std::size_t batch_bytes_max = 1'048'576;
inline constexpr MessageLimits command_limits{4 * 1'048'576 + single_bytes_max, 16'384,
                                              8 * 1'048'576};
inline constexpr MessageLimits query_limits{1'048'576, 16'384, 16 * 1'048'576};
inline constexpr MessageLimits history_limits{65'536, 4'096, 4 * 65'536};

/// An aligned copy of a message that passed the gate; wipes itself, because it may hold secrets.
template <class Root>
class OpenedMessage {
 public:
  /// None yet.
  OpenedMessage() = default;
  explicit OpenedMessage(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  OpenedMessage(OpenedMessage&&) noexcept = default;
  OpenedMessage& operator=(OpenedMessage&&) noexcept = default;
  ~OpenedMessage() { wipe(); }

  /// It was looked at and carries none: nothing is to be wiped.
  void holds_no_secret() { is_secret_ = false; }
  /// Becomes a copy of another, in the memory it has; the one before was closed.
  void copy(std::span<const std::byte> payload) {
    is_secret_ = true;
    bytes_.resize(payload.size());
    std::memcpy(bytes_.data(), payload.data(), payload.size());
  }
  /// It is no longer needed, its memory perhaps.
  void close() { wipe(); }
  /// Its memory, for another; it is empty then.
  std::vector<std::byte> release() {
    wipe();
    return std::move(bytes_);
  }

  const Root& operator*() const { return *flatbuffers::GetRoot<Root>(bytes_.data()); }
  const Root* operator->() const { return &**this; }
  std::span<std::byte> bytes() { return bytes_; }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  void wipe() {
    if (is_secret_ && !bytes_.empty()) credential::wipe(bytes_);
  }

  std::vector<std::byte> bytes_;
  bool is_secret_ = true;
};

/// "The limit is 65536 bytes, found 70000."
std::string limit_and_size(std::size_t limit, std::size_t size);

/// "The limit is 8388608 bytes, found at least 9000000, each part counted wherever it is used."
std::string limit_and_unpacked(std::size_t limit, std::size_t found);

/// Whether what accessors follow lies within `bytes`, which are aligned.
template <class Root>
MessageForm form_of(std::span<const std::byte> bytes, const char* identifier,
                    MessageLimits limits) {
  if constexpr (std::is_same_v<Root, schema::CommandMessage>)
    return form_of_command(bytes, identifier, limits);
  else if constexpr (std::is_same_v<Root, schema::Query>)
    return form_of_query(bytes, identifier, limits);
  else
    return form_of_history_request(bytes, identifier, limits);
}

template <class Root>
bool is_well_formed(std::span<const std::byte> bytes, const char* identifier,
                    MessageLimits limits) {
  return form_of<Root>(bytes, identifier, limits).verdict == MessageForm::Verdict::well_formed;
}

/// Opens it in the memory that `opened` has; what is wrong, if something is. `judge` says what the
/// copy's form is.
template <class Root, class Judge>
std::optional<schema::ProblemT> open_into(OpenedMessage<Root>& opened,
                                          std::span<const std::byte> payload,
                                          const char* identifier, MessageLimits limits,
                                          Judge judge) {
  using schema::Code;
  constexpr std::size_t header_bytes = 8;
  constexpr std::size_t identifier_at = 4;
  constexpr std::size_t identifier_bytes = 4;
  if (payload.size() > limits.bytes_max)
    return make_problem(Code::too_large, "", limit_and_size(limits.bytes_max, payload.size()));
  if (payload.size() < header_bytes) return make_problem(Code::malformed_message, "");
  if (std::memcmp(payload.data() + identifier_at, identifier, identifier_bytes) != 0)
    return make_problem(Code::wrong_identifier, "");
  // The allocator aligns to 16, ZeroMQ does not.
  opened.copy(payload);
  const MessageForm form = judge(std::span<const std::byte>(opened.bytes()));
  if (form.verdict != MessageForm::Verdict::well_formed)
    return form.verdict == MessageForm::Verdict::malformed
               ? make_problem(Code::malformed_message, "")
               : make_problem(Code::too_large, "",
                              limit_and_unpacked(limits.unpacked_max, form.unpacked_bytes));
  if (opened->version() != schema::protocol_version)
    return make_problem(Code::version_unsupported, "version",
                        "This daemon speaks 1, found " + std::to_string(opened->version()) + ".");
  return std::nullopt;
}

template <class Root>
std::expected<OpenedMessage<Root>, schema::ProblemT> open_message(
    std::span<const std::byte> payload, const char* identifier, MessageLimits limits) {
  OpenedMessage<Root> opened;
  auto problem = open_into(
      opened, payload, identifier, limits,
      [&](std::span<const std::byte> bytes) { return form_of<Root>(bytes, identifier, limits); });
  if (problem) return std::unexpected(*std::move(problem));
  return opened;
}

/// A command. `room`: memory that is used for the copy.
inline std::expected<OpenedMessage<schema::CommandMessage>, schema::ProblemT> open_command(
    std::span<const std::byte> payload, KnownForms& forms, std::vector<std::byte> room) {
  OpenedMessage<schema::CommandMessage> opened(std::move(room));
  auto problem =
      open_into(opened, payload, schema::command_message_identifier, command_limits,
                [&](std::span<const std::byte> bytes) { return forms.form_of_command(bytes); });
  if (problem) return std::unexpected(*std::move(problem));
  return opened;
}

/// A query. `parts`: those of a check that were found in the payload, of the copy then; null: it is
/// none, or not of the usual form.
inline std::optional<schema::ProblemT> open_query(OpenedMessage<schema::Query>& opened,
                                                  std::span<const std::byte> payload,
                                                  CheckParts* parts) {
  if (parts == nullptr)
    return open_into(opened, payload, schema::query_identifier, query_limits,
                     [](std::span<const std::byte> bytes) {
                       return form_of_query(bytes, schema::query_identifier, query_limits);
                     });
  opened.copy(payload);
  parts->move(payload.data(), opened.bytes().data());
  return std::nullopt;
}

/// A secret of an opened message; an empty one is none.
std::optional<credential::Secret> copy_secret(const flatbuffers::String* text);

/// Where it lies in its opened message, to be wiped there. A crafted message lets other parts lie
/// in the same bytes: before anything else of it is read, `is_well_formed` is to be asked again.
std::span<std::byte> place_of_secret(const flatbuffers::String& text);

}  // namespace postern::service
