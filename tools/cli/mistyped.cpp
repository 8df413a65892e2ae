#include "tools/cli/mistyped.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

namespace postern::cli {
namespace {

namespace json = boost::json;
using schema::Code;

struct UnknownName {
  Code code;
  NameKind kind;
  /// Where the name stands; the first that is there.
  std::array<std::string_view, 4> fields;
};

constexpr UnknownName unknown_names[] = {
    {Code::tenant_unknown, NameKind::tenant, {"tenant", "alias"}},
    {Code::user_unknown, NameKind::user, {"user", "username"}},
    {Code::role_unknown, NameKind::role, {"role", "name", "inner"}},
    {Code::key_unknown, NameKind::key, {"name"}},
    {Code::operator_unknown, NameKind::operator_entry, {"operator_name", "name"}},
    {Code::grant_unknown, NameKind::held_resource, {"resource"}},
};

const UnknownName* row_of(Code code) {
  const auto* found = std::ranges::find(unknown_names, code, &UnknownName::code);
  return found == std::end(unknown_names) ? nullptr : found;
}

/// A message's parts, from what the problem is about to the whole.
std::vector<const json::object*> parts_of(const json::object& message, std::uint32_t index) {
  std::vector<const json::object*> parts;
  const auto add_with_body = [&](const json::object& one) {
    const auto* body = one.if_contains("body");
    if (body != nullptr && body->is_object()) parts.push_back(&body->get_object());
    parts.push_back(&one);
  };
  const auto* commands = message.if_contains("commands");
  if (commands != nullptr && commands->is_array() && index < commands->get_array().size() &&
      commands->get_array()[index].is_object())
    add_with_body(commands->get_array()[index].get_object());
  add_with_body(message);
  return parts;
}

std::string text_in(const std::vector<const json::object*>& parts, std::string_view field) {
  for (const json::object* part : parts) {
    const auto* value = field.empty() ? nullptr : part->if_contains(field);
    if (value != nullptr && value->is_string() && !value->get_string().empty())
      return std::string(value->get_string());
  }
  return {};
}

std::string first_text(const std::vector<const json::object*>& parts,
                       std::initializer_list<std::string_view> fields) {
  for (const std::string_view field : fields)
    if (auto text = text_in(parts, field); !text.empty()) return text;
  return {};
}

}  // namespace

std::optional<Mistyped> mistyped_in(Code code, std::uint32_t index, const json::object& message) {
  const UnknownName* row = row_of(code);
  if (row == nullptr) return std::nullopt;
  const auto parts = parts_of(message, index);
  for (const std::string_view field : row->fields) {
    auto typed = text_in(parts, field);
    if (typed.empty()) continue;
    return Mistyped{std::move(typed),
                    {row->kind, first_text(parts, {"tenant"}),
                     first_text(parts, {"user", "username"}), first_text(parts, {"role"}), ""}};
  }
  return std::nullopt;
}

std::optional<Mistyped> mistyped_bearer(Code code, const std::string& tenant,
                                        const std::string& user) {
  return mistyped_in(code, 0, {{"tenant", tenant}, {"user", user}});
}

}  // namespace postern::cli
