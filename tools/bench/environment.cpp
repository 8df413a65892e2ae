#include "tools/bench/environment.h"

#include <flatbuffers/base.h>
#include <leveldb/db.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zmq.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>

#include "tools/bench/process.h"

namespace postern::bench {

namespace {

namespace fs = std::filesystem;

/// What follows the colon in the first line that begins so.
std::string line_of(const fs::path& file, std::string_view beginning) {
  std::istringstream lines(read_text(file));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(beginning)) continue;
    const auto text = line.find_first_not_of(": \t", beginning.size());
    return text == line.npos ? "" : line.substr(text);
  }
  return "unknown";
}

std::string first_line(const fs::path& file) {
  std::string line;
  std::ifstream lines(file);
  std::getline(lines, line);
  return line;
}

/// File system and device of the longest mount point above the folder.
std::string disk_of(const fs::path& folder) {
  const std::string path = fs::canonical(folder).string() + "/";
  std::istringstream mounts(read_text("/proc/self/mounts"));
  std::string best;
  std::string found = "unknown";
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string device, place, type, options;
    fields >> device >> place >> type >> options;
    const std::string prefix = place.ends_with('/') ? place : place + "/";
    if (!path.starts_with(prefix) || prefix.size() < best.size()) continue;
    best = prefix;
    found = type + " on " + device + " (" + options + ")";
  }
  return found;
}

std::string version_of(const fs::path& daemon, const fs::path& scratch) {
  const fs::path output = scratch / "version";
  Child({daemon.string(), "--version"}, {}, output).wait();
  return first_line(output);
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

std::string zmq_text() {
  int major = 0, minor = 0, patch = 0;
  zmq_version(&major, &minor, &patch);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

}  // namespace

Environment find_environment(const fs::path& daemon, const fs::path& scratch) {
  utsname system{};
  uname(&system);
  return {
      {"time", now_text()},
      {"program", version_of(daemon, scratch)},
      {"cpu", line_of("/proc/cpuinfo", "model name")},
      {"cores", std::to_string(std::thread::hardware_concurrency())},
      {"memory", line_of("/proc/meminfo", "MemTotal")},
      {"load_at_start", first_line("/proc/loadavg")},
      {"kernel", std::string(system.sysname) + " " + system.release + " " + system.machine},
      {"system", line_of("/etc/os-release", "PRETTY_NAME=")},
      {"disk", disk_of(scratch)},
#ifdef __clang__
      {"compiler", __VERSION__},
#else
      {"compiler", "g++ " __VERSION__},
#endif
      {"build", POSTERN_BUILD_TYPE},
      {"libzmq", zmq_text()},
      {"leveldb",
       std::to_string(leveldb::kMajorVersion) + "." + std::to_string(leveldb::kMinorVersion)},
      {"flatbuffers", std::to_string(FLATBUFFERS_VERSION_MAJOR) + "." +
                          std::to_string(FLATBUFFERS_VERSION_MINOR) + "." +
                          std::to_string(FLATBUFFERS_VERSION_REVISION)},
  };
}

}  // namespace postern::bench
