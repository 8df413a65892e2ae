// Lists of users (Q6).
// cursor := place '/' id       where the page ended: by username the name, else a number
// place  := username | decimal
// id     := 32 hexadecimal digits
// By username a name alone is a cursor too: behind all who have it.
#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "daemon/domain/roles.h"
#include "daemon/view/answers.h"
#include "daemon/view/directory.h"
#include "daemon/view/lists_ahead.h"
#include "daemon/view/moment.h"
#include "daemon/view/page.h"
#include "daemon/view/portal.h"

namespace postern::view {

namespace {

using schema::Code;
using schema::UserSort;

template <class Number>
bool read_number(std::string_view text, int base, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

/// The place borrows the name from the text.
std::optional<UserPlace> read_cursor(std::string_view text, const UserOrder& order) {
  const std::size_t slash = text.rfind('/');
  const bool by_name = order.sort == UserSort::username;
  if (slash == std::string_view::npos) {
    if (!by_name) return std::nullopt;
    return order.descending ? UserPlace{0, text, Uuid()} : behind(text);
  }
  const std::string_view id = text.substr(slash + 1);
  UserPlace place;
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  if (id.size() != 32 || !read_number(id.substr(0, 16), 16, high) ||
      !read_number(id.substr(16), 16, low))
    return std::nullopt;
  place.id = {high, low};
  if (by_name)
    place.name = text.substr(0, slash);
  else if (!read_number(text.substr(0, slash), 10, place.number))
    return std::nullopt;
  return place;
}

std::string hex(std::uint64_t number) {
  std::string text(16, '0');
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t place = text.size(); place-- > 0; number >>= 4)
    text[place] = digits[number & 15];
  return text;
}

std::string cursor_of(const domain::User& user, UserSort sort) {
  const UserPlace place = place_of(user, sort);
  const std::string first =
      sort == UserSort::username ? std::string(place.name) : std::to_string(place.number);
  return first + "/" + hex(place.id.high()) + hex(place.id.low());
}

/// Q6: whether the text stands in what a list shows of the user.
bool is_about(const domain::User& user, const schema::ProfileT& profile, std::string_view text) {
  return contains_text(user.username, text) || contains_text(profile.first_name, text) ||
         contains_text(profile.last_name, text) || contains_text(profile.description, text);
}

/// Without its times.
std::unique_ptr<schema::UserSummaryT> summary_of(const domain::Tenant& tenant,
                                                 const domain::User& user,
                                                 const schema::ProfileT& profile,
                                                 std::int64_t now_ns) {
  auto summary = std::make_unique<schema::UserSummaryT>();
  summary->id = std::make_unique<Uuid>(user.id);
  summary->username = user.username;
  summary->status = user.status;
  summary->erased = domain::is_erased(user);
  for (const domain::Lock& lock : domain::locks_of(tenant, user, now_ns))
    summary->locks.push_back(lock.cause);
  summary->api_access = user.api_access;
  summary->version = user.version;
  summary->grant_count = static_cast<std::uint32_t>(user.grants->size());
  if (const auto& use = domain::extras_of(user).use) summary->last_used_ns = use->last_ns;
  summary->first_name = profile.first_name;
  summary->last_name = profile.last_name;
  summary->description = profile.description;
  return summary;
}

/// What a question asks for.
struct UsersWanted {
  const domain::Tenant& tenant;
  UserFilter filter;
  UserOrder order;
  /// Borrows its name from the message.
  std::optional<UserPlace> after;
  std::string_view text;
  std::size_t count_max;
};

Answer<UsersWanted> read(const Inquiry& inquiry, const schema::ListUsers& wanted) {
  const auto tenant = tenant_of(inquiry, wanted.tenant());
  if (!tenant) return std::unexpected(tenant.error());
  UserFilter filter{wanted.status(), wanted.locked(), inquiry.now_ns};
  if (const std::string_view name = view_of(wanted.role()); !name.empty()) {
    const domain::NamedRole* role = domain::find_role(**tenant, name);
    if (role == nullptr) return refused(Code::role_unknown, "role");
    filter.role = role->id;
  }
  if (wanted.sort() > UserSort::MAX) return refused(Code::field_malformed, "sort");
  const UserOrder order{wanted.sort(), wanted.descending()};
  std::optional<UserPlace> after;
  if (const std::string_view text = place_in(wanted.after()); !text.empty()) {
    after = read_cursor(text, order);
    if (!after)
      return refused(Code::field_malformed, "after", "It must be the 'next' of the page before.");
  }
  return UsersWanted{
      **tenant, filter, order, after, view_of(wanted.text()), page_size(wanted.count_max())};
}

/// Users are made by the thousand in one record, so a record is read once for a page.
class TimesOfRecords {
 public:
  explicit TimesOfRecords(const Sources& sources) : sources_(sources) {}

  std::int64_t of(domain::Seq seq) {
    const auto [place, is_new] = times_.try_emplace(seq);
    if (is_new) place->second = sources_.cause(seq).time_ns;
    return place->second;
  }

 private:
  const Sources& sources_;
  std::unordered_map<domain::Seq, std::int64_t> times_;
};

/// Those that were found with the page before; nothing: they are to be looked for.
std::optional<Page<domain::User>> known_users(const Inquiry& inquiry, const UsersWanted& asked,
                                              const ListsAhead::List& list, std::size_t count_max) {
  const View::Tables& tables = inquiry.view.tables();
  if (!asked.after) return std::nullopt;
  const domain::User* last = tables.find_user(asked.after->id);
  // A place that somebody made up is looked for as it says.
  if (last == nullptr) return std::nullopt;
  const UserPlace place = place_of(*last, asked.order.sort);
  if (place.number != asked.after->number || place.name != asked.after->name) return std::nullopt;
  const auto next = inquiry.sources.ahead->behind(list, last->id, count_max);
  if (!next) return std::nullopt;
  Page<domain::User> page;
  page.more = next->more;
  for (const Uuid& id : next->users) {
    const domain::User* user = tables.find_user(id);
    if (user == nullptr) return std::nullopt;
    page.entries.push_back(user);
  }
  return page;
}

Page<domain::User> users_of(const Inquiry& inquiry, const UsersWanted& asked,
                            std::size_t count_max) {
  ListsAhead* ahead = inquiry.sources.ahead;
  if (ahead == nullptr)
    return list_users(inquiry.view, asked.tenant, asked.filter, asked.order, asked.after,
                      count_max);
  const ListsAhead::List list{inquiry.sources.view_seq, asked.tenant.id, asked.filter, asked.order};
  if (auto known = known_users(inquiry, asked, list, count_max)) return std::move(*known);
  // Who asks for a second page may go on; most look at the first alone.
  const std::size_t found_max =
      asked.after ? std::max(count_max, ListsAhead::users_max) : count_max;
  auto page =
      list_users(inquiry.view, asked.tenant, asked.filter, asked.order, asked.after, found_max);
  if (page.entries.size() <= count_max) return page;
  ListsAhead::Next next;
  next.more = page.more;
  for (const domain::User* user : page.entries) next.users.push_back(user->id);
  ahead->keep(list, std::move(next));
  page.entries.resize(count_max);
  page.more = true;
  return page;
}

/// Q6: each as GetUser shows it, and its causes by their seq alone: a page is of users of as many
/// records.
Answer<schema::UserPageT> portal_page(const Inquiry& inquiry, const UsersWanted& asked) {
  Sources sources = inquiry.sources;
  sources.cause = [](domain::Seq seq) {
    schema::CauseT cause;
    cause.seq = seq;
    return cause;
  };
  const Inquiry bare{inquiry.view, inquiry.asker, inquiry.now_ns, sources};
  const auto found = users_of(inquiry, asked, asked.count_max);
  schema::UserPageT page;
  page.more = found.more;
  std::size_t bytes = 0;
  const domain::User* last = nullptr;
  for (const domain::User* user : found.entries) {
    auto view = portal_of(bare, {asked.tenant, *user}, {}, 0);
    if (!view) return std::unexpected(std::move(view.error()));
    bytes += packed_bytes(*view);
    page.more = page.more || (!page.views.empty() && bytes > page_bytes_soft_max);
    if (!page.views.empty() && bytes > page_bytes_soft_max) break;
    page.views.push_back(std::make_unique<schema::UserViewT>(std::move(*view)));
    last = user;
  }
  if (page.more && last != nullptr) page.next = cursor_of(*last, asked.order.sort);
  return page;
}

Answer<schema::UserPageT> summary_page(const Inquiry& inquiry, const UsersWanted& asked) {
  // Names are sealed: with a text so many users are opened for a page, whoever matches.
  constexpr std::size_t opened_max = 10'000;
  const auto found = users_of(inquiry, asked, asked.text.empty() ? asked.count_max : opened_max);
  TimesOfRecords times(inquiry.sources);
  schema::UserPageT page;
  const domain::User* last = nullptr;
  std::size_t bytes = 0;
  for (const domain::User* user : found.entries) {
    const schema::PersonalT personal = inquiry.sources.personal(*user);
    const schema::ProfileT none;
    const schema::ProfileT& profile = personal.profile == nullptr ? none : *personal.profile;
    if (is_about(*user, profile, asked.text)) {
      page.more = page.users.size() == asked.count_max || bytes > page_bytes_soft_max;
      if (page.more) break;
      auto summary = summary_of(asked.tenant, *user, profile, inquiry.now_ns);
      summary->created_ns = times.of(user->created_seq);
      summary->changed_ns = times.of(user->changed_seq);
      bytes += 200 + summary->username.size() + summary->first_name.size() +
               summary->last_name.size() + summary->description.size();
      page.users.push_back(std::move(summary));
    }
    last = user;
  }
  page.more |= found.more;
  if (page.more && last != nullptr) page.next = cursor_of(*last, asked.order.sort);
  return page;
}

}  // namespace

Answer<schema::UserPageT> answer(const Inquiry& inquiry, const schema::ListUsers& wanted) {
  const auto asked = read(inquiry, wanted);
  if (!asked) return std::unexpected(asked.error());
  if (!wanted.portal()) return summary_page(inquiry, *asked);
  if (!asked->text.empty())
    return refused(Code::field_malformed, "text", "A list of portal views takes none.");
  return portal_page(inquiry, *asked);
}

}  // namespace postern::view
