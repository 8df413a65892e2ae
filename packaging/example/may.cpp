// may TENANT USER ACTION RESOURCE: asks the daemon over its ipc sockets whether a user may do
// something now; ends 0 for yes and 1 for no.
//   cmake -B build && cmake --build build
//   c++ -std=c++23 may.cpp $(pkg-config --cflags --libs postern-client) -o may
#include <client.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace client = postern::client;
namespace schema = postern::schema;

namespace {

int say(const client::Error& error) {
  std::fprintf(stderr, "%s %s\n", error.sentence.c_str(), error.remedy.c_str());
  return client::exit_code(error);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::fprintf(stderr, "usage: %s TENANT USER ACTION RESOURCE\n", arguments[0]);
    return static_cast<int>(client::ErrorKind::usage);
  }
  const char* named = std::getenv("POSTERN_ENDPOINT");
  const std::string door = named != nullptr ? named : "ipc:///run/postern";
  client::Options options;
  options.history = door + "/history";
  auto daemon = client::Client::make(std::move(options));
  if (!daemon) return say(daemon.error());

  schema::CheckUserT check;
  check.tenant = arguments[1];
  check.username = arguments[2];
  check.questions.push_back(std::make_unique<schema::QuestionT>());
  check.questions[0]->action = arguments[3];
  check.questions[0]->resource = arguments[4];
  schema::HistoryRequestT request;
  request.body.Set(std::move(check));
  const auto answer = daemon->history(std::move(request));
  if (!answer) return say(answer.error());
  const auto* checked = answer->body.AsChecked();
  if (answer->code != schema::Code::ok || checked == nullptr || checked->decisions.empty()) {
    std::fprintf(stderr, "no answer: %s\n", schema::EnumNameCode(answer->code));
    return static_cast<int>(client::ErrorKind::protocol);
  }
  const bool allowed = checked->decisions[0]->allowed;
  std::puts(allowed ? "allowed" : "denied");
  return allowed ? 0 : 1;
}
