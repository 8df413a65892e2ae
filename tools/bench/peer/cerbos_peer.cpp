// Cerbos, through its own interface over gRPC, in two ways. A principal policy for each user, with
// a rule for each grant: Cerbos holds who may what, as all others here. Or one policy of resources,
// and the user's grants with each question: its callers hold them.
#include <cerbos.grpc.pb.h>

#include <fstream>
#include <map>

#include "tools/bench/peer/grpc_calls.h"
#include "tools/bench/peer/peer.h"

namespace postern::bench::peer {

namespace {

namespace wire = cerbos::svc::v1;

/// What Cerbos takes in one request unless it is told otherwise.
constexpr std::size_t resources_at_once = 50;

using Calls =
    GrpcCalls<wire::CerbosService, wire::CheckResourcesRequest, wire::CheckResourcesResponse>;

enum class GrantsAre { in_policies, in_questions };

/// The kind of all resources where the grants come with the question.
constexpr const char* one_kind = "granted";

std::string effect_of(const Grant& grant) { return grant.deny ? "deny" : "allow"; }

/// What the policy of resources reads: effect, then action, then the resources.
void add_grants(wire::Principal& principal, const Grants& grants) {
  for (const char* effect : {"allow", "deny"}) {
    auto& actions = *(*principal.mutable_attr())[effect].mutable_struct_value()->mutable_fields();
    for (std::size_t action = 0; action < action_count; ++action)
      actions[action_text(action)].mutable_list_value();
  }
  for (const Grant& grant : grants) {
    auto& actions =
        *(*principal.mutable_attr())[effect_of(grant)].mutable_struct_value()->mutable_fields();
    actions[action_text(grant.right.action)].mutable_list_value()->add_values()->set_string_value(
        resource_text(grant.right.resource));
  }
}

/// The number in what `username_of` makes.
std::size_t user_of(const std::string& username) {
  return std::stoul(username.substr(username.find('-') + 1));
}

class CerbosConversation : public Conversation {
 public:
  CerbosConversation(const std::string& address, std::size_t channels, const QuestionSet& questions,
                     GrantsAre grants_are)
      : calls_(address, channels, &wire::CerbosService::Stub::AsyncCheckResources),
        questions_(questions),
        at_once_(std::min(resources_at_once, questions.per_message)),
        parts_((questions.per_message + at_once_ - 1) / at_once_),
        requests_(questions.usernames.size() * parts_),
        missing_(questions.usernames.size()),
        verdicts_(questions) {
    for (std::size_t i = 0; i < questions.asked.size(); ++i) {
      const std::size_t message = i / questions.per_message;
      wire::CheckResourcesRequest& request =
          requests_[message * parts_ + i % questions.per_message / at_once_];
      if (request.principal().id().empty())
        set_principal(request, questions.usernames[message], grants_are);
      auto& entry = *request.add_resources();
      const Right& right = questions.asked[i].right;
      entry.add_actions(action_text(right.action));
      const bool by_kind = grants_are == GrantsAre::in_policies;
      entry.mutable_resource()->set_kind(by_kind ? resource_text(right.resource) : one_kind);
      entry.mutable_resource()->set_id(by_kind ? "1" : resource_text(right.resource));
    }
  }

  void send(std::size_t index) override {
    missing_[index] += parts_;
    for (std::size_t part = 0; part < parts_; ++part)
      calls_.send(index * parts_ + part, requests_[index * parts_ + part]);
  }

  /// A message is answered with the last of its requests.
  std::size_t receive() override {
    for (;;) {
      std::size_t message = 0;
      calls_.receive([&](std::size_t request, const wire::CheckResourcesResponse& response) {
        message = request / parts_;
        take(message * questions_.per_message + request % parts_ * at_once_, requests_[request],
             response);
      });
      if (--missing_[message] % parts_ == 0) return 1;
    }
  }
  void verify() override { verdicts_.verify("Cerbos"); }

 private:
  static void set_principal(wire::CheckResourcesRequest& request, const std::string& username,
                            GrantsAre grants_are) {
    wire::Principal& principal = *request.mutable_principal();
    principal.set_id(username);
    principal.add_roles("service");
    if (grants_are == GrantsAre::in_questions) add_grants(principal, grants_of(user_of(username)));
  }

  void take(std::size_t first, const wire::CheckResourcesRequest& request,
            const wire::CheckResourcesResponse& response) {
    if (response.results_size() != request.resources_size())
      wrong_answer("Cerbos left questions out");
    for (int i = 0; i < response.results_size(); ++i) {
      const auto& actions = response.results(i).actions();
      const auto found = actions.find(request.resources(i).actions(0));
      if (found == actions.end()) wrong_answer("Cerbos answered about another action");
      verdicts_.add(first + static_cast<std::size_t>(i), found->second == wire::EFFECT_ALLOW);
    }
  }

  Calls calls_;
  const QuestionSet& questions_;
  std::size_t at_once_;
  std::size_t parts_;
  std::vector<wire::CheckResourcesRequest> requests_;
  std::vector<std::size_t> missing_;
  Verdicts verdicts_;
};

class Cerbos : public Peer {
 public:
  Cerbos(std::string address, const World& world, GrantsAre grants_are)
      : address_(std::move(address)), world_(world), grants_are_(grants_are) {}

  std::string name() const override {
    return grants_are_ == GrantsAre::in_policies ? "Cerbos, policies" : "Cerbos, grants sent along";
  }
  std::string settings() override {
    const auto info = call_once<wire::CerbosService, wire::ServerInfoResponse>(
        address_, &wire::CerbosService::Stub::ServerInfo, wire::ServerInfoRequest());
    return info.version() + ", unix socket, disk store, no audit log, " +
           (grants_are_ == GrantsAre::in_policies
                ? "a policy for each user"
                : "one policy, each user's grants in the question");
  }
  bool does(Work work) const override { return work != Work::writes; }
  /// Its policies were there when it started.
  void load(const World&) override {}
  std::unique_ptr<Conversation> open(Work work, std::size_t connections) override {
    return std::make_unique<CerbosConversation>(
        address_, connections, work == Work::checks ? world_.checks : world_.batches, grants_are_);
  }

 private:
  std::string address_;
  const World& world_;
  GrantsAre grants_are_;
};

void write_policy(const std::filesystem::path& file, const std::string& text) {
  std::ofstream stream(file);
  stream << "apiVersion: api.cerbos.dev/v1\n" << text;
  if (!stream.flush()) fail(exit_codes::input_output, "cannot write " + file.string());
}

std::string effect_text(const Grant& grant) { return grant.deny ? "EFFECT_DENY" : "EFFECT_ALLOW"; }

}  // namespace

void write_cerbos_policies(const std::filesystem::path& folder, std::size_t users) {
  std::filesystem::create_directories(folder / "users");
  std::filesystem::create_directories(folder / "granted");
  for (std::size_t user = 0; user < users; ++user) {
    // A resource has one rule.
    std::map<std::string, std::string> actions;
    for (const Grant& grant : grants_of(user))
      actions[resource_text(grant.right.resource)] +=
          "        - action: " + action_text(grant.right.action) +
          "\n          effect: " + effect_text(grant) + "\n";
    std::string rules;
    for (const auto& [resource, of_resource] : actions)
      rules += "    - resource: " + resource + "\n      actions:\n" + of_resource;
    write_policy(folder / "users" / (username_of(user) + ".yaml"),
                 "principalPolicy:\n  principal: " + username_of(user) +
                     "\n  version: default\n  rules:\n" + rules);
  }
  std::string rules;
  for (std::size_t action = 0; action < action_count; ++action)
    for (const bool deny : {false, true}) {
      const Grant grant{{}, deny};
      rules += "    - actions: [" + action_text(action) + "]\n      effect: " + effect_text(grant) +
               "\n      roles: [service]\n      condition:\n        match:\n          expr: R.id "
               "in P.attr." +
               effect_of(grant) + "[\"" + action_text(action) + "\"]\n";
    }
  write_policy(folder / "granted" / "granted.yaml", std::string("resourcePolicy:\n  resource: ") +
                                                        one_kind +
                                                        "\n  version: default\n  rules:\n" + rules);
}

std::unique_ptr<Peer> make_cerbos(const std::string& address, const World& world) {
  return std::make_unique<Cerbos>(address, world, GrantsAre::in_policies);
}

std::unique_ptr<Peer> make_cerbos_grants_along(const std::string& address, const World& world) {
  return std::make_unique<Cerbos>(address, world, GrantsAre::in_questions);
}

}  // namespace postern::bench::peer
