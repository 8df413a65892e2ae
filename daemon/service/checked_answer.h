// The answer to a check, written once from front to back: what is the same in each is laid out
// beforehand, and filled in. As FlatBuffers' own builder would make it, but for the order of parts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/domain/authorize.h"
#include "query_generated.h"

namespace postern::service {

/// Owned by one thread. `begin`, each decision, `finish`, perhaps `add_receipt`; then again. Its
/// memory is kept for the next, so that none is taken for it.
class CheckedAnswer {
 public:
  struct Facts {
    std::uint64_t id = 0;
    domain::Seq seq = 0;
    std::int64_t time_ns = 0;
    /// Null: nobody is named.
    const domain::Uuid* user = nullptr;
  };

  /// With so many decisions.
  void begin(std::size_t count);
  /// The grant is left out and counted where the answer would become too large.
  void add(const domain::Verdict& verdict);
  /// All decisions are there.
  void finish(const Facts& facts);
  /// H5: to what is finished.
  void add_receipt(std::span<const std::uint8_t> receipt, std::span<const std::uint8_t> signature);

  /// Of what is finished.
  const schema::Checked& checked() const;
  std::span<const std::uint8_t> bytes() const { return {storage_.data(), size_}; }

 private:
  /// A grant that was told, as the next decision by it tells it again.
  struct Told {
    domain::GrantPointer grant;
    const std::string* role = nullptr;
    /// Where its table lies, in the answer of this number.
    std::size_t place = 0;
    std::uint64_t answer = 0;
  };
  static constexpr std::size_t told_max = 64;

  std::uint8_t* extend(std::size_t bytes);
  void reserve(std::size_t bytes);
  void put_bytes(std::span<const std::uint8_t> bytes);
  void put_text(std::string_view text);
  std::size_t place_of_grant(const domain::Verdict& verdict);
  void put_grant(const domain::Verdict& verdict);
  template <class T>
  T& at(std::size_t place) {
    return *reinterpret_cast<T*>(storage_.data() + place);
  }

  /// As large as the largest so far.
  std::vector<std::uint8_t> storage_;
  std::size_t size_ = 0;
  /// Of the next decision: where its place is said, and where it lies.
  std::size_t next_place_ = 0;
  std::size_t next_decision_ = 0;
  std::uint32_t grants_left_out_ = 0;
  /// How many answers were begun.
  std::uint64_t begun_ = 0;
  std::array<Told, told_max> told_;
};

}  // namespace postern::service
