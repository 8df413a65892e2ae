// Events made by the schema's own tables, field by field, so that a field that is added later is
// tried without a line of code. Functions without state, for any thread.
#pragma once

#include <flatbuffers/minireflect.h>

#include <functional>
#include <string>
#include <vector>

#include "event_generated.h"

namespace postern::support {

using flatbuffers::TypeTable;

/// What stands in a field: nothing, or one of two values that differ. A list of tables has one
/// entry, then two; a list of numbers four, then eight.
enum class Content { absent, first, second };

/// Of a field, named by its way from the event's kind on: "UserCreated.settings.networks.entries".
using ContentOf = std::function<Content(const std::string& way)>;

struct ReflectedField {
  std::string way;
  bool is_table;
};

namespace reflected {

inline const TypeTable* type_of(const TypeTable& table, std::size_t field) {
  const auto place = table.type_codes[field].sequence_ref;
  return place < 0 ? nullptr : table.type_refs[place]();
}

inline bool is_table(const TypeTable* type) {
  return type != nullptr && type->st == flatbuffers::ST_TABLE;
}

inline void list_fields(const TypeTable& table, const std::string& above,
                        std::vector<ReflectedField>& fields) {
  for (std::size_t field = 0; field < table.num_elems; ++field) {
    const std::string way = above + "." + table.names[field];
    const TypeTable* type = type_of(table, field);
    const bool is_list = table.type_codes[field].is_repeating;
    fields.push_back({way, is_table(type) && !is_list});
    if (is_table(type)) list_fields(*type, way, fields);
  }
}

class Maker {
 public:
  Maker(flatbuffers::FlatBufferBuilder& builder, const ContentOf& content_of)
      : builder_(builder), content_of_(content_of) {}

  flatbuffers::uoffset_t make(const TypeTable& table, const std::string& above) {
    std::vector<flatbuffers::uoffset_t> parts(table.num_elems);
    for (std::size_t field = 0; field < table.num_elems; ++field)
      parts[field] = part_of(table, field, above + "." + table.names[field]);
    const auto start = builder_.StartTable();
    for (std::size_t field = 0; field < table.num_elems; ++field) {
      const auto place =
          flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(field));
      if (parts[field] != 0)
        builder_.AddOffset(place, flatbuffers::Offset<void>(parts[field]));
      else
        add_value(table, field, place, content_of_(above + "." + table.names[field]));
    }
    return builder_.EndTable(start);
  }

 private:
  using Code = flatbuffers::ElementaryType;

  /// What a field's own place only points to; 0: nothing, or it stands there itself.
  flatbuffers::uoffset_t part_of(const TypeTable& table, std::size_t field,
                                 const std::string& way) {
    const Content content = content_of_(way);
    if (content == Content::absent) return 0;
    const auto code = static_cast<Code>(table.type_codes[field].base_type);
    const TypeTable* type = type_of(table, field);
    const bool twice = content == Content::second;
    const auto text = [&] { return builder_.CreateString(twice ? "two" : "one"); };
    if (!table.type_codes[field].is_repeating) {
      if (code == flatbuffers::ET_STRING) return text().o;
      return is_table(type) ? make(*type, way) : 0;
    }
    if (code == flatbuffers::ET_STRING)
      return builder_.CreateVector(std::vector{text()}).o;
    if (is_table(type)) {
      std::vector<flatbuffers::Offset<void>> entries{make(*type, way)};
      if (twice) entries.emplace_back(make(*type, way));
      return builder_.CreateVector(entries).o;
    }
    const std::size_t count = twice ? 8 : 4;
    if (code == flatbuffers::ET_UCHAR) return list_of<std::uint8_t>(count);
    if (code == flatbuffers::ET_UINT) return list_of<std::uint32_t>(count);
    return list_of<std::uint64_t>(count);
  }

  template <class Number>
  flatbuffers::uoffset_t list_of(std::size_t count) {
    return builder_.CreateVector(std::vector<Number>(count, 1)).o;
  }

  void add_value(const TypeTable& table, std::size_t field, flatbuffers::voffset_t place,
                 Content content) {
    const auto form = table.type_codes[field];
    if (content == Content::absent || form.is_repeating) return;
    const std::uint8_t number = content == Content::first ? 1 : 2;
    const auto code = static_cast<Code>(form.base_type);
    if (code == flatbuffers::ET_SEQUENCE) {
      const schema::Uuid id(0, number);
      builder_.AddStruct(place, &id);
    } else if (code == flatbuffers::ET_BOOL) {
      builder_.AddElement<std::uint8_t>(place, content == Content::first ? 1 : 0);
    } else if (code == flatbuffers::ET_UCHAR) {
      builder_.AddElement<std::uint8_t>(place, number);
    } else if (code == flatbuffers::ET_USHORT) {
      builder_.AddElement<std::uint16_t>(place, number);
    } else if (code == flatbuffers::ET_UINT) {
      builder_.AddElement<std::uint32_t>(place, number);
    } else {
      builder_.AddElement<std::uint64_t>(place, number);
    }
  }

  flatbuffers::FlatBufferBuilder& builder_;
  const ContentOf& content_of_;
};

inline const TypeTable& body_of(schema::EventBody kind) {
  return *type_of(*schema::EventBodyTypeTable(), static_cast<std::size_t>(kind));
}

}  // namespace reflected

/// Every field of a kind of event, those of the tables within behind their own.
inline std::vector<ReflectedField> fields_of(schema::EventBody kind) {
  std::vector<ReflectedField> fields;
  reflected::list_fields(reflected::body_of(kind), schema::EnumNameEventBody(kind), fields);
  return fields;
}

inline schema::EventT reflected_event(schema::EventBody kind, const ContentOf& content_of) {
  flatbuffers::FlatBufferBuilder builder;
  builder.ForceDefaults(true);
  const auto body = reflected::Maker(builder, content_of)
                        .make(reflected::body_of(kind), schema::EnumNameEventBody(kind));
  builder.Finish(schema::CreateEvent(builder, nullptr, 0, kind, flatbuffers::Offset<void>(body)));
  schema::EventT event;
  flatbuffers::GetRoot<schema::Event>(builder.GetBufferPointer())->UnPackTo(&event);
  return event;
}

}  // namespace postern::support
