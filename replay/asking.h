// Questions to a moment of the past, as the history socket takes them, answered by view/ (H1, Q9).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "replay/name_owners.h"
#include "replay/past.h"
#include "tools/arguments/options.h"
#include "tools/text/access_text.h"

namespace postern::replay {

/// What every such question takes.
struct AskedOf {
  std::string tenant;
  /// TIME|SEQ; empty: the newest record.
  std::string at;
};
void add_moment_option(arguments::Options& options, std::string& at);
void add_asked_of(arguments::Options& options, AskedOf& asked);
/// N6, U10: how the call came.
void add_call_options(arguments::Options& options, schema::CallT& call, bool& interactive);

/// One past and who asks of it. Says on the talk what an answer cannot say: that the records end
/// before the time that was asked for, and that a username had several owners. One thread.
class Asking {
 public:
  /// `username`: whose owners are looked for; empty: nobody's. The audit outlives it.
  static Expected<Asking> begin(const Audit& audit, const AskedOf& asked,
                                const std::string& username = {});

  /// The answer's body. A refusal is a failure: `missing` where a name stood for nothing then,
  /// which tells when it does, else `usage`.
  template <class Page, class Body>
  Expected<Page> page(Body body) const {
    schema::HistoryBodyUnion question;
    question.Set(std::move(body));
    auto answer = ask(std::move(question));
    if (!answer) return std::unexpected(answer.error());
    if (answer->type != schema::HistoryPageBodyUnionTraits<Page>::enum_value)
      return std::unexpected(Failure{
          FailureKind::bug, "an answer of another kind than was asked for", "Report this."});
    return std::move(*static_cast<Page*>(answer->value));
  }

  const Audit& audit() const { return *audit_; }
  const Past& past() const { return *past_; }
  text::Moment moment() const { return {past_->seq(), past_->time_ns()}; }
  bool is_table() const { return audit_->format == text::Format::table; }

  /// "as of record 12, 2026-07-01T12:00:00Z", before what a table tells.
  void write_moment() const;
  /// A JSON object with the moment.
  void print(boost::json::object object) const;
  /// The same as one of a list.
  template <class Native>
  void add(text::Listing& listing, const Native& native) const {
    if (is_table()) return listing.add_row(text::row_of(native));
    boost::json::object object = text::to_json(native);
    text::add_moment(object, moment());
    listing.add_object(object);
  }

 private:
  Asking() = default;
  /// Whether an extract tells of the tenant; empty: of all.
  Expected<> confirm_held(const std::string& alias) const;
  Expected<schema::HistoryPageBodyUnion> ask(schema::HistoryBodyUnion question) const;
  Failure failure_of(const schema::ProblemT& problem) const;

  const Audit* audit_ = nullptr;
  std::unique_ptr<NameOwners> owners_;
  std::unique_ptr<Past> past_;
};

}  // namespace postern::replay
