#include "daemon/running/addresses.h"

#include <unistd.h>

#include <cstdio>

#include "daemon/config.h"
#include "daemon/domain/rules.h"
#include "daemon/platform/files.h"

namespace postern::running {

namespace {

constexpr std::string_view ipc_scheme = "ipc://";

std::string toml_line(std::string_view name, std::string_view value) {
  return std::string(name) + " = " + toml_text(value) + "\n";
}

/// TOML is text, and a path may be any bytes: such an address is told relative to the folder that
/// holds the file.
std::string told_address(const std::string& address, const std::filesystem::path& folder) {
  if (!address.starts_with(ipc_scheme) || domain::is_text(address)) return address;
  const std::filesystem::path path = address.substr(ipc_scheme.size());
  return std::string(ipc_scheme) + path.lexically_relative(folder).native();
}

/// Both tellings, line by line.
class Telling {
 public:
  void add(std::string_view name, std::string_view value, const char* title) {
    file_ += toml_line(name, value);
    show(title, value);
  }
  void add_address(const std::string& socket, const std::string& address,
                   const std::filesystem::path& folder) {
    file_ += toml_line(socket + (address.starts_with(ipc_scheme) ? "_ipc" : ""),
                       told_address(address, folder));
    show(socket.c_str(), address);
  }
  /// For the command line alone.
  void add_number(std::string_view name, std::int64_t number) {
    file_ += std::string(name) + " = " + std::to_string(number) + "\n";
  }
  const std::string& file() const { return file_; }

 private:
  static void show(const char* title, std::string_view value) {
    std::printf("%-12s%s\n", title, printable(value, 4'096).c_str());
  }

  std::string file_;
};

}  // namespace

Expected<> tell_whereabouts(const data::DataPaths& paths, const Whereabouts& whereabouts) {
  Telling telling;
  for (std::size_t index = 0; index < whereabouts.sockets.size(); ++index)
    for (const std::string& address : whereabouts.sockets[index])
      telling.add_address(data::socket_names[index], address, paths.root);
  if (!whereabouts.metrics.empty()) telling.add("metrics", whereabouts.metrics, "metrics");
  telling.add("server_key", whereabouts.server.present, "server key");
  if (!whereabouts.server.next.empty())
    telling.add("next_server_key", whereabouts.server.next, "next key");
  telling.add("verifier_key", whereabouts.verifier, "verifier");
  telling.add_number("process", ::getpid());
  std::fflush(stdout);
  return platform::write_file(paths.addresses(), std::as_bytes(std::span(telling.file())));
}

}  // namespace postern::running
