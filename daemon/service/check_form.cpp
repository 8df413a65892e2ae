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

/// Of each kind of credential the fields are texts: two, and one of a bare name.
constexpr std::size_t first_text = schema::KeyCredential::VT_KEY;
constexpr std::size_t second_text = schema::KeyCredential::VT_USERNAME;

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

  /// Builders let questions share one list of fields, so what is read of it holds for the next.
  [[gnu::always_inline]] bool has_questions(std::size_t check, CheckParts& parts) {
    const std::size_t away = at(lists_.check, Check::VT_QUESTIONS);
    std::size_t list = 0;
    if (away == 0 || !follow(check + away, list) || !lies_within<std::uint32_t>(list)) return false;
    const std::size_t count = read<std::uint32_t>(list);
    std::size_t element = list + sizeof(std::uint32_t);
    if (count > limits_.tables_max || count > (size_ - element) / sizeof(std::uint32_t))
      return false;
    parts.questions = pointer<Questions>(list);
    parts.question_count = count;
    unpacked_ += count * sizeof(std::uint32_t);
    tables_ += count;
    std::size_t fields_before = nowhere;
    std::size_t question = 0;
    std::size_t action = 0;
    std::size_t resource = 0;
    std::size_t question_end = 0;
    for (const std::size_t end = element + count * sizeof(std::uint32_t); element != end;
         element += sizeof(std::uint32_t)) {
      if (!follow(element, question) || !lies_within<std::int32_t>(question)) return false;
      const std::size_t fields = fields_of(question);
      if (fields != fields_before) {
        if (!open_by(fields, question, lists_.question)) return false;
        fields_before = fields;
        action = at(lists_.question, Question::VT_ACTION);
        resource = at(lists_.question, Question::VT_RESOURCE);
        question_end = lists_.question.end;
      }
      // None of its fields has eight bytes, so it lies right if they do.
      if (question_end > size_ - question || !has_text(question, action, parts.last.action) ||
          !has_text(question, resource, parts.last.resource))
        return false;
    }
    if (count == 0) return true;
    if (action == 0) parts.last.action = {};
    if (resource == 0) parts.last.resource = {};
    parts.last.this_level_only =
        number<std::uint8_t>(question, lists_.question, Question::VT_THIS_LEVEL_ONLY) != 0;
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
  for (std::string_view* text : {&tenant, &username, &last.action, &last.resource})
    *text = {moved(text->data()), text->size()};
}

bool read_check(std::span<const std::byte> bytes, MessageLimits limits, CheckLists& lists,
                CheckParts& parts) {
  if (bytes.size() < size_min || bytes.size() > std::min(limits.bytes_max, size_max)) return false;
  parts = {};
  return CheckForm(bytes, limits, lists).walk(parts);
}

}  // namespace postern::service
