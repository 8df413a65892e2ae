// Postern itself, through ZeroMQ as it is, with messages made before, as all others are asked.
#include <poll.h>
#include <zmq.h>

#include <deque>

#include "tools/bench/control.h"
#include "tools/bench/peer/peer.h"
#include "tools/bench/trouble.h"

namespace postern::bench::peer {

namespace {

/// Writes of one measurement; a multiple of twice the users that are written to.
constexpr std::size_t most_writes = 51'200;

class PosternConversation : public Conversation {
 public:
  PosternConversation(const Door& door, std::size_t connections, const Messages& messages)
      : messages_(messages), asked_(connections) {
    for (std::size_t i = 0; i < connections; ++i) {
      dealers_.emplace_back(door);
      items_.push_back({dealers_.back().handle(), 0, ZMQ_POLLIN, 0});
      free_.push_back(connections - i - 1);
    }
  }

  void send(std::size_t index) override {
    std::size_t which = 0;
    if (dealers_.size() > 1) {
      which = free_.back();
      free_.pop_back();
    }
    asked_[which].push_back(static_cast<std::uint32_t>(index));
    dealers_[which].send(messages_[index]);
  }

  std::size_t receive() override {
    if (dealers_.size() == 1) {
      take(0, true);
      std::size_t count = 1;
      while (take(0, false)) ++count;
      return count;
    }
    std::size_t count = 0;
    while (count == 0) {
      if (zmq_poll(items_.data(), static_cast<int>(items_.size()), 30'000) == 0)
        fail(exit_codes::unreachable, "no answer within 30 s");
      for (std::size_t i = 0; i < items_.size(); ++i)
        if ((items_[i].revents & ZMQ_POLLIN) != 0 && take(i, false)) {
          free_.push_back(i);
          ++count;
        }
    }
    return count;
  }

 protected:
  Run run_;

 private:
  bool take(std::size_t which, bool wait) {
    if (!dealers_[which].receive(run_.answers, wait)) return false;
    run_.asked.push_back(asked_[which].front());
    asked_[which].pop_front();
    return true;
  }

  const Messages& messages_;
  std::vector<Dealer> dealers_;
  std::vector<zmq_pollitem_t> items_;
  std::vector<std::deque<std::uint32_t>> asked_;
  std::vector<std::size_t> free_;
};

class PosternQuestions : public PosternConversation {
 public:
  PosternQuestions(const Door& door, std::size_t connections, const QuestionSet& questions)
      : PosternConversation(door, connections, questions.reel.messages), questions_(questions) {}
  void verify() override { check_decisions(questions_, run_); }

 private:
  const QuestionSet& questions_;
};

class PosternCommands : public PosternConversation {
 public:
  /// `cycle`: after so many, or a multiple of it, all is as it was.
  PosternCommands(const Door& door, std::size_t connections, const CommandStream& stream,
                  std::size_t cycle)
      : PosternConversation(door, connections, stream.reel.messages),
        stream_(stream),
        cycle_(cycle) {}
  void verify() override {
    for (std::size_t next = run_.asked.size(); next % cycle_ != 0; ++next) {
      send(next);
      receive();
    }
    check_receipts(stream_, run_);
  }
  std::size_t limit() const override { return stream_.reel.messages.size(); }

 private:
  const CommandStream& stream_;
  std::size_t cycle_;
};

class Postern : public Peer {
 public:
  Postern(const std::filesystem::path& program, const std::filesystem::path& folder,
          const World& world)
      : bench_{.sizes = quick, .program = program, .scratch = folder},
        world_(world),
        daemon_({.program = program, .folder = folder / "postern"}) {
    daemon_.start();
  }

  std::string name() const override { return "Postern, Check"; }
  std::string settings() override {
    for (const auto& [name, value] : find_environment(bench_.program, bench_.scratch))
      if (name == "version") return value + ", ipc, every command synced";
    return "ipc, every command synced";
  }
  void load(const World& world) override {
    load_users(bench_, daemon_, world.users + world.written_users, false);
  }
  std::unique_ptr<Conversation> open(Work work, std::size_t connections) override {
    if (work != Work::writes)
      return std::make_unique<PosternQuestions>(
          daemon_.door("queries", DoorKind::ipc), connections,
          work == Work::checks ? world_.checks : world_.batches);
    writes_ = make_access_switches(bench_.next_stream(), most_writes, world_.users,
                                   world_.users + world_.written_users);
    return std::make_unique<PosternCommands>(daemon_.door("commands", DoorKind::ipc), connections,
                                             writes_, 2 * world_.written_users);
  }

 private:
  Bench bench_;
  const World& world_;
  DaemonProcess daemon_;
  CommandStream writes_;
};

}  // namespace

std::unique_ptr<Peer> make_postern(const std::filesystem::path& program,
                                   const std::filesystem::path& folder, const World& world) {
  return std::make_unique<Postern>(program, folder, world);
}

}  // namespace postern::bench::peer
