// Commands and questions over the whole vocabulary, from one seed: few names, so that they meet;
// mostly good, now and then malformed. The same seed gives the same ones.
#pragma once

#include <random>

#include "tests/support/world.h"

namespace postern::property {

/// Words to choose from.
struct Choice;

struct RandomQuestion {
  std::string action;
  std::string resource;
  bool this_level_only = false;
};

class RandomCommands {
 public:
  explicit RandomCommands(std::uint64_t seed) : random_(seed) {}

  /// Facts that make a tenant with policies of all sorts.
  schema::EventT tenant(const std::string& alias, const domain::Uuid& id);
  /// One command or a batch; about operators, or in one tenant.
  schema::CommandMessageT message(const domain::State& state);
  /// Who sends it: whoever may, somebody of the journal, somebody of few tenants.
  domain::Operator asker(const domain::State& state, const schema::CommandMessageT& message);
  RandomQuestion question();
  /// How a call comes in: an address or none, sometimes no address at all.
  std::string address();
  bool one_in(std::size_t bound) { return below(bound) == 0; }
  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  struct Kind;
  static const std::vector<Kind> kinds_on_operators;
  static const std::vector<Kind> kinds_in_a_tenant;

  schema::CommandT command(const domain::State& state, const std::vector<Kind>& kinds);
  template <class Body>
  void bare(schema::CommandT& command);
  void create_tenant(schema::CommandT& command);
  void create_user(schema::CommandT& command);
  void set_api_access(schema::CommandT& command);
  void reset_password(schema::CommandT& command);
  void change_password(schema::CommandT& command);
  void record_attempt(schema::CommandT& command);
  template <class Body>
  void grant(schema::CommandT& command);
  template <class Body>
  domain::GrantPointer pick_grant(Body& body);
  template <class Body>
  void operator_body(schema::CommandT& command);
  void remove_operator(schema::CommandT& command);
  void record_refusals(schema::CommandT& command);

  // ---- in random_bodies.cpp
  void set_tenant(schema::CommandT& command);
  void define_catalogue(schema::CommandT& command);
  void retire_catalogue(schema::CommandT& command);
  void rename_user(schema::CommandT& command);
  void set_profile(schema::CommandT& command);
  void set_user_settings(schema::CommandT& command);
  void rotate_password(schema::CommandT& command);
  void create_key(schema::CommandT& command);
  void revoke_key(schema::CommandT& command);
  void end_sessions(schema::CommandT& command);
  void create_role(schema::CommandT& command);
  template <class Body>
  void on_role(schema::CommandT& command);
  template <class Body>
  void nesting(schema::CommandT& command);
  void pick_nesting(schema::UnnestRoleT& body);
  void import_ranges(schema::CommandT& command);
  void back_up_keys(schema::CommandT& command);
  void record_review(schema::CommandT& command);
  void record_use(schema::CommandT& command);
  std::unique_ptr<schema::PolicyChangesT> policies(bool of_new_tenant);
  std::unique_ptr<schema::NetworksT> networks();
  std::unique_ptr<schema::ConditionsT> conditions();
  std::unique_ptr<schema::CatalogueKindT> catalogue_kind();
  std::unique_ptr<schema::ProfileT> profile();
  std::int64_t time_about_now(std::int64_t spread_seconds);
  schema::Uuid session();

  /// Not good in one of twenty.
  std::string any(const Choice& choice);
  const domain::User* any_user(const domain::State& state);
  std::string path(bool pattern);
  std::unique_ptr<schema::OperatorStandingT> standing();

  /// Keeps what was commanded, so that it can be taken back.
  template <class Entry>
  void remember(std::vector<Entry>& entries, Entry entry) {
    if (entries.size() < remembered_max)
      entries.push_back(std::move(entry));
    else
      entries[below(entries.size())] = std::move(entry);
  }
  template <class Entry, class Body, class Take>
  void recall(const std::vector<Entry>& entries, Body& body, Take take) {
    if (!entries.empty() && !one_in(4)) take(body, entries[below(entries.size())]);
  }

  struct RoleGrant {
    std::string role;
    schema::Effect effect;
    std::string action;
    std::string resource;
  };
  static constexpr std::size_t remembered_max = 16;

  std::mt19937_64 random_;
  std::uint64_t message_count_ = 0;
  std::vector<schema::Uuid> sessions_;
  std::vector<RoleGrant> granted_;
  std::vector<schema::ImportRangesT> imported_;
  /// Users of the tenant, without the deleted ones.
  std::size_t population_ = 0;
  std::int64_t now_ns_ = 0;
  /// Of the message in the making.
  const domain::Tenant* tenant_ = nullptr;
  /// Whom the command in the making is about, if anybody.
  const domain::User* user_ = nullptr;
};

}  // namespace postern::property
