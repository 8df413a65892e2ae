// What state and views hold: immutable values, replaced as a whole when an event changes them.
// The writer makes them in apply; others read them through plain pointers. Each fact names the
// seq of the record that caused it, so that explain can show who, when and why.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/grants.h"
#include "daemon/domain/ids.h"
#include "daemon/domain/network.h"
#include "daemon/domain/ref_counted.h"
#include "daemon/domain/sealed_bytes.h"
#include "daemon/domain/use.h"
#include "event_generated.h"

namespace postern::domain {

using Bytes = std::vector<std::uint8_t>;

/// A6, A7.
struct CatalogueAction {
  std::string name;
  std::string description = {};
  std::vector<std::string> implies = {};
  std::string warning = {};
  /// Compiled: all actions whose holders may do this too, by way of others too.
  std::vector<std::string> implied_by = {};

  bool operator==(const CatalogueAction&) const = default;
};

struct CatalogueResource {
  /// With its kind.
  std::string path;
  std::string description = {};
  bool open = false;
  std::string warning = {};
  /// Neither: an event of version 0.1 did not say; as open as the kind.
  bool closed = false;

  bool operator==(const CatalogueResource&) const = default;
};

/// A7: what a tenant knows of one kind of resource.
struct CatalogueKind {
  std::string name;
  std::vector<CatalogueAction> actions;
  bool open = true;
  std::string description = {};
  /// By path.
  std::vector<CatalogueResource> resources = {};
  /// Compiled: places of the resources that warn.
  std::vector<std::uint32_t> warned = {};
  /// Compiled: some resource is closed, so that an open kind does not know all below it.
  bool closes_some = false;

  bool operator==(const CatalogueKind&) const = default;
};

/// See catalogue.h.
using Catalogue = std::vector<CatalogueKind>;

struct NamedRoles;

struct Tenant : RefCounted<Tenant> {
  Uuid id;
  std::string alias;
  std::string display_name;
  schema::PoliciesT policies;
  /// A7; shared, as it may be large; never null.
  std::shared_ptr<const Catalogue> catalogue = std::make_shared<const Catalogue>();
  /// N1: of the policies; null: any.
  Networks networks;
  /// A8; null: none.
  std::shared_ptr<const NamedRoles> roles;
  bool enabled = true;
  Seq created_seq = 0;
  /// The newest enabling or disabling; 0: none.
  Seq status_seq = 0;
  /// T2: the newest disabling, and its place in its record; 0: none.
  Seq disabled_seq = 0;
  std::uint16_t disabled_index = 0;
  /// What set the policies in force.
  Seq policies_seq = 0;
  /// K2: the newest that changed any of this. In no canonical form; a snapshot keeps it beside.
  Seq changed_seq = 0;
  /// S2: sessions made before this record are dead; 0: none are.
  Seq session_epoch = 0;
};

struct KeyReference {
  std::uint32_t file = 0;
  std::uint16_t slot = 0;
  std::array<std::uint8_t, 32> commitment{};
};

/// A8: a named set of grants of one tenant.
struct NamedRole {
  Uuid id;
  std::string name;
  std::string description;
  Seq created_seq = 0;
  SharedGrants grants;
  /// The roles it holds itself.
  std::vector<Uuid> inner;
};

/// All roles of a tenant, by id and by name.
struct NamedRoles {
  std::vector<std::shared_ptr<const NamedRole>> by_id;
  std::vector<std::shared_ptr<const NamedRole>> by_name;
};

/// A list that copies share.
template <class T>
class Shared {
 public:
  Shared() = default;
  Shared(std::vector<T> items)
      : items_(items.empty() ? nullptr : std::make_shared<const std::vector<T>>(std::move(items))) {
  }
  Shared(std::initializer_list<T> items) : Shared(std::vector<T>(items)) {}

  const T* data() const { return items_ == nullptr ? nullptr : items_->data(); }
  std::size_t size() const { return items_ == nullptr ? 0 : items_->size(); }
  bool empty() const { return items_ == nullptr; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  bool operator==(const Shared& other) const {
    return items_ == other.items_ || std::ranges::equal(*this, other);
  }

 private:
  /// Null: none.
  std::shared_ptr<const std::vector<T>> items_;
};

/// C8.
struct Narrowing {
  std::string action;
  std::string resource;

  bool operator==(const Narrowing&) const = default;
};

struct ApiKey {
  Uuid id;
  std::string name;
  /// Of the secret, under a key of the key store.
  std::array<std::uint8_t, 32> hash{};
  /// 0: none.
  std::int64_t expires_ns = 0;
  /// Empty: all of the user's grants.
  Shared<Narrowing> narrowed_to;
  Seq created_seq = 0;

  bool operator==(const ApiKey&) const = default;
};

struct RoleHeld {
  Uuid role;
  Seq seq = 0;

  bool operator==(const RoleHeld&) const = default;
};

/// S3: remembered until no token of it can live.
struct EndedSession {
  Uuid session;
  std::int64_t until_ns = 0;

  bool operator==(const EndedSession&) const = default;
};

/// What few users have. Replaced as a whole.
struct UserExtras : RefCounted<UserExtras> {
  /// C5: wrong passwords in a row.
  std::uint32_t failures = 0;
  // ---- settings
  /// N2; null: any.
  Networks networks;
  bool skip_ip_check = false;
  bool secure_transport_required = false;
  bool api_logging = false;
  /// S1; 0: the tenant's.
  std::uint32_t session_timeout_seconds = 0;
  /// 0: as created.
  Seq settings_seq = 0;
  // ---- locks
  /// C5: what locked it for wrong passwords; 0: not locked so.
  Seq passwords_lock_seq = 0;
  /// C6: when that was.
  std::int64_t passwords_lock_ns = 0;
  /// U9: what locked it by an operator's command; 0: not locked so.
  Seq operator_lock_seq = 0;
  // ---- credentials
  /// S2: sessions made before this record are dead; 0: none are.
  Seq session_epoch = 0;
  /// C7: null: none.
  Sealed sealed_old_password;
  std::int64_t old_password_until_ns = 0;
  /// C8: in the order they were made.
  std::vector<ApiKey> keys;
  std::vector<EndedSession> ended_sessions;
  // ---- roles: in the order they were assigned
  std::vector<RoleHeld> roles;
  // ---- U11; 0: not erased. What was sealed is not kept from then on
  Seq erased_seq = 0;
  // ---- D1; null: not yet recorded
  std::shared_ptr<const UseSum> use;

  /// What is shared is compared by its place: enough to tell a default one.
  bool operator==(const UserExtras&) const = default;
};

/// Which records set what few users ever change. Replaced as a whole.
struct UserMarks : RefCounted<UserMarks> {
  Seq status_seq = 0;
  Seq api_access_seq = 0;
  /// T2: the newest event that clears a lock by tenant: creation, reset, unlock without a password.
  Seq tenant_lock_cleared_seq = 0;

  bool operator==(const UserMarks&) const = default;
};

/// There may be millions: each byte counts (README).
struct User : RefCounted<User> {
  schema::UserStatus status = schema::UserStatus::unset;
  bool api_access = false;
  /// The place in its record of what clears a lock by tenant, as one batch can hold it and a
  /// disabling.
  std::uint16_t tenant_lock_cleared_index = 0;
  KeyReference key;
  Uuid id;
  Uuid tenant;
  std::string username;
  /// U13.
  std::uint64_t version = 0;
  Seq created_seq = 0;
  /// What set the password in force; the credential version. 0: there is none.
  Seq password_seq = 0;
  /// The newest event about this user: its link.
  Seq last_seq = 0;
  /// U13: the newest that an operator's command caused, as the version counts them. In no canonical
  /// form; a snapshot keeps it beside.
  Seq changed_seq = 0;
  /// Null: the record that made it. See `marks_of`.
  boost::intrusive_ptr<const UserMarks> marks;
  Sealed sealed_profile;
  Sealed sealed_password;
  SharedGrants grants;
  /// Null: as a default one.
  boost::intrusive_ptr<const UserExtras> extras;
};

extern const UserExtras no_extras;
inline const UserExtras& extras_of(const User& user) {
  return user.extras == nullptr ? no_extras : *user.extras;
}
/// Those of a user that has none: the record that made it set all.
inline UserMarks marks_of(const User& user) {
  if (user.marks != nullptr) return *user.marks;
  UserMarks made;
  made.status_seq = made.api_access_seq = made.tenant_lock_cleared_seq = user.created_seq;
  return made;
}
void set_marks(User& user, const UserMarks& marks);
/// U11: its key is destroyed, or about to be; nothing sealed for it is to be opened any more.
bool is_erased(const User& user);

struct Operator : RefCounted<Operator> {
  Uuid id;
  std::string name;
  schema::Role role = schema::Role::none;
  std::vector<std::array<std::uint8_t, 32>> keys;
  std::optional<std::uint32_t> uid;
  bool all_tenants = false;
  /// In id order.
  std::vector<Uuid> tenants;
  bool vouches = false;
  /// O4: Ed25519.
  std::vector<std::array<std::uint8_t, 32>> signing_keys;
  Seq added_seq = 0;
  Seq changed_seq = 0;
};

/// This journal was made of a copy of another (H7): its records before `seq` are the copy's.
struct Restoration {
  Uuid id;
  Seq seq = 0;
};

/// Copies of what lies here, and what this is a copy of.
struct Copies : RefCounted<Copies> {
  /// U11: until when the last copy of the keys is kept; 0: there is none.
  std::int64_t keys_kept_until_ns = 0;
  /// In order.
  std::vector<Restoration> restorations;
};

/// Whether the tenant lies in the operator's scope; what does not is as if it did not exist (O2).
bool in_scope(const Operator& asker, const Uuid& tenant);
/// O1: who may do what concerns the installation; there is always one.
bool is_owner_of_all(const Operator& entry);
/// O2: whether all that one operator reaches lies in the other's scope.
bool lies_within(const Operator& entry, const Operator& asker);

/// How transport names who sent a message: "curve:" and 64 hexadecimal digits; "uid:" and a number.
std::string identity_of_key(std::span<const std::uint8_t> key);
std::string identity_of_uid(std::uint32_t uid);
std::vector<std::string> identities_of(const Operator& entry);

/// U9: the causes for which a user is locked now, each with the record that caused it.
struct Lock {
  schema::LockCause cause;
  Seq seq;
  /// C6: when it opens by itself; 0: never.
  std::int64_t until_ns = 0;
};
std::vector<Lock> locks_of(const Tenant& tenant, const User& user, std::int64_t now_ns);
bool is_locked(const Tenant& tenant, const User& user, std::int64_t now_ns);
/// C5: for wrong passwords, and not open again by its time (C6).
bool is_locked_by_passwords(const Tenant& tenant, const User& user, std::int64_t now_ns);

bool is_expired(const ApiKey& key, std::int64_t now_ns);
/// C8: null if the user has no such key.
const ApiKey* find_key(const User& user, const Uuid& key);
const ApiKey* find_key(const User& user, std::string_view name);

/// U1: names are compared without regard to case.
bool equal_names(std::string_view left, std::string_view right);
std::size_t hash_of_name(std::string_view name);
std::string fold_name(std::string_view name);

}  // namespace postern::domain
