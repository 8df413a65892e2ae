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
#include "daemon/view/moment.h"
#include "daemon/view/page.h"

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

}  // namespace

Answer<schema::UserPageT> answer(const Inquiry& inquiry, const schema::ListUsers& wanted) {
  // Names are sealed: with a text so many users are opened for a page, whoever matches.
  constexpr std::size_t opened_max = 10'000;
  const auto asked = read(inquiry, wanted);
  if (!asked) return std::unexpected(asked.error());
  const auto found = list_users(inquiry.view, asked->tenant, asked->filter, asked->order,
                                asked->after, asked->text.empty() ? asked->count_max : opened_max);
  TimesOfRecords times(inquiry.sources);
  schema::UserPageT page;
  const domain::User* last = nullptr;
  std::size_t bytes = 0;
  for (const domain::User* user : found.entries) {
    const schema::PersonalT personal = inquiry.sources.personal(*user);
    const schema::ProfileT none;
    const schema::ProfileT& profile = personal.profile == nullptr ? none : *personal.profile;
    if (is_about(*user, profile, asked->text)) {
      page.more = page.users.size() == asked->count_max || bytes > page_bytes_soft_max;
      if (page.more) break;
      auto summary = summary_of(asked->tenant, *user, profile, inquiry.now_ns);
      summary->created_ns = times.of(user->created_seq);
      summary->changed_ns = times.of(user->changed_seq);
      bytes += 200 + summary->username.size() + summary->first_name.size() +
               summary->last_name.size() + summary->description.size();
      page.users.push_back(std::move(summary));
    }
    last = user;
  }
  page.more |= found.more;
  if (page.more && last != nullptr) page.next = cursor_of(*last, asked->order.sort);
  return page;
}

}  // namespace postern::view
