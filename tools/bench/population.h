// The users a benchmark asks about: names, grants and the right answers, all computed from a
// number. Thread: any; nothing changes. Limits: 1 to 10,000,000 users.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::bench {

inline constexpr std::size_t resource_count = 10'000;
inline constexpr std::size_t action_count = 4;
inline constexpr std::size_t grants_per_user = 20;
inline constexpr std::size_t users_per_tenant = 100'000;

/// Splitmix64: the same numbers on every machine.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  /// From 0 to `bound` - 1.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }

 private:
  std::uint64_t state_;
};

/// One action on one resource.
struct Right {
  std::uint16_t resource = 0;
  std::uint8_t action = 0;
  bool operator==(const Right&) const = default;
};

struct Grant {
  Right right;
  bool deny = false;
};

enum class Verdict : std::uint8_t { allowed, denied_by_grant, no_matching_grant };

/// A question about one user with its right answer.
struct ExpectedAnswer {
  Right right;
  Verdict verdict = Verdict::allowed;
};

const std::string& resource_text(std::size_t resource);
const std::string& action_text(std::size_t action);

std::string tenant_of(std::size_t user);
std::string username_of(std::size_t user);
std::string password_of(std::size_t user);

using Grants = std::array<Grant, grants_per_user>;

/// 19 allows and one deny, all different.
Grants grants_of(std::size_t user);
/// Half of them about rights that its grants name, half about any.
ExpectedAnswer draw_question(const Grants& grants, Numbers& numbers);

}  // namespace postern::bench
