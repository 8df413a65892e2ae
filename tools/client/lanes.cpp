#include "tools/client/lanes.h"

#include <cerrno>
#include <cstring>

#include "schema/signed_message.h"

namespace postern::client {
namespace {

Options with_bounded_time(Options options) {
  options.timeout = bounded(options.timeout);
  return options;
}

bool is_tcp(const std::string& address) { return address.starts_with("tcp://"); }

}  // namespace

Error cancelled(const schema::Uuid& command) {
  return {ErrorKind::busy,
          "It is not known whether the command " + uuid_text(command) +
              " was done: it was cancelled after it was sent.",
          "Send the same again with the same id: the daemon then says what became of it."};
}

Result<std::unique_ptr<Lanes>> Lanes::make(Options options) {
  const bool tcp = is_tcp(options.commands) || is_tcp(options.queries) || is_tcp(options.history);
  if (tcp && !(options.server_key && options.keys)) {
    return std::unexpected(
        Error{ErrorKind::usage,
              "A tcp address needs the server's public key and a key pair of one's own.",
              "Give both, or use the ipc address."});
  }
  auto lanes = std::make_unique<Lanes>(std::move(options));
  if (lanes->watch.descriptor() < 0)
    return std::unexpected(Error{
        ErrorKind::input_output,
        "The system gives no descriptor to wait on: " + std::string(std::strerror(errno)) + ".",
        "Raise the limit of open files of this process."});
  return lanes;
}

Lanes::Lanes(Options given)
    : options(with_bounded_time(std::move(given))),
      own_context(options.context == nullptr ? shared_context() : nullptr),
      surroundings{own_context ? own_context.get() : options.context, options, watch},
      commands(surroundings, options.commands),
      history(surroundings, last_id),
      queries(surroundings, history, last_id) {}

Result<schema::Uuid> Lanes::send(schema::CommandMessageT& message,
                                 std::chrono::milliseconds spent) {
  if (!message.id) message.id = std::make_unique<schema::Uuid>(make_uuid());
  const schema::Uuid id = *message.id;
  const auto hashing = time_to_hash(message);
  // Its place in the message; what it says is known when the bytes are.
  message.signature.assign(options.signing_seed ? schema::signature_bytes : 0, 0);
  auto bytes = pack(message, options.signing_seed ? &*options.signing_seed : nullptr);
  queries.forget_changed(message);
  wipe_secrets(message);
  if (!bytes) return std::unexpected(std::move(bytes).error());
  auto sent = commands.send({.ticket = ticket_of_id(id),
                             .bytes = std::move(*bytes),
                             .extra_time = hashing,
                             .spent = spent});
  if (!sent) return std::unexpected(std::move(sent).error());
  return id;
}

void Lanes::turn() {
  commands.turn();
  queries.turn();
  history.turn();
}

void Lanes::show() {
  const bool uncollected =
      commands.ended().size() + queries.ended().size() + history.ended().size() > 0;
  watch.set_raised(uncollected || due() == SteadyClock::time_point::min());
}

}  // namespace postern::client
