// Raw ZeroMQ clients that send prebuilt messages: the one loop for figure and floor, so that both
// pay the same for their client. Answers are kept and looked at after the clock has stopped.
// Thread: a Dealer belongs to one thread. Failure: Trouble. Limits: an answer takes 30 s at most.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::bench {

/// Where to connect; keys as Z85, empty for ipc.
struct Door {
  std::string address;
  std::string server_key;
  std::string public_key;
  std::string secret_key;
};

void* context();

using Messages = std::vector<std::string>;

/// What came back, each at an address that FlatBuffers can read.
class Answers {
 public:
  void add(const void* data, std::size_t size);
  /// Room for so many of usual size, so that growing costs the run nothing.
  void expect(std::size_t count);
  std::size_t size() const { return sizes_.size(); }
  std::string_view operator[](std::size_t index) const {
    return {reinterpret_cast<const char*>(blocks_.data() + starts_[index]), sizes_[index]};
  }

 private:
  struct alignas(16) Block {
    std::byte bytes[16];
  };
  std::vector<Block> blocks_;
  std::vector<std::size_t> starts_;
  std::vector<std::size_t> sizes_;
};

struct SocketCloser {
  void operator()(void* socket) const;
};

class Dealer {
 public:
  explicit Dealer(const Door& door);

  void send(std::string_view message);
  /// With `wait` it fails after 30 s; without, false if nothing is there.
  bool receive(Answers& answers, bool wait);
  void* handle() const { return socket_.get(); }
  int descriptor() const { return descriptor_; }

 private:
  std::unique_ptr<void, SocketCloser> socket_;
  int descriptor_ = -1;
};

/// When to send no more; whichever comes first.
struct Limit {
  std::size_t count = std::numeric_limits<std::size_t>::max();
  double seconds = std::numeric_limits<double>::infinity();
  const std::atomic<bool>* stop = nullptr;
};

/// Messages used over and over, going on where the last run ended.
struct Reel {
  Messages messages;
  std::size_t next = 0;

  std::size_t take() {
    const std::size_t taken = next;
    next = next + 1 == messages.size() ? 0 : next + 1;
    return taken;
  }
};

/// Answer i belongs to message `asked[i]`: peers answer one connection in order. Who cannot rely on
/// it checks by the id in the answer.
struct Run {
  Answers answers;
  std::vector<std::uint32_t> asked;
  /// Of each answer, where single latencies are measured.
  std::vector<double> microseconds;
  double seconds = 0;

  /// As many answers as may come until then.
  void expect(const Limit& limit);
  double per_second() const { return static_cast<double>(answers.size()) / seconds; }
};

/// The next only when the last is answered.
Run ask_one_at_a_time(Dealer& dealer, Reel& reel, const Limit& limit);

/// Always `window` unanswered on each socket: all that has come is taken, then as many are sent.
Run ask_pipelined(std::span<Dealer> dealers, Reel& reel, std::size_t window, const Limit& limit,
                  std::atomic<std::size_t>* answered = nullptr);

/// So many a second, whether or not the last is answered: a stall meets all that come due in it.
Run ask_paced(Dealer& dealer, Reel& reel, double per_second, const Limit& limit,
              std::atomic<std::size_t>* answered = nullptr);

}  // namespace postern::bench
