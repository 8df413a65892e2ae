// Lists in the form that was asked for: the columns that --columns names, and at a terminal what
// finds room; what was left out is told.
// Thread: main. Failure: `Stop`, 64 for a column that is none.
#pragma once

#include <string>
#include <vector>

#include "tools/cli/verb.h"
#include "tools/text/output.h"

namespace postern::cli {

class Session;

/// `--columns`, of every verb that lists.
void add_columns_option(Options& options, std::vector<std::string>& columns);

/// The places of those that were named, in that order; empty: none were.
std::vector<std::size_t> chosen_columns(text::Columns columns,
                                        const std::vector<std::string>& named);

class ShownList : public text::Listing {
 public:
  /// For a verb of `Kind::lists`, or beside what another tells.
  ShownList(Session& session, text::Columns columns);
  void finish();

 private:
  Session& session_;
};

}  // namespace postern::cli
