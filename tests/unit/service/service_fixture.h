// Writer and reader on one thread, with a journal in memory, a simulated clock, real keys and a
// real pool.
#pragma once

#include <map>

#include "daemon/platform/worker.h"
#include "daemon/service/reader.h"
#include "daemon/service/writer.h"
#include "tests/support/memory_journal.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/service/shared_journal.h"

namespace postern::support {

using schema::Code;

/// Who sends: the identity that transport would tell.
inline const std::string owner = "uid:1";

/// Good enough for a tenant's rules.
inline const std::string good_password = "Corr3ct-horse";

/// A command that makes a user.
inline schema::CreateUserT create(std::string name, std::string password = {}) {
  schema::CreateUserT body;
  body.username = std::move(name);
  body.password = std::move(password);
  return body;
}

/// What commands hash at.
inline constexpr credential::PasswordCost least_cost{8, 1};

class ServiceFixture {
 public:
  /// C4: with another cost for checks, what commands hash is from before a change of it.
  explicit ServiceFixture(credential::PasswordCost cost_of_checks = least_cost);
  ~ServiceFixture();

  // ---- commands: handed to the writer; `commit` makes the group durable

  /// A message of one command, with a fresh id.
  template <class Body>
  static schema::CommandMessageT message(std::string tenant, std::string user, Body body) {
    schema::CommandMessageT made;
    made.tenant = std::move(tenant);
    auto& command = made.commands.emplace_back(std::make_unique<schema::CommandT>());
    command->user = std::move(user);
    command->body.Set(std::move(body));
    return made;
  }
  /// Sends as `identity`; gives the number that its receipt is found by.
  std::string send(schema::CommandMessageT message, const std::string& identity = owner);
  /// The same with bytes made by hand.
  std::string send_bytes(std::vector<std::byte> bytes, const std::string& identity = owner);
  void commit();
  /// Sends, commits, waits for the pool, and gives the receipt.
  schema::ReceiptT run(schema::CommandMessageT message, const std::string& identity = owner);
  bool has_receipt(const std::string& sent) const { return sent_.contains(sent); }
  schema::ReceiptT receipt(const std::string& sent) const;
  /// Turns writer and reader until `done`; fails the test after a generous time.
  void turn_until(const std::function<bool()>& done);

  // ---- questions

  static schema::QueryT by_password(std::string tenant, std::string user, std::string password);
  static schema::QueryT by_name(std::string tenant, std::string user, std::string action,
                                std::string resource, std::size_t count = 1);
  std::string ask(schema::QueryT query, const std::string& identity = owner);
  std::string ask_bytes(std::vector<std::byte> bytes, const std::string& identity = owner);
  schema::AnswerT answer(const std::string& asked);
  bool has_answer(const std::string& asked) const { return answered_.contains(asked); }
  std::size_t answer_bytes(const std::string& asked) const { return answered_.at(asked).size(); }

  // ---- what is there after this

  void create_acme();
  void create_user(const std::string& name, const std::string& password = {});
  void allow(const std::string& name, const std::string& resource);
  void add_operator(const std::string& name, schema::Role role, std::uint32_t uid,
                    bool vouches = false);
  const domain::User& user(const std::string& name) const;
  std::size_t events_of(schema::EventBody kind) const;
  const credential::KeyStore& keys() const { return *keys_; }

  service::Mailboxes& mail() { return mail_; }
  credential::HashPool& pool() { return *pool_; }

  /// A fresh id at the clock's time.
  schema::Uuid fresh_id();

  /// From now on what the writer hands over waits; else another thread runs it at once.
  void hold_appends() { holds_appends_ = true; }
  /// Runs what waits.
  void let_append();
  bool append_waits() const { return !held_appends_.empty(); }

  SimulatedClock clock;
  service::Present present{clock};
  MemoryJournal journal;
  /// The writer's view of it.
  SharedJournal shared{journal};
  service::Vitals vitals;
  std::uint64_t disk_free = 1ULL << 40U;
  bool holds_reserve = false;
  /// What was told: all of it, and the errors alone.
  std::vector<service::Diagnostic> lines;
  std::vector<std::string> alarms;
  /// What the reader notes for the recorder.
  platform::Waker recorder_waker;
  calls::CallLine calls{recorder_waker};
  /// Who may connect, once an operator has changed.
  std::set<std::string> allowed;
  /// U11: asked before keys are destroyed; a failure stands for that of the disk.
  std::function<Expected<>(std::span<const credential::KeySlot>)> before_erasing;

 private:
  void seed_journal(domain::State& state);

  TemporaryFolder folder_;
  platform::SystemEntropy entropy_;
  platform::Waker waker_;
  service::Mailboxes mail_{{waker_, waker_, waker_, waker_, waker_}};
  std::unique_ptr<credential::KeyStore> keys_;
  std::unique_ptr<credential::HashPool> pool_;
  std::unique_ptr<service::PasswordDesk> desk_;

 public:
  std::unique_ptr<service::Writer> writer;
  std::unique_ptr<service::Reader> reader;

 private:
  platform::Worker committer_;
  bool holds_appends_ = false;
  std::vector<std::move_only_function<void()>> held_appends_;
  std::map<std::string, std::vector<std::uint8_t>> sent_;
  std::map<std::string, std::vector<std::uint8_t>> answered_;
  std::uint64_t next_ = 0;
};

}  // namespace postern::support
