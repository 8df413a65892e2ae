#include "daemon/service/use_letters.h"

#include <algorithm>

namespace postern::service {

namespace {

constexpr std::int64_t day_ns = 86'400'000'000'000;
constexpr std::int64_t put_off_ns = 900'000'000'000;

}  // namespace

schema::CommandMessageT use_message(UseLetter& letter, const domain::State& state,
                                    std::int64_t now_ns) {
  schema::CommandMessageT message;
  const domain::Tenant* tenant = state.tables().find_tenant(letter.summaries.tenant);
  if (tenant == nullptr) return message;
  message.tenant = tenant->alias;
  for (calls::UseSummaries::Part& part : letter.summaries.parts) {
    const domain::User* user = state.tables().find_user(part.user);
    if (user == nullptr || user->tenant != tenant->id) continue;
    const auto& sum = domain::extras_of(*user).use;
    if (sum != nullptr && now_ns < sum->recorded_ns + day_ns) {
      part.not_before_ns = sum->recorded_ns + day_ns;
      continue;
    }
    schema::RecordUseT body;
    body.use = std::make_unique<schema::UseT>(part.use->as_schema());
    auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
    command->user_id = std::make_unique<Uuid>(part.user);
    command->body.Set(std::move(body));
  }
  return message;
}

void put_off(UseLetter& letter, std::int64_t now_ns) {
  for (calls::UseSummaries::Part& part : letter.summaries.parts)
    part.not_before_ns = now_ns + put_off_ns;
}

}  // namespace postern::service
