// Portal views of many users of --tenant, several asked for at once, each with all its grants and
// as it is when it is read. Thread: main. Lifetime: one command line; the session outlives it.
// Failure: `Stop`.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "history_generated.h"

namespace postern::cli {

class Session;

class UserReader {
 public:
  /// All that are not deleted, by name.
  explicit UserReader(Session& session);
  /// These; who is not there is passed over.
  UserReader(Session& session, std::vector<std::string> names);

  /// A page with a UserView; null at the end.
  std::unique_ptr<schema::HistoryPageT> next();

 private:
  bool more_names();
  void ask();
  void collect();

  Session& session_;
  schema::ListUsersT list_;
  bool more_ = true;
  std::deque<std::string> names_;
  /// In the order they are given back.
  std::deque<std::pair<std::uint64_t, std::string>> asked_;
  std::unordered_map<std::uint64_t, std::unique_ptr<schema::HistoryPageT>> answered_;
};

}  // namespace postern::cli
