// fixed part | place of each decision | decisions | for each grant: its tables, its texts | receipt
// All numbers are little-endian; a table begins with how far before it the table of its fields
// lies, and an offset says how far behind itself its target does. So decisions by one grant lead to
// it all, and to what is not there none.
#include "daemon/service/checked_answer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "daemon/platform/require.h"
#include "schema/identifiers.h"

namespace postern::service {

namespace {

static_assert(std::endian::native == std::endian::little);
/// Left out where it is the first.
static_assert(schema::protocol_version == 1);

/// An answer so large names no further grants, so that it keeps to 1 MiB whatever is asked.
constexpr std::size_t bytes_with_grants_max = 768 << 10;

/// Where the fields of a table lie, by their ids; 0: it has none.
template <std::size_t count>
struct Fields {
  std::uint16_t bytes = sizeof(Fields);
  std::uint16_t table_bytes = 0;
  std::array<std::uint16_t, count> places{};
};

/// As generated code numbers fields.
constexpr std::size_t index_of(std::size_t field) { return (field - 4) / 2; }

template <std::size_t last, class Table>
constexpr auto fields_of(std::initializer_list<std::pair<std::size_t, std::size_t>> places) {
  Fields<index_of(last) + 1> made;
  made.table_bytes = sizeof(Table);
  for (const auto& [field, place] : places)
    made.places[index_of(field)] = static_cast<std::uint16_t>(place);
  return made;
}

struct AnswerTable {
  std::int32_t fields;
  std::uint32_t body;
  std::uint64_t id;
  std::uint64_t seq;
  std::int64_t time_ns;
  std::uint32_t receipt;
  std::uint8_t body_type;
  std::array<std::uint8_t, 3> unused;
};

struct CheckedTable {
  std::int32_t fields;
  std::uint32_t decisions;
  std::array<std::uint64_t, 2> user;
  std::uint32_t grants_left_out;
  std::uint32_t unused;
};

static_assert(sizeof(CheckedTable{}.user) == sizeof(schema::Uuid));

/// All of them have room for a grant.
struct DecisionTable {
  std::int32_t fields;
  std::uint16_t reason;
  std::uint8_t allowed;
  std::uint8_t unused;
  std::uint32_t grant;
};

struct GrantTable {
  std::int32_t fields;
  std::uint32_t reference;
  std::uint32_t action;
  std::uint32_t resource;
  std::uint32_t role;
  std::uint8_t effect;
  std::array<std::uint8_t, 3> unused;
};

struct ReferenceTable {
  std::int32_t fields;
  std::uint16_t index;
  std::uint16_t unused;
  std::uint64_t seq;
};

/// The tables of one grant, with its texts behind them.
struct GrantBlock {
  GrantTable grant;
  ReferenceTable reference;
};

using AnswerFields = Fields<index_of(schema::Answer::VT_RECEIPT) + 1>;
using CheckedFields = Fields<index_of(schema::Checked::VT_GRANTS_LEFT_OUT) + 1>;
using DecisionFields = Fields<index_of(schema::Decision::VT_GRANT) + 1>;
using BareFields = Fields<index_of(schema::Decision::VT_REASON) + 1>;
using GrantFields = Fields<index_of(schema::GrantView::VT_ROLE) + 1>;
using OwnGrantFields = Fields<index_of(schema::GrantView::VT_RESOURCE) + 1>;
using ReferenceFields = Fields<index_of(schema::GrantReference::VT_INDEX) + 1>;
using ReceiptFields = Fields<index_of(schema::SignedReceipt::VT_SIGNATURE) + 1>;

struct ReceiptTable {
  std::int32_t fields;
  std::uint32_t bytes;
  std::uint32_t signature;
};

/// What every answer begins with.
struct FixedPart {
  std::uint32_t root;
  std::array<char, 4> identifier;
  AnswerFields answer_fields;
  CheckedFields checked_fields;
  DecisionFields decision_fields;
  BareFields bare_fields;
  GrantFields grant_fields;
  OwnGrantFields own_grant_fields;
  ReferenceFields reference_fields;
  ReceiptFields receipt_fields;
  AnswerTable answer;
  CheckedTable checked;
  std::uint32_t count;
};

template <class Part, class Target>
constexpr auto distance(Part from, Target to) {
  return static_cast<std::int32_t>(to) - static_cast<std::int32_t>(from);
}

constexpr FixedPart make_fixed_part() {
  using schema::Answer;
  using schema::Checked;
  using schema::Decision;
  using schema::GrantReference;
  using schema::GrantView;
  using schema::SignedReceipt;
  FixedPart made{};
  made.root = offsetof(FixedPart, answer);
  std::copy_n(schema::answer_identifier, 4, made.identifier.begin());
  made.answer_fields = fields_of<Answer::VT_RECEIPT, AnswerTable>(
      {{Answer::VT_ID, offsetof(AnswerTable, id)},
       {Answer::VT_SEQ, offsetof(AnswerTable, seq)},
       {Answer::VT_TIME_NS, offsetof(AnswerTable, time_ns)},
       {Answer::VT_BODY_TYPE, offsetof(AnswerTable, body_type)},
       {Answer::VT_BODY, offsetof(AnswerTable, body)}});
  made.checked_fields = fields_of<Checked::VT_GRANTS_LEFT_OUT, CheckedTable>(
      {{Checked::VT_DECISIONS, offsetof(CheckedTable, decisions)},
       {Checked::VT_GRANTS_LEFT_OUT, offsetof(CheckedTable, grants_left_out)}});
  made.decision_fields = fields_of<Decision::VT_GRANT, DecisionTable>(
      {{Decision::VT_ALLOWED, offsetof(DecisionTable, allowed)},
       {Decision::VT_REASON, offsetof(DecisionTable, reason)},
       {Decision::VT_GRANT, offsetof(DecisionTable, grant)}});
  made.bare_fields = fields_of<Decision::VT_REASON, DecisionTable>(
      {{Decision::VT_ALLOWED, offsetof(DecisionTable, allowed)},
       {Decision::VT_REASON, offsetof(DecisionTable, reason)}});
  made.grant_fields = fields_of<GrantView::VT_ROLE, GrantTable>(
      {{GrantView::VT_REFERENCE, offsetof(GrantTable, reference)},
       {GrantView::VT_EFFECT, offsetof(GrantTable, effect)},
       {GrantView::VT_ACTION, offsetof(GrantTable, action)},
       {GrantView::VT_RESOURCE, offsetof(GrantTable, resource)},
       {GrantView::VT_ROLE, offsetof(GrantTable, role)}});
  made.own_grant_fields = fields_of<GrantView::VT_RESOURCE, GrantTable>(
      {{GrantView::VT_REFERENCE, offsetof(GrantTable, reference)},
       {GrantView::VT_EFFECT, offsetof(GrantTable, effect)},
       {GrantView::VT_ACTION, offsetof(GrantTable, action)},
       {GrantView::VT_RESOURCE, offsetof(GrantTable, resource)}});
  made.reference_fields = fields_of<GrantReference::VT_INDEX, ReferenceTable>(
      {{GrantReference::VT_SEQ, offsetof(ReferenceTable, seq)},
       {GrantReference::VT_INDEX, offsetof(ReferenceTable, index)}});
  made.receipt_fields = fields_of<SignedReceipt::VT_SIGNATURE, ReceiptTable>(
      {{SignedReceipt::VT_BYTES, offsetof(ReceiptTable, bytes)},
       {SignedReceipt::VT_SIGNATURE, offsetof(ReceiptTable, signature)}});
  made.answer.fields = distance(offsetof(FixedPart, answer_fields), offsetof(FixedPart, answer));
  made.answer.body = offsetof(FixedPart, checked) - offsetof(FixedPart, answer.body);
  made.answer.body_type = static_cast<std::uint8_t>(schema::AnswerBody::Checked);
  made.checked.fields = distance(offsetof(FixedPart, checked_fields), offsetof(FixedPart, checked));
  made.checked.decisions = offsetof(FixedPart, count) - offsetof(FixedPart, checked.decisions);
  return made;
}

constexpr FixedPart fixed_part = make_fixed_part();
constexpr std::size_t places_begin = offsetof(FixedPart, count) + sizeof(std::uint32_t);

constexpr std::size_t rounded_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

constexpr std::size_t bytes_of_text(std::string_view text) {
  return rounded_up(sizeof(std::uint32_t) + text.size() + 1, 4);
}

/// For names and paths, for which calling the C library takes longer than copying.
void copy_short(std::uint8_t* to, std::string_view text) {
  const std::size_t size = text.size();
  const auto copy_at = [&]<class Word>(std::size_t place, Word word) {
    std::memcpy(&word, text.data() + place, sizeof word);
    std::memcpy(to + place, &word, sizeof word);
  };
  // The last may have been among those before.
  if (size >= 8) {
    for (std::size_t place = 0; place + 8 < size; place += 8) copy_at(place, std::uint64_t{});
    return copy_at(size - 8, std::uint64_t{});
  }
  if (size >= 4) {
    copy_at(0, std::uint32_t{});
    return copy_at(size - 4, std::uint32_t{});
  }
  for (std::size_t place = 0; place < size; ++place) copy_at(place, std::uint8_t{});
}

}  // namespace

/// Room for so many more bytes, a multiple of four.
std::uint8_t* CheckedAnswer::extend(std::size_t bytes) {
  reserve(bytes);
  const std::size_t begun = size_;
  size_ += bytes;
  return storage_.data() + begun;
}

/// Nothing moves while so many more bytes are written.
void CheckedAnswer::reserve(std::size_t bytes) {
  if (size_ + bytes > storage_.size())
    storage_.resize(std::max(2 * (size_ + bytes), std::size_t{1'024}));
}

void CheckedAnswer::begin(std::size_t count) {
  grants_left_out_ = 0;
  ++begun_;
  next_place_ = places_begin;
  next_decision_ = places_begin + count * sizeof(std::uint32_t);
  size_ = 0;
  const std::size_t decisions_end = next_decision_ + count * sizeof(DecisionTable);
  // Grants lie at multiples of eight, for their numbers of eight bytes.
  extend(rounded_up(std::max(decisions_end, sizeof fixed_part), 8));
  at<std::uint32_t>(size_ - sizeof(std::uint32_t)) = 0;
  std::memcpy(storage_.data(), &fixed_part, sizeof fixed_part);
  at<std::uint32_t>(offsetof(FixedPart, count)) = static_cast<std::uint32_t>(count);
}

void CheckedAnswer::add(const domain::Verdict& verdict) {
  const std::size_t grant = verdict.grant == nullptr ? 0 : place_of_grant(verdict);
  const std::size_t place = std::exchange(next_place_, next_place_ + sizeof(std::uint32_t));
  const std::size_t begun = std::exchange(next_decision_, next_decision_ + sizeof(DecisionTable));
  const std::size_t described =
      grant == 0 ? offsetof(FixedPart, bare_fields) : offsetof(FixedPart, decision_fields);
  at<std::uint32_t>(place) = static_cast<std::uint32_t>(begun - place);
  at<DecisionTable>(begun) = {
      distance(described, begun), static_cast<std::uint16_t>(verdict.reason), verdict.allowed(), 0,
      grant == 0 ? 0 : static_cast<std::uint32_t>(grant - begun - offsetof(DecisionTable, grant))};
}

/// Where it is told; 0: nowhere, as the answer would become too large.
std::size_t CheckedAnswer::place_of_grant(const domain::Verdict& verdict) {
  Told& told = told_[verdict.grant.place() % told_max];
  if (told.answer == begun_ && told.grant == verdict.grant && told.role == verdict.role)
    return told.place;
  if (size_ >= bytes_with_grants_max) {
    ++grants_left_out_;
    return 0;
  }
  told = {verdict.grant, verdict.role, size_, begun_};
  put_grant(verdict);
  return told.place;
}

void CheckedAnswer::put_grant(const domain::Verdict& verdict) {
  const domain::Grant grant = *verdict.grant;
  const std::string_view role =
      verdict.role == nullptr ? std::string_view() : std::string_view(*verdict.role);
  reserve(sizeof(GrantBlock) + bytes_of_text(*grant.action) + bytes_of_text(*grant.resource) +
          bytes_of_text(role) + sizeof(std::uint32_t));
  const std::size_t begun = size_;
  const auto fields = [&](std::size_t described, std::size_t table) {
    return distance(described, begun + table);
  };
  const auto text_at = [&](std::size_t field, std::string_view text) {
    const auto away = static_cast<std::uint32_t>(size_ - begun - field);
    put_text(text);
    return away;
  };
  size_ += sizeof(GrantBlock);
  auto& block = at<GrantBlock>(begun);
  const std::size_t described = verdict.role == nullptr ? offsetof(FixedPart, own_grant_fields)
                                                        : offsetof(FixedPart, grant_fields);
  block.grant = {fields(described, offsetof(GrantBlock, grant)),
                 offsetof(GrantBlock, reference) - offsetof(GrantBlock, grant.reference),
                 text_at(offsetof(GrantBlock, grant.action), *grant.action),
                 text_at(offsetof(GrantBlock, grant.resource), *grant.resource),
                 verdict.role == nullptr ? 0 : text_at(offsetof(GrantBlock, grant.role), role),
                 static_cast<std::uint8_t>(grant.effect()),
                 {}};
  block.reference = {fields(offsetof(FixedPart, reference_fields), offsetof(GrantBlock, reference)),
                     static_cast<std::uint16_t>(grant.index), 0, grant.seq};
  if (size_ % 8 == 0) return;
  at<std::uint32_t>(size_) = 0;
  size_ += sizeof(std::uint32_t);
}

/// There is room for it: its length, itself, and at least one 0 behind it.
void CheckedAnswer::put_text(std::string_view text) {
  const std::size_t bytes = bytes_of_text(text);
  std::uint8_t* const begun = storage_.data() + size_;
  size_ += bytes;
  const auto size = static_cast<std::uint32_t>(text.size());
  std::memset(begun + bytes - 4, 0, 4);
  std::memcpy(begun, &size, sizeof size);
  copy_short(begun + sizeof size, text);
}

void CheckedAnswer::finish(const Facts& facts) {
  require(next_place_ ==
          places_begin + at<std::uint32_t>(offsetof(FixedPart, count)) * sizeof(std::uint32_t));
  auto& fixed = at<FixedPart>(0);
  fixed.answer.id = facts.id;
  fixed.answer.seq = facts.seq;
  fixed.answer.time_ns = facts.time_ns;
  fixed.checked.grants_left_out = grants_left_out_;
  if (facts.user == nullptr) return;
  std::memcpy(fixed.checked.user.data(), facts.user, sizeof *facts.user);
  fixed.checked_fields.places[index_of(schema::Checked::VT_USER)] = offsetof(CheckedTable, user);
}

const schema::Checked& CheckedAnswer::checked() const {
  return *flatbuffers::GetRoot<schema::Answer>(storage_.data())->body_as_Checked();
}

void CheckedAnswer::put_bytes(std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  reserve(bytes_of_text(text));
  put_text(text);
}

void CheckedAnswer::add_receipt(std::span<const std::uint8_t> receipt,
                                std::span<const std::uint8_t> signature) {
  const std::size_t begun = size_;
  ReceiptTable table{distance(offsetof(FixedPart, receipt_fields), begun), 0, 0};
  extend(sizeof table);
  table.bytes = static_cast<std::uint32_t>(size_ - begun - offsetof(ReceiptTable, bytes));
  put_bytes(receipt);
  table.signature = static_cast<std::uint32_t>(size_ - begun - offsetof(ReceiptTable, signature));
  put_bytes(signature);
  std::memcpy(storage_.data() + begun, &table, sizeof table);
  auto& fixed = at<FixedPart>(0);
  fixed.answer.receipt = static_cast<std::uint32_t>(begun - offsetof(FixedPart, answer.receipt));
  fixed.answer_fields.places[index_of(schema::Answer::VT_RECEIPT)] = offsetof(AnswerTable, receipt);
}

}  // namespace postern::service
