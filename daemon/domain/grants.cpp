#include "daemon/domain/grants.h"

#include <array>
#include <cstring>
#include <limits>

#include "daemon/domain/path.h"

namespace postern::domain {

Grants::Grants(const Form& form, const Rights& rights, Seq first_seq)
    : count_(static_cast<std::uint8_t>(form.count)),
      plain_count_(static_cast<std::uint8_t>(form.plain_count)),
      origin_count_(static_cast<std::uint8_t>(form.origin_count)),
      wide_(form.wide),
      has_marks_(form.has_marks),
      narrow_(form.narrow),
      has_more_(form.has_more),
      rights_(&rights),
      first_seq_(first_seq) {}

const Chunked<ConditionsOfGrant>& Grants::no_conditions() {
  static const Chunked<ConditionsOfGrant> none;
  return none;
}

Grants::MoreHandle Grants::with_conditions(Chunked<ConditionsOfGrant> conditions) {
  if (conditions.empty()) return nullptr;
  return std::make_unique<const More>(More{.conditions = std::move(conditions)});
}

boost::intrusive_ptr<Grants> Grants::in_form(Form form, const Rights& rights, Seq first,
                                             MoreHandle more) {
  form.has_more = more != nullptr;
  boost::intrusive_ptr<Grants> made(new (form) Grants(form, rights, first));
  if (form.has_more) new (made->more_place()) MoreHandle(std::move(more));
  return made;
}

void Grants::put(std::size_t place, const Packed& packed) {
  if (!narrow_) {
    reinterpret_cast<Packed*>(behind_head())[place] = packed;
    return;
  }
  NarrowGrant& narrow = reinterpret_cast<NarrowGrant*>(behind_head())[place];
  narrow.right = packed.right & (NarrowGrant::rights_max - 1);
  narrow.index = packed.index;
  narrow.origin = packed.origin & (NarrowGrant::origins_max - 1);
  narrow.conditional = packed.conditional;
  narrow.deny = packed.deny;
}

Grants::Loose Grants::packed_of(const Grant& grant, Rights& rights) {
  Packed packed{};
  packed.right = rights.intern(*grant.resource, *grant.action);
  packed.index = grant.index;
  packed.conditional = grant.conditional;
  packed.deny = grant.deny;
  return {packed, grant.seq};
}

namespace {

bool may_be_narrow(std::size_t origin_count, bool wide) {
  return origin_count <= NarrowGrant::origins_max && !wide;
}
bool is_narrow(const PackedGrant& packed) { return packed.right < NarrowGrant::rights_max; }

/// Of the places above it, if this resource is denied.
MarkSummary places_above(const std::string& resource) {
  MarkSummary made;
  PathLevels levels;
  if (!read_path(resource, levels)) {
    made.deny_below_all();
    return made;
  }
  for (std::size_t level = 0; level + 1 < levels.size(); ++level)
    made.deny_below(levels[level].mark);
  return made;
}

}  // namespace

void RightMarks::add(const Right& right) {
  marks_.push_back(right.mark);
  above_denied_.push_back(places_above(*right.resource));
}

void Grants::mark(std::size_t place, const Right& right, bool deny) {
  *mark_at(place) = right.mark;
  summary_.add(right.mark);
  if (deny) summary_.add(places_above(*right.resource));
}

boost::intrusive_ptr<Grants> Grants::part_of(std::span<const Loose> sorted, const Rights& rights,
                                             bool stands_alone, MoreHandle more) {
  std::vector<Seq> origins;
  for (const Loose& each : sorted)
    if (origins.empty() || each.seq != origins.back()) origins.push_back(each.seq);
  if (!std::ranges::is_sorted(origins, std::less_equal())) {
    std::ranges::sort(origins);
    const auto twice = std::ranges::unique(origins);
    origins.erase(twice.begin(), twice.end());
  }
  const Seq first = origins.front();
  const auto plain_end = std::ranges::find_if(
      sorted, [&](const Loose& each) { return rights[each.packed.right].wildcard; });
  Form form{.count = sorted.size(),
            .plain_count = static_cast<std::size_t>(plain_end - sorted.begin()),
            .origin_count = origins.size(),
            .wide = origins.back() - first > std::numeric_limits<std::uint32_t>::max(),
            .has_marks = stands_alone};
  form.narrow =
      may_be_narrow(form.origin_count, form.wide) &&
      std::ranges::all_of(sorted, [](const Loose& each) { return is_narrow(each.packed); });
  auto made = in_form(form, rights, first, std::move(more));
  for (std::size_t origin = 1; origin < origins.size(); ++origin)
    made->set_offset(origin, origins[origin] - first);
  for (std::size_t place = 0; place < sorted.size(); ++place) {
    Packed packed = sorted[place].packed;
    packed.origin = static_cast<std::uint64_t>(
        std::ranges::lower_bound(origins, sorted[place].seq) - origins.begin());
    made->put(place, packed);
    if (stands_alone && place < form.plain_count)
      made->mark(place, rights[packed.right], packed.deny);
  }
  return made;
}

SharedGrants Grants::of(std::span<const Loose> sorted, const Rights& rights,
                        Chunked<ConditionsOfGrant> conditions) {
  if (sorted.empty()) return no_grants();
  if (sorted.size() <= part_max)
    return part_of(sorted, rights, true, with_conditions(std::move(conditions)));
  auto more = std::make_unique<More>();
  more->conditions = std::move(conditions);
  more->size = sorted.size();
  const std::size_t count = sorted.size() / (part_max / 2);
  const auto at = [&](std::size_t part) { return sorted.size() * part / count; };
  for (std::size_t part = 0; part < count; ++part) {
    more->parts.push_back(
        part_of(sorted.subspan(at(part), at(part + 1) - at(part)), rights, false));
    more->plain_count += more->parts.back()->plain_count_;
  }
  return in_parts(std::move(more), rights);
}

SharedGrants Grants::in_parts(MoreHandle more, const Rights& rights) {
  auto made = in_form({}, rights, 0, std::move(more));
  made->in_parts_ = 1;
  return made;
}

SharedGrants Grants::of(std::span<const Grant> sorted, Rights& rights,
                        Chunked<ConditionsOfGrant> conditions) {
  std::vector<Loose> all;
  all.reserve(sorted.size());
  for (const Grant& grant : sorted) all.push_back(packed_of(grant, rights));
  return of(all, rights, std::move(conditions));
}

SharedGrants Grants::of(const Lying& grants, const Rights& rights, const RightMarks& marks,
                        Chunked<ConditionsOfGrant> conditions) {
  const auto& [sorted, plain_count, origins] = grants;
  if (sorted.empty()) return no_grants();
  const Seq first = origins.front();
  Form form{.count = sorted.size(),
            .plain_count = plain_count,
            .origin_count = origins.size(),
            .wide = origins.back() - first > std::numeric_limits<std::uint32_t>::max(),
            .has_marks = true};
  form.narrow =
      may_be_narrow(form.origin_count, form.wide) && std::ranges::all_of(sorted, is_narrow);
  auto made = in_form(form, rights, first, with_conditions(std::move(conditions)));
  for (std::size_t place = 0; place < sorted.size(); ++place) made->put(place, sorted[place]);
  for (std::size_t origin = 1; origin < origins.size(); ++origin)
    made->set_offset(origin, origins[origin] - first);
  for (std::size_t place = 0; place < plain_count; ++place) {
    const RightId right = sorted[place].right;
    *made->mark_at(place) = marks.of(right);
    made->summary_.add(marks.of(right));
    if (sorted[place].deny) made->summary_.add(marks.above_denied(right));
  }
  return made;
}

void Grants::unpack_into(std::vector<Loose>& all) const {
  for (std::size_t place = 0; place < count_; ++place) {
    const Packed packed = packed_at(place);
    all.push_back({packed, seq_at(packed.origin)});
  }
}

std::vector<Grants::Loose> Grants::unpacked() const {
  std::vector<Loose> all;
  all.reserve(size() + 1);
  if (in_parts_)
    for (const SharedGrants& part : more().parts) part->unpack_into(all);
  else
    unpack_into(all);
  return all;
}

/// As almost every grant comes: the newest of all, so that its seq is the greatest.
boost::intrusive_ptr<Grants> Grants::with_newest(std::size_t place, const Loose& grant,
                                                 const Rights& rights,
                                                 Chunked<ConditionsOfGrant>& conditions) const {
  if (count_ == part_max) return nullptr;
  const bool is_first = origin_count_ == 0;
  const Seq newest = is_first ? 0 : seq_at(origin_count_ - 1U);
  const Seq first = is_first ? grant.seq : first_seq_;
  const bool is_new = is_first || grant.seq != newest;
  if (is_new && (grant.seq < newest ||
                 (!wide_ && grant.seq - first > std::numeric_limits<std::uint32_t>::max())))
    return nullptr;
  const Right& right = rights[grant.packed.right];
  Form wanted = form();
  wanted.has_marks = true;
  ++wanted.count;
  wanted.plain_count += !right.wildcard;
  wanted.origin_count += is_new;
  wanted.narrow = (narrow_ || count_ == 0) && may_be_narrow(wanted.origin_count, wanted.wide) &&
                  is_narrow(grant.packed);
  if (count_ > 0 && wanted.narrow != form().narrow) return nullptr;
  auto made = in_form(wanted, rights, first, with_conditions(std::move(conditions)));
  made->summary_ = summary_;
  const auto copy = [](const auto* from, auto* to, std::size_t count) {
    if (count > 0) std::memcpy(to, from, count * sizeof *from);
  };
  const std::size_t before = place * wanted.grant_bytes();
  copy(behind_head(), made->behind_head(), before);
  copy(behind_head() + before, made->behind_head() + before + wanted.grant_bytes(),
       count_ * wanted.grant_bytes() - before);
  copy(offsets(), made->offsets(), form().offset_bytes());
  if (is_new && !is_first) made->set_offset(origin_count_, grant.seq - first);
  Packed packed = grant.packed;
  packed.origin = wanted.origin_count - 1;
  made->put(place, packed);
  if (right.wildcard) {
    copy(mark_at(0), made->mark_at(0), plain_count_);
  } else {
    copy(mark_at(0), made->mark_at(0), place);
    copy(mark_at(place), made->mark_at(place + 1), plain_count_ - place);
    made->mark(place, right, packed.deny);
  }
  return made;
}

SharedGrants Grants::with(const GrantPlace& place, const Grant& grant, Rights& rights,
                          Chunked<ConditionsOfGrant> conditions) const {
  // Made in another state, whose numbers say nothing here.
  if (rights_ != nullptr && rights_ != &rights) {
    const auto same = of(std::vector<Grant>(sorted().begin(), sorted().end()), rights, conditions);
    const auto before = std::distance(sorted().begin(), place);
    return same->with(same->sorted().nth(static_cast<std::size_t>(before)), grant, rights,
                      std::move(conditions));
  }
  const Loose added = packed_of(grant, rights);
  if (!in_parts_) {
    if (auto made = with_newest(place.at_, added, rights, conditions)) return made;
  }
  std::vector<Loose> part = in_parts_ ? place.part_->unpacked() : unpacked();
  part.insert(part.begin() + static_cast<std::ptrdiff_t>(place.at_), added);
  if (in_parts_) return replaced(place, part, std::move(conditions));
  return of(part, rights, std::move(conditions));
}

SharedGrants Grants::without(const GrantPlace& place, Chunked<ConditionsOfGrant> conditions) const {
  const auto gone = static_cast<std::ptrdiff_t>(place.at_);
  // Short enough to be one again, with room to grow.
  if (!in_parts_ || size() <= part_max / 2) {
    std::vector<Loose> all = unpacked();
    all.erase(all.begin() + std::distance(sorted().begin(), place));
    return of(all, *rights_, std::move(conditions));
  }
  std::vector<Loose> part = place.part_->unpacked();
  part.erase(part.begin() + gone);
  return replaced(place, part, std::move(conditions));
}

SharedGrants Grants::replaced(const GrantPlace& place, std::span<const Loose> part,
                              Chunked<ConditionsOfGrant> conditions) const {
  const auto& before = more().parts;
  const SharedGrants* const at = place.next_ - 1;
  auto more = std::make_unique<More>();
  more->conditions = std::move(conditions);
  more->size = size() - place.part_->count_ + part.size();
  more->plain_count = plain_count() - place.part_->plain_count_;
  more->parts.reserve(before.size() + 1);
  more->parts.assign(before.data(), at);
  const auto add = [&](std::span<const Loose> some) {
    more->parts.push_back(part_of(some, *rights_, false));
    more->plain_count += more->parts.back()->plain_count_;
  };
  if (part.size() > part_max) {
    add(part.first(part.size() / 2));
    add(part.subspan(part.size() / 2));
  } else if (!part.empty()) {
    add(part);
  }
  more->parts.insert(more->parts.end(), at + 1, before.data() + before.size());
  return in_parts(std::move(more), *rights_);
}

bool Grants::has_true_marks() const {
  if (in_parts_ || count_ == 0) return marks().empty() && summary_ == MarkSummary();
  boost::intrusive_ptr<Grants> anew = part_of(unpacked(), *rights_, true);
  return std::ranges::all_of(std::views::iota(std::size_t{0}, marks().size()),
                             [&](std::size_t place) {
                               return marks()[place] == mark_of(*right_at(place).resource);
                             }) &&
         std::ranges::equal(marks(), anew->marks()) && summary_ == anew->summary_;
}

void fetch_ahead(const Grants& grants) {
  if (!grants.in_one_part()) return;
  // Each is found by what the one before has brought.
  std::array<const Right*, Grants::part_max> rights;
  const std::size_t count = grants.size();
  for (std::size_t place = 0; place < count; ++place)
    __builtin_prefetch(rights[place] = &grants.right_at(place));
  for (std::size_t place = 0; place < count; ++place) __builtin_prefetch(rights[place]->resource);
  for (std::size_t place = 0; place < count; ++place)
    __builtin_prefetch(rights[place]->resource->data());
}

SharedGrants no_grants() {
  static const auto none = make_counted<const Grants>();
  return none;
}

}  // namespace postern::domain
