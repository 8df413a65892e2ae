#include "daemon/service/message_form.h"

#include <flatbuffers/flatbuffers.h>

#include <string>

namespace flatbuffers {

/// Stands where generated code expects a Verifier: the same checks, and what each part comes to
/// once unpacked. A Verifier counts tables alone, so a text or a list that many tables share costs
/// nothing there, and everything where it is read.
class CountingVerifier {
 public:
  CountingVerifier(std::span<const std::byte> bytes, std::uint32_t tables_max,
                   std::size_t unpacked_max)
      : bytes_(bytes),
        verifier_(begin(), bytes.size(), depth_max, tables_max),
        unpacked_max_(unpacked_max) {}

  /// Tables check their own fields with it.
  operator Verifier&() { return verifier_; }

  bool VerifyString(const String* text) {
    return text == nullptr || (verifier_.VerifyString(text) && add(text_bytes + text->size()));
  }
  template <class T>
  bool VerifyVector(const Vector<T>* list) {
    return list == nullptr || (verifier_.VerifyVector(list) && add(sizeof(T) * list->size()));
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
    const uoffset_t root = verifier_.VerifyOffset(0);
    return root != 0 && reinterpret_cast<const Root*>(bytes_.data() + root)->Verify(*this);
  }
  /// Generated code names it; no message is one.
  template <class Root>
  bool VerifySizePrefixedBuffer(const char*) {
    return false;
  }

  std::size_t unpacked() const { return unpacked_; }

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
};

}  // namespace flatbuffers

// Generated accessors name their verifier's type and have no other way in. Under a namespace of
// their own they are other types than those the rest of the program uses.
#define Verifier CountingVerifier
#define schema counted_schema
#include "command_generated.h"
#include "history_generated.h"
#include "query_generated.h"
#undef schema
#undef Verifier

namespace postern::service {

namespace {

template <class Root>
MessageForm form_of(std::span<const std::byte> bytes, const char* identifier,
                    MessageLimits limits) {
  using Verdict = MessageForm::Verdict;
  flatbuffers::CountingVerifier verifier(bytes, limits.tables_max, limits.unpacked_max);
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

}  // namespace postern::service
