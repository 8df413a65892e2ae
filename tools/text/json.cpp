#include "tools/text/json.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <span>

#include "event_generated.h"
#include "tools/text/ids.h"
#include "tools/text/message_form.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"

namespace postern::text {
namespace {

namespace json = boost::json;
using flatbuffers::ElementaryType;
using flatbuffers::TypeTable;

const std::uint8_t* follow(const std::uint8_t* place) {
  return place + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(place);
}

std::span<const std::uint8_t> bytes_at(const std::uint8_t* place) {
  const auto* vector = reinterpret_cast<const flatbuffers::Vector<std::uint8_t>*>(follow(place));
  return {vector->data(), vector->size()};
}

template <class Number>
json::value number_or_name(const std::uint8_t* place, const TypeTable* names) {
  const auto number = flatbuffers::ReadScalar<Number>(place);
  if (const char* name = flatbuffers::EnumName(number, names)) return name;
  return number;
}

json::value sequence_of(const std::uint8_t* place, const TypeTable& type) {
  if (type.st == flatbuffers::ST_STRUCT) {
    // Uuid is the schema's only struct.
    return json::value(uuid_text(*reinterpret_cast<const schema::Uuid*>(place)));
  }
  const auto* table = follow(place);
  if (!is_public_key(&type)) return object_of(table, type);
  const auto* key = reinterpret_cast<const schema::PublicKey*>(table)->bytes();
  if (key == nullptr || key->size() != public_key_bytes) return object_of(table, type);
  return json::value(key_text({key->data(), key->size()}));
}

json::value value_of(const std::uint8_t* place, ElementaryType element, const TypeTable* type) {
  switch (element) {
    case flatbuffers::ET_UTYPE:
    case flatbuffers::ET_UCHAR:
      return number_or_name<std::uint8_t>(place, type);
    case flatbuffers::ET_BOOL:
      return *place != 0;
    case flatbuffers::ET_CHAR:
      return number_or_name<std::int8_t>(place, type);
    case flatbuffers::ET_SHORT:
      return number_or_name<std::int16_t>(place, type);
    case flatbuffers::ET_USHORT:
      return number_or_name<std::uint16_t>(place, type);
    case flatbuffers::ET_INT:
      return number_or_name<std::int32_t>(place, type);
    case flatbuffers::ET_UINT:
      return number_or_name<std::uint32_t>(place, type);
    case flatbuffers::ET_LONG:
      return number_or_name<std::int64_t>(place, type);
    case flatbuffers::ET_ULONG:
      return number_or_name<std::uint64_t>(place, type);
    case flatbuffers::ET_FLOAT:
      return flatbuffers::ReadScalar<float>(place);
    case flatbuffers::ET_DOUBLE:
      return flatbuffers::ReadScalar<double>(place);
    case flatbuffers::ET_STRING: {
      const auto* text = reinterpret_cast<const flatbuffers::String*>(follow(place));
      return json::value(valid_utf8({text->c_str(), text->size()}));
    }
    case flatbuffers::ET_SEQUENCE:
      return sequence_of(place, *type);
  }
  return nullptr;
}

json::value list_of(const std::uint8_t* place, ElementaryType element, const TypeTable* type) {
  const auto* vector = reinterpret_cast<const flatbuffers::Vector<std::uint8_t>*>(follow(place));
  const auto size = flatbuffers::InlineSize(element, type);
  json::array list;
  for (std::size_t index = 0; index < vector->size(); ++index)
    list.push_back(value_of(vector->Data() + index * size, element, type));
  return list;
}

/// The type of a union's value, by the kind that stands in the field before it.
const TypeTable* member_of(const TypeTable& body, const std::uint8_t* kind) {
  const std::size_t number = kind != nullptr ? flatbuffers::ReadScalar<std::uint8_t>(kind) : 0;
  return number != 0 && number < body.num_elems ? reference(body, number) : nullptr;
}

/// Adds to an event's body every field that is not told, as null, here and in the tables within: so
/// that what was cleared is told too. Sealed bytes are left as they are, as not everybody is given
/// them.
void tell_absent(json::object& object, const TypeTable& type) {
  for (std::size_t field = 0; field < type.num_elems; ++field) {
    std::string_view name = type.names[field];
    if (name.starts_with("sealed_")) continue;
    if (const auto time = time_name(name); time && !object.contains(name)) name = *time;
    json::value& value = object[name];
    const TypeTable* part = reference(type, field);
    if (part == nullptr) continue;
    if (value.is_object()) tell_absent(value.as_object(), *part);
    if (!value.is_array()) continue;
    for (json::value& entry : value.as_array())
      if (entry.is_object()) tell_absent(entry.as_object(), *part);
  }
}

}  // namespace

json::object object_of(const std::uint8_t* table, const TypeTable& type) {
  json::object object;
  const auto place_of = [&](std::size_t field) {
    const auto offset = flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(field));
    return reinterpret_cast<const flatbuffers::Table*>(table)->GetAddressOf(offset);
  };
  for (std::size_t field = 0; field < type.num_elems; ++field) {
    const auto code = type.type_codes[field];
    const auto element = static_cast<ElementaryType>(code.base_type);
    const auto* place = place_of(field);
    const auto* part = reference(type, field);
    const std::string_view name = type.names[field];
    if (is_bytes(type, field)) {
      if (place != nullptr) object[name] = hex_text(bytes_at(place));
    } else if (code.is_repeating) {
      object[name] = place != nullptr ? list_of(place, element, part) : json::array();
    } else if (place == nullptr || (element == flatbuffers::ET_UTYPE && *place == 0)) {
      continue;
    } else if (const auto time = time_name(name)) {
      const auto time_ns = flatbuffers::ReadScalar<std::int64_t>(place);
      if (time_ns != 0) object[*time] = time_text(time_ns);
    } else if (part != nullptr && part->st == flatbuffers::ST_UNION &&
               element == flatbuffers::ET_SEQUENCE) {
      const auto* member = member_of(*part, place_of(field - 1));
      if (member == nullptr) continue;
      auto& body = object[name].emplace_object() = object_of(follow(place), *member);
      if (part == schema::EventBodyTypeTable()) tell_absent(body, *member);
    } else {
      object[name] = value_of(place, element, part);
    }
  }
  return object;
}

std::string json_text(const json::object& object) { return shown_json(json::serialize(object)); }

}  // namespace postern::text
