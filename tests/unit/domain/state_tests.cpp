#include <boost/test/unit_test.hpp>

#include "daemon/domain/access.h"
#include "daemon/domain/compact_state.h"
#include "daemon/domain/state.h"
#include "tests/support/restored.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using domain::Changes;
using domain::Operator;
using domain::Owned;
using domain::State;
using domain::Tenant;
using domain::User;

namespace {

Owned<Tenant> tenant_named(std::uint64_t id, std::string alias) {
  Tenant made;
  made.id = {1, id};
  made.alias = std::move(alias);
  return domain::make_counted<const Tenant>(std::move(made));
}

Owned<User> user_named(std::uint64_t id, std::string username,
                       UserStatus status = UserStatus::active, std::uint64_t tenant = 1) {
  User made;
  made.id = {2, id};
  made.tenant = {1, tenant};
  made.username = std::move(username);
  made.status = status;
  made.grants = domain::no_grants();
  return domain::make_counted<const User>(std::move(made));
}

Owned<Operator> operator_named(std::uint64_t id, std::string name, Role role, std::uint8_t key) {
  Operator made;
  made.id = {3, id};
  made.name = std::move(name);
  made.role = role;
  made.all_tenants = true;
  made.keys.emplace_back().fill(key);
  return domain::make_counted<const Operator>(std::move(made));
}

std::string key_of(std::uint8_t byte) { return domain::identity_of_key(Bytes(32, byte)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(state_tests)

BOOST_AUTO_TEST_CASE(T1_a_tenant_asked_for_again_is_as_it_is_now) {
  State state;
  Changes kept;
  state.replace(tenant_named(1, "acme"), kept);
  BOOST_TEST((state.find_tenant("acme")->id == Uuid{1, 1}));
  BOOST_TEST(state.find_tenant("other") == nullptr);
  BOOST_REQUIRE(state.find_tenant("acme") != nullptr);
  Changes changes;
  state.replace(tenant_named(1, "acme"), changes);
  BOOST_TEST(state.find_tenant("acme") == state.tables().find_tenant("acme"));
  BOOST_TEST(state.find_tenant("acme") != kept.tenants.front().after.get());
  state.revert(changes);
  BOOST_TEST(state.find_tenant("acme") == kept.tenants.front().after.get());
  state.revert(kept);
  BOOST_TEST(state.find_tenant("acme") == nullptr);
}

BOOST_AUTO_TEST_CASE(K4_what_is_taken_back_was_never_there) {
  State state;
  Changes kept;
  state.replace(tenant_named(1, "acme"), kept);
  state.replace(user_named(1, "bob"), kept);
  state.replace(operator_named(1, "root", Role::owner, 1), kept);
  const Bytes before = canonical(state);

  Changes changes;
  BOOST_TEST(changes.empty());
  state.replace(tenant_named(2, "other"), changes);
  auto disabled = domain::make_counted<Tenant>(*state.tables().find_tenant("acme"));
  disabled->enabled = false;
  state.replace(Owned<Tenant>(disabled), changes);
  state.replace(user_named(1, "bob", UserStatus::deleted), changes);
  state.replace(user_named(2, "BOB"), changes);
  state.replace(user_named(2, "BOB", UserStatus::trashed), changes);
  state.replace(operator_named(1, "root", Role::auditor, 2), changes);
  state.replace(operator_named(2, "ann", Role::owner, 1), changes);
  state.remove_operator({3, 1}, changes);
  BOOST_TEST(!changes.empty());
  BOOST_TEST(joined(domain::check_indexes(state)) == "");
  BOOST_TEST((canonical(state) != before));

  state.revert(changes);
  BOOST_TEST((canonical(state) == before));
  BOOST_TEST(joined(domain::check_indexes(state)) == "");
  BOOST_TEST(state.owner_count() == 1U);
  BOOST_TEST(state.tables().find_tenant("other") == nullptr);
  BOOST_TEST(state.tables().find_user({1, 1}, "bob")->id.low() == 1U);
  BOOST_TEST(state.tables().find_operator("ann") == nullptr);
  BOOST_TEST(state.tables().find_identity(key_of(1))->name == "root");
  BOOST_TEST(state.tables().find_identity(key_of(2)) == nullptr);
}

// As a snapshot's are: in the order of their ids, the indexes with room for about as many.
BOOST_AUTO_TEST_CASE(users_loaded_at_once_are_found_and_counted_as_others_are) {
  constexpr std::uint64_t count = 20'000;
  const auto name_of = [](std::uint64_t id) { return "client-" + std::to_string(id); };
  const auto status_of = [](std::uint64_t id) {
    return id % 7 == 0 ? UserStatus::deleted : UserStatus::active;
  };
  for (const std::uint64_t expected : {std::uint64_t{0}, std::uint64_t{100}, count, 4 * count}) {
    State state;
    Changes changes;
    state.replace(tenant_named(1, "acme"), changes);
    state.replace(tenant_named(2, "other"), changes);
    if (expected > 0) state.expect_users(expected);
    domain::LoadedUsers users;
    for (std::uint64_t id = 1; id <= count; ++id)
      users.add(user_named(id, name_of(id), status_of(id), id <= count / 2 ? 1 : 2));
    BOOST_TEST(users.tenants.size() == 2U);
    state.load(std::move(users));
    BOOST_TEST(joined(domain::check_indexes(state)) == "");
    BOOST_TEST(state.tables().names_taken_over() == 0U);
    BOOST_TEST(state.tables().live_user_count() == count - count / 7);
    BOOST_TEST(state.tables().live_user_count({1, 1}) == count / 2 - count / 2 / 7);
    for (std::uint64_t id = 1; id <= count; ++id) {
      const User* found = state.tables().find_user({1, id <= count / 2 ? 1U : 2U}, name_of(id));
      BOOST_REQUIRE((found == nullptr) == (id % 7 == 0));
      BOOST_REQUIRE((found == nullptr || found->id.low() == id));
    }
    // It goes on from there.
    for (std::uint64_t id = count + 1; id <= 2 * count; ++id)
      state.replace(user_named(id, name_of(id)), changes);
    BOOST_TEST(joined(domain::check_indexes(state)) == "");
  }
}

namespace {

/// What is read of the blocks of several states one after the other: those of a kind together, each
/// in a block of its own or all in one.
std::string refusal_of(const std::vector<const State*>& states, bool in_one_block) {
  std::vector<CompactBlock> blocks = compact(*states.front());
  for (const State* state : std::span(states).subspan(1))
    for (const CompactBlock& block : compact(*state)) {
      if (block.kind != domain::BlockKind::users) continue;
      const auto last = std::ranges::find(blocks, block.kind, &CompactBlock::kind);
      BOOST_REQUIRE((last != blocks.end()));
      if (in_one_block)
        last->bytes.insert(last->bytes.end(), block.bytes.begin(), block.bytes.end());
      else
        blocks.insert(last + 1, block);
    }
  const auto read = restored(blocks, states.front()->place());
  return read ? "" : read.error();
}

}  // namespace

BOOST_AUTO_TEST_CASE(users_that_no_state_could_have_are_refused) {
  const auto with_user = [](std::uint64_t id, const std::string& name, std::uint64_t tenant = 1) {
    State state;
    Changes changes;
    state.replace(tenant_named(1, "acme"), changes);
    state.replace(user_named(id, name, UserStatus::active, tenant), changes);
    return state;
  };
  const State bob = with_user(5, "bob");
  const State eve = with_user(6, "eve");
  const State another_bob = with_user(7, "BOB");
  const State stranger = with_user(8, "ann", 9);
  for (const bool in_one_block : {false, true}) {
    BOOST_TEST(refusal_of({&bob, &eve}, in_one_block) == "");
    BOOST_TEST(refusal_of({&eve, &bob}, in_one_block) == "entries are out of order");
    BOOST_TEST(refusal_of({&bob, &bob}, in_one_block) == "entries are out of order");
    BOOST_TEST(refusal_of({&bob, &another_bob}, in_one_block) == "two users have one name");
    BOOST_TEST(refusal_of({&bob, &stranger}, in_one_block) == "a user is of no tenant");
  }
}

// No command does this, but the bundle that somebody else made may.
BOOST_AUTO_TEST_CASE(who_is_put_under_another_name_leaves_nothing_behind) {
  State state;
  for (const auto& [alias, name] : {std::pair("acme", "bob"), {"other", "eve"}}) {
    // What is replaced goes with it.
    Changes changes;
    state.replace(tenant_named(1, alias), changes);
    state.replace(user_named(1, name), changes);
    state.replace(operator_named(1, name, Role::owner, 1), changes);
  }
  Changes changes;
  state.replace(user_named(1, "eve", UserStatus::active, 2), changes);
  BOOST_TEST(joined(domain::check_indexes(state)) == "");
  BOOST_TEST(state.tables().find_tenant("acme") == nullptr);
  BOOST_TEST(state.tables().find_tenant("other") != nullptr);
  BOOST_TEST(state.tables().find_user({1, 1}, "bob") == nullptr);
  BOOST_TEST(state.tables().find_user({1, 1}, "eve") == nullptr);
  BOOST_TEST(state.tables().find_user({1, 2}, "eve") != nullptr);
  BOOST_TEST(state.tables().find_operator("bob") == nullptr);
  BOOST_TEST(state.tables().find_operator("eve") != nullptr);
}

// No command does this either.
BOOST_AUTO_TEST_CASE(of_two_who_live_with_one_name_the_newer_has_it) {
  State state;
  Changes first;
  state.replace(user_named(1, "bob"), first);
  const auto holder = [&] { return state.tables().find_user({1, 1}, "bob"); };
  Changes second;
  state.replace(user_named(2, "Bob"), second);
  BOOST_TEST(state.tables().names_taken_over() == 1U);
  BOOST_TEST(holder()->id.low() == 2U);
  BOOST_TEST(state.tables().live_user_count() == 2U);
  BOOST_TEST(joined(domain::check_indexes(state)) != "");
  state.revert(second);
  BOOST_TEST(holder()->id.low() == 1U);
  BOOST_TEST(joined(domain::check_indexes(state)) == "");
}

// Whoever had it before is passed over in each look-up of the name.
BOOST_AUTO_TEST_CASE(U1_a_name_that_is_given_again_and_again_is_found_as_fast) {
  constexpr std::uint64_t others = 64'000;
  constexpr std::uint64_t lives = 1'000;
  State state;
  Changes made;
  for (std::uint64_t other = 0; other < others; ++other)
    state.replace(user_named(lives + 1 + other, "other-" + std::to_string(other)), made);
  std::uint64_t made_anew = 0;
  for (std::uint64_t life = 1; life <= lives; ++life) {
    Changes changes;
    state.replace(user_named(life, "bob"), changes);
    for (const auto& change : changes.index_parts) made_anew += change.is_of_names;
    BOOST_TEST(state.tables().find_user({1, 1}, "bob")->id.low() == life);
    state.replace(user_named(static_cast<std::uint64_t>(life), "bob", UserStatus::deleted),
                  changes);
    BOOST_TEST((state.tables().find_user({1, 1}, "bob") == nullptr));
  }
  // As the part has room for hundreds, it would be four times.
  BOOST_TEST(made_anew >= 12);
  BOOST_TEST(joined(domain::check_indexes(state)) == "");
}

BOOST_AUTO_TEST_CASE(K3_a_refused_batch_leaves_nothing_behind) {
  auto story = given(tenant("acme"), user("bob"), user("eve"));
  story
      .when(to("bob", schema::TrashUserT()), to("bob", schema::DeleteUserT()), user("bob"),
            allow("bob", "read", "table"), command(schema::DisableTenantT()),
            to("nobody", schema::TrashUserT()))
      .refused(Code::user_unknown);
  BOOST_TEST(story.user("bob").id == made_id(2));
  BOOST_TEST(joined(domain::check_indexes(story.state())) == "");
  story.when(to("bob", schema::TrashUserT()))
      .then(moved("bob", UserStatus::active, UserStatus::trashed));
}

BOOST_AUTO_TEST_CASE(K3_a_batch_sees_what_its_earlier_commands_did) {
  auto story = given(tenant("acme"));
  story.when(user("bob"), allow("bob", "read", "table"), to("bob", schema::TrashUserT()),
             to("bob", schema::DeleteUserT()), user("bob"));
  BOOST_TEST(story.outcome().refusals.empty());
  BOOST_TEST(story.state().tables().live_user_count() == 1U);
}

BOOST_AUTO_TEST_CASE(K4_a_dry_run_answers_and_causes_nothing) {
  auto story = given(tenant("acme"), user("bob"));
  schema::CommandMessageT message =
      story.message({to("bob", schema::TrashUserT()), to("bob", schema::DeleteUserT())});
  message.dry_run = true;
  story.send(message).would(moved("bob", UserStatus::active, UserStatus::trashed),
                            moved("bob", UserStatus::trashed, UserStatus::deleted));
  BOOST_TEST(story.user("bob").status == UserStatus::active);
  message.dry_run = false;
  story.send(message).then(moved("bob", UserStatus::active, UserStatus::trashed),
                           moved("bob", UserStatus::trashed, UserStatus::deleted));
}

BOOST_AUTO_TEST_CASE(U1_look_ups_fold_the_case_of_usernames_alone) {
  State state;
  Changes changes;
  state.replace(tenant_named(1, "acme"), changes);
  state.replace(user_named(1, "Bob.X"), changes);
  const auto& tables = state.tables();
  BOOST_TEST(tables.find_user({1, 1}, "bOB.x") != nullptr);
  BOOST_TEST(tables.find_user({1, 2}, "Bob.X") == nullptr);
  BOOST_TEST(tables.find_user({1, 1}, "Bob_X") == nullptr);
  BOOST_TEST(tables.find_tenant("ACME") == nullptr);
  BOOST_TEST(domain::equal_names("azAZ@[`{", "AZaz@[`{"));
  BOOST_TEST(!domain::equal_names("@[`{", "`{@["));
  BOOST_TEST(domain::hash_of_name("Bob") == domain::hash_of_name("bOB"));
  BOOST_TEST(domain::fold_name("Bob.X") == "bob.x");
}

BOOST_AUTO_TEST_CASE(U1_a_deleted_user_keeps_its_id_and_frees_its_name) {
  State state;
  Changes changes;
  state.replace(user_named(1, "bob"), changes);
  state.replace(user_named(1, "bob", UserStatus::deleted), changes);
  BOOST_TEST(state.tables().find_user({2, 1}) != nullptr);
  BOOST_TEST(state.tables().find_user({1, 1}, "bob") == nullptr);
  state.replace(user_named(2, "bob"), changes);
  state.replace(user_named(1, "bob", UserStatus::deleted), changes);
  BOOST_TEST(state.tables().find_user({1, 1}, "bob")->id.low() == 2U);
  BOOST_TEST(state.tables().live_user_count() == 1U);
}

BOOST_AUTO_TEST_CASE(O3_owners_are_counted) {
  State state;
  Changes changes;
  state.replace(operator_named(1, "a", Role::owner, 1), changes);
  state.replace(operator_named(2, "b", Role::manager, 2), changes);
  BOOST_TEST(state.owner_count() == 1U);
  state.replace(operator_named(2, "b", Role::owner, 2), changes);
  BOOST_TEST(state.owner_count() == 2U);
  state.replace(operator_named(1, "a", Role::auditor, 1), changes);
  BOOST_TEST(state.owner_count() == 1U);
  state.remove_operator({3, 2}, changes);
  state.remove_operator({3, 2}, changes);
  BOOST_TEST(state.owner_count() == 0U);
  BOOST_TEST(state.tables().operator_count() == 1U);
  state.revert(changes);
  BOOST_TEST(state.owner_count() == 0U);
  BOOST_TEST(state.tables().operator_count() == 0U);
}

BOOST_AUTO_TEST_CASE(a_text_is_kept_once) {
  State state;
  const std::string* one = state.intern("table/a");
  for (int count = 0; count < 1'000; ++count) state.intern("table/" + std::to_string(count));
  BOOST_TEST(state.intern(std::string("table/") + 'a') == one);
  BOOST_TEST(*one == "table/a");
}

BOOST_AUTO_TEST_CASE(thousands_of_entries_are_found_again) {
  State state;
  Changes changes;
  for (std::uint64_t count = 0; count < 20'000; ++count)
    state.replace(user_named(count, "User" + std::to_string(count)), changes);
  for (std::uint64_t count = 0; count < 20'000; count += 2)
    state.replace(user_named(count, "User" + std::to_string(count), UserStatus::deleted), changes);
  BOOST_TEST(state.tables().live_user_count() == 10'000U);
  BOOST_TEST(joined(domain::check_indexes(state)) == "");
  for (std::uint64_t count = 0; count < 20'000; ++count) {
    const User* found = state.tables().find_user({1, 1}, "uSER" + std::to_string(count));
    if ((found != nullptr) != (count % 2 == 1)) BOOST_ERROR("user " << count);
  }
  state.revert(changes);
  BOOST_TEST(canonical(state).empty());
}

BOOST_AUTO_TEST_CASE(K1_a_made_id_is_a_uuid_v7_of_its_time) {
  for (const std::uint64_t noise : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    const Uuid id = domain::uuid_v7(0x0123'4567'89ab, {noise, noise});
    BOOST_TEST((id.high() >> 16) == 0x0123'4567'89abU);
    BOOST_TEST((id.high() >> 12 & 0xfU) == 7U);
    BOOST_TEST((id.low() >> 62) == 2U);
    BOOST_TEST((id.high() & 0xfffU) == (noise & 0xfffU));
    BOOST_TEST((id.low() & ~(std::uint64_t{3} << 62)) == noise >> 2);
  }
}

BOOST_AUTO_TEST_CASE(ids_are_compared_by_their_high_half_first) {
  BOOST_TEST(domain::less({1, 9}, {2, 1}));
  BOOST_TEST(domain::less({1, 1}, {1, 2}));
  BOOST_TEST(!domain::less({1, 2}, {1, 2}));
  BOOST_TEST(domain::is_zero({}));
  BOOST_TEST(!domain::is_zero({0, 1}));
  BOOST_TEST(!domain::is_zero({1, 0}));
}

BOOST_AUTO_TEST_CASE(K3_texts_of_what_is_taken_back_are_not_kept) {
  domain::State state;
  domain::Changes first;
  state.intern("table/a", first);
  BOOST_TEST(first.texts.size() == 1U);
  state.revert(first);
  domain::Changes second;
  state.intern("table/a", second);
  BOOST_TEST(second.texts.size() == 1U);
  domain::Changes third;
  state.intern("table/a", third);
  BOOST_TEST(third.texts.empty());
}

BOOST_AUTO_TEST_SUITE_END()
