#include "daemon/service/message_form.h"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace flatbuffers {

template <class Entry>
constexpr bool is_offset = false;
template <class Target>
constexpr bool is_offset<Offset<Target>> = true;

/// Stands where generated code expects a Verifier: the same checks, and what each part comes to
/// once unpacked. A Verifier counts tables alone, so a text or a list that many tables share costs
/// nothing there, and everything where it is read.
class CountingVerifier {
 public:
  /// `marks`: as many bytes, of which those become 0xff that what is found rests on; null: none.
  CountingVerifier(std::span<const std::byte> bytes, std::uint32_t tables_max,
                   std::size_t unpacked_max, std::byte* marks)
      : bytes_(bytes),
        verifier_(begin(), bytes.size(), depth_max, tables_max),
        unpacked_max_(unpacked_max),
        marks_(marks) {}

  Verifier& plain() { return verifier_; }

  bool VerifyString(const String* text) {
    if (text == nullptr) return true;
    if (!verifier_.VerifyString(text)) return false;
    mark(text, sizeof(uoffset_t));
    mark(text->data() + text->size(), 1);
    return add(text_bytes + text->size());
  }
  template <class T>
  bool VerifyVector(const Vector<T>* list) {
    if (list == nullptr) return true;
    if (!verifier_.VerifyVector(list)) return false;
    mark(list, sizeof(uoffset_t));
    if constexpr (is_offset<T>) mark(list->data(), sizeof(T) * list->size());
    return add(sizeof(T) * list->size());
  }
  template <class T>
  bool VerifyVector(const Vector<const T*>* structs) {
    return VerifyVector(reinterpret_cast<const Vector<T>*>(structs));
  }
  /// What stands in a list: counted with it.
  bool VerifyFieldStruct(const std::uint8_t* base, voffset_t offset, std::size_t size,
                         std::size_t alignment) const {
    return verifier_.VerifyFieldStruct(base, offset, size, alignment);
  }
  bool VerifyVectorOfStrings(const Vector<Offset<String>>* list) {
    if (list == nullptr) return true;
    for (uoffset_t index = 0; index < list->size(); ++index)
      if (!VerifyString(list->Get(index))) return false;
    return true;
  }
  template <class T>
  bool VerifyTable(const T* table) {
    return table == nullptr || table->Verify(*this);
  }
  template <class T>
  bool VerifyVectorOfTables(const Vector<Offset<T>>* list) {
    if (list == nullptr) return true;
    for (uoffset_t index = 0; index < list->size(); ++index)
      if (!list->Get(index)->Verify(*this)) return false;
    return true;
  }
  bool EndTable() { return verifier_.EndTable() && add(table_bytes); }

  template <class Root>
  bool VerifyBuffer(const char* identifier) {
    if (bytes_.size() < FLATBUFFERS_MIN_BUFFER_SIZE ||
        !BufferHasIdentifier(bytes_.data(), identifier))
      return false;
    mark(bytes_.data(), FLATBUFFERS_MIN_BUFFER_SIZE);
    const uoffset_t root = verifier_.VerifyOffset(0);
    return root != 0 && reinterpret_cast<const Root*>(bytes_.data() + root)->Verify(*this);
  }
  /// Generated code names it; no message is one.
  template <class Root>
  bool VerifySizePrefixedBuffer(const char*) {
    return false;
  }

  std::size_t unpacked() const { return unpacked_; }

  /// The field that was looked at last, where it has one byte; else null.
  const std::uint8_t* byte_before = nullptr;

  /// They lie within.
  void mark(const void* begun, std::size_t size) {
    if (marks_ == nullptr) return;
    std::memset(marks_ + (static_cast<const std::byte*>(begun) - bytes_.data()), 0xff, size);
  }

 private:
  static constexpr uoffset_t depth_max = 16;
  /// What a std::string and a small native table take without their contents.
  static constexpr std::size_t text_bytes = sizeof(std::string);
  static constexpr std::size_t table_bytes = 64;

  const std::uint8_t* begin() const { return reinterpret_cast<const std::uint8_t*>(bytes_.data()); }

  bool add(std::size_t bytes) {
    unpacked_ += bytes;
    return unpacked_ <= unpacked_max_;
  }

  std::span<const std::byte> bytes_;
  Verifier verifier_;
  std::size_t unpacked_max_;
  std::size_t unpacked_ = 0;
  std::byte* marks_;
};

/// Stands where generated code expects a Table: the same checks, and marks of what is read for
/// them.
class MarkedTable : private Table {
 public:
  using Table::GetField;
  using Table::GetOptional;
  using Table::GetPointer;
  using Table::GetStruct;
  using Table::SetField;

  bool VerifyTableStart(CountingVerifier& verifier) const {
    if (!Table::VerifyTableStart(verifier.plain())) return false;
    const std::uint8_t* const fields = GetVTable();
    verifier.mark(this, sizeof(soffset_t));
    // Its own size may be none.
    verifier.mark(fields, std::max(ReadScalar<voffset_t>(fields), voffset_t{sizeof(voffset_t)}));
    return true;
  }
  template <class T>
  bool VerifyField(CountingVerifier& verifier, voffset_t field, std::size_t align) const {
    verifier.byte_before = sizeof(T) == 1 ? GetAddressOf(field) : nullptr;
    return Table::VerifyField<T>(verifier.plain(), field, align);
  }
  /// The byte before a union says how what lies there is read.
  bool VerifyOffset(CountingVerifier& verifier, voffset_t field) const {
    const std::uint8_t* const kind = std::exchange(verifier.byte_before, nullptr);
    if (!Table::VerifyOffset(verifier.plain(), field)) return false;
    if (kind != nullptr) verifier.mark(kind, 1);
    if (const auto* offset = GetAddressOf(field)) verifier.mark(offset, sizeof(uoffset_t));
    return true;
  }
};

}  // namespace flatbuffers

// Generated accessors name their verifier's type, and their own, and have no other way in. Under a
// namespace of their own they are other types than those the rest of the program uses.
#define Verifier CountingVerifier
#define Table MarkedTable
#define schema counted_schema
#include "command_generated.h"
#include "history_generated.h"
#include "query_generated.h"
#undef schema
#undef Table
#undef Verifier

namespace postern::service {

namespace {

template <class Root>
MessageForm form_of(std::span<const std::byte> bytes, const char* identifier, MessageLimits limits,
                    std::byte* marks = nullptr) {
  using Verdict = MessageForm::Verdict;
  flatbuffers::CountingVerifier verifier(bytes, limits.tables_max, limits.unpacked_max, marks);
  const bool passed = verifier.VerifyBuffer<Root>(identifier);
  if (verifier.unpacked() > limits.unpacked_max) return {Verdict::too_large, verifier.unpacked()};
  return {passed ? Verdict::well_formed : Verdict::malformed, verifier.unpacked()};
}

}  // namespace

MessageForm form_of_command(std::span<const std::byte> bytes, const char* identifier,
                            MessageLimits limits) {
  return form_of<counted_schema::CommandMessage>(bytes, identifier, limits);
}

MessageForm form_of_query(std::span<const std::byte> bytes, const char* identifier,
                          MessageLimits limits) {
  return form_of<counted_schema::Query>(bytes, identifier, limits);
}

MessageForm form_of_history_request(std::span<const std::byte> bytes, const char* identifier,
                                    MessageLimits limits) {
  return form_of<counted_schema::HistoryRequest>(bytes, identifier, limits);
}

namespace {

constexpr std::size_t word_bytes = sizeof(std::uint64_t);

/// What is behind the end is 0.
std::uint64_t word_at(std::span<const std::byte> bytes, std::size_t place) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + place, std::min(word_bytes, bytes.size() - place));
  return word;
}

}  // namespace

bool KnownForms::Form::is_of(std::span<const std::byte> bytes) const {
  if (bytes.size() != size) return false;
  const std::size_t whole_words = size / word_bytes;
  std::uint64_t difference = 0;
  for (std::size_t index = 0; index < whole_words; ++index) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + word_bytes * index, sizeof word);
    difference |= (word & words[index].mask) ^ words[index].known;
  }
  if (whole_words < words.size())
    difference |=
        (word_at(bytes, word_bytes * whole_words) & words.back().mask) ^ words.back().known;
  return difference == 0;
}

const MessageForm* KnownForms::find(std::span<const std::byte> bytes) const {
  const Form& form = forms_[place_of(bytes.size())];
  return form.is_of(bytes) ? &form.found : nullptr;
}

MessageForm KnownForms::form_of_command(std::span<const std::byte> bytes) {
  if (bytes.size() > bytes_max) return service::form_of_command(bytes, identifier_, limits_);
  if (const MessageForm* known = find(bytes)) return *known;
  std::array<std::byte, bytes_max> marks{};
  const MessageForm found =
      form_of<counted_schema::CommandMessage>(bytes, identifier_, limits_, marks.data());
  if (found.verdict != MessageForm::Verdict::well_formed) return found;
  Form& form = forms_[place_of(bytes.size())];
  form.size = bytes.size();
  form.found = found;
  form.words.clear();
  for (std::size_t place = 0; place < bytes.size(); place += word_bytes) {
    const std::uint64_t mask = word_at(marks, place);
    form.words.push_back({word_at(bytes, place) & mask, mask});
  }
  return found;
}

}  // namespace postern::service
