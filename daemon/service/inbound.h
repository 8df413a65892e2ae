// The gate for untrusted bytes (hard fact 15): size, alignment, identifier, form, version.
// Generated accessors are reached through it alone.
#pragma once

#include <cstring>
#include <expected>
#include <span>
#include <vector>

#include "command_generated.h"
#include "daemon/credential/secret.h"
#include "daemon/domain/ids.h"
#include "daemon/platform/peer.h"
#include "history_generated.h"
#include "query_generated.h"
#include "schema/identifiers.h"

namespace postern::service {

using domain::Uuid;
using platform::Peer;

/// A message as transport hands it over; valid during the call. The payload's secrets are wiped in
/// place.
struct Inbound {
  const Peer& peer;
  std::string_view identity;
  std::span<std::byte> payload;
};

struct MessageLimits {
  std::size_t bytes_max;
  flatbuffers::uoffset_t tables_max;
};

/// Batches and check-many may have 1 MiB, one import of ranges 4 MiB beside its other fields; what
/// is single otherwise is held to 64 KiB where its kind is known.
inline constexpr std::size_t single_bytes_max = 65'536;
inline constexpr std::size_t batch_bytes_max = 1'048'576;
inline constexpr MessageLimits command_limits{4 * 1'048'576 + single_bytes_max, 16'384};
inline constexpr MessageLimits query_limits{1'048'576, 16'384};
inline constexpr MessageLimits history_limits{65'536, 64};

/// An aligned copy of a message that passed the gate; wipes itself, because it may hold secrets.
template <class Root>
class Opened {
 public:
  explicit Opened(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  Opened(Opened&&) noexcept = default;
  Opened& operator=(Opened&&) noexcept = default;
  ~Opened() { credential::wipe(bytes_); }

  const Root& operator*() const { return *flatbuffers::GetRoot<Root>(bytes_.data()); }
  const Root* operator->() const { return &**this; }
  std::span<std::byte> bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

schema::ProblemT make_problem(schema::Code code, std::string_view field,
                              std::string_view detail = {});

/// "The limit is 65536 bytes, found 70000."
std::string limit_and_size(std::size_t limit, std::size_t size);

/// What accessors follow lies within `bytes`, which are aligned.
template <class Root>
bool is_well_formed(std::span<const std::byte> bytes, const char* identifier,
                    MessageLimits limits) {
  constexpr flatbuffers::uoffset_t depth_max = 16;
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                                 depth_max, limits.tables_max);
  return verifier.VerifyBuffer<Root>(identifier);
}

template <class Root>
std::expected<Opened<Root>, schema::ProblemT> open_message(std::span<const std::byte> payload,
                                                           const char* identifier,
                                                           MessageLimits limits) {
  using schema::Code;
  constexpr std::size_t header_bytes = 8;
  if (payload.size() > limits.bytes_max)
    return std::unexpected(
        make_problem(Code::too_large, "", limit_and_size(limits.bytes_max, payload.size())));
  if (payload.size() < header_bytes)
    return std::unexpected(make_problem(Code::malformed_message, ""));
  // The allocator aligns to 16, ZeroMQ does not.
  std::vector<std::byte> bytes(payload.begin(), payload.end());
  if (!flatbuffers::BufferHasIdentifier(bytes.data(), identifier))
    return std::unexpected(make_problem(Code::wrong_identifier, ""));
  if (!is_well_formed<Root>(bytes, identifier, limits)) {
    credential::wipe(bytes);
    return std::unexpected(make_problem(Code::malformed_message, ""));
  }
  Opened<Root> opened(std::move(bytes));
  if (opened->version() != schema::protocol_version)
    return std::unexpected(
        make_problem(Code::version_unsupported, "version",
                     "This daemon speaks 1, found " + std::to_string(opened->version()) + "."));
  return opened;
}

/// A secret of an opened message; an empty one is none.
std::optional<credential::Secret> copy_secret(const flatbuffers::String* text);

/// Where it lies in its opened message, to be wiped there. A crafted message lets other parts lie
/// in the same bytes: before anything else of it is read, `is_well_formed` is to be asked again.
std::span<std::byte> place_of_secret(const flatbuffers::String& text);

}  // namespace postern::service
