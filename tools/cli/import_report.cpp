#include "tools/cli/import_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/cli/import_progress.h"
#include "tools/cli/session.h"
#include "tools/text/ids.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace {

constexpr std::size_t dry_runs_in_flight = 8;
constexpr std::size_t faults_shown_max = 100;
/// Beyond these they are counted, no more.
constexpr std::size_t faults_kept_max = 10'000;
constexpr std::chrono::seconds dry_run_patience{1};

std::string folded_name(std::string_view name) {
  std::string folded(name);
  for (char& letter : folded)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return folded;
}

/// "line 40,213, column 3 (E-Mail)".
std::string place_text(const intake::Fault& fault) {
  auto text = "line " + counted(fault.line, "");
  if (fault.column != 0) text += fmt::format(", column {}", fault.column);
  if (!fault.field.empty())
    text += fault.column != 0 ? fmt::format(" ({})", text::printable(fault.field))
                              : fmt::format(", {}", text::printable(fault.field));
  return text;
}

boost::json::object json_of_fault(const intake::Fault& fault) {
  return {{"line", fault.line},
          {"column", fault.column},
          {"field", fault.field},
          {"rule", fault.rule},
          {"sentence", fault.sentence}};
}

/// Of the commands behind a user that is refused.
bool may_follow(schema::Code code) {
  using enum schema::Code;
  return code == user_unknown || code == grant_exists || code == role_already_held ||
         code == key_exists || code == user_already_locked || code == status_move_not_allowed;
}

}  // namespace

void ImportReport::add(intake::Fault fault) {
  ++fault_count_;
  bad_lines_.insert(fault.line);
  if (faults_.size() < faults_kept_max) faults_.push_back(std::move(fault));
}

/// What the file itself tells; false: it is passed over.
bool ImportReport::look_at(const intake::AccountSource& source, intake::Entry& entry) {
  ++entries_;
  roles_ += entry.account.roles.size();
  grants_ += entry.account.grants.size();
  rights_ ? look_at_rights(source, entry) : look_at_name(source, entry);
  for (auto& fault : entry.faults) add(std::move(fault));
  return entry.faults.empty();
}

void ImportReport::look_at_name(const intake::AccountSource& source, intake::Entry& entry) {
  const std::string& username = entry.account.user.username;
  const auto fail = [&](std::string sentence) {
    auto fault = source.fault_at(entry.line, "username");
    fault.rule = "U1";
    fault.sentence = std::move(sentence);
    entry.faults.push_back(std::move(fault));
  };
  if (username.empty() && entry.faults.empty()) fail("It has no username.");
  if (username.empty()) return;
  const auto [place, is_new] =
      lines_.try_emplace(std::hash<std::string>()(folded_name(username)), entry.line);
  if (!is_new)
    fail(fmt::format("Line {} has the username '{}' too.", place->second,
                     text::printable(username)));
}

/// Of a tenant that makes the names: rights are asked for once there are names.
void ImportReport::look_at_rights(const intake::AccountSource& source, intake::Entry& entry) const {
  const auto fail = [&](std::string_view field, const char* rule, std::string sentence) {
    auto fault = source.fault_at(entry.line, field);
    fault.rule = rule;
    fault.sentence = std::move(sentence);
    entry.faults.push_back(std::move(fault));
  };
  if (!entry.account.user.username.empty())
    fail("username", "U2",
         "The tenant makes its users' names itself; leave the column out with --map "
         "'username=-'.");
  for (auto& fault : rights_->faults_of(entry.account))
    fail(fault.field, "A7", std::move(fault.sentence));
}

/// A refusal that follows from that of the user itself is not told.
void ImportReport::take_refusal(const intake::AccountSource& source, const AccountBatch& batch,
                                const schema::ReceiptT& receipt) {
  std::set<std::uint64_t> without_user;
  for (const auto& problem : receipt.problems) {
    if (problem->index >= batch.origins.size()) continue;
    const Origin& origin = batch.origins[problem->index];
    if (origin.field.empty()) without_user.insert(origin.line);
    if (!origin.field.empty() && without_user.contains(origin.line) && may_follow(problem->code))
      continue;
    auto fault = source.fault_at(origin.line, origin.field.empty() ? problem->field : origin.field);
    fault.rule = text::code_name(problem->code);
    fault.sentence =
        problem->sentence.empty() ? text::code_sentence(problem->code) : problem->sentence;
    add(std::move(fault));
  }
}

void ImportReport::conclude(const intake::AccountSource& source, const AccountBatch& batch,
                            const schema::ReceiptT& receipt) {
  if (receipt.code == schema::Code::ok) return;
  const bool about_entries = std::ranges::any_of(receipt.problems, [&](const auto& problem) {
    return problem->index < batch.origins.size() && problem->code != schema::Code::not_permitted &&
           problem->code != schema::Code::tenant_unknown;
  });
  if (!about_entries)
    session_.stop_refused(receipt.code, receipt.problems,
                          exit_code_of(receipt.code, exit_codes::no));
  take_refusal(source, batch, receipt);
}

void ImportReport::dry_run(const intake::AccountSource& source, AccountBatches& batches) {
  std::unordered_map<std::string, AccountBatch> asked;
  ImportProgress progress(session_, "checking", 0);
  for (bool more = true; more || !asked.empty();) {
    if (more && asked.size() < dry_runs_in_flight) {
      auto batch = batches.next();
      more = batch.has_value();
      if (!more) continue;
      schema::CommandMessageT message;
      message.tenant = session_.tenant();
      message.dry_run = true;
      message.commands = std::move(batch->commands);
      const auto id = session_.client().submit(std::move(message));
      if (!id) throw Stop{client::exit_code(id.error()), id.error().sentence, id.error().remedy};
      asked.emplace(text::uuid_text(*id), std::move(*batch));
      continue;
    }
    const auto outcome = session_.client().collect_receipt(dry_run_patience);
    progress.tell(entries_);
    if (!outcome) continue;
    if (const auto& answer = outcome->answer; !answer)
      throw Stop{client::exit_code(answer.error()), answer.error().sentence, answer.error().remedy};
    const auto told = asked.extract(text::uuid_text(outcome->id));
    conclude(source, told.mapped(), *outcome->answer);
  }
}

void ImportReport::check(intake::AccountSource& source, const std::string& key,
                         const std::function<void(intake::Entry&)>& prepare) {
  AccountBatches batches(source, key, [&](intake::Entry& entry) {
    if (!look_at(source, entry)) return false;
    prepare(entry);
    return true;
  });
  if (rights_) batches.only(AccountPart::users);
  dry_run(source, batches);
  lines_ = {};
}

std::string ImportReport::summary() const {
  return fmt::format("{}, {}, {}", counted(entries_, "user"), counted(roles_, "role assignment"),
                     counted(grants_, "grant"));
}

void ImportReport::tell() {
  const bool as_json = session_.format() != text::Format::table;
  std::ranges::stable_sort(faults_, {}, &intake::Fault::line);
  if (as_json) {
    boost::json::array list;
    for (const auto& fault : faults_) list.push_back(json_of_fault(fault));
    session_.print(
        {{"entries", entries_}, {"problem_count", fault_count_}, {"problems", std::move(list)}});
  }
  for (std::size_t place = 0; !as_json && place < std::min(faults_.size(), faults_shown_max);
       ++place) {
    const auto& fault = faults_[place];
    session_.talk() << fmt::format("refused  {}  {}: {}\n", fault.rule, place_text(fault),
                                   text::printable(fault.sentence));
  }
  if (!as_json && fault_count_ > faults_shown_max)
    session_.talk() << fmt::format("         and {} more; --output json tells up to {}.\n",
                                   fault_count_ - faults_shown_max, faults_kept_max);
}

}  // namespace postern::cli
