// client_pace QUERIES ROUNDS QUESTIONS: how fast the C++ client's checks of so many questions are,
// one message after the other on one connection; a line of JSON. pace.py compares it with others.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "tools/client/client.h"

namespace {

using namespace postern;
using Clock = std::chrono::steady_clock;

schema::QueryT checks(int questions) {
  schema::CheckT check;
  schema::NamedUserT user;
  user.username = "shop";
  check.credential.Set(std::move(user));
  for (int i = 0; i < questions; ++i) {
    auto& question = check.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = "read";
    question->resource = "table/customer/field" + std::to_string(i);
  }
  schema::QueryT query;
  query.tenant = "acme";
  query.body.Set(std::move(check));
  return query;
}

int measure(const std::string& queries, int rounds, int questions) {
  client::Options options;
  options.queries = queries;
  auto client = client::Client::make(options);
  if (!client) return client::exit_code(client.error());
  std::vector<double> times;
  const auto begun = Clock::now();
  for (int i = 0; i < rounds; ++i) {
    const auto sent = Clock::now();
    const auto answer = client->ask(checks(questions));
    const auto* checked = answer ? answer->body.AsChecked() : nullptr;
    if (checked == nullptr || !checked->decisions.at(0)->allowed) return EXIT_FAILURE;
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - sent).count());
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  std::ranges::sort(times);
  std::cout << "{\"p50_us\": " << times[times.size() / 2]
            << ", \"per_second\": " << rounds * questions / seconds << "}" << std::endl;
  return EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 64;
  return measure(arguments[1], std::atoi(arguments[2]), std::atoi(arguments[3]));
}
