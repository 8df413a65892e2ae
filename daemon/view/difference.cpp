#include "daemon/view/difference.h"

#include <algorithm>
#include <tuple>

#include "daemon/view/page.h"

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

bool has_times(const domain::User& user) { return !user.grants->conditions().empty(); }

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

}  // namespace

void DifferenceLines::add(DifferenceLine line) {
  if (unfold_ || line.caused_by == nullptr) return made_.push_back(std::move(line));
  const auto [place, is_new] = places_.try_emplace(signature_of(line), made_.size());
  if (is_new) return made_.push_back(std::move(line));
  DifferenceLine& one = made_[place->second];
  ++one.user_count;
  one.user = nullptr;
  one.username.clear();
  one.last_used_ns = std::max(one.last_used_ns, line.last_used_ns);
  one.use_count += line.use_count;
  // Each has a grant of its own.
  if (one.grant != nullptr && one.grant->role.empty()) one.grant->reference = nullptr;
}

// ---- one difference

DifferenceSearch::DifferenceSearch(const Earlier& earlier, const DifferenceScope& scope)
    : earlier_(earlier),
      scope_(scope),
      tenant_name_(scope.tenant),
      username_(scope.username),
      lines_(scope.unfold) {}

DifferenceSearch::Step DifferenceSearch::go_on(const Inquiry& later, std::size_t work) {
  switch (stage_) {
    case Stage::before:
      return begin(later);
    case Stage::users:
      return compare(later, work);
    case Stage::causes:
      tell_causes(later, work);
      return {};
    case Stage::done:
      break;
  }
  return {};
}

DifferenceSearch::Step DifferenceSearch::begin(const Inquiry& later) {
  tenant_ = later.view.find_tenant(later.asker, tenant_name_);
  if (tenant_ == nullptr) return refused(Code::tenant_unknown, "tenant");
  old_tenant_ = earlier_.view.tables().find_tenant(tenant_->id);
  for_all_ = std::make_unique<TenantDifference>(old_tenant_, tenant_);
  alike_ = stops_alike(old_tenant_, *tenant_);
  is_known_ = username_.empty();
  later.view.tables().for_each_user([&](const domain::User& user) {
    if (user.tenant == tenant_->id) users_.push_back(&user);
  });
  stage_ = Stage::users;
  return {};
}

bool DifferenceSearch::is_too_much() const {
  return (scope_.work_max != 0 && work_ > scope_.work_max) ||
         (scope_.lines_max != 0 && lines_.size() > scope_.lines_max);
}

void DifferenceSearch::compare(const domain::User& user, std::int64_t now_ns) {
  const domain::User* old_user = earlier_.view.tables().find_user(user.id);
  ++work_;
  if (!is_wanted(old_user, user, username_)) return;
  is_known_ = true;
  // C6: a lock may have opened by itself.
  const bool was_locked =
      old_user != nullptr && domain::extras_of(*old_user).passwords_lock_seq != 0;
  if (alike_ && !was_locked && !may_differ(old_user, user, *for_all_)) return;
  const Differences found =
      differences_of({old_tenant_, old_user, earlier_.now_ns}, {tenant_, &user, now_ns}, *for_all_,
                     earlier_.trail, earlier_.seq);
  work_ += found.work;
  for (const AccessDifference& one : found.lines) lines_.add(line_of(one, user));
}

DifferenceSearch::Step DifferenceSearch::compare(const Inquiry& later, std::size_t work) {
  for (const std::size_t begun = work_; next_ < users_.size() && work_ - begun < work; ++next_) {
    compare(*users_[next_], later.now_ns);
    if (is_too_much())
      return refused(Code::too_large, "tenant",
                     "So much differs that it takes too long: name a user, or moments nearer to "
                     "each other.");
  }
  if (next_ < users_.size()) return {};
  if (!is_known_) return refused(Code::user_unknown, "username");
  made_ = lines_.take();
  std::ranges::sort(made_, {}, [](const DifferenceLine& line) {
    return std::tuple(cause_seq(line), std::string_view(line.resource),
                      std::string_view(line.action), line.change, std::string_view(line.username));
  });
  stage_ = Stage::causes;
  return {};
}

/// Causes as told, and whether what was given was used since.
void DifferenceSearch::tell_causes(const Inquiry& later, std::size_t causes) {
  for (std::size_t read = 0; next_cause_ < made_.size() && read < causes; ++next_cause_) {
    DifferenceLine& line = made_[next_cause_];
    if (line.caused_by == nullptr) continue;
    const auto [place, is_new] = causes_.try_emplace(line.caused_by->seq);
    if (is_new) place->second = *cause_of(later, place->first);
    read += is_new;
    *line.caused_by = place->second;
    line.used_since = line.last_used_ns != 0 && line.caused_by->time_ns != 0 &&
                      line.last_used_ns >= line.caused_by->time_ns;
  }
  if (next_cause_ < made_.size()) return;
  causes_.clear();
  stage_ = Stage::done;
}

Answer<std::vector<DifferenceLine>> differences(const Earlier& earlier, const Inquiry& later,
                                                const DifferenceScope& scope) {
  DifferenceSearch search(earlier, scope);
  while (!search.is_done())
    if (auto step = search.go_on(later, static_cast<std::size_t>(-1)); !step)
      return std::unexpected(std::move(step.error()));
  return search.take();
}

schema::DifferencePageT page_of(const std::vector<DifferenceLine>& lines,
                                const schema::GetDifference& wanted) {
  schema::DifferencePageT page;
  page.line_count = lines.size();
  const std::size_t first = std::min<std::size_t>(wanted.skip(), lines.size());
  std::vector<const DifferenceLine*> asked(
      std::min<std::size_t>(lines.size() - first, page_size(wanted.count_max())));
  for (std::size_t place = 0; place < asked.size(); ++place) asked[place] = &lines[first + place];
  fill(asked, page.lines, page_bytes_soft_max,
       [](const DifferenceLine* line) { return std::make_unique<DifferenceLine>(*line); });
  page.more = first + page.lines.size() < lines.size();
  return page;
}

}  // namespace postern::view
