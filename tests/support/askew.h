// A list whose numbers do not lie at multiples of their size, which no builder makes.
#pragma once

#include <flatbuffers/flatbuffers.h>

namespace postern::support {

/// The table's list of numbers of eight bytes leads four further, into its own first number, which
/// is how many there are then: between 1 and one less than there were. `table` may be written to.
template <class Table>
void put_askew(const Table& table, flatbuffers::voffset_t field) {
  const auto& fields = reinterpret_cast<const flatbuffers::Table&>(table);
  auto* const offset = const_cast<std::uint8_t*>(fields.GetAddressOf(field));
  flatbuffers::WriteScalar(offset, flatbuffers::ReadScalar<flatbuffers::uoffset_t>(offset) + 4);
}

}  // namespace postern::support
