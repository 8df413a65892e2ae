// The schema's messages as JSON, by the tables the schema's compiler leaves with the generated
// code, so a new field needs no line here. Names as in the schema; ids in text form; times in RFC
// 3339, their name without `_ns`; bytes in hexadecimal; public keys in Z85; enums and kinds by
// name; broken UTF-8 replaced; what is absent is left out, but of an event's body every field is
// there, null where it has none. Only for bytes made here: native objects come in, whose bytes have
// passed a gate. Functions without state, for any thread.
#pragma once

#include <flatbuffers/flatbuffers.h>
#include <flatbuffers/minireflect.h>

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

namespace postern::text {

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

/// One line, what deceives within its texts escaped.
std::string json_text(const boost::json::object& object);

}  // namespace postern::text
