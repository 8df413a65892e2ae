// Real files of other systems, taken over: what is reported, what becomes of them.
#include "tests/support/command_line.h"

namespace postern::support {
namespace {

struct TakenOver : CommandLine {
  TakenOver() { done({"tenant", "create", "acme"}); }

  static std::string source(const std::string& name) {
    return std::string(TAKEN_OVER) + '/' + name;
  }
  static std::string text_of(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }
  Ended taken(const std::string& kind, const std::string& name,
              std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"--tenant", "acme", "import", kind, source(name)};
    std::ranges::move(more, std::back_inserter(all));
    return postern(std::move(all));
  }
  /// Without the plan and the folder: what is told of the file.
  static std::string report_in(const std::string& said) {
    std::istringstream lines(said);
    std::string report;
    for (std::string line; std::getline(lines, line);) {
      const bool is_plan = line.starts_with("create ") || line.starts_with("change ");
      if (const auto at = line.find(TAKEN_OVER); at != line.npos)
        line.erase(at, std::string_view(TAKEN_OVER).size() + 1);
      if (!is_plan) report += line + "\n";
    }
    return report;
  }
  void is_reported(const std::string& kind, const std::string& name) const {
    const std::string report = report_in(taken(kind, name, {"--dry-run"}).said);
    const std::string kept = source(name) + ".report";
    if (std::getenv("POSTERN_WRITE_REPORTS") != nullptr) std::ofstream(kept) << report;
    BOOST_TEST(report == text_of(kept), report);
  }
  int check(const std::string& user, const std::string& action, const std::string& resource) const {
    return postern({"--tenant", "acme", "check", user, action, resource}).code;
  }
};

/// 0: allowed; 1: denied.
struct Asked {
  const char* user;
  const char* action;
  const char* resource;
  int code;
};

BOOST_FIXTURE_TEST_SUITE(taken_over_tests, TakenOver)

BOOST_AUTO_TEST_CASE(what_redis_wrote_is_reported_and_asked_as_redis_would_answer) {
  is_reported("redis-acl", "users.acl");
  BOOST_TEST(taken("redis-acl", "users.acl", {"--yes"}).code == 0);
  BOOST_TEST(taken("redis-acl", "users.acl").said.find("Nothing to do.") != std::string::npos);
  constexpr Asked questions[] = {
      {"admin", "run", "command/flushall", 0},
      {"orders.service", "write", "key/orders/17", 0},
      {"orders.service", "write", "key/customer/17", 1},
      {"orders.service", "read", "key/customer/17", 0},
      {"orders.service", "read", "key/billing/17", 1},
      {"orders.service", "use", "channel/orders/new", 0},
      {"orders.service", "use", "channel/billing/new", 1},
      {"orders.service", "run", "category/write", 0},
      {"orders.reporting", "run", "command/keys", 1},
      {"everything.but", "run", "command/get", 0},
      {"everything.but", "run", "command/config/get", 1},
      {"cache.warm", "read", "key/cache/a", 1},
      {"cache.warm", "write", "key/cache/a", 0},
      {"ratelimit", "write", "key/rate/17/minute", 0},
      {"ratelimit", "write", "key/rate/17/day", 1},
      {"exporter", "run", "command/config/get", 0},
      {"exporter", "run", "command/config/set", 1},
      {"tenant1", "read", "key/tenant/2/a", 1},
      // Switched off, and of a selector alone.
      {"tenant3", "read", "key/tenant/3/a", 1},
      {"selector.only", "read", "key/x/1", 1},
      {"sessions", "read", "key/sess1", 1},
  };
  for (const Asked& asked : questions)
    BOOST_TEST(check(asked.user, asked.action, asked.resource) == asked.code,
               asked.user << " " << asked.action << " " << asked.resource);
}

BOOST_AUTO_TEST_CASE(what_aws_manages_is_reported_and_what_maps_is_made) {
  is_reported("aws-iam", "account.json");
  BOOST_TEST(taken("aws-iam", "account.json", {"--yes"}).code == 0);
  BOOST_TEST(taken("aws-iam", "account.json").said.find("Nothing to do.") != std::string::npos);
  constexpr Asked questions[] = {
      {"ci", "batch-get-image", "ecr", 0},
      {"ci", "put-trace-segments", "xray", 0},
      {"ci", "put-image", "ecr", 1},
      {"orders.worker", "get-object", "s3/orders-archive/2026/11", 0},
      {"orders.worker", "get-object", "s3/other", 1},
      {"orders.worker", "receive-message", "sqs", 0},
      {"reports", "get-item", "dynamodb", 0},
      {"admin", "get-item", "dynamodb", 1},
      // Its boundary is none here, so it is inactive.
      {"bounded", "put-trace-segments", "xray", 1},
  };
  for (const Asked& asked : questions) {
    const int code = check(asked.user, asked.action, asked.resource);
    // An action that no policy names is not known here.
    BOOST_TEST((code == asked.code || (asked.code == 1 && code != 0)),
               asked.user << " " << asked.action << " " << asked.resource << " " << code);
  }
}

BOOST_AUTO_TEST_CASE(C12_what_apaches_htpasswd_wrote_logs_in_or_is_refused_saying_why) {
  is_reported("htpasswd", "htpasswd");
  BOOST_TEST(taken("htpasswd", "htpasswd", {"--rejects", path("aside")}).code == 0);
  constexpr std::pair<const char*, const char*> taken_over[] = {
      {"bcrypt.default", "Kettle-42-a"}, {"bcrypt.twelve", "Kettle-42-b"},
      {"sha256", "Kettle-42-d"},         {"sha512", "Kettle-42-e"},
      {"sha512.rounds", "Kettle-42-f"},  {"ops@acme.example", "Kettle-42-m"}};
  for (const auto& [user, password] : taken_over) {
    BOOST_TEST((login(user, "Kettle-42-x") == schema::Code::invalid_credentials), user);
    BOOST_TEST((login(user, password) == schema::Code::ok), user);
  }
  for (const char* refused : {"apr1", "sha1", "des", "plain", "md5crypt", "bcrypt.dear"})
    BOOST_TEST((login(refused, "Kettle-42-g") == schema::Code::invalid_credentials), refused);
  const std::string aside = read("aside");
  BOOST_TEST(std::ranges::count(aside, '\n') == 7);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::support
