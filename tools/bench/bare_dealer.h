// A connection to an ipc socket by hand: ZMTP 3 with the mechanism NULL. It has no thread and no
// queue of its own, and one system call sends or takes all that is there, so that nearly all of the
// processor is the server's.
// Thread: one. Failure: Trouble. Limits: a frame of 16 MiB.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tools/bench/wire.h"

namespace postern::bench {

class BareDealer {
 public:
  explicit BareDealer(const Door& door);
  BareDealer(BareDealer&& from) noexcept;
  BareDealer& operator=(BareDealer&&) = delete;
  ~BareDealer();

  int descriptor() const { return descriptor_; }
  /// The bytes of messages, each with the header that `frame_header` makes; in one call.
  void send(std::span<const std::string_view> pieces) const;
  /// The messages that have come, at least one; so many. Fails after 30 s.
  std::size_t receive(Answers& answers);

 private:
  /// For so many unread bytes.
  void make_room(std::size_t size);
  /// Until there are so many.
  void read(std::size_t size);
  /// What has been read of whole frames; how many messages.
  std::size_t take(Answers& answers);
  std::size_t unread() const { return end_ - begin_; }

  /// Closes its socket also where connecting fails.
  BareDealer();

  int descriptor_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// What goes before a message of that size.
std::string frame_header(std::size_t size);

/// Always `window` unanswered on each connection.
Run ask_pipelined(std::span<BareDealer> dealers, Reel& reel, std::size_t window,
                  const Limit& limit);

}  // namespace postern::bench
