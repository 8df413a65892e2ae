#include "tools/text/event_text.h"

#include <memory>
#include <string_view>
#include <vector>

#include "tools/text/ids.h"
#include "tools/text/words.h"

namespace postern::text {

namespace {

using schema::EventBody;

constexpr std::size_t values_shown_max = 32;

/// What is absent, cleared or empty.
constexpr std::string_view none = "none";

std::string listed(const std::vector<std::string>& values) {
  if (values.size() > values_shown_max) return "(" + std::to_string(values.size()) + " values)";
  return joined(values, ",");
}

/// Parts of one line, in the order they are added. All are told: what is empty or absent as `none`.
class Line {
 public:
  explicit Line(const EventForms& forms) : forms_(forms) {}

  Line& text(std::string_view name, std::string_view value) {
    const bool is_set = !value.empty() && value != none && value != "false" && value != "0";
    if (forms_.brief && !is_set) return *this;
    text_ += (text_.empty() ? "" : " ") + std::string(name) + '=';
    text_ += value.empty() ? none : value;
    return *this;
  }
  template <class Enum>
  Line& named(std::string_view name, Enum value, const char* value_name) {
    const bool known = value_name != nullptr && *value_name != '\0';
    return text(name, known ? value_name : std::to_string(static_cast<unsigned>(value)));
  }
  Line& number(std::string_view name, std::uint64_t value) {
    return text(name, std::to_string(value));
  }
  Line& bytes(std::string_view name, const std::vector<std::uint8_t>& value) {
    return text(name, hex_text(value));
  }
  Line& flag(std::string_view name, bool value) { return text(name, value ? "true" : "false"); }
  Line& list(std::string_view name, const std::vector<std::string>& values) {
    return text(name, listed(values));
  }
  Line& time(std::string_view name, std::int64_t time_ns) {
    return text(name, time_ns == 0 ? std::string() : forms_.time_of(time_ns));
  }
  Line& time(std::string_view name, flatbuffers::Optional<std::int64_t> time_ns) {
    return text(name, time_ns ? forms_.time_of(*time_ns) : std::string());
  }
  Line& id(std::string_view name, Named kind, const std::unique_ptr<schema::Uuid>& id) {
    return text(name, id == nullptr ? std::string() : forms_.name_of(kind, *id));
  }

  Line& reference(const std::unique_ptr<schema::GrantReferenceT>& grant) {
    return text("grant", grant == nullptr
                             ? std::string()
                             : std::to_string(grant->seq) + '.' + std::to_string(grant->index));
  }
  Line& networks(const std::unique_ptr<schema::NetworksT>& networks) {
    return networks == nullptr ? text("networks", none) : list("networks", networks->entries);
  }
  template <class Body>
  Line& what_is_granted(const Body& body) {
    named("effect", body.effect, schema::EnumNameEffect(body.effect));
    return text("action", body.action).text("resource", body.resource);
  }
  Line& conditions(const std::unique_ptr<schema::ConditionsT>& conditions) {
    if (conditions == nullptr) return text("conditions", none);
    time("not_before", conditions->not_before_ns).time("not_after", conditions->not_after_ns);
    return networks(conditions->networks).flag("secure_transport", conditions->secure_transport);
  }
  Line& settings(const std::unique_ptr<schema::UserSettingsT>& settings) {
    if (settings == nullptr) return text("settings", none);
    networks(settings->networks).flag("skip_ip_check", settings->skip_ip_check);
    flag("secure_transport_required", settings->secure_transport_required);
    number("session_timeout_seconds", settings->session_timeout_seconds);
    return flag("api_logging", settings->api_logging);
  }
  Line& keys(std::string_view name, const std::vector<std::unique_ptr<schema::PublicKeyT>>& keys) {
    std::vector<std::string> texts;
    for (const auto& key : keys) texts.push_back(forms_.key_of(key->bytes));
    return list(name, texts);
  }
  Line& policies(const std::unique_ptr<schema::PoliciesT>& policies);
  Line& standing(const std::unique_ptr<schema::OperatorStandingT>& standing);
  Line& use(const std::unique_ptr<schema::UseT>& use);

  const EventForms& forms() const { return forms_; }
  std::string take() { return std::move(text_); }

 private:
  const EventForms& forms_;
  std::string text_;
};

Line& Line::policies(const std::unique_ptr<schema::PoliciesT>& policies) {
  if (policies == nullptr) return text("policies", none);
  const schema::PoliciesT& held = *policies;
  number("password_length_min", held.password_length_min);
  flag("password_needs_digit_or_symbol", held.password_needs_digit_or_symbol);
  text("password_forbidden_characters", held.password_forbidden_characters);
  number("lockout_failures", held.lockout_failures);
  flag("direct_deletion", held.direct_deletion);
  named("new_user_status", held.new_user_status, schema::EnumNameUserStatus(held.new_user_status));
  flag("new_user_api_access", held.new_user_api_access).flag("tell_reasons", held.tell_reasons);
  flag("username_generated", held.username_generated).text("username_domain", held.username_domain);
  flag("username_fixed", held.username_fixed).text("username_prefix", held.username_prefix);
  named("username_prefix_rule", held.username_prefix_rule,
        schema::EnumNamePrefixRule(held.username_prefix_rule));
  number("session_timeout_seconds", held.session_timeout_seconds);
  number("session_seconds_max", held.session_seconds_max).number("lock_seconds", held.lock_seconds);
  number("imported_hash_days", held.imported_hash_days);
  flag("same_wrong_password_counts_once", held.same_wrong_password_counts_once);
  flag("lock_closes_password_only", held.lock_closes_password_only).networks(held.networks);
  flag("user_networks_mandatory", held.user_networks_mandatory);
  flag("secure_transport_required", held.secure_transport_required);
  return flag("signatures_required", held.signatures_required);
}

Line& Line::standing(const std::unique_ptr<schema::OperatorStandingT>& standing) {
  if (standing == nullptr) return text("standing", none);
  text("uid", standing->uid ? std::to_string(*standing->uid) : std::string());
  keys("keys", standing->keys).keys("signing_keys", standing->signing_keys);
  flag("all_tenants", standing->all_tenants);
  std::vector<std::string> tenants = standing->tenants;
  for (const auto& tenant : standing->tenant_ids)
    if (tenant->id != nullptr) tenants.push_back(forms_.name_of(Named::tenant, *tenant->id));
  return list("tenants", tenants).flag("vouches", standing->vouches);
}

Line& Line::use(const std::unique_ptr<schema::UseT>& use) {
  if (use == nullptr) return text("use", none);
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  for (const auto& day : use->days) {
    allowed += day->allowed;
    denied += day->denied;
  }
  time("first", use->first_ns).time("last", use->last_ns);
  number("days", use->days.size()).number("allowed", allowed).number("denied", denied);
  list("networks", use->networks).number("networks_left_out", use->networks_left_out);
  list("clients", use->clients).number("clients_left_out", use->clients_left_out);
  time("password_last", use->password_last_ns);
  return number("keys", use->keys.size()).number("grants", use->grants.size());
}

// ---- kinds with a list of parts

std::vector<std::string> narrowings_of(const schema::KeyCreatedT& body) {
  std::vector<std::string> parts;
  for (const auto& part : body.narrowed_to) parts.push_back(part->action + ":" + part->resource);
  return parts;
}

/// What is said of a part of a catalogue, behind its name; nothing where it has none of these.
class Remarks {
 public:
  explicit Remarks(std::string name) : text_(std::move(name)) {}

  Remarks& flag(std::string_view name, bool value) { return add(name, value ? "true" : "false"); }
  Remarks& text(std::string_view name, std::string_view value) {
    return add(name, value.empty() ? none : value);
  }
  std::string take() { return std::move(text_) + ")"; }

 private:
  Remarks& add(std::string_view name, std::string_view value) {
    text_.append(any_ ? " " : "(").append(name).append("=").append(value);
    any_ = true;
    return *this;
  }

  std::string text_;
  bool any_ = false;
};

/// Of a new tenant, which has nothing to clear: its kinds, and how much they hold.
std::string created(const schema::TenantCreatedT& body, Line line) {
  std::vector<std::string> kinds;
  std::size_t actions = 0;
  std::size_t resources = 0;
  for (const auto& kind : body.catalogue) {
    kinds.push_back(kind->name);
    actions += kind->actions.size();
    resources += kind->resources.size();
  }
  line.text("alias", body.alias).text("display_name", body.display_name).list("kinds", kinds);
  line.number("actions", actions).number("resources", resources);
  return line.policies(body.policies).take();
}

/// `open` and `description` of a kind that stands go on unless the event replaces them.
std::string defined(const schema::CatalogueDefinedT& body, Line line) {
  std::vector<std::string> kinds;
  std::vector<std::string> actions;
  std::vector<std::string> resources;
  for (const auto& kind : body.kinds) {
    kinds.push_back(
        Remarks(kind->name).flag("open", kind->open).text("description", kind->description).take());
    for (const auto& action : kind->actions)
      actions.push_back(Remarks(kind->name + ":" + action->name)
                            .text("description", action->description)
                            .text("implies", listed(action->implies))
                            .text("warning", action->warning)
                            .take());
    for (const auto& resource : kind->resources)
      resources.push_back(Remarks(resource->path)
                              .flag("open", resource->open)
                              .flag("closed", resource->closed)
                              .text("description", resource->description)
                              .text("warning", resource->warning)
                              .take());
  }
  line.list("kinds", kinds).list("actions", actions).list("resources", resources);
  return line.flag("replace", body.replace).take();
}

/// The values are sealed. Before 0.2 events did not say which fields they are about.
std::string profile_changed(const schema::ProfileChangedT& body, Line line) {
  if (body.set.empty() && body.cleared.empty())
    return line.text("profile", body.sealed_profile.empty() ? none : "sealed").take();
  return line.list("set", body.set).list("cleared", body.cleared).take();
}

std::string retired(const schema::CatalogueRetiredT& body, Line line) {
  std::vector<std::string> actions;
  for (const auto& action : body.actions) actions.push_back(action->kind + ":" + action->action);
  return line.list("kinds", body.kinds)
      .list("actions", actions)
      .list("resources", body.resources)
      .take();
}

std::string keys_copied(const schema::KeysBackedUpT& copied, Line line) {
  return line.bytes("recipient", copied.recipient).time("kept_until", copied.kept_until_ns).take();
}

std::string reviewed(const schema::ReviewRecordedT& review, Line line) {
  line.number("report_seq", review.report_seq).bytes("report_sha256", review.report_sha256);
  return line.text("sentence", review.sentence).take();
}

std::string imported(const schema::RangesImportedT& body, Line line) {
  line.named("provider", body.provider, schema::EnumNameProvider(body.provider));
  line.text("source_name", body.source_name).bytes("source_sha256", body.source_sha256);
  line.time("source_time", body.source_time_ns);
  return line.number("v4_ranges", body.v4.size() / 2)
      .number("v6_ranges", body.v6.size() / 4)
      .take();
}

std::string unlocked(const schema::UserUnlockedT& body, Line line) {
  std::vector<std::string> causes;
  for (const auto cause : body.causes) causes.emplace_back(schema::EnumNameLockCause(cause));
  return line.list("causes", causes).take();
}

template <class Body>
std::string of_role(const Body& body, Line line) {
  return line.id("role", Named::role, body.role).take();
}

template <class Body>
std::string of_nesting(const Body& body, Line line) {
  return line.id("role", Named::role, body.role).id("inner", Named::role, body.inner).take();
}

}  // namespace

Columns record_columns() {
  static constexpr Column columns[] = {
      {"SEQ"},         {"TIME"},         {"OPERATOR", 4, 8}, {"TENANT", 2, 16},
      {"USER", 1, 12}, {"EVENT", 0, 16}, {"DETAILS", 3, 20}, {"REASON", 5, 12}};
  return columns;
}

Columns record_columns_of_tenant() {
  static constexpr Column columns[] = {
      {"SEQ"},         {"TIME"},         {"OPERATOR", 4, 8}, {"TENANT", 9, 16},
      {"USER", 1, 12}, {"EVENT", 0, 16}, {"DETAILS", 3, 20}, {"REASON", 5, 12}};
  return columns;
}

std::string event_kind(const schema::EventT& event) {
  const std::string name = schema::EnumNameEventBody(event.body.type);
  return name.empty() ? "kind " + std::to_string(static_cast<unsigned>(event.body.type)) : name;
}

// A switch without a default: a new kind is told here or does not compile.
std::string event_details(const schema::EventT& event, const EventForms& forms) {
  const auto& body = event.body;
  Line line(forms);
  switch (body.type) {
    case EventBody::NONE:
    case EventBody::TenantEnabled:
    case EventBody::TenantDisabled:
    case EventBody::PasswordReset:
    case EventBody::PasswordChanged:
    case EventBody::PasswordRehashed:
    case EventBody::TenantSessionsEnded:
    case EventBody::SessionsEnded:
    case EventBody::UserErased:
      return {};
    case EventBody::JournalCreated:
      return line.text("installation", uuid_text(body.AsJournalCreated()->installation))
          .text("program_version", body.AsJournalCreated()->program_version)
          .take();
    case EventBody::TenantCreated:
      return created(*body.AsTenantCreated(), line);
    case EventBody::TenantChanged:
      return line.text("display_name", body.AsTenantChanged()->display_name)
          .policies(body.AsTenantChanged()->policies)
          .take();
    case EventBody::CatalogueDefined:
      return defined(*body.AsCatalogueDefined(), line);
    case EventBody::CatalogueRetired:
      return retired(*body.AsCatalogueRetired(), line);
    case EventBody::UserCreated: {
      const auto& created = *body.AsUserCreated();
      line.text("username", created.username);
      line.named("status", created.status, schema::EnumNameUserStatus(created.status));
      return line.flag("api_access", created.api_access).settings(created.settings).take();
    }
    case EventBody::UserStatusChanged: {
      const auto& changed = *body.AsUserStatusChanged();
      line.named("from", changed.from, schema::EnumNameUserStatus(changed.from));
      return line.named("to", changed.to, schema::EnumNameUserStatus(changed.to)).take();
    }
    case EventBody::UserLocked: {
      const auto cause = body.AsUserLocked()->cause;
      return line.named("cause", cause, schema::EnumNameLockCause(cause)).take();
    }
    case EventBody::UserUnlocked:
      return unlocked(*body.AsUserUnlocked(), line);
    case EventBody::ApiAccessChanged:
      return line.flag("allowed", body.AsApiAccessChanged()->allowed).take();
    case EventBody::UserRenamed:
      return line.text("from", body.AsUserRenamed()->from)
          .text("to", body.AsUserRenamed()->to)
          .take();
    case EventBody::ProfileChanged:
      return profile_changed(*body.AsProfileChanged(), line);
    case EventBody::UserSettingsChanged:
      return line.settings(body.AsUserSettingsChanged()->settings).take();
    case EventBody::PasswordFailed:
      return line.number("failures", body.AsPasswordFailed()->failures)
          .id("service", Named::operator_entry, body.AsPasswordFailed()->service)
          .take();
    case EventBody::PasswordAccepted:
      return line.id("service", Named::operator_entry, body.AsPasswordAccepted()->service).take();
    case EventBody::PasswordRotated:
      return line.time("old_valid_until", body.AsPasswordRotated()->old_valid_until_ns).take();
    case EventBody::KeyCreated: {
      const auto& created = *body.AsKeyCreated();
      line.text("name", created.name).time("expires", created.expires_ns);
      return line.list("narrowed_to", narrowings_of(created)).take();
    }
    case EventBody::KeyRevoked:
      return line.id("key", Named::key, body.AsKeyRevoked()->key).take();
    case EventBody::SessionEnded: {
      const auto& ended = *body.AsSessionEnded();
      return line.text("session", uuid_text(ended.session)).time("until", ended.until_ns).take();
    }
    case EventBody::GrantAdded:
      return line.what_is_granted(*body.AsGrantAdded())
          .conditions(body.AsGrantAdded()->conditions)
          .take();
    case EventBody::GrantRemoved:
      return line.what_is_granted(*body.AsGrantRemoved())
          .reference(body.AsGrantRemoved()->grant)
          .take();
    case EventBody::RoleCreated:
      return line.text("name", body.AsRoleCreated()->name)
          .text("description", body.AsRoleCreated()->description)
          .take();
    case EventBody::RoleDeleted:
      return of_role(*body.AsRoleDeleted(), line);
    case EventBody::RoleAssigned:
      return of_role(*body.AsRoleAssigned(), line);
    case EventBody::RoleUnassigned:
      return of_role(*body.AsRoleUnassigned(), line);
    case EventBody::RoleNested:
      return of_nesting(*body.AsRoleNested(), line);
    case EventBody::RoleUnnested:
      return of_nesting(*body.AsRoleUnnested(), line);
    case EventBody::RoleGrantAdded:
      return line.id("role", Named::role, body.AsRoleGrantAdded()->role)
          .what_is_granted(*body.AsRoleGrantAdded())
          .conditions(body.AsRoleGrantAdded()->conditions)
          .take();
    case EventBody::RoleGrantRemoved:
      return line.id("role", Named::role, body.AsRoleGrantRemoved()->role)
          .what_is_granted(*body.AsRoleGrantRemoved())
          .reference(body.AsRoleGrantRemoved()->grant)
          .take();
    case EventBody::OperatorAdded: {
      const auto& added = *body.AsOperatorAdded();
      line.text("name", added.name).named("role", added.role, schema::EnumNameRole(added.role));
      return line.standing(added.standing).take();
    }
    case EventBody::OperatorChanged: {
      const auto& changed = *body.AsOperatorChanged();
      line.id("operator", Named::operator_entry, changed.operator_id);
      line.named("role", changed.role, schema::EnumNameRole(changed.role));
      return line.standing(changed.standing).take();
    }
    case EventBody::OperatorRemoved:
      return line.id("operator", Named::operator_entry, body.AsOperatorRemoved()->operator_id)
          .take();
    case EventBody::CommandRefused: {
      const auto& refused = *body.AsCommandRefused();
      line.id("operator", Named::operator_entry, refused.operator_id);
      line.named("code", refused.code, schema::EnumNameCode(refused.code));
      return line.number("count", refused.count).take();
    }
    case EventBody::RangesImported:
      return imported(*body.AsRangesImported(), line);
    case EventBody::UserUsed:
      return line.use(body.AsUserUsed()->use).take();
    case EventBody::KeysBackedUp:
      return keys_copied(*body.AsKeysBackedUp(), line);
    case EventBody::JournalRestored:
      return line.text("restoration", uuid_text(body.AsJournalRestored()->restoration)).take();
    case EventBody::ReviewRecorded:
      return reviewed(*body.AsReviewRecorded(), line);
  }
  return {};
}

}  // namespace postern::text
