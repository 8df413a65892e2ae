// Questions and grants between the schema's tables and the domain's values, and the grants of one
// holder page by page.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/authorize.h"
#include "daemon/view/inquiry.h"

namespace postern::view {

/// Borrows from the message.
domain::Question question_of(const schema::Question& question);

/// A grant as it is told of; all of it is its holder's.
struct NamedGrant {
  const domain::Grant& grant;
  /// The name of the role that holds it; null: the user itself.
  const std::string* role = nullptr;
  /// Null: none, or they are not told.
  const domain::Conditions* conditions = nullptr;
};

std::unique_ptr<schema::GrantViewT> as_schema(const NamedGrant& named);
/// The same without conditions, with no copy on the way: for answers that take microseconds.
flatbuffers::Offset<schema::GrantView> pack(flatbuffers::FlatBufferBuilder& builder,
                                            const NamedGrant& named);
/// With the record that added it.
std::unique_ptr<schema::GrantHeldT> with_cause(const Inquiry& inquiry, const NamedGrant& named);

/// About what it takes of its message.
std::size_t bytes_of(const schema::GrantViewT& grant);

/// Which of a holder's grants: behind the `next` of a page, or from the first on.
struct GrantsWanted {
  std::string_view after;
  std::uint32_t count_max;
  std::size_t bytes_max;
};

/// In the order in which they lie.
struct GrantPage {
  std::vector<std::unique_ptr<schema::GrantHeldT>> grants;
  bool more = false;
  /// Where to go on from; empty: there are no more.
  std::string next;
};

/// Refused where `after` is no `next`.
Answer<GrantPage> page_of(const Inquiry& inquiry, const domain::Grants& grants,
                          const GrantsWanted& wanted);

}  // namespace postern::view
