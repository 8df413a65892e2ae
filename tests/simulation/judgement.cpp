#include <algorithm>

#include "daemon/domain/digest.h"
#include "daemon/domain/invariants.h"
#include "tests/simulation/simulation.h"

namespace postern::simulation {

namespace {

using schema::Code;

/// Of commands: to be sent again.
bool is_passing(Code code) {
  return code == Code::busy || code == Code::journal_unavailable || code == Code::disk_low ||
         code == Code::clock_suspect || code == Code::stopping;
}

/// What a credential meets before it counts.
bool is_stop(Code code) {
  return code == Code::tenant_disabled || code == Code::user_locked ||
         code == Code::user_not_active || code == Code::api_access_not_allowed ||
         code == Code::network_not_allowed || code == Code::tls_required;
}

template <class Tables>
std::vector<std::uint8_t> canonical_of(const Tables& tables) {
  std::vector<std::uint8_t> bytes;
  domain::write_canonical(tables, [&](std::span<const std::uint8_t> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  });
  return bytes;
}

std::string text_of(Code code) { return schema::EnumNameCode(code); }

std::vector<std::byte> copied(std::span<const std::uint8_t> payload) {
  const auto bytes = std::as_bytes(payload);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

// ---- receipts

void Simulation::on_receipt(const std::string& to, std::span<const std::uint8_t> payload) {
  const auto place = held_.find(to);
  if (place == held_.end()) return find("a message got two receipts");
  const Held held = place->second;
  held_.erase(place);
  const Command& command = commands_[held.index];
  const auto& receipt = *flatbuffers::GetRoot<schema::Receipt>(payload.data());
  network_.push_back({Packet::Way::receipt, held.index, copied(payload)});
  ++tally_.receipts;
  if (command.dry_run) {
    if (receipt.seq() != 0) find("K4: a dry run became a record");
    return;
  }
  ledger_.follow(*server_->journal);
  const auto seq = ledger_.seq_of(command.id);
  const std::string told =
      "the receipt " + text_of(receipt.code()) + " tells record " + std::to_string(receipt.seq());
  if (receipt.seq() == 0 && receipt.code() == Code::ok) find("K5: " + told);
  if (receipt.seq() != 0 && seq != receipt.seq())
    find("K5: " + told + ", on the disk it is " + std::to_string(seq.value_or(0)));
  // Save where it is read from the disk, which may fail.
  if (held.recorded && is_passing(receipt.code()) && receipt.code() != Code::journal_unavailable)
    find("K1: " + told + ", but the id had become record " + std::to_string(*held.recorded));
  tally_.clock_suspect += receipt.code() == Code::clock_suspect;
  tally_.ids_expired += receipt.code() == Code::command_id_expired;
  if (held.recorded && receipt.seq() != *held.recorded && !is_passing(receipt.code()) &&
      receipt.code() != Code::command_id_expired)
    find("K1: " + told + ", but the id had become record " + std::to_string(*held.recorded));
  if (receipt.seq() != 0) {
    tally_.repeated += receipt.repeated();
    newest_receipt_ = std::max(newest_receipt_, receipt.seq());
    acknowledged_ = newest_receipt_;
    const FirstReceipt now{receipt.code(), receipt.seq(), receipt.time_ns(),
                           receipt.events() == nullptr ? 0 : receipt.events()->size()};
    if (first_receipts_.emplace(held.index, now).first->second != now)
      find("K1: " + told + ", the first one told otherwise");
  }
  beliefs_.learned(command.effects, receipt.code() == Code::ok ? receipt.seq() : 0);
}

void Simulation::receive_receipt(const Packet& packet) {
  const auto& receipt = *flatbuffers::GetRoot<schema::Receipt>(packet.bytes.data());
  Command& command = commands_[packet.index];
  if (!is_passing(receipt.code())) command.done = true;
}

// ---- answers

void Simulation::on_answer(const std::string& to, std::span<const std::uint8_t> payload) {
  const auto place = asked_.find(to);
  if (place == asked_.end()) return find("a question got two answers");
  const Asked asked = place->second;
  asked_.erase(place);
  const Question& question = questions_[asked.index];
  const auto& answer = *flatbuffers::GetRoot<schema::Answer>(payload.data());
  network_.push_back({Packet::Way::answer, asked.index, copied(payload)});
  ledger_.follow(*server_->journal);
  const std::string told = "an answer was made from record " + std::to_string(answer.seq());
  if (answer.seq() > ledger_.seq())
    return find("K5: " + told + ", the disk has " + std::to_string(ledger_.seq()));
  if (answer.seq() < asked.newest_receipt)
    return find("K5: " + told + ", older than the receipt of record " +
                std::to_string(asked.newest_receipt));
  if (answer.seq() < ledger_.heard()) return find(told + ", an earlier one from a newer");
  if (answer.code() != Code::ok) {
    const bool waits_too_long = answer.code() == Code::not_yet;
    if (!waits_too_long && !is_passing(answer.code()))
      find("a question was refused: " + text_of(answer.code()));
    if (is_calm_ && answer.code() != Code::busy && !waits_too_long)
      find("a question was refused in calm: " + text_of(answer.code()));
    return;
  }
  if (answer.seq() < question.at_least_seq)
    return find("Q8: " + told + ", asked for at least " + std::to_string(question.at_least_seq));
  ledger_.hear_until(answer.seq());
  if (answer.time_ns() < ledger_.state().time_ns())
    return find("time: " + told + ", and judged by a time before it");
  switch (question.kind) {
    case Question::Kind::by_name:
    case Question::Kind::by_token:
      return judge_check(question, asked, answer);
    case Question::Kind::by_password:
      return judge_password(question, asked, answer);
    case Question::Kind::status:
      return;
  }
}

const domain::User* Simulation::user_of(const std::string& user) const {
  const auto& tables = ledger_.state().tables();
  const std::size_t slash = user.find('/');
  const domain::Tenant* tenant = tables.find_tenant(user.substr(0, slash));
  return tenant == nullptr ? nullptr : tables.find_user(tenant->id, user.substr(slash + 1));
}

Code Simulation::opinion_on(const Question& question, bool with_password,
                            std::int64_t now_ns) const {
  support::Oracle::Call call;
  call.with_password = with_password;
  call.now_ns = now_ns;
  call.address = address;
  call.tls = true;
  return ledger_.oracle()
      .ask(user_of(question.user)->id,
           {question.asked.action, question.asked.resource, question.asked.this_level_only}, call)
      .reason;
}

/// S2, T2, U9: what was acknowledged before the question came, and not taken back since, holds.
void Simulation::judge_allowed(const Question& question, const Asked& asked, std::uint64_t seq) {
  ++tally_.allowed;
  const bool is_denied = asked.denied && beliefs_.is_surely_denied(question.user) &&
                         asked.frees == beliefs_.frees(question.user);
  if (is_denied)
    find("U9: " + question.user + " was let in at record " + std::to_string(seq) +
         ", after the receipt of what locked it out");
  if (asked.session_over)
    find("S2: a session of " + question.user + " lived at record " + std::to_string(seq) +
         ", after the receipt of what ended it");
}

void Simulation::judge_check(const Question& question, const Asked& asked,
                             const schema::Answer& answer) {
  const schema::Decision& decision = *(*answer.body_as_Checked()->decisions())[0];
  Code expected = opinion_on(question, false, answer.time_ns());
  if (question.kind == Question::Kind::by_token && !is_stop(expected)) {
    const Token& token = tokens_[question.token];
    const bool lives =
        ledger_.oracle().is_alive(user_of(question.user)->id, token.session, token.made_seq) &&
        answer.time_ns() < token.expires_ns;
    if (!lives) expected = Code::session_expired;
  }
  if (decision.reason() != expected || decision.allowed() != (expected == Code::ok))
    find("A1: " + question.user + " at record " + std::to_string(answer.seq()) + ": " +
         text_of(decision.reason()) + ", the oracle says " + text_of(expected));
  if (decision.allowed())
    judge_allowed(question, asked, answer.seq());
  else
    ++tally_.denied;
}

void Simulation::judge_password(const Question& question, const Asked& asked,
                                const schema::Answer& answer) {
  const auto& said = *answer.body_as_Authenticated();
  const std::string about =
      question.user + " at record " + std::to_string(answer.seq()) + ": " + text_of(said.reason());
  const bool is_stopped = is_stop(opinion_on(question, true, answer.time_ns()));
  const bool is_right = password_of_[question.user] == question.password;
  if (said.allowed()) {
    judge_allowed(question, asked, answer.seq());
    if (is_stopped) find("U9: let in though it is stopped, " + about);
    if (!is_right) find("C4: let in with a password that is not in force, " + about);
    return;
  }
  ++tally_.denied;
  if (is_quiet_ && is_right && !is_stopped) find("Q1: the right password is refused, " + about);
  // C5: told is counted, and on the disk. Only here is the true reason told.
  if (!question.user.starts_with("alpha/") || said.reason() != Code::invalid_credentials) return;
  if (++told_wrong_[question.user] > ledger_.failures_of(user_of(question.user)->id))
    find("C5: a wrong password was told and not counted, " + about);
}

void Simulation::receive_answer(const Packet& packet) {
  const auto& answer = *flatbuffers::GetRoot<schema::Answer>(packet.bytes.data());
  const Question& question = questions_[packet.index];
  const auto* said = answer.body_as_Authenticated();
  if (said == nullptr || said->token() == nullptr) return;
  tokens_.push_back(
      {question.user, said->token()->str(), *said->session(), answer.seq(), said->expires_ns()});
}

// ---- states

void Simulation::note_password(const schema::Record& record) {
  const auto found =
      setting_password_.find({record.command_id()->high(), record.command_id()->low()});
  if (found == setting_password_.end()) return;
  const Command& command = commands_[found->second];
  password_of_[command.user] = command.password;
}

/// The last in the line sees what the journal says.
void Simulation::on_published(const service::Published& published) {
  ledger_.follow(*server_->journal);
  if (published.head.seq > ledger_.seq())
    return find("K5: record " + std::to_string(published.head.seq) + " is shown, the disk has " +
                std::to_string(ledger_.seq()));
  if (published.head.seq < ledger_.heard()) return;
  ledger_.hear_until(published.head.seq);
  if (canonical_of(server_->onlooker.tables()) != canonical_of(ledger_.state().tables()))
    find("the view at record " + std::to_string(published.head.seq) +
         " is not what the journal says");
}

/// At rest: the writer's state, and the one from the journal.
void Simulation::compare_states() {
  ledger_.hear_until(ledger_.seq());
  const domain::State& live = server_->writer->state();
  if (live.seq() != ledger_.seq() ||
      canonical_of(live.tables()) != canonical_of(ledger_.state().tables()))
    find("the writer's state is not what the journal says");
  for (const std::string& problem : domain::check_invariants(live)) find(problem);
}

}  // namespace postern::simulation
