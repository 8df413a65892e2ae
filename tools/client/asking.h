// Questions on their way, and how tokens take the place of passwords and keys (C11, S1).
// Thread: the client's. A token that is refused because it or its user has been stopped is
// forgotten, and the question is asked once more with its credential, so that a caller is told
// what its credential is worth and nothing of a token it never saw.
#pragma once

#include <optional>
#include <unordered_map>

#include "tools/client/kept_tokens.h"
#include "tools/client/lane.h"

namespace postern::client {

class Asking {
 public:
  /// `options` outlives it.
  Asking(void* context, const Options& options) : lane_(context, options, options.queries) {
    if (options.keep_tokens) kept_.emplace();
  }

  /// Wipes the question's secrets. Gives the id that its end is found by.
  Result<std::uint64_t> send(schema::QueryT& query);
  Result<schema::AnswerT> await(std::uint64_t id);
  std::optional<QueryOutcome> next(std::chrono::milliseconds wait);
  std::size_t in_flight() const { return lane_.in_flight() - renewals_.size(); }

  /// A new password was sent: what the older ones had got is not used any more.
  void forget_changed(const schema::CommandMessageT& message);

 private:
  /// A question that carries a password or key, or would.
  struct Underway {
    Underway() = default;
    Underway(Underway&&) noexcept = default;
    Underway& operator=(Underway&&) noexcept = default;
    ~Underway() { wipe_secrets(question); }

    /// The id that the caller knows.
    std::uint64_t shown = 0;
    KeptTokens::Name name{};
    KeptTokens::Owner owner;
    bool by_token = false;
    /// With its credential, while a token stands for it.
    schema::QueryT question;
    SteadyClock::time_point begun;
  };

  /// Either the end for the caller, or the id under which it was asked again.
  struct Settled {
    std::uint64_t id = 0;
    std::optional<Result<schema::AnswerT>> answer;
  };

  Result<std::uint64_t> post(schema::QueryT& query, std::chrono::milliseconds spent = {});
  Result<std::uint64_t> post_token(schema::QueryT& query, const std::string& token);
  void post_renewal(const KeptTokens::Name& name);
  void take_renewals();
  void learn_renewal(const KeptTokens::Name& name, const Result<schema::AnswerT>& answer);
  Settled settle(std::uint64_t id, Result<schema::AnswerT> answer);
  void learn(const Underway& one, schema::AnswerT& answer);

  Lane<QueryConversation> lane_;
  std::uint64_t last_id_ = 0;
  std::optional<KeptTokens> kept_;
  /// By the id on the wire.
  std::unordered_map<std::uint64_t, Underway> underway_;
  std::unordered_map<std::uint64_t, KeptTokens::Name> renewals_;
};

}  // namespace postern::client
