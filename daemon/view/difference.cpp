#include "daemon/view/difference.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "daemon/view/page.h"
#include "daemon/view/user_difference.h"

namespace postern::view {

namespace {

using domain::Seq;
using schema::Code;

constexpr std::size_t except_told_max = 100;

/// D1: by the user, as this state knows it; null: not, or not yet recorded.
const domain::UseOfGrant* use_of(const domain::User& user, const domain::Grant& grant) {
  const auto& use = domain::extras_of(user).use;
  if (use == nullptr) return nullptr;
  const auto place = std::ranges::find_if(use->grants, [&](const domain::UseOfGrant& used) {
    return used.seq == grant.seq && used.index == grant.index;
  });
  return place == use->grants.end() ? nullptr : &*place;
}

schema::DifferenceLineT line_of(const AccessDifference& found, const domain::User& user) {
  schema::DifferenceLineT line;
  line.change = found.change;
  line.action = found.action;
  line.resource = found.resource;
  line.before = found.before;
  line.after = found.after;
  line.user = std::make_unique<Uuid>(user.id);
  line.username = user.username;
  line.user_count = 1;
  const std::size_t told = std::min(found.except.size(), except_told_max);
  line.except.assign(found.except.begin(),
                     found.except.begin() + static_cast<std::ptrdiff_t>(told));
  line.except_left_out = static_cast<std::uint32_t>(found.except.size() - told);
  if (found.caused_by != 0) {
    line.caused_by = std::make_unique<schema::CauseT>();
    line.caused_by->seq = found.caused_by;
  }
  if (found.grant == nullptr) return line;
  line.grant = as_schema({*found.grant, found.role, found.conditions});
  if (const auto* used = use_of(user, *found.grant)) {
    line.last_used_ns = used->last_ns;
    line.use_count = used->count;
  }
  return line;
}

Seq cause_seq(const schema::DifferenceLineT& line) {
  return line.caused_by == nullptr ? 0 : line.caused_by->seq;
}

/// What lines of several users must have alike to be one.
std::string signature_of(const schema::DifferenceLineT& line) {
  std::string text = line.resource + ' ' + line.action;
  for (const auto number :
       {static_cast<Seq>(line.change), static_cast<Seq>(line.before), static_cast<Seq>(line.after),
        cause_seq(line), static_cast<Seq>(line.except_left_out)})
    text.append(" ").append(std::to_string(number));
  if (line.grant != nullptr) text.append(" ").append(line.grant->role);
  for (const std::string& place : line.except) text.append(" ").append(place);
  return text;
}

/// Lines that one record made alike for many, as one.
class Lines {
 public:
  explicit Lines(bool unfold) : unfold_(unfold) {}

  void add(schema::DifferenceLineT line) {
    if (unfold_ || line.caused_by == nullptr) return made_.push_back(std::move(line));
    const auto [place, is_new] = places_.try_emplace(signature_of(line), made_.size());
    if (is_new) return made_.push_back(std::move(line));
    schema::DifferenceLineT& one = made_[place->second];
    ++one.user_count;
    one.user = nullptr;
    one.username.clear();
    one.last_used_ns = std::max(one.last_used_ns, line.last_used_ns);
    one.use_count += line.use_count;
    // Each has a grant of its own.
    if (one.grant != nullptr && one.grant->role.empty()) one.grant->reference = nullptr;
  }
  std::size_t size() const { return made_.size(); }
  std::vector<schema::DifferenceLineT> take() && { return std::move(made_); }

 private:
  const bool unfold_;
  std::vector<schema::DifferenceLineT> made_;
  std::unordered_map<std::string, std::size_t> places_;
};

bool has_times(const domain::User& user) { return !user.grants->conditions.empty(); }

/// Whether anything of the user may differ but what all its roles have.
bool may_differ(const domain::User* before, const domain::User& after,
                const TenantDifference& tenant) {
  return before == nullptr || before->last_seq != after.last_seq || tenant.has_other_kinds() ||
         tenant.touches(after) || has_times(after) || !domain::extras_of(after).roles.empty();
}

bool is_wanted(const domain::User* before, const domain::User& after, std::string_view username) {
  return username.empty() || domain::equal_names(after.username, username) ||
         (before != nullptr && domain::equal_names(before->username, username));
}

/// Whether nothing that stops users at large, or lets them in, is other than it was.
bool stops_alike(const domain::Tenant* before, const domain::Tenant& after) {
  return before != nullptr && before->status_seq == after.status_seq &&
         before->policies_seq == after.policies_seq;
}

/// Causes as told, and whether what was given was used since.
void tell_causes(const Inquiry& later, std::vector<schema::DifferenceLineT>& lines) {
  std::unordered_map<Seq, schema::CauseT> causes;
  for (schema::DifferenceLineT& line : lines) {
    if (line.caused_by == nullptr) continue;
    const auto [place, is_new] = causes.try_emplace(line.caused_by->seq);
    if (is_new) place->second = *cause_of(later, place->first);
    *line.caused_by = place->second;
    line.used_since = line.last_used_ns != 0 && line.caused_by->time_ns != 0 &&
                      line.last_used_ns >= line.caused_by->time_ns;
  }
}

}  // namespace

Answer<std::vector<schema::DifferenceLineT>> differences(const Earlier& earlier,
                                                         const Inquiry& later,
                                                         const DifferenceScope& scope) {
  const View::Tables& before = earlier.view.tables();
  const View::Tables& after = later.view.tables();
  const domain::Tenant* tenant = later.view.find_tenant(later.asker, scope.tenant);
  if (tenant == nullptr) return refused(Code::tenant_unknown, "tenant");
  const domain::Tenant* old_tenant = before.find_tenant(tenant->id);
  const TenantDifference for_all(old_tenant, tenant);
  const bool alike = stops_alike(old_tenant, *tenant);
  Lines lines(scope.unfold);
  std::size_t work = 0;
  const auto is_too_much = [&] {
    return (scope.work_max != 0 && work > scope.work_max) ||
           (scope.lines_max != 0 && lines.size() > scope.lines_max);
  };
  bool is_known = scope.username.empty();
  after.for_each_user([&](const domain::User& user) {
    if (user.tenant != tenant->id) return;
    if (is_too_much()) return;
    const domain::User* old_user = before.find_user(user.id);
    if (!is_wanted(old_user, user, scope.username)) return;
    is_known = true;
    ++work;
    // C6: a lock may have opened by itself.
    const bool was_locked = old_user != nullptr && old_user->passwords_lock_seq != 0;
    if (alike && !was_locked && !may_differ(old_user, user, for_all)) return;
    const Differences found =
        differences_of({old_tenant, old_user, earlier.now_ns}, {tenant, &user, later.now_ns},
                       for_all, earlier.trail, earlier.seq);
    work += found.work;
    for (const AccessDifference& one : found.lines) lines.add(line_of(one, user));
  });
  if (!is_known) return refused(Code::user_unknown, "username");
  if (is_too_much())
    return refused(Code::too_large, "tenant",
                   "So much differs that it takes too long: name a user, or moments nearer to each "
                   "other.");
  auto made = std::move(lines).take();
  std::ranges::sort(made, {}, [](const schema::DifferenceLineT& line) {
    return std::tuple(cause_seq(line), std::string_view(line.resource),
                      std::string_view(line.action), line.change, std::string_view(line.username));
  });
  tell_causes(later, made);
  return made;
}

schema::DifferencePageT page_of(std::vector<schema::DifferenceLineT> lines,
                                const schema::GetDifference& wanted) {
  schema::DifferencePageT page;
  page.line_count = lines.size();
  const std::size_t first = std::min<std::size_t>(wanted.skip(), lines.size());
  std::vector<schema::DifferenceLineT*> asked(
      std::min<std::size_t>(lines.size() - first, page_size(wanted.count_max())));
  for (std::size_t place = 0; place < asked.size(); ++place) asked[place] = &lines[first + place];
  fill(asked, page.lines, page_bytes_soft_max, [](schema::DifferenceLineT* line) {
    return std::make_unique<schema::DifferenceLineT>(std::move(*line));
  });
  page.more = first + page.lines.size() < lines.size();
  return page;
}

}  // namespace postern::view
