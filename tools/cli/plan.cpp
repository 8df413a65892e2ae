#include "tools/cli/plan.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "tools/cli/known_catalogue.h"
#include "tools/cli/plan_catalogue.h"
#include "tools/intake/nearest.h"
#include "tools/text/json.h"
#include "tools/text/schema_names.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace {

namespace json = boost::json;

/// As one text, so that numbers of any kind and absent values compare.
std::string json_form(const json::value* value) {
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return std::string(value->get_string());
  if (value->is_array() && value->get_array().empty()) return "";
  return json::serialize(*value);
}

class Planner {
 public:
  Planner(const intake::DesiredState& desired, const StandingState& standing,
          const schema::CreateTenantT& preset, PlanWanted wanted)
      : desired_(desired), standing_(standing), preset_(preset), wanted_(wanted) {}

  Plan make() {
    learn_catalogue();
    at(desired_.policies.empty() ? "/tenant" : "/policies");
    standing_.tenant ? change_tenant() : create_tenant();
    if (desired_.roles) plan_roles();
    if (desired_.users) plan_users();
    if (desired_.roles) remove_roles();
    if (standing_.tenant && wanted_.prune && desired_.catalogue)
      add(retire_catalogue(wanted_kinds(), standing_.tenant->catalogue));
    return std::move(plan_);
  }

 private:
  template <class Body>
  void step(Doing doing, std::string what, std::string detail, const std::string& user, Body body) {
    plan_.steps.push_back(
        make_step(doing, std::move(what), std::move(detail), user, std::move(body)));
    if (doing != Doing::remove) plan_.steps.back().way = way_;
  }

  void fail(std::string sentence) { plan_.faults.push_back({way_, std::move(sentence)}); }

  /// The entry that what follows is for.
  void at(std::string way) { way_ = std::move(way); }
  void at(const std::string& way, const char* list, std::size_t place) {
    way_ = way + '/' + list + '/' + std::to_string(place);
  }

  // ---- the tenant

  /// Networks as a list, as desired states have them.
  static json::object policies_json(json::object made) {
    if (auto* networks = made.if_contains("networks"); networks && networks->is_object())
      *networks = json::value(networks->at("entries"));
    if (auto* status = made.if_contains("new_user_status"); status && *status == "new_user")
      *status = "new";
    return made;
  }

  /// The preset's with the desired ones over them.
  json::object wanted_policies() const {
    auto made = preset_.policies ? policies_json(text::to_json(*preset_.policies)) : json::object();
    made.erase("cleared");
    for (const auto& [name, value] : policies_json(desired_.policies)) made[name] = value;
    return made;
  }

  std::vector<std::unique_ptr<schema::CatalogueKindT>> wanted_kinds() const {
    if (!desired_.catalogue) {
      std::vector<std::unique_ptr<schema::CatalogueKindT>> kinds;
      for (const auto& kind : preset_.catalogue)
        kinds.push_back(std::make_unique<schema::CatalogueKindT>(*kind));
      return kinds;
    }
    // Read before, so it can be read.
    return std::move(*intake::kinds_from(*desired_.catalogue));
  }

  /// Of a new tenant without any, the daemon's own is not known here.
  void learn_catalogue() {
    if (standing_.tenant) known_.add(standing_.tenant->catalogue);
    known_.add(wanted_kinds());
  }

  void create_tenant() {
    schema::CreateTenantT body;
    body.alias = desired_.tenant;
    body.display_name = desired_.display_name.value_or("");
    body.policies = changes_from(wanted_policies());
    body.catalogue = wanted_kinds();
    step(Doing::create, "tenant " + desired_.tenant, "", "", std::move(body));
  }

  static std::unique_ptr<schema::PolicyChangesT> changes_from(json::object policies) {
    if (policies.empty()) return nullptr;
    return std::make_unique<schema::PolicyChangesT>(*intake::policies_from(std::move(policies)));
  }

  void change_tenant() {
    const std::string what = "tenant " + desired_.tenant;
    const auto now = policies_json(text::to_json(*standing_.tenant->policies));
    json::object differing;
    std::vector<std::string> names;
    for (const auto& [name, value] : wanted_policies()) {
      if (json_form(&value) == json_form(now.if_contains(name))) continue;
      differing[name] = value;
      names.emplace_back(name);
    }
    schema::SetTenantT body;
    if (desired_.display_name && *desired_.display_name != standing_.tenant->display_name) {
      body.display_name = *desired_.display_name;
      names.insert(names.begin(), "display_name");
    }
    body.policies = changes_from(std::move(differing));
    if (!names.empty()) step(Doing::change, what, text::joined(names), "", std::move(body));
    add(define_catalogue(wanted_kinds(), standing_.tenant->catalogue));
  }

  /// Steps of the catalogue.
  void add(std::vector<Step> more) {
    for (Step& step : more) {
      const auto* define = step.command->body.AsDefineCatalogue();
      if (define != nullptr && desired_.catalogue) step.way = way_to_kind(define->kinds[0]->name);
      plan_.steps.push_back(std::move(step));
    }
  }
  std::string way_to_kind(const std::string& name) const {
    const auto& kinds = *desired_.catalogue;
    for (std::size_t place = 0; place < kinds.size(); ++place)
      if (const auto* kind = kinds[place].if_object(); kind && kind->contains("name"))
        if (kind->at("name") == json::value(name)) return "/catalogue/" + std::to_string(place);
    return "/catalogue";
  }

  // ---- grants, of users and of roles

  template <class Add, class Remove>
  void plan_grants(const std::string& what, const std::string& user, const std::string& role,
                   const std::vector<intake::Grant>& wanted, const StandingGrants& now) {
    const auto fill = [&](auto& body, const intake::Grant& grant) {
      body.effect = grant.effect;
      body.action = grant.action;
      body.resource = grant.resource;
      if constexpr (requires { body.role; }) body.role = role;
    };
    std::set<std::string> lines;
    const std::string way = way_;
    for (std::size_t place = 0; place < wanted.size(); ++place) {
      const intake::Grant& grant = wanted[place];
      auto line = intake::grant_line(grant);
      if (!lines.insert(line).second || now.contains(line)) continue;
      at(way, "grants", place);
      if (auto fault = known_.empty() ? std::string() : known_.fault_of(grant); !fault.empty()) {
        fail(std::move(fault));
        continue;
      }
      Add body;
      fill(body, grant);
      if (grant.conditions)
        body.conditions = std::make_unique<schema::ConditionsT>(*grant.conditions);
      step(Doing::change, what, "grant " + line, user, std::move(body));
    }
    at(way);
    for (const auto& [line, held] : now) {
      if (lines.contains(line)) continue;
      if (!wanted_.prune) {
        plan_.beside.push_back(what + ": grant " + line);
        continue;
      }
      Remove body;
      fill(body, held.grant);
      body.grant = std::make_unique<schema::GrantReferenceT>(held.reference);
      step(Doing::remove, what, "grant " + line, user, std::move(body));
    }
  }

  // ---- roles

  void plan_roles() {
    static const StandingRole none;
    for (const auto& [name, role] : *desired_.roles) {
      if (standing_.roles.contains(name)) continue;
      at("/roles/" + name);
      schema::CreateRoleT body;
      body.name = name;
      body.description = role.description;
      step(Doing::create, "role " + name, role.description, "", std::move(body));
    }
    for (const auto& [name, role] : *desired_.roles) {
      const auto found = standing_.roles.find(name);
      const StandingRole& now = found == standing_.roles.end() ? none : found->second;
      const std::string what = "role " + name;
      at("/roles/" + name);
      if (&now != &none && now.description != role.description && !role.description.empty())
        plan_.beside.push_back(what + ": its description stays '" + now.description + "'");
      plan_grants<schema::AddRoleGrantT, schema::RemoveRoleGrantT>(what, "", name, role.grants,
                                                                   now.grants);
      for (std::size_t place = 0; place < role.roles.size(); ++place) {
        const std::string& inner = role.roles[place];
        if (std::ranges::find(now.roles, inner) != now.roles.end()) continue;
        at("/roles/" + name, "roles", place);
        if (!is_role(inner)) continue;
        schema::NestRoleT body;
        body.role = name;
        body.inner = inner;
        step(Doing::change, what, "holds role " + inner, "", std::move(body));
      }
      for (const auto& inner : now.roles) {
        if (std::ranges::find(role.roles, inner) != role.roles.end()) continue;
        if (!wanted_.prune) {
          plan_.beside.push_back(what + ": role " + inner);
          continue;
        }
        schema::UnnestRoleT body;
        body.role = name;
        body.inner = inner;
        step(Doing::remove, what, "no longer holds role " + inner, "", std::move(body));
      }
    }
  }

  /// Of one that is not there, nor will be, a fault.
  bool is_role(const std::string& name) {
    const bool stays = standing_.roles.contains(name) && !goes(name);
    if (stays || (desired_.roles && desired_.roles->contains(name))) return true;
    std::vector<std::string> known;
    for (const auto& [role, standing] : standing_.roles)
      if (!goes(role)) known.push_back(role);
    if (desired_.roles)
      for (const auto& [role, wanted] : *desired_.roles) known.push_back(role);
    fail(intake::no_such("role", name, known));
    return false;
  }

  bool goes(const std::string& role) const {
    return wanted_.prune && desired_.roles && !desired_.roles->contains(role);
  }

  /// Last, when nobody holds them; and first those that hold others.
  void remove_roles() {
    for (const auto& [name, role] : standing_.roles) {
      if (desired_.roles->contains(name)) continue;
      if (!wanted_.prune) {
        plan_.beside.push_back("role " + name);
        continue;
      }
      for (const auto& inner : role.roles) {
        schema::UnnestRoleT body;
        body.role = name;
        body.inner = inner;
        step(Doing::remove, "role " + name, "no longer holds role " + inner, "", std::move(body));
      }
    }
    for (const auto& [name, role] : standing_.roles) {
      if (!goes(name)) continue;
      schema::DeleteRoleT body;
      body.name = name;
      step(Doing::remove, "role " + name, "", "", std::move(body));
    }
  }

  // ---- users

  void plan_users() {
    std::set<std::string> named;
    for (const auto& account : *desired_.users) {
      const auto& name = account.user.username;
      at("/users/" + name);
      if (!named.insert(folded(name)).second) {
        fail("It is named twice, in other letters.");
        continue;
      }
      const auto* now = standing_.user(name);
      const std::size_t first = plan_.steps.size();
      now == nullptr ? create_user(account) : change_user(account, *now);
      // K2: of what was read; commands behind it count on from there.
      if (now != nullptr && first < plan_.steps.size())
        plan_.steps[first].command->expected_version = now->details->version;
    }
    for (const auto& [name, view] : standing_.users)
      if (!named.contains(name)) leave_or_trash(*view);
  }

  void leave_or_trash(const schema::UserViewT& user) {
    const auto& name = user.details->username;
    if (user.details->status == schema::UserStatus::trashed) return;
    if (!wanted_.prune) return plan_.beside.push_back("user " + name);
    for (const auto& held : user.roles) {
      if (!goes(held->name)) continue;
      schema::UnassignRoleT body;
      body.role = held->name;
      step(Doing::remove, "user " + name, "role " + held->name, name, std::move(body));
    }
    step(Doing::remove, "user " + name, "to the trash", name, schema::TrashUserT{});
  }

  void create_user(const intake::Account& account) {
    using schema::UserStatus;
    const std::string& name = account.user.username;
    const std::string what = "user " + name;
    schema::CreateUserT body = account.user;
    if (account.status != UserStatus::unset)
      body.status =
          account.status == UserStatus::new_user ? UserStatus::new_user : UserStatus::active;
    step(Doing::create, what, "", "", std::move(body));
    plan_rights(account, nullptr);
    if (account.locked) step(Doing::change, what, "locked", name, schema::LockUserT{});
    move_down(account,
              body.status == UserStatus::new_user ? UserStatus::new_user : UserStatus::active);
  }

  void change_user(const intake::Account& account, const schema::UserViewT& now) {
    const std::string& name = now.details->username;
    const std::string what = "user " + name;
    const auto status = move_up(account, now);
    if (account.user.api_access &&
        *account.user.api_access != (now.security && now.security->api_access)) {
      schema::SetApiAccessT body;
      body.allowed = *account.user.api_access;
      step(Doing::change, what, body.allowed ? "API access on" : "API access off", name,
           std::move(body));
    }
    change_profile(account, now);
    change_settings(account, now);
    plan_rights(account, &now);
    const bool is_locked = intake::find_field("locked")->tell(now, "locked") == "on";
    if (account.has("locked") && account.locked != is_locked) {
      if (account.locked)
        step(Doing::change, what, "locked", name, schema::LockUserT{});
      else
        step(Doing::change, what, "unlocked", name, schema::UnlockUserT{});
    }
    move_down(account, status);
  }

  /// What keeps from being changed goes first. Gives the status it then has.
  schema::UserStatus move_up(const intake::Account& account, const schema::UserViewT& now) {
    using schema::UserStatus;
    const std::string& name = now.details->username;
    const std::string what = "user " + name;
    auto status = now.details->status;
    const auto wanted = account.status;
    if (wanted == UserStatus::unset || wanted == status) return status;
    if (wanted == UserStatus::new_user) {
      fail("It cannot be new again, as it is " + text::status_text(status) + ".");
      return status;
    }
    if (status == UserStatus::trashed) {
      step(Doing::change, what, "restored from the trash", name, schema::RestoreUserT{});
      status = UserStatus::inactive;
    }
    const bool is_to_be_active = wanted == UserStatus::active ||
                                 (wanted == UserStatus::inactive && status == UserStatus::new_user);
    if (is_to_be_active && status != UserStatus::active) {
      step(Doing::change, what, "active", name, schema::EnableUserT{});
      status = UserStatus::active;
    }
    return status;
  }

  void move_down(const intake::Account& account, schema::UserStatus status) {
    using schema::UserStatus;
    const std::string& name = account.user.username;
    if (account.status == UserStatus::inactive && status == UserStatus::active)
      step(Doing::change, "user " + name, "inactive", name, schema::DisableUserT{});
    if (account.status == UserStatus::trashed && status != UserStatus::trashed)
      step(Doing::change, "user " + name, "to the trash", name, schema::TrashUserT{});
  }

  void change_profile(const intake::Account& account, const schema::UserViewT& now) {
    schema::SetProfileT body;
    std::vector<std::string> names;
    if (account.has("note") && account.user.note != now.details->note) {
      body.note = account.user.note;
      names.emplace_back("note");
    }
    intake::Account differing;
    for (const auto& field : intake::fields()) {
      if (!account.has(field.name) || !account.user.profile) continue;
      const auto* text = intake::profile_text(*account.user.profile, field.name);
      if (text == nullptr || *text == field.tell(now, field.name)) continue;
      field.read(differing, field.name, *text);
      names.emplace_back(field.name);
    }
    if (account.user.profile)
      for (const auto& attribute : account.user.profile->attributes) {
        const auto* held = attribute_of(now, attribute->name);
        if (held != nullptr && held->value == attribute->value) continue;
        differing.profile().attributes.push_back(std::make_unique<schema::AttributeT>(*attribute));
        names.push_back("attribute " + attribute->name);
      }
    body.profile = std::move(differing.user.profile);
    const auto& name = now.details->username;
    if (!names.empty())
      step(Doing::change, "user " + name, text::joined(names), name, std::move(body));
  }

  static const schema::AttributeT* attribute_of(const schema::UserViewT& now,
                                                const std::string& name) {
    if (!now.details->profile) return nullptr;
    for (const auto& attribute : now.details->profile->attributes)
      if (attribute->name == name) return attribute.get();
    return nullptr;
  }

  void change_settings(const intake::Account& account, const schema::UserViewT& now) {
    if (!account.user.settings) return;
    static const schema::UserSettingsT defaults;
    const auto& wanted = *account.user.settings;
    const auto& held = now.details->settings ? *now.details->settings : defaults;
    schema::SetUserSettingsT body;
    std::vector<std::string> names;
    const auto take = [&](std::string_view name, auto& into, const auto& value, const auto& old) {
      if (!account.has(name) || value == old) return;
      into = value;
      names.emplace_back(name);
    };
    take("skip_ip_check", body.skip_ip_check, wanted.skip_ip_check, held.skip_ip_check);
    take("secure_transport_required", body.secure_transport_required,
         wanted.secure_transport_required, held.secure_transport_required);
    take("session_timeout_seconds", body.session_timeout_seconds, wanted.session_timeout_seconds,
         held.session_timeout_seconds);
    take("api_logging", body.api_logging, wanted.api_logging, held.api_logging);
    const std::vector<std::string> none;
    const auto& networks = wanted.networks ? wanted.networks->entries : none;
    if (account.has("networks") && networks != (held.networks ? held.networks->entries : none)) {
      body.networks = std::make_unique<schema::NetworksT>();
      body.networks->entries = networks;
      names.emplace_back("networks");
    }
    const auto& name = now.details->username;
    if (!names.empty())
      step(Doing::change, "user " + name, text::joined(names), name, std::move(body));
  }

  /// Roles and grants; `now` is null of a new user.
  void plan_rights(const intake::Account& account, const schema::UserViewT* now) {
    const std::string name = now != nullptr ? now->details->username : account.user.username;
    const std::string what = "user " + name;
    std::set<std::string> held;
    if (now != nullptr)
      for (const auto& role : now->roles) held.insert(role->name);
    const std::string way = way_;
    for (std::size_t place = 0; place < account.roles.size(); ++place) {
      const std::string& role = account.roles[place];
      if (held.erase(role) > 0) continue;
      at(way, "roles", place);
      if (!is_role(role)) continue;
      schema::AssignRoleT body;
      body.role = role;
      step(Doing::change, what, "role " + role, name, std::move(body));
    }
    at(way);
    for (const auto& role : held) {
      if (!wanted_.prune) {
        plan_.beside.push_back(what + ": role " + role);
        continue;
      }
      schema::UnassignRoleT body;
      body.role = role;
      step(Doing::remove, what, "role " + role, name, std::move(body));
    }
    plan_grants<schema::AddGrantT, schema::RemoveGrantT>(
        what, name, "", account.grants,
        now != nullptr ? grants_of(now->data_access) : StandingGrants());
  }

  const intake::DesiredState& desired_;
  const StandingState& standing_;
  const schema::CreateTenantT& preset_;
  PlanWanted wanted_;
  Plan plan_;
  std::string way_;
  KnownCatalogue known_;
};

}  // namespace

Plan plan_of(const intake::DesiredState& desired, const StandingState& standing,
             const schema::CreateTenantT& preset, PlanWanted wanted) {
  return Planner(desired, standing, preset, wanted).make();
}

}  // namespace postern::cli
