// One seed, one world: clients, a network that delays, drops, doubles and swaps, a daemon whose
// power goes, a disk that fails, a clock that jumps. First trouble, in which nothing wrong may be
// told; then calm, in which everything must come to its end. One thread; deterministic over the
// memory disk, LevelDB has threads of its own.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/ledger.h"
#include "tests/simulation/server.h"
#include "tests/simulation/workload.h"

namespace postern::simulation {

struct Plan {
  std::uint64_t seed = 0;
  bool on_leveldb = false;
  Broken broken = {};
  int steps = 1'000;
};

/// How much happened, so that a test can tell that anything did.
struct Tally {
  std::uint64_t records = 0;
  std::uint64_t receipts = 0;
  std::uint64_t repeated = 0;
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t disk_faults = 0;
  std::uint64_t appends_beside = 0;
  /// The clock was set by more than is believed, ahead or back.
  std::uint64_t clock_jumps = 0;
  /// Commands refused because of it, by the daemon's clock and by the id's.
  std::uint64_t clock_suspect = 0;
  std::uint64_t ids_expired = 0;
};

/// What crashes may have left, looked at one by one.
struct CrashTally {
  std::size_t moments = 0;
  std::size_t states = 0;
  /// Moments at which something was written and not synced.
  std::size_t torn = 0;
};

class Simulation {
 public:
  explicit Simulation(const Plan& plan);

  /// What was found wrong; empty: nothing. Stops at the first.
  const Findings& run();
  /// Instead of trouble: at every operation on the disk under so many commands, every state is
  /// opened that a power cut may leave then, `torn_at_each` of them by chance. For LevelDB.
  const Findings& run_through_crashes(std::size_t commands, std::size_t torn_at_each);
  const CrashTally& crashes() const { return crashes_; }
  const Tally& tally() const { return tally_; }
  /// Of the journal at the end.
  const journal::Hash& root() const { return root_; }

 private:
  struct Packet {
    enum class Way { command, question, receipt, answer };
    Way way;
    std::size_t index = 0;
    /// Of what comes back.
    std::vector<std::byte> bytes;
  };
  /// A copy of a command that the daemon has; `recorded`: its record before it came.
  struct Held {
    std::size_t index = 0;
    std::optional<std::uint64_t> recorded;
  };
  /// A question that the daemon has, and what was certain when it came.
  struct Asked {
    std::size_t index = 0;
    std::uint64_t newest_receipt = 0;
    std::uint64_t frees = 0;
    bool denied = false;
    bool session_over = false;
  };
  struct FirstReceipt {
    schema::Code code;
    std::uint64_t seq;
    std::int64_t time_ns;
    std::size_t events;
    friend bool operator==(const FirstReceipt&, const FirstReceipt&) = default;
  };

  // ---- in simulation.cpp: what happens
  bool is_wrong() const { return !findings_.empty(); }
  void make_journal();
  void begin();
  void trouble();
  void calm();
  void end();
  void step();
  void trouble_step();
  void client_step();
  void flood();
  void clock_step();
  void set_clock_far();
  void send_again();
  void start_server();
  void restart(bool power_goes);
  void take_fresh_ids();
  void send(Command command);
  void ask(Question question);
  void deliver(std::size_t place);
  void deliver_all();
  void take_command(std::size_t index);
  void take_question(std::size_t index);
  void turn_writer();
  void turn_all();
  bool settle(int rounds);
  std::size_t unfinished() const;

  // ---- in crash_points.cpp: what a power cut would leave
  struct Left {
    std::map<std::string, std::string> files;
    std::string anchor;
    std::uint64_t acknowledged = 0;
  };
  void look(support::FaultEnv& env, const support::Step& step, std::size_t torn_at_each);
  void check_left(const std::filesystem::path& folder);
  std::string what_is_wrong(const Left& left, const std::filesystem::path& folder) const;

  // ---- in judgement.cpp: whether it may
  void find(std::string sentence) { findings_.push_back(std::move(sentence)); }
  void on_receipt(const std::string& to, std::span<const std::uint8_t> payload);
  void on_answer(const std::string& to, std::span<const std::uint8_t> payload);
  void on_published(const service::Published& published);
  void note_password(const schema::Record& record);
  void judge_check(const Question& question, const Asked& asked, const schema::Answer& answer);
  void judge_password(const Question& question, const Asked& asked, const schema::Answer& answer);
  void judge_allowed(const Question& question, const Asked& asked, std::uint64_t seq);
  void receive_receipt(const Packet& packet);
  void receive_answer(const Packet& packet);
  const domain::User* user_of(const std::string& user) const;
  schema::Code opinion_on(const Question& question, bool with_password, std::int64_t now_ns) const;
  void compare_states();

  const Plan plan_;
  Random random_;
  Findings findings_;
  support::SimulatedClock clock_;
  std::int64_t newest_ns_ = 0;
  bool clock_is_far_ = false;
  std::int64_t confirmed_until_ns_ = 0;
  SimulatedEntropy entropy_;
  SimulatedKeys keys_;
  std::unique_ptr<SimulatedDisk> disk_;
  bool disk_is_full_ = false;
  Workload workload_;
  std::unique_ptr<Server> server_;

  std::vector<Packet> network_;
  bool is_cut_off_ = false;
  bool is_calm_ = true;
  /// Calm, and every command is done.
  bool is_quiet_ = false;
  std::vector<Command> commands_;
  std::vector<Question> questions_;
  std::vector<Token> tokens_;
  std::map<std::string, Held> held_;
  std::map<std::string, Asked> asked_;
  std::uint64_t copies_ = 0;

  Ledger ledger_;
  Beliefs beliefs_;
  std::map<std::size_t, FirstReceipt> first_receipts_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> setting_password_;
  std::map<std::string, std::string> password_of_;
  std::map<std::string, std::uint64_t> told_wrong_;
  std::uint64_t newest_receipt_ = 0;
  /// The same, for the threads of LevelDB.
  std::atomic<std::uint64_t> acknowledged_{0};
  std::mutex left_mutex_;
  std::vector<Left> left_;
  CrashTally crashes_;
  Tally tally_;
  journal::Hash root_{};
};

}  // namespace postern::simulation
