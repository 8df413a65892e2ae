// What a user takes of memory, in the state and in the three views that borrow from it: every block
// that is taken from the allocator is counted. A program of its own, since it replaces `new`.
#include <malloc.h>

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <new>
#include <string>

#include "daemon/domain/access.h"
#include "daemon/domain/state.h"
#include "daemon/view/view.h"

namespace {

std::atomic<std::size_t> bytes_taken{0};

/// What jemalloc, which the daemon links, sets aside for a block of this size: four sizes for each
/// doubling.
std::size_t set_aside(std::size_t size) {
  if (size <= 8) return 8;
  if (size <= 128) return (size + 15) / 16 * 16;
  std::size_t step = 32;
  while (step * 8 < size) step *= 2;
  return (size + step - 1) / step * step;
}

}  // namespace

void* operator new(std::size_t size) {
  auto* const block = static_cast<std::size_t*>(std::malloc(size + 16));
  if (block == nullptr) throw std::bad_alloc();
  *block = set_aside(size);
  bytes_taken += *block;
  return block + 2;
}
void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  auto* const whole = static_cast<std::size_t*>(block) - 2;
  bytes_taken -= *whole;
  std::free(whole);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

using namespace postern;

namespace {

constexpr std::size_t user_count = 20'000;
constexpr std::size_t grants_per_user = 20;
/// As long as a hash of a password is, sealed.
constexpr std::size_t sealed_bytes = 100;

struct Budget {
  const char* what;
  std::size_t bytes;
};
/// Passed by a tenth, the test fails.
constexpr std::array<Budget, 3> budgets = {{{"grants of one record, and a password", 518},
                                            {"grants of twenty records, and a password", 678},
                                            {"no grants, no password", 242}}};

class Population {
 public:
  explicit Population(std::size_t kind) : kind_(kind) {
    for (std::size_t number = 0; number < 1'000; ++number)
      resources_.push_back(state_.intern("project/site-" + std::to_string(number) + "/badge"));
    for (const char* action : {"add-records", "edit-records", "print-card", "capture-signature"})
      actions_.push_back(state_.intern(action));
    for (const std::string* resource : resources_)
      for (const std::string* action : actions_) state_.intern_right(*resource, *action, changes_);
    auto tenant = domain::make_counted<domain::Tenant>();
    tenant->id = {1, 1};
    state_.replace(domain::Owned<domain::Tenant>(std::move(tenant)), changes_);
    changes_.clear();
  }

  std::size_t bytes_per_user() {
    const std::size_t before = bytes_taken;
    {
      domain::Changes changes;
      for (std::size_t number = 0; number < user_count; ++number) {
        state_.replace(made_user(number), changes);
        changes.clear();
      }
    }
    for (view::View& view : views_) view.load(state_.tables());
    return (bytes_taken - before) / user_count;
  }

 private:
  domain::Owned<domain::User> made_user(std::size_t number) {
    auto user = domain::make_counted<domain::User>();
    // As random as an id is.
    user->id = {number * 0x9e3779b97f4a7c15U, number * 0xd6e8feb86659fd93U};
    user->tenant = {1, 1};
    user->username = "client-" + std::to_string(1'000'000 + number);
    user->status = schema::UserStatus::active;
    user->grants = domain::no_grants();
    if (kind_ == 2) return user;
    user->sealed_password = domain::SealedBytes::of(std::array<std::uint8_t, sealed_bytes>{});
    for (std::size_t each = 0; each < grants_per_user; ++each) {
      domain::Grant grant;
      grant.resource = resources_[(number * 31 + each * 7) % resources_.size()];
      grant.action = actions_[each % actions_.size()];
      grant.seq = (number * 100 + kind_ * each) & 0xffffffffU;
      grant.index = each & 1023U;
      grant.deny = each == 0;
      user->grants = domain::with_grant(*user->grants, grant, state_.rights());
    }
    return user;
  }

  std::size_t kind_;
  domain::State state_;
  domain::Changes changes_;
  /// Of the reader, the historian, the auditor.
  std::array<view::View, 3> views_;
  std::vector<const std::string*> resources_;
  std::vector<const std::string*> actions_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(memory_tests)

BOOST_AUTO_TEST_CASE(a_user_takes_no_more_than_its_budget) {
  for (std::size_t kind = 0; kind < budgets.size(); ++kind) {
    const auto& [what, budget] = budgets[kind];
    const std::size_t bytes = Population(kind).bytes_per_user();
    BOOST_TEST_MESSAGE(what << ": " << bytes << " bytes a user");
    BOOST_TEST(bytes <= budget + budget / 10, what << ": " << bytes << " bytes, of " << budget);
  }
}

BOOST_AUTO_TEST_CASE(what_a_user_took_is_given_back) {
  const std::size_t before = bytes_taken;
  { Population(1).bytes_per_user(); }
  BOOST_TEST(bytes_taken == before);
}

BOOST_AUTO_TEST_SUITE_END()
