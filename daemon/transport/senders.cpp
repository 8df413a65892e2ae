#include "daemon/transport/senders.h"

namespace postern::transport {

Senders::Senders() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  zmq_version(&major, &minor, &patch);
  is_usable_ = major == 4 && minor == 3 && patch == 4;
  for (Known& known : known_) zmq_msg_init(&known.kept);
}

Senders::~Senders() {
  for (Known& known : known_) zmq_msg_close(&known.kept);
}

void Senders::learn(zmq_msg_t& routing_id, const zmq_msg_t& payload, std::string_view identity) {
  const void* const properties = properties_of(payload);
  if (!is_usable_ || properties == nullptr || properties != properties_of(routing_id) ||
      zmq_msg_size(&routing_id) != drawn_bytes)
    return;
  Known& known = known_[place_of(properties)];
  known.properties = nullptr;
  if (zmq_msg_copy(&known.kept, &routing_id) != 0) return;
  const std::string_view name(static_cast<const char*>(zmq_msg_data(&routing_id)),
                              zmq_msg_size(&routing_id));
  known.sender = {std::string(name), identity};
  known.properties = properties;
}

}  // namespace postern::transport
