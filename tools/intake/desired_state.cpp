#include "tools/intake/desired_state.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "tools/intake/nearest.h"
#include "tools/intake/yaml.h"
#include "tools/text/json_message.h"

namespace postern::intake {
namespace {

namespace json = boost::json;

const std::vector<std::string> sections = {"tenant",    "preset", "display_name", "policies",
                                           "catalogue", "roles",  "users"};
const std::vector<std::string> role_fields = {"description", "grants", "roles"};

std::vector<std::string> names_in(const flatbuffers::TypeTable& type) {
  return {type.names, type.names + type.num_elems};
}

/// What `body` says as a command of this kind.
std::expected<schema::CommandMessageT, std::string> command_from(const char* kind,
                                                                 json::object body) {
  json::object command{{"body_type", kind}, {"body", std::move(body)}};
  return text::message_from_json(
      json::serialize(json::object{{"commands", json::array{std::move(command)}}}));
}

class Reader {
 public:
  explicit Reader(const YamlText& from) : from_(from) {}

  DesiredState read() {
    if (!from_.value.is_object()) {
      fail("", "It is no map of 'tenant', 'roles', 'users' and so on.");
      return {};
    }
    const auto& object = from_.value.get_object();
    for (const auto& [name, held] : object) {
      const std::string key(name);
      if (std::ranges::find(sections, key) == sections.end())
        fail("/" + key, no_such("section", key, sections));
    }
    take_text(object, "tenant", made_.tenant);
    take_text(object, "preset", made_.preset);
    std::string display_name;
    take_text(object, "display_name", display_name);
    if (!display_name.empty()) made_.display_name = display_name;
    read_policies(object);
    read_catalogue(object);
    if (const auto* roles = section(object, "roles")) read_roles(*roles);
    if (const auto* users = section(object, "users")) read_users(*users);
    return std::move(made_);
  }

  std::vector<Fault>& faults() { return faults_; }

 private:
  void fail(const std::string& way, std::string sentence) {
    const auto line = from_.lines.find(way);
    faults_.push_back({line == from_.lines.end() ? 0 : line->second, 0,
                       way.empty() ? "" : way.substr(1), "form", std::move(sentence)});
  }

  void take_text(const json::object& object, std::string_view name, std::string& into) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || value->is_null()) return;
    if (value->is_string())
      into = value->get_string();
    else if (value->is_number())
      into = json::serialize(*value);
    else
      fail("/" + std::string(name), "It must be text.");
  }

  /// A map that is there, be it empty; null: absent, or none.
  const json::object* section(const json::object& object, std::string_view name) {
    static const json::object none;
    const auto* value = object.if_contains(name);
    if (value == nullptr) return nullptr;
    if (value->is_null()) return &none;
    if (value->is_object()) return &value->get_object();
    fail("/" + std::string(name), "It must be a map of names.");
    return nullptr;
  }

  // ---- what the schema's own reader would refuse without saying where

  /// `noun`: what a name in it is. False: it told what does not fit.
  bool fits(const json::value& value, const flatbuffers::TypeTable& type, const std::string& way,
            std::string_view noun) {
    if (!value.is_object()) return true;
    bool fit = true;
    const auto names = names_in(type);
    for (const auto& [name, held] : value.get_object()) {
      const std::string here = way + '/' + std::string(name);
      const auto found = std::ranges::find(names, name);
      if (found == names.end()) {
        fail(here, no_such(noun, name, names));
        fit = false;
        continue;
      }
      const int part = type.type_codes[found - names.begin()].sequence_ref;
      if (part >= 0) fit &= part_fits(held, *type.type_refs[part](), here);
    }
    return fit;
  }

  bool part_fits(const json::value& value, const flatbuffers::TypeTable& type,
                 const std::string& way) {
    if (type.st == flatbuffers::ST_ENUM) return value_fits(value, type, way);
    if (!value.is_array()) return fits(value, type, way, "field");
    bool fit = true;
    std::size_t place = 0;
    for (const auto& entry : value.get_array())
      fit &= fits(entry, type, way + '/' + std::to_string(place++), "field");
    return fit;
  }

  bool value_fits(const json::value& value, const flatbuffers::TypeTable& type,
                  const std::string& way) {
    auto names = names_in(type);
    // As people say it: 'new' is a word of C++.
    for (auto& name : names)
      if (name == "new_user") name = "new";
    if (!value.is_string() || value == "new_user" ||
        std::ranges::find(names, std::string(value.get_string())) != names.end())
      return true;
    fail(way, no_such("value", value.get_string(), names));
    return false;
  }

  void read_policies(const json::object& object) {
    const auto* policies = section(object, "policies");
    if (policies == nullptr) return;
    if (!fits(*policies, *schema::PolicyChangesTypeTable(), "/policies", "policy")) return;
    made_.policies = *policies;
    if (const auto changes = policies_from(*policies); !changes) fail("/policies", changes.error());
  }

  void read_catalogue(const json::object& object) {
    const auto* value = object.if_contains("catalogue");
    if (value == nullptr) return;
    if (!value->is_array()) return fail("/catalogue", "It must be a list of kinds.");
    made_.catalogue = value->get_array();
    std::size_t place = 0;
    bool fit = true;
    for (const auto& kind : *made_.catalogue)
      fit &= fits(kind, *schema::CatalogueKindTypeTable(), "/catalogue/" + std::to_string(place++),
                  "field");
    if (!fit) return;
    if (const auto kinds = kinds_from(*made_.catalogue); !kinds) fail("/catalogue", kinds.error());
  }

  void read_list(const json::value& value, const std::string& way,
                 const std::function<std::string(std::string_view)>& read) {
    if (value.is_null()) return;
    if (!value.is_array()) return fail(way, "It must be a list.");
    std::size_t place = 0;
    for (const auto& entry : value.get_array()) {
      const std::string here = way + '/' + std::to_string(place++);
      auto fault = entry.is_string() ? read(entry.get_string()) : "It must be text.";
      if (!fault.empty()) fail(here, std::move(fault));
    }
  }

  void read_roles(const json::object& roles) {
    made_.roles.emplace();
    for (const auto& [name, held] : roles) {
      const std::string way = "/roles/" + std::string(name);
      DesiredRole& role = (*made_.roles)[name];
      if (held.is_null()) continue;
      if (!held.is_object()) {
        fail(way, "A role is a map of description, grants and roles.");
        continue;
      }
      for (const auto& [field, value] : held.get_object()) {
        const std::string here = way + '/' + std::string(field);
        if (field == "grants")
          read_list(value, here, [&](std::string_view line) -> std::string {
            auto grant = read_grant(line);
            if (!grant) return grant.error();
            role.grants.push_back(std::move(*grant));
            return {};
          });
        else if (field == "roles")
          read_list(value, here, [&](std::string_view inner) -> std::string {
            role.roles.emplace_back(inner);
            return {};
          });
        else if (field == "description" && value.is_string())
          role.description = value.get_string();
        else
          fail(here, field == "description" ? "It must be text."
                                            : no_such("field of a role", field, role_fields));
      }
    }
  }

  void read_users(const json::object& users) {
    made_.users.emplace();
    for (const auto& [name, held] : users) {
      const std::string way = "/users/" + std::string(name);
      Account& account = made_.users->emplace_back();
      account.user.username = name;
      if (held.is_null()) continue;
      if (!held.is_object()) {
        fail(way, "A user is a map of fields.");
        continue;
      }
      for (const auto& [field, value] : held.get_object()) {
        std::string fault;
        if (field == "username" || field.starts_with("password"))
          fault = "A desired state holds no " + std::string(field) + "s of users; leave it out.";
        else
          fault = read_field(account, field, value);
        if (!fault.empty()) fail(way + '/' + std::string(field), std::move(fault));
      }
    }
  }

  const YamlText& from_;
  DesiredState made_;
  std::vector<Fault> faults_;
};

}  // namespace

std::expected<schema::PolicyChangesT, std::string> policies_from(json::object policies) {
  if (auto* networks = policies.if_contains("networks"); networks && networks->is_array()) {
    json::value entries = std::move(*networks);
    *networks = json::object{{"entries", std::move(entries)}};
  }
  if (auto* status = policies.if_contains("new_user_status"); status && *status == "new")
    *status = "new_user";
  auto message = command_from("SetTenant", {{"policies", std::move(policies)}});
  if (!message) return std::unexpected(message.error());
  auto& body = *message->commands.at(0)->body.AsSetTenant();
  return body.policies ? std::move(*body.policies) : schema::PolicyChangesT();
}

std::expected<std::vector<std::unique_ptr<schema::CatalogueKindT>>, std::string> kinds_from(
    const json::array& kinds) {
  auto message = command_from("DefineCatalogue", {{"kinds", kinds}});
  if (!message) return std::unexpected(message.error());
  return std::move(message->commands.at(0)->body.AsDefineCatalogue()->kinds);
}

std::string place_of(const DesiredState& desired, const std::string& way,
                     const std::string& field) {
  if (way.empty()) return {};
  const std::string part = way + '/' + std::string(field_behind(field));
  std::string known = desired.lines.contains(part) ? part : way;
  while (!known.empty() && !desired.lines.contains(known)) known.erase(known.rfind('/'));
  if (known.empty()) return way.substr(1);
  return "line " + std::to_string(desired.lines.at(known)) + ", " + known.substr(1);
}

std::expected<DesiredState, std::vector<Fault>> read_desired(const std::string& text) {
  auto yaml = read_yaml(text);
  if (!yaml)
    return std::unexpected(
        std::vector<Fault>{{yaml.error().line, 0, "", "form", yaml.error().sentence}});
  Reader reader(*yaml);
  auto made = reader.read();
  if (reader.faults().empty()) {
    made.lines = std::move(yaml->lines);
    return made;
  }
  return std::unexpected(std::move(reader.faults()));
}

}  // namespace postern::intake
