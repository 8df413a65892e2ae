#include "tools/cli/access.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "daemon/platform/retried.h"
#include "tools/cli/verb.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace {

constexpr std::size_t file_bytes_max = 65'536;
constexpr int port_base_default = 7'600;
constexpr std::string_view ipc_scheme = "ipc://";

class File {
 public:
  File(const std::filesystem::path& path, int flags)
      : descriptor_(
            platform::retried([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0600); })) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void stop_at(const std::filesystem::path& path, int error, std::string remedy) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  const bool forbidden = error == EACCES || error == EPERM;
  const int code = missing     ? exit_codes::missing
                   : forbidden ? exit_codes::not_permitted
                               : exit_codes::input_output;
  throw Stop{
      code,
      fmt::format("Cannot read {}: {}.", text::printable(path.string()), std::strerror(error)),
      std::move(remedy)};
}

/// What some editors put in front of a text.
void drop_mark(std::string& text, const std::filesystem::path& path) {
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    throw Stop{exit_codes::damaged, fmt::format("{} is UTF-16.", text::printable(path.string())),
               "Save it as UTF-8."};
}

/// All of a small file.
std::string read_all(const File& file, const std::filesystem::path& path) {
  std::string text(file_bytes_max, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto count = platform::retried(
        [&] { return ::read(file.descriptor(), text.data() + size, text.size() - size); });
    if (count < 0) stop_at(path, errno, "Give a readable file.");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  drop_mark(text, path);
  return text;
}

std::string read_text(const std::filesystem::path& path, const std::string& remedy) {
  const File file(path, O_RDONLY);
  if (!file) stop_at(path, errno, remedy);
  return read_all(file, path);
}

toml::table parse_toml(const std::string& text, const std::filesystem::path& path) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error&) {
    // What the parser says may quote the file, and the file may hold a key.
    throw Stop{exit_codes::damaged,
               fmt::format("{} is not well-formed.", text::printable(path.string())),
               "Have it written again."};
  }
}

client::Key key_in(const toml::table& table, std::string_view name,
                   const std::filesystem::path& path) {
  const auto text = table[name].value<std::string_view>();
  const auto key = text ? client::parse_key(*text) : std::nullopt;
  if (!key)
    throw Stop{exit_codes::damaged,
               fmt::format("{} holds no {} of 40 characters of Z85.",
                           text::printable(path.string()), name),
               "Use a key file that posternd or 'operator add --key-out' wrote."};
  return *key;
}

client::Key parse_server_key(const std::string& text, const std::string& from) {
  if (const auto key = client::parse_key(text::trimmed(text))) return *key;
  throw Stop{exit_codes::damaged,
             fmt::format("{} is no public key of 40 characters of Z85.", text::printable(from)),
             "Take the server's key from server.key in the daemon's data folder."};
}

/// What the daemon wrote at its start and takes away at its end; nothing if it does not run.
std::optional<toml::table> read_addresses(const Access& access) {
  if (!access.data) return std::nullopt;
  const auto path = *access.data / "addresses";
  const File file(path, O_RDONLY);
  if (file) return parse_toml(read_all(file, path), path);
  if (errno != ENOENT || !std::filesystem::is_directory(*access.data))
    stop_at(path, errno, "Name the daemon's data folder with --data.");
  return std::nullopt;
}

std::optional<client::KeyPair> find_keys(const Access& access) {
  if (access.key) return read_key_file(*access.key);
  if (!access.data) return std::nullopt;
  const auto path = *access.data / "owner.key";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  return read_key_file(path);
}

client::Key find_server_key(const Access& access, const std::optional<toml::table>& addresses) {
  if (access.server_key) {
    if (const auto key = client::parse_key(*access.server_key)) return *key;
    return parse_server_key(
        read_text(*access.server_key, "Give the server's public key, or a file with it."),
        *access.server_key);
  }
  if (addresses && addresses->contains("server_key"))
    return key_in(*addresses, "server_key", *access.data / "addresses");
  if (!access.data)
    stop_usage("The server's public key is not known.",
               "Give it with --server-key, or name the data folder with --data.");
  const auto path = *access.data / "server.key";
  return parse_server_key(read_text(path, "Give the server's public key with --server-key."),
                          path.string());
}

std::string text_in(const toml::table& table, std::string_view name) {
  return table[name].value_or(std::string());
}

std::string host_of(const Access& access) {
  auto host = access.endpoint.value_or("127.0.0.1");
  if (host.starts_with("tcp://")) host.erase(0, 6);
  const auto colons = std::ranges::count(host, ':');
  if (host.starts_with('[') ? !host.ends_with(']') : colons == 1)
    stop_usage("--endpoint names a host without a port.",
               "Give the ports with --port-base N: N+1 commands, N+2 queries, N+3 history.");
  return colons > 1 && !host.starts_with('[') ? "[" + host + "]" : host;
}

void use_ports(client::Options& options, const Access& access) {
  const int base = access.port_base.value_or(port_base_default);
  const auto host = host_of(access);
  options.commands = fmt::format("tcp://{}:{}", host, base + 1);
  options.queries = fmt::format("tcp://{}:{}", host, base + 2);
  options.history = fmt::format("tcp://{}:{}", host, base + 3);
}

/// A path that the file cannot hold is told relative to its folder.
std::string address_in(const Access& access, const toml::table& addresses,
                       const std::string& name) {
  auto address = text_in(addresses, name);
  if (!address.starts_with(ipc_scheme) || address.starts_with("ipc:///")) return address;
  const auto folder = std::filesystem::absolute(*access.data);
  return std::string(ipc_scheme) + (folder / address.substr(ipc_scheme.size())).native();
}

/// The daemon's folder of ipc sockets, named by --endpoint.
std::optional<std::string> ipc_folder(const Access& access) {
  if (!access.endpoint || !access.endpoint->starts_with(ipc_scheme)) return std::nullopt;
  std::string folder = *access.endpoint;
  while (folder.ends_with('/')) folder.pop_back();
  if (!folder.starts_with("ipc:///"))
    stop_usage("--endpoint ipc:// names the folder of the sockets from the root on.",
               "For example --endpoint ipc:///run/postern.");
  if (access.port_base)
    stop_usage("--port-base is of tcp, and --endpoint names ipc sockets.",
               "Leave one of them out.");
  return folder;
}

/// Who asks is known by the uid.
void use_ipc_folder(client::Options& options, const std::string& folder) {
  options.commands = folder + "/commands";
  options.queries = folder + "/queries";
  options.history = folder + "/history";
}

void use_addresses(client::Options& options, const Access& access, const toml::table& addresses,
                   const std::string& door) {
  options.commands = address_in(access, addresses, "commands" + door);
  options.queries = address_in(access, addresses, "queries" + door);
  options.history = address_in(access, addresses, "history" + door);
}

/// One file for each daemon and operator: beside the key it is used with.
std::string checkpoint_file(const Access& access) {
  if (access.without_checkpoint) return {};
  if (access.checkpoint) return access.checkpoint->string();
  if (access.key) return access.key->string() + ".checkpoint";
  return access.data ? (*access.data / "seen-checkpoint").string() : std::string();
}

}  // namespace

static client::KeyPair read_pair(const std::filesystem::path& path, const std::string& prefix,
                                 const char* remedy) {
  const File file(path, O_RDONLY);
  if (!file) stop_at(path, errno, remedy);
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) stop_at(path, errno, "Give a readable key file.");
  if ((status.st_mode & 077) != 0)
    throw Stop{exit_codes::not_permitted,
               fmt::format("Others than its owner may use the key file {}: its mode is {:04o}.",
                           text::printable(path.string()), status.st_mode & 07777),
               fmt::format("chmod 600 {}", text::printable(path.string()))};
  auto text = read_all(file, path);
  const auto table = parse_toml(text, path);
  client::wipe(text);
  return {key_in(table, prefix + "public_key", path), key_in(table, prefix + "secret_key", path)};
}

client::KeyPair read_key_file(const std::filesystem::path& path) {
  return read_pair(path, "", "Give the operator's key file with --key.");
}

client::KeyPair read_signing_key_file(const std::filesystem::path& path) {
  return read_pair(path, "signing_", "Give the operator's signing key with --signing-key.");
}

template <class Value>
Value found(const std::map<std::string, Value>& values, const std::string& name) {
  const auto place = values.find(name);
  return place == values.end() ? Value() : place->second;
}

std::uint64_t LocalFile::number(const std::string& name) const { return found(numbers_, name); }
std::string LocalFile::text(const std::string& name) const { return found(texts_, name); }
std::vector<std::string> LocalFile::list(const std::string& name) const {
  return found(lists_, name);
}

LocalFile read_local_file(const std::filesystem::path& path) {
  LocalFile read;
  const File file(path, O_RDONLY);
  if (!file && errno == ENOENT) return read;
  if (!file) stop_at(path, errno, "Do it as the daemon's user, or as root.");
  for (const auto& [key, value] : parse_toml(read_all(file, path), path)) {
    const std::string name(key.str());
    if (const auto number = value.value_exact<std::int64_t>(); number && *number >= 0)
      read.numbers_[name] = static_cast<std::uint64_t>(*number);
    if (const auto text = value.value_exact<std::string>()) read.texts_[name] = *text;
    if (const auto* entries = value.as_array())
      for (const auto& entry : *entries) read.lists_[name].push_back(entry.value_or(std::string()));
  }
  return read;
}

client::Options reach(const Access& access) {
  client::Options options;
  if (access.signing_key)
    options.signing_seed = read_signing_key_file(*access.signing_key).secret_key;
  options.timeout = access.timeout;
  options.checkpoint_file = checkpoint_file(access);
  if (const auto folder = ipc_folder(access)) {
    use_ipc_folder(options, *folder);
    return options;
  }
  const auto addresses = read_addresses(access);
  if (addresses) options.verifier_key = text_in(*addresses, "verifier_key");
  const bool ports_given = access.port_base || access.endpoint;
  if (!access.data && !ports_given)
    stop_usage("It is not said where the daemon is.",
               "Name its data folder with --data DIR (or POSTERN_DATA), its ipc sockets with "
               "--endpoint ipc:///run/postern (or POSTERN_ENDPOINT), or give --key, --server-key "
               "and --port-base.");
  if (access.data && !addresses && !ports_given)
    throw Stop{exit_codes::unreachable,
               fmt::format("No daemon runs on {}.", text::printable(access.data->string())),
               fmt::format("Start it: posternd --data {}", text::printable(access.data->string()))};
  const auto keys = find_keys(access);
  if (!keys) {
    if (ports_given || !addresses)
      stop_usage("tcp needs an operator's key.",
                 "Give its file with --key, or leave out --endpoint and --port-base to use the ipc "
                 "door of --data.");
    use_addresses(options, access, *addresses, "_ipc");
    return options;
  }
  options.keys = keys;
  options.server_key = find_server_key(access, addresses);
  if (ports_given)
    use_ports(options, access);
  else
    use_addresses(options, access, *addresses, "");
  return options;
}

}  // namespace postern::cli
