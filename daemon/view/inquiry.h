// One operator's question to what a view shows, and what its answer may need besides.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/view/bearer.h"
#include "daemon/view/view.h"
#include "history_generated.h"
#include "personal_generated.h"
#include "schema/problem.h"
#include "schema/text_view.h"

namespace postern::view {

using domain::Uuid;
using schema::view_of;

/// S1: one that was seen, as its newest token says.
struct SeenSession {
  Session token;
  std::int64_t opened_ns = 0;
  std::int64_t last_used_ns = 0;
  std::uint64_t call_count = 0;
  /// The operator that called last.
  Uuid service;
};

/// Open or not any more, in any order.
struct SeenSessions {
  std::vector<SeenSession> sessions;
  /// None is known from before.
  std::int64_t seen_from_ns = 0;
  /// Calls in sessions that were not remembered.
  std::uint64_t left_out = 0;
};

class ListsAhead;

/// What lies in no view. Called on the thread of the answer while it is made; what cannot be had is
/// told by whoever looks for it.
struct Sources {
  /// Who made a record, when and why, as `cause_of` gives it; without a time where it cannot be
  /// read.
  std::function<schema::CauseT(domain::Seq)> cause;
  /// A user's profile and note, opened (U11); all empty where there are none, or none can be.
  std::function<schema::PersonalT(const domain::User&)> personal;
  /// S1: nothing where it is no token of this installation.
  std::function<std::optional<Session>(std::string_view token)> session;
  /// C8: how the text of an API key begins.
  std::function<std::string(const Uuid& key)> key_beginning;
  /// A record as it is stored, and holds its bytes; null where there is none, or none can be read.
  std::function<std::shared_ptr<const schema::Record>(domain::Seq)> record;
  /// The newest that it reads.
  domain::Seq newest = 0;
  /// S1: a tenant's sessions, or one user's alone. Null: none was seen.
  std::function<SeenSessions(const Uuid& tenant, const Uuid* user)> sessions = {};
  /// C8: when a key was used last that no record tells of yet; 0: not. Null: of none.
  std::function<std::int64_t(const Uuid& key)> key_used_ns = {};
  /// O1: why the asker may not send commands of a kind; nothing: it may. Null: it may send all.
  std::function<std::optional<schema::ProblemT>(schema::CommandBody)> command_refusal = {};
  /// C12: when the hash of a user's password was brought along, UTC nanoseconds; 0: it was not, or
  /// it cannot be told. Null: it cannot be told of anybody.
  std::function<std::int64_t(const domain::User&)> imported_ns = {};
  /// Of lists that go on, with the record that the view stands at; null: each page is looked for
  /// anew.
  ListsAhead* ahead = nullptr;
  domain::Seq view_seq = 0;
};

/// All outlive the answer. The same one has the same answer, whenever it is given.
struct Inquiry {
  const View& view;
  const domain::Operator& asker;
  /// What time it is for whatever depends on the present. UTC nanoseconds.
  std::int64_t now_ns;
  const Sources& sources;
};

template <class Page>
using Answer = std::expected<Page, schema::ProblemT>;

std::unexpected<schema::ProblemT> refused(schema::Code code, std::string_view field,
                                          std::string_view detail = {});

/// What a record says of itself.
schema::CauseT cause_of(const schema::Record& record);

/// The record behind a fact, with the name that its operator has; null for seq 0.
std::unique_ptr<schema::CauseT> cause_of(const Inquiry& inquiry, domain::Seq seq);

/// C12: when the user's password ends, because its hash was brought along and was not used since;
/// 0: it does not. It may be past.
std::int64_t imported_hash_ends_ns(const Inquiry& inquiry, const domain::Tenant& tenant,
                                   const domain::User& user);

/// The tenant that a question names; `field`: where.
Answer<const domain::Tenant*> tenant_of(const Inquiry& inquiry, const flatbuffers::String* alias,
                                        std::string_view field = "tenant");

}  // namespace postern::view
