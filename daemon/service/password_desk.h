// Where questions with a password wait: one verification per name at a time (C5), in lines before
// the hash pool.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "daemon/credential/hash_pool.h"
#include "daemon/credential/key_store.h"
#include "daemon/credential/password.h"
#include "daemon/credential/secret.h"
#include "daemon/domain/entries.h"
#include "daemon/platform/entropy.h"
#include "daemon/service/fair_places.h"
#include "daemon/service/inbound.h"
#include "daemon/service/letters.h"
#include "daemon/service/mailbox.h"
#include "daemon/service/vitals.h"

namespace postern::service {

/// One question with a password on its way: reader → pool → reader → (writer →) reader.
struct PasswordAsk : Letter {
  Peer peer;
  Opened<schema::Query> query;
  credential::Secret password;
  /// Whose operator asked.
  Uuid asker;
  std::string line;
  /// By the monotonic clock.
  std::int64_t came_ns = 0;
  /// What it takes of those the desk has.
  std::size_t places = 0;

  // ---- what the check is made for, and what it found
  Uuid tenant;
  Uuid user;
  domain::Seq password_seq = 0;
  /// What the asker is told after a hash for time alone (C9); ok: a real check.
  schema::Code told = schema::Code::ok;
  /// Whom the first stop stopped, and the true reason; zero: nobody.
  Uuid stopped_user;
  schema::Code stopped_by = schema::Code::ok;
  bool right = false;
  /// C7: what was right is the old password, valid until then; 0: the newest.
  std::int64_t old_until_ns = 0;
  domain::Bytes rehashed;
  bool trouble = false;

  explicit PasswordAsk(Opened<schema::Query> opened) : query(std::move(opened)) {}
};

using Ask = std::unique_ptr<PasswordAsk>;

/// Owned by the reader's thread. Names nobody has wait in lines too, so that waiting does not tell
/// who exists.
class PasswordDesk {
 public:
  /// Places, both shared among the operators that ask.
  struct Limits {
    std::size_t line_max = 2'048;
    std::size_t waiting_max = 16'384;
  };

  PasswordDesk(credential::HashPool& pool, const credential::KeyStore& keys,
               platform::Entropy& entropy, platform::Waker& waker, credential::PasswordCost cost,
               Limits limits)
      : pool_(pool),
        keys_(keys),
        entropy_(entropy),
        cost_(cost),
        limits_(limits),
        done_(waker),
        places_(limits.waiting_max) {}

  /// The ask's turn has come: gives it back at once if nobody is before it, null if it waits;
  /// `full` if it cannot.
  Ask join(Ask ask, bool& full);
  /// The ask is answered: gives the next of its line, null if there is none.
  Ask leave(Ask answered);

  /// Whether the pool would take the ask's check now.
  bool has_room(const PasswordAsk& ask) const;

  /// Has the password checked against `sealed`, or takes as long (null). False if the pool is full;
  /// then `ask` is kept.
  bool check(Ask& ask, const domain::User* user, std::int64_t now_ns);

  Mailbox<PasswordAsk>& done() { return done_; }
  /// Places taken.
  std::size_t waiting() const { return places_.taken(); }
  /// When a place may be free.
  std::uint32_t retry_after_ms() const;

 private:
  /// What a check is made against; all null: it takes as long and finds nothing.
  struct Against {
    domain::KeyReference key;
    std::shared_ptr<const domain::Bytes> sealed;
    std::shared_ptr<const domain::Bytes> old;
    std::int64_t old_until_ns = 0;
  };
  void run(PasswordAsk& ask, const Against& against) const;

  credential::HashPool& pool_;
  const credential::KeyStore& keys_;
  platform::Entropy& entropy_;
  credential::PasswordCost cost_;
  Limits limits_;
  Mailbox<PasswordAsk> done_;
  /// Those behind the one being checked; a line is there while somebody is.
  struct Line {
    std::deque<Ask> asks;
    FairPlaces places;
  };
  std::unordered_map<std::string, Line> lines_;
  FairPlaces places_;
};

}  // namespace postern::service
