#include "tools/cli/account_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "tools/cli/account_batches.h"
#include "tools/cli/import_facts.h"
#include "tools/cli/import_files.h"
#include "tools/cli/import_notes.h"
#include "tools/cli/import_progress.h"
#include "tools/cli/import_receivers.h"
#include "tools/cli/import_report.h"
#include "tools/cli/new_file.h"
#include "tools/cli/session.h"
#include "tools/text/ids.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace account_import {
namespace {

using schema::Code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t in_flight_max = 8;
/// Batches of which the notes are written at once.
constexpr std::size_t noted_ahead = 16;
constexpr std::chrono::seconds patience{1};

class Import {
 public:
  Import(Session& session, const ImportWanted& wanted)
      : session_(session), wanted_(wanted), notes_(wanted.file) {}

  int run();

 private:
  struct OnItsWay {
    std::size_t place;
    AccountBatch batch;
  };

  // ---- the file
  void open();
  void rewind();

  // ---- the report
  void check();

  // ---- sending
  void go_on();
  void send(AccountPart part);
  void send_noted(AccountPart part, AccountBatches& batches);
  void submit(OnItsWay sent);
  void collect(std::size_t at_most);
  void conclude(OnItsWay sent, schema::ReceiptT receipt);
  void find_out(OnItsWay sent);
  void send_anew(OnItsWay sent);
  schema::CommandMessageT new_message() const;
  void prepare(intake::Entry& entry);
  AccountBatches batches(AccountPart part);
  std::vector<AccountPart> parts() const;
  std::vector<std::string> names() const;

  // ---- what its receivers get
  void write_out();
  void collect_made(AccountPart part, std::vector<MadeFor>& all, std::vector<std::size_t>& without);
  std::string made_password(const schema::CreateUserT& user, std::uint64_t line) const;

  int tell_interrupted();
  bool was_finished() const;
  int tell_finished();
  int finish();

  Session& session_;
  const ImportWanted& wanted_;
  ImportNotes notes_;
  std::ifstream stream_;
  std::unique_ptr<intake::AccountSource> source_;
  std::string sha256_;
  std::optional<SeededPasswords> passwords_;
  ImportFacts facts_;

  // The report.
  std::set<std::uint64_t> left_out_;
  std::uint64_t entries_ = 0;

  // Sending.
  std::unordered_map<std::string, OnItsWay> under_way_;
  std::unique_ptr<ImportProgress> progress_;
  std::uint64_t entries_done_ = 0;
  /// Of these, what an import that was interrupted had done.
  std::uint64_t entries_before_ = 0;
  std::uint64_t first_seq_ = 0;
  std::uint64_t last_seq_ = 0;
  Clock::time_point begun_{};
};

// ---- the file

void Import::open() {
  stream_.open(wanted_.file, std::ios::binary);
  if (!stream_)
    throw Stop{exit_codes::missing,
               fmt::format("Cannot read {}: {}.", text::printable(wanted_.file.string()),
                           std::strerror(errno)),
               "Name a file; it is read more than once, so it cannot be a pipe."};
  sha256_ = sha256_of(stream_, wanted_.file);
  rewind();
  if (source_->faults().empty()) return;
  ImportReport report(session_);
  for (const auto& fault : source_->faults()) report.add(fault);
  report.tell();
  throw Stop{exit_codes::damaged, "The file's heading cannot be used; nothing was sent.", ""};
}

void Import::rewind() {
  stream_.clear();
  stream_.seekg(0);
  source_ = wanted_.open(stream_);
}

// ---- the report

void Import::check() {
  rewind();
  ImportReport report(session_);
  if (facts_.names_are_generated) report.names_are_generated();
  report.check(*source_, wanted_.key, [&](intake::Entry& entry) { prepare(entry); });
  session_.talk() << fmt::format("{}: {}.\n", text::printable(wanted_.file.string()),
                                 report.summary());
  left_out_ = report.bad_lines();
  entries_ = report.entries() - left_out_.size();
  if (session_.format() != text::Format::table || report.fault_count() > 0) report.tell();
  if (report.fault_count() == 0) return;
  session_.talk() << fmt::format("{} in {}.\n", counted(report.fault_count(), "problem"),
                                 counted(left_out_.size(), "line"));
  if (wanted_.rejects.empty() || session_.dry_run())
    throw Stop{exit_codes::no, "Nothing was sent.",
               "Mend these lines and say the same again; or add --rejects FILE, which puts them "
               "aside and imports the others."};
  rewind();
  put_aside(session_, *source_, left_out_, {wanted_.file, wanted_.rejects});
}

// ---- sending

schema::CommandMessageT Import::new_message() const {
  schema::CommandMessageT message;
  message.tenant = session_.tenant();
  message.reason = facts_.reason;
  return message;
}

/// The same for every pass over the file.
void Import::prepare(intake::Entry& entry) {
  auto& user = entry.account.user;
  if (wanted_.makes_passwords && user.password.empty() && user.password_hash.empty())
    user.password = passwords_->of(entry.line);
}

/// From the file's beginning.
AccountBatches Import::batches(AccountPart part) {
  rewind();
  AccountBatches made(*source_, wanted_.key, [this](intake::Entry& entry) {
    if (notes_.facts().left_out.contains(entry.line)) return false;
    prepare(entry);
    return true;
  });
  if (part != AccountPart::whole)
    made.only(part, part == AccountPart::rights ? names() : std::vector<std::string>());
  return made;
}

/// U2: where the tenant makes the names, rights follow once all users have theirs.
std::vector<AccountPart> Import::parts() const {
  if (!facts_.names_are_generated) return {AccountPart::whole};
  return {AccountPart::users, AccountPart::rights};
}

/// That were made, in the order of the file.
std::vector<std::string> Import::names() const {
  std::vector<std::string> all;
  for (const SentBatch& sent : notes_.batches())
    if (sent.part == AccountPart::users)
      all.insert(all.end(), sent.names.begin(), sent.names.end());
  return all;
}

void Import::submit(OnItsWay sent) {
  auto message = new_message();
  const auto& noted = notes_.batches()[sent.place];
  message.id = std::make_unique<schema::Uuid>(noted.id);
  // Kept as they are, because the answer may be that nobody knows the id any more.
  for (const auto& command : sent.batch.commands)
    message.commands.push_back(std::make_unique<schema::CommandT>(*command));
  const auto id = session_.client().submit(std::move(message));
  if (!id) throw Stop{client::exit_code(id.error()), id.error().sentence, id.error().remedy};
  under_way_.emplace(text::uuid_text(*id), std::move(sent));
}

/// Takes receipts until so few are unanswered.
void Import::collect(std::size_t at_most) {
  while (under_way_.size() > at_most) {
    auto outcome = session_.client().collect_receipt(patience);
    progress_->tell(entries_done_);
    if (!outcome) continue;
    auto sent = under_way_.extract(text::uuid_text(outcome->id));
    if (!outcome->answer)
      throw Stop{client::exit_code(outcome->answer.error()), outcome->answer.error().sentence,
                 "Say the same again: it goes on where it stopped, and nothing is done twice."};
    conclude(std::move(sent.mapped()), std::move(*outcome->answer));
  }
}

void Import::conclude(OnItsWay sent, schema::ReceiptT receipt) {
  if (receipt.code == Code::command_id_expired) return find_out(std::move(sent));
  if (receipt.code != Code::ok && receipt.seq == 0) {
    ImportReport report(session_);
    report.take_refusal(*source_, sent.batch, receipt);
    if (report.fault_count() == 0)
      session_.stop_refused(receipt.code, receipt.problems,
                            exit_code_of(receipt.code, exit_codes::no));
    report.tell();
    throw Stop{exit_code_of(receipt.code, exit_codes::no),
               fmt::format("A batch of {} was refused, of which none was made; what was sent "
                           "before it is done.",
                           counted(sent.batch.entries, "user")),
               "Something was changed since the report. Set that right and say the same again: it "
               "goes on where it stopped."};
  }
  wipe_passwords(sent.batch);
  std::vector<std::string> names;
  if (notes_.batches()[sent.place].part == AccountPart::users) {
    names = names_made(receipt.events);
    if (names.size() != sent.batch.entries) Session::stop_unexpected();
  }
  notes_.done(sent.place, receipt.seq, std::move(receipt.secrets), std::move(names));
  entries_done_ += sent.batch.entries;
  if (first_seq_ == 0 || receipt.seq < first_seq_) first_seq_ = receipt.seq;
  last_seq_ = std::max(last_seq_, receipt.seq);
}

/// K1: an id so old that the daemon does not remember it. Whether the batch was done its record
/// tells, where names were made; else its first command, as all of it was done or nothing.
void Import::find_out(OnItsWay sent) {
  if (notes_.batches()[sent.place].part == AccountPart::users) {
    auto made =
        find_made_users(session_, notes_.facts().began_at_seq, notes_.batches()[sent.place].id);
    if (!made) return send_anew(std::move(sent));
    wipe_passwords(sent.batch);
    notes_.done(sent.place, made->seq, {}, std::move(made->names));
    entries_done_ += sent.batch.entries;
    return;
  }
  auto message = new_message();
  message.dry_run = true;
  for (const auto& command : sent.batch.commands)
    message.commands.push_back(std::make_unique<schema::CommandT>(*command));
  const auto receipt = session_.client().execute(std::move(message));
  if (!receipt)
    throw Stop{client::exit_code(receipt.error()), receipt.error().sentence,
               receipt.error().remedy};
  constexpr Code done[] = {Code::user_exists,         Code::grant_exists,
                           Code::role_already_held,   Code::key_exists,
                           Code::user_already_locked, Code::status_move_not_allowed};
  const bool was_done = std::ranges::any_of(receipt->problems, [&](const auto& problem) {
    return problem->index == 0 && std::ranges::find(done, problem->code) != std::end(done);
  });
  if (was_done) {
    wipe_passwords(sent.batch);
    // Which record it was is not known; it is not the first one, which made the journal.
    notes_.done(sent.place, 1, {}, {});
    entries_done_ += sent.batch.entries;
    return;
  }
  send_anew(std::move(sent));
}

void Import::send_anew(OnItsWay sent) {
  notes_.renew(sent.place, client::make_uuid());
  submit(std::move(sent));
}

void Import::send_noted(AccountPart part, AccountBatches& batches) {
  for (std::size_t place = 0; place < notes_.batches().size(); ++place) {
    const SentBatch& before = notes_.batches()[place];
    if (before.part != part) continue;
    auto batch = batches.next(before.commands);
    if (!batch) throw Stop{exit_codes::damaged, "The notes name more than the file has.", ""};
    if (before.seq != 0) {
      entries_done_ += batch->entries;
      entries_before_ += batch->entries;
      progress_->begin_at(entries_before_);
      continue;
    }
    collect(in_flight_max - 1);
    submit({place, std::move(*batch)});
  }
}

void Import::send(AccountPart part) {
  AccountBatches batches = this->batches(part);
  send_noted(part, batches);
  for (bool more = true; more;) {
    std::vector<AccountBatch> next;
    std::vector<SentBatch> notes;
    while (more && next.size() < noted_ahead) {
      auto batch = batches.next();
      more = batch.has_value();
      if (!more) break;
      auto& note = notes.emplace_back();
      note.id = client::make_uuid();
      note.commands = batch->commands.size();
      note.part = part;
      next.push_back(std::move(*batch));
    }
    if (next.empty()) break;
    std::size_t place = notes_.batches().size();
    notes_.sending(notes);
    for (auto& batch : next) {
      collect(in_flight_max - 1);
      submit({place++, std::move(batch)});
    }
  }
  collect(0);
}

/// An import that was interrupted: its file and options must be the same.
void Import::go_on() {
  const ImportFacts& facts = notes_.facts();
  const auto differs = [&](std::string_view what) {
    throw Stop{exit_codes::usage,
               fmt::format("An import of {} was interrupted, and {} since.",
                           text::printable(wanted_.file.string()), what),
               fmt::format("Say it as it was, and it goes on; or remove {} to begin anew, which "
                           "finds the users that were made already.",
                           text::printable(notes_.path().string()))};
  };
  if (facts.sha256 != sha256_) differs("the file was changed");
  if (facts.tenant != session_.tenant()) differs("it was of tenant " + facts.tenant);
  if (facts.options != options_of(wanted_)) differs("other options are given");
  facts_ = facts;
  passwords_ = passwords_of(facts_, wanted_);
  if (!session_.dry_run())
    session_.talk() << fmt::format("An import was interrupted after {}; it goes on.\n",
                                   counted(notes_.batches().size(), "batch"));
}

// ---- what its receivers get

/// Not one that the file gave.
std::string Import::made_password(const schema::CreateUserT& user, std::uint64_t line) const {
  if (!wanted_.makes_passwords || user.password != passwords_->of(line)) return {};
  return user.password;
}

/// All that the batches of a part made; whose key was lost goes to `without`.
void Import::collect_made(AccountPart part, std::vector<MadeFor>& all,
                          std::vector<std::size_t>& without) {
  AccountBatches batches = this->batches(part);
  for (const SentBatch& sent : notes_.batches()) {
    if (sent.part != part) continue;
    auto batch = batches.next(sent.commands);
    if (!batch) Session::stop_unexpected();
    std::size_t key = 0;
    std::size_t name = 0;
    for (std::size_t at = 0; at < batch->commands.size(); ++at) {
      const auto& command = *batch->commands[at];
      const std::uint64_t line = batch->origins[at].line;
      if (const auto* create = command.body.AsCreateUser())
        all.push_back({line, part == AccountPart::users ? sent.names.at(name++) : create->username,
                       made_password(*create, line), ""});
      if (command.body.type != schema::CommandBody::CreateKey) continue;
      const auto whose = std::ranges::lower_bound(all, line, {}, &MadeFor::line);
      if (whose == all.end()) Session::stop_unexpected();
      if (key < sent.secrets.size())
        whose->key = sent.secrets[key++];
      else
        without.push_back(static_cast<std::size_t>(whose - all.begin()));
    }
  }
}

void Import::write_out() {
  if (wanted_.out.empty()) return;
  std::vector<MadeFor> all;
  std::vector<std::size_t> without;
  for (const AccountPart part : parts()) collect_made(part, all, without);
  renew_keys(session_, wanted_.key, all, without);
  write_receivers(session_, wanted_.out, std::move(all),
                  facts_.names_are_generated ? Lines::told : Lines::not_told, notes_);
}

/// It was ended between the name of its receivers' file and the end of its notes. What others put
/// there meanwhile is no reason to forget the secrets.
bool Import::was_finished() const {
  return !notes_.out().path.empty() && holds(notes_.out().path, notes_.out().sha256);
}

int Import::tell_finished() {
  notes_.remove();
  session_.talk() << fmt::format("All of it was imported before; what was made for {} is in {}.\n",
                                 counted(notes_.facts().entries, "user"),
                                 text::printable(notes_.out().path));
  return exit_codes::yes;
}

int Import::finish() {
  const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
  const auto made = static_cast<double>(entries_done_ - entries_before_);
  const double rate = made / std::max(seconds, 0.001);
  notes_.remove();
  if (session_.format() != text::Format::table) {
    session_.print({{"users", entries_done_},
                    {"seconds", seconds},
                    {"first_seq", first_seq_},
                    {"last_seq", last_seq_},
                    {"left_out", notes_.facts().left_out.size()}});
    return exit_codes::yes;
  }
  const auto before = entries_before_ == 0
                          ? std::string()
                          : fmt::format(", {} of them before it was interrupted, the others",
                                        counted(entries_before_, ""));
  const auto records = first_seq_ == 0 ? std::string("; nothing was left to send")
                                       : fmt::format(", records {} to {}", first_seq_, last_seq_);
  session_.talk() << fmt::format("Imported {}{} in {:.1f} s ({:.0f} a second){}.\n",
                                 counted(entries_done_, "user"), before, seconds, rate, records);
  return exit_codes::yes;
}

/// What a dry run says of it, which sends nothing.
int Import::tell_interrupted() {
  session_.talk() << fmt::format(
      "An import was interrupted after {}; without --dry-run it goes on. Nothing was sent.\n",
      counted(notes_.batches().size(), "batch"));
  return exit_codes::yes;
}

int Import::run() {
  session_.refuse_options_of_one_message("an import");
  open();
  if (notes_.any()) {
    go_on();
    require_out(session_, wanted_, facts_.names_are_generated);
    if (session_.dry_run()) return tell_interrupted();
    if (was_finished()) return tell_finished();
  } else {
    facts_ = facts_now(session_, wanted_, sha256_);
    require_out(session_, wanted_, facts_.names_are_generated);
    passwords_ = passwords_of(facts_, wanted_);
    check();
    if (session_.dry_run()) return exit_codes::yes;
    facts_.entries = entries_;
    facts_.left_out = left_out_;
    notes_.begin(facts_);
  }
  // That the file can be made is known before anything is sent.
  if (!wanted_.out.empty()) NewFile{wanted_.out};
  begun_ = Clock::now();
  session_.wait_for_daemon();
  progress_ = std::make_unique<ImportProgress>(session_, "imported", notes_.facts().entries);
  for (const AccountPart part : parts()) send(part);
  progress_.reset();
  write_out();
  return finish();
}

}  // namespace
}  // namespace account_import

int import_accounts(Session& session, const ImportWanted& wanted) {
  return account_import::Import(session, wanted).run();
}

}  // namespace postern::cli
