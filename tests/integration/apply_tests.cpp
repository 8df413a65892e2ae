// Desired states against the real daemon.
#include "tests/support/command_line.h"

namespace postern::support {
namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const char* const guides[] = {"exigo", "dotdigital", "dotmailer", "idc", "konnektive"};

BOOST_FIXTURE_TEST_SUITE(apply_tests, CommandLine)

BOOST_AUTO_TEST_CASE(T5_the_five_guides_applied_twice_do_nothing_the_second_time) {
  for (const std::string guide : guides) {
    const std::string file = std::string(EXAMPLES) + "/" + guide + ".yaml";
    const std::string made = done({"apply", file});
    BOOST_TEST(holds(made, "create  tenant " + guide), made);
    const auto before = seq();
    BOOST_TEST(holds(done({"apply", file}), "Nothing to do."));
    BOOST_TEST(holds(done({"apply", file, "--prune"}), "Nothing to do."));
    BOOST_TEST(seq() == before);
  }
}

BOOST_AUTO_TEST_CASE(what_is_exported_as_desired_applies_to_nothing_and_makes_the_same_elsewhere) {
  for (const std::string guide : guides) {
    const std::string first = guide + ".yaml";
    std::string text;
    {
      std::ostringstream read;
      read << std::ifstream(std::string(EXAMPLES) + "/" + first).rdbuf();
      text = read.str();
    }
    const auto alias_at = text.find("tenant: ") + 8;
    const auto alias = text.substr(alias_at, text.find('\n', alias_at) - alias_at);
    done({"apply", std::string(EXAMPLES) + "/" + first});
    done({"--tenant", alias, "export", "--as-desired", path(first)});
    BOOST_TEST(holds(done({"apply", path(first), "--prune"}), "Nothing to do."));
    std::string copy = read(first);
    copy.replace(copy.find(alias), alias.size(), "copy");
    const std::string name = "copy-" + guide;
    copy.replace(copy.find("tenant: copy"), 12, "tenant: " + name);
    write("copy.yaml", copy);
    done({"apply", path("copy.yaml")});
    done({"--tenant", name, "export", "--as-desired", path(name)});
    BOOST_TEST(read(name) == copy);
  }
}

BOOST_AUTO_TEST_CASE(a_change_in_the_file_is_planned_and_done) {
  write("acme.yaml",
        "tenant: acme\n"
        "policies: {lockout_failures: 5, username_prefix: api.}\n"
        "catalogue:\n"
        "  - {name: table, open: false, actions: [{name: read}, {name: write}], resources: "
        "[{path: table/a, open: true}, {path: table/b, open: true}]}\n"
        "roles:\n"
        "  clerk: {description: c, grants: [read table/a]}\n"
        "  old: {roles: [clerk]}\n"
        "users:\n"
        "  api.bob: {email: a@b.example, roles: [clerk, old], grants: [write table/a]}\n"
        "  api.eve: {status: inactive}\n"
        "  api.off:\n");
  done({"apply", path("acme.yaml")});
  write("acme.yaml",
        "tenant: acme\n"
        "display_name: Acme Ltd\n"
        "policies: {lockout_failures: 7, username_prefix: \"\"}\n"
        "catalogue:\n"
        "  - {name: table, open: false, actions: [{name: read}, {name: write}], resources: "
        "[{path: table/a, open: true, warning: careful}]}\n"
        "roles:\n"
        "  clerk: {description: c, grants: [read table/a tls]}\n"
        "users:\n"
        "  API.bob: {email: c@d.example, phone: \"1\", networks: [10.0.0.0/8], roles: [clerk]}\n"
        "  api.eve: {status: active, api_access: off, locked: on}\n");
  const auto before = seq();
  const std::string kept = done({"apply", path("acme.yaml"), "--dry-run"});
  BOOST_TEST(seq() == before);
  for (const char* part : {"change  tenant acme   display_name, lockout_failures, username_prefix",
                           "grant read table/a tls", "email, phone", "networks", "API access off",
                           "locked", "Not in the file, and left", "role clerk: grant read table/a",
                           "user api.bob: grant write table/a", "A dry run"})
    BOOST_TEST(holds(kept, part), part << " in " << kept);
  BOOST_TEST(!holds(kept, "c@d.example"));
  BOOST_TEST(!holds(kept, "remove  "), kept);
  const std::string pruned = done({"apply", path("acme.yaml"), "--prune", "--yes"});
  for (const char* part : {"remove  role old", "to the trash", "remove  catalogue", "table/b"})
    BOOST_TEST(holds(pruned, part), part << " in " << pruned);
  BOOST_TEST(seq() == before + 1);
  BOOST_TEST(holds(done({"apply", path("acme.yaml"), "--prune"}), "Nothing to do."));
  const std::string bob = done({"--tenant", "acme", "user", "show", "api.bob"});
  BOOST_TEST(holds(bob, "c@d.example"));
  BOOST_TEST(!holds(bob, "write"), bob);
  BOOST_TEST(holds(done({"--tenant", "acme", "user", "show", "api.off"}), "trashed"));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_wrong_does_nothing) {
  done({"tenant", "create", "acme"});
  done({"--tenant", "acme", "user", "create", "api.bob"});
  const auto before = seq();
  write("typo.yaml", "tenant: acme\nusers:\n  api.eve: {emial: x}\n");
  const Ended typo = postern({"apply", path("typo.yaml")});
  BOOST_TEST(typo.code == 64);
  BOOST_TEST(holds(typo.said,
                   "line 3 users/api.eve/emial: There is no field 'emial'; the nearest "
                   "is 'email'"),
             typo.said);
  write("again.yaml", "tenant: acme\nusers:\n  api.new:\n  api.bob: {status: new}\n");
  const Ended again = postern({"apply", path("again.yaml")});
  BOOST_TEST(again.code == 1);
  BOOST_TEST(holds(again.said, "cannot be new again"), again.said);
  write("refused.yaml", "tenant: acme\nusers:\n  api.ok:\n  api.new:\n    email: none\n");
  const Ended refused = postern({"apply", path("refused.yaml")});
  BOOST_TEST(refused.code == 64, refused.said);
  // The line and the entry, not which command of a batch it was.
  BOOST_TEST(holds(refused.said, "refused  field_malformed  line 5, users/api.new/email: "),
             refused.said);
  BOOST_TEST(postern({"apply", path("none.yaml")}).code == 66);
  BOOST_TEST(postern({"--tenant", "other", "apply", path("again.yaml")}).code == 64);
  BOOST_TEST(postern({"apply", path("again.yaml"), "--guard", "unused"}).code == 64);
  BOOST_TEST(postern({"--tenant", "nobody", "export", "--as-desired"}).code == 66);
  BOOST_TEST(seq() == before);
}

BOOST_AUTO_TEST_CASE(a_tenant_one_slip_from_a_known_one_is_made_by_nobody_s_mistake) {
  done({"tenant", "create", "acme"});
  const auto before = seq();
  write("typo.yaml", "tenant: amce\nusers:\n  api.bob:\n");
  for (const char* more : {"", "--dry-run", "--yes"}) {
    std::vector<std::string> words{"apply", path("typo.yaml")};
    if (*more != '\0') words.emplace_back(more);
    const Ended typo = postern(words);
    BOOST_TEST(typo.code == 1, typo.said);
    BOOST_TEST(holds(typo.said, "line 1, tenant: There is no tenant 'amce'; the nearest is 'acme'"),
               typo.said);
    BOOST_TEST(holds(typo.said, "postern tenant create amce"), typo.said);
  }
  write("named.yaml", "users:\n  api.bob:\n");
  BOOST_TEST(postern({"--tenant", "acmee", "apply", path("named.yaml")}).code == 1);
  BOOST_TEST(seq() == before);
  // Who makes it means it; and what is further away is no slip.
  done({"tenant", "create", "amce"});
  done({"apply", path("typo.yaml")});
  write("typo.yaml", "tenant: acme-ltd\nusers:\n  api.bob:\n");
  done({"apply", path("typo.yaml")});
}

/// A name of each kind that a file may mistype: what is said, with the line of the entry.
struct Typo {
  const char* lines;
  const char* said;
};
constexpr Typo typos[] = {
    {"polices: {lockout_failures: 3}",
     "line 2 polices: There is no section 'polices'; the nearest "
     "is 'policies'"},
    {"preset: exgo", "There is no preset 'exgo'; the nearest is 'exigo'"},
    {"policies:\n  lockout_failure: 3",
     "line 3 policies/lockout_failure: There is no policy "
     "'lockout_failure'; the nearest is 'lockout_failures'"},
    {"policies:\n  new_user_status: actve",
     "line 3 policies/new_user_status: There is no value 'actve'; the nearest is 'active'"},
    {"catalogue:\n  - name: table\n    actoins: []",
     "line 4 catalogue/0/actoins: There is no field "
     "'actoins'; the nearest is 'actions'"},
    {"roles:\n  clerk:\n    grnats: []",
     "line 4 roles/clerk/grnats: There is no field of a role "
     "'grnats'; the nearest is 'grants'"},
    {"roles:\n  chief:\n    roles: [clrek]",
     "line 4, roles/chief/roles/0: There is no role 'clrek'; "
     "the nearest is 'clerk'"},
    {"roles:\n  chief:\n    grants:\n      - raed table/orders",
     "line 5, roles/chief/grants/0: There is no action of table 'raed'; the nearest is 'read'"},
    {"users:\n  api.bob:\n    emial: x",
     "line 4 users/api.bob/emial: There is no field 'emial'; the "
     "nearest is 'email'"},
    {"users:\n  api.bob:\n    status: actve",
     "line 4 users/api.bob/status: 'actve' is no status; the nearest is 'active'"},
    {"users:\n  api.bob:\n    roles:\n      - clerk\n      - clrek",
     "line 6, users/api.bob/roles/1: There is no role 'clrek'; the nearest is 'clerk'"},
    {"users:\n  api.bob:\n    grants:\n      - reed table/orders",
     "line 5, users/api.bob/grants/0: There is no action of table 'reed'; the nearest is 'read'"},
    {"users:\n  api.bob:\n    grants: [read tabel/orders]",
     "line 4, users/api.bob/grants/0: There is no kind of resource 'tabel'; the nearest is "
     "'table'"},
    {"users:\n  api.bob:\n    grants: [read table/oders/17]",
     "line 4, users/api.bob/grants/0: There is no resource 'table/oders/17'; the nearest is "
     "'table/orders'"},
    {"users:\n  api.bob:\n    grants: [alow read table/orders]",
     "line 4 users/api.bob/grants: 'alow read table/orders': There is no effect 'alow'; the "
     "nearest is 'allow'"},
    {"users:\n  api.bob:\n    networks: [AMS]", "line 4, users/api.bob/networks"},
};

BOOST_AUTO_TEST_CASE(A7_a_mistyped_name_of_any_kind_tells_the_nearest_and_nothing_is_done) {
  write(
      "acme.yaml",
      "tenant: acme\n"
      "catalogue:\n"
      "  - {name: table, actions: [{name: read}], resources: [{path: table/orders, open: true}]}\n"
      "roles: {clerk: }\n");
  done({"apply", path("acme.yaml")});
  const auto before = seq();
  for (const Typo& typo : typos) {
    write("typo.yaml", std::string("tenant: acme\n") + typo.lines + "\n");
    const Ended ended = postern({"apply", path("typo.yaml")});
    BOOST_TEST(ended.code != 0, typo.lines);
    BOOST_TEST(holds(ended.said, typo.said), typo.said << " in " << ended.said);
    BOOST_TEST(seq() == before, typo.lines);
  }
  // Nor where it would be found in the second message alone, of a tenant that is not there yet.
  std::string many = read("acme.yaml");
  many.replace(many.find("acme"), 4, "other");
  many += "users:\n";
  for (int user = 0; user < 1'200; ++user) many += "  api." + std::to_string(user) + ":\n";
  write("many.yaml", many + "  api.last: {grants: [reed table/orders]}\n");
  const Ended last = postern({"apply", path("many.yaml")});
  BOOST_TEST(last.code == 1);
  BOOST_TEST(holds(last.said, "line 1206, users/api.last/grants/0: There is no action"), last.said);
  write("many.yaml", many + "  api.last: {email: none}\n");
  for (const char* done :
       {"The tenant was made, and nothing else was done.", "Nothing was done."}) {
    const Ended refused = postern({"apply", path("many.yaml")});
    BOOST_TEST(holds(refused.said, "line 1206, users/api.last/email"), refused.said);
    BOOST_TEST(holds(refused.said, done), refused.said);
  }
  BOOST_TEST(seq() == before + 1);
}

BOOST_AUTO_TEST_CASE(O2_who_may_not_make_roles_applies_no_file_with_new_ones) {
  done({"tenant", "create", "acme"});
  done({"operator", "add", "desk", "--role", "manager", "--tenants", "acme", "--key-out",
        path("desk.key")});
  write("acme.yaml", "tenant: acme\nroles:\n  clerk:\nusers:\n  api.bob: {roles: [clerk]}\n");
  const Ended refused = postern({"--key", path("desk.key"), "apply", path("acme.yaml")});
  BOOST_TEST(refused.code == 77, refused.said);
  BOOST_TEST(postern({"--tenant", "acme", "user", "show", "api.bob"}).code == 66);
  // Nor is there a tenant for who does not see it, nor may a manager make one.
  write("other.yaml", "tenant: other\nusers:\n  api.bob:\n");
  BOOST_TEST(postern({"--key", path("desk.key"), "apply", path("other.yaml")}).code == 77);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::support
