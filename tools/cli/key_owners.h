// Whose an API key is by the ids in its text, and how it stands with the daemon. Its secret is not
// asked about: a text can name a live key and be no key.
// Thread: main. Lifetime: one command line; the session outlives it. Failure: an owner that says
// why it is not known, so that a scan goes on without a daemon.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "history_generated.h"
#include "schema/api_key.h"
#include "tools/cli/verb.h"

namespace postern::cli {

class Session;

enum class KeyStanding {
  /// Nobody could be asked: see `trouble`.
  not_asked,
  /// The daemon knows no such user, or tells this operator of none.
  unknown_user,
  /// The user never had it.
  unknown_key,
  live,
  expired,
  revoked,
  /// With its user.
  deleted,
};

/// "not asked", "live", …
const char* standing_text(KeyStanding standing);

struct KeyOwner {
  KeyStanding standing = KeyStanding::not_asked;
  std::string tenant;
  std::string username;
  schema::UserStatus status = schema::UserStatus::unset;
  bool locked = false;
  /// K2: of the user, as it was read.
  std::uint64_t version = 0;
  std::string key_name;
  /// UTC nanoseconds; 0: never, or not known.
  std::int64_t expires_ns = 0;
  /// The record that revoked it.
  std::unique_ptr<schema::CauseT> revoked;
};

class KeyOwners {
 public:
  /// Without `asks` all are `not_asked`.
  KeyOwners(Session& session, bool asks) : session_(session), asks_(asks) {}

  /// The reference holds until the next call.
  const KeyOwner& of(const schema::ApiKeyNames& names);
  /// Asks again.
  const KeyOwner& anew(const schema::ApiKeyNames& names);
  /// Why nobody is asked any more; an empty sentence: nothing is wrong.
  const Stop& trouble() const { return trouble_; }

 private:
  KeyOwner ask(const schema::ApiKeyNames& names);
  KeyOwner read(const schema::ApiKeyNames& names, const schema::HistoryPageT& page);
  void read_past(const schema::ApiKeyNames& names, KeyOwner& owner);
  void walk(const schema::ApiKeyNames& names, const char* kind,
            const std::function<void(const schema::RecordT&, const schema::EventT&)>& take);
  void give_up(Stop why);

  Session& session_;
  bool asks_;
  Stop trouble_{exit_codes::yes, "", ""};
  std::unordered_map<std::string, KeyOwner> known_;
};

}  // namespace postern::cli
