// A writer without line, group, disk and pool: one message's whole way, by the daemon's own parts,
// with what must hold at each step asserted. One thread; keys and randomness come from counters.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "daemon/domain/message.h"
#include "daemon/service/command_task.h"
#include "tests/support/plain_keys.h"

namespace postern::fuzz {

class CountingEntropy final : public platform::Entropy {
 public:
  void fill(std::span<std::byte> bytes) override;
  void begin_anew() { count_ = 0; }

 private:
  std::uint64_t count_ = 0;
};

/// Keys in memory. Erasing is the writer's work after the sync, which nobody does here.
class CountedKeys final : public support::PlainKeys {
 public:
  Expected<credential::NewKey> next() override;
  Expected<credential::UserKey> user_key(const credential::KeySlot& slot) const override;
  std::uint32_t file_count() const override { return count_; }

  std::uint32_t count() const { return count_; }
  void go_back_to(std::uint32_t count) { count_ = count; }

 private:
  static credential::Key key_at(std::uint32_t place);

  std::uint32_t count_ = 0;
};

enum class Outcome { malformed, refused, would_be, recorded };

class Desk {
 public:
  /// A state with a tenant, users of every standing, grants and operators.
  Desk();

  /// Bytes as a socket gives them. What is recorded must fold, from the bytes alone and onto the
  /// state before it, to the state that it left; what is not must leave nothing.
  Outcome take(std::span<const std::byte> payload, const domain::Operator& asker);

  const domain::State& state() const { return state_; }
  const std::vector<std::vector<std::byte>>& records() const { return records_; }
  /// The journal's owner.
  const domain::Operator& owner() const;

  /// Back to what was there after the making: a message does the same alone as after others.
  void rewind();

 private:
  bool passes(const schema::CommandMessage& message, const domain::Operator& asker) const;
  Outcome decide(service::CommandTask& task, const domain::Operator& asker);
  Outcome record(service::CommandTask& task, domain::Draft draft, const domain::Context& context,
                 const domain::State& before);
  void check_seals(const domain::Changes& changes) const;

  CountingEntropy entropy_;
  CountedKeys keys_;
  std::optional<service::TaskMaker> maker_{std::in_place, keys_, entropy_};
  std::int64_t now_ns_ = 1'800'000'000'000'000'000;
  domain::State state_;
  domain::State made_;
  std::int64_t made_ns_ = 0;
  std::uint32_t made_keys_ = 0;
  std::vector<std::vector<std::byte>> records_;
};

/// Made once, never changed.
const Desk& prepared();

/// The messages that make a desk's state, in order.
std::vector<schema::CommandMessageT> first_messages();

std::vector<std::byte> packed(const schema::CommandMessageT& message);

}  // namespace postern::fuzz
