#include "daemon/data/server_keys.h"

#include <algorithm>

#include "daemon/credential/curve.h"
#include "daemon/platform/files.h"

namespace postern::data {

namespace {

std::string public_text(const credential::Key& secret) {
  return credential::z85_encode(credential::curve_public_key(secret));
}

}  // namespace

ServerKeys server_keys(const credential::KeyStore& keys) {
  const credential::Key* planned = keys.planned_server_key();
  return {public_text(keys.own_key(credential::OwnKey::server_curve_secret)),
          planned == nullptr ? std::string() : public_text(*planned)};
}

Expected<> write_server_key(const DataPaths& paths, const credential::KeyStore& keys) {
  const std::string text = server_keys(keys).present + "\n";
  const auto bytes = std::as_bytes(std::span(text));
  const auto there = platform::read_file(paths.server_key());
  if (there && std::ranges::equal(*there, bytes)) return {};
  return platform::write_file(paths.server_key(), bytes);
}

}  // namespace postern::data
