#include "daemon/transport/io_threads.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace postern::transport {

/// libzmq has no way to ask for one of its threads, but it names them.
bool schedule_io_thread(unsigned number, platform::Urgency urgency) {
  const std::string wanted = "ZMQbg/IO/" + std::to_string(number);
  bool found = false;
  bool scheduled = true;
  std::error_code none_can_be_listed;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/task", none_can_be_listed)) {
    std::string name;
    if (!std::getline(std::ifstream(entry.path() / "comm"), name) || name != wanted) continue;
    const std::string id = entry.path().filename().native();
    pid_t thread = 0;
    std::from_chars(id.data(), id.data() + id.size(), thread);
    found = true;
    scheduled = platform::schedule_thread(thread, urgency) && scheduled;
  }
  return found && scheduled;
}

}  // namespace postern::transport
