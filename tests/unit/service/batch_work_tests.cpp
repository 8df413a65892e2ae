// A thousand commands of every kind in one message, about what is as large as it may be: none
// copies what grows with what is there, or it is refused before it has gone on for long.
#include <boost/test/unit_test.hpp>
#include <ctime>
#include <functional>

#include "tests/unit/service/allocated_bytes.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

using schema::CommandBody;

constexpr std::size_t batch_count = 1'000;

/// What this thread has used: told, not judged.
std::int64_t cpu_us() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

std::string numbered(const std::string& front, std::size_t number) {
  return front + std::to_string(number);
}

template <class Body>
schema::CommandT command_of(Body body, const std::string& user = {}) {
  schema::CommandT made;
  made.user = user;
  made.body.Set(std::move(body));
  return made;
}

std::unique_ptr<schema::NetworksT> networks(std::size_t count) {
  auto made = std::make_unique<schema::NetworksT>();
  for (std::size_t number = 0; number < count; ++number)
    made->entries.push_back("10." + std::to_string(number / 250) + '.' +
                            std::to_string(number % 250) + ".0/24");
  return made;
}

schema::CommandT add(const std::string& user, const std::string& resource,
                     schema::Effect effect = schema::Effect::allow) {
  schema::AddGrantT body;
  body.effect = effect;
  body.action = "read";
  body.resource = resource;
  return command_of(std::move(body), user);
}

schema::CommandT add_to_role(const std::string& role, const std::string& resource) {
  schema::AddRoleGrantT body;
  body.role = role;
  body.effect = schema::Effect::allow;
  body.action = "read";
  body.resource = resource;
  return command_of(std::move(body));
}

template <class Body>
schema::CommandT of_role(const std::string& role, const std::string& user = {}) {
  Body body;
  if constexpr (requires { body.role; })
    body.role = role;
  else
    body.name = role;
  return command_of(std::move(body), user);
}

template <class Body>
schema::CommandT of_nest(const std::string& role, const std::string& inner) {
  Body body;
  body.role = role;
  body.inner = inner;
  return command_of(std::move(body));
}

template <class Body>
schema::CommandT with_password(const std::string& user) {
  Body body;
  body.password = "a-new-s3cret-one";
  body.password_confirmation = body.password;
  return command_of(std::move(body), user);
}

schema::CommandT shelf(std::size_t from, std::size_t count) {
  schema::DefineCatalogueT body;
  auto& kind = body.kinds.emplace_back(std::make_unique<schema::CatalogueKindT>());
  kind->name = "shelf";
  kind->open = false;
  kind->actions.emplace_back(std::make_unique<schema::CatalogueActionT>())->name = "take";
  for (std::size_t number = from; number < from + count; ++number) {
    auto& made = kind->resources.emplace_back(std::make_unique<schema::CatalogueResourceT>());
    made->path = numbered("shelf/a-place-of-some-length-", number);
    made->warning = "It is dangerous.";
  }
  return command_of(std::move(body));
}

/// As large as it may be, but for a few more of each.
struct Largest : ServiceFixture {
  using Make = std::function<schema::CommandT(std::size_t)>;

  Largest() {
    create_acme();
    create_user("large", "an-old-s3cret-one");
    fill(8'900, [](std::size_t number) { return add("large", numbered("table/t", number)); });
    fill(990, [](std::size_t number) {
      schema::CreateRoleT body;
      body.name = numbered("r", number);
      return command_of(std::move(body));
    });
    fill(8'900, [](std::size_t number) { return add_to_role("r0", numbered("table/t", number)); });
    // r0 lies within 300 others, eight deep.
    fill(300, [](std::size_t number) {
      return of_nest<schema::NestRoleT>(numbered("r", number + 1),
                                        numbered("r", number % 7 == 0 ? 0 : number));
    });
    fill(90, [](std::size_t number) {
      return of_role<schema::AssignRoleT>(numbered("r", number + 1), "large");
    });
    fill(60, [](std::size_t number) {
      schema::CreateKeyT body;
      body.name = numbered("k", number);
      for (std::size_t part = 0; part < 20; ++part) {
        auto& made = body.narrowed_to.emplace_back(std::make_unique<schema::NarrowingT>());
        made->action = "read";
        made->resource = numbered("table/a-place-of-some-length-", part);
      }
      return command_of(std::move(body), "large");
    });
    for (std::size_t from = 0; from < 9'800; from += 700)
      fill(1, [&](std::size_t) { return shelf(from, 700); });
    schema::SetTenantT tenant;
    tenant.policies = std::make_unique<schema::PolicyChangesT>();
    tenant.policies->networks = networks(1'000);
    fill(1, [&](std::size_t) { return command_of(schema::SetTenantT(tenant)); });
    schema::SetUserSettingsT settings;
    settings.networks = networks(1'000);
    fill(1, [&](std::size_t) { return command_of(schema::SetUserSettingsT(settings), "large"); });
    schema::SetProfileT profile;
    profile.profile = std::make_unique<schema::ProfileT>();
    for (std::size_t number = 0; number < 60; ++number) {
      auto& made = profile.profile->attributes.emplace_back(std::make_unique<schema::AttributeT>());
      made->name = numbered("attribute", number);
      made->value = std::string(240, 'v');
    }
    fill(1, [&](std::size_t) { return command_of(schema::SetProfileT(profile), "large"); });
  }

  static schema::CommandMessageT batch(std::size_t from, std::size_t count, const Make& make) {
    schema::CommandMessageT made;
    made.tenant = "acme";
    for (std::size_t number = from; number < from + count; ++number)
      made.commands.push_back(std::make_unique<schema::CommandT>(make(number)));
    return made;
  }
  void fill(std::size_t count, const Make& make) {
    for (std::size_t from = 0; from < count; from += 500) {
      const auto receipt = run(batch(from, std::min<std::size_t>(500, count - from), make));
      BOOST_REQUIRE_MESSAGE(receipt.code == Code::ok,
                            schema::EnumNameCode(receipt.code)
                                << ' '
                                << (receipt.problems.empty() ? "" : receipt.problems[0]->sentence));
    }
  }
};

template <class First, class Second>
Largest::Make in_turn(const std::string& user = "large") {
  return [user](std::size_t number) {
    return number % 2 == 0 ? command_of(First(), user) : command_of(Second(), user);
  };
}

schema::CommandT operator_command(std::size_t number) {
  schema::AddOperatorT body;
  body.name = numbered("op", number);
  body.role = schema::Role::administrator;
  body.standing = std::make_unique<schema::OperatorStandingT>();
  body.standing->uid = static_cast<std::uint32_t>(1'000 + number);
  body.standing->all_tenants = true;
  return command_of(std::move(body));
}

struct Row {
  CommandBody kind;
  Largest::Make make;
};

/// The heaviest of each kind that a batch has room for.
auto a_copy_of_keys() {
  schema::BackUpKeysT body;
  body.recipient.assign(32, 9);
  body.kept_until_ns = 1;
  return command_of(std::move(body));
}

auto a_review() {
  schema::RecordReviewT body;
  body.report_seq = 1;
  body.report_sha256.assign(32, 1);
  body.sentence = std::string(1'000, 'x');
  return command_of(std::move(body));
}

const std::vector<Row>& rows() {
  using namespace schema;
  static const std::vector<Row> table = {
      {CommandBody::CreateTenant,
       [](std::size_t number) {
         CreateTenantT body;
         body.alias = numbered("t", number);
         return command_of(std::move(body));
       }},
      {CommandBody::EnableTenant, in_turn<DisableTenantT, EnableTenantT>("")},
      {CommandBody::DisableTenant, in_turn<DisableTenantT, EnableTenantT>("")},
      {CommandBody::CreateUser,
       [](std::size_t number) {
         CreateUserT body;
         body.username = numbered("new", number);
         body.note = std::string(800, 'n');
         return command_of(std::move(body));
       }},
      {CommandBody::EnableUser, in_turn<DisableUserT, EnableUserT>()},
      {CommandBody::DisableUser, in_turn<DisableUserT, EnableUserT>()},
      {CommandBody::TrashUser, in_turn<TrashUserT, RestoreUserT>()},
      {CommandBody::RestoreUser, in_turn<TrashUserT, RestoreUserT>()},
      {CommandBody::DeleteUser, in_turn<TrashUserT, DeleteUserT>()},
      {CommandBody::LockUser, in_turn<LockUserT, UnlockUserT>()},
      {CommandBody::UnlockUser, in_turn<LockUserT, UnlockUserT>()},
      {CommandBody::SetApiAccess,
       [](std::size_t number) {
         SetApiAccessT body;
         body.allowed = number % 2 == 1;
         return command_of(std::move(body), "large");
       }},
      {CommandBody::ResetPassword,
       [](std::size_t) { return with_password<ResetPasswordT>("large"); }},
      {CommandBody::ChangePassword,
       [](std::size_t) {
         auto made = with_password<ChangePasswordT>("large");
         made.body.AsChangePassword()->current_password = "an-old-s3cret-one";
         return made;
       }},
      {CommandBody::AddGrant,
       [](std::size_t number) { return add("large", numbered("table/*/new", number)); }},
      {CommandBody::RemoveGrant,
       [](std::size_t number) {
         RemoveGrantT body;
         body.effect = Effect::allow;
         body.action = "read";
         body.resource = numbered("table/t", number);
         return command_of(std::move(body), "large");
       }},
      {CommandBody::AddOperator, operator_command},
      {CommandBody::ChangeOperator,
       [](std::size_t number) {
         ChangeOperatorT body;
         body.name = "owner";
         body.role = number % 2 == 0 ? Role::administrator : Role::owner;
         return command_of(std::move(body));
       }},
      {CommandBody::RemoveOperator,
       [](std::size_t number) {
         if (number % 2 == 0) return operator_command(number);
         RemoveOperatorT body;
         body.name = numbered("op", number - 1);
         return command_of(std::move(body));
       }},
      {CommandBody::SetTenant,
       [](std::size_t number) {
         SetTenantT body;
         body.display_name = numbered("Acme ", number);
         return command_of(std::move(body));
       }},
      {CommandBody::DefineCatalogue, [](std::size_t number) { return shelf(100'000 + number, 1); }},
      {CommandBody::RetireCatalogue,
       [](std::size_t number) {
         RetireCatalogueT body;
         body.resources.push_back(numbered("shelf/a-place-of-some-length-", number));
         return command_of(std::move(body));
       }},
      {CommandBody::EndTenantSessions,
       [](std::size_t) { return command_of(EndTenantSessionsT()); }},
      {CommandBody::RenameUser,
       [](std::size_t number) {
         RenameUserT body;
         body.username = numbered("large", number);
         return command_of(std::move(body),
                           number == 0 ? std::string("large") : numbered("large", number - 1));
       }},
      {CommandBody::SetProfile,
       [](std::size_t number) {
         SetProfileT body;
         body.note = numbered("note ", number);
         return command_of(std::move(body), "large");
       }},
      {CommandBody::SetUserSettings,
       [](std::size_t number) {
         SetUserSettingsT body;
         body.api_logging = number % 2 == 0;
         return command_of(std::move(body), "large");
       }},
      {CommandBody::RotatePassword,
       [](std::size_t) {
         auto made = with_password<RotatePasswordT>("large");
         made.body.AsRotatePassword()->old_valid_until_ns = 1;
         return made;
       }},
      {CommandBody::CreateKey,
       [](std::size_t number) {
         CreateKeyT body;
         body.name = numbered("new", number);
         return command_of(std::move(body), "large");
       }},
      {CommandBody::RevokeKey,
       [](std::size_t number) {
         RevokeKeyT body;
         body.name = numbered("k", number);
         return command_of(std::move(body), "large");
       }},
      {CommandBody::EndSessions, [](std::size_t) { return command_of(EndSessionsT(), "large"); }},
      {CommandBody::CreateRole,
       [](std::size_t number) { return of_role<CreateRoleT>(numbered("new", number)); }},
      {CommandBody::DeleteRole,
       [](std::size_t number) { return of_role<DeleteRoleT>(numbered("r", 980 - number % 600)); }},
      {CommandBody::AddRoleGrant,
       [](std::size_t number) { return add_to_role("r0", numbered("table/new", number)); }},
      {CommandBody::RemoveRoleGrant,
       [](std::size_t number) {
         RemoveRoleGrantT body;
         body.role = "r0";
         body.effect = Effect::allow;
         body.action = "read";
         body.resource = numbered("table/t", number);
         return command_of(std::move(body));
       }},
      {CommandBody::NestRole,
       [](std::size_t number) {
         return of_nest<NestRoleT>(numbered("r", 310 + number % 600), "r7");
       }},
      {CommandBody::UnnestRole,
       [](std::size_t number) {
         return number % 2 == 0 ? of_nest<UnnestRoleT>("r8", "r0") : of_nest<NestRoleT>("r8", "r0");
       }},
      {CommandBody::AssignRole,
       [](std::size_t number) {
         return number % 2 == 0 ? of_role<AssignRoleT>("r301", "large")
                                : of_role<UnassignRoleT>("r301", "large");
       }},
      {CommandBody::UnassignRole,
       [](std::size_t number) {
         return number % 2 == 0 ? of_role<UnassignRoleT>("r8", "large")
                                : of_role<AssignRoleT>("r8", "large");
       }},
      {CommandBody::ImportRanges,
       [](std::size_t number) {
         ImportRangesT body;
         body.provider = Provider::AWS;
         body.source_name = "file";
         body.source_sha256.assign(32, 1);
         body.source_time_ns = static_cast<std::int64_t>(number + 1);
         for (std::uint32_t range = 0; range < 100; ++range) {
           body.v4.push_back(0x0a000000U + range * 512);
           body.v4.push_back(0x0a0000ffU + range * 512);
         }
         return command_of(std::move(body));
       }},
      {CommandBody::EraseUser, in_turn<TrashUserT, EraseUserT>()},
      {CommandBody::BackUpKeys, [](std::size_t) { return a_copy_of_keys(); }},
      {CommandBody::RecordReview, [](std::size_t) { return a_review(); }},
  };
  return table;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(batch_work_tests)

BOOST_FIXTURE_TEST_CASE(K3_a_batch_of_any_kind_copies_little_of_what_is_there, Largest) {
  for (const CommandBody kind : schema::EnumValuesCommandBody()) {
    // Nobody sends these.
    if (kind == CommandBody::NONE || kind == CommandBody::RecordAttempt ||
        kind == CommandBody::RecordRefusals || kind == CommandBody::RecordUse)
      continue;
    const auto row = std::ranges::find(rows(), kind, &Row::kind);
    BOOST_REQUIRE_MESSAGE(row != rows().end(), schema::EnumNameCommandBody(kind));
    auto made = batch(0, batch_count, row->make);
    made.dry_run = true;
    const auto began = cpu_us();
    const std::size_t before = allocated_bytes();
    const std::string sent = send(std::move(made));
    const std::size_t bytes = allocated_bytes() - before;
    const auto took = cpu_us() - began;
    turn_until([&] { return has_receipt(sent); });
    const auto got = receipt(sent);
    BOOST_TEST_MESSAGE(schema::EnumNameCommandBody(kind)
                       << ": " << took << " us, " << bytes / 1'048'576 << " MiB, "
                       << schema::EnumNameCode(got.code));
    // A thousand copies of 8,900 grants are 200 MB, of such a catalogue 2 GB. A profile is opened,
    // merged and sealed for each command, 16 KB of it.
    const std::size_t most_mib = kind == CommandBody::SetProfile ? 256 : 96;
    BOOST_TEST(bytes < most_mib * 1'048'576, schema::EnumNameCommandBody(kind) << ": " << bytes);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
