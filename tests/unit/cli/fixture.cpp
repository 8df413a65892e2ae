#include "tests/unit/cli/fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "tools/cli/cli.h"
#include "tools/cli/new_file.h"

namespace postern::cli {

using support::FakeDaemon;

Ended run_with(const std::vector<std::string>& arguments, const std::string& input) {
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  BOOST_REQUIRE(::write(ends[1], input.data(), input.size()) == static_cast<ssize_t>(input.size()));
  ::close(ends[1]);
  std::ostringstream out, talk;
  const int code = run(arguments, {ends[0], out, talk});
  ::close(ends[0]);
  return {code, out.str(), talk.str()};
}

int run_at_terminal(const std::vector<std::string>& arguments, std::ostream& talk) {
  std::ostringstream out;
  return run(arguments, {-1, out, talk, true});
}

std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> result;
  std::string word;
  bool quoted = false, any = false;
  for (const char letter : line + ' ') {
    if (letter == '\'') {
      quoted = !quoted;
      any = true;
    } else if (letter == ' ' && !quoted) {
      if (any) result.push_back(std::exchange(word, {}));
      any = false;
    } else {
      word += letter;
      any = true;
    }
  }
  return result;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_key_file(const std::filesystem::path& path, const client::KeyPair& keys) {
  NewFile file(path);
  write_key_pair(file, keys);
  file.keep();
}

void write_file(const std::filesystem::path& path, const std::string& text, unsigned mode) {
  std::ofstream(path) << text;
  ::chmod(path.c_str(), mode);
}

support::FakeDaemon::Replies refuse(const schema::CommandMessageT& message, schema::Code code) {
  return {packed(support::FakeDaemon::receipt_to(message, code))};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void Fixture::start() {
  // Every handler set by the test is kept; what arrives is remembered beside it.
  auto on_command = daemon.on_command;
  daemon.on_command = [this, on_command](const auto& message) {
    commands_.push_back(message);
    if (on_command) return on_command(message);
    return FakeDaemon::Replies{packed(FakeDaemon::receipt_to(message))};
  };
  auto on_query = daemon.on_query;
  daemon.on_query = [this, on_query](const auto& query) {
    queries_.push_back(query);
    return on_query ? on_query(query) : FakeDaemon::Replies{};
  };
  daemon.start();
  started_ = true;
  const auto options = daemon.options();
  const std::string door = daemon.curve ? "" : "_ipc";
  std::string addresses = "commands" + door + " = \"" + options.commands + "\"\n" + "queries" +
                          door + " = \"" + options.queries + "\"\n" + "history" + door + " = \"" +
                          options.history + "\"\n";
  if (daemon.curve)
    addresses += "server_key = \"" + client::key_text(daemon.server_keys.public_key) + "\"\n";
  write_file(daemon.folder / "addresses", addresses);
}

Ended Fixture::postern(const std::string& line, const std::string& input) {
  if (!started_) start();
  std::vector<std::string> arguments{"--data", daemon.folder.string()};
  for (auto& word : words(line)) arguments.push_back(std::move(word));
  return run_with(arguments, input);
}

schema::CommandMessageT Fixture::sent() {
  daemon.stop();
  BOOST_REQUIRE(commands_.size() == 1u);
  return commands_.front();
}

schema::QueryT Fixture::asked() {
  daemon.stop();
  BOOST_REQUIRE(queries_.size() == 1u);
  return queries_.front();
}

}  // namespace postern::cli
