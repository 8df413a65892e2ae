// One question on its way through the reader: who asks what, and how its answer leaves.
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/service/inbound.h"
#include "query_generated.h"

namespace postern::service {

/// The credential of a question, whichever kind of question it is.
struct CarriedCredential {
  schema::Credential kind = schema::Credential::NONE;
  const void* table = nullptr;

  /// Only where `kind` says so.
  template <class Table>
  const Table& as() const {
    return *static_cast<const Table*>(table);
  }
};

/// A value that the reader hands on until it is answered.
struct Asking {
  Peer peer = {};
  /// The operator that asks; it may be gone by the time of the answer.
  Uuid asker = {};
  OpenedMessage<schema::Query> query = {};
  /// When the reader began with a password, by the monotonic clock; before it looked for the user.
  std::int64_t came_ns = 0;
  /// C9: the answer leaves on the grid of times since it came.
  bool waits_for_grid = false;
  /// When it was taken, by the monotonic clock.
  std::int64_t taken_ns = 0;
  /// Of a check by a bare name, found while its form was looked at; else it has no questions. Such
  /// a message holds no secret, so nothing in it changes.
  CheckParts by_name = {};
};

CarriedCredential credential_of(const schema::Query& query);

/// What a call with the question is recorded as.
schema::CredentialKind credential_kind(const schema::Query& query);

bool carries_secret(const schema::Query& query);

/// What is wrong with a question of so many bytes whatever the state (K6).
std::vector<schema::ProblemT> query_problems(const schema::Query& query, std::size_t bytes);

/// Whether nothing is, as far as one look at a check by a bare name tells.
bool is_surely_right(const CheckParts& by_name, std::size_t bytes);

}  // namespace postern::service
