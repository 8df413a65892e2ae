#include "daemon/domain/entries.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "daemon/domain/equal_texts.h"

namespace postern::domain {

constinit const UserExtras no_extras;

bool is_erased(const User& user) { return extras_of(user).erased_seq != 0; }

bool in_scope(const Operator& asker, const Uuid& tenant) {
  return asker.all_tenants ||
         std::binary_search(asker.tenants.begin(), asker.tenants.end(), tenant, less);
}

bool is_owner_of_all(const Operator& entry) {
  return entry.role == schema::Role::owner && entry.all_tenants;
}

bool lies_within(const Operator& entry, const Operator& asker) {
  if (asker.all_tenants || entry.all_tenants) return asker.all_tenants;
  return std::ranges::all_of(entry.tenants,
                             [&](const Uuid& tenant) { return in_scope(asker, tenant); });
}

std::string identity_of_key(std::span<const std::uint8_t> key) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text = "curve:";
  for (const std::uint8_t byte : key) text += {digits[byte >> 4], digits[byte & 15]};
  return text;
}

std::string identity_of_uid(std::uint32_t uid) { return "uid:" + std::to_string(uid); }

std::vector<std::string> identities_of(const Operator& entry) {
  std::vector<std::string> identities;
  for (const auto& key : entry.keys) identities.push_back(identity_of_key(key));
  if (entry.uid) identities.push_back(identity_of_uid(*entry.uid));
  return identities;
}

void set_marks(User& user, const UserMarks& marks) {
  user.marks.reset();
  if (marks != marks_of(user)) user.marks = make_counted<const UserMarks>(marks);
}

static bool locked_by_tenant(const Tenant& tenant, const User& user) {
  return std::pair(tenant.disabled_seq, tenant.disabled_index) >
         std::pair(marks_of(user).tenant_lock_cleared_seq, user.tenant_lock_cleared_index);
}

/// C6: 0: never.
static std::int64_t passwords_lock_until(const Tenant& tenant, const User& user) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  const std::int64_t seconds = tenant.policies.lock_seconds;
  return seconds == 0 ? 0 : extras_of(user).passwords_lock_ns + seconds * second_ns;
}

bool is_locked_by_passwords(const Tenant& tenant, const User& user, std::int64_t now_ns) {
  if (extras_of(user).passwords_lock_seq == 0) return false;
  const std::int64_t until_ns = passwords_lock_until(tenant, user);
  return until_ns == 0 || now_ns < until_ns;
}

std::vector<Lock> locks_of(const Tenant& tenant, const User& user, std::int64_t now_ns) {
  std::vector<Lock> locks;
  if (is_locked_by_passwords(tenant, user, now_ns))
    locks.push_back({schema::LockCause::passwords, extras_of(user).passwords_lock_seq,
                     passwords_lock_until(tenant, user)});
  if (locked_by_tenant(tenant, user))
    locks.push_back({schema::LockCause::tenant, tenant.disabled_seq});
  if (extras_of(user).operator_lock_seq != 0)
    locks.push_back({schema::LockCause::operator_command, extras_of(user).operator_lock_seq});
  return locks;
}

bool is_locked(const Tenant& tenant, const User& user, std::int64_t now_ns) {
  return extras_of(user).operator_lock_seq != 0 || locked_by_tenant(tenant, user) ||
         is_locked_by_passwords(tenant, user, now_ns);
}

bool is_expired(const ApiKey& key, std::int64_t now_ns) {
  return key.expires_ns != 0 && key.expires_ns <= now_ns;
}

const ApiKey* find_key(const User& user, const Uuid& key) {
  const auto& keys = extras_of(user).keys;
  const auto place = std::ranges::find(keys, key, &ApiKey::id);
  return place == keys.end() ? nullptr : &*place;
}

const ApiKey* find_key(const User& user, std::string_view name) {
  const auto& keys = extras_of(user).keys;
  const auto place = std::ranges::find(keys, name, &ApiKey::name);
  return place == keys.end() ? nullptr : &*place;
}

/// Usernames are ASCII (U1), so folding needs no locale.
static char fold(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                              : character;
}

bool equal_names(std::string_view left, std::string_view right) {
  return left.size() == right.size() &&
         (equal_texts(left, right) || std::ranges::equal(left, right, {}, fold, fold));
}

/// Up to eight bytes as a number, in which capitals are as small letters. Other bytes that differ
/// in that bit alone are alike too: such names share a hash, which is no harm.
static std::uint64_t word_of(const char* at, std::size_t size) {
  constexpr std::uint64_t small_letters = 0x2020202020202020U;
  std::uint64_t word = 0;
  if (size >= 8) {
    std::memcpy(&word, at, 8);
  } else if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, at, 4);
    std::memcpy(&last, at + size - 4, 4);
    word = first | std::uint64_t{last} << 32;
  } else {
    for (std::size_t place = 0; place < size; ++place)
      word = word << 8 | static_cast<unsigned char>(at[place]);
  }
  return word | small_letters;
}

std::size_t hash_of_name(std::string_view name) {
  std::uint64_t hash = name.size();
  const char* at = name.data();
  std::size_t left = name.size();
  for (; left > 8; at += 8, left -= 8) hash = mix(hash ^ word_of(at, 8)) + 0x9e3779b97f4a7c15U;
  return mix(hash ^ word_of(at, left));
}

std::string fold_name(std::string_view name) {
  std::string folded(name);
  std::ranges::transform(folded, folded.begin(), fold);
  return folded;
}

}  // namespace postern::domain
