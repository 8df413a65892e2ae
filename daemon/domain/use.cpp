#include "daemon/domain/use.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

namespace postern::domain {

namespace {

/// The place for `key` in what is sorted by `key_of`; made if there is none. Null: there are as
/// many as may be.
template <class Entry, class Key, class KeyOf, class Less>
Entry* place_for(std::vector<Entry>& entries, const Key& key, std::size_t count_max, KeyOf key_of,
                 Less less_than) {
  const auto place = std::ranges::lower_bound(entries, key, less_than, key_of);
  if (place != entries.end() && !less_than(key, key_of(*place))) return &*place;
  if (entries.size() >= count_max) return nullptr;
  return &*entries.insert(place, Entry());
}

void add_days(UseSum& sum, const schema::Use& use) {
  if (use.days() == nullptr) return;
  for (const schema::UseOfDay* used : *use.days()) {
    UseOfDay& day = *place_for(
        sum.days, used->day(), use_days_max + 1, [](const UseOfDay& entry) { return entry.day; },
        std::less<>());
    day.day = used->day();
    day.allowed += used->allowed();
    day.denied += used->denied();
    if (sum.days.size() > use_days_max) sum.days.erase(sum.days.begin());
  }
}

void add_names(std::vector<std::string>& names, std::uint32_t& left_out,
               const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* used,
               std::uint32_t used_left_out) {
  left_out += used_left_out;
  if (used == nullptr) return;
  for (const flatbuffers::String* name : *used) {
    if (std::ranges::find(names, name->string_view()) != names.end()) continue;
    if (names.size() < use_names_max)
      names.push_back(name->str());
    else
      ++left_out;
  }
}

void add_keys(UseSum& sum, const schema::Use& use) {
  if (use.keys() == nullptr) return;
  for (const schema::UseOfKey* used : *use.keys()) {
    if (used->key() == nullptr) continue;
    UseOfKey* key = place_for(
        sum.keys, *used->key(), use_keys_max, [](const UseOfKey& entry) { return entry.key; },
        less);
    if (key == nullptr) continue;
    key->key = *used->key();
    key->last_ns = std::max(key->last_ns, used->last_ns());
    key->count += used->count();
  }
}

void add_grants(UseSum& sum, const schema::Use& use) {
  if (use.grants() == nullptr) return;
  const auto name_of = [](const UseOfGrant& entry) { return std::pair(entry.seq, entry.index); };
  for (const schema::UseOfGrant* used : *use.grants()) {
    if (used->grant() == nullptr) continue;
    const std::pair name(used->grant()->seq(), used->grant()->index());
    UseOfGrant* grant = place_for(sum.grants, name, use_grants_max, name_of, std::less<>());
    if (grant == nullptr) continue;
    std::tie(grant->seq, grant->index) = name;
    grant->last_ns = std::max(grant->last_ns, used->last_ns());
    grant->count += used->count();
  }
}

template <class Entry>
std::size_t size_of(const flatbuffers::Vector<Entry>* entries) {
  return entries == nullptr ? 0 : entries->size();
}

}  // namespace

void add(UseSum& sum, const schema::Use& use) {
  sum.first_ns = sum.first_ns == 0 ? use.first_ns() : std::min(sum.first_ns, use.first_ns());
  sum.last_ns = std::max(sum.last_ns, use.last_ns());
  sum.password_last_ns = std::max(sum.password_last_ns, use.password_last_ns());
  add_days(sum, use);
  add_names(sum.networks, sum.networks_left_out, use.networks(), use.networks_left_out());
  add_names(sum.clients, sum.clients_left_out, use.clients(), use.clients_left_out());
  add_keys(sum, use);
  add_grants(sum, use);
}

void add(UseSum& sum, const schema::UseT& use) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateUse(builder, &use));
  add(sum, *flatbuffers::GetRoot<schema::Use>(builder.GetBufferPointer()));
}

std::unique_ptr<schema::UseT> as_schema(const UseSum& sum) {
  auto made = std::make_unique<schema::UseT>();
  made->first_ns = sum.first_ns;
  made->last_ns = sum.last_ns;
  made->password_last_ns = sum.password_last_ns;
  for (const UseOfDay& day : sum.days) {
    auto& part = made->days.emplace_back(std::make_unique<schema::UseOfDayT>());
    part->day = day.day;
    part->allowed = day.allowed;
    part->denied = day.denied;
  }
  made->networks = sum.networks;
  made->networks_left_out = sum.networks_left_out;
  made->clients = sum.clients;
  made->clients_left_out = sum.clients_left_out;
  for (const UseOfKey& key : sum.keys) {
    auto& part = made->keys.emplace_back(std::make_unique<schema::UseOfKeyT>());
    part->key = std::make_unique<Uuid>(key.key);
    part->last_ns = key.last_ns;
    part->count = key.count;
  }
  for (const UseOfGrant& grant : sum.grants) {
    auto& part = made->grants.emplace_back(std::make_unique<schema::UseOfGrantT>());
    part->grant = std::make_unique<schema::GrantReferenceT>();
    part->grant->seq = grant.seq;
    part->grant->index = grant.index;
    part->last_ns = grant.last_ns;
    part->count = grant.count;
  }
  return made;
}

const char* beyond_bounds(const schema::Use& use) {
  if (size_of(use.days()) > use_days_max) return "days";
  if (size_of(use.networks()) > use_names_max) return "networks";
  if (size_of(use.clients()) > use_names_max) return "clients";
  if (size_of(use.keys()) > use_keys_max) return "keys";
  return size_of(use.grants()) > use_grants_max ? "grants" : nullptr;
}

}  // namespace postern::domain
