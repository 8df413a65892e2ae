// A command's bytes on their whole way: gate, secrets, rules, record, and the record read back.
#include "tests/fuzz/desk.h"
#include "tests/fuzz/target.h"
#include "tests/support/world.h"

namespace {

using namespace postern;

/// A byte of the message, as good as any, says who sends it.
domain::Operator asker_of(const fuzz::Desk& desk, std::span<const std::byte> bytes) {
  const std::size_t size = bytes.size();
  const unsigned choice = size == 0 ? 0 : std::to_integer<unsigned>(bytes[size / 2]) % 8;
  if (choice < 4) return desk.owner();
  constexpr schema::Role roles[] = {schema::Role::administrator, schema::Role::manager,
                                    schema::Role::service, schema::Role::daemon};
  return support::an_operator(roles[choice - 4]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::Desk desk;
  const auto bytes = fuzz::bytes_of(data, size);
  desk.take(bytes, asker_of(desk, bytes));
  desk.rewind();
  return 0;
}
