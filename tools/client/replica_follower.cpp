// The replica's thread: asks for entries and changes, shows what they come to, and stops what is
// shown where it no longer holds.
#include <poll.h>

#include <algorithm>

#include "tools/client/replica_feed.h"
#include "tools/client/replica_memory.h"
#include "tools/client/replica_shared.h"

namespace postern::client {

namespace {

using schema::Code;

/// After trouble that may pass by itself.
constexpr std::chrono::milliseconds short_pause{100};
constexpr std::chrono::milliseconds long_pause{1'000};
/// For large pages, between two questions to the daemon: a denial comes no later than this.
constexpr std::chrono::milliseconds memory_time{2};
/// What the daemon waits at most.
constexpr std::chrono::milliseconds wait_max{10'000};

/// What trouble means to a replica.
enum class Cure : std::uint8_t {
  /// The same again; what is shown grows old meanwhile.
  again,
  /// Nothing that was told holds any more: from the beginning.
  anew,
  /// Nothing helps.
  none,
};

Cure cure_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unreachable:
    case ErrorKind::busy:
      return Cure::again;
    case ErrorKind::contradiction:
      return Cure::none;
    case ErrorKind::usage:
    case ErrorKind::input_output:
    case ErrorKind::protocol:
    case ErrorKind::not_permitted:
      break;
  }
  return Cure::anew;
}

struct Trouble {
  Error error;
  Cure cure = Cure::again;
  std::chrono::milliseconds pause = short_pause;
};

/// A page without entries.
Trouble trouble_of(const schema::HistoryPageT& page) {
  std::string sentence = std::string("The daemon refuses to tell the replica: ") +
                         schema::EnumNameCode(page.code) + ".";
  std::string remedy;
  if (!page.problems.empty()) {
    sentence += " " + page.problems.front()->sentence;
    remedy = page.problems.front()->remedy;
  }
  const auto as = [&](ErrorKind kind, Cure cure, std::chrono::milliseconds pause) {
    return Trouble{{kind, std::move(sentence), std::move(remedy)}, cure, pause};
  };
  const Code code = page.code;
  if (code == Code::busy || code == Code::stopping || code == Code::journal_unavailable)
    return as(ErrorKind::unreachable, Cure::again, short_pause);
  if (code == Code::version_conflict)
    return as(ErrorKind::not_permitted, Cure::anew, std::chrono::milliseconds(0));
  if (code == Code::not_permitted) return as(ErrorKind::not_permitted, Cure::anew, long_pause);
  if (code == Code::seq_beyond_journal || code == Code::journal_restored)
    return as(ErrorKind::contradiction, Cure::none, {});
  return as(ErrorKind::protocol, Cure::none, {});
}

class DaemonFollower {
 public:
  DaemonFollower(Replica::Shared& shared, Client client)
      : shared_(shared), client_(std::move(client)), feed_(std::make_unique<ReplicaFeed>()) {}

  void run() {
    while (!shared_.is_stopping) {
      const auto trouble = ask();
      if (!trouble) {
        memory_.turn(memory_time);
        continue;
      }
      tell(*trouble);
      if (trouble->cure == Cure::none) return;
      if (trouble->cure == Cure::anew) begin_anew();
      pause(trouble->pause);
    }
  }

 private:
  /// One page; nothing: all is well, or it is stopping.
  std::optional<Trouble> ask() {
    const bool may_wait = following_ != 0 && memory_.left() == 0;
    const auto wait = std::min<std::chrono::milliseconds>(shared_.options.age_max / 4, wait_max);
    schema::HistoryRequestT request;
    request.body.Set(feed_->next(may_wait ? wait : std::chrono::milliseconds(0)));
    const std::int64_t sent_ns = steady_ns();
    const auto id = client_.submit(std::move(request));
    if (!id) return Trouble{id.error(), cure_of(id.error().kind), long_pause};
    auto page = collect();
    if (!page) return std::nullopt;
    if (!*page) {
      const Cure cure = cure_of(page->error().kind);
      return Trouble{page->error(), cure, cure == Cure::again ? short_pause : long_pause};
    }
    return take(**page, sent_ns);
  }

  /// Nothing: it is stopping.
  std::optional<Result<schema::HistoryPageT>> collect() {
    while (!shared_.is_stopping) {
      const auto due = client_.turn();
      if (auto outcome = client_.collect_page(std::chrono::milliseconds(0)))
        return std::move(outcome->answer);
      wait(due);
    }
    return std::nullopt;
  }

  void wait(std::optional<std::chrono::milliseconds> time) {
    pollfd items[] = {{client_.descriptor(), POLLIN, 0}, {shared_.wake, POLLIN, 0}};
    // Whatever ends it, everything is looked at again.
    poll(items, 2, time ? static_cast<int>(time->count()) : -1);
  }

  void pause(std::chrono::milliseconds time) {
    pollfd item{shared_.wake, POLLIN, 0};
    poll(&item, 1, static_cast<int>(time.count()));
  }

  std::optional<Trouble> take(const schema::HistoryPageT& page, std::int64_t sent_ns) {
    if (page.code != Code::ok) return trouble_of(page);
    const auto* access = page.body.AsAccessPage();
    if (access == nullptr)
      return Trouble{{ErrorKind::protocol, "The daemon answered a replica with something else.",
                      "Check that its version fits this client."},
                     Cure::none};
    const auto taken = feed_->take(*access, page.seq);
    if (!taken) return Trouble{taken.error(), Cure::none};
    if (*taken)
      show(sent_ns + access->waited_ms * std::int64_t{1'000'000}, page.time_ns);
    else if (following_ == 0)
      prepare();
    return std::nullopt;
  }

  /// Entry by entry as they are told, so that the first answers are not old when all is there.
  void prepare() {
    shared_.versions.prepare([&](ReplicaVersion& version) { version.view.take(feed_->changes()); });
    feed_->clear_changes();
  }

  /// The feed's state, which surely was the daemon's newest at `confirmed_ns`.
  void show(std::int64_t confirmed_ns, std::int64_t daemon_ns) {
    auto& offset_ns = shared_.clock_offset_ns;
    const std::int64_t seen_ns = daemon_ns - steady_ns();
    if (following_ == 0 || seen_ns > offset_ns) offset_ns = seen_ns;
    const bool is_first = following_ == 0;
    if (is_first) following_ = ++followings_;
    if (!is_first && feed_->changes().empty() && shared_.versions.shown().seq == feed_->seq())
      shared_.versions.shown().confirmed_ns = confirmed_ns;
    else
      shared_.versions.publish([&](ReplicaVersion& version) {
        version.view.take(feed_->changes());
        version.asker = feed_->asker();
        version.seq = feed_->seq();
        version.following = following_;
        version.confirmed_ns = confirmed_ns;
      });
    feed_->clear_changes();
    if (is_first) memory_.note(feed_->state().tables());
    {
      const std::lock_guard lock(shared_.mutex);
      shared_.confirmed_ns = confirmed_ns;
      shared_.standing = {.answers = true, .seq = feed_->seq()};
    }
    shared_.changed.notify_all();
  }

  void tell(const Trouble& trouble) {
    const bool goes_on = trouble.cure == Cure::again;
    if (!goes_on) shared_.versions.stop();
    {
      const std::lock_guard lock(shared_.mutex);
      shared_.standing.trouble = trouble.error;
      shared_.standing.is_final = trouble.cure == Cure::none;
      if (!goes_on) shared_.standing.answers = false;
    }
    shared_.changed.notify_all();
  }

  void begin_anew() {
    memory_ = {};
    feed_ = std::make_unique<ReplicaFeed>(feed_->followed());
    following_ = 0;
  }

  Replica::Shared& shared_;
  Client client_;
  std::unique_ptr<ReplicaFeed> feed_;
  ReplicaMemory memory_;
  /// Which one is shown; 0: none.
  std::uint64_t following_ = 0;
  std::uint64_t followings_ = 0;
};

}  // namespace

void follow_daemon(Replica::Shared& shared, Client client) {
  DaemonFollower(shared, std::move(client)).run();
}

}  // namespace postern::client
