#include "tools/cli/account_import.h"

#include <fmt/format.h>
#include <sodium.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "tools/cli/account_batches.h"
#include "tools/cli/generated_password.h"
#include "tools/cli/import_notes.h"
#include "tools/cli/import_progress.h"
#include "tools/cli/import_report.h"
#include "tools/cli/new_file.h"
#include "tools/cli/seeded_passwords.h"
#include "tools/cli/session.h"
#include "tools/intake/csv.h"
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
  std::string sha256_of_file();
  void rewind();
  std::string options() const;

  // ---- the report
  void check();
  void put_aside();

  // ---- sending
  void go_on();
  void send_all();
  void submit(OnItsWay sent);
  void collect(std::size_t at_most);
  void conclude(OnItsWay sent, schema::ReceiptT receipt);
  void find_out(OnItsWay sent);
  schema::CommandMessageT new_message() const;
  void prepare(intake::Entry& entry);
  AccountBatches batches();

  // ---- what its receivers get
  void write_out();
  std::string made_password(const schema::CreateUserT& user, std::uint64_t line) const;
  std::vector<std::string> renew_keys(const std::vector<std::string>& users);

  ImportFacts new_facts();
  void make_passwords();
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
  sha256_ = sha256_of_file();
  rewind();
  if (source_->faults().empty()) return;
  ImportReport report(session_);
  for (const auto& fault : source_->faults()) report.add(fault);
  report.tell();
  throw Stop{exit_codes::damaged, "The file's heading cannot be used; nothing was sent.", ""};
}

std::string Import::sha256_of_file() {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  std::vector<char> piece(1U << 20U);
  while (stream_) {
    stream_.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(piece.data()),
                              static_cast<unsigned long long>(stream_.gcount()));
  }
  if (stream_.bad())
    throw Stop{exit_codes::input_output,
               fmt::format("Cannot read {}.", text::printable(wanted_.file.string())),
               "Check the disk that holds it."};
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256_final(&state, digest.data());
  return text::hex_text(digest);
}

void Import::rewind() {
  stream_.clear();
  stream_.seekg(0);
  source_ = wanted_.open(stream_);
}

std::string Import::options() const {
  return fmt::format("{} passwords={} key={}", wanted_.form, wanted_.makes_passwords, wanted_.key);
}

// ---- the report

/// The entries that are refused, in the form of the file, to be mended and imported by themselves.
void Import::put_aside() {
  NewFile file(wanted_.rejects);
  std::string text = source_->heading();
  if (!text.empty()) text += "\n";
  rewind();
  intake::Entry entry;
  while (source_->next(entry))
    if (left_out_.contains(entry.line)) text += entry.text + "\n";
  file.write(text);
  file.keep();
  session_.talk() << fmt::format("{} of {} put aside in {}.\n", counted(left_out_.size(), "line"),
                                 text::printable(wanted_.file.string()),
                                 text::printable(wanted_.rejects));
}

void Import::check() {
  rewind();
  ImportReport report(session_);
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
  put_aside();
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
AccountBatches Import::batches() {
  rewind();
  return AccountBatches(*source_, wanted_.key, [this](intake::Entry& entry) {
    if (notes_.facts().left_out.contains(entry.line)) return false;
    prepare(entry);
    return true;
  });
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
  notes_.done(sent.place, receipt.seq, std::move(receipt.secrets));
  entries_done_ += sent.batch.entries;
  if (first_seq_ == 0 || receipt.seq < first_seq_) first_seq_ = receipt.seq;
  last_seq_ = std::max(last_seq_, receipt.seq);
}

/// K1: an id so old that the daemon does not remember it. Whether the batch was done, its first
/// command tells, as all of it was done or nothing.
void Import::find_out(OnItsWay sent) {
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
    notes_.done(sent.place, 1, {});
    entries_done_ += sent.batch.entries;
    return;
  }
  notes_.renew(sent.place, client::make_uuid());
  submit(std::move(sent));
}

void Import::send_all() {
  AccountBatches batches = this->batches();
  std::size_t place = 0;
  for (const std::size_t noted = notes_.batches().size(); place < noted; ++place) {
    const SentBatch& before = notes_.batches()[place];
    auto batch = batches.next(before.commands);
    if (!batch) throw Stop{exit_codes::damaged, "The notes name more than the file has.", ""};
    if (before.seq != 0) {
      entries_done_ += batch->entries;
      continue;
    }
    collect(in_flight_max - 1);
    submit({place, std::move(*batch)});
  }
  for (bool more = true; more;) {
    std::vector<AccountBatch> next;
    std::vector<SentBatch> notes;
    while (more && next.size() < noted_ahead) {
      auto batch = batches.next();
      more = batch.has_value();
      if (!more) break;
      notes.push_back({client::make_uuid(), batch->commands.size(), 0, {}});
      next.push_back(std::move(*batch));
    }
    if (next.empty()) break;
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
  if (facts.options != options()) differs("other options are given");
  facts_ = facts;
  make_passwords();
  session_.talk() << fmt::format("An import was interrupted after {}; it goes on.\n",
                                 counted(notes_.batches().size(), "batch"));
}

// ---- what its receivers get

/// Keys whose secrets an interruption lost: a repeated receipt tells none, so they are made anew.
std::vector<std::string> Import::renew_keys(const std::vector<std::string>& users) {
  constexpr std::size_t users_at_once = 400;
  std::vector<std::string> secrets;
  // Nobody ever had them.
  session_.take_as_confirmed();
  for (std::size_t begin = 0; begin < users.size(); begin += users_at_once) {
    schema::CommandMessageT message;
    message.tenant = session_.tenant();
    message.reason = "its secret was lost when the import was interrupted";
    for (std::size_t at = begin; at < std::min(users.size(), begin + users_at_once); ++at) {
      schema::RevokeKeyT revoke;
      revoke.name = wanted_.key;
      add_command(message, users[at], std::move(revoke));
      schema::CreateKeyT create;
      create.name = wanted_.key;
      add_command(message, users[at], std::move(create));
    }
    auto receipt = session_.execute(std::move(message));
    std::ranges::move(receipt.secrets, std::back_inserter(secrets));
  }
  return secrets;
}

/// Not one that the file gave.
std::string Import::made_password(const schema::CreateUserT& user, std::uint64_t line) const {
  if (!wanted_.makes_passwords || user.password != passwords_->of(line)) return {};
  return user.password;
}

void Import::write_out() {
  if (wanted_.out.empty()) return;
  AccountBatches batches = this->batches();
  struct Line {
    std::string user;
    std::string password;
    std::string key;
  };
  std::vector<Line> lines;
  std::vector<std::size_t> without;
  for (const SentBatch& sent : notes_.batches()) {
    auto batch = batches.next(sent.commands);
    if (!batch) Session::stop_unexpected();
    std::size_t key = 0;
    for (std::size_t at = 0; at < batch->commands.size(); ++at) {
      const auto& command = *batch->commands[at];
      if (const auto* create = command.body.AsCreateUser())
        lines.push_back({create->username, made_password(*create, batch->origins[at].line), ""});
      if (command.body.type != schema::CommandBody::CreateKey) continue;
      if (key < sent.secrets.size())
        lines.back().key = sent.secrets[key++];
      else
        without.push_back(lines.size() - 1);
    }
  }
  std::vector<std::string> users;
  users.reserve(without.size());
  for (const std::size_t place : without) users.push_back(lines[place].user);
  const auto renewed = renew_keys(users);
  if (renewed.size() != without.size()) Session::stop_unexpected();
  for (std::size_t at = 0; at < without.size(); ++at) lines[without[at]].key = renewed[at];
  NewFile file(wanted_.out);
  std::string text = intake::csv_line({"username", "password", "key"});
  for (auto& line : lines) {
    text += intake::csv_line({line.user, line.password, line.key});
    client::wipe(line.password);
    client::wipe(line.key);
  }
  file.write(text);
  client::wipe(text);
  file.keep();
  session_.talk() << fmt::format("What was made for {} is in {}, its owner's alone.\n",
                                 counted(lines.size(), "user"), text::printable(wanted_.out));
}

int Import::finish() {
  const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
  const double rate = static_cast<double>(entries_done_) / std::max(seconds, 0.001);
  notes_.remove();
  if (session_.format() != text::Format::table) {
    session_.print({{"users", entries_done_},
                    {"seconds", seconds},
                    {"first_seq", first_seq_},
                    {"last_seq", last_seq_},
                    {"left_out", notes_.facts().left_out.size()}});
    return exit_codes::yes;
  }
  session_.talk() << fmt::format("Imported {} in {:.1f} s ({:.0f} a second), records {} to {}.\n",
                                 counted(entries_done_, "user"), seconds, rate, first_seq_,
                                 last_seq_);
  return exit_codes::yes;
}

ImportFacts Import::new_facts() {
  ImportFacts facts;
  facts.sha256 = sha256_;
  facts.tenant = session_.tenant();
  facts.options = options();
  facts.reason = session_.reason();
  if (!wanted_.makes_passwords) return facts;
  std::array<std::uint8_t, 32> seed{};
  for (auto& byte : seed) byte = random_byte();
  facts.seed = text::hex_text(seed);
  const auto policies = policies_of(session_);
  facts.password_length_min = policies.password_length_min;
  facts.password_forbidden_characters = policies.password_forbidden_characters;
  return facts;
}

void Import::make_passwords() {
  if (!wanted_.makes_passwords) return;
  schema::PoliciesT policies;
  policies.password_length_min = facts_.password_length_min;
  policies.password_forbidden_characters = facts_.password_forbidden_characters;
  passwords_.emplace(facts_.seed, std::move(policies));
}

int Import::run() {
  const bool makes = wanted_.makes_passwords || !wanted_.key.empty();
  if (makes == wanted_.out.empty())
    stop_usage("What is made for users goes to a file.",
               "Say --out FILE with --generate-passwords or --create-keys.");
  session_.refuse_options_of_one_message("an import");
  open();
  if (notes_.any()) {
    go_on();
  } else {
    facts_ = new_facts();
    make_passwords();
    check();
    if (session_.dry_run()) return exit_codes::yes;
    facts_.entries = entries_;
    facts_.left_out = left_out_;
    notes_.begin(facts_);
  }
  begun_ = Clock::now();
  session_.wait_for_daemon();
  progress_ = std::make_unique<ImportProgress>(session_, "imported", notes_.facts().entries);
  send_all();
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
