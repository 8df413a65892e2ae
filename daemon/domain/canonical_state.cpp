#include "daemon/domain/canonical_state.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "daemon/domain/catalogue.h"
#include "daemon/domain/grammar.h"
#include "daemon/domain/replica_entries.h"
#include "daemon/domain/roles.h"

namespace postern::domain {

namespace {

/// Each before the next; what is looked up by binary search must be.
template <class Entries, class Key, class Before>
bool is_ascending(const Entries& entries, Key key_of, Before before) {
  return std::ranges::adjacent_find(entries, [&](const auto& left, const auto& right) {
           return !before(std::invoke(key_of, left), std::invoke(key_of, right));
         }) == entries.end();
}

/// Makes again what is derived.
class EntryReader : public CanonicalReader {
 public:
  EntryReader(const Source& source, State& state) : CanonicalReader(source), state_(state) {}

  void shared_text(const std::string*& value) {
    const std::string_view text = view();
    const std::string*& recent = recent_[std::hash<std::string_view>{}(text) % recent_.size()];
    if (recent == nullptr || *recent != text) recent = state_.intern(text);
    value = recent;
  }

  Networks compiled(const std::vector<std::string>& entries);
  std::shared_ptr<const Grants> compiled(LooseGrants grants);
  std::shared_ptr<const NamedRoles> compiled(std::vector<NamedRole> roles);
  std::shared_ptr<const Catalogue> compiled(Catalogue catalogue);

 private:
  State& state_;
  /// What grants share: millions of them name the same few thousand texts.
  std::vector<const std::string*> recent_ = std::vector<const std::string*>(1 << 14);
};

Networks EntryReader::compiled(const std::vector<std::string>& entries) {
  // One that holds no address.
  if (entries.empty()) return std::make_shared<const NetworkList>();
  auto made = compile(entries);
  if (!made) {
    fail("a list of networks cannot be compiled");
    return nullptr;
  }
  if ((*made)->entries != entries) fail("a network is written in another form");
  return *made;
}

std::shared_ptr<const Grants> EntryReader::compiled(LooseGrants grants) {
  if (!good() || grants.sorted.empty()) return no_grants();
  std::size_t plain_count = 0;
  for (Grant& grant : grants.sorted) {
    grant.wildcard = grant.resource->find('*') != std::string::npos;
    plain_count += grant.wildcard ? 0 : 1;
  }
  if (!is_ascending(grants.sorted, std::identity(), precedes)) fail("grants are out of order");
  const auto name_of = [](const ConditionsOfGrant& entry) {
    return std::pair(entry.seq, entry.index);
  };
  std::ranges::sort(grants.conditions, {}, name_of);
  if (!is_ascending(grants.conditions, name_of, std::less())) fail("two grants have one name");
  auto made = std::make_shared<Grants>(Chunked(std::move(grants.sorted)), plain_count,
                                       Chunked(std::move(grants.conditions)));
  mark(*made);
  return made;
}

std::shared_ptr<const NamedRoles> EntryReader::compiled(std::vector<NamedRole> roles) {
  if (!good()) return nullptr;
  if (roles.empty() || !is_ascending(roles, &NamedRole::id, less)) fail("roles are out of order");
  if (!good()) return nullptr;
  auto made = with_roles(std::move(roles));
  if (!is_ascending(
          made->by_name, [](const auto& role) -> const std::string& { return role->name; },
          std::less()))
    fail("two roles have one name");
  if (!good()) return nullptr;
  if (has_ring(*made)) fail("roles hold each other");
  return made;
}

std::shared_ptr<const Catalogue> EntryReader::compiled(Catalogue catalogue) {
  for (const CatalogueKind& kind : catalogue)
    if (!is_ascending(kind.resources, &CatalogueResource::path, std::less()))
      fail("resources are out of order");
  return domain::compiled(std::move(catalogue));
}

/// Reads entry after entry into the state.
class StateReading {
 public:
  StateReading(const Source& source, const JournalPlace& place, State& state)
      : in_(source, state), place_(place), state_(state) {}

  /// Empty: all was read.
  std::string run() {
    const Kind* kind = std::begin(kinds);
    while (!in_.at_end()) {
      std::uint64_t tag = 0;
      in_.number(tag);
      const Kind* found = std::ranges::find(kinds, tag, &Kind::tag);
      if (found == std::end(kinds)) in_.fail("an entry is of no known kind");
      if (found < kind) in_.fail("entries are out of order");
      if (!in_.good()) break;
      if (found != kind) last_.reset();
      kind = found;
      (this->*kind->take)();
      changes_ = {};
    }
    return in_.failure();
  }

 private:
  struct Kind {
    std::uint64_t tag;
    void (StateReading::*take)();
  };
  /// In the order they stand.
  static const Kind kinds[5];

  /// False, too, after anything that failed.
  bool follows(const Uuid& id) {
    if (last_ && !less(*last_, id)) in_.fail("entries are out of order");
    last_ = id;
    return in_.good();
  }

  void take_tenant() {
    auto tenant = std::make_shared<Tenant>();
    pass_tenant(in_, *tenant);
    if (state_.tables().find_tenant(tenant->alias) != nullptr)
      in_.fail("two tenants have one name");
    if (!follows(tenant->id)) return;
    tenant->policies.networks = as_schema(tenant->networks);
    const auto head =
        std::ranges::lower_bound(place_.tenant_heads, tenant->id, less, &TenantHead::tenant);
    if (head != place_.tenant_heads.end() && head->tenant == tenant->id)
      tenant->changed_seq = head->changed_seq;
    state_.replace(Owned<Tenant>(std::move(tenant)), changes_);
  }

  void take_user() {
    auto user = std::make_shared<User>();
    UserExtras extras;
    pass_user(in_, *user, extras);
    const auto& tables = state_.tables();
    if (tables.find_tenant(user->tenant) == nullptr) in_.fail("a user is of no tenant");
    if (user->status != schema::UserStatus::deleted &&
        tables.find_user(user->tenant, user->username) != nullptr)
      in_.fail("two users have one name");
    if (!follows(user->id)) return;
    if (extras != UserExtras())
      user->extras = std::make_shared<const UserExtras>(std::move(extras));
    const auto changed =
        std::ranges::lower_bound(place_.users_changed, user->id, less, &UserChanged::user);
    const bool is_there = changed != place_.users_changed.end() && changed->user == user->id;
    user->changed_seq = is_there ? changed->seq : user->last_seq;
    state_.replace(Owned<User>(std::move(user)), changes_);
  }

  void take_operator() {
    auto entry = std::make_shared<Operator>();
    pass_operator(in_, *entry);
    const auto& tables = state_.tables();
    if (tables.find_operator(entry->name) != nullptr) in_.fail("two operators have one name");
    for (const std::string& identity : identities_of(*entry))
      if (tables.find_identity(identity) != nullptr) in_.fail("two operators have one key");
    if (!std::ranges::is_sorted(entry->tenants, less)) in_.fail("a scope is out of order");
    if (!follows(entry->id)) return;
    state_.replace(Owned<Operator>(std::move(entry)), changes_);
  }

  void take_ranges() {
    auto ranges = std::make_shared<ProviderRanges>();
    pass_ranges(in_, *ranges);
    if (ranges->provider == schema::Provider::none) in_.fail("ranges are of no provider");
    if (ranges->v4.size() % 2 != 0 || ranges->v6.size() % 4 != 0) in_.fail("a range has no end");
    if (!follows({0, static_cast<std::uint64_t>(ranges->provider)})) return;
    for (const RangesTime& time : place_.ranges_times)
      if (time.provider == ranges->provider) ranges->imported_ns = time.imported_ns;
    state_.replace(Owned<ProviderRanges>(std::move(ranges)), changes_);
  }

  void take_copies() {
    auto copies = std::make_shared<Copies>();
    pass_copies(in_, *copies);
    if (!follows({})) return;
    state_.replace(Owned<Copies>(std::move(copies)), changes_);
  }

  EntryReader in_;
  const JournalPlace& place_;
  State& state_;
  Changes changes_;
  /// Of the same kind.
  std::optional<Uuid> last_;
};

const StateReading::Kind StateReading::kinds[5] = {{tenant_tag, &StateReading::take_tenant},
                                                   {user_tag, &StateReading::take_user},
                                                   {operator_tag, &StateReading::take_operator},
                                                   {ranges_tag, &StateReading::take_ranges},
                                                   {copies_tag, &StateReading::take_copies}};

}  // namespace

// ---- a replica's entries

class ReplicaReading::Reader {
 public:
  explicit Reader(State& state) : state_(state), in_(source_, state) {}

  std::expected<Took, std::string> take(std::span<const std::uint8_t> entry, Changes& changes) {
    rest_ = entry;
    Took took;
    std::uint64_t tag = 0;
    in_.number(tag);
    if (tag == tenant_tag)
      take_tenant(changes);
    else if (tag == role_tag)
      take_role(changes);
    else if (tag == user_tag)
      take_user(changes);
    else if (tag == operator_tag)
      took.asker = take_operator(changes);
    else if (tag == ranges_tag)
      take_ranges(changes);
    else
      in_.fail("an entry is of no known kind");
    if (!in_.good()) return std::unexpected(in_.failure());
    return took;
  }

 private:
  /// Its bytes are those of the form, and no more.
  bool is_whole() {
    if (in_.good() && !in_.at_end()) in_.fail("an entry is longer than it must be");
    return in_.good();
  }

  void take_tenant(Changes& changes) {
    auto tenant = std::make_shared<Tenant>();
    pass_tenant(in_, *tenant);
    if (!is_whole()) return;
    if (const Tenant* before = state_.tables().find_tenant(tenant->id))
      tenant->roles = before->roles;
    state_.replace(Owned<Tenant>(std::move(tenant)), changes);
  }

  void take_role(Changes& changes) {
    Uuid id;
    bool is_there = false;
    NamedRole role;
    in_.id(id);
    in_.number(is_there);
    if (is_there)
      pass_role(in_, role);
    else
      in_.id(role.id);
    const Tenant* before = state_.tables().find_tenant(id);
    if (before == nullptr) in_.fail("a role is of no tenant");
    if (!is_whole()) return;
    auto tenant = std::make_shared<Tenant>(*before);
    const auto drop = [&](const NamedRole* gone) {
      if (gone != nullptr) tenant->roles = without_role(*tenant->roles, gone->id);
    };
    if (is_there) {
      // One that had the name is gone, as will be told.
      const NamedRole* namesake = find_role(*tenant, role.name);
      if (namesake != nullptr && namesake->id != role.id) drop(namesake);
      tenant->roles = with_role(tenant->roles.get(), std::move(role));
    } else {
      drop(find_role(*tenant, role.id));
    }
    state_.replace(Owned<Tenant>(std::move(tenant)), changes);
  }

  void take_user(Changes& changes) {
    auto user = std::make_shared<User>();
    UserExtras extras;
    pass_user(in_, *user, extras);
    if (!is_whole()) return;
    if (extras != UserExtras())
      user->extras = std::make_shared<const UserExtras>(std::move(extras));
    state_.replace(Owned<User>(std::move(user)), changes);
  }

  Uuid take_operator(Changes& changes) {
    auto entry = std::make_shared<Operator>();
    pass_operator(in_, *entry);
    if (!std::ranges::is_sorted(entry->tenants, less)) in_.fail("a scope is out of order");
    if (!is_whole()) return {};
    const Uuid id = entry->id;
    state_.replace(Owned<Operator>(std::move(entry)), changes);
    return id;
  }

  void take_ranges(Changes& changes) {
    auto ranges = std::make_shared<ProviderRanges>();
    pass_ranges(in_, *ranges);
    if (ranges->provider == schema::Provider::none) in_.fail("ranges are of no provider");
    if (ranges->v4.size() % 2 != 0 || ranges->v6.size() % 4 != 0) in_.fail("a range has no end");
    if (!is_whole()) return;
    state_.replace(Owned<ProviderRanges>(std::move(ranges)), changes);
  }

  State& state_;
  /// Of the entry that is read, until the reader has taken it.
  std::span<const std::uint8_t> rest_;
  const Source source_ = [this] { return std::exchange(rest_, {}); };
  EntryReader in_;
};

ReplicaReading::ReplicaReading(State& state) : reader_(std::make_unique<Reader>(state)) {}
ReplicaReading::ReplicaReading(ReplicaReading&&) noexcept = default;
ReplicaReading::~ReplicaReading() = default;

std::expected<ReplicaReading::Took, std::string> ReplicaReading::take(
    std::span<const std::uint8_t> entry, Changes& changes) {
  return reader_->take(entry, changes);
}

std::expected<State, std::string> read_canonical(const Source& source, const JournalPlace& place) {
  State state;
  if (std::string failure = StateReading(source, place, state).run(); !failure.empty())
    return std::unexpected(std::move(failure));
  for (const TenantHead& head : place.tenant_heads) state.close_record(head.seq, 0, &head.tenant);
  state.close_record(place.seq, place.time_ns, nullptr);
  return state;
}

}  // namespace postern::domain
