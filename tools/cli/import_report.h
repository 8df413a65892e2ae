// All that is wrong with a file of accounts, by line, column and rule, before anything is sent:
// what the file itself tells, and what the daemon says it would refuse (K4). Thread: main.
// Lifetime: one command line; session and source outlive it. Failure: `Stop` where the daemon does
// not answer, or refuses what is about no line.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tools/cli/account_batches.h"
#include "tools/cli/generated_names.h"

namespace postern::cli {

class Session;

class ImportReport {
 public:
  explicit ImportReport(Session& session) : session_(session) {}

  /// U2: of a tenant that makes the names.
  void names_are_generated() { rights_.emplace(session_); }

  /// Reads the source to its end. `prepare` makes of an account what will be sent.
  void check(intake::AccountSource& source, const std::string& key,
             const std::function<void(intake::Entry&)>& prepare);

  void add(intake::Fault fault);
  /// What a batch was refused with.
  void take_refusal(const intake::AccountSource& source, const AccountBatch& batch,
                    const schema::ReceiptT& receipt);
  /// To who reads, or as JSON.
  void tell();
  /// "3 users, 2 roles held, 10 grants".
  std::string summary() const;

  std::uint64_t entries() const { return entries_; }
  std::uint64_t fault_count() const { return fault_count_; }
  /// Of the entries with faults.
  const std::set<std::uint64_t>& bad_lines() const { return bad_lines_; }

 private:
  bool look_at(const intake::AccountSource& source, intake::Entry& entry);
  void look_at_name(const intake::AccountSource& source, intake::Entry& entry);
  void look_at_rights(const intake::AccountSource& source, intake::Entry& entry) const;
  void dry_run(const intake::AccountSource& source, AccountBatches& batches);
  void conclude(const intake::AccountSource& source, const AccountBatch& batch,
                const schema::ReceiptT& receipt);

  Session& session_;
  /// Nothing: the file has the names.
  std::optional<KnownRights> rights_;
  /// By the hash of a name, which among millions is no other's: the line that has it.
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> lines_;
  std::vector<intake::Fault> faults_;
  std::uint64_t fault_count_ = 0;
  std::set<std::uint64_t> bad_lines_;
  std::uint64_t entries_ = 0;
  std::uint64_t roles_ = 0;
  std::uint64_t grants_ = 0;
};

}  // namespace postern::cli
