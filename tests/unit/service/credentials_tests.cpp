// Passwords through reader and writer: what is counted by which policy, what a raised cost does,
// and the two that a rotation leaves.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/fold.h"
#include "daemon/service/personal.h"
#include "tests/unit/service/audit.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

using schema::EventBody;

const std::string password = "Corr3ct-horse";
const std::string newer = "N3wer-secret-word";
constexpr credential::PasswordCost raised_cost{16, 2};

struct CredentialShop : ServiceFixture {
  explicit CredentialShop(credential::PasswordCost cost_of_checks = least_cost)
      : ServiceFixture(cost_of_checks) {
    create_acme();
    create_user("shop", password);
    allow("shop", "table/customer");
  }

  schema::AuthenticatedT authenticate(const std::string& secret) {
    return *answer(ask(by_password("acme", "shop", secret))).body.AsAuthenticated();
  }
  Code login(const std::string& secret) { return authenticate(secret).reason; }
  template <class Credential>
  Code check_by(Credential credential) {
    auto query = by_name("", "", "read", "table/customer");
    query.body.AsCheck()->credential.Set(std::move(credential));
    return answer(ask(std::move(query))).body.AsChecked()->decisions.at(0)->reason;
  }
  Code check_token(const std::string& token) {
    schema::TokenCredentialT credential;
    credential.token = token;
    return check_by(std::move(credential));
  }
  Code check_key(const std::string& key) {
    schema::KeyCredentialT credential;
    credential.key = key;
    return check_by(std::move(credential));
  }

  template <class Body>
  schema::ReceiptT change(Body body) {
    auto receipt = run(message("acme", "shop", std::move(body)));
    BOOST_REQUIRE(receipt.code == Code::ok);
    return receipt;
  }
  void reset_to(const std::string& secret) {
    schema::ResetPasswordT body;
    body.password = secret;
    change(std::move(body));
  }
  void set_policies(const std::function<void(schema::PolicyChangesT&)>& edit) {
    schema::SetTenantT body;
    body.policies = std::make_unique<schema::PolicyChangesT>();
    edit(*body.policies);
    BOOST_REQUIRE(run(message("acme", "", std::move(body))).code == Code::ok);
  }
  std::size_t failed() const { return events_of(EventBody::PasswordFailed); }
  /// Something about the user changes, so that nothing verified before stands in for a hash (C11).
  void forget_what_was_seen() { allow("shop", "table/" + std::to_string(++tables_)); }

 private:
  int tables_ = 0;
};

struct CountsOnce : CredentialShop {
  CountsOnce() {
    set_policies([](auto& policies) { policies.same_wrong_password_counts_once = true; });
  }
};

/// A user whose password was hashed before the cost was raised.
struct RaisedCost : CredentialShop {
  RaisedCost() : CredentialShop(raised_cost) {}

  std::string hash_of(std::span<const std::uint8_t> sealed) const {
    const auto key = keys().user_key(service::slot_of(user("shop").key));
    BOOST_REQUIRE(key);
    const auto hash = service::open_password_hash(*key, user("shop").id, sealed);
    BOOST_REQUIRE(hash);
    return hash->password_hash;
  }
  /// What each rehash in the journal holds.
  std::vector<std::string> rehashed() const {
    std::vector<std::string> hashes;
    domain::RecordGate gate;
    const auto cursor = journal.read_from(1);
    for (auto bytes = cursor->next(); bytes && !bytes->empty(); bytes = cursor->next())
      for (const schema::Event* event : *(*gate.open(*bytes))->events())
        if (const auto* body = event->body_as_PasswordRehashed())
          hashes.push_back(
              hash_of({body->sealed_password()->data(), body->sealed_password()->size()}));
    return hashes;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(credentials_tests)

// ---- C5: the same wrong password

BOOST_FIXTURE_TEST_CASE(C5_by_default_the_same_wrong_password_counts_each_time, CredentialShop) {
  for (unsigned count = 1; count <= 5; ++count) {
    BOOST_TEST((login("wrong-0ne") == Code::invalid_credentials));
    BOOST_TEST(failed() == count);
  }
  BOOST_TEST((login(password) == Code::user_locked));
}

BOOST_FIXTURE_TEST_CASE(C5_by_policy_the_same_wrong_password_counts_once, CountsOnce) {
  for (int count = 0; count < 12; ++count)
    BOOST_TEST((login("wrong-0ne") == Code::invalid_credentials));
  BOOST_TEST(failed() == 1u);
  BOOST_TEST(domain::extras_of(user("shop")).failures == 1u);
  // Between others too.
  for (const char* other : {"wrong-tw0", "wrong-thr3e", "wrong-f0ur"}) {
    BOOST_TEST((login(other) == Code::invalid_credentials));
    BOOST_TEST((login("wrong-0ne") == Code::invalid_credentials));
  }
  BOOST_TEST(failed() == 4u);
  BOOST_TEST((login("wrong-f1ve") == Code::invalid_credentials));
  BOOST_TEST((login(password) == Code::user_locked));
}

BOOST_FIXTURE_TEST_CASE(C5_asked_at_once_the_same_wrong_password_counts_once, CountsOnce) {
  std::vector<std::string> asked;
  for (int count = 0; count < 50; ++count)
    asked.push_back(ask(by_password("acme", "shop", "wrong-0ne")));
  for (const std::string& one : asked)
    BOOST_TEST((answer(one).body.AsAuthenticated()->reason == Code::invalid_credentials));
  BOOST_TEST(failed() == 1u);
}

BOOST_FIXTURE_TEST_CASE(C5_a_wrong_password_of_before_a_reset_counts_anew, CountsOnce) {
  login("wrong-0ne");
  reset_to(newer);
  BOOST_TEST((login("wrong-0ne") == Code::invalid_credentials));
  BOOST_TEST(failed() == 2u);
  // What was right before is wrong now, and counts.
  BOOST_TEST((login(password) == Code::invalid_credentials));
  BOOST_TEST(failed() == 3u);
}

BOOST_FIXTURE_TEST_CASE(C5_what_was_wrong_once_is_right_after_a_reset_to_it, CountsOnce) {
  login(newer);
  BOOST_TEST(failed() == 1u);
  reset_to(newer);
  BOOST_TEST((login(newer) == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(C5_a_policy_switched_off_counts_the_same_wrong_password_again, CountsOnce) {
  login("wrong-0ne");
  login("wrong-0ne");
  set_policies([](auto& policies) { policies.same_wrong_password_counts_once = false; });
  login("wrong-0ne");
  BOOST_TEST(failed() == 2u);
}

BOOST_FIXTURE_TEST_CASE(C5_another_users_wrong_password_is_another, CountsOnce) {
  create_user("other", newer);
  login("wrong-0ne");
  answer(ask(by_password("acme", "other", "wrong-0ne")));
  BOOST_TEST(failed() == 2u);
  BOOST_TEST(domain::extras_of(user("other")).failures == 1u);
}

// ---- C5: what a lock closes

BOOST_FIXTURE_TEST_CASE(C5_by_default_a_lock_closes_password_key_and_session, CredentialShop) {
  schema::CreateKeyT key;
  key.name = "one";
  const std::string secret = change(std::move(key)).secrets.at(0);
  const std::string token = authenticate(password).token;
  BOOST_TEST((check_token(token) == Code::ok));
  for (int count = 0; count < 5; ++count) login("wrong-" + std::to_string(count));
  BOOST_TEST((check_token(token) == Code::user_locked));
  BOOST_TEST((check_key(secret) == Code::user_locked));
  reset_to(password);
  BOOST_TEST((check_token(token) == Code::session_expired));
  BOOST_TEST((check_key(secret) == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(C5_by_policy_a_lock_closes_the_password_alone, CredentialShop) {
  set_policies([](auto& policies) { policies.lock_closes_password_only = true; });
  schema::CreateKeyT key;
  key.name = "one";
  const std::string secret = change(std::move(key)).secrets.at(0);
  const std::string token = authenticate(password).token;
  for (int count = 0; count < 5; ++count) login("wrong-" + std::to_string(count));
  BOOST_TEST((login(password) == Code::user_locked));
  BOOST_TEST((check_token(token) == Code::ok));
  BOOST_TEST((check_key(secret) == Code::ok));
  // The policy is about locks by passwords; an operator's closes everything.
  change(schema::LockUserT());
  BOOST_TEST((check_token(token) == Code::user_locked));
  BOOST_TEST((check_key(secret) == Code::user_locked));
}

// ---- C4: a raised cost

BOOST_FIXTURE_TEST_CASE(C4_when_the_cost_was_raised_the_next_success_hashes_again, RaisedCost) {
  const auto before = user("shop").sealed_password;
  const std::uint64_t version = user("shop").version;
  BOOST_TEST(hash_of(*before).contains("$m=8,t=1,"));
  BOOST_TEST((login("wrong-0ne") == Code::invalid_credentials));
  BOOST_TEST(rehashed().empty());
  BOOST_TEST((login(password) == Code::ok));
  const auto hashes = rehashed();
  BOOST_REQUIRE(hashes.size() == 1u);
  BOOST_TEST(hashes[0].contains("$m=16,t=2,"));
  BOOST_TEST(hash_of(*user("shop").sealed_password) == hashes[0]);
  BOOST_TEST(user("shop").version == version, "no operator's command (U13)");
  BOOST_TEST(domain::extras_of(user("shop")).failures == 0u);
}

BOOST_FIXTURE_TEST_CASE(C4_a_password_is_hashed_again_once, RaisedCost) {
  for (int count = 0; count < 3; ++count) {
    BOOST_TEST((login(password) == Code::ok));
    forget_what_was_seen();
  }
  // The reader verifies against the new hash.
  BOOST_TEST((login("wrong-0ne") == Code::invalid_credentials));
  BOOST_TEST((login(password) == Code::ok));
  BOOST_TEST(rehashed().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(C4_hashing_again_ends_no_session, RaisedCost) {
  const std::string token = authenticate(password).token;
  BOOST_TEST(rehashed().size() == 1u);
  BOOST_TEST((check_token(token) == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(C4_a_reset_under_way_is_not_undone_by_hashing_the_old_again, RaisedCost) {
  const auto asked = ask(by_password("acme", "shop", password));
  reset_to(newer);
  answer(asked);
  BOOST_TEST((login(password) == Code::invalid_credentials));
  BOOST_TEST((login(newer) == Code::ok));
}

// ---- C12: hashes brought along

namespace {

/// A user whose hash is bcrypt.
struct Brought : RaisedCost {
  static constexpr const char* secret = "U*U";
  static constexpr const char* bcrypt =
      "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

  schema::ReceiptT create(const std::string& name, const std::string& hash,
                          const std::string& chosen = {}) {
    schema::CreateUserT body;
    body.username = name;
    body.password_hash = hash;
    body.password = chosen;
    return run(message("acme", "", std::move(body)));
  }
  Code login_as(const std::string& name, const std::string& chosen) {
    return answer(ask(by_password("acme", name, chosen))).body.AsAuthenticated()->reason;
  }
  void pass_days(std::int64_t days) { clock.advance_ms(days * 86'400'000); }
  void end_after(std::uint16_t days) {
    set_policies([days](auto& policies) { policies.imported_hash_days = days; });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(C12_a_hash_brought_along_is_verified_and_then_replaced, Brought) {
  const auto receipt = create("old", bcrypt);
  BOOST_REQUIRE(receipt.code == Code::ok);
  BOOST_TEST(receipt.events.at(0)->body.AsUserCreated()->sealed_password.empty());
  BOOST_TEST((login_as("old", "wrong-0ne") == Code::invalid_credentials));
  BOOST_TEST(domain::extras_of(user("old")).failures == 1u);
  BOOST_TEST(events_of(EventBody::PasswordRehashed) == 0u);
  BOOST_TEST((login_as("old", secret) == Code::ok));
  BOOST_TEST(events_of(EventBody::PasswordRehashed) == 1u);
  BOOST_TEST(domain::extras_of(user("old")).failures == 0u);
  pass_days(400);
  BOOST_TEST((login_as("old", secret) == Code::ok), "it is Argon2id, which does not end");
}

BOOST_FIXTURE_TEST_CASE(C12_what_was_not_used_for_90_days_ends, Brought) {
  BOOST_REQUIRE(create("old", bcrypt).code == Code::ok);
  pass_days(90);
  BOOST_TEST((login_as("old", "wrong-0ne") == Code::invalid_credentials));
  BOOST_TEST((login_as("old", secret) == Code::credential_expired));
  BOOST_TEST(domain::extras_of(user("old")).failures == 1u, "it neither counts nor clears");
  BOOST_TEST(events_of(EventBody::PasswordRehashed) == 0u);
  schema::ChangePasswordT change;
  change.current_password = secret;
  change.password = newer;
  BOOST_TEST((run(message("acme", "old", std::move(change))).code != Code::ok));
  // A day less, and it is used.
  end_after(91);
  BOOST_TEST((login_as("old", secret) == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(C12_who_may_explain_is_told_that_it_has_ended_and_a_stranger_is_not,
                        Brought) {
  add_operator("gateway", schema::Role::service, 8, true);
  BOOST_REQUIRE(create("old", bcrypt).code == Code::ok);
  const auto ends_ns = [&] {
    schema::GetUserT get;
    get.tenant = "acme";
    get.username = "old";
    return Audit(*this).ask(std::move(get)).body.AsUserView()->security->imported_hash_ends_ns;
  };
  const auto first_stop = [&] {
    schema::ExplainT explain;
    explain.tenant = "acme";
    explain.username = "old";
    explain.with_password = true;
    const auto page = Audit(*this).ask(std::move(explain));
    const auto& stops = page.body.AsExplanation()->stops;
    return stops.empty() ? Code::ok : stops[0]->code;
  };
  BOOST_TEST(ends_ns() == present.now_ns() + 90 * 86'400'000'000'000);
  BOOST_TEST((first_stop() == Code::ok));
  pass_days(90);
  BOOST_TEST((first_stop() == Code::credential_expired));
  // C9: to a service that says no right password it is one refusal among all.
  BOOST_TEST((login_as("old", "wrong-0ne") == Code::invalid_credentials));
  schema::ExplainT explain;
  explain.tenant = "acme";
  explain.username = "old";
  explain.with_password = true;
  BOOST_TEST((Audit(*this).ask(std::move(explain), "gateway").code == Code::not_permitted));
  end_after(91);
  BOOST_TEST((login_as("old", secret) == Code::ok));
  BOOST_TEST(ends_ns() == 0, "it is Argon2id by now");
}

BOOST_FIXTURE_TEST_CASE(C12_by_policy_it_never_ends, Brought) {
  BOOST_REQUIRE(create("old", bcrypt).code == Code::ok);
  end_after(0);
  pass_days(4'000);
  BOOST_TEST((login_as("old", secret) == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(C12_argon2id_brought_along_does_not_end, Brought) {
  BOOST_REQUIRE(create("old", credential::hash_password(credential::Secret(newer), {8, 1})).code ==
                Code::ok);
  pass_days(400);
  BOOST_TEST((login_as("old", newer) == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(C12_other_hashes_and_a_password_beside_one_are_refused, Brought) {
  const std::string dear = "$2a$31" + std::string(bcrypt).substr(6);
  for (const std::string& hash : {std::string("$apr1$a$b"), std::string("plain"), dear}) {
    const auto receipt = create("old", hash);
    BOOST_REQUIRE(receipt.code == Code::field_malformed);
    BOOST_TEST(receipt.problems.at(0)->field == "password_hash");
    BOOST_TEST(!receipt.problems.at(0)->sentence.contains(hash));
  }
  BOOST_TEST((create("old", bcrypt, newer).code == Code::field_malformed));
  schema::SetTenantT body;
  body.policies = std::make_unique<schema::PolicyChangesT>();
  body.policies->imported_hash_days = 3'651;
  BOOST_TEST((run(message("acme", "", std::move(body))).code == Code::field_malformed));
}

// ---- C7: two passwords

BOOST_FIXTURE_TEST_CASE(C7_both_passwords_are_tried_whichever_is_right, CredentialShop) {
  schema::RotatePasswordT rotate;
  rotate.password = newer;
  rotate.old_valid_until_ns = clock.now_ns() + 3'600'000'000'000;
  change(std::move(rotate));
  const domain::User& shop = user("shop");
  const auto& old = domain::extras_of(shop).sealed_old_password;
  BOOST_REQUIRE(old != nullptr);
  const auto key = keys().user_key(service::slot_of(shop.key));
  BOOST_REQUIRE(key);
  const auto found = [&](const std::string& text, std::span<const std::uint8_t> newest,
                         const domain::SealedBytes* before) {
    const auto verdict =
        service::verify_either({*key, shop.id, newest, before}, credential::Secret(text));
    BOOST_REQUIRE(verdict);
    return std::pair(verdict->is_newest, verdict->is_old);
  };
  const auto both = [](bool is_newest, bool is_old) { return std::pair(is_newest, is_old); };
  BOOST_TEST((found(newer, *shop.sealed_password, old.get()) == both(true, false)));
  BOOST_TEST((found(password, *shop.sealed_password, old.get()) == both(false, true)));
  BOOST_TEST((found("wrong-0ne", *shop.sealed_password, old.get()) == both(false, false)));
  BOOST_TEST((found(password, *shop.sealed_password, nullptr) == both(false, false)));
  // The one is right and the other is looked at all the same.
  BOOST_TEST((found(password, *old, old.get()) == both(true, true)));
}

BOOST_FIXTURE_TEST_CASE(C7_a_wrong_password_counts_once_though_two_were_tried, CredentialShop) {
  schema::RotatePasswordT rotate;
  rotate.password = newer;
  rotate.old_valid_until_ns = clock.now_ns() + 3'600'000'000'000;
  change(std::move(rotate));
  login("wrong-0ne");
  BOOST_TEST(domain::extras_of(user("shop")).failures == 1u);
  BOOST_TEST((login(password) == Code::ok));
  BOOST_TEST(domain::extras_of(user("shop")).failures == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
