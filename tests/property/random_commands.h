// Commands and questions over the whole vocabulary, from one seed: few names, so that they meet;
// mostly good, now and then malformed. The same seed gives the same ones.
#pragma once

#include <map>
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

  /// How often each kind was made.
  const std::map<schema::CommandBody, int>& counts() const { return counts_; }

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
  void record_use(schema::CommandT& command);
  template <class Body>
  void grant(schema::CommandT& command);
  template <class Body>
  void operator_body(schema::CommandT& command);
  void remove_operator(schema::CommandT& command);
  void record_refusals(schema::CommandT& command);

  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool one_in(std::size_t bound) { return below(bound) == 0; }
  std::string any(const Choice& choice);
  const domain::User* any_user(const domain::State& state);
  std::string path(bool pattern);
  std::unique_ptr<schema::OperatorStandingT> standing();

  std::mt19937_64 random_;
  std::uint64_t message_count_ = 0;
  std::map<schema::CommandBody, int> counts_;
  /// Of the message in the making.
  const domain::Tenant* tenant_ = nullptr;
  /// Whom the command in the making is about, if anybody.
  const domain::User* user_ = nullptr;
};

}  // namespace postern::property
