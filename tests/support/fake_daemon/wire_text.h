// Messages of the protocol as JSON and back, by the schema's own files: whatever field they have
// can be told and matched. For tests alone; FlatBuffers' parser is not for what strangers send.
// Failure: throws BadScript where JSON does not fit the schema.
#pragma once

#include <flatbuffers/idl.h>

#include <boost/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "tests/support/fake_daemon/doors.h"

namespace postern::support {

struct BadScript : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class WireText {
 public:
  /// The folder of the schema's files.
  explicit WireText(const std::string& folder);

  /// Nothing if it is no well-formed message of that door.
  std::optional<boost::json::object> message(Door door, const std::string& bytes);
  /// The same of an answer that comes out of that door.
  boost::json::object answer_fields(Door door, const std::string& bytes);
  /// A message for that door, with its own id.
  std::string request(Door door, boost::json::object fields);
  /// What is wanted, of the first command: "CreateUser", "Check", "GetRecords".
  static std::string kind_of(Door door, const boost::json::object& message);
  /// Where messages of a kind come in.
  std::optional<Door> door_of(const std::string& kind) const;

  /// An answer as it is sent; with the message's id if it has none of its own.
  std::string answer(Door door, boost::json::object fields, const boost::json::value& id);

 private:
  std::optional<boost::json::object> fields_of(const char* root, const void* bytes);
  std::string pack(const std::string& root, const char* identifier, boost::json::value fields);
  /// Puts the bytes of every {"packed": ROOT, "fields": {…}} in its place.
  void pack_within(boost::json::value& value);

  flatbuffers::Parser parser_;
};

std::string hex_of(const std::string& bytes);
std::string bytes_of_hex(const std::string& hex);

}  // namespace postern::support
