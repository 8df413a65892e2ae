// How fast the C++ client checks, for the clients in other languages to be held against.
//
// client_speed QUERIES: for each line "CHECKS BATCHES" it reads so many checks, one at a time, and
// so many batches of 100, both by name; it prints {"p50_us": …, "batch_questions_per_s": …}.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tools/client/client.h"

namespace {

using namespace postern;
using Clock = std::chrono::steady_clock;

constexpr int batch_size = 100;

schema::QueryT check(int questions) {
  schema::NamedUserT user;
  user.username = "shop";
  schema::CheckT check;
  check.credential.Set(std::move(user));
  for (int number = 0; number < questions; ++number) {
    auto& question = check.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = "read";
    question->resource = "table/customer/" + std::to_string(number);
  }
  schema::QueryT query;
  query.tenant = "acme";
  query.call = std::make_unique<schema::CallT>();
  query.call->address = "192.0.2.7";
  query.call->tls = true;
  query.body.Set(std::move(check));
  return query;
}

/// How long each of so many took; the program ends if one is not allowed.
std::vector<double> measure(client::Client& client, int questions, int count) {
  std::vector<double> took_us;
  for (int done = 0; done < count; ++done) {
    const auto begun = Clock::now();
    const auto answer = client.ask(check(questions));
    const auto* checked = answer ? answer->body.AsChecked() : nullptr;
    if (checked == nullptr || std::ranges::any_of(checked->decisions, [](const auto& decision) {
          return !decision->allowed;
        }))
      std::exit(1);
    took_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
  }
  return took_us;
}

}  // namespace

int main(int, char** arguments) {
  client::Options options;
  options.queries = arguments[1];
  auto client = client::Client::make(options);
  if (!client) return 1;
  int checks = 0;
  int batches = 0;
  while (std::scanf("%d %d", &checks, &batches) == 2) {
    auto single = measure(*client, 1, checks);
    double total_us = 0;
    for (const double took : measure(*client, batch_size, batches)) total_us += took;
    std::ranges::sort(single);
    std::printf("{\"p50_us\": %.1f, \"batch_questions_per_s\": %.0f}\n", single[single.size() / 2],
                batches * batch_size / total_us * 1e6);
    std::fflush(stdout);
  }
}
