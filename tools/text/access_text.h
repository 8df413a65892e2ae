// Decisions and what they rest on as people read them, the same from a daemon and from an audit of
// its journal.
#pragma once

#include "tools/text/output.h"
#include "tools/text/view_text.h"

namespace postern::text {

/// "grant 12.0: allow read on table/customer".
std::string by_grant(const schema::GrantViewT& grant);

/// The state that an answer was made from, and what time it was.
struct Moment {
  std::uint64_t seq = 0;
  std::int64_t time_ns = 0;
};
void add_moment(boost::json::object& object, const Moment& moment);

/// U1: one who has or had a username.
struct NameOwner {
  schema::Uuid user;
  /// The record that gave it the name; 0: not told.
  std::uint64_t since_seq = 0;
  /// The record that took it away; 0: it has it now.
  std::uint64_t until_seq = 0;
};
/// "019… until seq 13; 01a… has it now".
std::string owners_text(const std::vector<NameOwner>& owners);
/// Q9: what is said beside an answer by name. `username`: empty: as it was asked for.
std::string owners_sentence(std::string_view username, const std::vector<NameOwner>& owners);

struct Verdict {
  bool allowed = false;
  schema::Code reason = schema::Code::ok;
  /// Null: none decided, or it is not told.
  const schema::GrantViewT* grant = nullptr;
};
/// "allowed  by grant 12.0: allow read on table/customer", or why not, with the remedy on its own
/// line.
void write_verdict(std::ostream& out, const Verdict& verdict);

/// The grant under a denial is the one that would allow, were it not for the stops.
void write_explanation(std::ostream& out, const schema::ExplanationT& explanation);

// ---- rows of lists, with their columns

Columns decision_columns();
/// One of a list with these columns; in JSON with the question and the moment.
void add_decision(Listing& listing, const schema::QuestionT& question,
                  const schema::DecisionT& decision, const Moment& moment);
Columns permission_columns();
/// One without a grant has none.
Row row_of(const schema::PermissionT& permission);
Columns holder_columns();
Row row_of(const schema::HolderT& holder);

}  // namespace postern::text
