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
/// No check is shorter, and a list of fields as long as any is.
constexpr std::size_t size_min = 64;
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
  CheckForm(std::span<const std::byte> bytes, MessageLimits limits, CheckLists& lists)
      : begin_(bytes.data()), size_(bytes.size()), limits_(limits), lists_(lists) {}

  [[gnu::always_inline]] bool walk(CheckParts& parts) {
    std::size_t query = 0;
    std::size_t check = 0;
    return std::memcmp(begin_ + identifier_at, schema::query_identifier, identifier_bytes) == 0 &&
           follow(0, query) && open(query, lists_.query) && has_head(query, parts) &&
           has_call(query, parts) && follow(query + at(lists_.query, Query::VT_BODY), check) &&
           open(check, lists_.check) && has_credential(check, parts) &&
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
  [[gnu::always_inline]] const T* pointer(std::size_t place) const {
    return reinterpret_cast<const T*>(begin_ + place);
  }

  /// How far into the table a field lies; 0: it has none.
  template <class List>
  [[gnu::always_inline]] static std::size_t at(const List& list, std::size_t field) {
    return list.places[List::index_of(field)];
  }
  /// A number in an open table; 0 where it has none.
  template <class T, class List>
  [[gnu::always_inline]] T number(std::size_t table, const List& list, std::size_t field) const {
    const std::size_t away = at(list, field);
    return away == 0 ? T{} : read<T>(table + away);
  }

  /// A list before the message's beginning has a place beyond its end.
  template <class List>
  [[gnu::always_inline]] bool open(std::size_t table, List& list) {
    ++tables_;
    return lies_within<std::int32_t>(table) && open_by(fields_of(table), table, list);
  }
  [[gnu::always_inline]] std::size_t fields_of(std::size_t table) const {
    return table - static_cast<std::size_t>(std::ptrdiff_t{read<std::int32_t>(table)});
  }
  template <class List>
  [[gnu::always_inline]] bool open_by(std::size_t fields, std::size_t table, List& list) {
    const bool is_known = fields >= header_bytes && fields <= size_ - List::compared_bytes &&
                          list.is_at(begin_ + fields);
    if (!is_known && !learn(fields, list)) return false;
    misplaced_ |= fields & 1;
    return has_fields(table, list);
  }
  /// All that the list says lies within the message.
  template <class List>
  [[gnu::always_inline]] bool has_fields(std::size_t table, const List& list) {
    misplaced_ |= (table + list.shift) & list.unit_mask;
    return list.end <= size_ - table;
  }
  template <class List>
  [[gnu::always_inline]] bool learn(std::size_t fields, List& list) const {
    return fields >= header_bytes && fields < size_ &&
           list.learn({begin_ + fields, size_ - fields});
  }

  /// The target of the offset at a place that lies within; whether the target does is asked where
  /// it is read.
  [[gnu::always_inline]] bool follow(std::size_t place, std::size_t& target) const {
    const std::size_t away = read<std::uint32_t>(place);
    target = place + away;
    return away != 0;
  }

  /// A text, or none, so far into an open table.
  [[gnu::always_inline]] bool has_text(std::size_t table, std::size_t away,
                                       std::string_view& found) {
    if (away == 0) return true;
    std::size_t text = 0;
    if (!follow(table + away, text) || !lies_within<std::uint32_t>(text)) return false;
    const std::size_t size = read<std::uint32_t>(text);
    const std::size_t begun = text + sizeof(std::uint32_t);
    // One more byte: the 0 at its end.
    if (size >= size_ - begun || begin_[begun + size] != std::byte{0}) return false;
    unpacked_ += text_bytes + size;
    found = {pointer<char>(begun), size};
    return true;
  }

  /// What stands in the query itself.
  [[gnu::always_inline]] bool has_head(std::size_t query, CheckParts& parts) {
    const auto& list = lists_.query;
    if (number<std::uint8_t>(query, list, Query::VT_BODY_TYPE) !=
            static_cast<std::uint8_t>(schema::QueryBody::Check) ||
        at(list, Query::VT_BODY) == 0)
      return false;
    // Where it is left out it is the first.
    const std::size_t version = at(list, Query::VT_VERSION);
    if (version != 0 && read<std::uint16_t>(query + version) != schema::protocol_version)
      return false;
    parts.receipt = number<std::uint8_t>(query, list, Query::VT_RECEIPT) != 0;
    parts.id = number<std::uint64_t>(query, list, Query::VT_ID);
    parts.at_least_seq = number<std::uint64_t>(query, list, Query::VT_AT_LEAST_SEQ);
    return has_text(query, at(list, Query::VT_TENANT), parts.tenant);
  }

  [[gnu::always_inline]] bool has_call(std::size_t query, CheckParts& parts) {
    const std::size_t away = at(lists_.query, Query::VT_CALL);
    if (away == 0) return true;
    const auto& list = lists_.call;
    std::size_t call = 0;
    std::string_view text;
    if (!follow(query + away, call) || !open(call, lists_.call)) return false;
    parts.call = pointer<Call>(call);
    return has_text(call, at(list, Call::VT_ADDRESS), text) &&
           has_text(call, at(list, Call::VT_CLIENT), text);
  }

  [[gnu::always_inline]] bool has_credential(std::size_t check, CheckParts& parts) {
    const auto kind = number<std::uint8_t>(check, lists_.check, Check::VT_CREDENTIAL_TYPE);
    const std::size_t away = at(lists_.check, Check::VT_CREDENTIAL);
    std::size_t credential = 0;
    if (away == 0 || !follow(check + away, credential)) return false;
    parts.credential_kind = static_cast<Credential>(kind);
    parts.credential = begin_ + credential;
    if (parts.credential_kind == Credential::NamedUser)
      return open(credential, lists_.named) &&
             has_text(credential, at(lists_.named, first_text), parts.username);
    std::string_view text;
    return kind != static_cast<std::uint8_t>(Credential::NONE) &&
           kind < static_cast<std::uint8_t>(Credential::NamedUser) &&
           open(credential, lists_.credential) &&
           has_text(credential, at(lists_.credential, first_text), text) &&
           has_text(credential, at(lists_.credential, second_text), text);
  }

  [[gnu::always_inline]] bool has_questions(std::size_t check, CheckParts& parts) {
    const std::size_t away = at(lists_.check, Check::VT_QUESTIONS);
    std::size_t list = 0;
    if (away == 0 || !follow(check + away, list) || !lies_within<std::uint32_t>(list)) return false;
    const std::size_t count = read<std::uint32_t>(list);
    const std::size_t first = list + sizeof(std::uint32_t);
    if (count > limits_.tables_max || count > (size_ - first) / sizeof(std::uint32_t)) return false;
    parts.questions = pointer<Questions>(list);
    parts.question_count = count;
    unpacked_ += count * sizeof(std::uint32_t);
    if (count == 1) return has_question(first, parts.only);
    tables_ += count;
    QuestionsForm questions(begin_, size_);
    if (!questions.walk(first, first + count * sizeof(std::uint32_t))) return false;
    unpacked_ += count * 2 * text_bytes + questions.text_sizes();
    misplaced_ |= questions.misplaced();
    return true;
  }
  /// `element`: where its offset lies, within.
  [[gnu::always_inline]] bool has_question(std::size_t element, domain::Question& found) {
    const auto& list = lists_.question;
    std::size_t question = 0;
    if (!follow(element, question) || !open(question, lists_.question) ||
        !has_text(question, at(list, Question::VT_ACTION), found.action) ||
        !has_text(question, at(list, Question::VT_RESOURCE), found.resource))
      return false;
    found.this_level_only = number<std::uint8_t>(question, list, Question::VT_THIS_LEVEL_ONLY) != 0;
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
  CheckLists& lists_;
  std::size_t tables_ = 0;
  std::size_t unpacked_ = 0;
  /// Not 0: something does not lie at a multiple of its size.
  std::size_t misplaced_ = 0;
};

}  // namespace

void CheckParts::move(const std::byte* from, const std::byte* to) {
  const auto moved = [&]<class Part>(const Part* part) {
    if (part == nullptr) return part;
    return reinterpret_cast<const Part*>(to + (reinterpret_cast<const std::byte*>(part) - from));
  };
  credential = moved(static_cast<const std::byte*>(credential));
  questions = moved(questions);
  call = moved(call);
  for (std::string_view* text : {&tenant, &username, &only.action, &only.resource})
    *text = {moved(text->data()), text->size()};
}

bool read_check(std::span<const std::byte> bytes, MessageLimits limits, CheckLists& lists,
                CheckParts& parts) {
  if (bytes.size() < size_min || bytes.size() > std::min(limits.bytes_max, size_max)) return false;
  parts = {};
  return CheckForm(bytes, limits, lists).walk(parts);
}

}  // namespace postern::service
