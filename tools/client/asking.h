// Questions on their way, and how tokens take the place of passwords and keys (C11, S1).
// Thread: the client's. A token that is refused because it or its user has been stopped is
// forgotten, and the question is asked once more with its credential, so that a caller is told
// what its credential is worth and nothing of a token it never saw.
#pragma once

#include <optional>
#include <unordered_map>

#include "tools/client/guarded_history.h"
#include "tools/client/kept_tokens.h"

namespace postern::client {

class Asking {
 public:
  /// All it is given outlives it. `history` judges the checkpoint that a status brings; `last_id`
  /// counts the ids of questions and requests of one client.
  Asking(const Surroundings& surroundings, GuardedHistory& history, std::uint64_t& last_id);

  /// Wipes the question's secrets. Gives the id that its end is found by. `spent`: what the call
  /// has taken of its time already.
  Result<std::uint64_t> send(schema::QueryT& query, std::chrono::milliseconds spent = {});
  bool cancel(std::uint64_t id);

  void turn();
  SteadyClock::time_point due() const { return lane_.due(); }
  Outcomes<std::uint64_t, schema::AnswerT>& ended() { return ended_; }
  std::size_t in_flight() const {
    return lane_.in_flight() - renewals_.size() + unexamined_.size() + ended_.size();
  }

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

  Result<std::uint64_t> post(schema::QueryT& query, std::chrono::milliseconds spent = {});
  Result<std::uint64_t> post_token(schema::QueryT& query, const std::string& token,
                                   std::chrono::milliseconds spent);
  void post_renewal(const KeptTokens::Name& name);
  void learn_renewal(const KeptTokens::Name& name, const Result<schema::AnswerT>& answer);
  void settle(std::uint64_t id, Result<schema::AnswerT> answer);
  void ask_with_credential(Underway one);
  void learn(const Underway& one, schema::AnswerT& answer);
  void end(std::uint64_t id, Result<schema::AnswerT> answer);

  Lane<QueryConversation> lane_;
  GuardedHistory& history_;
  std::uint64_t& last_id_;
  std::optional<KeptTokens> kept_;
  /// By the id on the wire.
  std::unordered_map<std::uint64_t, Underway> underway_;
  std::unordered_map<std::uint64_t, KeptTokens::Name> renewals_;
  /// Statuses whose checkpoint is being examined.
  std::unordered_map<std::uint64_t, schema::AnswerT> unexamined_;
  Outcomes<std::uint64_t, schema::AnswerT> ended_;
};

}  // namespace postern::client
