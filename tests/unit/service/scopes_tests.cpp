// O1, O2: what lies outside an operator's tenants is as if it was not. Every command, question and
// request is sent by each role, and what comes back is held against a world without the rest.
#include <boost/test/unit_test.hpp>
#include <map>

#include "daemon/service/permissions.h"
#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

using schema::Code;
using schema::CommandBody;
using schema::HistoryBody;
using schema::QueryBody;
using schema::Role;
using Bytes = WholeService::Bytes;

/// Who asks: the operators of tenant `a`, one of each role.
const std::pair<Role, std::uint32_t> askers[] = {{Role::owner, 10},
                                                 {Role::administrator, 11},
                                                 {Role::manager, 12},
                                                 {Role::auditor, 13},
                                                 {Role::service, 14}};

std::string identity(std::uint32_t uid) { return "uid:" + std::to_string(uid); }

template <class Root>
typename Root::NativeTableType native(const Bytes& bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  BOOST_REQUIRE(verifier.VerifyBuffer<Root>(nullptr));
  typename Root::NativeTableType made;
  flatbuffers::GetRoot<Root>(bytes.data())->UnPackTo(&made);
  return made;
}

schema::CreateTenantT tenant(const std::string& alias) {
  schema::CreateTenantT body;
  body.alias = alias;
  return body;
}

schema::CreateUserT user(const std::string& name) {
  schema::CreateUserT body;
  body.username = name;
  body.api_access = true;
  body.settings = std::make_unique<schema::UserSettingsT>();
  body.settings->api_logging = true;
  return body;
}

template <class Body>
Body grant() {
  Body body;
  body.effect = schema::Effect::allow;
  body.action = "read";
  body.resource = "table/customer";
  return body;
}

schema::QueryT check_of(const std::string& tenant_alias, const std::string& name) {
  schema::CheckT body;
  schema::NamedUserT named;
  named.username = name;
  body.credential.Set(std::move(named));
  auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
  question->action = "read";
  question->resource = "table/customer";
  schema::QueryT query;
  query.tenant = tenant_alias;
  query.body.Set(std::move(body));
  return query;
}

/// What only a tenant's richest world has: texts that name something of `b`, and must mean nothing.
struct Foreign {
  schema::Uuid user;
  std::string key = "psk_none";
  std::string token = "none";
};

/// A tenant with all that a tenant has.
Foreign fill(WholeService& service, const std::string& alias, std::uint32_t uids,
             const std::string& word) {
  Foreign made;
  service.run("", "", tenant(alias));
  made.user = *service.run(alias, "", user(word)).events[0]->user;
  service.run(alias, "", user(word + "-2"));
  service.run(alias, word, grant<schema::AddGrantT>());
  schema::CreateKeyT key;
  key.name = "till";
  key.expires_ns = service.clock.now_ns() + 5 * std::int64_t{86'400'000'000'000};
  made.key = service.run(alias, word, std::move(key)).secrets.at(0);
  schema::CreateRoleT role;
  role.name = word + "-role";
  service.run(alias, "", std::move(role));
  schema::AssignRoleT assigned;
  assigned.role = word + "-role";
  service.run(alias, word, std::move(assigned));
  for (const auto& [kind, uid] : askers)
    service.add_operator(word + "-" + schema::EnumNameRole(kind), kind, uids + uid % 10, {alias});
  schema::QueryT query;
  schema::AuthenticateT authenticate;
  schema::KeyCredentialT credential;
  credential.key = made.key;
  authenticate.credential.Set(std::move(credential));
  query.body.Set(std::move(authenticate));
  const auto answer = native<schema::Answer>(service.ask(std::move(query), "uid:1"));
  made.token = answer.body.AsAuthenticated()->token;
  for (int call = 0; call < 3; ++call) service.ask(check_of(alias, word), "uid:1");
  return made;
}

/// Tenant `a` alone.
Foreign begin(WholeService& service) {
  service.begin_randomness(7);
  return fill(service, "a", 10, "ann");
}

/// And beside it what it must not see: another tenant, an operator of all, refusals, a copy of
/// keys.
Foreign add_the_rest(WholeService& service, bool much) {
  service.begin_randomness(8);
  const Foreign made = fill(service, "b", 20, "bob");
  service.add_operator("everywhere", Role::auditor, 30);
  if (!much) return made;
  service.run("b", "bob", schema::DisableUserT());
  service.run("b", "", schema::DisableTenantT());
  service.run("", "", tenant("c"));
  for (int number = 0; number < 20; ++number)
    service.run("c", "", user("carl-" + std::to_string(number)));
  service.add_operator("both", Role::administrator, 31, {"a", "b"});
  return made;
}

// ---- what is asked

const std::string aliases[] = {"a", "b", "nowhere", ""};
const std::string names[] = {"ann", "bob", "nobody", ""};

/// A uuid that nobody has in any world.
const schema::Uuid nobody{0x0199'0000'0000'7000, 0x8000'0000'0000'0001};

template <class Union, class Body>
void add_body(std::vector<Union>& bodies, Body body) {
  bodies.emplace_back().Set(std::move(body));
}

template <class Body, class Union>
void add_of_seq(std::vector<Union>& bodies, std::uint64_t seq) {
  bodies.emplace_back().Set(Body());
  static_cast<Body*>(bodies.back().value)->seq = seq;
}

/// Whoever adds a kind says here with which names it is asked; the compiler sees to it.
std::vector<schema::HistoryBodyUnion> requests_of(HistoryBody kind, const Foreign& own,
                                                  const Foreign& foreign) {
  std::vector<schema::HistoryBodyUnion> made;
  const auto each = [&](auto body, auto set) {
    for (const std::string& alias : aliases)
      for (const std::string& name : names) {
        auto one = body;
        set(one, alias, name);
        add_body(made, std::move(one));
      }
  };
  const auto by_tenant = [&](auto body) {
    each(body, [](auto& one, const std::string& alias, const std::string&) { one.tenant = alias; });
  };
  const auto by_user = [&](auto body) {
    each(body, [](auto& one, const std::string& alias, const std::string& name) {
      one.tenant = alias;
      one.username = name;
    });
  };
  switch (kind) {
    case HistoryBody::GetRecords: {
      const std::string operators[] = {"root", "ann-owner", "bob-owner", "everywhere",
                                       "both", "daemon",    "nobody"};
      for (const std::string& name : operators) {
        schema::GetRecordsT body;
        body.operator_name = name;
        add_body(made, std::move(body));
      }
      for (const schema::Uuid& id : {own.user, foreign.user, nobody}) {
        schema::GetRecordsT body;
        body.user_id = std::make_unique<schema::Uuid>(id);
        add_body(made, std::move(body));
      }
      for (const char* event :
           {"OperatorAdded", "TenantCreated", "UserCreated", "CommandRefused"}) {
        schema::GetRecordsT body;
        body.kind = event;
        add_body(made, std::move(body));
      }
      add_body(made, schema::GetRecordsT());
      each(schema::GetRecordsT(), [](auto& one, const std::string& alias, const std::string& name) {
        one.tenant = alias;
        one.user = name;
      });
      break;
    }
    case HistoryBody::GetTenant:
      each(schema::GetTenantT(),
           [](auto& one, const std::string& alias, const std::string&) { one.alias = alias; });
      break;
    case HistoryBody::ListTenants:
      each(schema::ListTenantsT(),
           [](auto& one, const std::string& alias, const std::string&) { one.after = alias; });
      break;
    case HistoryBody::GetUser:
      by_user(schema::GetUserT());
      for (const schema::Uuid& id : {own.user, foreign.user, nobody})
        for (const std::string& alias : aliases) {
          schema::GetUserT body;
          body.tenant = alias;
          body.user_id = std::make_unique<schema::Uuid>(id);
          add_body(made, std::move(body));
        }
      break;
    case HistoryBody::ListUsers:
      by_tenant(schema::ListUsersT());
      each(schema::ListUsersT(), [](auto& one, const std::string& alias, const std::string& name) {
        one.tenant = alias;
        one.role = name + "-role";
      });
      break;
    case HistoryBody::ListOperators:
      add_body(made, schema::ListOperatorsT());
      break;
    case HistoryBody::Explain:
      by_user(schema::ExplainT());
      break;
    case HistoryBody::GetDigest:
      add_body(made, schema::GetDigestT());
      break;
    case HistoryBody::GetReport:
      by_tenant(schema::GetReportT());
      break;
    case HistoryBody::ListCatalogue:
      by_tenant(schema::ListCatalogueT());
      break;
    case HistoryBody::ListRoles:
      by_tenant(schema::ListRolesT());
      break;
    case HistoryBody::GetRole:
      each(schema::GetRoleT(), [](auto& one, const std::string& alias, const std::string& name) {
        one.tenant = alias;
        one.name = name + "-role";
      });
      break;
    case HistoryBody::ListPermissions:
      by_user(schema::ListPermissionsT());
      for (const std::string& token : {own.token, foreign.token}) {
        schema::ListPermissionsT body;
        body.token = token;
        by_user(std::move(body));
      }
      break;
    case HistoryBody::WhoCan: {
      schema::WhoCanT body;
      body.question = std::make_unique<schema::QuestionT>();
      body.question->action = "read";
      body.question->resource = "table/customer";
      by_tenant(std::move(body));
      break;
    }
    case HistoryBody::ListRanges:
      add_body(made, schema::ListRangesT());
      break;
    case HistoryBody::TestAddress:
      each(schema::TestAddressT(),
           [](auto& one, const std::string& alias, const std::string& name) {
             one.address = "192.0.2.1";
             one.tenant = alias;
             one.username = name;
           });
      break;
    case HistoryBody::ListCalls:
      add_body(made, schema::ListCallsT());
      each(schema::ListCallsT(), [](auto& one, const std::string& alias, const std::string& name) {
        one.tenant = alias;
        one.username = name;
      });
      break;
    case HistoryBody::GetCheckpoint:
      add_body(made, schema::GetCheckpointT());
      break;
    case HistoryBody::GetConsistency:
      add_body(made, schema::GetConsistencyT());
      made.back().AsGetConsistency()->from_size = 3;
      add_body(made, schema::GetConsistencyT());
      break;
    case HistoryBody::GetInclusion:
      for (const std::uint64_t seq : {2, 0}) add_of_seq<schema::GetInclusionT>(made, seq);
      break;
    case HistoryBody::GetKeys:
      add_of_seq<schema::GetKeysT>(made, 2);
      break;
    case HistoryBody::PlanUndo:
      for (std::uint64_t seq = 0; seq < 40; ++seq) add_of_seq<schema::PlanUndoT>(made, seq);
      break;
    case HistoryBody::CheckUser: {
      schema::CheckUserT body;
      auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
      question->action = "read";
      question->resource = "table/customer";
      by_user(std::move(body));
      break;
    }
    case HistoryBody::GetDifference: {
      schema::GetDifferenceT body;
      body.from_seq = 2;
      by_user(std::move(body));
      break;
    }
    case HistoryBody::PreviewCommands:
      each(schema::PreviewCommandsT(), [](auto& one, const auto& alias, const auto& name) {
        one.days = 30;
        one.message = std::make_unique<schema::CommandMessageT>();
        one.message->tenant = alias;
        one.message->id = std::make_unique<schema::Uuid>(domain::uuid_v7(1, {1, 1}));
        one.message->commands.push_back(std::make_unique<schema::CommandT>());
        one.message->commands[0]->user = name;
        one.message->commands[0]->body.Set(schema::DisableUserT());
      });
      break;
    case HistoryBody::GetWhatIf:
      by_tenant(schema::GetWhatIfT());
      break;
    case HistoryBody::ListSessions:
      by_tenant(schema::ListSessionsT());
      by_user(schema::ListSessionsT());
      break;
    case HistoryBody::ListExpiring:
      add_body(made, schema::ListExpiringT());
      by_tenant(schema::ListExpiringT());
      break;
    case HistoryBody::GetAccess:
      add_body(made, schema::GetAccessT());
      made.back().AsGetAccess()->form = 1;
      break;
    case HistoryBody::NONE:
      break;
  }
  return made;
}

template <class Credential>
schema::CredentialUnion credential(Credential held) {
  schema::CredentialUnion made;
  made.Set(std::move(held));
  return made;
}

/// Every way to say who one is, with names and secrets of both tenants.
std::vector<schema::CredentialUnion> credentials(const Foreign& own, const Foreign& foreign) {
  std::vector<schema::CredentialUnion> made;
  for (const std::string& name : names) {
    schema::NamedUserT named;
    named.username = name;
    made.push_back(credential(std::move(named)));
    schema::PasswordCredentialT password;
    password.username = name;
    password.password = "Corr3ct-horse";
    made.push_back(credential(std::move(password)));
    for (const Foreign* holder : {&own, &foreign}) {
      schema::KeyCredentialT key;
      key.key = holder->key;
      key.username = name;
      made.push_back(credential(std::move(key)));
      schema::TokenCredentialT token;
      token.token = holder->token;
      token.username = name;
      made.push_back(credential(std::move(token)));
    }
  }
  return made;
}

std::vector<schema::QueryT> queries_of(QueryBody kind, const Foreign& own, const Foreign& foreign) {
  std::vector<schema::QueryT> made;
  const auto take = [&](const std::string& alias, auto body) {
    made.emplace_back().tenant = alias;
    made.back().body.Set(std::move(body));
  };
  switch (kind) {
    case QueryBody::Authenticate:
      for (const std::string& alias : aliases)
        for (auto& held : credentials(own, foreign)) {
          schema::AuthenticateT body;
          body.credential = held;
          take(alias, std::move(body));
        }
      break;
    case QueryBody::Check:
      for (const std::string& alias : aliases)
        for (auto& held : credentials(own, foreign)) {
          schema::QueryT query = check_of(alias, "");
          query.body.AsCheck()->credential = held;
          made.push_back(std::move(query));
        }
      break;
    case QueryBody::GetStatus:
      take("", schema::GetStatusT());
      break;
    case QueryBody::RenewSession:
      for (const std::string& alias : aliases)
        for (const std::string& token : {own.token, foreign.token}) {
          schema::RenewSessionT body;
          body.token = token;
          take(alias, std::move(body));
        }
      break;
    case QueryBody::NONE:
      break;
  }
  return made;
}

/// A message with an empty body of this kind, which has every form; a dry run.
Bytes send_empty(WholeService& service, CommandBody kind, const std::string& alias,
                 const std::string& name, const schema::Uuid* id, const std::string& sender) {
  schema::CommandMessageT message;
  message.tenant = alias;
  message.dry_run = true;
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->user = name;
  if (id != nullptr) command->user_id = std::make_unique<schema::Uuid>(*id);
  command->body.type = kind;
  // Every table without fields has these bytes.
  static const auto empty = [] {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateEnableUser(builder));
    return builder.Release();
  }();
  command->body.value = schema::CommandBodyUnion::UnPack(
      flatbuffers::GetRoot<schema::EnableUser>(empty.data()), kind, nullptr);
  return service.send(std::move(message), sender);
}

// ---- what cannot be helped

void blank(schema::HistoryPageT& page) {
  page.seq = page.at_seq = 0;
  if (auto* records = page.body.AsRecordPage()) {
    records->next_seq = records->head_seq = 0;
    records->head_time_ns = 0;
    records->checkpoint.clear();
  }
  if (auto* calls = page.body.AsCallPage()) {
    calls->next = calls->oldest = 0;
    for (const auto& call : calls->calls) call->position = call->seq = 0;
  }
  if (auto* calls = page.body.AsFlipPage())
    for (const auto& flip : calls->flips) flip->first_seq = flip->last_seq = 0;
  if (auto* access = page.body.AsAccessPage()) {
    access->next.clear();
    access->checkpoint.clear();
    access->from_seq = access->to_seq = 0;
  }
  if (auto* checkpoint = page.body.AsCheckpointPage()) checkpoint->checkpoint.clear();
  if (auto* proof = page.body.AsProofPage()) {
    proof->hashes.clear();
    proof->size = 0;
  }
}

void blank(schema::AnswerT& answer) {
  answer.seq = 0;
  if (auto* status = answer.body.AsStatus()) {
    status->seq = 0;
    status->root.clear();
    status->checkpoint.clear();
    status->time_ns = 0;
  }
}

template <class Root>
std::string without_the_unavoidable(const Bytes& bytes) {
  auto made = native<Root>(bytes);
  blank(made);
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Root::Pack(builder, &made));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

/// All answers to all that an operator of `a` can ask, by what was asked.
std::map<std::string, std::string> all_answers(WholeService& service, const Foreign& own,
                                               const Foreign& foreign) {
  std::map<std::string, std::string> told;
  std::size_t count = 0;
  const auto keep = [&](const std::string& what, std::string answer) {
    told[what + " #" + std::to_string(++count)] = std::move(answer);
  };
  service.begin_randomness(9);
  for (const auto& [role, uid] : askers) {
    const std::string as = std::string(schema::EnumNameRole(role)) + ": ";
    for (auto number = 1; number <= static_cast<int>(CommandBody::MAX); ++number) {
      const auto kind = static_cast<CommandBody>(number);
      for (const std::string& alias : aliases)
        for (const std::string& name : names)
          for (const schema::Uuid* id :
               {static_cast<const schema::Uuid*>(nullptr), &own.user, &foreign.user, &nobody}) {
            const Bytes receipt = send_empty(service, kind, alias, name, id, identity(uid));
            keep(as + schema::EnumNameCommandBody(kind),
                 {reinterpret_cast<const char*>(receipt.data()), receipt.size()});
          }
    }
    for (auto number = 1; number <= static_cast<int>(QueryBody::MAX); ++number) {
      const auto kind = static_cast<QueryBody>(number);
      for (auto& query : queries_of(kind, own, foreign))
        keep(as + schema::EnumNameQueryBody(kind),
             without_the_unavoidable<schema::Answer>(service.ask(std::move(query), identity(uid))));
    }
    for (auto number = 1; number <= static_cast<int>(HistoryBody::MAX); ++number) {
      const auto kind = static_cast<HistoryBody>(number);
      for (auto& body : requests_of(kind, own, foreign)) {
        schema::HistoryRequestT request;
        request.body = body;
        keep(as + schema::EnumNameHistoryBody(kind),
             without_the_unavoidable<schema::HistoryPage>(
                 service.request(std::move(request), identity(uid))));
      }
    }
  }
  return told;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scopes_tests)

BOOST_AUTO_TEST_CASE(O1_the_gate_reads_its_table_for_every_message_role_and_scope) {
  WholeService service;
  const Foreign own = begin(service);
  const Foreign foreign = add_the_rest(service, false);
  for (const auto& [role, uid] : askers)
    service.add_operator(std::string("all-") + schema::EnumNameRole(role), role, uid + 30);
  const auto at_gate = [](const auto& problems) {
    return std::ranges::any_of(problems, [](const auto& problem) {
      return problem->code == Code::not_permitted && problem->field == "body";
    });
  };
  for (const auto& [role, uid] : askers) {
    for (const bool all_tenants : {true, false}) {
      domain::Operator asker;
      asker.role = role;
      asker.all_tenants = all_tenants;
      const std::string sender = identity(all_tenants ? uid + 30 : uid);
      const auto check = [&](const char* name, auto kind, const auto& problems) {
        BOOST_TEST(at_gate(problems) == service::refusal(asker, kind).has_value(),
                   name << " as " << schema::EnumNameRole(role) << " of "
                        << (all_tenants ? "all" : "one"));
      };
      for (auto number = 1; number <= static_cast<int>(CommandBody::MAX); ++number) {
        const auto kind = static_cast<CommandBody>(number);
        const bool in_a_tenant = service::reach_of(kind) != service::Reach::all;
        const auto receipt = native<schema::Receipt>(
            send_empty(service, kind, in_a_tenant ? "a" : "", "ann", nullptr, sender));
        check(schema::EnumNameCommandBody(kind), kind, receipt.problems);
      }
      for (auto number = 1; number <= static_cast<int>(QueryBody::MAX); ++number) {
        const auto kind = static_cast<QueryBody>(number);
        auto query = std::move(queries_of(kind, own, foreign).front());
        const auto answer = native<schema::Answer>(service.ask(std::move(query), sender));
        check(schema::EnumNameQueryBody(kind), kind, answer.problems);
      }
      for (auto number = 1; number <= static_cast<int>(HistoryBody::MAX); ++number) {
        const auto kind = static_cast<HistoryBody>(number);
        schema::HistoryRequestT request;
        request.body = requests_of(kind, own, foreign).front();
        const auto page = native<schema::HistoryPage>(service.request(std::move(request), sender));
        check(schema::EnumNameHistoryBody(kind), kind, page.problems);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(O1_an_owner_of_one_tenant_gets_no_keys_and_opens_no_network) {
  WholeService service;
  begin(service);
  const auto refused = [&](auto body) {
    schema::CommandMessageT message;
    message.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(body));
    const auto receipt = native<schema::Receipt>(service.send(std::move(message), identity(10)));
    BOOST_TEST((receipt.code == Code::not_permitted));
    BOOST_TEST(receipt.seq == 0u);
  };
  schema::BackUpKeysT copy;
  copy.recipient.assign(32, 9);
  copy.kept_until_ns = service.clock.now_ns() + 1'000'000'000;
  refused(schema::BackUpKeysT(copy));
  schema::ImportRangesT ranges;
  ranges.provider = schema::Provider::AWS;
  ranges.source_name = "mine";
  ranges.source_sha256.assign(32, 1);
  ranges.v4 = {0, 0xffff'ffff};
  refused(std::move(ranges));
  // Nor does it get a copy that an owner of all has recorded.
  const auto seq = service.run("", "", std::move(copy)).seq;
  for (const auto& [sender, code] :
       {std::pair(identity(10), Code::not_permitted), std::pair(identity(1), Code::ok)}) {
    schema::GetKeysT keys;
    keys.seq = seq;
    schema::HistoryRequestT request;
    request.body.Set(std::move(keys));
    const auto page = native<schema::HistoryPage>(service.request(std::move(request), sender));
    BOOST_TEST((page.code == code));
  }
}

BOOST_AUTO_TEST_CASE(O2_two_worlds_that_differ_outside_a_tenant_are_one_to_its_operators) {
  WholeService rich, richer, alone;
  const Foreign own = begin(rich);
  begin(richer);
  begin(alone);
  const Foreign foreign = add_the_rest(rich, false);
  add_the_rest(richer, true);
  const auto expected = all_answers(alone, own, foreign);
  BOOST_TEST(expected.size() > 5'000u);
  for (WholeService* other : {&rich, &richer}) {
    const auto found = all_answers(*other, own, foreign);
    BOOST_REQUIRE(found.size() == expected.size());
    for (const auto& [what, answer] : expected)
      if (found.at(what) != answer) BOOST_ERROR(what << " tells of what lies outside");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
