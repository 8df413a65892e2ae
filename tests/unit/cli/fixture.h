// The command line in this process, a fake daemon behind its ipc door, and a pipe as standard
// input.
#pragma once

#include <string>
#include <vector>

#include "tests/support/fake_daemon/fake_daemon.h"

namespace postern::cli {

using support::packed;

struct Ended {
  int exit_code;
  std::string out;
  std::string talk;
};

/// Standard input is what `input` holds.
Ended run_with(const std::vector<std::string>& arguments, const std::string& input = "");
/// The same at a terminal: what is said to a person goes to `talk` at once.
int run_at_terminal(const std::vector<std::string>& arguments, std::ostream& talk);

/// Splits at blanks, but for what stands between single quotes.
std::vector<std::string> words(const std::string& line);

std::string read_file(const std::filesystem::path& path);
void write_key_file(const std::filesystem::path& path, const client::KeyPair& keys);
void write_file(const std::filesystem::path& path, const std::string& text, unsigned mode = 0600);

struct Fixture {
  support::FakeDaemon daemon;

  /// Starts the daemon and writes its addresses, as the real one does.
  void start();
  /// `postern --data FOLDER …` on a started daemon; what it receives is remembered.
  Ended postern(const std::string& line, const std::string& input = "");

  /// The one command message it received.
  schema::CommandMessageT sent();
  schema::QueryT asked();

 protected:
  std::vector<schema::CommandMessageT> commands_;
  std::vector<schema::QueryT> queries_;
  bool started_ = false;
};

support::FakeDaemon::Replies refuse(const schema::CommandMessageT& message, schema::Code code);

support::FakeDaemon::Replies page_with(const schema::HistoryRequestT& request, auto body) {
  auto page = support::FakeDaemon::page_to(request);
  page.body.Set(std::move(body));
  return {support::packed(page)};
}

bool contains(const std::string& text, const std::string& part);

}  // namespace postern::cli
