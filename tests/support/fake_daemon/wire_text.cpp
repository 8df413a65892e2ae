#include "tests/support/fake_daemon/wire_text.h"

#include <algorithm>
#include <cstring>

#include "schema/identifiers.h"

namespace postern::support {
namespace {

namespace json = boost::json;

const std::string prefix = "postern.schema.";

struct Conversation {
  const char* request;
  const char* request_identifier;
  const char* answer;
  const char* answer_identifier;
  const char* bodies;
};

/// By door.
const Conversation conversations[] = {
    {"CommandMessage", schema::command_message_identifier, "Receipt", schema::receipt_identifier,
     "CommandBody"},
    {"Query", schema::query_identifier, "Answer", schema::answer_identifier, "QueryBody"},
    {"HistoryRequest", schema::history_request_identifier, "HistoryPage",
     schema::history_page_identifier, "HistoryBody"},
};

const Conversation& at(Door door) { return conversations[std::size_t(door)]; }

bool is_well_formed(Door door, const std::uint8_t* bytes, std::size_t size) {
  flatbuffers::Verifier verifier(bytes, size, 16, 65'536);
  const char* identifier = at(door).request_identifier;
  switch (door) {
    case Door::commands:
      return verifier.VerifyBuffer<schema::CommandMessage>(identifier);
    case Door::queries:
      return verifier.VerifyBuffer<schema::Query>(identifier);
    case Door::history:
      return verifier.VerifyBuffer<schema::HistoryRequest>(identifier);
  }
  return false;
}

}  // namespace

WireText::WireText(const std::string& folder) {
  parser_.opts.strict_json = true;
  parser_.opts.output_default_scalars_in_json = true;
  parser_.opts.natural_utf8 = true;
  parser_.opts.indent_step = -1;
  const char* folders[] = {folder.c_str(), nullptr};
  const char* all =
      "include \"command.fbs\"; include \"query.fbs\"; include \"history.fbs\"; "
      "include \"event.fbs\";";
  if (!parser_.Parse(all, folders)) throw BadScript("the schema: " + parser_.error_);
}

std::optional<json::object> WireText::message(Door door, const std::string& bytes) {
  std::vector<std::max_align_t> copy(bytes.size() / sizeof(std::max_align_t) + 1);
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  const auto* start = reinterpret_cast<const std::uint8_t*>(copy.data());
  if (!is_well_formed(door, start, bytes.size())) return std::nullopt;
  return fields_of(at(door).request, start);
}

json::object WireText::answer_fields(Door door, const std::string& bytes) {
  std::vector<std::max_align_t> copy(bytes.size() / sizeof(std::max_align_t) + 1);
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  const auto fields = fields_of(at(door).answer, copy.data());
  if (!fields) throw BadScript("no well-formed answer");
  return *fields;
}

std::string WireText::request(Door door, json::object fields) {
  return pack(at(door).request, at(door).request_identifier, std::move(fields));
}

std::optional<json::object> WireText::fields_of(const char* root, const void* bytes) {
  parser_.SetRootType((prefix + root).c_str());
  std::string text;
  if (!flatbuffers::GenerateText(parser_, bytes, &text)) return std::nullopt;
  return json::parse(text).as_object();
}

std::string WireText::kind_of(Door door, const json::object& message) {
  const json::object* holder = &message;
  if (door == Door::commands) {
    const auto* commands = message.if_contains("commands");
    if (commands == nullptr || commands->as_array().empty()) return "";
    holder = &commands->as_array().front().as_object();
  }
  const auto* kind = holder->if_contains("body_type");
  return kind != nullptr && kind->is_string() ? std::string(kind->as_string()) : "";
}

std::optional<Door> WireText::door_of(const std::string& kind) const {
  for (std::size_t index = 0; index < door_count; ++index) {
    const auto* bodies = parser_.enums_.Lookup(prefix + conversations[index].bodies);
    if (kind == door_names[index] || (bodies != nullptr && bodies->Lookup(kind) != nullptr))
      return Door(index);
  }
  return std::nullopt;
}

std::string WireText::answer(Door door, json::object fields, const json::value& id) {
  if (const auto* bytes = fields.if_contains("bytes"))
    return bytes_of_hex(std::string(bytes->as_string()));
  if (!fields.contains("id")) fields["id"] = id;
  return pack(at(door).answer, at(door).answer_identifier, std::move(fields));
}

std::string WireText::pack(const std::string& root, const char* identifier, json::value fields) {
  pack_within(fields);
  if (!parser_.SetRootType((prefix + root).c_str())) throw BadScript("no root " + root);
  parser_.file_identifier_ = identifier;
  parser_.builder_.Clear();
  if (!parser_.ParseJson(json::serialize(fields).c_str())) throw BadScript(parser_.error_);
  return {reinterpret_cast<const char*>(parser_.builder_.GetBufferPointer()),
          parser_.builder_.GetSize()};
}

void WireText::pack_within(json::value& value) {
  if (auto* array = value.if_array())
    for (auto& element : *array) pack_within(element);
  auto* object = value.if_object();
  if (object == nullptr) return;
  const auto* root = object->if_contains("packed");
  if (root == nullptr) {
    for (auto& field : *object) pack_within(field.value());
    return;
  }
  const std::string bytes =
      pack(std::string(root->as_string()), schema::record_identifier, object->at("fields"));
  json::array numbers;
  for (const char byte : bytes) numbers.push_back(static_cast<std::uint8_t>(byte));
  value = std::move(numbers);
}

std::string hex_of(const std::string& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += digits[static_cast<std::uint8_t>(byte) >> 4];
    hex += digits[static_cast<std::uint8_t>(byte) & 15];
  }
  return hex;
}

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  if (hex.size() % 2 != 0) throw BadScript("half a byte: " + hex);
  for (std::size_t place = 0; place < hex.size(); place += 2) {
    const std::string digits = hex.substr(place, 2);
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos)
      throw BadScript("no hexadecimal digits: " + digits);
    bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
  }
  return bytes;
}

}  // namespace postern::support
