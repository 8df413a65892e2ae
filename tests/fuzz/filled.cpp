#include "tests/fuzz/filled.h"

#include <flatbuffers/flatbuffers.h>

#include <map>
#include <string>
#include <string_view>

#include "tests/support/world.h"

namespace postern::fuzz {

namespace {

using flatbuffers::ElementaryType;
using flatbuffers::Offset;
using flatbuffers::TypeTable;
using flatbuffers::uoffset_t;
using flatbuffers::voffset_t;

constexpr int depth_max = 6;

/// What such a field usually says.
std::string text_for(std::string_view field) {
  static const std::map<std::string_view, std::string> texts = {
      {"tenant", "acme"},       {"alias", "acme"},          {"user", "bob"},
      {"username", "bob"},      {"action", "read"},         {"resource", "table/a"},
      {"path", "table/a"},      {"entries", "10.0.0.0/8"},  {"address", "192.0.2.1"},
      {"password", "s3cret-1"}, {"resources", "table/a/b"}, {"inner", "reader"},
      {"role", "reader"},       {"actions", "write"},       {"implies", "read"}};
  const auto found = texts.find(field);
  return found == texts.end() ? "text" : found->second;
}

const TypeTable* reference(const TypeTable& type, std::size_t field) {
  const auto place = type.type_codes[field].sequence_ref;
  return place >= 0 ? type.type_refs[place]() : nullptr;
}

class Filler {
 public:
  Filler(flatbuffers::FlatBufferBuilder& builder, std::size_t kind)
      : builder_(builder), kind_(kind) {}

  Offset<void> table(const TypeTable& type, int depth) {
    std::vector<uoffset_t> offsets(type.num_elems);
    for (std::size_t field = 0; field < type.num_elems; ++field)
      offsets[field] = part(type, field, depth).o;
    const uoffset_t start = builder_.StartTable();
    for (std::size_t field = 0; field < type.num_elems; ++field) {
      const auto slot = flatbuffers::FieldIndexToOffset(static_cast<voffset_t>(field));
      if (offsets[field] != 0) builder_.AddOffset(slot, Offset<void>(offsets[field]));
      else if (!type.type_codes[field].is_repeating) inline_value(type, field, slot);
    }
    return builder_.EndTable(start);
  }

 private:
  std::size_t kind_of(const TypeTable& type) const { return 1 + kind_ % (type.num_elems - 1); }

  /// What stands outside the table; none for the rest.
  Offset<void> part(const TypeTable& type, std::size_t field, int depth) {
    const auto code = type.type_codes[field];
    const TypeTable* sub = reference(type, field);
    const bool is_text = code.base_type == flatbuffers::ET_STRING;
    const bool is_table = code.base_type == flatbuffers::ET_SEQUENCE && depth < depth_max &&
                          sub->st == flatbuffers::ST_TABLE;
    const std::string_view name = type.names[field];
    if (is_text && code.is_repeating)
      return builder_.CreateVectorOfStrings({text_for(name)}).Union();
    if (is_text) return builder_.CreateString(text_for(name)).Union();
    if (is_table && code.is_repeating) {
      const std::vector list(2, table(*sub, depth + 1));
      return builder_.CreateVector(list).Union();
    }
    if (is_table) return table(*sub, depth + 1);
    if (code.base_type == flatbuffers::ET_SEQUENCE && sub->st == flatbuffers::ST_UNION)
      return table(*reference(*sub, kind_of(*sub)), depth + 1);
    if (!code.is_repeating || code.base_type == flatbuffers::ET_SEQUENCE) return 0;
    const auto size = flatbuffers::InlineSize(static_cast<ElementaryType>(code.base_type), sub);
    // As long as a key, where it is bytes.
    const std::size_t count = size == 1 ? 32 : 4;
    builder_.StartVector(count, size);
    for (std::size_t byte = 0; byte < count * size; ++byte)
      builder_.PushElement(static_cast<std::uint8_t>(byte % size == 0));
    return Offset<void>(builder_.EndVector(count));
  }

  void inline_value(const TypeTable& type, std::size_t field, voffset_t slot) {
    const auto element = static_cast<ElementaryType>(type.type_codes[field].base_type);
    const TypeTable* sub = reference(type, field);
    if (element == flatbuffers::ET_UTYPE)
      return builder_.AddElement(slot, static_cast<std::uint8_t>(kind_of(*sub)), std::uint8_t{0});
    if (element == flatbuffers::ET_SEQUENCE) {
      const schema::Uuid id = support::made_id(kind_);
      if (sub->st == flatbuffers::ST_STRUCT) builder_.AddStruct(slot, &id);
      return;
    }
    if (element == flatbuffers::ET_STRING) return;
    const bool off = std::string_view(type.names[field]) == "dry_run";
    switch (flatbuffers::InlineSize(element, sub)) {
      case 1: return builder_.AddElement<std::uint8_t>(slot, off ? 0 : 1, 9);
      case 2: return builder_.AddElement<std::uint16_t>(slot, 1, 9);
      case 4: return builder_.AddElement<std::uint32_t>(slot, 1, 9);
      case 8: return builder_.AddElement<std::uint64_t>(slot, 1, 9);
    }
  }

  flatbuffers::FlatBufferBuilder& builder_;
  std::size_t kind_;
};

}  // namespace

std::vector<std::uint8_t> filled(const TypeTable& type, const char* identifier, std::size_t kind) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Filler(builder, kind).table(type, 0), identifier);
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace postern::fuzz
