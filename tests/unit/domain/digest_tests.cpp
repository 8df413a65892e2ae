#include <boost/test/unit_test.hpp>
#include <functional>

#include "daemon/domain/access.h"
#include "daemon/domain/catalogue.h"
#include "daemon/domain/digest.h"
#include "tests/support/restored.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using domain::Operator;
using domain::Tenant;
using domain::User;

namespace {

const std::string text_a = "a";
const std::string text_b = "b";

Tenant some_tenant() {
  Tenant tenant;
  tenant.id = {1, 1};
  tenant.alias = "acme";
  tenant.display_name = "Acme";
  tenant.catalogue = domain::compiled({{"table", {{"read"}}, true}});
  return tenant;
}

std::function<void(Tenant&)> known(domain::Catalogue catalogue) {
  return [catalogue](Tenant& tenant) { tenant.catalogue = domain::compiled(catalogue); };
}

domain::Grant some_grant() {
  domain::Grant grant;
  grant.resource = &text_a;
  grant.action = &text_a;
  grant.seq = 1;
  return grant;
}

domain::Rights& rights() {
  static domain::Rights all;
  return all;
}

User some_user() {
  User user;
  user.id = {2, 2};
  user.tenant = {1, 1};
  user.username = "bob";
  user.grants = domain::with_grant(*domain::no_grants(), some_grant(), rights());
  user.sealed_profile = domain::SealedBytes::of(Bytes{1});
  user.sealed_password = domain::SealedBytes::of(Bytes{1});
  return user;
}

domain::Networks some_networks() {
  auto made = std::make_shared<domain::NetworkList>();
  made->entries = {"AWS"};
  return made;
}

std::function<void(User&)> with_extras(std::function<void(domain::UserExtras&)> edit) {
  return [edit](User& user) {
    auto extras = domain::make_counted<domain::UserExtras>();
    edit(*extras);
    user.extras = std::move(extras);
  };
}

std::function<void(User&)> with_marks(std::function<void(domain::UserMarks&)> edit) {
  return [edit = std::move(edit)](User& user) {
    domain::UserMarks marks = domain::marks_of(user);
    edit(marks);
    domain::set_marks(user, marks);
  };
}

Operator some_operator() {
  Operator entry;
  entry.id = {3, 3};
  entry.name = "ann";
  entry.role = Role::manager;
  entry.keys = {{}};
  entry.tenants = {{1, 1}};
  return entry;
}

template <class... Entries>
Bytes digest_of(const Entries&... entries) {
  domain::State state;
  domain::Changes changes;
  (state.replace(domain::make_counted<const Entries>(entries), changes), ...);
  return canonical(state);
}

/// Its bytes give it again. Users and operators find their tenants.
template <class Entry>
void is_read_again(const Entry& entry) {
  domain::State state;
  domain::Changes changes;
  if constexpr (!std::is_same_v<Entry, Tenant>) {
    Tenant other = some_tenant();
    other.id = {1, 3};
    other.alias = "other";
    state.replace(domain::make_counted<const Tenant>(some_tenant()), changes);
    state.replace(domain::make_counted<const Tenant>(other), changes);
  }
  state.replace(domain::make_counted<const Entry>(entry), changes);
  BOOST_TEST((canonical(copied(state)) == canonical(state)));
}

/// Every edit makes other bytes, no two the same, and is read from them again.
template <class Entry>
void every_field_counts(const Entry& entry, const std::vector<std::function<void(Entry&)>>& edits) {
  std::vector<Bytes> seen = {digest_of(entry)};
  for (const auto& edit : edits) {
    Entry edited = entry;
    edit(edited);
    const Bytes bytes = digest_of(edited);
    is_read_again(edited);
    BOOST_TEST((std::ranges::find(seen, bytes) == seen.end()), "edit " << seen.size());
    seen.push_back(bytes);
  }
}

User with_grant_edited(const std::function<void(domain::Grant&)>& edit) {
  User user = some_user();
  domain::Grant grant = some_grant();
  edit(grant);
  user.grants = domain::with_grant(*domain::no_grants(), grant, rights());
  return user;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(digest_tests)

BOOST_AUTO_TEST_CASE(every_field_of_a_tenant_counts) {
  every_field_counts<Tenant>(
      some_tenant(), {[](Tenant& t) {
                        t.id = {1, 2};
                      },
                      [](Tenant& t) { t.alias = "acmf"; },
                      [](Tenant& t) { t.display_name = "Acmf"; },
                      [](Tenant& t) { t.policies.password_length_min = 9; },
                      [](Tenant& t) { t.policies.password_needs_digit_or_symbol = false; },
                      [](Tenant& t) { t.policies.password_forbidden_characters = "&"; },
                      [](Tenant& t) { t.policies.lockout_failures = 6; },
                      [](Tenant& t) { t.policies.direct_deletion = true; },
                      [](Tenant& t) { t.policies.new_user_status = UserStatus::new_user; },
                      [](Tenant& t) { t.policies.new_user_api_access = false; },
                      [](Tenant& t) { t.policies.tell_reasons = true; },
                      [](Tenant& t) { t.catalogue = domain::compiled({}); },
                      known({{"tablf", {{"read"}}, true}}),
                      known({{"table", {{"read"}}, false}}),
                      known({{"table", {{"reae"}}, true}}),
                      known({{"table", {{"re"}, {"ad"}}, true}}),
                      known({{"table", {{"read", "d"}}, true}}),
                      known({{"table", {{"read", "", {"read"}}}, true}}),
                      known({{"table", {{"read", "", {}, "w"}}, true}}),
                      known({{"table", {{"read"}}, true, "d"}}),
                      known({{"table", {{"read"}}, true, "", {{"table/a"}}}}),
                      known({{"table", {{"read"}}, true, "", {{"table/b"}}}}),
                      known({{"table", {{"read"}}, true, "", {{"table/a", "d"}}}}),
                      known({{"table", {{"read"}}, true, "", {{"table/a", "", true}}}}),
                      known({{"table", {{"read"}}, true, "", {{"table/a", "", false, "w"}}}}),
                      [](Tenant& t) { t.policies.username_generated = true; },
                      [](Tenant& t) { t.policies.username_fixed = true; },
                      [](Tenant& t) { t.policies.username_prefix = "API_"; },
                      [](Tenant& t) { t.policies.username_domain = "API_"; },
                      [](Tenant& t) {
                        t.policies.username_domain = "a";
                        t.enabled = false;
                      },
                      [](Tenant& t) { t.policies.username_prefix_rule = schema::PrefixRule::warn; },
                      [](Tenant& t) { t.policies.session_timeout_seconds = 60; },
                      [](Tenant& t) { t.policies.session_seconds_max = 60; },
                      [](Tenant& t) { t.policies.lock_seconds = 60; },
                      [](Tenant& t) { t.policies.imported_hash_days = 60; },
                      [](Tenant& t) {
                        t.policies.imported_hash_days = 60;
                        t.policies.username_domain = "a";
                      },
                      [](Tenant& t) { t.policies.same_wrong_password_counts_once = true; },
                      [](Tenant& t) { t.policies.lock_closes_password_only = true; },
                      [](Tenant& t) { t.policies.user_networks_mandatory = true; },
                      [](Tenant& t) { t.policies.secure_transport_required = true; },
                      [](Tenant& t) { t.policies.signatures_required = true; },
                      [](Tenant& t) { t.networks = some_networks(); },
                      [](Tenant& t) { t.policies_seq = 1; },
                      [](Tenant& t) { t.enabled = false; },
                      [](Tenant& t) { t.created_seq = 1; },
                      [](Tenant& t) { t.status_seq = 1; },
                      [](Tenant& t) { t.disabled_seq = 1; },
                      [](Tenant& t) { t.disabled_index = 1; }});
}

BOOST_AUTO_TEST_CASE(every_field_of_a_user_counts) {
  const auto sealed_as = [](Bytes bytes) { return domain::SealedBytes::of(bytes); };
  const auto with = [](auto edit) {
    auto extras = domain::make_counted<domain::UserExtras>();
    edit(*extras);
    return extras;
  };
  every_field_counts<User>(
      some_user(),
      {[](User& u) {
         u.id = {2, 3};
       },
       [](User& u) {
         u.tenant = {1, 3};
       },
       [](User& u) { u.username = "Bob"; },
       [](User& u) { u.key.file = 1; },
       [](User& u) { u.key.slot = 1; },
       [](User& u) { u.key.commitment[31] = 1; },
       [](User& u) { u.status = UserStatus::trashed; },
       [](User& u) { u.api_access = true; },
       with_extras([](domain::UserExtras& extras) { extras.failures = 1; }),
       [](User& u) { u.version = 1; },
       [](User& u) { u.created_seq = 1; },
       with_marks([](domain::UserMarks& marks) { marks.status_seq = 1; }),
       with_marks([](domain::UserMarks& marks) { marks.api_access_seq = 1; }),
       [](User& u) { u.password_seq = 1; },
       with_marks([](domain::UserMarks& marks) { marks.tenant_lock_cleared_seq = 1; }),
       [](User& u) { u.tenant_lock_cleared_index = 1; },
       with_extras([](domain::UserExtras& extras) { extras.passwords_lock_seq = 1; }),
       with_extras([](domain::UserExtras& extras) { extras.passwords_lock_ns = 1; }),
       with_extras([](domain::UserExtras& extras) { extras.session_epoch = 1; }),
       [&](User& u) { u.extras = with([](domain::UserExtras& e) { e.erased_seq = 1; }); },
       [&](User& u) {
         u.extras = with([&](domain::UserExtras& e) { e.sealed_old_password = sealed_as({1}); });
       },
       [&](User& u) {
         u.extras = with([](domain::UserExtras& e) { e.old_password_until_ns = 1; });
       },
       [&](User& u) { u.extras = with([](domain::UserExtras& e) { e.keys.emplace_back(); }); },
       [&](User& u) {
         u.extras = with([](domain::UserExtras& e) { e.keys.emplace_back().name = "a"; });
       },
       [&](User& u) {
         u.extras = with([](domain::UserExtras& e) { e.keys.emplace_back().hash[31] = 1; });
       },
       [&](User& u) {
         u.extras = with([](domain::UserExtras& e) { e.keys.emplace_back().expires_ns = 1; });
       },
       [&](User& u) {
         u.extras = with([](domain::UserExtras& e) {
           e.keys.emplace_back().narrowed_to = {{"read", "a"}};
         });
       },
       [&](User& u) {
         u.extras = with([](domain::UserExtras& e) { e.ended_sessions.emplace_back(); });
       },
       with_extras([](domain::UserExtras& extras) { extras.operator_lock_seq = 1; }),
       [](User& u) { u.last_seq = 1; },
       [&](User& u) { u.sealed_profile = sealed_as({2}); },
       [&](User& u) { u.sealed_password = sealed_as({2}); },
       [](User& u) { u.sealed_profile = nullptr; },
       [](User& u) { u.sealed_password = nullptr; },
       with_extras([](domain::UserExtras& extras) { extras.networks = some_networks(); }),
       with_extras([](domain::UserExtras& extras) { extras.skip_ip_check = true; }),
       with_extras([](domain::UserExtras& extras) { extras.secure_transport_required = true; }),
       with_extras([](domain::UserExtras& extras) { extras.api_logging = true; }),
       with_extras([](domain::UserExtras& extras) { extras.session_timeout_seconds = 60; }),
       with_extras([](domain::UserExtras& extras) { extras.settings_seq = 1; }),
       [](User& u) { u.grants = domain::no_grants(); },
       [](User& u) { u = with_grant_edited([](auto& grant) { grant.resource = &text_b; }); },
       [](User& u) { u = with_grant_edited([](auto& grant) { grant.action = &text_b; }); },
       [](User& u) { u = with_grant_edited([](auto& grant) { grant.seq = 2; }); },
       [](User& u) { u = with_grant_edited([](auto& grant) { grant.index = 2; }); },
       [](User& u) { u = with_grant_edited([](auto& grant) { grant.deny = 1; }); }});
}

BOOST_AUTO_TEST_CASE(every_field_of_an_operator_counts) {
  every_field_counts<Operator>(
      some_operator(),
      {[](Operator& o) {
         o.id = {3, 4};
       },
       [](Operator& o) { o.name = "anm"; }, [](Operator& o) { o.role = Role::owner; },
       [](Operator& o) { o.keys.clear(); }, [](Operator& o) { o.keys[0][31] = 1; },
       [](Operator& o) { o.uid = 0; }, [](Operator& o) { o.uid = 1; },
       [](Operator& o) { o.all_tenants = true; },
       [](Operator& o) {
         o.tenants = {{1, 2}};
       },
       [](Operator& o) { o.tenants.clear(); }, [](Operator& o) { o.vouches = true; },
       [](Operator& o) { o.added_seq = 1; }, [](Operator& o) { o.changed_seq = 1; }});
}

BOOST_AUTO_TEST_CASE(the_end_of_one_text_is_not_the_start_of_the_next) {
  Tenant left = some_tenant();
  Tenant right = some_tenant();
  left.alias = "ab";
  left.display_name = "c";
  right.alias = "a";
  right.display_name = "bc";
  BOOST_TEST((digest_of(left) != digest_of(right)));
}

BOOST_AUTO_TEST_CASE(entries_stand_in_the_order_of_their_ids) {
  std::vector<User> users;
  for (const Uuid id : {Uuid{1, 9}, Uuid{2, 1}, Uuid{2, 9}, Uuid{3, 1}, Uuid{3, 0}}) {
    users.push_back(some_user());
    users.back().id = id;
    users.back().username = "u" + std::to_string(users.size());
  }
  const Bytes one = digest_of(users[0], users[1], users[2], users[3], users[4]);
  const Bytes two = digest_of(users[4], users[2], users[0], users[3], users[1]);
  BOOST_TEST((one == two));
  const auto place = [&](const User& user) {
    return std::string(one.begin(), one.end()).find(user.username);
  };
  BOOST_TEST(place(users[0]) < place(users[1]));
  BOOST_TEST(place(users[2]) < place(users[4]));
  BOOST_TEST(place(users[4]) < place(users[3]));
}

BOOST_AUTO_TEST_CASE(the_order_of_events_about_different_users_makes_no_difference) {
  const auto bytes_of = [](bool bob_first) {
    auto story = given(tenant("acme"), user("bob"), user("eve"));
    if (bob_first)
      story.when(to("bob", schema::LockUserT()), to("eve", schema::LockUserT()));
    else
      story.when(to("eve", schema::LockUserT()), to("bob", schema::LockUserT()));
    return canonical(story.state());
  };
  BOOST_TEST((bytes_of(true) == bytes_of(false)));
}

BOOST_AUTO_TEST_CASE(nothing_has_no_bytes) { BOOST_TEST(digest_of().empty()); }

BOOST_AUTO_TEST_SUITE_END()
