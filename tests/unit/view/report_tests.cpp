// The access review of one tenant (H8), shared users in it (D3).
#include <algorithm>

#include "daemon/view/report.h"
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;
using schema::FindingKind;

namespace {

/// Calls of a day: from where, by which systems, and which grants decided.
struct Used {
  std::vector<std::string> clients = {"erp/4"};
  std::vector<std::string> networks = {"10.1.2.0/24"};
  std::vector<domain::GrantPointer> grants = {};
  const domain::ApiKey* key = nullptr;
};

struct Reviewed : AskedView {
  Reviewed()
      : AskedView(given(tenant("acme"), user("bob"), user("eve"), tenant("globex"),
                        add_operator("of-globex", Role::owner, 8, {"globex"}))) {
    wanted.tenant = "acme";
  }

  std::int64_t now_ns() { return story.world().now_ns(); }

  /// As the daemon records it, once a day.
  void use(const std::string& username, const Used& used) {
    schema::RecordUseT body;
    body.use = std::make_unique<schema::UseT>();
    body.use->first_ns = body.use->last_ns = now_ns();
    auto& day = body.use->days.emplace_back(std::make_unique<schema::UseOfDayT>());
    day->day = static_cast<std::uint32_t>(now_ns() / view::day_ns);
    day->allowed = 7;
    day->denied = 2;
    body.use->clients = used.clients;
    body.use->networks = used.networks;
    for (domain::GrantPointer grant : used.grants) {
      auto& part = body.use->grants.emplace_back(std::make_unique<schema::UseOfGrantT>());
      part->grant = std::make_unique<schema::GrantReferenceT>();
      part->grant->seq = grant->seq;
      part->grant->index = static_cast<std::uint16_t>(grant->index);
      part->last_ns = now_ns();
      part->count = 1;
    }
    if (used.key != nullptr) {
      auto& part = body.use->keys.emplace_back(std::make_unique<schema::UseOfKeyT>());
      part->key = std::make_unique<Uuid>(used.key->id);
      part->last_ns = now_ns();
      part->count = 1;
    }
    story.by(Role::daemon).given(to(username, std::move(body)));
    story.by(Role::owner);
    story.world().pass(view::day_ns);
  }

  view::Activity activity() {
    view::Activity made(story.tenant().id, wanted.from_seq);
    for (const Bytes& record : story.world().records())
      made.add(*flatbuffers::GetRoot<schema::Record>(record.data()));
    return made;
  }

  view::Answer<schema::ReportT> answer(std::string_view asker = "root") {
    refresh();
    const auto bytes = packed<schema::GetReport>(wanted);
    return view::report(inquiry(asker), *flatbuffers::GetRoot<schema::GetReport>(bytes.data()),
                        activity());
  }
  schema::ReportT report() {
    auto made = answer();
    BOOST_REQUIRE(made);
    return std::move(*made);
  }

  /// The names of a finding's rows.
  std::vector<std::string> found(FindingKind kind) {
    std::vector<std::string> names;
    const schema::ReportT made = report();
    for (const auto& finding : made.findings) {
      if (finding->kind != kind) continue;
      BOOST_TEST(finding->count == finding->rows.size());
      for (const auto& row : finding->rows)
        names.push_back(!row->key_name.empty() ? row->username + " " + row->key_name
                        : row->grant != nullptr
                            ? row->username + row->role + " " + row->grant->resource
                        : !row->username.empty() ? row->username
                                                 : row->role);
    }
    return names;
  }

  /// "whole + part" of an area.
  std::string access(const std::string& area, const std::string& action) {
    for (const auto& cell : report().access)
      if (cell->area == area && cell->action == action)
        return std::to_string(cell->whole) + " + " + std::to_string(cell->part);
    return "none";
  }

  domain::GrantPointer grant_of(const std::string& username, const std::string& resource) {
    for (const domain::GrantPointer grant : story.user(username).grants->pointers())
      if (*grant->resource == resource) return grant;
    throw std::runtime_error("no grant on " + resource);
  }

  schema::GetReportT wanted;
};

using Names = std::vector<std::string>;

schema::CommandT until(schema::CommandT grant, std::int64_t time_ns) {
  auto* body = grant.body.AsAddGrant();
  body->conditions = std::make_unique<schema::ConditionsT>();
  body->conditions->not_after_ns = time_ns;
  return grant;
}

schema::CommandT bound_to(const std::string& username, const std::string& network) {
  schema::SetUserSettingsT body;
  body.networks = std::make_unique<schema::NetworksT>();
  body.networks->entries = {network};
  return to(username, std::move(body));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(report_tests, Reviewed)

BOOST_AUTO_TEST_CASE(H8_users_that_were_never_or_long_not_used_are_found) {
  use("bob", {});
  BOOST_TEST(found(FindingKind::users_never_used) == Names({"eve"}));
  BOOST_TEST(found(FindingKind::users_long_unused).empty());
  story.world().pass(100 * view::day_ns);
  BOOST_TEST(found(FindingKind::users_long_unused) == Names({"bob"}));
  wanted.unused_days = 200;
  BOOST_TEST(found(FindingKind::users_long_unused).empty());
  // Who may not act is no risk.
  story.given(to("eve", schema::DisableUserT()));
  BOOST_TEST(found(FindingKind::users_never_used).empty());
}

BOOST_AUTO_TEST_CASE(H8_keys_that_nobody_uses_are_found_and_those_that_expire) {
  story.given(key("bob", "old"), key("bob", "new"));
  schema::CreateKeyT dated;
  dated.name = "dated";
  dated.expires_ns = now_ns() + 20 * view::day_ns;
  story.given(to("bob", std::move(dated)));
  use("bob", {.key = domain::find_key(story.user("bob"), "new")});
  BOOST_TEST(found(FindingKind::keys_never_used) == Names({"bob old", "bob dated"}));
  BOOST_TEST(found(FindingKind::keys_expiring) == Names({"bob dated"}));
  wanted.soon_days = 10;
  BOOST_TEST(found(FindingKind::keys_expiring).empty());
  story.world().pass(100 * view::day_ns);
  BOOST_TEST(found(FindingKind::keys_long_unused) == Names({"bob new"}));
  BOOST_TEST(found(FindingKind::keys_expired) == Names({"bob dated"}));
  // It opens nothing, so that it is unused is no news.
  BOOST_TEST(found(FindingKind::keys_never_used) == Names({"bob old"}));
}

BOOST_AUTO_TEST_CASE(H8_grants_that_nothing_used_are_found) {
  story.given(allow("bob", "read", "table/a"), allow("bob", "read", "table/b"),
              deny("bob", "read", "table/c"));
  use("bob", {.grants = {grant_of("bob", "table/a")}});
  BOOST_TEST(found(FindingKind::grants_never_used) == Names({"bob table/b"}));
  story.world().pass(100 * view::day_ns);
  BOOST_TEST(found(FindingKind::grants_long_unused) == Names({"bob table/a"}));
}

BOOST_AUTO_TEST_CASE(H8_grants_that_expire_are_told_apart_from_expired_ones) {
  story.given(until(allow("bob", "read", "table/a"), now_ns() + 10 * view::day_ns),
              until(allow("bob", "read", "table/b"), now_ns() + 50 * view::day_ns));
  BOOST_TEST(found(FindingKind::grants_expiring) == Names({"bob table/a"}));
  story.world().pass(30 * view::day_ns);
  BOOST_TEST(found(FindingKind::grants_expired) == Names({"bob table/a"}));
  BOOST_TEST(found(FindingKind::grants_expiring) == Names({"bob table/b"}));
  BOOST_TEST(found(FindingKind::grants_never_used) == Names({"bob table/b"}));
}

BOOST_AUTO_TEST_CASE(H8_a_roles_grant_is_used_by_whoever_holds_it) {
  story.given(role("clerk"), role_grant(schema::Effect::allow, "clerk", "read", "table/a"),
              role_grant(schema::Effect::allow, "clerk", "read", "table/b"), assign("bob", "clerk"),
              assign("eve", "clerk"), role("idle"),
              role_grant(schema::Effect::allow, "idle", "read", "table/a"));
  const auto& clerk = *domain::find_role(story.tenant(), "clerk");
  use("eve", {.grants = {clerk.grants->pointers()[0]}});
  BOOST_TEST(found(FindingKind::role_grants_never_used) ==
             Names({"clerk table/b", "idle table/a"}));
  BOOST_TEST(found(FindingKind::roles_never_used) == Names({"idle"}));
  story.world().pass(100 * view::day_ns);
  BOOST_TEST(found(FindingKind::roles_long_unused) == Names({"clerk"}));
}

BOOST_AUTO_TEST_CASE(H8_a_role_is_held_also_within_another) {
  story.given(role("outer"), role("inner"), role("alone"), nest("outer", "inner"),
              assign("bob", "outer"));
  BOOST_TEST(found(FindingKind::roles_without_holders) == Names({"alone"}));
  story.given(to("bob", schema::TrashUserT()), to("bob", schema::DeleteUserT()));
  BOOST_TEST(found(FindingKind::roles_without_holders).size() == 3U);
}

BOOST_AUTO_TEST_CASE(H8_users_without_network_limits_are_found) {
  BOOST_TEST(found(FindingKind::users_without_networks).size() == 2U);
  story.given(bound_to("bob", "10.0.0.0/8"));
  BOOST_TEST(found(FindingKind::users_without_networks) == Names({"eve"}));
  schema::SetTenantT body;
  body.policies = std::make_unique<schema::PolicyChangesT>();
  body.policies->networks = std::make_unique<schema::NetworksT>();
  body.policies->networks->entries = {"10.0.0.0/8"};
  story.given(command(std::move(body)));
  BOOST_TEST(found(FindingKind::users_without_networks).empty());
  // N4: what binds the tenant does not bind who is exempt.
  schema::SetUserSettingsT exempt;
  exempt.skip_ip_check = true;
  story.given(to("eve", std::move(exempt)));
  BOOST_TEST(found(FindingKind::users_without_networks) == Names({"eve"}));
}

BOOST_AUTO_TEST_CASE(H8_users_are_counted_by_status_and_lock) {
  story.given(to("bob", schema::LockUserT()), user("max"), to("max", schema::TrashUserT()));
  const schema::ReportT made = report();
  BOOST_TEST(made.user_count == 3U);
  BOOST_REQUIRE(made.statuses.size() == 2U);
  BOOST_TEST(made.statuses[0]->status == UserStatus::active);
  BOOST_TEST(made.statuses[0]->count == 2U);
  BOOST_TEST(made.statuses[0]->locked == 1U);
  BOOST_TEST(made.statuses[1]->status == UserStatus::trashed);
  BOOST_TEST(found(FindingKind::users_locked) == Names({"bob"}));
}

BOOST_AUTO_TEST_CASE(H8_access_is_counted_by_area) {
  story.given(allow("bob", "read", "table/a"), allow("eve", "read", "table/a/b"));
  BOOST_TEST(access("table/a", "read") == "1 + 1");
  BOOST_TEST(access("table/a", "write") == "none");
  // All of a kind is all of each of its areas.
  story.given(user("max"), allow("max", "*", "table"));
  BOOST_TEST(access("table", "read") == "1 + 0");
  BOOST_TEST(access("table", "write") == "1 + 0");
  BOOST_TEST(access("table/a", "read") == "2 + 1");
  BOOST_TEST(access("table/a", "write") == "1 + 0");
  story.given(deny("max", "read", "table/a/secret"));
  BOOST_TEST(access("table/a", "read") == "1 + 2");
  story.given(deny("max", "read", "table/a"));
  BOOST_TEST(access("table/a", "read") == "1 + 1");
  // A deny below makes a part of the whole kind, too.
  BOOST_TEST(access("table", "read") == "0 + 1");
}

BOOST_AUTO_TEST_CASE(H8_access_by_a_role_counts_and_what_has_expired_does_not) {
  story.given(role("clerk"), role_grant(schema::Effect::allow, "clerk", "read", "table/a"),
              assign("bob", "clerk"),
              until(allow("eve", "read", "table/a"), now_ns() + view::day_ns));
  BOOST_TEST(access("table/a", "read") == "2 + 0");
  story.world().pass(2 * view::day_ns);
  BOOST_TEST(access("table/a", "read") == "1 + 0");
  story.given(to("bob", schema::DisableUserT()));
  BOOST_TEST(access("table/a", "read") == "none");
}

BOOST_AUTO_TEST_CASE(H8_access_by_an_action_that_implies_others_counts_for_them) {
  story.given(allow("bob", "print-card", "project/p"));
  BOOST_TEST(access("project/p", "print-card") == "1 + 0");
  BOOST_TEST(access("project/p", "preview-card") == "1 + 0");
  BOOST_TEST(access("project/p", "access-producer") == "none");
}

BOOST_AUTO_TEST_CASE(H8_changes_are_told_by_week_and_by_hand) {
  const auto records = report().operators.at(0)->records;
  story.world().pass(21 * view::day_ns);
  story.given(allow("bob", "read", "table/a"), key("bob", "k"));
  use("bob", {});
  const schema::ReportT made = report();
  const auto& newest = *made.weeks.back();
  BOOST_TEST(newest.grants == 1U);
  BOOST_TEST(newest.credentials == 1U);
  BOOST_TEST(newest.users == 0U);
  BOOST_TEST(newest.calls_allowed == 7U);
  BOOST_TEST(newest.calls_denied == 2U);
  // A Monday.
  BOOST_TEST(newest.begins_ns / view::day_ns % 7 == 4);
  std::uint64_t by_hand = 0;
  for (const auto& by : made.operators) by_hand += by->records;
  // The daemon's record of use is no change of anybody's.
  BOOST_TEST(by_hand == records + 2);
  BOOST_TEST(made.from_seq == story.tenant().created_seq);
}

BOOST_AUTO_TEST_CASE(D3_who_is_called_from_several_systems_at_once_is_told_with_the_evidence) {
  for (int day = 0; day < 3; ++day) {
    use("bob", {.clients = {"erp/4", "shop/2"}});
    use("eve", {});
  }
  const schema::ReportT made = report();
  const auto& shared = *made.findings.at(0);
  BOOST_TEST((shared.kind == FindingKind::users_shared));
  BOOST_REQUIRE(shared.rows.size() == 1U);
  BOOST_TEST(shared.rows[0]->username == "bob");
  BOOST_TEST(shared.rows[0]->clients == Names({"erp/4", "shop/2"}));
  BOOST_TEST(shared.rows[0]->networks.empty());
  BOOST_TEST(shared.rows[0]->days_of_several_clients == 3U);
  BOOST_TEST(shared.rows[0]->days_of_use == 3U);
  const auto newest = domain::extras_of(story.user("bob")).use->recorded_ns;
  BOOST_TEST(shared.rows[0]->time_ns == newest);
}

BOOST_AUTO_TEST_CASE(D3_several_networks_at_once_count_too) {
  for (int day = 0; day < 2; ++day) use("bob", {.networks = {"10.1.2.0/24", "203.0.113.0/24"}});
  BOOST_TEST(found(FindingKind::users_shared) == Names({"bob"}));
}

BOOST_AUTO_TEST_CASE(D3_who_is_shared_is_told_wherever_what_changed_begins) {
  for (int day = 0; day < 2; ++day) use("bob", {.clients = {"erp/4", "shop/2"}});
  story.given(user("max"));
  wanted.from_seq = story.state().seq();
  BOOST_TEST(found(FindingKind::users_shared) == Names({"bob"}));
  const schema::ReportT made = report();
  BOOST_TEST(made.from_seq == story.state().seq());
  BOOST_TEST(made.shared_from_seq == story.tenant().created_seq);
  // Nor does a review end what is known of it.
  wanted.from_seq = 0;
  schema::RecordReviewT review;
  review.report_seq = story.state().seq();
  review.report_sha256.assign(32, 7);
  review.sentence = "Seen.";
  story.given(command(std::move(review)));
  BOOST_TEST(report().from_seq == story.state().seq());
  BOOST_TEST(found(FindingKind::users_shared) == Names({"bob"}));
}

BOOST_AUTO_TEST_CASE(H8_what_cannot_be_read_since_the_reviewed_report_is_not_left_out) {
  schema::RecordReviewT review;
  review.report_seq = story.state().seq();
  review.report_sha256.assign(32, 7);
  review.sentence = "Seen.";
  story.given(user("max"), user("moritz"), command(std::move(review)));
  unreadable = story.state().seq() - 1;
  const auto refused = answer();
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == Code::journal_unavailable));
  unreadable = 0;
  BOOST_TEST(report().from_seq == story.state().seq() - 2);
}

BOOST_AUTO_TEST_CASE(D3_who_moves_once_is_not_shared) {
  use("bob", {});
  use("bob", {.clients = {"erp/4", "erp/5"}, .networks = {"10.1.2.0/24", "10.1.3.0/24"}});
  use("bob", {.clients = {"erp/5"}, .networks = {"10.1.3.0/24"}});
  BOOST_TEST(found(FindingKind::users_shared).empty());
}

BOOST_AUTO_TEST_CASE(H8_rows_are_bounded_and_counts_are_not) {
  for (int number = 0; number < 20; ++number)
    story.given(user("another-" + std::to_string(number)));
  wanted.rows_max = 5;
  const schema::ReportT made = report();
  for (const auto& finding : made.findings) {
    if (finding->kind != FindingKind::users_never_used) continue;
    BOOST_TEST(finding->count == 22U);
    BOOST_TEST(finding->rows.size() == 5U);
    // Who waits longest comes first.
    BOOST_TEST(finding->rows[0]->username == "bob");
  }
}

BOOST_AUTO_TEST_CASE(H8_nobody_else_sees_a_tenants_report) {
  BOOST_TEST((answer("of-globex").error().code == Code::tenant_unknown));
  wanted.tenant = "nobody";
  BOOST_TEST((answer().error().code == Code::tenant_unknown));
}

BOOST_AUTO_TEST_CASE(H8_a_report_tells_nothing_of_other_tenants) {
  const schema::ReportT before = report();
  story.in("globex").given(user("stranger"), role("clerk"), assign("stranger", "clerk"));
  story.in("acme");
  const schema::ReportT after = report();
  BOOST_TEST((before == after));
}

BOOST_AUTO_TEST_CASE(H8_days_beyond_ten_years_are_refused) {
  wanted.unused_days = 3'651;
  BOOST_TEST((answer().error().code == Code::field_malformed));
  wanted.unused_days = 0;
  wanted.soon_days = 3'651;
  BOOST_TEST((answer().error().code == Code::field_malformed));
}

BOOST_AUTO_TEST_SUITE_END()
