#include "tools/client/lane.h"

#include "codes.h"

namespace postern::client {

Error unanswered(Trouble trouble, const std::string& address) {
  const std::string at = " at " + address;
  switch (trouble) {
    case Trouble::refused:
      return {ErrorKind::unreachable, "Nobody listens" + at + ".",
              "Start posternd, or correct the address."};
    case Trouble::denied:
      return {ErrorKind::not_permitted, "The daemon" + at + " does not let this key or user in.",
              "Use the key of an operator; an owner sees them with 'operator list'."};
    case Trouble::handshake:
      return {ErrorKind::protocol, "The handshake broke off" + at + ".",
              "Check that the server key is this daemon's and that the port is right."};
    case Trouble::lost:
      return {ErrorKind::unreachable, "The connection was lost" + at + " before an answer came.",
              "Ask again when the daemon is back; a command with the same id."};
    case Trouble::none:
      return {ErrorKind::unreachable, "No answer came in time" + at + ".",
              "Ask again, a command with the same id; check the daemon's diagnostics."};
  }
  return {ErrorKind::unreachable, "No answer came.", "Ask again."};
}

Error not_known(schema::Code code, const std::string& address) {
  return {ErrorKind::busy,
          "It is not known whether the command was done: it was sent more than once, and the "
          "daemon at " +
              address + " answered one sending with '" + std::string(schema::code_text(code).name) +
              "', another not at all.",
          "Send the same again with the same id: the daemon then says what became of it."};
}

}  // namespace postern::client
