// Portal views of many users of --tenant, each with all its grants: all of them as of one moment,
// page by page with the next page on its way; or named ones, several asked for at once, each as it
// is when it is read. Holds two pages, however many they are.
// Thread: main. Lifetime: one command line; the session outlives it. Failure: `Stop`.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "history_generated.h"
#include "tools/client/client.h"

namespace postern::cli {

class Session;

class UserReader {
 public:
  using View = std::unique_ptr<schema::UserViewT>;

  /// All that are not deleted, by name.
  explicit UserReader(Session& session);
  /// These; who is not there is passed over.
  UserReader(Session& session, std::vector<std::string> names);

  /// Null at the end.
  View next();

 private:
  using Answer = client::Result<schema::HistoryPageT>;

  void ask_page();
  void take_page();
  View next_named();
  void ask_named();
  std::uint64_t submit(schema::HistoryRequestT request);
  Answer collect(std::uint64_t id);
  static schema::HistoryPageT page_in(Answer answer);

  Session& session_;
  schema::ListUsersT list_;
  /// The page that was asked for.
  std::optional<std::uint64_t> page_;
  /// So often in a row it came to nothing.
  int busy_ = 0;
  int silent_ = 0;
  /// Of the page that came last.
  std::deque<View> views_;
  std::deque<std::string> names_;
  /// In the order they are given back.
  std::deque<std::uint64_t> asked_;
  std::unordered_map<std::uint64_t, Answer> answered_;
};

}  // namespace postern::cli
