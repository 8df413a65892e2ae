// The form of untrusted bytes, and what reading them comes to. Pure; any thread. Its own file
// includes the generated accessors a second time under another name, so this one includes none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace postern::service {

struct MessageLimits {
  std::size_t bytes_max;
  std::uint32_t tables_max;
  /// What all parts may come to, each counted wherever it is used.
  std::size_t unpacked_max;
};

struct MessageForm {
  enum class Verdict { well_formed, malformed, too_large };
  Verdict verdict = Verdict::malformed;
  /// As far as it was read: beyond the limit no further.
  std::size_t unpacked_bytes = 0;
};

/// `bytes` are aligned. Takes time in proportion to the limits, however parts are shared.
MessageForm form_of_command(std::span<const std::byte> bytes, const char* identifier,
                            MessageLimits limits);
MessageForm form_of_query(std::span<const std::byte> bytes, const char* identifier,
                          MessageLimits limits);
MessageForm form_of_history_request(std::span<const std::byte> bytes, const char* identifier,
                                    MessageLimits limits);

/// Forms of commands that were found well-formed. Another command of as many bytes has the same
/// form where it has the same bytes in all places that it rests on: lists of fields, offsets, kinds
/// and sizes, not what fields and texts say. Most commands are like one before. One thread.
class KnownForms {
 public:
  /// `identifier` outlives it.
  KnownForms(const char* identifier, MessageLimits limits)
      : identifier_(identifier), limits_(limits) {}

  /// As the function of that name.
  MessageForm form_of_command(std::span<const std::byte> bytes);
  /// Null: none like it was kept.
  const MessageForm* find(std::span<const std::byte> bytes) const;

  /// Longer ones are not kept.
  static constexpr std::size_t bytes_max = 1'024;

 private:
  /// Of a message's bytes, eight by eight; `known` is 0 where `mask` is, so that nothing is kept of
  /// what a message says.
  struct Word {
    std::uint64_t known;
    std::uint64_t mask;
  };
  struct Form {
    std::size_t size = 0;
    MessageForm found = {};
    std::vector<Word> words = {};

    bool is_of(std::span<const std::byte> bytes) const;
  };

  const char* identifier_;
  MessageLimits limits_;
  /// By size, which is a multiple of four mostly: each has one place, where the last one is.
  static constexpr std::size_t places = 64;
  static std::size_t place_of(std::size_t size) { return size / sizeof(std::uint32_t) % places; }
  std::array<Form, places> forms_;
};

}  // namespace postern::service
