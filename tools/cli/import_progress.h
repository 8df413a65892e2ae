// How far an import is: one line that a person sees change; off a terminal nothing.
// Thread: main. The line is gone with the object.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::cli {

class Session;

/// "1,234 users".
std::string counted(std::uint64_t count, std::string_view thing);

class ImportProgress {
 public:
  /// `of`: how many there are; 0: not known.
  ImportProgress(Session& session, std::string_view verb, std::uint64_t of)
      : session_(session), verb_(verb), of_(of) {}
  /// So many were there before it began, and took none of its time.
  void begin_at(std::uint64_t before) { before_ = before; }
  ~ImportProgress();
  ImportProgress(const ImportProgress&) = delete;
  ImportProgress& operator=(const ImportProgress&) = delete;

  void tell(std::uint64_t count);

 private:
  using Clock = std::chrono::steady_clock;

  Session& session_;
  std::string_view verb_;
  std::uint64_t of_;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point told_{};
  std::uint64_t before_ = 0;
  bool shown_ = false;
};

}  // namespace postern::cli
