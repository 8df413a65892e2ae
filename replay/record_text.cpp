#include "replay/record_text.h"

#include <flatbuffers/minireflect.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstring>

#include "tools/client/event_json.h"
#include "tools/client/shown.h"

namespace postern::replay {

namespace {

namespace json = boost::json;
using flatbuffers::ElementaryType;
using flatbuffers::TypeTable;

// ---- tables

const std::uint8_t* follow(const std::uint8_t* place) {
  return place + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(place);
}

/// A field, or an element of a list: what type it has, and for structured ones which.
struct Form {
  ElementaryType element;
  const TypeTable* type;
};

Form form_of(const TypeTable& table, std::size_t field) {
  const auto code = table.type_codes[field];
  return {static_cast<ElementaryType>(code.base_type),
          code.sequence_ref >= 0 ? table.type_refs[code.sequence_ref]() : nullptr};
}

json::object object_at(const std::uint8_t* place, const TypeTable& type);

/// Whole numbers alone: the schema of records has no others.
json::value number_at(const std::uint8_t* place, const Form& form) {
  std::uint64_t number = 0;
  std::memcpy(&number, place, flatbuffers::InlineSize(form.element, form.type));
  if (form.element == flatbuffers::ET_BOOL) return number != 0;
  if (const char* name = flatbuffers::EnumName(number, form.type)) return name;
  return number;
}

json::value value_at(const std::uint8_t* place, const Form& form) {
  if (form.element == flatbuffers::ET_STRING)
    return json::value(
        client::valid_utf8(reinterpret_cast<const flatbuffers::String*>(follow(place))->str()));
  if (form.element != flatbuffers::ET_SEQUENCE) return number_at(place, form);
  if (form.type == schema::UuidTypeTable())
    return json::value(uuid_text(*reinterpret_cast<const schema::Uuid*>(place)));
  if (form.type != schema::PublicKeyTypeTable()) return object_at(follow(place), *form.type);
  const auto* key = reinterpret_cast<const schema::PublicKey*>(follow(place))->bytes();
  return key == nullptr ? json::value() : json::value(z85_text({key->begin(), key->end()}));
}

bool is_bytes(const Form& form) {
  return form.element == flatbuffers::ET_UCHAR && form.type == nullptr;
}

json::value list_at(const std::uint8_t* place, const Form& form) {
  const auto& list = *reinterpret_cast<const flatbuffers::Vector<std::uint8_t>*>(follow(place));
  if (is_bytes(form))
    return json::value(hex_text(std::as_bytes(std::span(list.data(), list.size()))));
  json::array values;
  const std::size_t size = flatbuffers::InlineSize(form.element, form.type);
  for (flatbuffers::uoffset_t i = 0; i < list.size(); ++i)
    values.push_back(value_at(list.Data() + i * size, form));
  return values;
}

json::object object_at(const std::uint8_t* table, const TypeTable& type) {
  json::object object;
  std::size_t union_kind = 0;
  for (std::size_t field = 0; field < type.num_elems; ++field) {
    const auto* place = reinterpret_cast<const flatbuffers::Table*>(table)->GetAddressOf(
        flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(field)));
    const Form form = form_of(type, field);
    const std::string_view name = type.names[field];
    const bool is_union = form.type != nullptr && form.type->st == flatbuffers::ST_UNION;
    const bool is_list = type.type_codes[field].is_repeating;
    if (place == nullptr) {
      if (is_list && !is_bytes(form)) object[name] = json::array();
    } else if (is_list) {
      object[name] = list_at(place, form);
    } else if (form.element == flatbuffers::ET_UTYPE) {
      union_kind = *place;
      object[name] = number_at(place, form);
    } else if (is_union) {
      // Events alone have one.
      const TypeTable& body = *form_of(*form.type, union_kind).type;
      object[name] = object_at(follow(place), body);
      client::tell_absent(object[name].as_object(), body);
    } else if (name.ends_with("_ns")) {
      // A zero means that there is none, of a key's expiry as of a file's time.
      const auto time_ns = flatbuffers::ReadScalar<std::int64_t>(place);
      if (time_ns != 0) object[name.substr(0, name.size() - 3)] = time_text(time_ns);
    } else {
      object[name] = value_at(place, form);
    }
  }
  return object;
}

}  // namespace

json::object to_json(const schema::Record& record) {
  flatbuffers::FlatBufferBuilder builder;
  // So that a false and a 0 are said, not left out.
  builder.ForceDefaults(true);
  schema::RecordT native;
  record.UnPackTo(&native);
  builder.Finish(schema::CreateRecord(builder, &native));
  const auto* root = flatbuffers::GetRoot<schema::Record>(builder.GetBufferPointer());
  return object_at(reinterpret_cast<const std::uint8_t*>(root), *schema::RecordTypeTable());
}

std::string uuid_text(const schema::Uuid& id) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", id.high() >> 32,
                     id.high() >> 16 & 0xffff, id.high() & 0xffff, id.low() >> 48,
                     id.low() & 0xffff'ffff'ffff);
}

std::string time_text_short(std::int64_t time_ns) {
  const std::chrono::sys_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(time_ns)};
  return fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(time));
}

std::string time_text(std::int64_t time_ns) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  std::string text = time_text_short(time_ns);
  text.pop_back();
  return fmt::format("{}.{:09}Z", text, (time_ns % second_ns + second_ns) % second_ns);
}

std::string json_text(const json::object& object) {
  return client::shown_json(json::serialize(object));
}

std::string hex_text(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

std::string z85_text(const std::vector<std::uint8_t>& bytes) {
  constexpr std::string_view digits =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
  std::string text;
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t value = 0;
    for (std::size_t k = i; k < i + 4; ++k) value = value << 8 | bytes[k];
    for (std::uint32_t divisor = 85 * 85 * 85 * 85; divisor != 0; divisor /= 85)
      text += digits[value / divisor % 85];
  }
  return text;
}

}  // namespace postern::replay
