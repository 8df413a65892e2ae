// The grants of one holder, page by page, in the order in which they lie.
#include <algorithm>
#include <charconv>
#include <tuple>

#include "daemon/domain/access.h"
#include "daemon/service/auditor.h"
#include "daemon/service/auditor_parts.h"

namespace postern::service {

namespace {

/// As domain::precedes orders them.
using Place = std::tuple<std::uint64_t, std::string_view, std::string_view, std::uint64_t,
                         std::uint64_t, std::uint64_t>;
constexpr std::size_t place_parts = std::tuple_size_v<Place>;

Place place_of(const domain::Grant& grant) {
  return {std::uint64_t{grant.wildcard}, *grant.resource,          *grant.action,
          std::uint64_t{grant.deny},     std::uint64_t{grant.seq}, std::uint64_t{grant.index}};
}

/// No part has a blank.
std::string cursor_of(const domain::Grant& grant) {
  const auto [wildcard, resource, action, deny, seq, index] = place_of(grant);
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

std::expected<Auditor::GrantList, schema::ProblemT> Auditor::page_grants(
    const domain::Grants& grants, const GrantsWanted& wanted, bool& more, std::string& next) {
  auto first = grants.sorted.begin();
  if (!wanted.after.empty()) {
    const auto after = read_cursor(wanted.after);
    if (!after)
      return std::unexpected(make_problem(schema::Code::field_malformed, "after",
                                          "It must be the 'next' of the page before."));
    first = grants.sorted.partition_point(
        first, grants.sorted.end(),
        [&](const domain::Grant& grant) { return place_of(grant) <= *after; });
  }
  const auto left = static_cast<std::size_t>(std::distance(first, grants.sorted.end()));
  std::vector<const domain::Grant*> asked(
      std::min(left, page_size(wanted.count_max, domain::grants_max, domain::grants_max)));
  for (const domain::Grant*& place : asked) place = &*first++;
  GrantList list;
  fill(asked, list, wanted.bytes_max, [&](const domain::Grant* grant) {
    return held(*grant, nullptr, domain::conditions_of(grants, *grant));
  });
  more = list.size() < left;
  if (more) next = cursor_of(*asked[list.size() - 1]);
  return list;
}

}  // namespace postern::service
