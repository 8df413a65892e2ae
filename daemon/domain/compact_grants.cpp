#include "daemon/domain/compact_grants.h"

#include <algorithm>
#include <tuple>

namespace postern::domain {

namespace {

constexpr unsigned index_shift = 32;
constexpr unsigned origin_shift = 42;
constexpr unsigned conditional_shift = 50;
constexpr unsigned deny_shift = 51;
constexpr unsigned grant_bits = 52;
constexpr Seq seq_max = (Seq{1} << 51U) - 1;

std::uint64_t word_of(const PackedGrant& grant) {
  return std::uint64_t{grant.right} | std::uint64_t{grant.index} << index_shift |
         std::uint64_t{grant.origin} << origin_shift |
         std::uint64_t{grant.conditional} << conditional_shift |
         std::uint64_t{grant.deny} << deny_shift;
}

PackedGrant grant_in(std::uint64_t word) {
  PackedGrant grant{};
  grant.right = static_cast<std::uint32_t>(word);
  grant.index = word >> index_shift & 1023U;
  grant.origin = word >> origin_shift & 255U;
  grant.conditional = word >> conditional_shift & 1U;
  grant.deny = word >> deny_shift & 1U;
  return grant;
}

auto order_of(const std::string& resource, const std::string& action) {
  return std::tuple(resource.contains('*'), std::string_view(resource), std::string_view(action));
}

}  // namespace

// ---- rights

bool add_right(const std::string& resource, const std::string& action, RightTable& table) {
  Rights& rights = *table.rights;
  const std::size_t count = rights.size();
  if (count > 0) {
    const Right& last = rights[static_cast<RightId>(count - 1)];
    if (order_of(resource, action) <= order_of(*last.resource, *last.action)) return false;
  }
  const RightId number = rights.intern(resource, action);
  if (!rights[number].wildcard) table.marks.add(rights[number]);
  return true;
}

SnapshotNumbers::SnapshotNumbers(const EntryList& entries) {
  for (const User* user : entries.users) note(*user->grants);
  for (const Tenant* tenant : entries.tenants)
    if (tenant->roles != nullptr)
      for (const auto& role : tenant->roles->by_id) note(*role->grants);
  std::vector<Texts> in_order;
  in_order.reserve(numbers_.size());
  for (const auto& [texts, number] : numbers_) in_order.push_back(texts);
  std::ranges::sort(in_order, {},
                    [](const Texts& texts) { return order_of(*texts.first, *texts.second); });
  boost::unordered_flat_map<const std::string*, std::size_t> text_numbers;
  const auto number_of = [&](const std::string* text) {
    const auto [place, is_new] = text_numbers.try_emplace(text, texts_.size());
    if (is_new) texts_.push_back(text);
    return place->second;
  };
  for (const Texts& texts : in_order) {
    numbers_[texts] = rights_.size();
    const std::size_t action = number_of(texts.second);
    rights_.push_back({action, number_of(texts.first)});
  }
}

void SnapshotNumbers::note(const Grants& grants) {
  for (const Grant& grant : grants.sorted())
    numbers_.try_emplace(Texts(grant.resource, grant.action), 0);
}

// ---- writing

void SnapshotWriter::grants(const SharedGrants& grants) {
  number(grants->size());
  std::vector<Grant> left;
  left.reserve(std::min(grants->size(), Grants::part_max));
  for (const Grant& grant : grants->sorted()) {
    left.push_back(grant);
    if (left.size() < Grants::part_max) continue;
    run(left);
    left.clear();
  }
  if (!left.empty()) run(left);
  if (grants->conditions().empty()) return;
  for (const Grant& grant : grants->sorted())
    if (const Conditions* conditions = conditions_of(*grants, grant))
      pass_conditions(*this, *conditions);
}

void SnapshotWriter::run(std::span<const Grant> grants) {
  std::vector<Seq> origins;
  origins.reserve(grants.size());
  for (const Grant& grant : grants) origins.push_back(grant.seq);
  std::ranges::sort(origins);
  const auto twice = std::ranges::unique(origins);
  origins.erase(twice.begin(), twice.end());
  number(origins.size());
  Seq before = 0;
  for (const Seq seq : origins) number(seq - std::exchange(before, seq));
  for (const Grant& grant : grants) {
    PackedGrant packed{};
    packed.right = numbers_.of(grant);
    packed.index = grant.index;
    packed.origin = static_cast<std::uint64_t>(
        std::ranges::lower_bound(origins, std::uint64_t{grant.seq}) - origins.begin());
    packed.conditional = grant.conditional;
    packed.deny = grant.deny;
    word(word_of(packed));
  }
}

// ---- reading

void SnapshotReader::grants(SharedGrants& grants) {
  std::uint64_t count = 0;
  number(count);
  before_ = {};
  conditional_.clear();
  if (count > Grants::part_max) {
    grants = many(count);
    return;
  }
  run(static_cast<std::size_t>(count));
  auto conditions = this->conditions();
  grants = good()
               ? Grants::of({run_, plain_count_, origins_}, rights(), marks_, std::move(conditions))
               : no_grants();
}

/// They are divided anew.
SharedGrants SnapshotReader::many(std::uint64_t count) {
  std::vector<Grant> all;
  while (count > 0 && good()) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(count, Grants::part_max));
    run(size);
    count -= size;
    for (const PackedGrant& packed : run_) {
      if (!good()) break;
      const Right& right = rights()[packed.right];
      Grant& grant = all.emplace_back(right.resource, right.action);
      grant.seq = origins_[packed.origin];
      grant.index = packed.index;
      grant.conditional = packed.conditional;
      grant.deny = packed.deny;
      grant.wildcard = right.wildcard;
    }
  }
  auto conditions = this->conditions();
  return good() ? Grants::of(all, rights(), std::move(conditions)) : no_grants();
}

void SnapshotReader::run(std::size_t count) {
  run_.clear();
  origins_.clear();
  plain_count_ = 0;
  if (count == 0) return;
  origins(count);
  const auto found = words(count);
  if (!good()) return;
  const std::size_t right_count = rights().size();
  run_.resize(count);
  for (std::size_t place = 0; place < count; ++place) {
    const std::uint64_t word = word_in(found, place);
    const PackedGrant grant = run_[place] = grant_in(word);
    if (word >> grant_bits != 0) return fail("a grant says more than there is to say");
    if (grant.right >= right_count) return fail("a right is not there");
    if (grant.origin >= origins_.size()) return fail("a grant is of no record");
    // No seq is 0, so that the first comes behind none.
    const Key key{std::uint64_t{grant.right} << 1U | grant.deny, origins_[grant.origin],
                  grant.index};
    if (key <= before_) return fail("grants are out of order");
    before_ = key;
    plain_count_ += grant.right < marks_.size();
    if (grant.conditional)
      conditional_.push_back({key.seq, static_cast<std::uint16_t>(grant.index), {}});
  }
}

void SnapshotReader::origins(std::size_t count) {
  std::uint64_t left = 0;
  number(left);
  if (left == 0 || left > count) return fail("grants are of no records");
  Seq seq = 0;
  for (; left > 0 && good(); --left) {
    Seq more = 0;
    number(more);
    if (more == 0 || more > seq_max - seq) return fail("the records of grants are out of order");
    origins_.push_back(seq += more);
  }
}

/// Of all that were read.
Chunked<ConditionsOfGrant> SnapshotReader::conditions() {
  if (conditional_.empty()) return {};
  for (ConditionsOfGrant& held : conditional_)
    if (good()) pass_conditions(*this, held.conditions);
  return good() ? in_order(std::exchange(conditional_, {})) : Chunked<ConditionsOfGrant>();
}

}  // namespace postern::domain
