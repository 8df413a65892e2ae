// PostgreSQL, through libpq's pipeline mode: prepared statements, looked up by the primary key.
#include <libpq-fe.h>

#include <algorithm>
#include <utility>

#include "tools/bench/peer/peer.h"
#include "tools/bench/peer/streams.h"

namespace postern::bench::peer {

namespace {

constexpr const char* ask = "ask";
constexpr const char* change = "change";

/// The words of the statement, one set for each question of a message.
struct Statements {
  const char* name;
  std::vector<std::vector<std::string>> words;
  std::size_t per_message = 1;
};

[[noreturn]] void fail_with(const PGconn* connection, const std::string& doing) {
  fail(exit_codes::unreachable,
       "PostgreSQL, " + doing + ": " + PQerrorMessage(const_cast<PGconn*>(connection)));
}

struct ConnectionEnder {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, ConnectionEnder>;

struct ResultEnder {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultEnder>;

Connection connect(const std::string& where) {
  Connection connection(PQconnectdb(where.c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) fail_with(connection.get(), "connecting");
  return connection;
}

void run(PGconn* connection, const std::string& statement) {
  const Result result(PQexec(connection, statement.c_str()));
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN)
    fail_with(connection, statement);
}

class PostgresLink {
 public:
  PostgresLink(const std::string& where, const Statements& statements)
      : statements_(&statements), connection_(connect(where)) {
    run(connection_.get(),
        "PREPARE ask AS SELECT deny FROM grants WHERE username = $1 AND action = $2 AND "
        "resource = $3");
    run(connection_.get(),
        "PREPARE change AS UPDATE users SET api_access = $2 WHERE username = $1");
    if (PQenterPipelineMode(connection_.get()) != 1 || PQsetnonblocking(connection_.get(), 1) != 0)
      fail_with(connection_.get(), "pipelining");
  }

  int descriptor() const { return PQsocket(connection_.get()); }
  bool has_more() const { return has_more_; }

  void write(std::size_t index) {
    for (std::size_t i = 0; i < statements_->per_message; ++i) {
      const auto& words = statements_->words[index * statements_->per_message + i];
      std::vector<const char*> values;
      for (const std::string& word : words) values.push_back(word.c_str());
      if (PQsendQueryPrepared(connection_.get(), statements_->name, static_cast<int>(values.size()),
                              values.data(), nullptr, nullptr, 0) != 1)
        fail_with(connection_.get(), "asking");
    }
    // A transaction of its own for each message.
    if (PQpipelineSync(connection_.get()) != 1) fail_with(connection_.get(), "asking");
  }

  void flush() {
    const int rest = PQflush(connection_.get());
    if (rest < 0) fail_with(connection_.get(), "sending");
    has_more_ = rest == 1;
  }

  /// `take(result)` for each statement.
  template <class Take>
  void read(Take take) {
    if (PQconsumeInput(connection_.get()) != 1) fail_with(connection_.get(), "reading");
    while (PQisBusy(connection_.get()) == 0) {
      const Result result(PQgetResult(connection_.get()));
      if (result == nullptr) {
        // Behind each statement; two of them: nothing is under way.
        if (std::exchange(was_nothing_, true)) return;
        continue;
      }
      was_nothing_ = false;
      const auto status = PQresultStatus(result.get());
      if (status == PGRES_PIPELINE_SYNC) continue;
      if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_with(connection_.get(), "reading");
      take(result);
    }
  }

 private:
  const Statements* statements_;
  Connection connection_;
  bool has_more_ = false;
  bool was_nothing_ = false;
};

class PostgresConversation : public Conversation {
 public:
  /// `questions`: null for writes.
  PostgresConversation(const std::string& where, const Statements& statements,
                       std::size_t connections, const QuestionSet* questions)
      : links_(open_links(where, statements, connections), statements.per_message),
        per_message_(statements.per_message) {
    if (questions != nullptr) verdicts_.emplace(*questions);
  }

  void send(std::size_t index) override { links_.send(index); }
  void flush() override { links_.flush(); }
  std::size_t receive() override {
    return links_.receive([&](std::size_t index, std::size_t place, const Result& answer) {
      if (verdicts_)
        verdicts_->add(index * per_message_ + place,
                       PQntuples(answer.get()) == 1 && *PQgetvalue(answer.get(), 0, 0) == 'f');
      else if (std::string_view(PQcmdTuples(answer.get())) != "1")
        ++refused_;
    });
  }
  void verify() override {
    if (verdicts_) verdicts_->verify("PostgreSQL");
    if (refused_ > 0) wrong_answer("PostgreSQL did not change a user");
  }

 private:
  static std::vector<PostgresLink> open_links(const std::string& where,
                                              const Statements& statements, std::size_t count) {
    std::vector<PostgresLink> links;
    for (std::size_t i = 0; i < count; ++i) links.emplace_back(where, statements);
    return links;
  }

  Links<PostgresLink> links_;
  std::size_t per_message_;
  std::optional<Verdicts> verdicts_;
  std::size_t refused_ = 0;
};

Statements statements_of(const QuestionSet& questions) {
  Statements statements{ask, {}, questions.per_message};
  for (std::size_t i = 0; i < questions.asked.size(); ++i) {
    const Right& right = questions.asked[i].right;
    statements.words.push_back({questions.usernames[i / questions.per_message],
                                action_text(right.action), resource_text(right.resource)});
  }
  return statements;
}

class Postgres : public Peer {
 public:
  Postgres(std::string where, const World& world)
      : where_(std::move(where)),
        world_(world),
        checks_(statements_of(world.checks)),
        batches_(statements_of(world.batches)),
        writes_{change, {}, 1} {
    for (const char* value : {"false", "true"})
      for (std::size_t i = 0; i < world.written_users; ++i)
        writes_.words.push_back({username_of(world.users + i), value});
  }

  std::string name() const override { return "PostgreSQL, primary key"; }
  std::string settings() override {
    const Connection connection = connect(where_);
    return std::string(PQparameterStatus(connection.get(), "server_version")) +
           ", unix socket, fsync on, synchronous_commit on, shared_buffers 256MB";
  }
  void load(const World& world) override {
    const Connection connection = connect(where_);
    run(connection.get(),
        "CREATE TABLE users (username text PRIMARY KEY, api_access boolean NOT NULL)");
    run(connection.get(),
        "CREATE TABLE grants (username text, action text, resource text, deny boolean NOT NULL, "
        "PRIMARY KEY (username, action, resource))");
    std::string users, grants;
    for (std::size_t user = 0; user < world.users + world.written_users; ++user) {
      users += username_of(user) + "\ttrue\n";
      for (const Grant& grant : grants_of(user))
        grants += username_of(user) + "\t" + action_text(grant.right.action) + "\t" +
                  resource_text(grant.right.resource) + (grant.deny ? "\ttrue\n" : "\tfalse\n");
    }
    copy(connection.get(), "users", users);
    copy(connection.get(), "grants", grants);
    run(connection.get(), "VACUUM ANALYZE");
  }
  std::unique_ptr<Conversation> open(Work work, std::size_t connections) override {
    if (work == Work::writes)
      return std::make_unique<PostgresConversation>(where_, writes_, connections, nullptr);
    const bool alone = work == Work::checks;
    return std::make_unique<PostgresConversation>(where_, alone ? checks_ : batches_, connections,
                                                  alone ? &world_.checks : &world_.batches);
  }

 private:
  static void copy(PGconn* connection, const std::string& table, const std::string& rows) {
    run(connection, "COPY " + table + " FROM STDIN");
    if (PQputCopyData(connection, rows.data(), static_cast<int>(rows.size())) != 1 ||
        PQputCopyEnd(connection, nullptr) != 1)
      fail_with(connection, "loading " + table);
    const Result result(PQgetResult(connection));
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) fail_with(connection, "loading " + table);
    while (Result(PQgetResult(connection))) continue;
  }

  std::string where_;
  const World& world_;
  Statements checks_;
  Statements batches_;
  Statements writes_;
};

}  // namespace

std::unique_ptr<Peer> make_postgres(const std::string& where, const World& world) {
  return std::make_unique<Postgres>(where, world);
}

}  // namespace postern::bench::peer
