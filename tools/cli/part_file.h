// A file of size-prefixed messages that is written under another name, FILE.part, until it is
// whole. Failure: `Stop` with 73 or 74, naming the file and the cause; the part stays.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace postern::cli {

class PartFile {
 public:
  /// 73 if `file` is there: nothing is overwritten. 77 if its part is another's, or others may
  /// write to it: so could they to the finished file. 75 if another process has it open so. It is
  /// 0600.
  explicit PartFile(std::filesystem::path file);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  const std::filesystem::path& part() const { return part_; }

  /// What an interrupted run left: `take` sees each whole message in order, until it returns false;
  /// what follows is cut off. Writing goes on behind.
  void resume(const std::function<bool(std::span<const std::uint8_t>)>& take);
  /// Begins anew; what is not finished is gone at the end, as nothing goes on with it.
  void begin_anew();
  void write(std::span<const std::uint8_t> message);
  /// On disk when it returns.
  void sync();
  /// Takes its name; on disk when it returns.
  void finish();
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::string foreign() const;
  bool is_locked() const;
  std::size_t read_at(std::uint64_t place, std::span<std::uint8_t> to) const;
  [[noreturn]] void stop(const char* verb) const;

  std::filesystem::path file_;
  std::filesystem::path part_;
  int descriptor_ = -1;
  std::uint64_t bytes_ = 0;
  bool resumable_ = true;
  bool finished_ = false;
};

}  // namespace postern::cli
