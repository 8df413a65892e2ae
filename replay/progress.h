// How far a long reading has come, on one line that goes away.
#pragma once

#include <cstdint>
#include <ostream>

namespace postern::replay {

/// Silent for short readings, and where nobody watches. One thread; `talk` outlives it.
class Progress {
 public:
  Progress(std::ostream& talk, bool watched) : talk_(talk), watched_(watched) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Read up to `seq` of `last`; 0: nobody knows how many there are.
  void at(std::uint64_t seq, std::uint64_t last);

 private:
  std::ostream& talk_;
  const bool watched_;
  bool told_ = false;
};

}  // namespace postern::replay
