#include "daemon/view/other_history.h"

#include <algorithm>

#include "daemon/view/supposition.h"

namespace postern::view {

namespace {

/// Events of one record that grants can be named by.
constexpr std::size_t events_max = 1'024;

}  // namespace

domain::Operator supposer(const domain::Uuid* tenant) {
  domain::Operator made;
  made.name = "what-if";
  made.role = schema::Role::owner;
  made.all_tenants = tenant == nullptr;
  if (tenant != nullptr) made.tenants = {*tenant};
  return made;
}

void OtherHistory::add(const schema::Record& record) {
  if (wanted_.scope && !domain::tells_of(*wanted_.scope, record)) return;
  events_of_newest_ = static_cast<std::uint16_t>(record.events()->size());
  if (wanted_.without.erase(record.seq()) != 0) return begin(record.time_ns());
  domain::Changes changes{.tells_all = false};
  if (wanted_.scope)
    domain::apply_part(other_, record, *wanted_.scope, changes);
  else
    domain::apply_record(other_, record, changes);
}

Answer<void> OtherHistory::suppose(std::int64_t time_ns) {
  is_supposed_ = true;
  const domain::Seq seq = state_.seq();
  const std::int64_t now_ns = std::max(state_.time_ns(), time_ns);
  const auto* commands = wanted_.message->commands();
  if (commands != nullptr && events_of_newest_ + commands->size() > events_max)
    return refused(schema::Code::too_large, "message",
                   "Record " + std::to_string(seq) +
                       " has no room for so many commands: name the moment of the record before "
                       "it, or send fewer.");
  const auto done =
      view::suppose(other_, {*wanted_.message, wanted_.supposer, now_ns, {seq, events_of_newest_}});
  if (!done) {
    schema::ProblemT first = done.error().front();
    first.sentence = "At record " + std::to_string(seq) + " command " +
                     std::to_string(first.index + 1) + " is refused: " + first.sentence;
    return std::unexpected(std::move(first));
  }
  begin(now_ns);
  return {};
}

bool OtherHistory::is_asked(const domain::Uuid& id) const {
  if (wanted_.tenant.empty()) return true;
  const domain::Tenant* tenant = state_.tables().find_tenant(id);
  return tenant != nullptr && tenant->alias == wanted_.tenant;
}

void OtherHistory::ask(const domain::Uuid& tenant, const schema::CallViewT& call) {
  if (call.user == nullptr || !is_asked(tenant)) return;
  if (!from_ns_ || call.time_ns < *from_ns_) return coverage_.add(call);
  const auto answerer = [&](const domain::State& state) {
    const auto& tables = state.tables();
    return Answerer{tables.find_tenant(tenant), tables.find_user(*call.user), &tables.providers()};
  };
  if (flips_.add(call, answerer(state_), answerer(other_))) coverage_.add(call);
}

schema::FlipPageT OtherHistory::page(std::size_t count_max) const {
  schema::FlipPageT page;
  page.from_ns = from_ns_.value_or(0);
  flips_.fill(page, count_max);
  const auto& tables = state_.tables();
  for (auto& flip : page.flips)
    if (const domain::User* user = tables.find_user(*flip->user)) flip->username = user->username;
  tables.for_each_user([&](const domain::User& user) {
    if (is_asked(user.tenant)) coverage_.count(user, page.from_ns, page);
  });
  return page;
}

}  // namespace postern::view
