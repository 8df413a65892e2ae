// Redis ACLs, htpasswd files and AWS policies: what they come to.
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "tools/intake/aws_iam.h"
#include "tools/intake/htpasswd.h"
#include "tools/intake/redis_acl.h"

namespace postern::intake {
namespace {

/// "read key/a, deny run command/b".
std::string grants_text(const std::vector<Grant>& grants) {
  std::string text;
  for (const auto& grant : grants) text += (text.empty() ? "" : ", ") + grant_line(grant);
  return text;
}

std::string notes_text(const Translation& made) {
  std::string text;
  for (const auto& note : made.notes) {
    text += note.kind == Note::Kind::wider   ? "wider "
            : note.kind == Note::Kind::taken ? "taken "
                                             : "";
    text += note.about + ": " + note.what + "\n";
  }
  return text;
}

struct Redis {
  Translation made;
  std::string grants;
  std::string notes;

  explicit Redis(const std::string& rules) : made(read_redis_acl("user bob " + rules)) {
    BOOST_REQUIRE(made.desired.users->size() == 1U);
    grants = grants_text(made.desired.users->at(0).grants);
    notes = notes_text(made);
  }
};

BOOST_AUTO_TEST_SUITE(translation_tests)

BOOST_AUTO_TEST_CASE(keys_and_channels_of_redis_are_paths) {
  const Redis bob("on ~orders:* %R~cache:*:hot %W~log ~ord* ~Big:* &news:* +get");
  BOOST_TEST(bob.grants ==
             "read key/cache/*/hot, write key/log, read key/orders, write key/orders, "
             "use channel/news, run command/get");
  BOOST_TEST(bob.notes ==
             "wider user bob: %R~cache:*:hot\nwider user bob: %W~log\nuser bob: ~ord*\n"
             "user bob: ~Big:*\n");
  BOOST_TEST((bob.made.desired.users->at(0).status == schema::UserStatus::active));
  BOOST_TEST(Redis("allkeys allchannels").grants == "read key, write key, use channel");
}

BOOST_AUTO_TEST_CASE(rules_of_redis_apply_from_left_to_right) {
  BOOST_TEST(Redis("~a:* resetkeys ~b:*").grants == "read key/b, write key/b");
  BOOST_TEST(Redis("+@all -@all +get -get +set").grants == "run command/set");
  BOOST_TEST(Redis("+@all -flushall").grants ==
             "run category, run command, deny run command/flushall");
  BOOST_TEST(Redis("+@all -flushall +flushall").grants == "run category, run command");
  BOOST_TEST(Redis("+@all -@dangerous").grants == "run category, deny run category/dangerous");
  BOOST_TEST(Redis("+@read -keys +config|get").grants ==
             "run category/read, deny run command/keys, run command/config/get");
  BOOST_TEST(Redis("-keys").grants.empty());
  const Redis config("+@all -config +config|get");
  BOOST_TEST(!config.grants.contains("command/config/get"));
  BOOST_TEST(config.notes == "user bob: +config|get\n");
  BOOST_TEST(
      (Redis("on ~a:* reset").made.desired.users->at(0).status == schema::UserStatus::inactive));
}

BOOST_AUTO_TEST_CASE(what_redis_binds_or_keeps_secret_is_left_out_and_never_shown) {
  const Redis bob("on nopass >hunter2 #" + std::string(64, 'a') + " (+get ~x:* ) (~y:*) oddity");
  BOOST_TEST(bob.grants.empty());
  BOOST_TEST(!bob.notes.contains("hunter2"));
  BOOST_TEST(!bob.notes.contains("aaaa"));
  for (const char* part : {"nopass", ">…", "#…", "(+get ~x:*)", "(~y:*)", "oddity"})
    BOOST_TEST(bob.notes.contains(part), part << " in " << bob.notes);
  const auto made = read_redis_acl("# comment\n\nuser a=b on\nnobody\nuser (x\n");
  BOOST_TEST(made.desired.users->empty());
  BOOST_TEST(made.notes.size() == 3U);
  BOOST_TEST(made.notes[0].line == 3U);
}

BOOST_AUTO_TEST_CASE(C12_htpasswd_brings_bcrypt_and_sha_crypt_and_no_apr1) {
  const std::string text =
      "# users\n"
      "bob:$2y$05$" +
      std::string(53, 'x') +
      "\r\n"
      "eve:$6$salt$" +
      std::string(86, 'x') +
      ":ignored\n"
      "old:$apr1$salt$" +
      std::string(22, 'x') +
      "\n"
      "sha:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n"
      "des:rqXexS6ZhobKA\n"
      "plain:secret\n"
      "nothing\n";
  for (const auto unusable :
       {HtpasswdSource::Unusable::refused, HtpasswdSource::Unusable::without_hash}) {
    std::istringstream in(text);
    HtpasswdSource source(in, unusable);
    std::vector<std::size_t> faults;
    std::vector<std::size_t> hashes;
    Entry entry;
    while (source.next(entry)) {
      faults.push_back(entry.faults.size());
      hashes.push_back(entry.account.user.password_hash.size());
      for (const auto& fault : entry.faults) BOOST_TEST(!fault.sentence.contains("secret"));
    }
    const bool refuses = unusable == HtpasswdSource::Unusable::refused;
    const std::size_t one = refuses ? 1 : 0;
    BOOST_TEST((faults == std::vector<std::size_t>{0, 0, one, one, one, one, 1}));
    BOOST_TEST((hashes == std::vector<std::size_t>{60, 94, 0, 0, 0, 0, 0}));
  }
}

Translation aws(const std::string& statements) {
  auto made = read_aws_iam("{\"Version\":\"2012-10-17\",\"Statement\":" + statements + "}");
  BOOST_REQUIRE(made.has_value());
  return std::move(*made);
}

std::string aws_grants(const std::string& statements) {
  return grants_text(aws(statements).desired.roles->at("policy.policy").grants);
}

BOOST_AUTO_TEST_CASE(statements_of_aws_are_grants) {
  BOOST_TEST(aws_grants(R"([{"Effect":"Allow","Action":["s3:GetObject","s3:*"],
                            "Resource":"arn:aws:s3:::bucket/logs/*"},
                           {"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"}])") ==
             "get-object s3/bucket/logs, * s3/bucket/logs, deny delete-object s3");
  const auto whole = aws(R"({"Effect":"Allow","Action":"sqs:*","Resource":"*"})");
  BOOST_TEST(kinds_from(*whole.desired.catalogue)->at(0)->actions.size() == 1U);
  BOOST_TEST(aws_grants(R"({"Effect":"Allow","Action":"sqs:SendMessage",
                           "Resource":"arn:aws:sqs:eu-west-1:123456789012:jobs"})") ==
             "send-message sqs/eu-west-1/123456789012/jobs");
  BOOST_TEST(aws_grants(R"({"Effect":"Allow","Action":"rds:DescribeDBInstances","Resource":"*",
      "Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.1"]},
                   "Bool":{"aws:SecureTransport":"true"},
                   "DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}})") ==
             "describe-db-instances rds until 2030-01-01T00:00:00Z networks 10.0.0.0/8,192.0.2.1 "
             "tls");
}

BOOST_AUTO_TEST_CASE(what_aws_says_wider_than_a_grant_is_left_out_and_a_lost_deny_is_told) {
  for (const char* left :
       {R"("Action":"*","Resource":"*")", R"("Action":"s3:Get*","Resource":"*")",
        R"("NotAction":"s3:GetObject","Resource":"*")",
        R"("Action":"s3:GetObject","NotResource":"arn:aws:s3:::a")",
        R"("Action":"s3:GetObject","Resource":"arn:aws:s3:::logs-*")",
        R"("Action":"s3:GetObject","Resource":"arn:aws:s3:::home/${aws:username}/*")",
        R"("Action":"s3:GetObject","Resource":"arn:aws:sqs:::a")",
        R"("Action":"s3:GetObject","Resource":"*","Condition":{"StringLike":{"s3:prefix":"a"}})"}) {
    for (const bool is_deny : {false, true}) {
      const auto made =
          aws(std::string("{\"Effect\":\"") + (is_deny ? "Deny" : "Allow") + "\"," + left + "}");
      BOOST_TEST(made.desired.roles->at("policy.policy").grants.empty(), left);
      BOOST_REQUIRE_MESSAGE(made.notes.size() == 1U, left);
      BOOST_TEST((made.notes[0].kind == (is_deny ? Note::Kind::wider : Note::Kind::left_out)));
    }
  }
}

BOOST_AUTO_TEST_CASE(users_and_groups_of_aws_hold_roles) {
  const auto made = read_aws_iam(R"({
    "UserDetailList": [
      {"UserName": "bob", "GroupList": ["Admins"], "UserPolicyList": [{"PolicyName": "p",
        "PolicyDocument": ")" +
                                 std::string("%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C"
                                             "%22Action%22%3A%22s3%3AGetObject%22%2C%22"
                                             "Resource%22%3A%22*%22%7D%7D") +
                                 R"("}],
       "AttachedManagedPolicies": [{"PolicyName": "ReadOnly"}, {"PolicyName": "AWSOwn"}]},
      {"UserName": "eve", "PermissionsBoundary": {}}, {"UserName": "a=b"}],
    "GroupDetailList": [{"GroupName": "Admins", "GroupPolicyList": [],
       "AttachedManagedPolicies": [{"PolicyName": "ReadOnly"}]}],
    "RoleDetailList": [{"RoleName": "x"}],
    "Policies": [{"PolicyName": "ReadOnly", "PolicyVersionList": [
       {"IsDefaultVersion": false, "Document": {}},
       {"IsDefaultVersion": true, "Document": {"Statement": [
          {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}}]}]})");
  BOOST_REQUIRE(made.has_value());
  const auto& desired = made->desired;
  BOOST_TEST(grants_text(desired.roles->at("policy.readonly").grants) == "list-bucket s3");
  BOOST_TEST(
      (desired.roles->at("group.admins").roles == std::vector<std::string>{"policy.readonly"}));
  const auto& bob = desired.users->at(0);
  BOOST_TEST((bob.roles == std::vector<std::string>{"policy.readonly", "group.admins"}));
  BOOST_TEST(grants_text(bob.grants) == "get-object s3");
  BOOST_TEST((desired.users->at(1).status == schema::UserStatus::inactive));
  BOOST_TEST(desired.users->size() == 2U);
  BOOST_TEST(made->notes.size() == 4U, notes_text(*made));
  BOOST_TEST(!read_aws_iam("[]").has_value());
  BOOST_TEST(!read_aws_iam("{").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::intake
