// A second opinion, as naive as can be: it keeps what happened as plain structs and lists, and
// answers by walking through all of it. It restates the rules from their text and shares no code
// with the domain, only the schema. One thread. Hears an event before it is asked about it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command_generated.h"
#include "event_generated.h"
#include "personal_generated.h"

namespace postern::support {

/// What the oracle keeps: ids are texts.
namespace facts {

struct Action {
  std::string description;
  std::string warning;
  std::vector<std::string> implies;
  bool operator==(const Action&) const = default;
};

struct Resource {
  std::string description;
  std::string warning;
  bool open = false;
  bool closed = false;
  bool operator==(const Resource&) const = default;
};

struct Kind {
  std::string description;
  bool open = false;
  std::map<std::string, Action> actions;
  std::map<std::string, Resource> resources;
  bool operator==(const Kind&) const = default;
};

using Catalogue = std::map<std::string, Kind>;

struct Tenant {
  std::string alias;
  std::string display_name;
  bool enabled = true;
  schema::PoliciesT policies;
  Catalogue catalogue;
};

struct Grant {
  std::uint64_t seq = 0;
  std::uint16_t index = 0;
  bool denies = false;
  std::string action;
  std::string resource;
  schema::ConditionsT conditions;
};

struct Key {
  std::string id;
  std::string name;
  std::int64_t expires_ns = 0;
  std::vector<std::pair<std::string, std::string>> parts;
};

struct Role {
  std::string id;
  std::string tenant;
  std::string name;
  std::vector<Grant> grants;
  std::vector<std::string> inner;
};

struct User {
  std::string id;
  std::string tenant;
  std::string name;
  schema::UserStatus status = schema::UserStatus::unset;
  bool api_access = false;
  std::uint64_t version = 0;
  bool locked_by_passwords = false;
  std::int64_t locked_by_passwords_ns = 0;
  bool locked_by_tenant = false;
  bool locked_by_operator = false;
  std::uint32_t failures = 0;
  /// As it lies in the event; empty: none.
  std::vector<std::uint8_t> password;
  std::uint64_t password_seq = 0;
  /// C7: the one before, while it lives.
  std::vector<std::uint8_t> old_password;
  std::int64_t old_password_until_ns = 0;
  schema::PersonalT personal;
  schema::UserSettingsT settings;
  std::vector<Grant> grants;
  std::vector<Key> keys;
  std::vector<std::string> roles;
  /// Sessions that were ended one by one, and until when each is remembered.
  std::vector<std::pair<std::string, std::int64_t>> ended;
  /// The newest record after which no older session lives.
  std::uint64_t sessions_dead_seq = 0;
  bool erased = false;
};

struct Operator {
  std::string name;
  schema::Role role = schema::Role::none;
  std::vector<std::string> tenants;
  bool all_tenants = false;
  /// Keys, and "uid" with its number.
  std::vector<std::string> identities;
};

struct Ranges {
  std::vector<std::uint32_t> v4;
  std::vector<std::uint64_t> v6;
  std::int64_t source_time_ns = 0;
  std::int64_t imported_ns = 0;
};

/// A7: whether the catalogue knows the action on the resource; `*` in the resource stands for
/// whatever makes it known.
bool known_to(const Catalogue& catalogue, const std::string& resource, const std::string& action);

/// With these kinds added, or replacing what has the same name.
void define(Catalogue& catalogue, const std::vector<std::unique_ptr<schema::CatalogueKindT>>& kinds,
            bool replace);

}  // namespace facts

class Oracle {
 public:
  using Codes = std::vector<schema::Code>;

  /// Where an event stands, and who wrote it.
  struct Place {
    schema::Uuid tenant;
    schema::Role role = schema::Role::none;
    std::uint64_t seq = 0;
    std::uint16_t index = 0;
    std::int64_t time_ns = 0;
  };

  void hear(const Place& place, const schema::EventT& event);

  /// From here on what is heard may be taken back, until it is kept.
  void attempt();
  void take_back();
  void keep() { before_.reset(); }

  struct Sender {
    schema::Role role = schema::Role::none;
    bool all_tenants = false;
    std::vector<schema::Uuid> tenants;
  };

  struct Asked {
    const schema::CommandMessageT& message;
    const schema::CommandT& command;
    const Sender& sender;
    std::int64_t now_ns = 0;
    /// C4: right passwords are hashed again.
    bool rehashes = false;
  };

  /// What a command comes to; where a refusal is a fact, both.
  struct Opinion {
    Codes refusals;
    std::vector<schema::EventBody> events;
  };

  Opinion opinion(const Asked& asked) const;

  /// O1, as its table stands.
  static bool may(schema::Role role, schema::CommandBody kind);
  /// O1: what concerns the installation takes an operator of all tenants.
  static bool may(const Sender& sender, schema::CommandBody kind);

  struct Call {
    bool interactive = false;
    bool with_password = false;
    std::int64_t now_ns = 0;
    /// Empty: none.
    std::string address;
    bool tls = false;
    /// Whether the asker said if it was.
    bool tls_told = true;
  };

  struct Question {
    std::string action;
    std::string resource;
    bool this_level_only = false;
  };

  struct Answer {
    schema::Code reason = schema::Code::ok;
    /// The grants, by seq and index, that may be named as the one that decided, of denies the one
    /// that is; empty: none does.
    std::vector<std::pair<std::uint64_t, std::uint16_t>> grants;
  };

  /// About a user of whom an event was heard. `key`: the name of the key it is asked with; empty:
  /// none.
  Answer ask(const schema::Uuid& user, const Question& question, const Call& call,
             const std::string& key = {}) const;

  /// S1 to S3: whether a session is alive that was made in the state after a record, as far as
  /// events tell.
  bool is_alive(const schema::Uuid& user, const schema::Uuid& session,
                std::uint64_t made_seq) const;

  const std::map<std::string, facts::User>& users() const { return users_; }

 private:
  // ---- who and what a command is about; a refusal, if there is none
  const facts::Tenant* tenant_of(const Asked& asked, Opinion& told) const;
  const facts::User* user_of(const Asked& asked, Opinion& told) const;
  const facts::User* living_user_of(const Asked& asked, Opinion& told) const;
  const facts::User* named_user(const Asked& asked) const;
  const std::string* tenant_id(const std::string& alias) const;
  bool sees(const Sender& sender, const std::string& tenant) const;

  // ---- one for each kind of command, or several alike
  void create_tenant(const Asked&, const schema::CreateTenantT&, Opinion&) const;
  void set_tenant(const Asked&, const schema::SetTenantT&, Opinion&) const;
  void switch_tenant(const Asked&, bool on, Opinion&) const;
  void define_catalogue(const Asked&, const schema::DefineCatalogueT&, Opinion&) const;
  void retire_catalogue(const Asked&, const schema::RetireCatalogueT&, Opinion&) const;
  void create_user(const Asked&, const schema::CreateUserT&, Opinion&) const;
  void rename_user(const Asked&, const schema::RenameUserT&, Opinion&) const;
  void set_profile(const Asked&, const schema::SetProfileT&, Opinion&) const;
  void set_settings(const Asked&, const schema::SetUserSettingsT&, Opinion&) const;
  void move_user(const Asked&, const std::vector<schema::UserStatus>& from, Opinion&) const;
  void delete_user(const Asked&, Opinion&) const;
  void erase_user(const Asked&, Opinion&) const;
  void lock_user(const Asked&, Opinion&) const;
  void unlock_user(const Asked&, Opinion&) const;
  void set_api_access(const Asked&, const schema::SetApiAccessT&, Opinion&) const;
  void reset_password(const Asked&, const schema::ResetPasswordT&, Opinion&) const;
  void change_password(const Asked&, const schema::ChangePasswordT&, Opinion&) const;
  void rotate_password(const Asked&, const schema::RotatePasswordT&, Opinion&) const;
  void record_attempt(const Asked&, const schema::RecordAttemptT&, Opinion&) const;
  void create_key(const Asked&, const schema::CreateKeyT&, Opinion&) const;
  void revoke_key(const Asked&, const schema::RevokeKeyT&, Opinion&) const;
  void end_sessions(const Asked&, const schema::EndSessionsT&, Opinion&) const;
  void add_grant(const Asked&, const schema::AddGrantT&, Opinion&) const;
  void remove_grant(const Asked&, const schema::RemoveGrantT&, Opinion&) const;
  void create_role(const Asked&, const schema::CreateRoleT&, Opinion&) const;
  void delete_role(const Asked&, const schema::DeleteRoleT&, Opinion&) const;
  void add_role_grant(const Asked&, const schema::AddRoleGrantT&, Opinion&) const;
  void remove_role_grant(const Asked&, const schema::RemoveRoleGrantT&, Opinion&) const;
  void nest_role(const Asked&, const schema::NestRoleT&, Opinion&) const;
  void unnest_role(const Asked&, const schema::UnnestRoleT&, Opinion&) const;
  void assign_role(const Asked&, const schema::AssignRoleT&, Opinion&) const;
  void unassign_role(const Asked&, const schema::UnassignRoleT&, Opinion&) const;
  void add_operator(const Asked&, const schema::AddOperatorT&, Opinion&) const;
  void change_operator(const Asked&, const schema::ChangeOperatorT&, Opinion&) const;
  void remove_operator(const Asked&, const schema::RemoveOperatorT&, Opinion&) const;
  void import_ranges(const Asked&, const schema::ImportRangesT&, Opinion&) const;
  static void back_up_keys(const Asked&, const schema::BackUpKeysT&, Opinion&);
  void record_use(const Asked&, const schema::RecordUseT&, Opinion&) const;
  void record_review(const Asked&, const schema::RecordReviewT&, Opinion&) const;

  // ---- parts of these
  void check_new_password(const std::string& password, const std::string& confirmation,
                          const facts::Tenant& tenant, const std::string& username,
                          const std::string& email, Opinion&) const;
  void check_username(const facts::Tenant& tenant, const std::string& username, Opinion&) const;
  void check_standing(const Asked&, const schema::OperatorStandingT* standing,
                      const std::string& holder, Opinion&) const;
  const facts::Operator* operator_in_reach(const Asked&, const std::string& name, Opinion&) const;
  bool is_last_owner(const facts::Operator& entry) const;
  schema::Code standing_code(const facts::User* user, const facts::Tenant& tenant,
                             bool with_password, std::int64_t now_ns) const;
  void fail_password(const facts::Tenant& tenant, const facts::User& user, Opinion&) const;
  static void check_definition(const facts::Catalogue& known,
                               const std::vector<std::unique_ptr<schema::CatalogueKindT>>& kinds,
                               bool replace, Opinion& told);
  const facts::Role* role_named(const std::string& tenant, const std::string& name) const;
  const facts::Role* role_of(const Asked&, const std::string& name, Opinion&) const;
  /// This role and all it holds, each way of nesting walked to its end.
  std::vector<std::string> held_by(const std::string& role) const;
  /// Longest chains: of roles below it, and of roles that hold it; itself is one.
  std::size_t depth_below(const std::string& role) const;
  std::size_t depth_above(const std::string& role) const;
  std::vector<facts::Grant> all_grants_of(const facts::User& user) const;

  // ---- parts of answers
  bool lies_in(const schema::NetworksT& list, const std::string& address) const;
  /// Of a grant with the conditions: whether its effect stands.
  bool stands(const schema::ConditionsT& conditions, bool denies, const Call& call) const;
  bool stops_network(const facts::User& user, const facts::Tenant& tenant, const Call& call) const;

  void hear_of_tenant(const Place& place, const schema::EventT& event);
  void hear_of_user(const Place& place, const schema::EventT& event, facts::User& user);
  void hear_of_role(const Place& place, const schema::EventT& event);
  void hear_of_operator(const schema::EventT& event);

  /// What was before an attempt; users only where they changed, null where there was none.
  struct Before {
    std::map<std::string, std::optional<facts::User>> users;
    std::map<std::string, facts::Tenant> tenants;
    std::map<std::string, facts::Role> roles;
    std::map<std::string, facts::Operator> operators;
    std::map<schema::Provider, facts::Ranges> ranges;
  };
  facts::User& changing(const std::string& id);

  std::optional<Before> before_;
  std::map<std::string, facts::Tenant> tenants_;
  std::map<std::string, facts::User> users_;
  std::map<std::string, facts::Role> roles_;
  std::map<std::string, facts::Operator> operators_;
  std::map<schema::Provider, facts::Ranges> ranges_;
};

}  // namespace postern::support
