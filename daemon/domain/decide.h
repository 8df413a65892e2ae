// The rules: what a command causes, or why not. Pure: time, ids, keys, hashes all come in the
// context (law 5).
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command_generated.h"
#include "daemon/domain/guard.h"
#include "daemon/domain/profile.h"
#include "daemon/domain/state.h"
#include "schema/problem.h"

namespace postern::domain {

/// C12: a hash that a command brings along.
enum class HashBrought : std::uint8_t {
  none,
  /// Of no kind that is verified, or dearer than it may be.
  unknown,
  known,
};

/// What the outside made for one command, because the rules may not: ids, keys, hashes, opened
/// data.
struct Material {
  /// For a new tenant, user, operator or key.
  Uuid new_id;
  /// For a new user.
  KeyReference key;
  /// U2: 12 random base32 characters, for a name that is generated.
  std::string name_part;
  /// Profile and note as the command leaves them, sealed; empty if there is neither.
  Bytes sealed_profile;
  ProfileChange profile_change;
  /// The received secrets; valid during the call.
  std::string_view password;
  std::optional<std::string_view> password_confirmation;
  std::string_view current_password;
  /// The user's e-mail, opened (C1); empty: none.
  std::string email;
  /// The hash of `password`, sealed; empty before hashing: the command is decided without it once,
  /// so that what would be refused is refused before hashing.
  Bytes sealed_password;
  /// C12: with `known` it is in `sealed_password`.
  HashBrought hash_brought = HashBrought::none;
  /// C3: what the check of `current_password` found; absent before it was checked.
  std::optional<bool> current_password_right;
  /// C8: whose new key it is, as its text says, and what is kept of it.
  Uuid key_of;
  std::array<std::uint8_t, 32> key_hash{};
};

/// Who asks, when, in which message.
struct Context {
  std::int64_t now_ns = 0;
  const Operator* asker = nullptr;
  const schema::CommandMessage* message = nullptr;
  /// H11: what the message's guard is held against; null: no call is known beyond the state.
  const Evidence* evidence = nullptr;
};

/// T4: of these a policy that equals the default of today is stored too, so that a later one
/// changes nothing.
constexpr bool stores_defaults(schema::EventBody kind) {
  return kind == schema::EventBody::TenantCreated || kind == schema::EventBody::TenantChanged;
}

/// Events as they will be stored, each packed behind those before it.
struct PackedEvents {
  /// `memory`: where records are made and stay, which it outlives; null: the allocator's.
  explicit PackedEvents(flatbuffers::Allocator* memory = nullptr) : builder(record_bytes, memory) {}

  /// What almost every record fits into, however it is made.
  static constexpr std::size_t record_bytes = 1'024;

  std::size_t size() const { return offsets.size(); }
  bool empty() const { return offsets.empty(); }
  /// Valid until the next is packed.
  const schema::Event& operator[](std::size_t index) const {
    return *reinterpret_cast<const schema::Event*>(builder.GetCurrentBufferPointer() +
                                                   builder.GetSize() - offsets[index].o);
  }
  std::vector<schema::EventT> unpacked() const;
  /// As if there had been none; their memory stays.
  void clear();

  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::Event>> offsets;
};

/// What a decision came to beside its events. Usually there are either events or refusals; there
/// are both where a refusal is itself a fact (C3).
struct Decision {
  std::vector<schema::ProblemT> refusals;
  /// What the rules looked at, and applying the events will copy, beyond what every command does:
  /// grants, roles, resources, texts.
  std::size_t work = 0;
};

/// Decides one command of a message against the state as all before it have left it; its events
/// come behind theirs. `work`: what those before it looked at, on which the decision's goes on.
Decision decide(const State& state, const schema::Command& command, std::uint32_t index,
                const Material& material, const Context& context, PackedEvents& events,
                std::size_t work = 0);

using schema::make_problem;

/// What is wrong with the message as a whole, whatever the state.
std::vector<schema::ProblemT> message_problems(const schema::CommandMessage& message);

/// The user a command names, by id or by name; null if there is none in the tenant.
const User* find_target(const State& state, const Tenant& tenant, const schema::Command& command);

/// The tenant a message names, if the asker may know of it (O2).
const Tenant* find_tenant_in_scope(const State& state, const Operator& asker,
                                   std::string_view alias);

}  // namespace postern::domain
