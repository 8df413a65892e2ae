// Postern itself, by ZMTP as it is, with messages made before, through the same loop as all others.
#include "tools/bench/bare_dealer.h"
#include "tools/bench/control.h"
#include "tools/bench/peer/peer.h"
#include "tools/bench/peer/streams.h"

namespace postern::bench::peer {

namespace {

/// Writes of one measurement; a multiple of twice the users that are written to.
constexpr std::size_t most_writes = 51'200;

/// As they go over the wire.
Messages framed(const Messages& messages) {
  Messages frames;
  for (const std::string& message : messages)
    frames.push_back(frame_header(message.size()) + message);
  return frames;
}

/// One connection; all that is sent at once leaves in one call.
class PosternLink {
 public:
  PosternLink(const Door& door, const Messages& frames, Answers& answers)
      : dealer_(door), frames_(&frames), answers_(&answers) {}

  int descriptor() const { return dealer_.descriptor(); }
  /// What the socket does not take at once is waited for.
  bool has_more() const { return false; }
  void write(std::size_t index) { unsent_.emplace_back((*frames_)[index]); }
  void flush() {
    if (unsent_.empty()) return;
    dealer_.send(unsent_);
    unsent_.clear();
  }
  /// The answers themselves are kept.
  template <class Take>
  void read(Take take) {
    for (std::size_t count = dealer_.receive(*answers_); count > 0; --count) take(nullptr);
  }

 private:
  BareDealer dealer_;
  const Messages* frames_;
  Answers* answers_;
  std::vector<std::string_view> unsent_;
};

class PosternConversation : public Conversation {
 public:
  PosternConversation(const Door& door, std::size_t connections, const Messages& messages)
      : frames_(framed(messages)), links_(connect(door, connections), 1) {}

  void send(std::size_t index) override { links_.send(index); }
  void flush() override { links_.flush(); }
  std::size_t receive() override {
    return links_.receive([&](std::size_t index, std::size_t, std::nullptr_t) {
      run_.asked.push_back(static_cast<std::uint32_t>(index));
    });
  }

 protected:
  Run run_;

 private:
  std::vector<PosternLink> connect(const Door& door, std::size_t connections) {
    std::vector<PosternLink> links;
    for (std::size_t i = 0; i < connections; ++i) links.emplace_back(door, frames_, run_.answers);
    return links;
  }

  const Messages frames_;
  Links<PosternLink> links_;
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
      flush();
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
