#include "tools/text/schema_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace postern::text {
namespace {

std::string enum_text(const char* schema_name, unsigned number) {
  return *schema_name != '\0' ? schema_name : std::to_string(number);
}

const schema::CodeText* known(schema::Code code) {
  const auto& text = schema::code_text(code);
  return text.code == code ? &text : nullptr;
}

}  // namespace

std::string code_name(schema::Code code) {
  const auto* text = known(code);
  return text ? std::string(text->name) : fmt::format("code {}", static_cast<unsigned>(code));
}

std::string code_sentence(schema::Code code) {
  const auto* text = known(code);
  return text ? std::string(text->sentence) : "A code this program does not know.";
}

std::string code_remedy(schema::Code code) {
  const auto* text = known(code);
  return text ? sentence_of(std::string(text->remedy))
              : "Use the command line of the daemon's version.";
}

std::string status_text(schema::UserStatus status) {
  if (status == schema::UserStatus::new_user) return "new";
  return enum_text(schema::EnumNameUserStatus(status), static_cast<unsigned>(status));
}

schema::UserStatus status_named(const std::string& text) {
  for (const auto status : schema::EnumValuesUserStatus())
    if (status_text(status) == text) return status;
  return schema::UserStatus::unset;
}

schema::UserSort sort_named(const std::string& text) {
  for (const auto sort : schema::EnumValuesUserSort()) {
    std::string name = schema::EnumNameUserSort(sort);
    std::ranges::replace(name, '_', '-');
    if (name == text) return sort;
  }
  return schema::UserSort::username;
}

std::string lock_text(schema::LockCause cause) {
  if (cause == schema::LockCause::operator_command) return "operator";
  return enum_text(schema::EnumNameLockCause(cause), static_cast<unsigned>(cause));
}

std::string role_text(schema::Role role) {
  return enum_text(schema::EnumNameRole(role), static_cast<unsigned>(role));
}

std::string effect_text(schema::Effect effect) {
  return enum_text(schema::EnumNameEffect(effect), static_cast<unsigned>(effect));
}

std::string grant_text(const schema::GrantViewT& grant) {
  const auto by = grant.role.empty() ? "" : " by role " + grant.role;
  return fmt::format("{} {} on {}{}", effect_text(grant.effect), grant.action, grant.resource, by);
}

std::string grant_name(const std::unique_ptr<schema::GrantReferenceT>& reference) {
  return reference ? fmt::format("{}.{}", reference->seq, reference->index) : std::string();
}

std::string sentence_of(std::string remedy) {
  if (!remedy.empty() && remedy[0] >= 'a' && remedy[0] <= 'z')
    remedy[0] = static_cast<char>(remedy[0] - 'a' + 'A');
  return remedy;
}

}  // namespace postern::text
