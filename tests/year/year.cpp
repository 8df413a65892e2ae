#include "tests/year/year.h"

#include <algorithm>
#include <stdexcept>

#include "tests/year/stories.h"

namespace postern::year {

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

}  // namespace

void begin_year(support::SimulatedClock& clock, const Plan& plan) {
  constexpr std::int64_t day_of_ns = 24 * hour_ms * 1'000'000;
  // At midnight. What is told before the first hour, and at the end, takes time of its own.
  const std::int64_t end_ns = plan.until_ns - day_of_ns / 2;
  const std::int64_t begin_ns = end_ns - end_ns % day_of_ns - days_of_year * day_of_ns;
  clock.set_back_ms((clock.now_ns() - begin_ns) / 1'000'000);
}

Year::Year(FolderService& service, support::SimulatedClock& clock, const Plan& plan)
    : service_(service), clock_(clock), plan_(plan), choice_(plan.seed) {
  identities_["owner"] = service.owner();
}

void Year::tell(const std::function<void(int day)>& progress) {
  found();
  Stories stories(*this);
  stories.begin();
  const std::int64_t begin_ns = clock_.now_ns();
  for (int day = 0; day < days_of_year; ++day) {
    if (day % 7 == 1) live_week(day);
    today_.assign(24, {});
    for (std::size_t place = 0; place < callers_.size(); ++place) {
      const Caller& caller = callers_[place];
      const bool calls = choice_.below(1'000) < caller.active_in_thousand;
      const std::size_t hour = 6 + choice_.below(14);
      if (calls && day >= caller.from_day && day < caller.until_day) today_[hour].push_back(place);
    }
    for (int hour = 0; hour < 24; ++hour) {
      stories.hour(day, hour);
      call_today(day, hour);
      // Commands and calls took moments of their own.
      const std::int64_t next_ns = begin_ns + (day * 24 + hour + 1) * hour_ms * 1'000'000;
      const std::int64_t left_ms = (next_ns - clock_.now_ns()) / 1'000'000;
      service_.pass_ms(std::max<std::int64_t>(left_ms, 1));
    }
    progress(day);
  }
  service_.close();
}

// ---- calls

/// So that about as many are recorded by the year's end as the plan says: four of five users are
/// logged.
std::size_t Year::calls_of_a_day(int day) const {
  std::size_t active_in_thousand = 0;
  for (const Caller& caller : callers_)
    if (day >= caller.from_day && day < caller.until_day)
      active_in_thousand += caller.active_in_thousand;
  const std::size_t left_days = static_cast<std::size_t>(days_of_year - day);
  const std::size_t days = std::max<std::size_t>(active_in_thousand * left_days / 1'000, 1);
  const std::size_t recorded = service_.recorded_calls();
  const std::size_t left = plan_.calls - std::min(plan_.calls, recorded);
  return std::max<std::size_t>(1, (left * 5 / 4 + days / 2) / days);
}

void Year::call_today(int day, int hour) {
  const auto& now = today_[static_cast<std::size_t>(hour)];
  if (now.empty()) return;
  const std::size_t usual = calls_of_a_day(day);
  const std::int64_t step_ms =
      std::max<std::int64_t>(1, hour_ms / 2 / static_cast<std::int64_t>(now.size()));
  for (const std::size_t place : now) {
    clock_.advance_ms(step_ms);
    call(callers_[place], 1 + choice_.below(2 * usual));
  }
}

void Year::call(const Caller& caller, std::size_t count) {
  schema::QueryT query;
  query.tenant = caller.tenant;
  query.call = std::make_unique<schema::CallT>();
  query.call->address = caller.address;
  query.call->tls = true;
  query.call->client = caller.client;
  schema::CheckT check;
  schema::KeyCredentialT credential;
  credential.key = caller.key;
  check.credential.Set(std::move(credential));
  for (std::size_t asked = 0; asked < count; ++asked) {
    // Now and then a program asks for what it may not do.
    static const std::vector<Asked> beyond{{"write", "table/payments/refunds"},
                                           {"run", "script/close-month"}};
    const Asked& one = choice_.in_hundred(3) || caller.asks.empty() ? choice_.any(beyond)
                                                                    : choice_.any(caller.asks);
    auto& question = check.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = one.action;
    question->resource = one.resource;
  }
  query.body.Set(std::move(check));
  service_.ask(query, identity_of("gateway"));
}

// ---- commands

schema::ReceiptT Year::send(const std::string& who, const std::string& reason,
                            schema::CommandMessageT message) {
  clock_.advance_ms(1'500);
  message.reason = reason;
  const std::string tenant = message.tenant;
  schema::ReceiptT receipt = service_.send(std::move(message), identity_of(who));
  if (receipt.code != schema::Code::ok)
    throw std::runtime_error(who + " was refused in " + tenant + " (" + reason +
                             "): " + schema::EnumNameCode(receipt.code) + ", " +
                             (receipt.problems.empty() ? "" : receipt.problems[0]->sentence));
  return receipt;
}

const std::string& Year::identity_of(const std::string& who) const { return identities_.at(who); }

void Year::add_operator(const std::string& name, schema::Role role, std::uint32_t uid) {
  schema::AddOperatorT body;
  body.name = name;
  body.role = role;
  body.standing = std::make_unique<schema::OperatorStandingT>();
  body.standing->uid = uid;
  body.standing->all_tenants = true;
  body.standing->vouches = role == schema::Role::service;
  run("owner", "the staff", "", "", std::move(body));
  identities_[name] = domain::identity_of_uid(uid);
}

schema::AddGrantT grant_of(schema::Effect effect, const std::string& action,
                           const std::string& resource) {
  schema::AddGrantT body;
  body.effect = effect;
  body.action = action;
  body.resource = resource;
  return body;
}

schema::AddRoleGrantT role_grant_of(const std::string& role, const std::string& action,
                                    const std::string& resource) {
  schema::AddRoleGrantT body;
  body.role = role;
  body.effect = schema::Effect::allow;
  body.action = action;
  body.resource = resource;
  return body;
}

}  // namespace postern::year
