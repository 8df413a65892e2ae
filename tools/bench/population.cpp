#include "tools/bench/population.h"

#include <algorithm>

namespace postern::bench {

namespace {

constexpr std::size_t sites = 100;

std::string padded(std::size_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

std::vector<std::string> make_resources() {
  std::vector<std::string> all;
  for (std::size_t index = 0; index < resource_count; ++index)
    all.push_back("project/site-" + padded(index / sites, 3) + "/badge-" +
                  padded(index % sites, 3));
  return all;
}

Right draw_right(Numbers& numbers) {
  return {static_cast<std::uint16_t>(numbers.below(resource_count)),
          static_cast<std::uint8_t>(numbers.below(action_count))};
}

const Grant* find(const Grants& grants, const Right& right) {
  const auto place = std::ranges::find(grants, right, &Grant::right);
  return place == grants.end() ? nullptr : &*place;
}

}  // namespace

const std::string& resource_text(std::size_t resource) {
  static const std::vector<std::string> all = make_resources();
  return all[resource];
}

const std::string& action_text(std::size_t action) {
  // None implies another: the floor looks up what was granted, and knows no implications.
  static const std::array<std::string, action_count> all = {"add-records", "edit-records",
                                                            "print-card", "capture-signature"};
  return all[action];
}

std::string tenant_of(std::size_t user) {
  return "company-" + std::to_string(user / users_per_tenant);
}

std::string username_of(std::size_t user) { return "client-" + padded(user, 7); }

std::string password_of(std::size_t user) { return "Correct-" + padded(user, 7) + "-horse"; }

Grants grants_of(std::size_t user) {
  Numbers numbers(user + 1);
  Grants grants;
  for (std::size_t made = 0; made < grants.size();) {
    const Right right = draw_right(numbers);
    const auto before = grants.begin() + static_cast<std::ptrdiff_t>(made);
    if (std::find_if(grants.begin(), before,
                     [&](const Grant& other) { return other.right == right; }) != before)
      continue;
    grants[made] = {right, made + 1 == grants.size()};
    ++made;
  }
  return grants;
}

ExpectedAnswer draw_question(const Grants& grants, Numbers& numbers) {
  const Right right =
      numbers.below(2) == 0 ? grants[numbers.below(grants.size())].right : draw_right(numbers);
  const Grant* grant = find(grants, right);
  if (grant == nullptr) return {right, Verdict::no_matching_grant};
  return {right, grant->deny ? Verdict::denied_by_grant : Verdict::allowed};
}

}  // namespace postern::bench
