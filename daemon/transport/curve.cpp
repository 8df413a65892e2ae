#include "daemon/transport/curve.h"

#include <zmq.h>

#include <cstring>

#include "daemon/platform/require.h"

namespace postern::transport {

namespace {

/// 40 characters and the NUL that libzmq wants; wiped when it goes.
struct KeyText {
  KeyText() = default;
  KeyText(const KeyText&) = delete;
  KeyText& operator=(const KeyText&) = delete;
  ~KeyText() { explicit_bzero(characters.data(), characters.size()); }

  void decode_into(CurveKey& key) const {
    require(zmq_z85_decode(reinterpret_cast<std::uint8_t*>(key.data()), characters.data()) !=
            nullptr);
  }

  std::array<char, 41> characters{};
};

}  // namespace

CurveKeyPair::~CurveKeyPair() { explicit_bzero(secret_key.data(), secret_key.size()); }

CurveKeyPair make_curve_key_pair() {
  CurveKeyPair keys;
  KeyText public_text;
  KeyText secret_text;
  require(zmq_curve_keypair(public_text.characters.data(), secret_text.characters.data()) == 0);
  public_text.decode_into(keys.public_key);
  secret_text.decode_into(keys.secret_key);
  return keys;
}

CurveKey curve_public_key(std::span<const std::byte, 32> secret_key) {
  KeyText public_text;
  KeyText secret_text;
  require(zmq_z85_encode(secret_text.characters.data(),
                         reinterpret_cast<const std::uint8_t*>(secret_key.data()),
                         secret_key.size()) != nullptr);
  require(zmq_curve_public(public_text.characters.data(), secret_text.characters.data()) == 0);
  CurveKey key{};
  public_text.decode_into(key);
  return key;
}

}  // namespace postern::transport
