// A batch as `postern send` reads it: a message that can be packed, passes the daemon's gate and is
// told again as JSON that says the same, or what is wrong with the text.
#include "tools/text/json.h"

#include <boost/json/serialize.hpp>

#include "daemon/platform/require.h"
#include "daemon/service/inbound.h"
#include "tests/fuzz/target.h"
#include "tools/client/gate.h"
#include "tools/text/json_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  const auto message = text::message_from_json(fuzz::text_of(data, size));
  if (!message) {
    require(!message.error().empty());
    return 0;
  }
  const std::string told = boost::json::serialize(text::to_json(*message));
  require(!told.empty());
  const auto retold = text::message_from_json(told);
  // As texts: an absent and an empty one are told alike.
  require(retold.has_value() && boost::json::serialize(text::to_json(*retold)) == told);
  const auto packed = client::pack(*message);
  require(packed.has_value());
  const auto opened = service::open_message<schema::CommandMessage>(
      std::as_bytes(std::span((*packed)->data(), (*packed)->size())),
      schema::command_message_identifier, service::command_limits);
  if (!opened) return 0;
  const auto native = std::unique_ptr<schema::CommandMessageT>((*opened)->UnPack());
  require(*native == *message);
  return 0;
}
