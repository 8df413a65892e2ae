// The accounts of a file as messages of many commands each, in the file's order: the same file
// gives the same commands, so that a batch can be made again.
// Thread: main. Lifetime: one pass over the file; the source outlives it.
// Limits: a batch has 1,000 commands and some 700 KB at most, and few passwords, as those are
// hashed one after the other.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command_generated.h"
#include "tools/intake/account_source.h"

namespace postern::cli {

/// Where in the file a command comes from.
struct Origin {
  std::uint64_t line = 0;
  /// Of an account; empty: the refusal's own field tells.
  std::string_view field;
};

struct AccountBatch {
  std::vector<std::unique_ptr<schema::CommandT>> commands;
  /// Of each command.
  std::vector<Origin> origins;
  /// Entries that end in it.
  std::uint64_t entries = 0;
};

/// Of an account: all, or where the tenant makes the names, the user first and its rights once it
/// has a name.
enum class AccountPart { whole, users, rights };

/// Once it is done.
void wipe_passwords(AccountBatch& batch);

class AccountBatches {
 public:
  /// false: the entry is passed over. It may change the account.
  using Accept = std::function<bool(intake::Entry&)>;

  /// `key`: the name of an API key that each account gets; empty: none.
  AccountBatches(intake::AccountSource& source, std::string key, Accept accept)
      : source_(source), key_(std::move(key)), accept_(std::move(accept)) {}
  /// That part of each; `names`: for the rights, of all users in the file's order.
  void only(AccountPart part, std::vector<std::string> names = {}) {
    part_ = part;
    names_ = std::move(names);
  }

  /// Nothing at the end.
  std::optional<AccountBatch> next();
  /// Exactly so many commands, as they were sent before; nothing where the file has not as many.
  std::optional<AccountBatch> next(std::size_t count);

 private:
  struct Made {
    std::unique_ptr<schema::CommandT> command;
    Origin origin;
    bool ends_entry = false;
  };

  bool fill();
  void make_commands(intake::Entry& entry);
  void make_user(intake::Entry& entry);
  void make_rights(intake::Entry& entry, const std::string& user);
  template <class Body>
  void make(const std::string& user, Body body, std::uint64_t line, std::string_view field);
  void take(AccountBatch& batch);

  intake::AccountSource& source_;
  std::string key_;
  Accept accept_;
  AccountPart part_ = AccountPart::whole;
  std::vector<std::string> names_;
  /// Entries that were accepted.
  std::size_t accepted_ = 0;
  intake::Entry entry_;
  /// Of the entry that was read last.
  std::deque<Made> made_;
};

}  // namespace postern::cli
