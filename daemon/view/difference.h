// H2: what can be done after that could not before, or no more, user by user; and where one record
// did the same to many, once.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/view/inquiry.h"
#include "daemon/view/trail.h"
#include "daemon/view/user_difference.h"

namespace postern::view {

/// The earlier of two moments of one journal. All outlives the answer.
struct Earlier {
  const View& view;
  domain::Seq seq = 0;
  std::int64_t now_ns = 0;
  /// Of the records from here to the later moment.
  const Trail& trail;
};

struct DifferenceScope {
  std::string_view tenant;
  /// Who has the name at either moment; empty: all.
  std::string_view username = {};
  /// A line for each user.
  bool unfold = false;
  /// So many answers may be compared; refused where it takes more. 0: any.
  std::size_t work_max = 0;
  /// So many lines may be made; refused likewise. 0: any.
  std::size_t lines_max = 0;
};

using DifferenceLine = schema::DifferenceLineT;

/// Lines that one record made alike for many, as one.
class DifferenceLines {
 public:
  explicit DifferenceLines(bool unfold) : unfold_(unfold) {}

  void add(DifferenceLine line);
  std::size_t size() const { return made_.size(); }
  std::vector<DifferenceLine> take() { return std::move(made_); }

 private:
  const bool unfold_;
  std::vector<DifferenceLine> made_;
  std::unordered_map<std::string, std::size_t> places_;
};

/// One difference, made in pieces. What the scope names is kept; the entries of both moments, the
/// earlier view and the trail outlive it. Fails with what the asker is told, and is over then.
class DifferenceSearch {
 public:
  using Step = Answer<void>;

  DifferenceSearch(const Earlier& earlier, const DifferenceScope& scope);

  /// `later`: who asks, at the later moment, the same each time. So many answers more are compared
  /// about, or causes read.
  Step go_on(const Inquiry& later, std::size_t work);
  bool is_done() const { return stage_ == Stage::done; }
  /// Answers that were compared.
  std::size_t work() const { return work_; }
  /// Users that were looked at, and all of them.
  std::size_t users_seen() const { return next_; }
  std::size_t user_count() const { return users_.size(); }

  /// Once it is done, in order: by the record that made the difference, then by resource and
  /// action.
  std::vector<DifferenceLine> take() { return std::move(made_); }

 private:
  enum class Stage { before, users, causes, done };

  Step begin(const Inquiry& later);
  Step compare(const Inquiry& later, std::size_t work);
  void compare(const domain::User& user, std::int64_t now_ns);
  bool is_too_much() const;
  void tell_causes(const Inquiry& later, std::size_t causes);

  const Earlier earlier_;
  const DifferenceScope scope_;
  const std::string tenant_name_;
  const std::string username_;
  Stage stage_ = Stage::before;
  const domain::Tenant* tenant_ = nullptr;
  const domain::Tenant* old_tenant_ = nullptr;
  std::unique_ptr<TenantDifference> for_all_;
  /// Nothing that stops users at large differs.
  bool alike_ = false;
  bool is_known_ = false;
  std::vector<const domain::User*> users_;
  std::size_t next_ = 0;
  std::size_t work_ = 0;
  DifferenceLines lines_;
  std::vector<DifferenceLine> made_;
  std::unordered_map<domain::Seq, schema::CauseT> causes_;
  std::size_t next_cause_ = 0;
};

/// All of it at once.
Answer<std::vector<DifferenceLine>> differences(const Earlier& earlier, const Inquiry& later,
                                                const DifferenceScope& scope);

/// Of these lines the page that is wanted.
schema::DifferencePageT page_of(const std::vector<DifferenceLine>& lines,
                                const schema::GetDifference& wanted);

}  // namespace postern::view
