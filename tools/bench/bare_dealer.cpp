#include "tools/bench/bare_dealer.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tools/bench/stopwatch.h"
#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

constexpr int answer_timeout_s = 30;
constexpr std::size_t greeting_bytes = 64;
constexpr std::size_t short_header_bytes = 2;
constexpr std::size_t long_header_bytes = 9;
constexpr std::size_t frame_bytes_max = 16 * 1'048'576;
/// More than the frames of one `ask_pipelined` need; the kernel takes 1,024.
constexpr std::size_t pieces_max = 512;
// Flags of a frame.
constexpr char is_long = 2;
constexpr char is_command = 4;

std::string greeting() {
  std::string bytes = "\xff" + std::string(8, '\0') + "\x7f" + '\3' + '\1' + "NULL";
  bytes.resize(greeting_bytes);
  return bytes;
}

std::string command(std::string_view body) {
  return (std::string{is_command, static_cast<char>(body.size())}).append(body);
}

std::string ready() {
  return command("\5READY\13Socket-Type" + std::string("\0\0\0\6", 4) + "DEALER");
}

std::uint64_t big_endian(const char* bytes, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t place = 0; place < count; ++place)
    number = number << 8 | static_cast<unsigned char>(bytes[place]);
  return number;
}

}  // namespace

std::string frame_header(std::size_t size) {
  if (size < 256) return {'\0', static_cast<char>(size)};
  std::string header{is_long};
  for (int shift = 56; shift >= 0; shift -= 8) header += static_cast<char>(size >> shift & 0xff);
  return header;
}

BareDealer::BareDealer()
    : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), buffer_(65'536) {}

BareDealer::BareDealer(const Door& door) : BareDealer() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = door.address.substr(std::strlen("ipc://"));
  if (path.size() >= sizeof address.sun_path)
    fail(exit_codes::usage, "the path of a socket is too long: " + path);
  path.copy(address.sun_path, path.size());
  const timeval timeout{.tv_sec = answer_timeout_s, .tv_usec = 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail(exit_codes::unreachable, "cannot connect to " + door.address);
  const std::string said = greeting() + ready();
  const std::string_view pieces[] = {said};
  send(pieces);
  read(greeting_bytes + short_header_bytes);
  begin_ += greeting_bytes;
  // Until the other side is ready it asks who this is, and ends who sends a message meanwhile.
  const std::size_t size = short_header_bytes + big_endian(buffer_.data() + begin_ + 1, 1);
  read(size);
  if (buffer_[begin_] != is_command) wrong_answer("a connection does not begin with a command");
  begin_ += size;
}

BareDealer::BareDealer(BareDealer&& from) noexcept
    : descriptor_(std::exchange(from.descriptor_, -1)),
      buffer_(std::move(from.buffer_)),
      begin_(from.begin_),
      end_(from.end_) {}

BareDealer::~BareDealer() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void BareDealer::send(std::span<const std::string_view> pieces) const {
  std::array<iovec, pieces_max> parts;
  while (!pieces.empty()) {
    const std::size_t count = std::min(pieces.size(), parts.size());
    std::size_t bytes = 0;
    for (std::size_t place = 0; place < count; ++place) {
      parts[place] = {const_cast<char*>(pieces[place].data()), pieces[place].size()};
      bytes += pieces[place].size();
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    ssize_t sent = 0;
    // What the socket does not take at once it waits for.
    do {
      sent = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent != static_cast<ssize_t>(bytes)) fail(exit_codes::unreachable, "cannot send");
    pieces = pieces.subspan(count);
  }
}

void BareDealer::make_room(std::size_t size) {
  if (begin_ + size <= buffer_.size() && begin_ != end_) return;
  std::memmove(buffer_.data(), buffer_.data() + begin_, unread());
  end_ -= std::exchange(begin_, 0);
  buffer_.resize(std::max(buffer_.size(), size));
}

void BareDealer::read(std::size_t size) {
  make_room(size);
  while (unread() < size) {
    const ssize_t got = ::recv(descriptor_, buffer_.data() + end_, buffer_.size() - end_, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail(exit_codes::unreachable, "no answer within 30 s");
    end_ += static_cast<std::size_t>(got);
  }
}

std::size_t BareDealer::take(Answers& answers) {
  std::size_t count = 0;
  while (unread() >= short_header_bytes) {
    const char* frame = buffer_.data() + begin_;
    const bool has_long = (frame[0] & is_long) != 0;
    const std::size_t header = has_long ? long_header_bytes : short_header_bytes;
    if (unread() < header) break;
    const std::uint64_t size = big_endian(frame + 1, header - 1);
    if (size > frame_bytes_max) wrong_answer("a frame is too long");
    if (unread() < header + size) {
      make_room(header + size);
      break;
    }
    begin_ += header + size;
    // What the handshake says, and heartbeats, which neither server sends.
    if ((frame[0] & is_command) != 0) continue;
    answers.add(frame + header, size);
    ++count;
  }
  return count;
}

std::size_t BareDealer::receive(Answers& answers) {
  std::size_t count = take(answers);
  while (count == 0) {
    read(unread() + 1);
    count = take(answers);
  }
  return count;
}

namespace {

/// The frames of a reel, and whose turn it is, connection by connection.
class Pipeline {
 public:
  Pipeline(std::span<BareDealer> dealers, Reel& reel, const Limit& limit)
      : dealers_(dealers), reel_(reel), limit_(limit), unanswered_(dealers.size()) {
    for (const std::string& message : reel.messages)
      headers_.push_back(frame_header(message.size()));
  }

  /// So many more on that connection, in one call.
  void send(std::size_t which, std::size_t count, std::size_t sent_max) {
    pieces_.clear();
    for (; count > 0 && sent_ < sent_max; --count, ++sent_) {
      const std::size_t index = reel_.take();
      unanswered_[which].push_back(static_cast<std::uint32_t>(index));
      pieces_.push_back(headers_[index]);
      pieces_.push_back(reel_.messages[index]);
    }
    if (!pieces_.empty()) dealers_[which].send(pieces_);
  }

  /// What has come on that connection; how many.
  std::size_t receive(std::size_t which, Run& run) {
    const std::size_t count = dealers_[which].receive(run.answers);
    Row& row = unanswered_[which];
    if (count > row.size()) wrong_answer("there are more answers than questions");
    const auto end = row.begin() + static_cast<std::ptrdiff_t>(count);
    run.asked.insert(run.asked.end(), row.begin(), end);
    row.erase(row.begin(), end);
    return count;
  }

  std::size_t sent() const { return sent_; }
  const Limit& limit() const { return limit_; }

 private:
  using Row = std::vector<std::uint32_t>;

  std::span<BareDealer> dealers_;
  Reel& reel_;
  const Limit& limit_;
  std::vector<std::string> headers_;
  std::vector<std::string_view> pieces_;
  std::vector<Row> unanswered_;
  std::size_t sent_ = 0;
};

/// Which of many connections have something.
class ReadyList {
 public:
  explicit ReadyList(std::span<BareDealer> dealers)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)), events_(dealers.size()) {
    for (std::size_t which = 0; which < dealers.size(); ++which) {
      epoll_event wanted{.events = EPOLLIN, .data = {.u64 = which}};
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, dealers[which].descriptor(), &wanted);
    }
  }
  ReadyList(const ReadyList&) = delete;
  ReadyList& operator=(const ReadyList&) = delete;
  ~ReadyList() { ::close(epoll_); }

  std::span<const epoll_event> wait() {
    int count = 0;
    do {
      count = ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()),
                           answer_timeout_s * 1'000);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) fail(exit_codes::unreachable, "no answer within 30 s");
    return std::span(events_).first(static_cast<std::size_t>(count));
  }

 private:
  int epoll_;
  std::vector<epoll_event> events_;
};

}  // namespace

Run ask_pipelined(std::span<BareDealer> dealers, Reel& reel, std::size_t window,
                  const Limit& limit) {
  Run run;
  run.expect(limit);
  ReadyList ready(dealers);
  Pipeline pipeline(dealers, reel, limit);
  const Stopwatch stopwatch(limit);
  for (std::size_t which = 0; which < dealers.size(); ++which)
    pipeline.send(which, window, limit.count);
  while (run.answers.size() < pipeline.sent()) {
    const auto go_on = [&](std::size_t which) {
      const std::size_t count = pipeline.receive(which, run);
      if (!stopwatch.over(pipeline.sent())) pipeline.send(which, count, limit.count);
    };
    // One alone waits in its read.
    if (dealers.size() == 1)
      go_on(0);
    else
      for (const epoll_event& event : ready.wait()) go_on(event.data.u64);
  }
  run.seconds = stopwatch.seconds();
  return run;
}

}  // namespace postern::bench
