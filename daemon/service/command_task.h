// One command message on its way through the writer: opened, its secrets apart, with all that was
// made for it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/credential/api_key.h"
#include "daemon/credential/hash_pool.h"
#include "daemon/credential/key_store.h"
#include "daemon/credential/password.h"
#include "daemon/credential/sealing.h"
#include "daemon/credential/secret.h"
#include "daemon/domain/decide.h"
#include "daemon/domain/guard.h"
#include "daemon/service/inbound.h"
#include "daemon/service/mailbox.h"
#include "daemon/service/room.h"

namespace postern::service {

/// The secrets of one command.
struct CommandSecrets {
  std::optional<credential::Secret> password;
  std::optional<credential::Secret> confirmation;
  std::optional<credential::Secret> current_password;
  /// C12.
  std::optional<credential::Secret> password_hash;
};

/// A key that no user has yet. It lies on disk; in memory only while it is used.
struct UnusedKey {
  credential::KeySlot slot;
  credential::Commitment commitment;
};

/// One password to hash, or to check first, for one command; made for the user it is sealed for.
struct HashJob {
  std::size_t index = 0;
  Uuid user;
  credential::KeySlot key;
  /// C3: the current password is checked first, against what is sealed.
  bool checks_current = false;
  domain::Sealed sealed_current;
  /// C7: also valid now; null: none is.
  domain::Sealed sealed_old;
  /// C12.
  std::int64_t imports_ended_until_ns = 0;
  /// C9: takes a hash's time and finds nothing.
  bool for_time_alone = false;
};

struct CommandTask : Letter {
  Peer peer;
  std::string identity;
  /// By the monotonic clock.
  std::int64_t came_ns = 0;
  OpenedMessage<schema::CommandMessage> message;
  /// O4: what its signature was made over; empty without one.
  std::vector<std::byte> signed_message;
  std::vector<CommandSecrets> secrets;
  std::vector<domain::Material> materials;
  /// Made for its new users.
  std::vector<UnusedKey> new_keys;
  std::vector<HashJob> jobs;
  std::size_t jobs_done = 0;
  /// C8: the keys it makes, for the one receipt that shows them.
  std::vector<credential::Secret> made_keys;
  /// What broke on the pool's thread.
  std::optional<Failure> trouble;
  /// What others about the same wait behind, while it is hashed.
  std::vector<std::string> held_names;
  /// The answer that waited for a hash for time alone.
  std::vector<schema::ProblemT> refusals;
  /// H11: what its guard is held against; null: not asked for yet.
  std::unique_ptr<const domain::Evidence> evidence;
  /// How often others had appended before what was decided, when this was prepared.
  std::uint64_t overtaken_count = 0;
  bool pool_was_full = false;
  /// What it carried was secret or personal.
  bool is_sensitive = false;
  /// The daemon stopped before its first password was hashed: nothing came of it.
  bool abandoned = false;
  /// The room its receipt takes on the way to the peer, which is to be told what was done.
  Owed::Claim owed;
  /// Whose places it takes while it waits behind another or is hashed, and how many.
  Uuid holder;
  std::size_t places = 0;

  explicit CommandTask(OpenedMessage<schema::CommandMessage> opened) : message(std::move(opened)) {}
  const Uuid& id() const { return *message->id(); }

  /// Nothing was made for it beyond what each message takes, and nothing in it is to be destroyed.
  bool is_plain() const;
  /// As if nothing had come yet; its memory stays. For a plain one.
  void empty_out();
};

/// K1: over what is left of a message that was taken apart. Any thread.
credential::ContentsHash hash_of_contents(const credential::KeyStore& keys,
                                          const CommandTask& task);

bool carries_secret(const CommandTask& task);
bool carries_password(const CommandTask& task);
/// U3, U4, U11.
bool carries_personal_data(const schema::CommandMessage& message);

/// Makes what commands need from outside the rules: secrets taken apart, ids, keys, seals.
class TaskMaker {
 public:
  TaskMaker(credential::KeyStore& keys, platform::Entropy& entropy)
      : keys_(keys), entropy_(entropy) {}

  /// Takes the secrets out and wipes them in the message. False if the message has no form without
  /// them; then nothing of it is to be read.
  [[nodiscard]] bool take_apart(CommandTask& task) const;

  /// Ids, keys and seals for each command; fails if no key can be had.
  Expected<> prepare(CommandTask& task, const domain::State& state, std::int64_t now_ns);
  /// Keys that no record names may serve the next user.
  void give_back_keys(CommandTask& task);
  /// The task is as it was when it was taken apart: what was made for it rests on what is no more.
  void start_over(CommandTask& task);

  /// The jobs for a message that would be accepted; `state` is as it was before it.
  std::vector<HashJob> hash_jobs(const CommandTask& task, const domain::State& state,
                                 std::int64_t now_ns) const;

  /// On a pool thread.
  Expected<> run(CommandTask& task, const HashJob& job, credential::PasswordCost cost) const;

  Uuid new_id(std::int64_t now_ns) const;

 private:
  class Profiles;

  Expected<> take_hash(const credential::Secret& hash, std::int64_t now_ns,
                       domain::Material& material) const;
  void make_key(CommandTask& task, const domain::State& state, std::size_t index,
                std::int64_t now_ns) const;
  Expected<UnusedKey> take_key(CommandTask& task);

  credential::KeyStore& keys_;
  platform::Entropy& entropy_;
  std::vector<UnusedKey> spare_keys_;
};

}  // namespace postern::service
