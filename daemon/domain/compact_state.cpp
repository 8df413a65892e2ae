// block := entry*, all of one kind, one after the other (grammar.h; grants: compact_grants.h)
//          of texts: text*; of rights: (action:number resource:number)*
// A text and a right are named by their number: how many stand before it. Rights stand in the order
// in which grants of them lie.
#include "daemon/domain/compact_state.h"

#include <algorithm>

#include "daemon/domain/compact_grants.h"
#include "daemon/domain/entry_writer.h"

namespace postern::domain {

namespace {

/// Small enough that the threads of a start share them well.
constexpr std::size_t block_bytes = 256 << 10;
constexpr const char* out_of_order = "entries are out of order";

// ---- reading

void read_entry(SnapshotReader& in, Tenant& tenant) {
  pass_tenant(in, tenant);
  tenant.policies.networks = as_schema(tenant.networks);
}

void read_entry(SnapshotReader& in, User& user) { read_user(in, user); }

void read_entry(SnapshotReader& in, Operator& entry) { pass_operator(in, entry); }
void read_entry(SnapshotReader& in, ProviderRanges& ranges) { pass_ranges(in, ranges); }
void read_entry(SnapshotReader& in, Copies& copies) { pass_copies(in, copies); }

/// Those of one block that were read; what failed is told.
template <class Entry, class Take>
std::string read_entries(std::span<const std::uint8_t> bytes, const RightTable& rights, Take take) {
  SnapshotReader in(bytes, rights);
  while (!in.at_end()) {
    auto entry = make_counted<Entry>();
    read_entry(in, *entry);
    if (in.good()) take(std::move(entry));
  }
  return in.failure();
}

// ---- writing

void write_entry(SnapshotWriter& out, const Tenant& entry) { pass_tenant(out, entry); }
void write_entry(SnapshotWriter& out, const User& entry) {
  pass_user(out, entry, extras_of(entry));
}
void write_entry(SnapshotWriter& out, const Operator& entry) { pass_operator(out, entry); }
void write_entry(SnapshotWriter& out, const ProviderRanges& entry) { pass_ranges(out, entry); }
void write_entry(SnapshotWriter& out, const Copies& entry) { pass_copies(out, entry); }

class StateWriting {
 public:
  StateWriting(const EntryList& entries, const TakeBlock& take) : take_(take), numbers_(entries) {}

  // ---- false: that was the end

  /// First of all.
  bool add_rights() {
    CompactWriter out;
    for (const std::string* text : numbers_.texts()) {
      out.text(*text);
      if (out.written().size() >= block_bytes && !give(BlockKind::texts, out)) return false;
    }
    if (!give(BlockKind::texts, out)) return false;
    for (const SnapshotRight& right : numbers_.rights()) {
      out.number(right.action);
      out.number(right.resource);
      const auto& texts = numbers_.texts();
      add_right(*texts[right.resource], *texts[right.action], read_again_rights_);
      if (out.written().size() >= block_bytes && !give(BlockKind::rights, out)) return false;
    }
    return give(BlockKind::rights, out);
  }
  template <class Entry>
  bool add(BlockKind kind, std::span<const Entry* const> entries) {
    for (const Entry* entry : entries) {
      write_entry(out_, *entry);
      canonical_.write(*entry);
      if (out_.written().size() >= block_bytes && !end_block<Entry>(kind)) return false;
    }
    return out_.written().empty() || end_block<Entry>(kind);
  }
  template <class Entry>
  bool add_one(BlockKind kind, const Entry* one) {
    return one == nullptr || add<Entry>(kind, {&one, 1});
  }

  std::expected<void, std::string> end() const {
    if (failure_.empty()) return {};
    return std::unexpected(failure_);
  }

 private:
  template <class Entry>
  bool end_block(BlockKind kind) {
    read_again_.clear();
    failure_ = read_entries<Entry>(out_.written(), read_again_rights_,
                                   [&](const auto& entry) { check_.write(*entry); });
    if (failure_.empty() && read_again_ != said_) failure_ = "what is written says something else";
    const bool goes_on = failure_.empty() && take_({kind, out_.written(), said_});
    out_.clear();
    said_.clear();
    return goes_on;
  }
  bool give(BlockKind kind, CompactWriter& out) const {
    const bool goes_on = out.written().empty() || take_({kind, out.written(), {}});
    out.clear();
    return goes_on;
  }

  static Sink into(std::vector<std::uint8_t>& bytes) {
    return [&bytes](std::span<const std::uint8_t> more) {
      bytes.insert(bytes.end(), more.begin(), more.end());
    };
  }

  const TakeBlock& take_;
  const SnapshotNumbers numbers_;
  Rights rights_read_;
  RightTable read_again_rights_{&rights_read_};
  SnapshotWriter out_{numbers_};
  std::vector<std::uint8_t> said_;
  std::vector<std::uint8_t> read_again_;
  const Sink say_ = into(said_);
  const Sink say_again_ = into(read_again_);
  EntryWriter canonical_{say_};
  EntryWriter check_{say_again_};
  std::string failure_;
};

}  // namespace

std::expected<void, std::string> write_compact(EntryList entries, const TakeBlock& take) {
  entries.sort_by_id();
  StateWriting writing(entries, take);
  bool goes_on = writing.add_rights() && writing.add<Tenant>(BlockKind::tenants, entries.tenants) &&
                 writing.add<User>(BlockKind::users, entries.users) &&
                 writing.add<Operator>(BlockKind::operators, entries.operators);
  for (const auto& ranges : entries.providers)
    goes_on = goes_on && writing.add_one(BlockKind::ranges, ranges.get());
  if (goes_on) writing.add_one(BlockKind::copies, entries.copies.get());
  return writing.end();
}

JournalPlace place_of(const EntryList& entries, Seq seq, std::int64_t time_ns,
                      std::vector<TenantHead> heads) {
  JournalPlace made{seq, time_ns, std::move(heads)};
  std::ranges::sort(made.tenant_heads, less, &TenantHead::tenant);
  for (const Tenant* tenant : entries.tenants) {
    const auto head =
        std::ranges::lower_bound(made.tenant_heads, tenant->id, less, &TenantHead::tenant);
    if (head != made.tenant_heads.end() && head->tenant == tenant->id)
      head->changed_seq = tenant->changed_seq;
  }
  for (const User* user : entries.users)
    if (user->changed_seq != user->last_seq)
      made.users_changed.push_back({user->id, user->changed_seq});
  std::ranges::sort(made.users_changed, less, &UserChanged::user);
  for (const auto& ranges : entries.providers)
    if (ranges != nullptr) made.ranges_times.push_back({ranges->provider, ranges->imported_ns});
  return made;
}

UsersRead read_users(std::span<const std::uint8_t> bytes, const RightTable& rights,
                     const JournalPlace& place) {
  UsersRead read;
  bool is_in_order = true;
  std::optional<Uuid> last;
  const std::string failure =
      read_entries<User>(bytes, rights, [&](boost::intrusive_ptr<User> user) {
        const auto changed =
            std::ranges::lower_bound(place.users_changed, user->id, less, &UserChanged::user);
        const bool is_there = changed != place.users_changed.end() && changed->user == user->id;
        user->changed_seq = is_there ? changed->seq : user->last_seq;
        is_in_order = is_in_order && (!last || less(*last, user->id));
        last = user->id;
        read.users.add(std::move(user));
      });
  read.failure = is_in_order ? failure : out_of_order;
  return read;
}

void StateReading::fail(std::string_view sentence) {
  if (failure_.empty()) failure_ = sentence;
}

void StateReading::take_of_many(BlockKind kind, std::span<const std::uint8_t> bytes) {
  CompactReader in(bytes);
  const auto text = [&]() -> const std::string* {
    std::uint64_t place = 0;
    in.number(place);
    if (place < texts_.size()) return texts_[static_cast<std::size_t>(place)];
    in.fail("a text is not there");
    return nullptr;
  };
  while (!in.at_end()) {
    if (kind == BlockKind::texts) {
      const std::string_view found = in.view();
      if (in.good()) texts_.push_back(state_.intern(found));
    } else {
      const std::string* const action = text();
      const std::string* const resource = text();
      if (!in.good()) continue;
      if (!add_right(*resource, *action, rights_)) in.fail("rights are out of order");
    }
  }
  if (!in.good()) fail(in.failure());
}

void StateReading::begin(BlockKind kind) {
  if (kind < kind_) fail(out_of_order);
  if (kind != kind_) last_.reset();
  kind_ = kind;
}

bool StateReading::follows(const Uuid& id) {
  if (last_ && !less(*last_, id)) fail(out_of_order);
  last_ = id;
  return failure_.empty();
}

void StateReading::take_users(UsersRead read) {
  begin(BlockKind::users);
  if (!read.failure.empty()) fail(read.failure);
  for (const auto& [tenant, live] : read.users.tenants)
    if (state_.tables().find_tenant(tenant) == nullptr) fail("a user is of no tenant");
  if (read.users.all.empty() || !follows(read.users.all.front().user->id)) return;
  last_ = read.users.all.back().user->id;
  state_.load(std::move(read.users));
}

void StateReading::take(BlockKind kind, std::span<const std::uint8_t> bytes) {
  if (is_of_many(kind)) return;
  begin(kind);
  const auto read =
      [&]<class Entry>(void (StateReading::*take_entry)(boost::intrusive_ptr<Entry>)) {
        const std::string failure = read_entries<Entry>(
            bytes, rights_,
            [&](boost::intrusive_ptr<Entry> entry) { (this->*take_entry)(std::move(entry)); });
        if (!failure.empty()) fail(failure);
      };
  switch (kind) {
    case BlockKind::tenants:
      return read(&StateReading::take_tenant);
    case BlockKind::operators:
      return read(&StateReading::take_operator);
    case BlockKind::ranges:
      return read(&StateReading::take_ranges);
    case BlockKind::copies:
      return read(&StateReading::take_copies);
    case BlockKind::texts:
    case BlockKind::rights:
    case BlockKind::users:
      break;
  }
  take_users(read_users(bytes, rights_, place_));
}

void StateReading::take_tenant(boost::intrusive_ptr<Tenant> tenant) {
  if (state_.tables().find_tenant(tenant->alias) != nullptr) fail("two tenants have one name");
  if (!follows(tenant->id)) return;
  const auto head =
      std::ranges::lower_bound(place_.tenant_heads, tenant->id, less, &TenantHead::tenant);
  if (head != place_.tenant_heads.end() && head->tenant == tenant->id)
    tenant->changed_seq = head->changed_seq;
  state_.replace(Owned<Tenant>(std::move(tenant)), changes_);
  changes_.clear();
}

void StateReading::take_operator(boost::intrusive_ptr<Operator> entry) {
  const auto& tables = state_.tables();
  if (tables.find_operator(entry->name) != nullptr) fail("two operators have one name");
  for (const std::string& identity : identities_of(*entry))
    if (tables.find_identity(identity) != nullptr) fail("two operators have one key");
  if (!std::ranges::is_sorted(entry->tenants, less)) fail("a scope is out of order");
  if (!follows(entry->id)) return;
  state_.replace(Owned<Operator>(std::move(entry)), changes_);
  changes_.clear();
}

void StateReading::take_ranges(boost::intrusive_ptr<ProviderRanges> ranges) {
  if (ranges->provider == schema::Provider::none) fail("ranges are of no provider");
  if (ranges->v4.size() % 2 != 0 || ranges->v6.size() % 4 != 0) fail("a range has no end");
  if (!follows({0, static_cast<std::uint64_t>(ranges->provider)})) return;
  for (const RangesTime& time : place_.ranges_times)
    if (time.provider == ranges->provider) ranges->imported_ns = time.imported_ns;
  state_.replace(Owned<ProviderRanges>(std::move(ranges)), changes_);
  changes_.clear();
}

void StateReading::take_copies(boost::intrusive_ptr<Copies> copies) {
  if (!follows({})) return;
  state_.replace(Owned<Copies>(std::move(copies)), changes_);
  changes_.clear();
}

std::expected<State, std::string> StateReading::finish() {
  if (state_.tables().names_taken_over() != 0) fail("two users have one name");
  if (!failure_.empty()) return std::unexpected(failure_);
  for (const TenantHead& head : place_.tenant_heads) state_.close_record(head.seq, 0, &head.tenant);
  state_.close_record(place_.seq, place_.time_ns, nullptr);
  return std::move(state_);
}

}  // namespace postern::domain
