// Where questions with a password wait: one verification per name at a time (C5), in lines before
// the hash pool.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "daemon/credential/hash_pool.h"
#include "daemon/credential/key_store.h"
#include "daemon/credential/password.h"
#include "daemon/credential/secret.h"
#include "daemon/domain/entries.h"
#include "daemon/platform/entropy.h"
#include "daemon/service/asking.h"
#include "daemon/service/fair_places.h"
#include "daemon/service/letters.h"
#include "daemon/service/mailbox.h"
#include "daemon/service/vitals.h"

namespace postern::service {

/// One question with a password on its way: reader → pool → reader → (writer →) reader.
struct PasswordCheck : Letter {
  Asking asking;
  /// Whose places it has: the operator that asks.
  Uuid holder;
  credential::Secret password;
  std::string line;
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
  /// C12: it is right, and of a hash that was brought along and has ended.
  bool has_ended = false;
  bool trouble = false;

  explicit PasswordCheck(Asking question) : asking(std::move(question)), holder(asking.asker) {}
};

/// Where a check stands when it has joined the line of its name.
enum class LinePlace : std::uint8_t {
  /// Its turn has come.
  first,
  /// It waits in the line, which has it now.
  behind,
  /// It found no place.
  none,
};

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

  /// Null afterwards only where it waits.
  LinePlace join(std::unique_ptr<PasswordCheck>& check);
  /// The question is answered: gives the next of its line, null if there is none.
  std::unique_ptr<PasswordCheck> leave(std::unique_ptr<PasswordCheck> answered);

  /// Whether the pool would take the check now.
  bool has_room(const PasswordCheck& check) const;

  /// Has the password checked against the user's, or takes as long (null). False if the pool is
  /// full; then `check` is kept.
  bool hash(std::unique_ptr<PasswordCheck>& check, const domain::User* user,
            const domain::Tenant* tenant, std::int64_t now_ns);

  Mailbox<PasswordCheck>& done() { return done_; }
  /// Places taken.
  std::size_t waiting() const { return places_.taken(); }
  /// When a place may be free.
  std::uint32_t retry_after_ms() const;

 private:
  /// What a check is made against; all null: it takes as long and finds nothing.
  struct Against {
    domain::KeyReference key;
    domain::Sealed sealed;
    domain::Sealed old;
    std::int64_t old_until_ns = 0;
    std::int64_t imports_ended_until_ns = 0;
  };
  void run(PasswordCheck& check, const Against& against) const;

  credential::HashPool& pool_;
  const credential::KeyStore& keys_;
  platform::Entropy& entropy_;
  credential::PasswordCost cost_;
  Limits limits_;
  Mailbox<PasswordCheck> done_;
  /// Those behind the one being checked; a line is there while somebody is. Most are there for one
  /// alone, so an empty one takes no memory.
  struct Line {
    explicit Line(std::size_t places_max) : places(places_max) {}

    std::list<std::unique_ptr<PasswordCheck>> checks;
    FairPlaces places;
  };
  std::unordered_map<std::string, Line> lines_;
  FairPlaces places_;
};

}  // namespace postern::service
