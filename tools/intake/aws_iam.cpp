#include "tools/intake/aws_iam.h"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "tools/intake/aws_statement.h"

namespace postern::intake {
namespace {

namespace json = boost::json;

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// The objects of a list that is there.
std::vector<const json::object*> objects_in(const json::object& object, std::string_view name) {
  std::vector<const json::object*> found;
  const auto* list = object.if_contains(name);
  if (list != nullptr && list->is_object()) found.push_back(&list->get_object());
  if (list != nullptr && list->is_array())
    for (const auto& one : list->get_array())
      if (one.is_object()) found.push_back(&one.get_object());
  return found;
}

/// As the API gives documents: JSON, its special letters as %7B.
std::string without_percent(std::string_view text) {
  const auto digit = [](char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    const char small = static_cast<char>(letter | 0x20);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
  };
  std::string made;
  for (std::size_t place = 0; place < text.size(); ++place) {
    const bool is_coded = text[place] == '%' && place + 2 < text.size() &&
                          digit(text[place + 1]) >= 0 && digit(text[place + 2]) >= 0;
    if (!is_coded) {
      made += text[place];
      continue;
    }
    made += static_cast<char>(digit(text[place + 1]) * 16 + digit(text[place + 2]));
    place += 2;
  }
  return made;
}

class AwsAccount {
 public:
  Translation translate(const json::object& account) {
    made_.desired.roles.emplace();
    made_.desired.users.emplace();
    if (account.contains("Statement")) {
      add_policy("policy", account);
    } else {
      for (const auto* policy : objects_in(account, "Policies")) take_policy(*policy);
      for (const auto* group : objects_in(account, "GroupDetailList")) take_group(*group);
      for (const auto* user : objects_in(account, "UserDetailList")) take_user(*user);
      if (const auto roles = objects_in(account, "RoleDetailList"); !roles.empty())
        note(Note::Kind::left_out, "roles of AWS", std::to_string(roles.size()),
             "They are assumed, by people and machines; a role here is held by API users.");
    }
    make_catalogue();
    return std::move(made_);
  }

 private:
  void note(Note::Kind kind, std::string about, std::string what, std::string why) {
    made_.notes.push_back({kind, 0, std::move(about), std::move(what), std::move(why)});
  }

  std::vector<Grant> grants_in(const json::object& document, const std::string& about) {
    std::vector<Grant> grants;
    std::size_t place = 0;
    for (const auto* statement : objects_in(document, "Statement")) {
      ++place;
      const std::string id = text_in(*statement, "Sid");
      const std::string here = about + ", statement " + (id.empty() ? std::to_string(place) : id);
      std::ranges::move(grants_of_statement(*statement, here, actions_, made_.notes),
                        std::back_inserter(grants));
    }
    return grants;
  }

  /// Of an inline policy, or of a version of a managed one.
  std::vector<Grant> grants_of_document(const json::object& holder, std::string_view name,
                                        const std::string& about) {
    const auto* document = holder.if_contains(name);
    if (document != nullptr && document->is_object())
      return grants_in(document->get_object(), about);
    if (document != nullptr && document->is_string()) {
      json::error_code error;
      const auto read = json::parse(without_percent(document->get_string()), error);
      if (!error && read.is_object()) return grants_in(read.get_object(), about);
    }
    note(Note::Kind::left_out, about, std::string(name), "It holds no policy document.");
    return {};
  }

  void add_policy(const std::string& name, const json::object& document) {
    add_role("policy." + aws_name(name), "Policy " + name, grants_in(document, "policy " + name));
  }

  DesiredRole& add_role(const std::string& name, const std::string& description,
                        std::vector<Grant> grants) {
    auto [place, is_new] = made_.desired.roles->try_emplace(name.substr(0, 63));
    if (!is_new)
      note(Note::Kind::wider, description, name,
           "Another has this name in small letters: one role holds what both allow.");
    DesiredRole& role = place->second;
    role.description = description.substr(0, 256);
    std::ranges::move(grants, std::back_inserter(role.grants));
    return role;
  }

  void take_policy(const json::object& policy) {
    const std::string name = text_in(policy, "PolicyName");
    for (const auto* version : objects_in(policy, "PolicyVersionList")) {
      const auto* is_default = version->if_contains("IsDefaultVersion");
      if (is_default == nullptr || !is_default->is_bool() || !is_default->get_bool()) continue;
      add_role("policy." + aws_name(name), "Policy " + name,
               grants_of_document(*version, "Document", "policy " + name));
      return;
    }
    note(Note::Kind::left_out, "policy " + name, "its versions", "None of them is the default.");
  }

  /// The roles of the policies that are attached.
  std::vector<std::string> attached(const json::object& holder, const std::string& about) {
    std::vector<std::string> roles;
    for (const auto* one : objects_in(holder, "AttachedManagedPolicies")) {
      const std::string name = text_in(*one, "PolicyName");
      const std::string role = ("policy." + aws_name(name)).substr(0, 63);
      if (made_.desired.roles->contains(role))
        roles.push_back(role);
      else
        note(Note::Kind::left_out, about, "policy " + name,
             "The file does not say what it allows.");
    }
    return roles;
  }

  std::vector<Grant> inline_grants(const json::object& holder, std::string_view list,
                                   const std::string& about) {
    std::vector<Grant> grants;
    for (const auto* policy : objects_in(holder, list))
      std::ranges::move(grants_of_document(*policy, "PolicyDocument",
                                           about + ", policy " + text_in(*policy, "PolicyName")),
                        std::back_inserter(grants));
    return grants;
  }

  void take_group(const json::object& group) {
    const std::string name = text_in(group, "GroupName");
    const std::string about = "group " + name;
    auto& role = add_role("group." + aws_name(name), "Group " + name,
                          inline_grants(group, "GroupPolicyList", about));
    std::ranges::move(attached(group, about), std::back_inserter(role.roles));
  }

  void take_user(const json::object& user) {
    Account account;
    account.user.username = text_in(user, "UserName");
    const std::string about = "user " + account.user.username;
    const bool is_name = std::ranges::all_of(
        account.user.username, [](char letter) { return letter != '=' && letter != ','; });
    if (account.user.username.empty() || !is_name)
      return note(Note::Kind::left_out, about, account.user.username,
                  "No username here has '=' or ','.");
    account.grants = inline_grants(user, "UserPolicyList", about);
    account.roles = attached(user, about);
    if (const auto* groups = user.if_contains("GroupList"); groups && groups->is_array())
      for (const auto& group : groups->get_array()) {
        const std::string role =
            group.is_string() ? ("group." + aws_name(group.get_string())).substr(0, 63) : "";
        if (made_.desired.roles->contains(role))
          account.roles.push_back(role);
        else
          note(Note::Kind::left_out, about, "a group", "The file does not say what it allows.");
      }
    if (user.contains("PermissionsBoundary")) {
      account.status = schema::UserStatus::inactive;
      account.given.push_back("status");
      note(Note::Kind::taken, about, "PermissionsBoundary",
           "A boundary is no grant, and without it more would be allowed: made inactive.");
    }
    made_.desired.users->push_back(std::move(account));
  }

  void make_catalogue() {
    made_.desired.catalogue.emplace();
    for (const auto& [service, names] : actions_) {
      json::array actions;
      for (const auto& name : names) actions.push_back(json::object{{"name", name}});
      // A kind needs one; of this service the file says "*" alone.
      if (names.empty()) actions.push_back(json::object{{"name", "any"}});
      made_.desired.catalogue->push_back(
          json::object{{"name", service}, {"open", true}, {"actions", std::move(actions)}});
    }
  }

  Translation made_;
  AwsActions actions_;
};

}  // namespace

std::expected<Translation, std::string> read_aws_iam(const std::string& text) {
  json::error_code error;
  const auto value = json::parse(text, error);
  if (error) return std::unexpected("It is no JSON: " + error.message() + ".");
  const bool is_known =
      value.is_object() &&
      (value.get_object().contains("Statement") || value.get_object().contains("UserDetailList") ||
       value.get_object().contains("GroupDetailList") || value.get_object().contains("Policies"));
  if (!is_known)
    return std::unexpected(
        "It is neither what 'aws iam get-account-authorization-details' prints nor a policy.");
  return AwsAccount().translate(value.get_object());
}

}  // namespace postern::intake
