// Recorded calls (L1, D2) asked again: which would be answered otherwise (H3, H4), and what share
// of all calls they are.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "daemon/domain/recorded_call.h"
#include "history_generated.h"

namespace postern::view {

/// How recorded calls are asked again.
enum class JudgedAt {
  /// As they came: at their own time, against the states of then. One that is not answered as it
  /// was recorded tells nothing.
  then,
  /// As if they came now.
  now,
};

using domain::Answerer;

/// Calls whose answer would be another, by user and question. A value.
class Flips {
 public:
  Flips(JudgedAt asked, std::int64_t now_ns) : asked_(asked), now_ns_(now_ns) {}

  /// `was`: as it was or is; `other`: as it would be.
  /// False: it could not be asked again.
  bool add(const schema::CallViewT& call, const Answerer& was, const Answerer& other);

  bool empty() const { return denied_ == 0 && allowed_ == 0; }
  /// Users and questions that were found; what is kept grows with them.
  std::size_t size() const { return found_.size(); }
  std::uint64_t asked() const { return asked_count_; }
  /// Fills in what was found but names: of flips the `count_max` with the most calls.
  void fill(schema::FlipPageT& page, std::size_t count_max) const;

 private:
  /// User, action, resource, this level only, before, after.
  using Key = std::tuple<std::uint64_t, std::uint64_t, std::string, std::string, bool, schema::Code,
                         schema::Code>;
  struct Sum {
    std::uint64_t count = 0;
    std::int64_t first_ns = 0;
    std::int64_t last_ns = 0;
    domain::Seq first_seq = 0;
    domain::Seq last_seq = 0;
    bool has_question = false;
  };

  const JudgedAt asked_;
  /// For calls that are asked now.
  const std::int64_t now_ns_;
  std::map<Key, Sum> found_;
  std::uint64_t asked_count_ = 0;
  std::uint64_t not_asked_ = 0;
  std::uint64_t denied_ = 0;
  std::uint64_t allowed_ = 0;
};

/// D2: how many of the calls that the journal counts (D1) the recorded ones are, by user and day.
class Coverage {
 public:
  void add(const schema::CallViewT& call);

  /// Adds the calls that the journal counts of the user from the day of `from_ns` on, and how many
  /// of them were added here. `user`: with what the newest state knows of its use.
  void count(const domain::User& user, std::int64_t from_ns, schema::FlipPageT& page) const;

 private:
  using Day = std::uint32_t;

  boost::unordered_flat_map<domain::Uuid, std::map<Day, std::uint64_t>, domain::UuidHash> recorded_;
};

}  // namespace postern::view
