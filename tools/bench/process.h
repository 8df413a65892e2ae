// Programs the bench starts, and the folder they work in.
// Thread: start from main, because a child is killed when the thread that started it ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace postern::bench {

/// A child process; killed by the destructor, and by the kernel if the bench dies.
class Child {
 public:
  /// `environment`: "NAME=value", beside the bench's own. Both outputs go to `output`.
  Child(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
        const std::filesystem::path& output);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  /// Readable when it has ended.
  int descriptor() const { return descriptor_; }
  /// Exit status, 128 and the signal's number if a signal ended it.
  int wait();
  /// Asks it to end (SIGTERM) and waits.
  int stop();
  /// As `wait`, looking at its memory now and then: the most it had, resident and anonymous.
  int wait(std::uint64_t& peak_bytes);

 private:
  pid_t pid_ = -1;
  int descriptor_ = -1;
};

/// Removed with all in it by the destructor.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::filesystem::path& parent);
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Processor time that a process needs for one answer: what other programs do to the clock, they
/// hardly do to this.
class CpuMeter {
 public:
  explicit CpuMeter(pid_t process) : process_(process) {}

  void begin() { begun_ = used(); }
  void end(std::size_t answers);
  double microseconds_per_answer() const { return seconds_ / static_cast<double>(answers_) * 1e6; }

 private:
  /// Seconds, user and system together.
  double used() const;

  pid_t process_;
  double begun_ = 0;
  double seconds_ = 0;
  std::size_t answers_ = 0;
};

/// Resident anonymous memory; 0: it has ended.
std::uint64_t anonymous_bytes_of(pid_t process);

/// The whole file, for showing what a child said.
std::string read_text(const std::filesystem::path& file);

}  // namespace postern::bench
