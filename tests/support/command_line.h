// The command line against a real daemon, with a folder for its files.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "tests/support/daemon_process.h"

namespace postern::support {

struct CommandLine {
  TemporaryFolder folder;
  DaemonProcess daemon;

  CommandLine() { BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said); }

  std::string path(const std::string& name) const { return folder.path() / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name), std::ios::binary).rdbuf();
    return text.str();
  }

  std::vector<std::string> words(std::vector<std::string> more) const {
    std::vector<std::string> all{POSTERN_CLI, "--data", daemon.data().string()};
    std::ranges::move(more, std::back_inserter(all));
    return all;
  }
  Ended postern(std::vector<std::string> more) const { return run_program(words(std::move(more))); }
  std::string done(std::vector<std::string> more) const {
    const Ended ended = postern(std::move(more));
    BOOST_REQUIRE_MESSAGE(ended.code == 0, ended.said);
    return ended.said;
  }
  /// What a user of the tenant "acme" hears.
  schema::Code login(const std::string& user, const std::string& password) const {
    schema::PasswordCredentialT credential;
    credential.username = user;
    credential.password = password;
    schema::AuthenticateT body;
    body.credential.Set(std::move(credential));
    schema::QueryT query;
    query.tenant = "acme";
    query.body.Set(std::move(body));
    auto client = daemon.owner();
    const auto answer = client.ask(std::move(query));
    BOOST_REQUIRE(answer.has_value());
    BOOST_REQUIRE(answer->body.AsAuthenticated() != nullptr);
    return answer->body.AsAuthenticated()->reason;
  }
  std::uint64_t seq() const {
    schema::QueryT query;
    query.body.Set(schema::GetStatusT{});
    auto client = daemon.owner();
    const auto answer = client.ask(std::move(query));
    BOOST_REQUIRE(answer.has_value());
    return answer->body.AsStatus()->seq;
  }
};

}  // namespace postern::support
