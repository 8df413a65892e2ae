// What happened in the year that an audit is to find. All of it in the tenant `atlas`, but for the
// disabled one.
#pragma once

#include "tests/year/year.h"

namespace postern::year {

/// Each is a few moments; `hour` is told every hour of the year.
class Stories {
 public:
  explicit Stories(Year& year) : year_(year) {}

  void begin();
  void hour(int day, int hour);

 private:
  void leaked_key(int day, int hour);
  void bad_grant(int day, int hour);
  void shared_user(int day, int hour);
  void erased_person(int day, int hour);
  void disabled_tenant(int day, int hour);
  void growing_role(int day, int hour);
  void name_of_two(int day, int hour);
  void locked_out(int day, int hour);
  void call_from(const std::string& username, const std::string& client, const std::string& address,
                 const std::vector<Asked>& asks);
  Caller& make(const std::string& username, const std::string& client, const std::string& address);

  Year& year_;
  std::map<std::string, Caller> cast_;
};

}  // namespace postern::year
