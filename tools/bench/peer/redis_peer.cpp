// Redis, through its protocol as it is: commands as bytes made before, many in one write. No
// library's objects for the answers are between it and the clock.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "tools/bench/peer/peer.h"
#include "tools/bench/peer/streams.h"

namespace postern::bench::peer {

namespace {

std::string command(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words)
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return bytes;
}

struct Reply {
  /// '+' a status, '-' an error, ':' a number, '$' a text.
  char kind = '+';
  std::string_view text;
  std::size_t bytes = 0;
};

/// What stands at the beginning; of no bytes if it is not all there.
Reply first_reply(std::string_view bytes) {
  const auto end = bytes.find("\r\n");
  if (end == bytes.npos) return {};
  Reply reply{bytes[0], bytes.substr(1, end - 1), end + 2};
  if (reply.kind != '$') return reply;
  int size = 0;
  std::from_chars(reply.text.data(), reply.text.data() + reply.text.size(), size);
  // Less than nothing: there is none by that key.
  if (size < 0) return {'$', {}, end + 2};
  const std::size_t whole = end + 2 + static_cast<std::size_t>(size) + 2;
  if (bytes.size() < whole) return {};
  return {'$', bytes.substr(end + 2, static_cast<std::size_t>(size)), whole};
}

class RedisLink {
 public:
  RedisLink(const std::string& path, const Messages& messages)
      : messages_(&messages), socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
      fail(exit_codes::usage, "the path of Redis's socket is too long: " + path);
    std::memcpy(address.sun_path, path.data(), path.size());
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      fail(exit_codes::unreachable, "cannot connect to Redis at " + path);
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
  }
  RedisLink(RedisLink&& other) noexcept
      : messages_(other.messages_), socket_(std::exchange(other.socket_, -1)) {}
  RedisLink& operator=(RedisLink&&) = delete;
  ~RedisLink() {
    if (socket_ >= 0) ::close(socket_);
  }

  int descriptor() const { return socket_; }
  bool has_more() const { return !unsent_.empty(); }
  void write(std::size_t index) { unsent_ += (*messages_)[index]; }

  void flush() {
    if (unsent_.empty()) return;
    const auto count = ::send(socket_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) fail(exit_codes::unreachable, "Redis closed the connection");
    if (count > 0) unsent_.erase(0, static_cast<std::size_t>(count));
  }

  template <class Take>
  void read(Take take) {
    char piece[65'536];
    const auto count = ::recv(socket_, piece, sizeof piece, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN))
      fail(exit_codes::unreachable, "Redis closed the connection");
    if (count < 0) return;
    unread_.append(piece, static_cast<std::size_t>(count));
    std::string_view rest = unread_;
    for (Reply reply = first_reply(rest); reply.bytes > 0; reply = first_reply(rest)) {
      if (reply.kind == '-')
        fail(exit_codes::wrong_answer, "Redis says: " + std::string(reply.text));
      rest.remove_prefix(reply.bytes);
      take(reply.text);
    }
    unread_.erase(0, unread_.size() - rest.size());
  }

 private:
  const Messages* messages_;
  int socket_;
  std::string unsent_;
  std::string unread_;
};

Links<RedisLink> links_to(const std::string& path, const Messages& messages, std::size_t count,
                          std::size_t answers) {
  std::vector<RedisLink> links;
  for (std::size_t i = 0; i < count; ++i) links.emplace_back(path, messages);
  return {std::move(links), answers};
}

class RedisConversation : public Conversation {
 public:
  /// `questions`: what is asked; null: what is written. `yes`: the answer that allows.
  RedisConversation(const std::string& path, const Messages& messages, std::size_t connections,
                    const QuestionSet* questions, std::string yes)
      : links_(links_to(path, messages, connections, questions ? questions->per_message : 1)),
        questions_(questions),
        yes_(std::move(yes)) {
    if (questions_ != nullptr) verdicts_.emplace(*questions_);
  }

  void send(std::size_t index) override { links_.send(index); }
  void flush() override { links_.flush(); }
  std::size_t receive() override {
    return links_.receive([&](std::size_t index, std::size_t place, std::string_view answer) {
      if (verdicts_) verdicts_->add(index * questions_->per_message + place, answer == yes_);
      // A field that is there is given its value: 0 new ones.
      if (!verdicts_ && answer != "0") ++refused_;
    });
  }
  void verify() override {
    if (verdicts_) verdicts_->verify("Redis");
    if (refused_ > 0) wrong_answer("Redis did not change a user");
  }

 private:
  Links<RedisLink> links_;
  const QuestionSet* questions_;
  std::string yes_;
  std::optional<Verdicts> verdicts_;
  std::size_t refused_ = 0;
};

/// Sends all of it, and reads as many answers.
std::vector<std::string> say(const std::string& path, const Messages& messages) {
  auto links = links_to(path, messages, 1, 1);
  std::vector<std::string> answers;
  constexpr std::size_t window = 1'000;
  for (std::size_t sent = 0; answers.size() < messages.size();) {
    for (; sent < messages.size() && sent < answers.size() + window; ++sent) links.send(sent);
    links.flush();
    links.receive(
        [&](std::size_t, std::size_t, std::string_view answer) { answers.emplace_back(answer); });
  }
  return answers;
}

std::string version_of(const std::string& path) {
  const std::string info = say(path, {command({"INFO", "server"})}).front();
  const std::string_view key = "redis_version:";
  const auto begin = info.find(key) + key.size();
  return info.substr(begin, info.find('\r', begin) - begin);
}

/// One message's bytes of each question, joined to as many as the set has in a message.
template <class Words>
Messages messages_of(const QuestionSet& questions, Words words) {
  Messages messages(questions.usernames.size());
  for (std::size_t i = 0; i < questions.asked.size(); ++i) {
    const std::size_t message = i / questions.per_message;
    messages[message] += command(words(questions.usernames[message], questions.asked[i].right));
  }
  return messages;
}

std::string field_of(const Right& right) {
  return action_text(right.action) + " " + resource_text(right.resource);
}

/// A user is a hash of its rights: what is asked is looked up.
class Redis : public Peer {
 public:
  Redis(std::string path, const World& world) : path_(std::move(path)), world_(world) {
    const auto look_up = [](const std::string& username, const Right& right) {
      return std::vector<std::string>{"HGET", username, field_of(right)};
    };
    checks_ = messages_of(world.checks, look_up);
    batches_ = messages_of(world.batches, look_up);
    for (const char* value : {"off", "on"})
      for (std::size_t i = 0; i < world.written_users; ++i)
        writes_.push_back(command({"HSET", username_of(world.users + i), "api-access", value}));
  }

  std::string name() const override { return "Redis, HGET"; }
  std::string settings() override {
    return version_of(path_) + ", unix socket, appendonly yes, appendfsync always";
  }
  void load(const World& world) override {
    Messages messages;
    for (std::size_t user = 0; user < world.users + world.written_users; ++user) {
      std::vector<std::string> words = {"HSET", username_of(user), "api-access", "on"};
      for (const Grant& grant : grants_of(user)) {
        words.push_back(field_of(grant.right));
        words.push_back(grant.deny ? "deny" : "allow");
      }
      messages.push_back(command(words));
    }
    say(path_, messages);
  }
  std::unique_ptr<Conversation> open(Work work, std::size_t connections) override {
    if (work == Work::writes)
      return std::make_unique<RedisConversation>(path_, writes_, connections, nullptr, "");
    const bool alone = work == Work::checks;
    return std::make_unique<RedisConversation>(path_, alone ? checks_ : batches_, connections,
                                               alone ? &world_.checks : &world_.batches, "allow");
  }

 private:
  std::string path_;
  const World& world_;
  Messages checks_;
  Messages batches_;
  Messages writes_;
};

/// Each grant that allows is a selector of a Redis user; Redis has no grant that denies, so one
/// is left out, and nothing else allows it.
class RedisAcl : public Peer {
 public:
  RedisAcl(std::string path, const World& world) : path_(std::move(path)), world_(world) {
    const auto dry_run = [](const std::string& username, const Right& right) {
      std::vector<std::string> words = {"ACL", "DRYRUN", username, verbs[right.action],
                                        resource_text(right.resource)};
      for (std::size_t i = 0; i < more_words[right.action]; ++i) words.emplace_back("1");
      return words;
    };
    checks_ = messages_of(world.checks, dry_run);
    batches_ = messages_of(world.batches, dry_run);
  }

  std::string name() const override { return "Redis, ACL DRYRUN"; }
  std::string settings() override { return version_of(path_) + ", the same server"; }
  bool does(Work work) const override { return work != Work::writes; }
  void load(const World& world) override {
    Messages messages;
    for (std::size_t user = 0; user < world.users; ++user) {
      std::vector<std::string> words = {"ACL", "SETUSER", username_of(user), "on"};
      for (const Grant& grant : grants_of(user))
        if (!grant.deny)
          words.push_back("(+" + std::string(verbs[grant.right.action]) + " ~" +
                          resource_text(grant.right.resource) + ")");
      messages.push_back(command(words));
    }
    say(path_, messages);
  }
  std::unique_ptr<Conversation> open(Work work, std::size_t connections) override {
    const bool alone = work == Work::checks;
    return std::make_unique<RedisConversation>(path_, alone ? checks_ : batches_, connections,
                                               alone ? &world_.checks : &world_.batches, "OK");
  }

 private:
  /// A command of Redis for each action, and how many words it has behind the key.
  static constexpr const char* verbs[action_count] = {"append", "set", "get", "del"};
  static constexpr std::size_t more_words[action_count] = {1, 1, 0, 0};

  std::string path_;
  const World& world_;
  Messages checks_;
  Messages batches_;
};

}  // namespace

std::unique_ptr<Peer> make_redis(const std::string& socket, const World& world) {
  return std::make_unique<Redis>(socket, world);
}

std::unique_ptr<Peer> make_redis_acl(const std::string& socket, const World& world) {
  return std::make_unique<RedisAcl>(socket, world);
}

}  // namespace postern::bench::peer
