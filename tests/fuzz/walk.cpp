#include "tests/fuzz/walk.h"

#include "daemon/platform/require.h"

namespace postern::fuzz {

namespace {

using flatbuffers::ElementaryType;
using flatbuffers::TypeTable;
using flatbuffers::uoffset_t;
using flatbuffers::voffset_t;

const TypeTable* reference(const TypeTable& type, std::size_t field) {
  const auto place = type.type_codes[field].sequence_ref;
  return place >= 0 ? type.type_refs[place]() : nullptr;
}

class Walk {
 public:
  explicit Walk(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::size_t table(std::size_t at, const TypeTable& type) {
    ++reached_;
    const auto to_vtable = read<flatbuffers::soffset_t>(at);
    const auto vtable = static_cast<std::int64_t>(at) - to_vtable;
    require(vtable >= 0);
    const auto vtable_at = static_cast<std::size_t>(vtable);
    const std::size_t vtable_size = read<voffset_t>(vtable_at);
    within(vtable_at, vtable_size);
    std::uint8_t kind = 0;
    for (std::size_t field = 0; field < type.num_elems; ++field) {
      const std::size_t slot = flatbuffers::FieldIndexToOffset(static_cast<voffset_t>(field));
      const std::size_t offset =
          slot + sizeof(voffset_t) <= vtable_size ? read<voffset_t>(vtable_at + slot) : 0;
      if (offset != 0) value_of_field(at + offset, type, field, kind);
      const bool is_kind = type.type_codes[field].base_type == flatbuffers::ET_UTYPE;
      kind = is_kind && offset != 0 ? read<std::uint8_t>(at + offset) : std::uint8_t{0};
    }
    return reached_;
  }

  std::size_t follow(std::size_t at) { return at + read<uoffset_t>(at); }

 private:
  void within(std::size_t at, std::size_t size) const {
    require(at <= bytes_.size() && size <= bytes_.size() - at);
  }

  /// Of an element of so many bytes: structs have numbers of eight bytes.
  static std::size_t alignment_of(std::size_t size, const TypeTable* type) {
    return type != nullptr && type->st == flatbuffers::ST_STRUCT ? sizeof(std::uint64_t) : size;
  }

  template <class Number>
  Number read(std::size_t at) {
    within(at, sizeof(Number));
    require(at % sizeof(Number) == 0);
    return flatbuffers::ReadScalar<Number>(bytes_.data() + at);
  }

  /// `kind`: of the union, where the field is one.
  void value_of_field(std::size_t at, const TypeTable& type, std::size_t field, std::uint8_t kind) {
    const auto code = type.type_codes[field];
    const auto element = static_cast<ElementaryType>(code.base_type);
    const TypeTable* part = reference(type, field);
    const bool is_union = part != nullptr && part->st == flatbuffers::ST_UNION &&
                          element == flatbuffers::ET_SEQUENCE;
    if (code.is_repeating) return list(follow(at), element, part);
    if (!is_union) return value(at, element, part);
    // A kind that nobody here knows has accessors for nothing.
    if (kind != 0 && kind < part->num_elems) table(follow(at), *reference(*part, kind));
  }

  void list(std::size_t at, ElementaryType element, const TypeTable* type) {
    const std::size_t count = read<uoffset_t>(at);
    const std::size_t size = flatbuffers::InlineSize(element, type);
    const std::size_t first = at + sizeof(uoffset_t);
    within(first, count * size);
    require(count == 0 || first % alignment_of(size, type) == 0);
    const bool is_plain = element != flatbuffers::ET_STRING && element != flatbuffers::ET_SEQUENCE;
    const bool is_struct = type != nullptr && type->st == flatbuffers::ST_STRUCT;
    if (is_plain || is_struct) return;
    for (std::size_t place = 0; place < count; ++place) value(first + place * size, element, type);
  }

  void value(std::size_t at, ElementaryType element, const TypeTable* type) {
    if (element == flatbuffers::ET_STRING) {
      ++reached_;
      const std::size_t text = follow(at);
      const std::size_t size = read<uoffset_t>(text);
      within(text + sizeof(uoffset_t), size + 1);
      require(bytes_[text + sizeof(uoffset_t) + size] == 0);
    } else if (element != flatbuffers::ET_SEQUENCE) {
      within(at, flatbuffers::InlineSize(element, type));
    } else if (type->st == flatbuffers::ST_STRUCT) {
      within(at, flatbuffers::InlineSize(element, type));
    } else {
      table(follow(at), *type);
    }
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t reached_ = 0;
};

}  // namespace

std::size_t walk(std::span<const std::uint8_t> bytes, const TypeTable& type) {
  require(reinterpret_cast<std::uintptr_t>(bytes.data()) % 16 == 0);
  Walk walk(bytes);
  return walk.table(walk.follow(0), type);
}

}  // namespace postern::fuzz
