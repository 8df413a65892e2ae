// The schema's messages as JSON, by the tables the schema's compiler leaves with the generated
// code. Out: names as in the schema; ids in text form; times in RFC 3339, their name without `_ns`;
// bytes in hexadecimal; public keys in Z85; enums and kinds by name; what is absent is left out,
// but of an event's body every field is there, null where it has none. In: the same forms, for a
// batch of commands. Only for bytes made here: native objects come in, whose bytes have passed the
// client's gate.
#pragma once

#include <flatbuffers/flatbuffers.h>
#include <flatbuffers/minireflect.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <expected>
#include <string>
#include <string_view>

#include "command_generated.h"

namespace postern::cli {

/// The table at `table`; the caller made its bytes.
boost::json::object object_of(const std::uint8_t* table, const flatbuffers::TypeTable& type);

template <class Native>
boost::json::object to_json(const Native& native) {
  using Table = typename Native::TableType;
  flatbuffers::FlatBufferBuilder builder;
  // So that a false and a 0 are said, not left out.
  builder.ForceDefaults(true);
  builder.Finish(Table::Pack(builder, &native));
  const auto* root = flatbuffers::GetRoot<Table>(builder.GetBufferPointer());
  return object_of(reinterpret_cast<const std::uint8_t*>(root), *Table::MiniReflectTypeTable());
}

/// A string without its quotes; anything else as JSON.
std::string plain_text(const boost::json::value& value);

/// A batch of commands as `send` reads it; else what is wrong with it.
std::expected<schema::CommandMessageT, std::string> message_from_json(std::string_view text);

}  // namespace postern::cli
