// A writer without disk, sockets and clock: it decides, packs, applies and closes records as the
// daemon's writer does, and keeps their stored bytes. One thread. Each message comes a second after
// the one before; ids and keys come from a counter; a sealed password is its text backwards.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/apply.h"
#include "daemon/domain/authorize.h"
#include "daemon/domain/decide.h"
#include "daemon/domain/invariants.h"

namespace postern::support {

using domain::Bytes;
using domain::Uuid;

/// What a message came to.
struct Outcome {
  /// What happened, or with a dry run what would.
  std::vector<schema::EventT> events;
  std::vector<schema::ProblemT> refusals;
  bool recorded = false;
};

/// What the rules said of one command.
struct Decision {
  std::vector<schema::EventT> events;
  std::vector<schema::ProblemT> refusals;
};
/// One command by itself.
Decision decide(const domain::State& state, const schema::Command& command, std::uint32_t index,
                const domain::Material& material, const domain::Context& context);

/// The n-th id the counter gives; each command takes one, from 1.
Uuid made_id(std::uint64_t n);

Bytes sealed(std::string_view password);

/// An operator of all tenants who is in no journal; `daemon` is the built-in one.
domain::Operator an_operator(schema::Role role);

/// The canonical bytes of all entries, whose hash is the digest.
Bytes canonical(const domain::State& state);

/// What `check_indexes` or `check_invariants` found, in one text; empty: nothing.
std::string joined(const std::vector<std::string>& sentences);

template <class Table>
Bytes packed(const typename Table::NativeTableType& native, const char* identifier = nullptr) {
  flatbuffers::FlatBufferBuilder builder;
  // T4: what equals a default of today must be in the bytes too.
  builder.ForceDefaults(true);
  builder.Finish(Table::Pack(builder, &native), identifier);
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

/// A message as a client would send it.
Bytes message_bytes(const schema::CommandMessageT& message);

class World {
 public:
  /// Record 1: the journal and its owner `root`.
  World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Outcome run(const schema::CommandMessageT& message, const domain::Operator& asker);

  /// A record of facts that no command causes; `tenant`: the one it concerns, zero: none.
  void record(const Uuid& tenant, std::vector<schema::EventT> events);

  const domain::State& state() const { return state_; }
  std::int64_t now_ns() const { return now_ns_; }
  /// Nobody sends anything for so long.
  void pass(std::int64_t duration_ns) { now_ns_ += duration_ns; }
  /// A call that comes now.
  domain::CallFacts facts() const;
  const std::vector<Bytes>& records() const { return records_; }

  /// The state that the stored bytes alone give.
  void replay_into(domain::State& state, bool tells_all = true) const;

  /// Shown every decision, with all it was made from.
  using Watcher =
      std::function<void(const schema::Command&, std::uint32_t index, const domain::Material&,
                         const domain::Context&, const Decision&)>;
  Watcher watcher;
  /// C4: the daemon finds that right passwords need a new hash.
  bool rehashes = false;

 private:
  struct Draft;

  domain::Material material_of(const schema::Command& command, const domain::Context& context);
  Decision decide_one(const schema::Command& command, std::uint32_t index,
                      const domain::Context& context);
  void add(Draft& draft, const schema::EventT& event);
  void close(Draft& draft, const domain::Operator& asker, const Uuid& command_id,
             schema::Code outcome);

  domain::State state_;
  std::vector<Bytes> records_;
  std::int64_t now_ns_ = 0;
  std::uint64_t id_count_ = 0;
};

}  // namespace postern::support
