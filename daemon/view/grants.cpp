// cursor   := wildcard ' ' resource ' ' action ' ' deny ' ' seq ' ' index    no part has a blank
// wildcard := decimal, as are deny, seq and index
#include "daemon/view/grants.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "daemon/domain/access.h"
#include "daemon/domain/conditions.h"
#include "daemon/view/page.h"

namespace postern::view {

namespace {

/// As domain::precedes orders them.
using Place = std::tuple<std::uint64_t, std::string_view, std::string_view, std::uint64_t,
                         std::uint64_t, std::uint64_t>;
constexpr std::size_t place_parts = std::tuple_size_v<Place>;

Place position_of(const domain::Grant& grant) {
  return {std::uint64_t{grant.wildcard}, *grant.resource,          *grant.action,
          std::uint64_t{grant.deny},     std::uint64_t{grant.seq}, std::uint64_t{grant.index}};
}

std::string cursor_of(const domain::Grant& grant) {
  const auto [wildcard, resource, action, deny, seq, index] = position_of(grant);
  std::string text = std::to_string(wildcard) + " ";
  text.append(resource).append(" ").append(action).append(" ");
  return text + std::to_string(deny) + " " + std::to_string(seq) + " " + std::to_string(index);
}

bool read(std::string_view text, std::uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

/// Of the cursor's own text.
std::optional<Place> read_cursor(std::string_view text) {
  std::array<std::string_view, place_parts> parts;
  for (std::string_view& part : parts) {
    part = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  Place place;
  std::get<1>(place) = parts[1];
  std::get<2>(place) = parts[2];
  const bool good = text.empty() && read(parts[0], std::get<0>(place)) &&
                    read(parts[3], std::get<3>(place)) && read(parts[4], std::get<4>(place)) &&
                    read(parts[5], std::get<5>(place));
  return good ? std::optional(place) : std::nullopt;
}

}  // namespace

domain::Question question_of(const schema::Question& question) {
  return {view_of(question.action()), view_of(question.resource()), question.this_level_only()};
}

std::unique_ptr<schema::GrantViewT> as_schema(const NamedGrant& named) {
  const domain::Grant& grant = named.grant;
  auto made = std::make_unique<schema::GrantViewT>();
  made->reference = std::make_unique<schema::GrantReferenceT>();
  made->reference->seq = grant.seq;
  made->reference->index = static_cast<std::uint16_t>(grant.index);
  made->effect = grant.effect();
  made->action = *grant.action;
  made->resource = *grant.resource;
  if (named.role != nullptr) made->role = *named.role;
  if (named.conditions != nullptr) made->conditions = domain::as_schema(*named.conditions);
  return made;
}

flatbuffers::Offset<schema::GrantView> pack(flatbuffers::FlatBufferBuilder& builder,
                                            const NamedGrant& named) {
  const domain::Grant& grant = named.grant;
  const auto reference =
      schema::CreateGrantReference(builder, grant.seq, static_cast<std::uint16_t>(grant.index));
  const auto action = builder.CreateString(*grant.action);
  const auto resource = builder.CreateString(*grant.resource);
  const auto role = named.role == nullptr ? flatbuffers::Offset<flatbuffers::String>()
                                          : builder.CreateString(*named.role);
  return schema::CreateGrantView(builder, reference, grant.effect(), action, resource, role);
}

std::unique_ptr<schema::GrantHeldT> with_cause(const Inquiry& inquiry, const NamedGrant& named) {
  auto made = std::make_unique<schema::GrantHeldT>();
  made->grant = as_schema(named);
  made->added = cause_of(inquiry, named.grant.seq);
  return made;
}

std::size_t bytes_of(const schema::GrantViewT& grant) {
  std::size_t bytes = 100 + grant.action.size() + grant.resource.size() + grant.role.size();
  if (grant.conditions != nullptr && grant.conditions->networks != nullptr)
    for (const std::string& entry : grant.conditions->networks->entries) bytes += 12 + entry.size();
  return bytes;
}

Answer<GrantPage> page_of(const Inquiry& inquiry, const domain::Grants& grants,
                          const GrantsWanted& wanted) {
  auto first = grants.sorted().begin();
  if (!wanted.after.empty()) {
    const auto after = read_cursor(wanted.after);
    if (!after)
      return refused(schema::Code::field_malformed, "after",
                     "It must be the 'next' of the page before.");
    first = grants.sorted().partition_point(
        first, grants.sorted().end(),
        [&](const domain::Grant& grant) { return position_of(grant) <= *after; });
  }
  const auto left = static_cast<std::size_t>(std::distance(first, grants.sorted().end()));
  std::vector<domain::GrantPointer> asked(
      std::min(left, page_size(wanted.count_max, domain::grants_max, domain::grants_max)));
  for (domain::GrantPointer& place : asked) place = (first++).to_pointer();
  GrantPage page;
  fill(asked, page.grants, wanted.bytes_max, [&](domain::GrantPointer grant) {
    return with_cause(inquiry, {*grant, nullptr, domain::conditions_of(grants, *grant)});
  });
  page.more = page.grants.size() < left;
  if (page.more) page.next = cursor_of(*asked[page.grants.size() - 1]);
  return page;
}

}  // namespace postern::view
