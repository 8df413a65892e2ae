// How a question with a password is answered, stage by stage.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "daemon/credential/seen_credentials.h"
#include "daemon/domain/authorize.h"
#include "daemon/platform/clock.h"
#include "daemon/platform/entropy.h"
#include "daemon/service/answers.h"
#include "daemon/service/asking.h"
#include "daemon/service/bearer.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/letters.h"
#include "daemon/service/mailbox.h"
#include "daemon/service/password_desk.h"
#include "daemon/service/vitals.h"
#include "daemon/view/view.h"

namespace postern::service {

/// Owned by the reader's thread. A check goes reader → pool → reader (→ writer → reader), and on
/// each way back what it rests on is looked at anew. Bounded by the desk's places.
class PasswordFlow {
 public:
  /// All outlive it.
  struct Parts {
    PasswordDesk& desk;
    const platform::Clock& clock;
    Vitals& vitals;
    Mailbox<Attempt>& attempts;
    const view::View& view;
    Answers& answers;
    platform::Entropy& entropy;
  };

  struct Outlets {
    /// The stops up to the credential are known: the question is answered.
    std::function<void(Asking, Bearer)> answer;
    /// It is answered with something else than what stopped this user (C9).
    std::function<void(const Asking&, const domain::User*, schema::Code)> note_stopped;
    Log log;
  };

  PasswordFlow(Parts parts, Outlets outlets);

  /// Takes a question that carries a password.
  void ask(const domain::Operator& asker, Asking asking);
  /// Goes on with what the pool has hashed.
  void turn();
  /// The writer has recorded the attempt, or said why not; what it changed is in the view.
  void recorded(const AttemptOutcome& outcome);

 private:
  using Check = std::unique_ptr<PasswordCheck>;

  /// In the order in which they come; drawn in the .cpp.
  enum class Stage : std::uint8_t { consider, hash, judge, record, conclude, leave };

  void go_on(Check check, Stage stage);
  Stage consider(PasswordCheck& check);
  Stage hash(Check& check);
  Stage judge(PasswordCheck& check);
  Stage record(Check& check);
  Stage conclude(PasswordCheck& check);

  Stage answer(PasswordCheck& check, schema::Code reason, const domain::Tenant* tenant,
               const domain::User* user);
  Stage turn_away(const PasswordCheck& check);
  domain::CallFacts facts_of(const schema::Query& query) const;
  bool still_stands(const PasswordCheck& check, const domain::Tenant* tenant,
                    const domain::User* user) const;

  // ---- passwords seen before
  bool seen_right(const PasswordCheck& check, const domain::User& user, std::int64_t now_ns);
  bool seen_wrong(const PasswordCheck& check, const domain::Tenant& tenant,
                  const domain::User& user);
  void remember(const PasswordCheck& check, const domain::Tenant* tenant, const domain::User* user);

  Parts parts_;
  Outlets outlets_;
  credential::SeenCredentials seen_;
  /// With the writer, by ticket.
  std::unordered_map<std::uint64_t, Check> attempts_;
  std::uint64_t next_ticket_ = 1;
};

}  // namespace postern::service
