// What is measured beside Postern, and how: one interface for all, so that each is asked the same
// questions in the same windows by one loop. Thread: main's. Failure: Trouble, naming the peer.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tools/bench/figures.h"

namespace postern::bench::peer {

/// The questions, the same for all, and who is written to.
struct World {
  std::size_t users = 0;
  /// One question a message.
  QuestionSet checks;
  /// A hundred about one user a message.
  QuestionSet batches;
  /// Users behind those that are asked about; a write changes one of them. Many more than writes
  /// are under way, as those of one user must come in their order.
  std::size_t written_users = 1'024;
};

enum class Work { checks, batches, writes };

/// Connections on which messages are under way. The bytes of a message are made before.
class Conversation {
 public:
  virtual ~Conversation() = default;
  /// Message `index` of the work; over one connection, or over one that has nothing under way.
  virtual void send(std::size_t index) = 0;
  /// What was sent leaves.
  virtual void flush() {}
  /// Waits for at least one answer; how many came.
  virtual std::size_t receive() = 0;
  /// After the clock has stopped: every answer that came against what is known.
  virtual void verify() = 0;
  /// How many messages there are, if they cannot be sent over and over.
  virtual std::size_t limit() const { return std::numeric_limits<std::size_t>::max(); }
};

/// Allowed or not, of each question of the messages that were answered.
class Verdicts {
 public:
  explicit Verdicts(const QuestionSet& questions) : questions_(questions) {}
  void add(std::size_t question, bool allowed) { told_.push_back({question, allowed}); }
  /// Trouble at the first that is not as it should be.
  void verify(const std::string& peer) const;

 private:
  struct Told {
    std::size_t question;
    bool allowed;
  };
  const QuestionSet& questions_;
  std::vector<Told> told_;
};

class Peer {
 public:
  virtual ~Peer() = default;
  virtual std::string name() const = 0;
  /// Version, transport, and what was set.
  virtual std::string settings() = 0;
  /// The users with their grants.
  virtual void load(const World& world) = 0;
  virtual bool does(Work) const { return true; }
  virtual std::unique_ptr<Conversation> open(Work work, std::size_t connections) = 0;
};

/// `launcher`: the posternd to start, and where.
std::unique_ptr<Peer> make_postern(const std::filesystem::path& program,
                                   const std::filesystem::path& folder, const World& world);
/// `socket`: the path of its unix socket.
std::unique_ptr<Peer> make_redis(const std::string& socket, const World& world);
/// Its own access lists, which decide by rules, instead of a look-up.
std::unique_ptr<Peer> make_redis_acl(const std::string& socket, const World& world);
/// `where`: as libpq takes it.
std::unique_ptr<Peer> make_postgres(const std::string& where, const World& world);
/// `address`: as gRPC takes it.
std::unique_ptr<Peer> make_etcd(const std::string& address, const World& world);
std::unique_ptr<Peer> make_cerbos(const std::string& address, const World& world);
std::unique_ptr<Peer> make_cerbos_grants_along(const std::string& address, const World& world);
/// What Cerbos must find in its folder when it starts: in `users` a policy for each user, in
/// `granted` the one for grants that come along. Beside the many the one would be slow too.
void write_cerbos_policies(const std::filesystem::path& folder, std::size_t users);

}  // namespace postern::bench::peer
