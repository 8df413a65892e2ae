#include <boost/test/unit_test.hpp>

#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

schema::CommandT change_operator(std::string name, Role role,
                                 std::unique_ptr<schema::OperatorStandingT> standing) {
  schema::ChangeOperatorT body;
  body.name = std::move(name);
  body.role = role;
  body.standing = std::move(standing);
  return command(std::move(body));
}

schema::CommandT remove_operator(std::string name) {
  schema::RemoveOperatorT body;
  body.name = std::move(name);
  return command(std::move(body));
}

schema::CommandT with_standing(schema::CommandT command,
                               const std::function<void(schema::OperatorStandingT&)>& edit) {
  edit(*command.body.AsAddOperator()->standing);
  return command;
}

void second_key(schema::OperatorStandingT& standing, std::size_t bytes, std::uint8_t key) {
  standing.keys.push_back(std::make_unique<schema::PublicKeyT>());
  standing.keys.back()->bytes.assign(bytes, key);
}

domain::Operator owner_of(std::vector<Uuid> tenants) {
  domain::Operator made = an_operator(Role::owner);
  made.all_tenants = false;
  made.tenants = std::move(tenants);
  return made;
}

const schema::CommandT add_ann = add_operator("ann", Role::manager, 1);
const schema::CommandT add_eve =
    with_standing(add_operator("eve", Role::auditor, 7), [](auto& standing) { standing.uid = 7; });

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_operators_tests)

// ---- O3

BOOST_AUTO_TEST_CASE(O3_an_operator_is_added_by_command) {
  auto story = given(tenant("acme"), tenant("other"));
  schema::OperatorAddedT added;
  added.operator_id = std::make_unique<Uuid>(made_id(3));
  added.name = "ann";
  added.role = Role::manager;
  added.standing = standing(1, {"acme"});
  added.standing->tenants.clear();
  added.standing->tenant_ids.push_back(std::make_unique<schema::TenantIdT>());
  added.standing->tenant_ids.back()->id = std::make_unique<Uuid>(made_id(1));
  story.when(add_operator("ann", Role::manager, 1, {"acme"})).then(event(std::move(added)));
  const domain::Operator* ann = story.state().tables().find_operator("ann");
  BOOST_REQUIRE(ann != nullptr);
  BOOST_TEST((ann->role == Role::manager));
  BOOST_TEST(domain::in_scope(*ann, made_id(1)));
  BOOST_TEST(!domain::in_scope(*ann, made_id(2)));
  const std::vector<std::uint8_t> key(32, 1);
  BOOST_TEST(story.state().tables().find_identity(domain::identity_of_key(key)) == ann);
}

BOOST_AUTO_TEST_CASE(O3_a_change_replaces_role_and_standing) {
  auto story = given(tenant("acme"), add_operator("ann", Role::manager, 1));
  schema::OperatorChangedT changed;
  changed.operator_id = std::make_unique<Uuid>(made_id(2));
  changed.role = Role::auditor;
  changed.standing = standing(2, {"acme"});
  changed.standing->tenants.clear();
  changed.standing->tenant_ids.push_back(std::make_unique<schema::TenantIdT>());
  changed.standing->tenant_ids.back()->id = std::make_unique<Uuid>(made_id(1));
  story.when(change_operator("ann", Role::auditor, standing(2, {"acme"})))
      .then(event(std::move(changed)));
  const auto& tables = story.state().tables();
  BOOST_TEST(tables.find_identity(domain::identity_of_key(Bytes(32, 1))) == nullptr);
  const domain::Operator* ann = tables.find_identity(domain::identity_of_key(Bytes(32, 2)));
  BOOST_REQUIRE(ann != nullptr);
  BOOST_TEST((ann->role == Role::auditor));
  BOOST_TEST(!ann->all_tenants);
}

BOOST_AUTO_TEST_CASE(O3_a_removed_operator_is_gone_and_its_key_is_free) {
  auto story = given(add_ann);
  schema::OperatorRemovedT removed;
  removed.operator_id = std::make_unique<Uuid>(made_id(1));
  story.when(remove_operator("ann")).then(event(std::move(removed)));
  BOOST_TEST(story.state().tables().find_operator("ann") == nullptr);
  story.given(add_ann);
  BOOST_TEST(story.state().tables().find_operator("ann")->id == made_id(3));
}

BOOST_AUTO_TEST_CASE(O3_the_last_owner_stays) {
  auto story = given();
  story.when(remove_operator("root")).refused(Code::last_owner).naming("name");
  story.when(change_operator("root", Role::administrator, standing(1)))
      .refused(Code::last_owner)
      .naming("role");
  story.given(change_operator("root", Role::owner, standing(1)));
}

BOOST_AUTO_TEST_CASE(O3_with_two_owners_one_may_go) {
  auto story = given(add_operator("ann", Role::owner, 1));
  BOOST_TEST(story.state().owner_count() == 2U);
  story.given(remove_operator("root"));
  story.by("ann").when(remove_operator("ann")).refused(Code::last_owner);
}

BOOST_AUTO_TEST_CASE(O1_an_owner_of_some_tenants_is_not_the_last_owner_of_all) {
  auto story = given(tenant("acme"), add_operator("ann", Role::owner, 1, {"acme"}));
  BOOST_TEST(story.state().owner_count() == 1U);
  story.when(remove_operator("root")).refused(Code::last_owner).naming("name");
  story.when(change_operator("root", Role::auditor, standing(3)))
      .refused(Code::last_owner)
      .naming("role");
  story.when(change_operator("root", Role::owner, standing(3, {"acme"})))
      .refused(Code::last_owner)
      .naming("all_tenants");
  story.given(change_operator("root", Role::owner, standing(3)));
  story.given(change_operator("ann", Role::owner, standing(1)));
  BOOST_TEST(story.state().owner_count() == 2U);
  story.given(change_operator("root", Role::owner, standing(3, {"acme"})));
  story.given(remove_operator("root"));
  BOOST_TEST(story.state().owner_count() == 1U);
}

BOOST_AUTO_TEST_CASE(O3_a_key_that_is_nobodys_is_refused) {
  auto story = given();
  const auto with_key = [](std::vector<std::uint8_t> bytes, bool signing) {
    return with_standing(add_ann, [&](auto& standing) {
      auto& keys = signing ? standing.signing_keys : standing.keys;
      keys.clear();
      keys.emplace_back(std::make_unique<schema::PublicKeyT>())->bytes = std::move(bytes);
    });
  };
  Bytes high_bit(32, 0);
  high_bit.back() = 0x80;
  Bytes one(32, 0);
  one.front() = 1;
  for (const Bytes& key : {Bytes(32, 0), one, high_bit})
    for (const bool signing : {false, true})
      story.when(with_key(key, signing))
          .refused(Code::field_malformed)
          .naming(signing ? "signing_keys" : "keys")
          .telling("nobody's");
  story.given(add_ann);
  story.when(change_operator("ann", Role::manager, standing(0)))
      .refused(Code::field_malformed)
      .naming("keys");
}

BOOST_AUTO_TEST_CASE(O3_two_keys_are_two) {
  auto twice = standing(1);
  second_key(*twice, 32, 1);
  given(add_ann)
      .when(change_operator("ann", Role::manager, std::move(twice)))
      .refused(Code::field_malformed)
      .naming("keys")
      .telling("given twice");
}

BOOST_AUTO_TEST_CASE(O3_one_batch_does_not_remove_both_owners) {
  auto story = given(add_operator("ann", Role::owner, 1));
  story.when(remove_operator("ann"), remove_operator("root")).refused(Code::last_owner);
  story.when(change_operator("ann", Role::auditor, standing(1)), remove_operator("root"))
      .refused(Code::last_owner);
  BOOST_TEST(story.state().owner_count() == 2U);
}

BOOST_AUTO_TEST_CASE(O3_two_keys_at_most_of_32_bytes) {
  auto story = given();
  const auto ann_with = [](std::size_t bytes) {
    return with_standing(add_ann, [&](auto& standing) { second_key(standing, bytes, 9); });
  };
  for (const std::size_t bytes : {0U, 31U, 33U})
    story.when(ann_with(bytes)).refused(Code::field_malformed).naming("keys");
  schema::CommandT three = ann_with(32);
  second_key(*three.body.AsAddOperator()->standing, 32, 8);
  story.when(three).refused(Code::too_large).naming("keys").telling("The limit is 2, found 3.");
  story.given(ann_with(32));
  for (const std::uint8_t key : std::initializer_list<std::uint8_t>{1, 9})
    BOOST_TEST(
        story.state().tables().find_identity(domain::identity_of_key(Bytes(32, key)))->name ==
        "ann");
}

BOOST_AUTO_TEST_CASE(O3_a_rotation_has_no_gap) {
  auto story = given(add_ann);
  auto both = standing(1);
  second_key(*both, 32, 2);
  story.given(change_operator("ann", Role::manager, std::move(both)));
  story.given(change_operator("ann", Role::manager, standing(2)));
  BOOST_TEST(story.state().tables().find_identity(domain::identity_of_key(Bytes(32, 1))) ==
             nullptr);
}

BOOST_AUTO_TEST_CASE(O3_a_key_or_uid_names_one_operator) {
  auto story = given(with_standing(add_ann, [](auto& standing) { standing.uid = 1'000; }));
  story.when(add_operator("eve", Role::auditor, 1)).refused(Code::key_in_use).naming("keys");
  schema::CommandT same_uid = with_standing(add_operator("eve", Role::auditor, 2),
                                            [](auto& standing) { standing.uid = 1'000; });
  story.when(same_uid).refused(Code::key_in_use).naming("uid").telling("uid 1000.");
  story.given(add_operator("eve", Role::auditor, 2));
  story.when(change_operator("eve", Role::auditor, standing(1))).refused(Code::key_in_use);
}

BOOST_AUTO_TEST_CASE(O3_a_key_moves_within_one_batch) {
  auto story = given(add_ann);
  story.when(change_operator("ann", Role::manager, standing(2)),
             add_operator("eve", Role::auditor, 1));
  BOOST_TEST(story.state().tables().find_identity(domain::identity_of_key(Bytes(32, 1)))->name ==
             "eve");
}

BOOST_AUTO_TEST_CASE(O3_an_operator_needs_a_way_in) {
  given()
      .when(with_standing(add_ann, [](auto& standing) { standing.keys.clear(); }))
      .refused(Code::field_missing)
      .naming("keys");
  given(with_standing(add_ann, [](auto& standing) {
    standing.keys.clear();
    standing.uid = 1'000;
  }));
}

BOOST_AUTO_TEST_CASE(O3_the_form_of_a_name) {
  for (const std::string& good : {std::string("a"), std::string("0.a_b-c"), std::string(63, 'a')})
    given(add_operator(good, Role::service, 1));
  for (const std::string& bad :
       {std::string(), std::string("daemon"), std::string("Ann"), std::string(".a"),
        std::string("-a"), std::string("_a"), std::string("a b"), std::string(64, 'a')})
    BOOST_TEST_CONTEXT(bad) {
      given()
          .when(add_operator(bad, Role::service, 1))
          .refused(Code::field_malformed)
          .naming("name");
    }
}

BOOST_AUTO_TEST_CASE(O3_a_name_is_unique) {
  given(add_ann)
      .when(add_operator("ann", Role::service, 2))
      .refused(Code::operator_exists)
      .naming("name");
}

// ---- O1, O2

BOOST_AUTO_TEST_CASE(O1_every_role_but_the_daemons_can_be_given) {
  for (const Role role :
       {Role::owner, Role::administrator, Role::manager, Role::auditor, Role::service})
    given(add_operator("ann", role, 1));
  for (const Role role : {Role::none, Role::daemon, static_cast<Role>(7)}) {
    given().when(add_operator("ann", role, 1)).refused(Code::field_malformed).naming("role");
    given(add_ann)
        .when(change_operator("ann", role, standing(1)))
        .refused(Code::field_malformed)
        .naming("role");
  }
}

BOOST_AUTO_TEST_CASE(O1_a_scope_is_all_tenants_or_a_named_few) {
  auto story = given(tenant("acme"));
  story.when(with_standing(add_ann, [](auto& standing) { standing.all_tenants = false; }))
      .refused(Code::field_missing)
      .naming("tenants");
  story.when(with_standing(add_ann, [](auto& standing) { standing.tenants = {"acme"}; }))
      .refused(Code::field_malformed)
      .naming("tenants");
  story.when(add_operator("ann", Role::manager, 1, {"acme", "nobody"}))
      .refused(Code::tenant_unknown)
      .naming("tenants")
      .telling("'nobody'");
}

BOOST_AUTO_TEST_CASE(O1_ids_from_outside_are_not_taken_over) {
  schema::CommandT sly = add_operator("ann", Role::manager, 1, {"acme"});
  auto& ids = sly.body.AsAddOperator()->standing->tenant_ids;
  ids.push_back(std::make_unique<schema::TenantIdT>());
  ids.back()->id = std::make_unique<Uuid>(made_id(2));
  auto story = given(tenant("acme"), tenant("other"), sly);
  BOOST_TEST(!domain::in_scope(*story.state().tables().find_operator("ann"), made_id(2)));
}

BOOST_AUTO_TEST_CASE(O1_a_flag_lets_a_service_vouch) {
  auto story = given(with_standing(add_ann, [](auto& standing) { standing.vouches = true; }),
                     add_operator("eve", Role::service, 2));
  BOOST_TEST(story.state().tables().find_operator("ann")->vouches);
  BOOST_TEST(!story.state().tables().find_operator("eve")->vouches);
}

BOOST_AUTO_TEST_CASE(O2_nobody_gives_a_scope_they_do_not_have) {
  auto story = given(tenant("acme"), tenant("other"));
  story.by(owner_of({made_id(1)}));
  story.when(add_ann).refused(Code::not_permitted).naming("all_tenants");
  story.when(add_operator("ann", Role::manager, 1, {"acme", "other"}))
      .refused(Code::tenant_unknown)
      .naming("tenants");
  story.given(add_operator("ann", Role::manager, 1, {"acme"}));
}

BOOST_AUTO_TEST_CASE(O2_an_operator_beyond_ones_tenants_does_not_exist) {
  auto story = given(tenant("acme"), tenant("other"), add_operator("all", Role::manager, 1),
                     add_operator("both", Role::manager, 2, {"acme", "other"}),
                     add_operator("one", Role::manager, 3, {"acme"}));
  story.by(owner_of({made_id(1)}));
  for (const char* beyond : {"all", "both", "root", "nobody"}) {
    story.when(remove_operator(beyond)).refused(Code::operator_unknown).naming("name");
    story.when(change_operator(beyond, Role::auditor, standing(4, {"acme"})))
        .refused(Code::operator_unknown)
        .naming("name");
  }
  story.given(change_operator("one", Role::auditor, standing(4, {"acme"})), remove_operator("one"));
}

BOOST_AUTO_TEST_CASE(O2_refusals_are_recorded_with_a_count) {
  schema::RecordRefusalsT body;
  body.operator_id = std::make_unique<Uuid>(made_id(1));
  body.code = Code::not_permitted;
  body.count = 12;
  schema::CommandRefusedT refused;
  refused.operator_id = std::make_unique<Uuid>(made_id(1));
  refused.code = Code::not_permitted;
  refused.count = 12;
  given(add_ann).when(command(body)).then(event(refused));
  body.operator_id.reset();
  given(add_ann).when(command(body)).refused(Code::field_missing).naming("operator_id");
}

// ---- order

std::vector<Flaw> flaws_of_a_standing(
    const std::function<schema::OperatorStandingT&(Request&)>& standing_of) {
  return {
      {Code::too_large, "keys",
       [=](Request& request) {
         auto& standing = standing_of(request);
         for (std::uint8_t key = 8; standing.keys.size() < 3; ++key) second_key(standing, 32, key);
       }},
      {Code::field_malformed, "keys",
       [=](Request& request) { standing_of(request).keys.front()->bytes.assign(31, 1); }},
      {Code::key_in_use, "keys",
       [=](Request& request) { standing_of(request).keys.front()->bytes.assign(32, 7); }},
      {Code::key_in_use, "uid", [=](Request& request) { standing_of(request).uid = 7; }},
      {Code::field_malformed, "tenants",
       [=](Request& request) {
         standing_of(request).all_tenants = true;
         standing_of(request).tenants = {"acme"};
       }},
      {Code::tenant_unknown, "tenants",
       [=](Request& request) {
         standing_of(request).all_tenants = false;
         standing_of(request).tenants = {"nobody"};
       }},
  };
}

Flaw of_a_tenant() {
  return {Code::field_malformed, "tenant", [](Request& request) { request.tenant = "acme"; }};
}

BOOST_AUTO_TEST_CASE(add_operator_refuses_in_order) {
  Request good;
  good.asker = an_operator(Role::owner);
  good.tenant.clear();
  good.before = {add_eve};
  good.command = add_ann;
  const auto body = [](Request& request) { return request.command.body.AsAddOperator(); };
  const std::vector<Flaw> flaws = {
      of_a_tenant(),
      {Code::field_malformed, "name", [&](Request& request) { body(request)->name = "Ann"; }},
      {Code::operator_exists, "name", [&](Request& request) { body(request)->name = "eve"; }},
      {Code::field_malformed, "role",
       [&](Request& request) { body(request)->role = Role::daemon; }},
  };
  refuses_in_order(good, joined(flaws, flaws_of_a_standing([=](Request & request) -> auto& {
                                  return *body(request)->standing;
                                })));
  refuses_in_order(good, joined(flaws, {{Code::field_missing, "standing", [&](Request& request) {
                                           body(request)->standing.reset();
                                         }}}));
}

BOOST_AUTO_TEST_CASE(change_operator_refuses_in_order) {
  Request good;
  good.asker = an_operator(Role::owner);
  good.tenant.clear();
  good.before = {add_eve, add_operator("ann", Role::owner, 1)};
  good.command = change_operator("ann", Role::auditor, standing(1));
  const auto body = [](Request& request) { return request.command.body.AsChangeOperator(); };
  const std::vector<Flaw> flaws = {
      of_a_tenant(),
      {Code::operator_unknown, "name", [&](Request& request) { body(request)->name = "nobody"; }},
      {Code::field_malformed, "role", [&](Request& request) { body(request)->role = Role::none; }},
  };
  const std::vector<Flaw> last = {{Code::last_owner, "role", [](Request& request) {
                                     request.before.push_back(remove_operator("root"));
                                   }}};
  refuses_in_order(good, joined(joined(flaws, flaws_of_a_standing([=](Request & request) -> auto& {
                                         return *body(request)->standing;
                                       })),
                                last));
}

BOOST_AUTO_TEST_CASE(remove_operator_refuses_in_order) {
  Request good;
  good.asker = an_operator(Role::owner);
  good.tenant.clear();
  good.before = {add_operator("ann", Role::owner, 1)};
  good.command = remove_operator("ann");
  refuses_in_order(
      good, {of_a_tenant(),
             {Code::operator_unknown, "name",
              [](Request& request) { request.command.body.AsRemoveOperator()->name = "nobody"; }},
             {Code::last_owner, "name",
              [](Request& request) { request.before.push_back(remove_operator("root")); }}});
}

BOOST_AUTO_TEST_SUITE_END()
