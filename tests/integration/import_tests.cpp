// Users from tables into the real daemon, and out again.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "tests/support/command_line.h"

namespace postern::support {
namespace {

namespace fs = std::filesystem;

struct Import : CommandLine {
  Import() {
    done({"tenant", "create", "acme"});
    done({"--tenant", "acme", "role", "create", "clerk"});
  }

  Ended users(const std::string& file, std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"--tenant", "acme", "import", "users", path(file)};
    std::ranges::move(more, std::back_inserter(all));
    return postern(std::move(all));
  }
  std::string exported(const std::string& tenant, const std::string& name) const {
    done({"--tenant", tenant, "export", "users", path(name)});
    return read(name);
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

BOOST_FIXTURE_TEST_SUITE(import_tests, Import)

BOOST_AUTO_TEST_CASE(K6_a_report_names_every_line_column_and_rule_and_nothing_is_sent) {
  write("bad.csv",
        "\xef\xbb\xbfUser;E-Mail;Hire date;Roles;Grants\r\n"
        "good;a@b.example;;clerk;read table/x\r\n"
        "bad name;nope;2020-13-01;nobody;fly table/x\r\n"
        "other;;;nobody;fly table/x\r\n"
        "Good;;;;\r\n"
        "short;\r\n"
        "open;\"never closed");
  const auto before = seq();
  const Ended ended = users("bad.csv");
  BOOST_TEST(ended.code == 1);
  for (const char* part :
       {"field_malformed  line 3, column 1 (User)", "field_malformed  line 3, column 2 (E-Mail)",
        "field_malformed  line 3, column 3 (Hire date)", "role_unknown  line 4, column 4 (Roles)",
        "unknown_resource  line 4, column 5 (Grants)",
        "U1  line 5, column 1 (User): Line 2 has the username", "form  line 6",
        "form  line 7, column 2 (E-Mail)", "8 problems in 5 lines", "Nothing was sent.",
        "--rejects FILE"})
    BOOST_TEST(contains(ended.said, part), part << " in " << ended.said);
  BOOST_TEST(seq() == before);
  BOOST_TEST(!fs::exists(path("bad.csv.import.part")));
}

BOOST_AUTO_TEST_CASE(what_is_refused_is_put_aside_and_imported_once_mended) {
  write("mixed.csv", "username,email\na,\nb,nope\nc,c@x.example\n");
  const Ended ended = users("mixed.csv", {"--rejects", path("aside.csv")});
  BOOST_TEST(ended.code == 0, ended.said);
  BOOST_TEST(read("aside.csv") == "username,email\nb,nope\n");
  write("aside.csv", "username,email\nb,b@x.example\n");
  BOOST_TEST(users("aside.csv").code == 0);
  const auto text = exported("acme", "all.jsonl");
  BOOST_TEST(std::ranges::count(text, '\n') == 3);
}

BOOST_AUTO_TEST_CASE(an_export_imported_elsewhere_exports_the_same) {
  write("all.csv",
        "username,status,api_access,locked,first_name,email,hire_date,attributes,note,networks,"
        "skip_ip_check,secure_transport_required,session_timeout_seconds,api_logging,roles,grants\n"
        "api.a,new,off,,Ada,a@x.example,2024-05-01,\"{\"\"b\"\":\"\"c|d\"\"}\",\"=a \"\"note\"\"\","
        "10.0.0.0/8|AWS,on,on,600,on,clerk,read table/x|deny write table/x/y until "
        "2040-01-01T00:00:00Z networks 10.0.0.0/8 tls\n"
        "api.b,inactive,on,on,,,,,,,,,,,,\n"
        "api.c,trashed,on,,,,,,,,,,,,clerk,run script/nightly\n"
        "'-api,active,,,-Ada,,,,,,,,,,,\n");
  const Ended made = users("all.csv");
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.said);
  for (const char* form : {"csv", "jsonl"}) {
    const std::string file = std::string("first.") + form;
    const std::string first = exported("acme", file);
    for (const char* part : {"api.a", "trashed", "2040-01-01T00:00:00Z", "-Ada", "c|d"})
      BOOST_TEST(contains(first, part), part << " in " << first);
    const std::string tenant = std::string("copy-") + form;
    done({"tenant", "create", tenant});
    done({"--tenant", tenant, "role", "create", "clerk"});
    done({"--tenant", tenant, "import", "users", path(file)});
    BOOST_TEST(exported(tenant, std::string("second.") + form) == first);
  }
}

BOOST_AUTO_TEST_CASE(C8_passwords_and_keys_that_are_made_go_to_a_file_of_its_owner_alone) {
  write("new.csv", "username,password\na,\nb,Chosen-Kettle-42\n");
  const Ended ended = users(
      "new.csv", {"--generate-passwords", "--create-keys", "first", "--out", path("made.csv")});
  BOOST_REQUIRE_MESSAGE(ended.code == 0, ended.said);
  BOOST_TEST(mode_of(path("made.csv")) == 0600U);
  const std::string made = read("made.csv");
  BOOST_TEST(!contains(made, "Chosen"));
  BOOST_TEST(contains(made, "\r\nb,,pstk_"));
  const auto begin = made.find("\r\na,") + 4;
  BOOST_TEST((login("a", made.substr(begin, made.find(',', begin) - begin)) == schema::Code::ok));
  BOOST_TEST((login("b", "Chosen-Kettle-42") == schema::Code::ok));
  BOOST_TEST(!fs::exists(path("new.csv.import.part")));
}

BOOST_AUTO_TEST_CASE(K1_two_imports_of_one_file_do_not_run_at_once) {
  write("new.csv", "username\na\n");
  write("new.csv.import.part", "");
  {
    // As the other one holds it.
    const int notes = ::open(path("new.csv.import.part").c_str(), O_RDWR | O_CLOEXEC);
    BOOST_REQUIRE(::flock(notes, LOCK_EX | LOCK_NB) == 0);
    const Ended ended = users("new.csv");
    BOOST_TEST(ended.code == 75, ended.said);
    BOOST_TEST(contains(ended.said, "Another command writes"), ended.said);
    ::close(notes);
  }
  BOOST_TEST(users("new.csv").code == 0);
}

BOOST_AUTO_TEST_CASE(what_no_import_takes_is_said) {
  write("x.csv", "username\na\n");
  BOOST_TEST(users("none.csv").code == 66);
  BOOST_TEST(!fs::exists(path("none.csv.import.part")));
  BOOST_TEST(users("x.csv", {"--generate-passwords"}).code == 64);
  BOOST_TEST(users("x.csv", {"--map", "username"}).code == 64);
  BOOST_TEST(users("x.csv", {"--id", "01a22b73-f207-7546-9a28-74ff6d6fc4da"}).code == 64);
  BOOST_TEST(users("x.csv", {"--dry-run"}).code == 0);
  BOOST_TEST(postern({"--tenant", "nobody", "import", "users", path("x.csv")}).code == 66);
  BOOST_TEST(users("x.csv").code == 0);
  BOOST_TEST(users("x.csv").code == 1);
}

BOOST_AUTO_TEST_CASE(U2_a_tenant_that_makes_names_takes_a_table_without) {
  write("gen.yaml", "tenant: gen\npolicies: {username_generated: true}\nroles: {clerk: }\n");
  done({"apply", path("gen.yaml")});
  const auto import = [&](const std::string& file, std::vector<std::string> more) {
    std::vector<std::string> all{"--tenant", "gen", "import", "users", path(file)};
    std::ranges::move(more, std::back_inserter(all));
    return postern(std::move(all));
  };
  write("bad.csv",
        "username,email,roles,grants\nme,a@x.example,,\n,b@x.example,clrek,\n"
        ",c@x.example,,raed table/x\n,nope,,\n");
  const auto before = seq();
  const Ended bad = import("bad.csv", {"--out", path("made.csv")});
  BOOST_TEST(bad.code == 1);
  for (const char* part : {"U2  line 2, column 1 (username): The tenant makes its users' names",
                           "A7  line 3, column 3 (roles): There is no role 'clrek'; the nearest is "
                           "'clerk'",
                           "A7  line 4, column 4 (grants): There is no action of table 'raed'",
                           "field_malformed  line 5, column 2 (email)", "4 problems in 4 lines"})
    BOOST_TEST(contains(bad.said, part), part << " in " << bad.said);
  BOOST_TEST(seq() == before);
  write("new.csv",
        "email,roles,grants,status,locked,password\n"
        "a@x.example,clerk,read table/x|deny write table/x,,on,\n"
        "b@x.example,,,trashed,,\n"
        "c@x.example,,,,,Chosen-Kettle-42\n");
  BOOST_TEST(import("new.csv", {}).code == 64, "which line became whom is to be known");
  const Ended made = import(
      "new.csv", {"--generate-passwords", "--create-keys", "first", "--out", path("made.csv")});
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.said);
  std::istringstream lines(read("made.csv"));
  std::string line;
  std::getline(lines, line);
  BOOST_TEST(line == "line,username,password,key\r");
  for (const std::string number : {"2", "3", "4"}) {
    std::getline(lines, line);
    BOOST_TEST(line.starts_with(number + ",apiuser-"), line);
    BOOST_TEST(contains(line, "@gen,"), line);
    BOOST_TEST(contains(line, ",pstk_"), line);
    const std::string name = line.substr(2, line.find(',', 2) - 2);
    const std::string shown = done({"--tenant", "gen", "user", "show", name});
    const char* const emails[] = {"a@x.example", "b@x.example", "c@x.example"};
    BOOST_TEST(contains(shown, emails[number[0] - '2']), shown);
    BOOST_TEST(contains(shown, "deny") == (number == "2"), shown);
    BOOST_TEST(contains(shown, "trashed") == (number == "3"), shown);
  }
}

BOOST_AUTO_TEST_CASE(C12_hashes_of_an_htpasswd_file_log_in_and_are_replaced) {
  write(".htpasswd",
        "# made elsewhere\n"
        "bcrypt:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n"
        "sha:$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5\n"
        "apr1:$apr1$8sFt66rZ$BEEfdSBjBZy0pYI0VyOqc.\n"
        "dear:$2a$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n");
  const std::vector<std::string> import{"--tenant", "acme", "import", "htpasswd",
                                        path(".htpasswd")};
  const Ended refused = postern(import);
  BOOST_TEST(refused.code == 1);
  for (const char* part :
       {"C12  line 4, column 2 (password_hash): It is an apr1 hash",
        "C12  line 5, column 2 (password_hash): It is bcrypt at cost 15", "2 problems in 2 lines"})
    BOOST_TEST(contains(refused.said, part), part << " in " << refused.said);
  BOOST_TEST(!contains(refused.said, "BEEfdSBj"));
  auto again = import;
  again.insert(again.end(), {"--rejects", path("aside")});
  done(again);
  BOOST_TEST(contains(read("aside"), "apr1:$apr1$"));
  for (int time = 0; time < 2; ++time) {
    BOOST_TEST((login("bcrypt", "U*U") == schema::Code::ok));
    BOOST_TEST((login("sha", "Hello world!") == schema::Code::ok));
    BOOST_TEST((login("sha", "Hello world") == schema::Code::invalid_credentials));
  }
  const std::string events = done({"--tenant", "acme", "events", "list"});
  BOOST_TEST(contains(events, "PasswordRehashed"));
  BOOST_TEST(!contains(events, "YMJKvyOeW"));
}

BOOST_AUTO_TEST_CASE(C12_hashes_stand_in_tables_too) {
  write("hashes.csv",
        "username,password_hash\n"
        "a,$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n");
  BOOST_TEST(users("hashes.csv").code == 0);
  BOOST_TEST((login("a", "U*U") == schema::Code::ok));
  BOOST_TEST(!contains(exported("acme", "out.csv"), "$2a$"));
}

BOOST_AUTO_TEST_CASE(other_systems_rights_are_reported_then_made_and_a_second_time_nothing) {
  write("users.acl",
        "user default off nopass sanitize-payload ~* &* -@all\n"
        "user shop on #8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918 "
        "~orders:* %R~cache:* &news:* +@read +set -keys (+get ~other:*)\n");
  write("account.json",
        R"({"UserDetailList": [{"UserName": "bob", "GroupList": ["Admins"]}],
            "GroupDetailList": [{"GroupName": "Admins", "GroupPolicyList": [{"PolicyName": "p",
              "PolicyDocument": {"Statement": [
                {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::b/*"},
                {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}]}}]}]})");
  const auto check = [&](const char* user, const char* action, const char* resource) {
    return postern({"--tenant", "acme", "check", user, action, resource}).code;
  };
  const std::string redis = done({"--tenant", "acme", "import", "redis-acl", path("users.acl")});
  for (const char* part : {"left out  line 2, user shop: (+get ~other:*)",
                           "left out  line 2, user "
                           "shop: #",
                           "2 users", "create  user shop", "Done: "})
    BOOST_TEST(contains(redis, part), part << " in " << redis);
  BOOST_TEST(!contains(redis, "8c6976e5"));
  BOOST_TEST(check("shop", "write", "key/orders/17") == 0);
  BOOST_TEST(check("shop", "write", "key/cache/17") == 1);
  BOOST_TEST(check("shop", "run", "command/keys") == 1);
  BOOST_TEST(check("default", "read", "key/orders") == 1);
  const std::string aws = done({"--tenant", "acme", "import", "aws-iam", path("account.json")});
  for (const char* part : {"wider     group Admins, policy p, statement 2: Deny s3:Delete*",
                           "create  role group.admins"})
    BOOST_TEST(contains(aws, part), part << " in " << aws);
  BOOST_TEST(check("bob", "get-object", "s3/b/c") == 0);
  for (const std::string kind : {"redis-acl", "aws-iam"})
    BOOST_TEST(contains(done({"--tenant", "acme", "import", kind,
                              path(kind == "aws-iam" ? "account.json" : "users.acl")}),
                        "Nothing to do."));
  BOOST_TEST(postern({"--tenant", "acme", "import", "aws-iam", path("users.acl")}).code == 64);
  BOOST_TEST(postern({"--tenant", "acme", "import", "redis-acl", path("none")}).code == 66);
  BOOST_TEST(postern({"--tenant", "acne", "import", "redis-acl", path("users.acl")}).code == 66);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::support
