#include "daemon/service/access_pages.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "daemon/domain/past.h"
#include "daemon/domain/replica_entries.h"
#include "daemon/domain/roles.h"
#include "schema/plain_number.h"
#include "schema/problem.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::Code;
using schema::EventBody;

/// What a part takes of a page beside its bytes.
constexpr std::size_t part_overhead = 64;
/// Smaller pieces of an entry are not worth a part.
constexpr std::size_t piece_least = 4'096;
constexpr std::size_t place_numbers = 13;

const domain::Uuid none;

schema::ProblemT unread(std::string_view sentence) {
  return schema::make_problem(Code::journal_unavailable, "", sentence);
}

/// What no replica has.
bool is_told(EventBody kind) {
  return kind != EventBody::UserUsed && kind != EventBody::ProfileChanged &&
         kind != EventBody::ReviewRecorded;
}

std::optional<domain::Uuid> role_in(const schema::Event& event) {
  const schema::Uuid* role = nullptr;
  if (const auto* body = event.body_as_RoleCreated()) role = body->role();
  if (const auto* body = event.body_as_RoleDeleted()) role = body->role();
  if (const auto* body = event.body_as_RoleGrantAdded()) role = body->role();
  if (const auto* body = event.body_as_RoleGrantRemoved()) role = body->role();
  if (const auto* body = event.body_as_RoleNested()) role = body->role();
  if (const auto* body = event.body_as_RoleUnnested()) role = body->role();
  if (role == nullptr) return std::nullopt;
  return *role;
}

domain::Uuid id_of(schema::Provider provider) { return {0, static_cast<std::uint64_t>(provider)}; }

}  // namespace

// ---- places

std::string AccessPages::text_of(const Place& place) {
  const std::uint64_t numbers[place_numbers] = {place.seq,
                                                place.record_mark,
                                                place.asker_mark,
                                                static_cast<std::uint64_t>(place.stage),
                                                place.part,
                                                place.after.high(),
                                                place.after.low(),
                                                place.role_after.high(),
                                                place.role_after.low(),
                                                place.touched,
                                                place.offset,
                                                place.entry_mark,
                                                domain::replica_form};
  std::string text;
  for (const std::uint64_t number : numbers) {
    if (!text.empty()) text += ':';
    text += std::to_string(number);
  }
  return text;
}

std::optional<AccessPages::Place> AccessPages::parse(std::string_view text) {
  std::array<std::uint64_t, place_numbers> numbers{};
  for (std::size_t place = 0; place < numbers.size(); ++place) {
    const bool is_last = place + 1 == numbers.size();
    const std::size_t end = is_last ? text.size() : text.find(':');
    if (end == std::string_view::npos) return std::nullopt;
    const auto number = schema::plain_number<std::uint64_t>(text.substr(0, end));
    if (!number) return std::nullopt;
    numbers[place] = *number;
    text.remove_prefix(is_last ? end : end + 1);
  }
  if (numbers[0] == 0 || numbers[3] > static_cast<std::uint64_t>(Stage::changes) ||
      numbers[12] != domain::replica_form)
    return std::nullopt;
  return Place{numbers[0],
               numbers[1],
               numbers[2],
               static_cast<Stage>(numbers[3]),
               numbers[4],
               {numbers[5], numbers[6]},
               {numbers[7], numbers[8]},
               numbers[9],
               numbers[10],
               numbers[11]};
}

std::uint64_t AccessPages::mark_of(std::span<const std::byte> bytes) {
  const journal::Hash hash = sha256_.add(bytes).finish();
  std::uint64_t mark = 0;
  std::memcpy(&mark, hash.data(), sizeof mark);
  return mark;
}

std::expected<std::uint64_t, schema::ProblemT> AccessPages::record_mark(domain::Seq seq) {
  const auto stored = journal::read_one(journal_, seq);
  if (!stored) return std::unexpected(unread(stored.error().sentence));
  return mark_of(*stored);
}

std::expected<AccessPages::Place, schema::ProblemT> AccessPages::place_of(
    const domain::Operator& asker, const schema::GetAccess& wanted, domain::Seq head,
    domain::Seq from) {
  const std::string_view next = schema::view_of(wanted.next());
  const domain::Bytes standing = domain::replica_entry(asker);
  const std::uint64_t asker_mark = mark_of(std::as_bytes(std::span(standing)));
  if (next.empty()) {
    const auto mark = record_mark(head);
    if (!mark) return std::unexpected(mark.error());
    return Place{.seq = head, .record_mark = *mark, .asker_mark = asker_mark};
  }
  auto place = parse(next);
  if (!place)
    return std::unexpected(schema::make_problem(Code::field_malformed, "next",
                                                "It must be the `next` of a page before."));
  if (place->seq > head)
    return std::unexpected(schema::make_problem(
        Code::seq_beyond_journal, "next",
        "It goes on from record " + std::to_string(place->seq) + ", and the head is " +
            std::to_string(head) + ": this journal is another, or an older copy."));
  const auto mark = record_mark(place->seq);
  if (!mark) return std::unexpected(mark.error());
  if (place->record_mark != *mark)
    return std::unexpected(schema::make_problem(
        Code::journal_restored, "next",
        "Record " + std::to_string(place->seq) + " is another than the one that was told of."));
  // Last: who begins anew would not see that the journal is another.
  if (place->asker_mark != asker_mark)
    return std::unexpected(schema::make_problem(
        Code::version_conflict, "next", "Your role or scope is another than it was: begin anew."));
  // What lies between was looked at while it waited.
  if (from > place->seq) place->seq = from;
  return *place;
}

// ---- pages

std::expected<AccessPages::Found, schema::ProblemT> AccessPages::find(
    const view::View& view, const domain::Operator& asker, const schema::GetAccess& wanted,
    domain::Seq head, domain::Seq from) {
  if (wanted.form() != domain::replica_form)
    return std::unexpected(schema::make_problem(
        Code::version_unsupported, "form",
        "This daemon tells entries in form " + std::to_string(domain::replica_form) + "."));
  const auto place = place_of(asker, wanted, head, from);
  if (!place) return std::unexpected(place.error());
  Making making{view, asker, head, *place};
  making.page.from_seq = place->seq;
  if (walk(making))
    if (const Step step = tell_changes(making); !step) return std::unexpected(step.error());
  Place& reached = making.place;
  if (reached.seq != place->seq || from != 0) {
    const auto mark = record_mark(reached.seq);
    if (!mark) return std::unexpected(mark.error());
    reached.record_mark = *mark;
  }
  making.page.to_seq = reached.seq;
  making.page.complete = reached.stage == Stage::changes && reached.seq == head;
  making.page.next = text_of(reached);
  // Who has everything but the end of the walk is told that, too.
  const bool nothing =
      making.page.parts.empty() && making.page.complete && place->stage == Stage::changes;
  return Found{std::move(making.page), nothing};
}

bool AccessPages::add(Making& making, const domain::Bytes& entry) {
  Place& place = making.place;
  const std::size_t room = limits_.bytes - std::min(limits_.bytes, making.bytes + part_overhead);
  const bool fits = entry.size() <= room;
  const bool was_begun = place.offset != 0;
  // The next page may have room for all of it; a page gets on whatever its size.
  const bool waits = entry.size() + part_overhead <= limits_.bytes || room < piece_least;
  if (!fits && !was_begun && waits && !making.page.parts.empty()) return false;
  std::uint64_t mark = 0;
  if (!fits || was_begun) mark = mark_of(std::as_bytes(std::span(entry)));
  // Another by now: from its beginning.
  const bool goes_on = was_begun && mark == place.entry_mark && place.offset < entry.size();
  const std::size_t offset = goes_on ? place.offset : 0;
  const std::size_t size = std::min(std::max(room, std::size_t{1}), entry.size() - offset);
  auto& part = making.page.parts.emplace_back(std::make_unique<schema::AccessPartT>());
  const auto begin = entry.begin() + static_cast<std::ptrdiff_t>(offset);
  part->bytes.assign(begin, begin + static_cast<std::ptrdiff_t>(size));
  part->offset = offset;
  part->size = entry.size();
  making.bytes += size + part_overhead;
  const bool is_whole = offset + size == entry.size();
  place.offset = is_whole ? 0 : offset + size;
  place.entry_mark = is_whole ? 0 : mark;
  return is_whole;
}

// ---- the walk

bool AccessPages::walk(Making& making) {
  Place& place = making.place;
  const auto enter = [&](Stage stage) {
    place.stage = stage;
    place.after = none;
  };
  if (place.stage == Stage::asker) {
    if (!add(making, domain::replica_entry(making.asker))) return false;
    enter(Stage::ranges);
  }
  if (place.stage == Stage::ranges) {
    if (!walk_ranges(making)) return false;
    enter(Stage::tenants);
  }
  if (place.stage == Stage::tenants || place.stage == Stage::roles) {
    if (!walk_tenants(making)) return false;
    enter(Stage::users);
  }
  if (place.stage == Stage::users) {
    if (!walk_users(making)) return false;
    enter(Stage::changes);
  }
  return true;
}

bool AccessPages::walk_ranges(Making& making) {
  for (const auto& ranges : making.view.tables().providers()) {
    if (ranges == nullptr || !domain::less(making.place.after, id_of(ranges->provider))) continue;
    if (!add(making, domain::replica_entry(*ranges))) return false;
    making.place.after = id_of(ranges->provider);
  }
  return true;
}

bool AccessPages::walk_tenants(Making& making) {
  Place& place = making.place;
  if (place.stage == Stage::roles && !walk_roles(making)) return false;
  std::vector<const domain::Tenant*> tenants;
  making.view.tables().for_each_tenant([&](const domain::Tenant& tenant) {
    if (domain::less(place.after, tenant.id) && domain::in_scope(making.asker, tenant.id))
      tenants.push_back(&tenant);
  });
  std::ranges::sort(tenants, domain::less, &domain::Tenant::id);
  for (const domain::Tenant* tenant : tenants) {
    if (!add(making, domain::replica_entry(*tenant))) return false;
    place.after = tenant->id;
    place.stage = Stage::roles;
    place.role_after = none;
    if (!walk_roles(making)) return false;
  }
  return true;
}

/// Of the tenant that was told last.
bool AccessPages::walk_roles(Making& making) {
  Place& place = making.place;
  const domain::Tenant* tenant = making.view.tables().find_tenant(place.after);
  if (tenant != nullptr && tenant->roles != nullptr) {
    const auto& roles = tenant->roles->by_id;
    const auto id_of_role = [](const auto& role) -> const domain::Uuid& { return role->id; };
    auto role = std::ranges::upper_bound(roles, place.role_after, domain::less, id_of_role);
    for (; role != roles.end(); ++role) {
      if (!add(making, domain::replica_entry(tenant->id, (*role)->id, role->get()))) return false;
      place.role_after = (*role)->id;
    }
  }
  place.stage = Stage::tenants;
  place.role_after = none;
  return true;
}

bool AccessPages::walk_users(Making& making) {
  Place& place = making.place;
  for (; place.part < view::View::Tables::user_parts; ++place.part, place.after = none) {
    if (!may_look(making) || !walk_part(making)) return false;
  }
  place.part = 0;
  return true;
}

/// By their ids; no more of them is put in order than the page has room for.
bool AccessPages::walk_part(Making& making) {
  Place& place = making.place;
  std::vector<const domain::User*> users;
  making.view.tables().for_each_user_in(place.part, [&](const domain::User& user) {
    ++making.looked_at;
    if (domain::less(place.after, user.id) && domain::in_scope(making.asker, user.tenant))
      users.push_back(&user);
  });
  const auto comes_later = [](const domain::User* left, const domain::User* right) {
    return domain::less(right->id, left->id);
  };
  std::ranges::make_heap(users, comes_later);
  while (!users.empty()) {
    const domain::User& user = *users.front();
    if (!add(making, domain::replica_entry(user))) return false;
    place.after = user.id;
    std::ranges::pop_heap(users, comes_later);
    users.pop_back();
  }
  return true;
}

// ---- changes

std::vector<AccessPages::Touch> AccessPages::touches_of(const schema::Record& record,
                                                        const domain::Operator& asker) {
  std::vector<Touch> touches;
  const bool is_mine = record.tenant() != nullptr && domain::in_scope(asker, *record.tenant());
  for (const schema::Event* event : *record.events()) {
    if (!is_told(event->body_type())) continue;
    if (const auto* ranges = event->body_as_RangesImported())
      touches.push_back({Stage::ranges, none, id_of(ranges->provider())});
    if (!is_mine) continue;
    switch (domain::subject_of(*event)) {
      case domain::EventSubject::user:
        touches.push_back({Stage::users, *record.tenant(), *event->user()});
        break;
      case domain::EventSubject::tenant:
        if (const auto role = role_in(*event))
          touches.push_back({Stage::roles, *record.tenant(), *role});
        else
          touches.push_back({Stage::tenants, *record.tenant(), none});
        break;
      case domain::EventSubject::installation:
      case domain::EventSubject::nothing:
        break;
    }
  }
  return touches;
}

/// As it is now.
bool AccessPages::tell(Making& making, const Touch& touch) {
  const auto& tables = making.view.tables();
  if (touch.kind == Stage::ranges) {
    for (const auto& ranges : tables.providers())
      if (ranges != nullptr && id_of(ranges->provider) == touch.id)
        return add(making, domain::replica_entry(*ranges));
    return true;
  }
  if (touch.kind == Stage::users) {
    const domain::User* user = tables.find_user(touch.id);
    return user == nullptr || add(making, domain::replica_entry(*user));
  }
  const domain::Tenant* tenant = tables.find_tenant(touch.tenant);
  if (tenant == nullptr) return true;
  if (touch.kind == Stage::tenants) return add(making, domain::replica_entry(*tenant));
  return add(making,
             domain::replica_entry(tenant->id, touch.id, domain::find_role(*tenant, touch.id)));
}

AccessPages::Step AccessPages::tell_changes(Making& making) {
  Place& place = making.place;
  if (place.seq == making.head) return {};
  const auto cursor = journal_.read_from(place.seq + 1);
  for (; place.seq < making.head && may_look(making); ++making.looked_at) {
    const auto stored = cursor->next();
    if (!stored) return std::unexpected(unread(stored.error().sentence));
    const auto record = gate_.open(*stored);
    if (!record) return std::unexpected(unread(record.error().sentence));
    const std::vector<Touch> touches = touches_of(**record, making.asker);
    for (; place.touched < touches.size(); ++place.touched) {
      const Touch& touch = touches[place.touched];
      if (making.told.contains(touch.key())) continue;
      if (!tell(making, touch)) return {};
      making.told.insert(touch.key());
    }
    place.touched = 0;
    ++place.seq;
  }
  return {};
}

}  // namespace postern::service
