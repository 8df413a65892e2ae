// What the JSON of an event's body says of fields that it has not. Functions without state, for any
// thread.
#pragma once

#include <flatbuffers/minireflect.h>

#include <boost/json/object.hpp>
#include <string_view>

namespace postern::client {

/// Adds every field that is not told, as null, here and in the tables within: so that what was
/// cleared is told too. Sealed bytes are left as they are, as not everybody is given them.
inline void tell_absent(boost::json::object& object, const flatbuffers::TypeTable& type) {
  constexpr std::string_view unit = "_ns";
  for (std::size_t field = 0; field < type.num_elems; ++field) {
    std::string_view name = type.names[field];
    if (name.starts_with("sealed_")) continue;
    if (name.ends_with(unit) && !object.contains(name)) name.remove_suffix(unit.size());
    boost::json::value& value = object[name];
    const auto place = type.type_codes[field].sequence_ref;
    if (place < 0) continue;
    const flatbuffers::TypeTable& part = *type.type_refs[place]();
    if (value.is_object()) tell_absent(value.as_object(), part);
    if (!value.is_array()) continue;
    for (boost::json::value& entry : value.as_array())
      if (entry.is_object()) tell_absent(entry.as_object(), part);
  }
}

}  // namespace postern::client
