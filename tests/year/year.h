// A year of a company's API users, told to a daemon by its operators and services: ordinary life,
// and in it the stories that an audit is to find (`stories.cpp`). The seed fixes who does what
// when; ids and keys are new each time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/year/folder_service.h"

namespace postern::year {

struct Plan {
  std::uint64_t seed = 1;
  std::size_t users = 5'000;
  /// Decisions that are to be recorded one by one (L1), about.
  std::size_t calls = 2'000'000;
  /// When the year ends.
  std::int64_t until_ns = 0;
};

inline constexpr int days_of_year = 365;

/// Sets the clock to where the plan's year begins, a little more than a year before its end.
void begin_year(support::SimulatedClock& clock, const Plan& plan);

/// Whatever the year chooses, it chooses here, the same with every library.
class Choice {
 public:
  explicit Choice(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t bound) { return engine_() % bound; }
  bool in_hundred(std::size_t percent) { return below(100) < percent; }
  template <class Values>
  auto& any(Values& values) {
    return values[below(std::size(values))];
  }

 private:
  std::mt19937_64 engine_;
};

struct Asked {
  std::string action;
  std::string resource;
};

/// A program that calls with a user's key.
struct Caller {
  std::string tenant;
  std::string username;
  std::string key;
  /// N6.
  std::string client;
  std::string address;
  std::string system;
  /// Of a thousand days, how many it calls on.
  std::size_t active_in_thousand = 0;
  std::vector<Asked> asks;
  int from_day = 0;
  /// Not on this day any more.
  int until_day = days_of_year;
};

class Year {
 public:
  Year(FolderService& service, support::SimulatedClock& clock, const Plan& plan);

  /// Tells all of it. `progress` is told each day that is over.
  void tell(const std::function<void(int day)>& progress);

  const FolderService& service() const { return service_; }

 private:
  friend class Stories;

  // ---- the company, in company.cpp
  void found();
  void add_roles(const std::string& tenant);
  void hire(const std::string& tenant, std::size_t count, int day);
  void add_users(const std::string& tenant, std::vector<Caller>& batch);
  void give_access(Caller& caller);
  void give_keys(std::vector<Caller>& batch, int day);
  void live_week(int day);
  void let_go(int day);
  void rotate_keys(int day);

  // ---- calls
  void call_today(int day, int hour);
  void call(const Caller& caller, std::size_t count);
  std::size_t calls_of_a_day(int day) const;

  // ---- commands; throws where it is refused
  schema::ReceiptT send(const std::string& who, const std::string& reason,
                        schema::CommandMessageT message);
  template <class Body>
  schema::ReceiptT run(const std::string& who, const std::string& reason, const std::string& tenant,
                       const std::string& user, Body body);
  const std::string& identity_of(const std::string& who) const;
  void add_operator(const std::string& name, schema::Role role, std::uint32_t uid);

  FolderService& service_;
  support::SimulatedClock& clock_;
  const Plan plan_;
  Choice choice_;
  std::map<std::string, std::string> identities_;
  std::vector<Caller> callers_;
  /// By hour of the day, who calls then.
  std::vector<std::vector<std::size_t>> today_;
  std::size_t made_count_ = 0;
  std::size_t change_count_ = 0;
};

template <class Body>
schema::ReceiptT Year::run(const std::string& who, const std::string& reason,
                           const std::string& tenant, const std::string& user, Body body) {
  schema::CommandMessageT message;
  message.tenant = tenant;
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->user = user;
  command->body.Set(std::move(body));
  return send(who, reason, std::move(message));
}

/// A command about a user of the message's tenant.
template <class Body>
void add_command(schema::CommandMessageT& message, const std::string& user, Body body) {
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->user = user;
  command->body.Set(std::move(body));
}

schema::AddGrantT grant_of(schema::Effect effect, const std::string& action,
                           const std::string& resource);
schema::AddRoleGrantT role_grant_of(const std::string& role, const std::string& action,
                                    const std::string& resource);

}  // namespace postern::year
