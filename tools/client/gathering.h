// Checks of one bearer that come while one of them is under way go together, as the next message.
// Thread: that of whoever holds the client's lock. Failure: as an answer of each question's own.
// Limits: 256 questions and 256 KiB a message, which the daemon answers in one turn.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "tools/client/calls.h"

namespace postern::client {

class Gathering {
 public:
  explicit Gathering(Lanes& lanes) : lanes_(lanes) {}

  /// It leaves with the next `flush`, or behind the one of its bearer that is under way.
  void add(QuestionCall& call);
  void flush();
  /// The end of a message: that of its questions. What waited behind it leaves.
  void settle(std::uint64_t id, Result<schema::AnswerT> answer);
  /// Its caller wants it no more.
  void withdraw(QuestionCall& call);
  /// Those that have their answer since.
  std::vector<QuestionCall*>& ended() { return ended_; }

 private:
  struct Group {
    std::vector<QuestionCall*> waiting;
    bool is_under_way = false;
    bool is_touched = false;
  };
  using Groups = std::unordered_map<std::string, Group>;

  /// Null: its caller has withdrawn it.
  struct Member {
    QuestionCall* call;
    std::size_t questions;
  };
  struct Posted {
    std::vector<Member> members;
    Groups::pointer group = nullptr;
  };

  void end(QuestionCall& call, Result<schema::AnswerT> answer);
  void send_alone(QuestionCall& call);
  /// What waits, as much of it as one message takes; without anything the group goes.
  void send_next(Groups::value_type& group);
  void post(schema::QueryT& query, Posted posted);
  void share(std::span<const Member> members, Result<schema::AnswerT>& answer);
  void drop(Groups::value_type& group);

  Lanes& lanes_;
  Groups groups_;
  std::vector<Groups::pointer> touched_;
  std::unordered_map<std::uint64_t, Posted> posted_;
  std::vector<QuestionCall*> ended_;
};

}  // namespace postern::client
