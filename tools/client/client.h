// Postern's C++ client: commands, questions and history over ZeroMQ, one at a time, pipelined, or
// within an event loop.
// Thread: a Client belongs to one thread at a time; make one for each, or hand it over as any
//   object without a lock. A SharedClient is for as many threads as there are. Neither starts
//   a thread of its own: nothing is sent again, and no time ends, while nobody calls it. Another
//   thread may wait on a Client's `descriptor()`, no more. All clients share one ZeroMQ context.
// Lifetime: nothing is connected before the first message; the destructor drops what is unanswered.
// Failure: values, no exceptions. An unanswered command may or may not have happened (K5): sending
//   it again with the same id is safe (K1), and is what the client does by itself until its time
//   is over.
// Limits: message 1 MiB, answer 8 MiB, `in_flight_max` unanswered messages for each of the three
//   sockets.
// Secrets: a message's secrets and its serialized bytes are wiped after use, the secret key at the
//   end. Not promised: copies inside libzmq and the kernel, your own copies, and what a string's
//   move leaves.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "command_generated.h"
#include "history_generated.h"
#include "query_generated.h"

namespace postern::client {

/// What kind of trouble; the number is the exit code a program should end with (sysexits.h).
enum class ErrorKind : int {
  /// The message or the options cannot be used as they are.
  usage = 64,
  /// H6: the history is not the one this client has seen before, or a checkpoint is not signed by
  /// the daemon's key. Loud: somebody replaced or changed the journal.
  contradiction = 65,
  /// Nobody answered in time.
  unreachable = 69,
  /// The file of the remembered checkpoint cannot be read or written, or the system has no
  /// descriptor left.
  input_output = 74,
  /// `in_flight_max` messages are unanswered: collect first. Or it is not known whether a command
  /// was done: it was sent more than once, one sending was refused in a way that says nothing of
  /// the others, and none of those was answered in time; or it was cancelled. The same id again
  /// tells. Or a call of a SharedClient was stopped.
  busy = 75,
  /// What came back is no answer of this protocol, or the server is not the one its key says.
  protocol = 76,
  /// The daemon knows no operator with this key or uid.
  not_permitted = 77,
};

/// Sentences for people, never with a secret.
struct Error {
  ErrorKind kind = ErrorKind::usage;
  std::string sentence;
  std::string remedy;
};

constexpr int exit_code(const Error& error) { return static_cast<int>(error.kind); }

template <class Value = void>
using Result = std::expected<Value, Error>;

// ---- keys (CURVE) and ids

using Key = std::array<std::uint8_t, 32>;

struct KeyPair {
  Key public_key{};
  Key secret_key{};
};

/// From the system's entropy.
KeyPair make_key_pair();
/// 40 characters of Z85.
std::string key_text(const Key& key);
std::optional<Key> parse_key(std::string_view z85);

/// A fresh UUIDv7: the system's clock in milliseconds, then entropy.
schema::Uuid make_uuid();
/// The 8-4-4-4-12 form, lower case.
std::string uuid_text(const schema::Uuid& id);
/// Upper or lower case.
std::optional<schema::Uuid> parse_uuid(std::string_view text);

/// Overwrites and empties.
void wipe(std::string& secret);

// ---- checkpoints (H6)

/// What the journal held when it was signed.
struct Checkpoint {
  std::string origin;
  /// Records.
  std::uint64_t size = 0;
  /// Of the RFC 6962 tree over them.
  std::array<std::uint8_t, 32> root{};
  /// When it was signed, UTC nanoseconds; 0: not told.
  std::int64_t time_ns = 0;
};

/// What a checkpoint's text says, whoever signed it. Like the next, `contradiction` if it is
/// malformed.
Result<Checkpoint> read_checkpoint(std::string_view note);
/// The same, if it was signed by this key (name+hash+key), `usage` if that is malformed.
Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view verifier_key);

// ---- the client

/// O4: Ed25519. The secret is the seed.
KeyPair make_signing_key_pair();

/// Its secret keys are wiped at its end.
struct Options {
  ~Options();

  /// ZeroMQ addresses, "tcp://127.0.0.1:7601" or "ipc:///path"; those not used may stay empty.
  std::string commands;
  std::string queries;
  std::string history;
  /// For tcp, which always speaks CURVE: the server's public key and the operator's own pair.
  /// Unused by ipc.
  std::optional<Key> server_key;
  std::optional<KeyPair> keys;
  /// O4: the seed every command is signed with.
  std::optional<Key> signing_seed;
  /// For a whole call, with all its retries; a `wait_ms` in the message comes on top, and
  /// `time_to_hash`. More than a year is a year, here and wherever else a time is given.
  std::chrono::milliseconds timeout{10'000};
  /// How often an unanswered message is sent again within the timeout. Questions that carry a
  /// password never are, since each could count as an attempt (C5); `busy` and `stopping` answers
  /// are retried apart from this. An answer to a command that is not final (schema/resending.h) is
  /// waited out as long as an earlier sending is unanswered.
  int retries = 3;
  /// false: where nobody listens, fail at once instead of when the time is over.
  bool wait_for_daemon = true;
  std::size_t in_flight_max = 1'000;
  /// C11: once a password or key has authenticated, its session token is sent in its place, and
  /// renewed (S1), until it ends; then the credential again. In memory alone. An authentication
  /// that declines a token is never answered by one. false: each question goes as it is.
  bool keep_tokens = true;
  /// H6: where the newest checkpoint that was seen is remembered; empty: nowhere, and the history
  /// is not checked. Programs may share it; each daemon needs its own. Proofs come by `history`.
  std::string checkpoint_file;
  /// H6: what checkpoints are verified with, as posternd prints it; empty: the key of the first
  /// one seen is trusted from then on.
  std::string verifier_key;
  /// Native handle of a ZeroMQ context to take part in, which outlives the client; absent: one of
  /// the library's own.
  void* context = nullptr;
};

/// What a client grants a batch for its passwords, which are hashed one after the other; 0 for one
/// alone.
std::chrono::milliseconds time_to_hash(const schema::CommandMessageT& message);

/// The end of a message that was submitted.
template <class Id, class Answer>
struct Outcome {
  Id id;
  Result<Answer> answer;
};

using CommandOutcome = Outcome<schema::Uuid, schema::ReceiptT>;
using QueryOutcome = Outcome<std::uint64_t, schema::AnswerT>;
using PageOutcome = Outcome<std::uint64_t, schema::HistoryPageT>;

struct Lanes;

class Client {
 public:
  /// `usage` if keys are missing for a tcp address.
  static Result<Client> make(Options options);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // One at a time. A refusal is an answer with a code, not an Error; so is a `busy` that lasts to
  // the end, unless an earlier sending of the command was never answered.

  /// Fills in an id if the message has none. To be able to ask again after an Error, set it
  /// yourself.
  Result<schema::ReceiptT> execute(schema::CommandMessageT message);
  /// The client chooses the id.
  Result<schema::AnswerT> ask(schema::QueryT query);
  Result<schema::HistoryPageT> history(schema::HistoryRequestT request);

  /// Records from `request.from_seq` on, page after page, until `take` returns false or the daemon
  /// refuses; returns the last page. Checks that nothing is missing between. With `wait_ms` 0 it
  /// asks again at once, else each page (also an empty one) comes after that time at the latest.
  /// After an Error, call again from the last page's `next_seq`.
  using Take = std::function<bool(const schema::RecordPageT&, std::span<const schema::RecordT>)>;
  Result<schema::HistoryPageT> follow(schema::GetRecordsT request, const Take& take);

  /// Asks for the newest checkpoint, and checks its signature and, by a proof, that it extends what
  /// is remembered; then remembers it. With a `checkpoint_file`, `history`, `follow` and the status
  /// do so by themselves whenever an answer brings a new checkpoint; the status, where `history`
  /// cannot be reached, goes without.
  Result<Checkpoint> check_history();

  // Pipelined: send without waiting, collect in whatever order the answers come. May be mixed with
  // the above.

  /// Returns the message's id, made if it has none.
  Result<schema::Uuid> submit(schema::CommandMessageT message);
  /// Ids of questions and requests are one row of numbers: no two of this client are the same.
  Result<std::uint64_t> submit(schema::QueryT query);
  Result<std::uint64_t> submit(schema::HistoryRequestT request);
  /// The next message that ended; nothing if none did in that time or none is unanswered. With a
  /// wait of 0 nothing here waits.
  std::optional<CommandOutcome> collect_receipt(std::chrono::milliseconds wait);
  std::optional<QueryOutcome> collect_answer(std::chrono::milliseconds wait);
  std::optional<PageOutcome> collect_page(std::chrono::milliseconds wait);
  /// Of a command that is unanswered: its outcome is an Error (`busy`, 75) that says that it is not
  /// known whether it was done, never a refusal. false: it is not under way; if it has ended, its
  /// outcome is collected as ever.
  bool cancel(const schema::Uuid& command);
  /// Of a question or a request: its answer is dropped, and no outcome is collected any more.
  /// false: there is none with this id.
  bool cancel(std::uint64_t id);
  /// Messages of all kinds that are unanswered or whose outcome was not collected.
  std::size_t in_flight() const;

  // In an event loop: submit; whenever the descriptor is readable, or the time that `turn` gave is
  // over, call `turn` and then collect, with a wait of 0, until there is nothing.

  /// One for the whole client and its whole life, for poll(2) and its like, to be waited on until
  /// it can be read; never read, written or closed by the caller. It stays readable as long as
  /// there is something to do or to collect, so level-triggered waiting is right; with
  /// edge-triggered waiting (EPOLLET), `turn` and collect after each submit too.
  int descriptor() const;
  /// Does what can be done now, without waiting: takes answers, sends again, ends what is out of
  /// time. Returns after how long it must be called again though the descriptor stays unreadable;
  /// nothing: it need not.
  std::optional<std::chrono::milliseconds> turn();

 private:
  explicit Client(std::unique_ptr<Lanes> lanes);
  std::unique_ptr<Lanes> lanes_;
};

/// What one call of many is given.
struct CallLimits {
  /// In the place of `Options::timeout`, and no more than that.
  std::optional<std::chrono::milliseconds> timeout = {};
  /// Ends the call at once with an Error (`busy`, 75); of a command that was sent, it is then not
  /// known whether it was done.
  std::stop_token stop = {};
};

/// A client that any number of threads call at once. What they ask meanwhile leaves together, and
/// checks of one bearer (same tenant, same key, token or name, same call) that come while one of
/// them is under way go as one message; each caller gets its own decisions. Those with a password,
/// a receipt or a wait are never joined. A lone caller waits for nobody and crosses no thread.
class SharedClient {
 public:
  /// As `Client::make`. `in_flight_max` bounds what is under way; more calls at once end `busy`.
  static Result<SharedClient> make(Options options);
  SharedClient(SharedClient&&) noexcept;
  /// Like the destructor, only when no call is under way.
  SharedClient& operator=(SharedClient&&) noexcept;
  ~SharedClient();

  // As of a Client, from any thread. An answer's id says nothing here.

  Result<schema::ReceiptT> execute(schema::CommandMessageT message, const CallLimits& limits = {});
  Result<schema::AnswerT> ask(schema::QueryT query, const CallLimits& limits = {});
  Result<schema::HistoryPageT> history(schema::HistoryRequestT request,
                                       const CallLimits& limits = {});

 private:
  class Turns;
  explicit SharedClient(std::unique_ptr<Turns> turns);
  std::unique_ptr<Turns> turns_;
};

/// The records of a page, each checked like a message.
Result<std::vector<schema::RecordT>> read_records(const schema::RecordPageT& page);

/// Q7: follows records in an event loop, as `Client::follow` does: submit `next()`, `take` the page
/// that comes, submit `next()`. One page at a time is under way, so the caller sets the pace.
class Follower {
 public:
  explicit Follower(schema::GetRecordsT wanted) : wanted_(std::move(wanted)) {}

  schema::HistoryRequestT next() const;
  /// The records of a page whose code is `ok`. `protocol` if it holds something else or records are
  /// missing before or within it; `next()` then asks for the same again.
  Result<std::vector<schema::RecordT>> take(const schema::HistoryPageT& page);

 private:
  schema::GetRecordsT wanted_;
};

}  // namespace postern::client
