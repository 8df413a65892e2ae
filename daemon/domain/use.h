// D1: how a user was used, as the journal tells it: the sum of its records of use. Flat, because
// many users have one. A value; bounded by the constants below.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/domain/ids.h"
#include "event_generated.h"

namespace postern::domain {

/// Networks and labels that are named; further ones are counted.
inline constexpr std::size_t use_names_max = 32;
inline constexpr std::size_t use_grants_max = 10'000;
inline constexpr std::size_t use_keys_max = 1'000;
/// The newest days that are kept.
inline constexpr std::size_t use_days_max = 400;

struct UseOfDay {
  /// Since 1970-01-01.
  std::uint32_t day = 0;
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
};

struct UseOfKey {
  Uuid key;
  std::int64_t last_ns = 0;
  std::uint64_t count = 0;
};

/// A grant is named by the event that added it.
struct UseOfGrant {
  std::uint64_t seq = 0;
  std::uint16_t index = 0;
  std::int64_t last_ns = 0;
  std::uint64_t count = 0;
};

struct UseSum {
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
  /// The newest record of use.
  std::int64_t recorded_ns = 0;
  /// 0: none.
  std::int64_t password_last_ns = 0;
  /// Ascending.
  std::vector<UseOfDay> days = {};
  /// In the order they were first seen.
  std::vector<std::string> networks = {};
  std::vector<std::string> clients = {};
  std::uint32_t networks_left_out = 0;
  std::uint32_t clients_left_out = 0;
  /// By id.
  std::vector<UseOfKey> keys = {};
  /// By seq and index.
  std::vector<UseOfGrant> grants = {};
};

/// Adds what one record of use tells. Left out counts name no one, so they are an upper bound.
void add(UseSum& sum, const schema::Use& use);
void add(UseSum& sum, const schema::UseT& use);

std::unique_ptr<schema::UseT> as_schema(const UseSum& sum);

/// What stands in a record of use beyond its bounds, as the name of the field; null: nothing.
const char* beyond_bounds(const schema::Use& use);

}  // namespace postern::domain
