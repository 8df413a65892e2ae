// Cerbos, through its own interface over gRPC: a principal policy for each user, a rule for each
// grant.
#include <fstream>
#include <map>

#include "cerbos.grpc.pb.h"
#include "tools/bench/peer/grpc_calls.h"
#include "tools/bench/peer/peer.h"

namespace postern::bench::peer {

namespace {

namespace wire = cerbos::svc::v1;

/// What Cerbos takes in one request unless it is told otherwise.
constexpr std::size_t resources_at_once = 50;

using Calls =
    GrpcCalls<wire::CerbosService, wire::CheckResourcesRequest, wire::CheckResourcesResponse>;

class CerbosConversation : public Conversation {
 public:
  CerbosConversation(const std::string& address, std::size_t channels, const QuestionSet& questions)
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
      request.mutable_principal()->set_id(questions.usernames[message]);
      if (request.principal().roles_size() == 0) request.mutable_principal()->add_roles("service");
      auto& entry = *request.add_resources();
      entry.add_actions(action_text(questions.asked[i].right.action));
      entry.mutable_resource()->set_kind(resource_text(questions.asked[i].right.resource));
      entry.mutable_resource()->set_id("1");
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
  Cerbos(std::string address, const World& world) : address_(std::move(address)), world_(world) {}

  std::string name() const override { return "Cerbos, CheckResources"; }
  std::string settings() override {
    const auto info = call_once<wire::CerbosService, wire::ServerInfoResponse>(
        address_, &wire::CerbosService::Stub::ServerInfo, wire::ServerInfoRequest());
    return info.version() +
           ", unix socket, disk store without watching, no audit log, a policy a user";
  }
  bool does(Work work) const override { return work != Work::writes; }
  /// Its policies were there when it started.
  void load(const World&) override {}
  std::unique_ptr<Conversation> open(Work work, std::size_t connections) override {
    return std::make_unique<CerbosConversation>(
        address_, connections, work == Work::checks ? world_.checks : world_.batches);
  }

 private:
  std::string address_;
  const World& world_;
};

}  // namespace

void write_cerbos_policies(const std::filesystem::path& folder, std::size_t users) {
  for (std::size_t user = 0; user < users; ++user) {
    // A resource has one rule.
    std::map<std::string, std::string> actions;
    for (const Grant& grant : grants_of(user))
      actions[resource_text(grant.right.resource)] +=
          "        - action: " + action_text(grant.right.action) + "\n          effect: " +
          (grant.deny ? "EFFECT_DENY" : "EFFECT_ALLOW") + "\n";
    const std::string username = username_of(user);
    std::ofstream file(folder / (username + ".yaml"));
    file << "apiVersion: api.cerbos.dev/v1\nprincipalPolicy:\n  principal: " << username
         << "\n  version: default\n  rules:\n";
    for (const auto& [resource, of_resource] : actions)
      file << "    - resource: " << resource << "\n      actions:\n" << of_resource;
    if (!file.flush()) fail(exit_codes::input_output, "cannot write to " + folder.string());
  }
}

std::unique_ptr<Peer> make_cerbos(const std::string& address, const World& world) {
  return std::make_unique<Cerbos>(address, world);
}

}  // namespace postern::bench::peer
