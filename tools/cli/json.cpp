#include "tools/cli/json.h"

#include <command_bfbs_generated.h>
#include <flatbuffers/idl.h>
#include <strings.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "schema/cleared_text.h"
#include "tools/cli/text.h"
#include "tools/client/client.h"
#include "tools/client/event_json.h"

namespace postern::cli {
namespace {

namespace json = boost::json;
using flatbuffers::ElementaryType;
using flatbuffers::TypeTable;

const TypeTable* reference(const TypeTable& type, std::size_t field) {
  const auto place = type.type_codes[field].sequence_ref;
  return place >= 0 ? type.type_refs[place]() : nullptr;
}

bool is_uuid(const TypeTable* type) { return type == schema::UuidTypeTable(); }
bool is_public_key(const TypeTable* type) { return type == schema::PublicKeyTypeTable(); }

bool is_bytes(const TypeTable& type, std::size_t field) {
  const auto code = type.type_codes[field];
  return code.base_type == flatbuffers::ET_UCHAR && code.is_repeating && code.sequence_ref < 0;
}

/// The name without "_ns", if it is a time.
std::optional<std::string_view> time_name(std::string_view name) {
  if (!name.ends_with("_ns")) return std::nullopt;
  return name.substr(0, name.size() - 3);
}

// ---- out

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
    return json::value(client::uuid_text(*reinterpret_cast<const schema::Uuid*>(place)));
  }
  const auto* table = follow(place);
  if (!is_public_key(&type)) return object_of(table, type);
  const auto* key = reinterpret_cast<const schema::PublicKey*>(table)->bytes();
  client::Key bytes{};
  if (key == nullptr || key->size() != bytes.size()) return object_of(table, type);
  std::ranges::copy(*key, bytes.begin());
  return json::value(client::key_text(bytes));
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
      if (part == schema::EventBodyTypeTable()) client::tell_absent(body, *member);
    } else {
      object[name] = value_of(place, element, part);
    }
  }
  return object;
}

std::string plain_text(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

// ---- in

namespace {

/// What is wrong goes to `problem`, if nothing has before.
json::value as_schema_form(json::value value, const TypeTable* type, std::string& problem);

/// "time": "2026-…" becomes "time_ns".
void turn_time(json::object& object, std::string_view field, std::string& problem) {
  const auto name = time_name(field);
  const auto* value = name ? object.if_contains(*name) : nullptr;
  if (value == nullptr || !value->is_string() || object.contains(field)) return;
  const auto time_ns = read_time(value->as_string());
  if (!time_ns) {
    if (problem.empty()) problem = std::string(*name) + ": " + wanted_time;
    return;
  }
  object.erase(*name);
  object[field] = *time_ns;
}

/// From our forms to those the schema compiler's parser reads; what does not fit is left for it to
/// refuse.
void turn_object(json::object& object, const TypeTable& type, std::string& problem) {
  for (std::size_t field = 0; field < type.num_elems; ++field) {
    turn_time(object, type.names[field], problem);
    auto* value = object.if_contains(type.names[field]);
    if (value == nullptr) continue;
    const auto* part = reference(type, field);
    if (is_bytes(type, field) && value->is_string()) {
      if (const auto bytes = parse_hex(value->as_string()))
        *value = json::array(bytes->begin(), bytes->end());
    } else if (part != nullptr && part->st == flatbuffers::ST_UNION) {
      const auto* kind = object.if_contains(std::string(type.names[field]) + "_type");
      if (kind == nullptr || !kind->is_string()) continue;
      for (std::size_t member = 1; member < part->num_elems; ++member)
        if (kind->as_string() == part->names[member])
          *value = as_schema_form(std::move(*value), reference(*part, member), problem);
    } else if (part != nullptr) {
      *value = as_schema_form(std::move(*value), part, problem);
    }
  }
}

/// Names of values are taken in any case; what is none is left for the parser to refuse.
std::string name_in_schema(const std::string& text, const TypeTable& names) {
  for (std::size_t value = 0; value < names.num_elems; ++value)
    if (::strcasecmp(text.c_str(), names.names[value]) == 0) return names.names[value];
  return text;
}

json::value as_schema_form(json::value value, const TypeTable* type, std::string& problem) {
  if (value.is_array()) {
    for (auto& element : value.as_array())
      element = as_schema_form(std::move(element), type, problem);
  } else if (value.is_object() && type->st == flatbuffers::ST_TABLE) {
    turn_object(value.as_object(), *type, problem);
  } else if (value.is_string() && type->st == flatbuffers::ST_ENUM) {
    return json::string(name_in_schema(std::string(value.as_string()), *type));
  } else if (value.is_string() && is_uuid(type)) {
    if (const auto id = client::parse_uuid(value.as_string()))
      return json::object{{"high", id->high()}, {"low", id->low()}};
  } else if (value.is_string() && is_public_key(type)) {
    if (const auto key = client::parse_key(value.as_string()))
      return json::object{{"bytes", json::array(key->begin(), key->end())}};
  }
  return value;
}

}  // namespace

std::expected<schema::CommandMessageT, std::string> message_from_json(std::string_view text) {
  // What some editors put in front of a text.
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  json::error_code error;
  auto value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) return std::unexpected("It is no JSON: " + error.message() + ".");
  if (!value.is_object()) return std::unexpected("It is no JSON object.");
  std::string problem;
  value = as_schema_form(std::move(value), schema::CommandMessageTypeTable(), problem);
  if (!problem.empty()) return std::unexpected(std::move(problem));
  std::string schema_form = json::serialize(value);

  flatbuffers::Parser parser;
  using Schema = schema::CommandMessageBinarySchema;
  if (!parser.Deserialize(Schema::data(), Schema::size()) ||
      !parser.ParseJson(schema_form.c_str())) {
    client::wipe(schema_form);
    return std::unexpected("It does not fit the schema: " + parser.error_);
  }
  client::wipe(schema_form);
  schema::CommandMessageT message;
  const auto* packed =
      flatbuffers::GetRoot<schema::CommandMessage>(parser.builder_.GetBufferPointer());
  packed->UnPackTo(&message);
  schema::mark_cleared_texts(*packed, message);
  for (const auto& command : message.commands)
    if (command->body.value == nullptr) return std::unexpected("A command has no body.");
  return message;
}

}  // namespace postern::cli
