#include "tools/text/json_message.h"

#include <command_bfbs_generated.h>
#include <flatbuffers/idl.h>
#include <string.h>
#include <strings.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "schema/cleared_text.h"
#include "tools/text/ids.h"
#include "tools/text/message_form.h"
#include "tools/text/times.h"

namespace postern::text {
namespace {

namespace json = boost::json;
using flatbuffers::TypeTable;

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
    if (const auto id = parse_uuid(value.as_string()))
      return json::object{{"high", id->high()}, {"low", id->low()}};
  } else if (value.is_string() && is_public_key(type)) {
    if (const auto key = parse_key(value.as_string()))
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
  // It may hold a password.
  std::string schema_form = json::serialize(value);
  const std::unique_ptr<std::string, void (*)(std::string*)> wiper(
      &schema_form, [](std::string* text) { ::explicit_bzero(text->data(), text->size()); });

  flatbuffers::Parser parser;
  using Schema = schema::CommandMessageBinarySchema;
  if (!parser.Deserialize(Schema::data(), Schema::size()) || !parser.ParseJson(schema_form.c_str()))
    return std::unexpected("It does not fit the schema: " + parser.error_);
  schema::CommandMessageT message;
  const auto* packed =
      flatbuffers::GetRoot<schema::CommandMessage>(parser.builder_.GetBufferPointer());
  packed->UnPackTo(&message);
  schema::mark_cleared_texts(*packed, message);
  for (const auto& command : message.commands)
    if (command->body.value == nullptr) return std::unexpected("A command has no body.");
  return message;
}

}  // namespace postern::text
