// H10: a story with everything that records do, and what would take one of them back.
#pragma once

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/view/asked_view.h"

namespace postern::support {

using Commands = std::vector<schema::CommandT>;

/// A story, and what would take one of its records back.
class Undone {
 public:
  explicit Undone(Scenario told) : asked_(std::move(told)) { asked_.opens_profiles = true; }

  Scenario& story() { return asked_.story; }
  AskedView& asked() { return asked_; }

  /// One message, none of it refused; its record.
  domain::Seq send(const Commands& commands, const std::string& tenant = "acme") {
    story().by(Role::owner).in(tenant).send(story().message(commands));
    const auto& outcome = story().outcome();
    const std::string refused =
        outcome.refusals.empty() ? std::string() : outcome.refusals[0].sentence;
    BOOST_REQUIRE_MESSAGE(refused.empty(), refused);
    return story().state().seq();
  }

  auto ask(domain::Seq seq, std::string_view asker = "root") {
    asked_.refresh();
    schema::PlanUndoT wanted;
    wanted.seq = seq;
    return asked_.ask(wanted, asker);
  }

  /// Sends what takes it back.
  schema::UndoPlanT undo(domain::Seq seq) {
    auto plan = ask(seq);
    const std::string refused = plan ? std::string() : plan.error().sentence;
    BOOST_REQUIRE_MESSAGE(refused.empty(), refused);
    Commands commands;
    for (const auto& command : plan->commands) commands.push_back(*command);
    send(commands, plan->tenant);
    return std::move(*plan);
  }

  void refuses(domain::Seq seq, Code code, const std::string& part = {}) {
    const auto plan = ask(seq);
    BOOST_REQUIRE(!plan);
    BOOST_TEST(plan.error().code == code, schema::EnumNameCode(plan.error().code));
    BOOST_TEST(plan.error().sentence.find(part) != std::string::npos, plan.error().sentence);
  }
  void refuses_naming(domain::Seq seq, domain::Seq later) {
    refuses(seq, Code::undo_overtaken, "Record " + std::to_string(later) + " ");
  }

 private:
  AskedView asked_;
};

template <class Body>
schema::CommandT on_role(std::string name, Body body = {}) {
  body.role = std::move(name);
  return command(std::move(body));
}

template <class Body>
schema::CommandT member(std::string username, std::string name) {
  Body body;
  body.role = std::move(name);
  return to(std::move(username), std::move(body));
}

template <class Body>
schema::CommandT a_grant(std::string resource) {
  Body body;
  body.effect = schema::Effect::allow;
  body.action = "read";
  body.resource = std::move(resource);
  return command(std::move(body));
}

inline schema::CommandT remove_grant(std::string resource) {
  schema::CommandT made = a_grant<schema::RemoveGrantT>(std::move(resource));
  made.user = "bob";
  return made;
}

inline schema::CommandT conditional_grant() {
  schema::AddGrantT body;
  body.effect = schema::Effect::deny;
  body.action = "write";
  body.resource = "table/*/b";
  body.conditions = std::make_unique<schema::ConditionsT>();
  body.conditions->networks = std::make_unique<schema::NetworksT>();
  body.conditions->networks->entries = {"10.0.0.0/8"};
  body.conditions->secure_transport = true;
  return to("bob", std::move(body));
}

inline schema::CommandT remove_conditional_grant() {
  schema::RemoveGrantT body;
  body.effect = schema::Effect::deny;
  body.action = "write";
  body.resource = "table/*/b";
  return to("bob", std::move(body));
}

inline schema::CommandT api_access(bool allowed) {
  schema::SetApiAccessT body;
  body.allowed = allowed;
  return to("bob", std::move(body));
}

inline schema::CommandT renamed(std::string from, std::string username) {
  schema::RenameUserT body;
  body.username = std::move(username);
  return to(std::move(from), std::move(body));
}

inline schema::CommandT settings(bool skip, std::vector<std::string> networks) {
  schema::SetUserSettingsT body;
  body.skip_ip_check = skip;
  body.session_timeout_seconds = 300;
  body.networks = std::make_unique<schema::NetworksT>();
  body.networks->entries = std::move(networks);
  return to("bob", std::move(body));
}

inline schema::CommandT profile(std::string first_name, std::string note,
                                std::string attribute = {}) {
  schema::SetProfileT body;
  body.profile = std::make_unique<schema::ProfileT>();
  body.profile->first_name = std::move(first_name);
  body.note = std::move(note);
  auto& made = body.profile->attributes.emplace_back(std::make_unique<schema::AttributeT>());
  made->name = "till";
  made->value = std::move(attribute);
  return to("bob", std::move(body));
}

inline schema::CommandT policies(std::string prefix, std::uint32_t lock_seconds) {
  schema::SetTenantT body;
  body.display_name = "Acme & Sons";
  body.policies = std::make_unique<schema::PolicyChangesT>();
  body.policies->username_prefix = std::move(prefix);
  body.policies->lock_seconds = lock_seconds;
  body.policies->networks = std::make_unique<schema::NetworksT>();
  body.policies->networks->entries = {"192.0.2.0/24"};
  return command(std::move(body));
}

inline schema::CommandT define(std::string kind, std::string action, std::string path,
                               std::string description, bool replace = true) {
  schema::DefineCatalogueT body;
  auto& made = body.kinds.emplace_back(std::make_unique<schema::CatalogueKindT>());
  made->name = std::move(kind);
  made->open = true;
  auto& one = made->actions.emplace_back(std::make_unique<schema::CatalogueActionT>());
  one->name = std::move(action);
  one->description = description;
  auto& resource = made->resources.emplace_back(std::make_unique<schema::CatalogueResourceT>());
  resource->path = std::move(path);
  resource->description = std::move(description);
  body.replace = replace;
  return command(std::move(body));
}

inline schema::CommandT retire(std::string kind) {
  schema::RetireCatalogueT body;
  body.kinds = {std::move(kind)};
  return command(std::move(body));
}

template <class Body>
schema::CommandT of_operator(std::string name, Role role, std::uint8_t key) {
  Body body;
  body.name = std::move(name);
  body.role = role;
  body.standing = standing(key, {"acme"});
  return command(std::move(body));
}

inline schema::CommandT remove_operator(std::string name) {
  schema::RemoveOperatorT body;
  body.name = std::move(name);
  return command(std::move(body));
}

/// The story of everything, without the locks at its end.
inline Scenario open_story() {
  auto made =
      given(tenant("acme"), user("bob"), user("eve"), allow("bob", "read", "table/a"),
            allow("bob", "read", "table/b"), role("clerk"), role("chief"),
            role_grant(schema::Effect::allow, "clerk", "read", "table/c"), nest("chief", "clerk"),
            assign("bob", "clerk"), key("bob", "till"), define("shelf", "take", "shelf/one", "One"),
            profile("Bob", "a note", "seven"), settings(false, {"10.0.0.0/8"}));
  made.in("").given(of_operator<schema::AddOperatorT>("anna", Role::manager, 7));
  made.in("acme");
  return made;
}

}  // namespace postern::support
