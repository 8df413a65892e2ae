// One run of the program: what was asked for, the way to the daemon, where words go.
// Thread: main. Lifetime: one command line. Failure: `Stop`, with everything said or to be said.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tools/cli/access.h"
#include "tools/cli/input.h"
#include "tools/cli/moment.h"
#include "tools/cli/names.h"
#include "tools/cli/verb.h"
#include "tools/client/client.h"
#include "tools/text/output.h"

namespace postern::cli {

/// How many entries of a list are asked for at once.
inline constexpr std::uint32_t page_count = 1'000;

struct Streams {
  /// File descriptor; passwords and lists of questions come from here.
  int in;
  /// Data.
  std::ostream& out;
  /// Talk.
  std::ostream& talk;
  /// A person looks on.
  bool talk_is_terminal = false;
};

struct Settings {
  Access access;
  std::string tenant;
  text::Format format = text::Format::table;
  /// Of the verb.
  Kind kind = Kind::reads;
  /// Of a list, as --columns names them; empty: those that find room.
  std::vector<std::string> columns = {};
  /// U12: of the times that are shown; empty: UTC.
  std::string time_zone;
};

/// What every changing command takes.
struct ChangeSettings {
  bool dry_run = false;
  /// A sweeping change is not asked for once more.
  bool yes = false;
  std::string reason;
  std::uint64_t expected_version = 0;
  /// H4: nothing is done; told is what it would have changed of the calls of so many days. 0: it is
  /// done.
  std::uint32_t preview_days = 0;
  /// As --guard takes it.
  std::string guard;
  std::optional<std::string> id;
};

struct Mistyped;
struct Sweep;

/// Where that which a problem is about stands: "command 3  email", "line 4, users/api.bob/email".
using Places = std::function<std::string(const schema::ProblemT&)>;

class Session {
 public:
  Session(Settings settings, ChangeSettings change, Streams streams);

  const Access& access() const { return settings_.access; }
  text::Format format() const { return settings_.format; }
  Kind kind() const { return settings_.kind; }
  const std::vector<std::string>& columns_asked() const { return settings_.columns; }
  std::ostream& out() { return streams_.out; }
  std::ostream& talk() { return streams_.talk; }
  Input& input() { return input_; }
  bool dry_run() const { return change_.dry_run; }
  bool yes() const { return change_.yes; }
  const std::string& reason() const { return change_.reason; }
  bool talks_to_a_person() const { return streams_.talk_is_terminal; }
  /// 64 where an option was given that is about one message; `what` sends many.
  void refuse_options_of_one_message(std::string_view what) const;
  /// --tenant; 64 if it is not given.
  const std::string& tenant() const;
  bool has_tenant() const { return !settings_.tenant.empty(); }
  /// As if --tenant said so.
  void work_in(std::string tenant) { settings_.tenant = std::move(tenant); }
  client::Client& client();

  /// Sends with --dry-run, --reason, --expect-version and --id, prints the receipt, returns the
  /// exit code.
  int change(schema::CommandMessageT message) {
    return change(std::move(message), [](const schema::ReceiptT&) {});
  }
  /// `done` is run once the daemon has done it, before anything is printed.
  int change(schema::CommandMessageT message,
             const std::function<void(const schema::ReceiptT&)>& done);
  /// The same without printing; says why not, and stops.
  schema::ReceiptT execute(schema::CommandMessageT message, const Places& places = {});
  /// Writes every problem to `talk`; `places`: where what was refused stands.
  void say_problems(schema::Code code,
                    const std::vector<std::unique_ptr<schema::ProblemT>>& problems,
                    const Places& places);
  /// At a terminal, unless --yes or --dry-run: has the name typed of what the command line is going
  /// to do, and stops if it is another. Nothing of it is asked for again.
  void confirm(const Sweep& sweep);
  /// What is sent from now on is a part of what was confirmed, or takes nothing away.
  void take_as_confirmed() { change_.yes = true; }
  /// Answers and pages with code `ok`; else says why not and stops.
  schema::AnswerT ask(schema::QueryT query);
  schema::HistoryPageT page(schema::HistoryRequestT request);
  /// From now on pages are of this moment, as the first one tells where it is given; a past that
  /// takes long to read is waited for.
  void stand_at(const At& at) { at_ = at; }
  bool is_in_the_past() const { return at_.is_given(); }
  /// The one part an answer was asked for; 76 if it is another.
  template <class Part>
  static Part& part(Part* found) {
    if (found == nullptr) stop_unexpected();
    return *found;
  }

  /// From now on, waits for a daemon that is away instead of giving up at once.
  void wait_for_daemon();
  [[noreturn]] static void stop_unexpected();

  /// What is asked without this class, for what is said of its refusal.
  void remember_asked(boost::json::object asked) { asked_ = std::move(asked); }
  /// Of a name that nobody knows, says the nearest that is known and may be seen, where one is.
  void suggest(const std::optional<Mistyped>& mistyped);

  /// One JSON object on a line.
  void print(const boost::json::object& object);
  /// Writes every problem to `talk`, and stops. `part`: what a message of several has many of.
  [[noreturn]] void stop_refused(schema::Code code,
                                 const std::vector<std::unique_ptr<schema::ProblemT>>& problems,
                                 int exit_code, std::string_view part = "");

 private:
  void finish(schema::CommandMessageT& message);
  schema::HistoryPageT page_once(schema::HistoryRequestT request);
  schema::ReceiptT send(schema::CommandMessageT message);
  /// Ends the command line.
  [[noreturn]] void preview(schema::CommandMessageT message);
  client::Result<schema::ReceiptT> execute_in_view(schema::CommandMessageT message);
  void confirm(const schema::CommandMessageT& message);
  void stop_unless_done(const schema::ReceiptT& receipt, const Places& places = {});
  int say_what_is_known(schema::Code code);
  void print_receipt(const schema::ReceiptT& receipt);

  Settings settings_;
  ChangeSettings change_;
  Streams streams_;
  Input input_;
  /// Kept, because a daemon that is away takes its file of addresses with it.
  std::optional<client::Options> reached_;
  std::optional<client::Client> client_;
  bool patient_ = false;
  At at_;
  bool moment_is_told_ = false;
  bool id_given_ = false;
  /// Of the command that was sent.
  std::string id_;
  /// The message that was sent had more than one command.
  bool several_ = false;
  /// What it named, for the receipt.
  Typed typed_;
  /// The message or request that was sent, without its secrets: what a refusal is about.
  boost::json::object asked_;
};

/// The exit code for a code: `refused` where the rules say no, trouble's own number otherwise.
int exit_code_of(schema::Code code, int refused);

template <class Body>
void add_command(schema::CommandMessageT& message, std::string user, Body body) {
  message.commands.push_back(std::make_unique<schema::CommandT>());
  message.commands.back()->user = std::move(user);
  message.commands.back()->body.Set(std::move(body));
}

/// A message with one command.
template <class Body>
schema::CommandMessageT message_of(std::string tenant, std::string user, Body body) {
  schema::CommandMessageT message;
  message.tenant = std::move(tenant);
  add_command(message, std::move(user), std::move(body));
  return message;
}

/// The same command about each of several users: one batch, all or nothing (K3).
template <class Body>
schema::CommandMessageT message_of(std::string tenant, const std::vector<std::string>& users,
                                   const Body& body) {
  schema::CommandMessageT message;
  message.tenant = std::move(tenant);
  for (const auto& user : users) add_command(message, user, Body(body));
  return message;
}

template <class Body>
schema::HistoryRequestT request(Body body) {
  schema::HistoryRequestT made;
  made.body.Set(std::move(body));
  return made;
}

}  // namespace postern::cli
