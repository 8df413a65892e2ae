// What the auditor's files share.
#pragma once

#include <algorithm>
#include <memory>
#include <string_view>

#include "daemon/domain/authorize.h"
#include "daemon/domain/conditions.h"
#include "schema/text_view.h"
#include "history_generated.h"

namespace postern::service {

using schema::view_of;

/// What a part of a page takes of its message.
template <class Native>
std::size_t packed_bytes(const Native& part) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Native::TableType::Pack(builder, &part));
  return builder.GetSize();
}

/// Puts what `make` makes of each into the list until it has that many bytes; gives how many it
/// leaves out.
template <class Entries, class List, class Make>
std::uint32_t fill(const Entries& entries, List& list, std::size_t bytes_max, Make make) {
  std::size_t bytes = 0;
  std::uint32_t left_out = 0;
  for (const auto& entry : entries) {
    if (bytes > bytes_max) {
      ++left_out;
      continue;
    }
    list.push_back(make(entry));
    bytes += packed_bytes(*list.back());
  }
  return left_out;
}

inline std::size_t page_size(std::uint32_t asked, std::uint32_t usual = 100,
                             std::uint32_t most = 1'000) {
  return asked == 0 ? usual : std::min(asked, most);
}

template <class Body>
schema::HistoryPageBodyUnion body_of(Body body) {
  schema::HistoryPageBodyUnion made;
  made.Set(std::move(body));
  return made;
}

/// `role`: the name of the one that holds it; null: the user itself.
inline std::unique_ptr<schema::GrantViewT> grant_view(
    const domain::Grant& grant, const std::string* role = nullptr,
    const domain::Conditions* conditions = nullptr) {
  auto made = std::make_unique<schema::GrantViewT>();
  made->reference = std::make_unique<schema::GrantReferenceT>();
  made->reference->seq = grant.seq;
  made->reference->index = static_cast<std::uint16_t>(grant.index);
  made->effect = grant.effect();
  made->action = *grant.action;
  made->resource = *grant.resource;
  if (role != nullptr) made->role = *role;
  if (conditions != nullptr) made->conditions = domain::as_schema(*conditions);
  return made;
}

/// A page ends before it is too large for its message.
inline constexpr std::size_t page_bytes_soft_max = 700'000;

/// No page is larger than its message may be, whatever is on it.
inline constexpr std::size_t page_bytes_max = 1 << 20;

inline std::size_t bytes_of(const schema::GrantViewT& grant) {
  std::size_t bytes = 100 + grant.action.size() + grant.resource.size() + grant.role.size();
  if (grant.conditions != nullptr && grant.conditions->networks != nullptr)
    for (const std::string& entry : grant.conditions->networks->entries) bytes += 12 + entry.size();
  return bytes;
}

}  // namespace postern::service
