// What a table says of each kind of event.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/support/reflected_event.h"
#include "tools/text/event_story.h"
#include "tools/text/event_text.h"

namespace postern::text {

namespace {

using schema::EventBody;
using support::Content;

/// Names each id by its kind and number, and times by their nanoseconds.
EventForms forms() {
  return {
      [](Named kind, const schema::Uuid& id) {
        constexpr const char* kinds[] = {"tenant-", "role-", "key-", "operator-"};
        return kinds[static_cast<int>(kind)] + std::to_string(id.low());
      },
      [](std::int64_t time_ns) { return "t" + std::to_string(time_ns); },
      [](const std::vector<std::uint8_t>& bytes) { return "k" + std::to_string(bytes.size()); }};
}

std::unique_ptr<schema::Uuid> id(std::uint64_t number) {
  return std::make_unique<schema::Uuid>(0, number);
}

std::unique_ptr<schema::GrantReferenceT> reference() {
  auto made = std::make_unique<schema::GrantReferenceT>();
  made->seq = 12;
  made->index = 3;
  return made;
}

std::unique_ptr<schema::NetworksT> networks() {
  auto made = std::make_unique<schema::NetworksT>();
  made->entries = {"192.0.2.0/24", "AWS"};
  return made;
}

template <class Body>
void grant(Body& body) {
  body.effect = schema::Effect::deny;
  body.action = "read";
  body.resource = "table/a";
}

template <class Body>
void conditions(Body& body) {
  body.conditions = std::make_unique<schema::ConditionsT>();
  body.conditions->not_before_ns = 0;
  body.conditions->not_after_ns = 7;
  body.conditions->networks = networks();
  body.conditions->secure_transport = true;
}

struct Said {
  schema::EventBodyUnion body;
  std::string text;
};

template <class Body>
Said said(
    const std::string& text, const std::function<void(Body&)>& fill = [](Body&) {}) {
  Body body;
  fill(body);
  Said made;
  made.body.Set(std::move(body));
  made.text = text;
  return made;
}

std::string details(const schema::EventBodyUnion& body) {
  schema::EventT event;
  event.body = body;
  return event_details(event, forms());
}

/// Fields that a line does not tell, by a part of their way.
struct LeftOut {
  std::string_view part;
  std::string_view why;
};
constexpr LeftOut left_out[] = {
    {".sealed_", "sealed"},
    {"KeyCreated.hash", "a hash of a secret"},
    {"UserCreated.user", "the row's user"},
    {"UserCreated.key", "where a key lies"},
    {"TenantCreated.tenant", "it gets its name here"},
    {"OperatorAdded.operator_id", "it gets its name here"},
    {"RoleCreated.role", "it gets its name here"},
    {"KeyCreated.key", "it gets its name here"},
    {"TenantCreated.catalogue.description", "a new one is counted: nothing is cleared in it"},
    {"TenantCreated.catalogue.open", "the same"},
    {"TenantCreated.catalogue.actions.", "the same"},
    {"TenantCreated.catalogue.resources.", "the same"},
    {"UserUsed.use.days.day", "use is counted"},
    {"UserUsed.use.keys.", "use is counted"},
    {"UserUsed.use.grants.", "use is counted"},
};

bool is_left_out(const std::string& way) {
  return std::ranges::any_of(
      left_out, [&](const LeftOut& one) { return way.find(one.part) != std::string::npos; });
}

/// The names that stand before a `=`, in their order.
std::vector<std::string> names_in(const std::string& text) {
  std::vector<std::string> names;
  for (auto end = text.find('='); end != std::string::npos; end = text.find('=', end + 1)) {
    const auto before = text.find_last_of(" (", end);
    names.push_back(text.substr(before + 1, end - before - 1));
  }
  return names;
}

const std::string granted = "effect=deny action=read resource=table/a";
const std::string met =
    " not_before=t0 not_after=t7 networks=192.0.2.0/24,AWS"
    " secure_transport=true";

std::vector<Said> about_users() {
  using namespace schema;
  std::vector<Said> all;
  all.push_back(said<UserCreatedT>(
      "username=bob status=active api_access=false networks=192.0.2.0/24,AWS skip_ip_check=false "
      "secure_transport_required=false session_timeout_seconds=0 api_logging=true",
      [](auto& b) {
        b.username = "bob";
        b.status = UserStatus::active;
        b.sealed_password = {1, 2, 3};
        b.settings = std::make_unique<UserSettingsT>();
        b.settings->networks = networks();
        b.settings->api_logging = true;
      }));
  all.push_back(said<UserStatusChangedT>("from=active to=trashed", [](auto& b) {
    b.from = UserStatus::active;
    b.to = UserStatus::trashed;
  }));
  all.push_back(
      said<UserLockedT>("cause=passwords", [](auto& b) { b.cause = LockCause::passwords; }));
  all.push_back(said<UserUnlockedT>("causes=passwords,tenant", [](auto& b) {
    b.causes = {LockCause::passwords, LockCause::tenant};
  }));
  all.push_back(said<ApiAccessChangedT>("allowed=false"));
  all.push_back(said<PasswordResetT>("", [](auto& b) { b.sealed_password = {1}; }));
  all.push_back(said<PasswordChangedT>("", [](auto& b) { b.sealed_password = {1}; }));
  all.push_back(said<PasswordRehashedT>("", [](auto& b) { b.sealed_password = {1}; }));
  all.push_back(said<PasswordFailedT>("failures=2 service=operator-4", [](auto& b) {
    b.failures = 2;
    b.service = id(4);
  }));
  all.push_back(said<PasswordAcceptedT>("service=operator-4", [](auto& b) { b.service = id(4); }));
  all.push_back(said<PasswordRotatedT>("old_valid_until=t9", [](auto& b) {
    b.sealed_password = {1};
    b.old_valid_until_ns = 9;
  }));
  all.push_back(said<GrantAddedT>(granted + met, [](auto& b) {
    grant(b);
    conditions(b);
  }));
  all.push_back(said<GrantRemovedT>(granted + " grant=12.3", [](auto& b) {
    grant(b);
    b.grant = reference();
  }));
  all.push_back(said<UserRenamedT>("from=bob to=rob", [](auto& b) {
    b.from = "bob";
    b.to = "rob";
  }));
  all.push_back(said<ProfileChangedT>("set=email cleared=note", [](auto& b) {
    b.sealed_profile = {1};
    b.set = {"email"};
    b.cleared = {"note"};
  }));
  all.push_back(
      said<UserSettingsChangedT>("networks=none skip_ip_check=true secure_transport_required=true "
                                 "session_timeout_seconds=600 api_logging=false",
                                 [](auto& b) {
                                   b.settings = std::make_unique<UserSettingsT>();
                                   b.settings->skip_ip_check = true;
                                   b.settings->secure_transport_required = true;
                                   b.settings->session_timeout_seconds = 600;
                                 }));
  all.push_back(
      said<KeyCreatedT>("name=ci expires=t5 narrowed_to=read:table/a,*:table/b", [](auto& b) {
        b.key = id(6);
        b.name = "ci";
        b.hash = {1, 2};
        b.expires_ns = 5;
        for (const char* action : {"read", "*"}) {
          auto& part = *b.narrowed_to.emplace_back(std::make_unique<NarrowingT>());
          part.action = action;
        }
        b.narrowed_to[0]->resource = "table/a";
        b.narrowed_to[1]->resource = "table/b";
      }));
  all.push_back(said<KeyRevokedT>("key=key-6", [](auto& b) { b.key = id(6); }));
  all.push_back(
      said<SessionEndedT>("session=00000000-0000-0000-0000-000000000009 until=t5", [](auto& b) {
        b.session = id(9);
        b.until_ns = 5;
      }));
  all.push_back(said<SessionsEndedT>(""));
  all.push_back(said<UserErasedT>(""));
  all.push_back(said<RoleAssignedT>("role=role-2", [](auto& b) { b.role = id(2); }));
  all.push_back(said<RoleUnassignedT>("role=role-2", [](auto& b) { b.role = id(2); }));
  all.push_back(said<UserUsedT>(
      "first=t1 last=t8 days=2 allowed=5 denied=3 networks=192.0.2.0/24 networks_left_out=0 "
      "clients=till clients_left_out=0 password_last=none keys=1 grants=1",
      [](auto& b) {
        b.use = std::make_unique<UseT>();
        b.use->first_ns = 1;
        b.use->last_ns = 8;
        for (const std::uint64_t count : {2U, 3U}) {
          b.use->days.emplace_back(std::make_unique<UseOfDayT>())->allowed = count;
          b.use->days.back()->denied = count - 1;
        }
        b.use->networks = {"192.0.2.0/24"};
        b.use->clients = {"till"};
        b.use->keys.emplace_back(std::make_unique<UseOfKeyT>());
        b.use->grants.emplace_back(std::make_unique<UseOfGrantT>());
      }));
  return all;
}

std::vector<Said> about_others() {
  using namespace schema;
  std::vector<Said> all;
  all.push_back(
      said<JournalCreatedT>("installation=00000000-0000-0000-0000-000000000001 "
                            "program_version=0.1",
                            [](auto& b) {
                              b.installation = id(1);
                              b.program_version = "0.1";
                            }));
  all.push_back(said<TenantCreatedT>(
      "alias=acme display_name=Acme kinds=table actions=2 resources=0 "
      "policies=none",
      [](auto& b) {
        b.alias = "acme";
        b.display_name = "Acme";
        auto& kind = b.catalogue.emplace_back(std::make_unique<CatalogueKindT>());
        kind->name = "table";
        kind->actions.emplace_back(std::make_unique<CatalogueActionT>());
        kind->actions.emplace_back(std::make_unique<CatalogueActionT>());
      }));
  all.push_back(said<TenantEnabledT>(""));
  all.push_back(said<TenantDisabledT>(""));
  all.push_back(said<TenantSessionsEndedT>(""));
  all.push_back(said<TenantChangedT>(
      "display_name=Acme password_length_min=12 password_needs_digit_or_symbol=true "
      "password_forbidden_characters=none lockout_failures=5 direct_deletion=false "
      "new_user_status=new_user new_user_api_access=true tell_reasons=false "
      "username_generated=false username_domain=none username_fixed=false username_prefix=API_ "
      "username_prefix_rule=warn session_timeout_seconds=1800 session_seconds_max=86400 "
      "lock_seconds=0 imported_hash_days=90 same_wrong_password_counts_once=false "
      "lock_closes_password_only=false networks=192.0.2.0/24,AWS user_networks_mandatory=false "
      "secure_transport_required=false signatures_required=true",
      [](auto& b) {
        b.display_name = "Acme";
        b.policies = std::make_unique<PoliciesT>();
        b.policies->password_length_min = 12;
        b.policies->new_user_status = UserStatus::new_user;
        b.policies->username_prefix = "API_";
        b.policies->username_prefix_rule = PrefixRule::warn;
        b.policies->networks = networks();
        b.policies->signatures_required = true;
      }));
  all.push_back(said<CatalogueDefinedT>(
      "kinds=ticket(open=false description=none) "
      "actions=ticket:open(description=none implies=close,look warning=none) "
      "resources=ticket/sales(open=true closed=false description=Sales warning=none) replace=true",
      [](auto& b) {
        auto& kind = *b.kinds.emplace_back(std::make_unique<CatalogueKindT>());
        kind.name = "ticket";
        kind.actions.emplace_back(std::make_unique<CatalogueActionT>())->name = "open";
        kind.actions[0]->implies = {"close", "look"};
        kind.resources.emplace_back(std::make_unique<CatalogueResourceT>())->path = "ticket/sales";
        kind.resources[0]->description = "Sales";
        kind.resources[0]->open = true;
        b.replace = true;
      }));
  all.push_back(
      said<CatalogueRetiredT>("kinds=a actions=ticket:open resources=ticket/b", [](auto& b) {
        b.kinds = {"a"};
        auto& action = *b.actions.emplace_back(std::make_unique<ActionNameT>());
        action.kind = "ticket";
        action.action = "open";
        b.resources = {"ticket/b"};
      }));
  all.push_back(said<RoleCreatedT>("name=clerk description=Sees all", [](auto& b) {
    b.role = id(2);
    b.name = "clerk";
    b.description = "Sees all";
  }));
  all.push_back(said<RoleDeletedT>("role=role-2", [](auto& b) { b.role = id(2); }));
  all.push_back(said<RoleGrantAddedT>("role=role-2 " + granted + met, [](auto& b) {
    b.role = id(2);
    grant(b);
    conditions(b);
  }));
  all.push_back(said<RoleGrantRemovedT>("role=role-2 " + granted + " grant=12.3", [](auto& b) {
    b.role = id(2);
    grant(b);
    b.grant = reference();
  }));
  const auto nest = [](auto& b) {
    b.role = id(2);
    b.inner = id(3);
  };
  all.push_back(said<RoleNestedT>("role=role-2 inner=role-3", nest));
  all.push_back(said<RoleUnnestedT>("role=role-2 inner=role-3", nest));
  const auto stand = [](auto& b) {
    b.standing = std::make_unique<OperatorStandingT>();
    b.standing->uid = 0;
    b.standing->keys.emplace_back(std::make_unique<PublicKeyT>())->bytes.assign(32, 1);
    b.standing->tenant_ids.emplace_back(std::make_unique<TenantIdT>())->id = id(1);
    b.standing->vouches = true;
  };
  all.push_back(said<OperatorAddedT>(
      "name=till role=service uid=0 keys=k32 signing_keys=none all_tenants=false "
      "tenants=tenant-1 vouches=true",
      [&](auto& b) {
        b.name = "till";
        b.role = schema::Role::service;
        stand(b);
      }));
  all.push_back(said<OperatorChangedT>(
      "operator=operator-4 role=manager uid=0 keys=k32 signing_keys=none all_tenants=false "
      "tenants=tenant-1 vouches=true",
      [&](auto& b) {
        b.operator_id = id(4);
        b.role = schema::Role::manager;
        stand(b);
      }));
  all.push_back(
      said<OperatorRemovedT>("operator=operator-4", [](auto& b) { b.operator_id = id(4); }));
  all.push_back(
      said<CommandRefusedT>("operator=operator-4 code=not_permitted count=7", [](auto& b) {
        b.operator_id = id(4);
        b.code = schema::Code::not_permitted;
        b.count = 7;
      }));
  all.push_back(said<RangesImportedT>(
      "provider=AWS source_name=ip.json source_sha256=0aff source_time=t5 v4_ranges=2 "
      "v6_ranges=1",
      [](auto& b) {
        b.provider = Provider::AWS;
        b.source_name = "ip.json";
        b.source_sha256 = {0x0a, 0xff};
        b.source_time_ns = 5;
        b.v4 = {1, 2, 5, 6};
        b.v6 = {0, 1, 0, 2};
      }));
  all.push_back(said<KeysBackedUpT>("recipient=0aff kept_until=t5", [](auto& b) {
    b.recipient = {0x0a, 0xff};
    b.kept_until_ns = 5;
  }));
  all.push_back(said<JournalRestoredT>("restoration=00000000-0000-0000-0000-000000000009",
                                       [](auto& b) { b.restoration = id(9); }));
  return all;
}

Said about_a_review() {
  return said<schema::ReviewRecordedT>("report_seq=7 report_sha256=0aff sentence=all is well",
                                       [](auto& b) {
                                         b.report_seq = 7;
                                         b.report_sha256 = {0x0a, 0xff};
                                         b.sentence = "all is well";
                                       });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_text_tests)

BOOST_AUTO_TEST_CASE(Q7_every_kind_of_event_tells_its_essentials) {
  auto all = about_users();
  for (Said& one : about_others()) all.push_back(std::move(one));
  all.push_back(about_a_review());
  std::set<EventBody> told;
  for (const Said& one : all) {
    const char* name = schema::EnumNameEventBody(one.body.type);
    BOOST_TEST(told.insert(one.body.type).second, name << " twice");
    BOOST_TEST(details(one.body) == one.text, name << ": " << details(one.body));
    schema::EventT event;
    event.body = one.body;
    BOOST_TEST(event_kind(event) == name);
  }
  for (const EventBody kind : schema::EnumValuesEventBody())
    BOOST_TEST((kind == EventBody::NONE || told.contains(kind)), schema::EnumNameEventBody(kind)
                                                                     << " is not told of");
}

BOOST_AUTO_TEST_CASE(Q7_a_cleared_setting_policy_profile_and_standing_are_told) {
  schema::EventBodyUnion body;
  schema::UserSettingsChangedT settings;
  settings.settings = std::make_unique<schema::UserSettingsT>();
  body.Set(std::move(settings));
  BOOST_TEST(details(body) ==
             "networks=none skip_ip_check=false secure_transport_required=false "
             "session_timeout_seconds=0 api_logging=false");
  body.Set(schema::ProfileChangedT());
  BOOST_TEST(details(body) == "profile=none", "as before 0.2");
  body.Set(schema::RoleCreatedT());
  BOOST_TEST(details(body) == "name=none description=none");
  schema::GrantAddedT grant;
  body.Set(std::move(grant));
  BOOST_TEST(details(body).ends_with(" conditions=none"));
}

BOOST_AUTO_TEST_CASE(Q7_every_field_of_every_event_is_told_whatever_it_holds) {
  for (const EventBody kind : schema::EnumValuesEventBody()) {
    if (kind == EventBody::NONE) continue;
    for (const support::ReflectedField& field : support::fields_of(kind)) {
      if (is_left_out(field.way)) continue;
      const auto with = [&](Content content) {
        const auto event = support::reflected_event(kind, [&](const std::string& way) {
          return way == field.way ? content : Content::first;
        });
        return event_details(event, forms());
      };
      const std::string first = with(Content::first);
      const std::string absent = with(Content::absent);
      const std::string name = field.way.substr(field.way.rfind('.') + 1);
      const bool is_told = absent.find(name + "=none") != std::string::npos;
      BOOST_TEST((is_told || names_in(absent) == names_in(first)),
                 field.way << " is hidden: " << absent);
      if (field.is_table) continue;
      const std::string second = with(Content::second);
      BOOST_TEST(second != first, field.way << " is told without its value: " << first);
    }
  }
}

BOOST_AUTO_TEST_CASE(Q7_what_is_left_out_of_an_events_text_is_a_field) {
  for (const LeftOut& one : left_out) {
    const auto matches = [&](const support::ReflectedField& field) {
      return field.way.find(one.part) != std::string::npos;
    };
    const bool found = std::ranges::any_of(schema::EnumValuesEventBody(), [&](EventBody kind) {
      return kind != EventBody::NONE && std::ranges::any_of(support::fields_of(kind), matches);
    });
    BOOST_TEST(found, one.part);
  }
}

BOOST_AUTO_TEST_CASE(every_kind_of_event_has_a_sentence_for_people) {
  auto all = about_users();
  for (Said& one : about_others()) all.push_back(std::move(one));
  all.push_back(about_a_review());
  std::set<std::string> sentences;
  for (const Said& one : all) {
    schema::EventT event;
    event.body = one.body;
    const auto told = event_sentence(event, {"anna", "api.bob", "acme"}, forms());
    BOOST_TEST(told.sentence.starts_with("anna "), told.sentence);
    BOOST_TEST(told.sentence.find_first_of("%#") == told.sentence.npos, told.sentence);
    BOOST_TEST(sentences.insert(told.sentence).second, told.sentence);
  }
  BOOST_TEST(sentences.size() == static_cast<std::size_t>(EventBody::MAX));
}

BOOST_AUTO_TEST_CASE(long_lists_are_counted) {
  schema::UserUsedT used;
  used.use = std::make_unique<schema::UseT>();
  used.use->networks.assign(32, "n");
  schema::EventBodyUnion body;
  body.Set(schema::UserUsedT(used));
  BOOST_TEST(details(body).find(" networks=n,n,") != std::string::npos);
  used.use->networks.emplace_back("n");
  body.Set(std::move(used));
  BOOST_TEST(details(body).find(" networks=(33 values) ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_this_program_does_not_know_is_its_number) {
  schema::EventT event;
  event.body.type = static_cast<EventBody>(200);
  BOOST_TEST(event_kind(event) == "kind 200");
  BOOST_TEST(event_details(event, forms()) == "");
  event.body.type = EventBody::NONE;
  schema::UserLockedT locked;
  locked.cause = static_cast<schema::LockCause>(99);
  event.body.Set(std::move(locked));
  BOOST_TEST(event_details(event, forms()) == "cause=99");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::text
