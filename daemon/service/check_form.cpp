// root offset | identifier | … tables, each: how far before it the list of its fields lies | fields
// A list of fields: its bytes | the table's bytes | for each field how far into the table it lies,
// or 0. An offset says how far behind itself its target lies. All numbers are little-endian.
#include "daemon/service/check_form.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "schema/identifiers.h"

namespace postern::service {

namespace {

using schema::Call;
using schema::Check;
using schema::Credential;
using schema::Query;
using schema::Question;

constexpr std::size_t header_bytes = 8;
constexpr std::size_t identifier_at = 4;
constexpr std::size_t identifier_bytes = 4;
/// Below it no offset within a message is one that leads backwards.
constexpr std::size_t size_max = std::numeric_limits<std::int32_t>::max();
/// Further away than any offset leads.
constexpr std::size_t nowhere = std::size_t{1} << 40U;
/// As `form_of_query` counts a text and a table, beside what is in them.
constexpr std::size_t text_bytes = sizeof(std::string);
constexpr std::size_t table_bytes = 64;

/// Where the list of a table's fields ends if this field is its last.
constexpr std::size_t end_after(std::size_t field) { return field + sizeof(std::uint16_t); }

/// Of each kind of credential the fields are texts: two, and one of a bare name.
constexpr std::size_t first_text = schema::KeyCredential::VT_KEY;
constexpr std::size_t second_text = schema::KeyCredential::VT_USERNAME;

/// Where a table and the list of its fields lie.
struct Table {
  std::size_t place = 0;
  std::size_t fields = 0;
  std::size_t fields_bytes = 0;
};

/// Walks the questions of a check, which have two texts each, where they are usual. Apart from what
/// walks the rest, so that the compiler has registers for what it counts.
class QuestionsForm {
 public:
  QuestionsForm(const std::byte* begin, std::size_t size)
      : begin_(begin), size_(size), numbers_end_(size - sizeof(std::uint32_t)) {}

  /// `element`: where the offset of the first lies, all of which lie within.
  [[gnu::noinline]] bool walk(std::size_t element, std::size_t end) {
    QuestionsForm all = *this;
    for (; element != end; element += sizeof(std::uint32_t))
      if (!all.has_question(element)) return false;
    *this = all;
    return true;
  }

  /// What the texts come to.
  std::size_t text_sizes() const { return text_sizes_; }
  /// Not 0: some number does not lie at a multiple of its size.
  std::size_t misplaced() const { return misplaced_ & (sizeof(std::uint32_t) - 1); }

 private:
  [[gnu::always_inline]] std::uint32_t number_at(std::size_t place) const {
    std::uint32_t value;
    std::memcpy(&value, begin_ + place, sizeof value);
    return value;
  }

  /// Builders let questions share one list of fields, so what is read of it holds for the next.
  [[gnu::always_inline]] bool has_question(std::size_t element) {
    const std::size_t away = number_at(element);
    const std::size_t place = element + away;
    if (away == 0 || place > numbers_end_) return false;
    misplaced_ |= place;
    const std::size_t fields =
        place -
        static_cast<std::size_t>(std::ptrdiff_t{static_cast<std::int32_t>(number_at(place))});
    if (fields != fields_.place) fields_ = fields_at(begin_, size_, fields);
    return fields == fields_.place && has_text(place + fields_.action) &&
           has_text(place + fields_.resource) && place + fields_.level < size_;
  }

  /// A list of fields, and how far into a table they lie.
  struct Fields {
    std::size_t place = nowhere;
    std::size_t action = 0;
    std::size_t resource = 0;
    /// Where it has none, that is the table's first byte, which lies within.
    std::size_t level = 0;
  };

  /// Nowhere: it is unusual. Given no more than it needs, so that all else stays in registers.
  [[gnu::noinline]] static Fields fields_at(const std::byte* begin, std::size_t size,
                                            std::size_t place) {
    const auto short_at = [&](std::size_t at) {
      std::uint16_t value;
      std::memcpy(&value, begin + at, sizeof value);
      return std::size_t{value};
    };
    if (place < header_bytes || place > size - sizeof(std::uint16_t)) return {};
    const std::size_t bytes = short_at(place);
    if (((place | bytes) & 1U) != 0 || bytes < end_after(Question::VT_RESOURCE) ||
        bytes > end_after(Question::VT_THIS_LEVEL_ONLY) || bytes > size - place)
      return {};
    const bool has_level = bytes == end_after(Question::VT_THIS_LEVEL_ONLY);
    const Fields found{place, short_at(place + Question::VT_ACTION),
                       short_at(place + Question::VT_RESOURCE),
                       has_level ? short_at(place + Question::VT_THIS_LEVEL_ONLY) : 0};
    return found.action == 0 || found.resource == 0 ? Fields() : found;
  }

  /// `offset`: where its offset lies.
  [[gnu::always_inline]] bool has_text(std::size_t offset) {
    if (offset > numbers_end_) return false;
    const std::size_t away = number_at(offset);
    const std::size_t text = offset + away;
    if (away == 0 || text > numbers_end_) return false;
    const std::size_t size = number_at(text);
    const std::size_t end = text + sizeof(std::uint32_t) + size;
    // One more byte: the 0 at its end.
    if (end >= size_ || begin_[end] != std::byte{0}) return false;
    misplaced_ |= offset | text;
    text_sizes_ += size;
    return true;
  }

  const std::byte* begin_;
  std::size_t size_;
  /// No number begins behind it.
  std::size_t numbers_end_;
  std::size_t text_sizes_ = 0;
  std::size_t misplaced_ = 0;
  /// Of the question before.
  Fields fields_;
};

/// Walks all that can be read of a check, once; each step is false where anything is unusual. All
/// of it is one function to the compiler, so that what it counts stays in registers.
class CheckForm {
 public:
  CheckForm(std::span<const std::byte> bytes, MessageLimits limits)
      : begin_(bytes.data()), size_(bytes.size()), limits_(limits) {}

  [[gnu::always_inline]] bool walk(CheckParts& parts) {
    std::size_t place = 0;
    Table query;
    Table check;
    std::uint8_t kind = 0;
    return std::memcmp(begin_ + identifier_at, schema::query_identifier, identifier_bytes) == 0 &&
           follow(0, place) && open(place, end_after(Query::VT_RECEIPT), query) &&
           has_number<std::uint16_t>(query, Query::VT_VERSION) &&
           has_number<std::uint64_t>(query, Query::VT_ID) && has_tenant(query, parts) &&
           has_number<std::uint64_t>(query, Query::VT_AT_LEAST_SEQ) &&
           has_number<std::uint32_t>(query, Query::VT_WAIT_MS) && has_call(query, parts) &&
           read_kind(query, Query::VT_BODY_TYPE, kind) &&
           kind == static_cast<std::uint8_t>(schema::QueryBody::Check) &&
           has_receipt(query, parts) && follow(query, Query::VT_BODY, place) &&
           open(place, end_after(Check::VT_QUESTIONS), check) && has_credential(check, parts) &&
           has_questions(check, parts) && is_within_limits(parts);
  }

 private:
  template <class T>
  [[gnu::always_inline]] T read(std::size_t place) const {
    T value;
    std::memcpy(&value, begin_ + place, sizeof value);
    return value;
  }
  /// Whether it lies at a multiple of its size is asked once, at the end: reading it is safe
  /// anywhere.
  template <class T>
  [[gnu::always_inline]] bool lies_within(std::size_t place) {
    misplaced_ |= place & (sizeof(T) - 1);
    return place <= size_ - sizeof(T);
  }
  template <class T>
  [[gnu::always_inline]] const T* at(std::size_t place) const {
    return reinterpret_cast<const T*>(begin_ + place);
  }

  /// How far into the table a field lies; 0: it has none.
  [[gnu::always_inline]] std::size_t field_at(const Table& table, std::size_t field) const {
    return end_after(field) <= table.fields_bytes ? read<std::uint16_t>(table.fields + field) : 0;
  }

  /// Fields that are not known here are refused, so that one that is added to the schema is judged
  /// by whoever knows it. A list before the message's beginning has a place beyond its end.
  [[gnu::always_inline]] bool open(std::size_t place, std::size_t fields_end, Table& table) {
    if (!lies_within<std::int32_t>(place)) return false;
    table.place = place;
    table.fields = place - static_cast<std::size_t>(std::ptrdiff_t{read<std::int32_t>(place)});
    ++tables_;
    return has_fields(table, fields_end);
  }
  [[gnu::always_inline]] bool has_fields(Table& table, std::size_t fields_end) {
    if (table.fields < header_bytes || !lies_within<std::uint16_t>(table.fields)) return false;
    table.fields_bytes = read<std::uint16_t>(table.fields);
    misplaced_ |= table.fields_bytes & 1;
    return table.fields_bytes <= fields_end && table.fields_bytes <= size_ - table.fields;
  }

  /// The target of the offset at a place; whether it lies within is asked where it is read.
  [[gnu::always_inline]] bool follow(std::size_t place, std::size_t& target) {
    if (!lies_within<std::uint32_t>(place)) return false;
    const std::size_t away = read<std::uint32_t>(place);
    target = place + away;
    return away != 0;
  }
  [[gnu::always_inline]] bool follow(const Table& table, std::size_t field, std::size_t& target) {
    const std::size_t away = field_at(table, field);
    return away != 0 && follow(table.place + away, target);
  }

  /// A number, or none.
  template <class T>
  [[gnu::always_inline]] bool has_number(const Table& table, std::size_t field) {
    const std::size_t away = field_at(table, field);
    return away == 0 || lies_within<T>(table.place + away);
  }
  /// The number that says of which kind a union is.
  [[gnu::always_inline]] bool read_kind(const Table& table, std::size_t field, std::uint8_t& kind) {
    const std::size_t away = field_at(table, field);
    if (away == 0 || !lies_within<std::uint8_t>(table.place + away)) return false;
    kind = read<std::uint8_t>(table.place + away);
    return true;
  }

  /// A text, or none, so far into a table.
  [[gnu::always_inline]] bool has_text_at(std::size_t place, std::size_t away) {
    if (away == 0) return true;
    std::size_t text = 0;
    if (!follow(place + away, text) || !lies_within<std::uint32_t>(text)) return false;
    const std::size_t size = read<std::uint32_t>(text);
    const std::size_t begun = text + sizeof(std::uint32_t);
    // One more byte: the 0 at its end.
    if (size >= size_ - begun || begin_[begun + size] != std::byte{0}) return false;
    unpacked_ += text_bytes + size;
    return true;
  }
  [[gnu::always_inline]] bool has_text(const Table& table, std::size_t field) {
    return has_text_at(table.place, field_at(table, field));
  }

  [[gnu::always_inline]] bool has_tenant(const Table& query, CheckParts& parts) {
    const std::size_t away = field_at(query, Query::VT_TENANT);
    if (!has_text_at(query.place, away)) return false;
    const std::size_t offset = query.place + away;
    if (away != 0) parts.tenant = at<flatbuffers::String>(offset + read<std::uint32_t>(offset));
    return true;
  }

  [[gnu::always_inline]] bool has_receipt(const Table& query, CheckParts& parts) {
    const std::size_t away = field_at(query, Query::VT_RECEIPT);
    if (away == 0) return true;
    if (!lies_within<std::uint8_t>(query.place + away)) return false;
    parts.receipt = read<std::uint8_t>(query.place + away) != 0;
    return true;
  }

  [[gnu::always_inline]] bool has_call(const Table& query, CheckParts& parts) {
    if (field_at(query, Query::VT_CALL) == 0) return true;
    std::size_t place = 0;
    Table call;
    if (!follow(query, Query::VT_CALL, place) || !open(place, end_after(Call::VT_CHANNEL), call))
      return false;
    parts.call = at<Call>(place);
    return has_text(call, Call::VT_ADDRESS) && has_number<std::uint8_t>(call, Call::VT_TLS) &&
           has_text(call, Call::VT_CLIENT) && has_number<std::uint8_t>(call, Call::VT_CHANNEL);
  }

  [[gnu::always_inline]] bool has_credential(const Table& check, CheckParts& parts) {
    std::uint8_t kind = 0;
    std::size_t place = 0;
    Table credential;
    if (!read_kind(check, Check::VT_CREDENTIAL_TYPE, kind) ||
        kind == static_cast<std::uint8_t>(Credential::NONE) ||
        kind > static_cast<std::uint8_t>(Credential::NamedUser) ||
        !follow(check, Check::VT_CREDENTIAL, place) ||
        !open(place,
              end_after(kind == static_cast<std::uint8_t>(Credential::NamedUser) ? first_text
                                                                                 : second_text),
              credential))
      return false;
    parts.credential_kind = static_cast<Credential>(kind);
    parts.credential = begin_ + place;
    return has_text(credential, first_text) && has_text(credential, second_text);
  }

  [[gnu::always_inline]] bool has_questions(const Table& check, CheckParts& parts) {
    std::size_t list = 0;
    if (!follow(check, Check::VT_QUESTIONS, list) || !lies_within<std::uint32_t>(list))
      return false;
    const std::size_t count = read<std::uint32_t>(list);
    const std::size_t first = list + sizeof(std::uint32_t);
    if (count > limits_.tables_max || count > (size_ - first) / sizeof(std::uint32_t)) return false;
    parts.questions = at<Questions>(list);
    tables_ += count;
    QuestionsForm questions(begin_, size_);
    if (!questions.walk(first, first + count * sizeof(std::uint32_t))) return false;
    unpacked_ += count * (sizeof(std::uint32_t) + 2 * text_bytes) + questions.text_sizes();
    misplaced_ |= questions.misplaced();
    return true;
  }

  [[gnu::always_inline]] bool is_within_limits(CheckParts& parts) const {
    parts.unpacked_bytes = unpacked_ + tables_ * table_bytes;
    return misplaced_ == 0 && tables_ <= limits_.tables_max &&
           parts.unpacked_bytes <= limits_.unpacked_max;
  }

  const std::byte* begin_;
  std::size_t size_;
  MessageLimits limits_;
  std::size_t tables_ = 0;
  std::size_t unpacked_ = 0;
  /// Not 0: something does not lie at a multiple of its size.
  std::size_t misplaced_ = 0;
};

}  // namespace

std::optional<CheckParts> parts_of_check(std::span<const std::byte> bytes, MessageLimits limits) {
  if (bytes.size() < header_bytes || bytes.size() > std::min(limits.bytes_max, size_max))
    return std::nullopt;
  std::optional<CheckParts> parts(std::in_place);
  if (!CheckForm(bytes, limits).walk(*parts)) parts.reset();
  return parts;
}

}  // namespace postern::service
