// Tenants and operators, as far as the asker's scope goes.
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

struct Company : AskedView {
  Company()
      : AskedView(given(tenant("acme"), user("bob"), user("eve"), to("eve", schema::TrashUserT()),
                        to("eve", schema::DeleteUserT()), tenant("globex"), tenant("initech"),
                        add_operator("of-acme", Role::auditor, 7, {"acme"}),
                        add_operator("of-two", Role::auditor, 8, {"acme", "globex"}))) {}

  std::vector<std::string> aliases(const schema::ListTenantsT& wanted, std::string_view asker) {
    std::vector<std::string> found;
    for (const auto& tenant : page(wanted, asker).tenants) found.push_back(tenant->alias);
    return found;
  }
  std::vector<std::string> operators(std::string_view asker) {
    std::vector<std::string> found;
    for (const auto& entry : page(schema::ListOperatorsT(), asker).operators)
      found.push_back(entry->name);
    return found;
  }
};

using Names = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tenants_tests, Company)

BOOST_AUTO_TEST_CASE(O2_a_tenant_outside_the_scope_is_as_if_there_was_none) {
  schema::GetTenantT wanted;
  wanted.alias = "globex";
  BOOST_TEST(refusal(wanted, "of-acme") == Code::tenant_unknown);
  BOOST_TEST(refusal(wanted, "of-two") == Code::ok);
  wanted.alias = "nowhere";
  BOOST_TEST(refusal(wanted) == Code::tenant_unknown);
}

BOOST_AUTO_TEST_CASE(T1_a_tenant_is_shown_with_what_caused_it) {
  schema::GetTenantT wanted;
  wanted.alias = "acme";
  const auto made = page(wanted);
  BOOST_REQUIRE(made.tenants.size() == 1U);
  BOOST_TEST(made.tenants[0]->user_count == 1U);
  BOOST_TEST(made.tenants[0]->created->seq == story.tenant().created_seq);
  BOOST_TEST(made.tenants[0]->status_changed == nullptr);
  BOOST_TEST(!made.tenants[0]->catalogue.empty());
}

BOOST_AUTO_TEST_CASE(Q4_tenants_are_listed_page_by_page_within_the_scope) {
  schema::ListTenantsT wanted;
  wanted.count_max = 2;
  BOOST_TEST(aliases(wanted, "root") == (Names{"acme", "globex"}));
  BOOST_TEST(page(wanted).more);
  BOOST_TEST(aliases(wanted, "of-two") == (Names{"acme", "globex"}));
  BOOST_TEST(!page(wanted, "of-two").more);
  wanted.after = "acme";
  BOOST_TEST(aliases(wanted, "root") == (Names{"globex", "initech"}));
}

BOOST_AUTO_TEST_CASE(O2_operators_that_reach_further_are_not_shown) {
  BOOST_TEST(operators("root") == (Names{"of-acme", "of-two", "root"}));
  BOOST_TEST(operators("of-two") == (Names{"of-acme", "of-two"}));
  BOOST_TEST(operators("of-acme") == (Names{"of-acme"}));
  const auto made = page(schema::ListOperatorsT());
  BOOST_TEST(made.operators[1]->standing->tenants == (Names{"acme", "globex"}));
  BOOST_TEST(made.operators[1]->standing->keys.size() == 1U);
  BOOST_TEST(made.operators[1]->added->seq == asker("of-two").added_seq);
}

BOOST_AUTO_TEST_SUITE_END()
