// A replica is told pages while the world goes on: with pages of any size, begun anywhere, it comes
// to the same entries as the daemon's, gives the same answers, and is told no secret.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/catalogue.h"
#include "daemon/domain/replica_entries.h"
#include "daemon/domain/roles.h"
#include "daemon/service/access_pages.h"
#include "daemon/view/bearer.h"
#include "tests/property/random_run.h"
#include "tests/support/memory_journal.h"
#include "tools/client/replica_feed.h"

namespace postern::property {

namespace {

using client::ReplicaFeed;

constexpr std::size_t everyday_seeds = 20;
constexpr std::size_t steps_per_seed = 400;
constexpr std::size_t questions_per_comparison = 250;

/// All that a state tells this operator, in one text.
std::string told_by(const domain::State& state, const domain::Operator& asker) {
  std::map<std::string, std::string> entries;
  const auto add = [&](const std::string& name, const domain::Bytes& bytes) {
    entries[name] = std::string(bytes.begin(), bytes.end());
  };
  const auto name_of = [](const domain::Uuid& id) {
    return std::to_string(id.high()) + "." + std::to_string(id.low());
  };
  const auto& tables = state.tables();
  tables.for_each_tenant([&](const domain::Tenant& tenant) {
    if (!domain::in_scope(asker, tenant.id)) return;
    add("t" + name_of(tenant.id), domain::replica_entry(tenant));
    if (tenant.roles == nullptr) return;
    for (const auto& role : tenant.roles->by_id)
      add("r" + name_of(role->id), domain::replica_entry(tenant.id, role->id, role.get()));
  });
  tables.for_each_user([&](const domain::User& user) {
    if (domain::in_scope(asker, user.tenant))
      add("u" + name_of(user.id), domain::replica_entry(user));
  });
  for (const auto& ranges : tables.providers())
    if (ranges != nullptr)
      add("n" + std::to_string(static_cast<int>(ranges->provider)), domain::replica_entry(*ranges));
  std::string all;
  for (const auto& [name, bytes] : entries) all += name + ":" + bytes + "\n";
  return all;
}

/// One operator's replica, and the pages that it is told.
class Told {
 public:
  Told(const journal::Journal& journal, domain::Operator asker, std::size_t page_bytes)
      : asker(std::move(asker)), pages_(journal, {page_bytes, 64}) {}

  /// One page; true: it has been told everything.
  bool pull(const support::World& world) {
    view::View view;
    view.load(world.state().tables());
    flatbuffers::FlatBufferBuilder builder;
    const schema::GetAccessT wanted = feed->next(std::chrono::milliseconds(0));
    builder.Finish(schema::CreateGetAccess(builder, &wanted));
    const domain::Seq head = world.state().seq();
    auto found = pages_.find(
        view, asker, *flatbuffers::GetRoot<schema::GetAccess>(builder.GetBufferPointer()), head, 0);
    BOOST_REQUIRE_MESSAGE(found, found.error().sentence);
    parts += found->page.parts.size();
    for (const auto& part : found->page.parts) pieces += part->bytes.size() != part->size;
    for (const auto& part : found->page.parts) bytes.append(part->bytes.begin(), part->bytes.end());
    const auto taken = feed->take(found->page, head);
    BOOST_REQUIRE_MESSAGE(taken, taken.error().sentence);
    return *taken;
  }

  const domain::Operator asker;
  std::unique_ptr<ReplicaFeed> feed = std::make_unique<ReplicaFeed>();
  std::size_t parts = 0;
  std::size_t pieces = 0;
  /// All that it was told.
  std::string bytes;

 private:
  service::AccessPages pages_;
};

RandomQuestion about_a_grant(RandomCommands& random, const domain::Tenant& tenant,
                             const domain::User& user) {
  std::vector<domain::Grant> held;
  domain::visit_holders(tenant, user, [&](const domain::GrantHolder& holder) {
    for (const domain::Grant& grant : holder.grants.sorted()) held.push_back(grant);
  });
  if (held.empty() || random.one_in(4)) return random.question();
  const domain::Grant grant = held[random.below(held.size())];
  RandomQuestion made{*grant.action, *grant.resource, random.one_in(4)};
  for (std::size_t star; (star = made.resource.find('*')) != std::string::npos;)
    made.resource[star] = "ab"[random.below(2)];
  if (random.one_in(3)) made.resource += "/a";
  if (random.one_in(3)) made.resource = std::string(domain::parent_of(made.resource));
  return made;
}

/// What an answer says, whatever it points to.
std::string text_of(const view::Bearer& bearer, const domain::Verdict& verdict) {
  std::string text = schema::EnumNameCode(verdict.reason);
  if (bearer.user != nullptr) text += " " + bearer.user->username;
  if (verdict.grant != nullptr)
    text += " " + std::to_string(verdict.grant->seq) + "." + std::to_string(verdict.grant->index) +
            " " + *verdict.grant->action + " " + *verdict.grant->resource;
  if (verdict.role != nullptr) text += " of " + *verdict.role;
  return text;
}

std::size_t compare_answers(Run& run, const Told& told) {
  view::View daemon;
  daemon.load(run.world.state().tables());
  view::View replica;
  replica.load(told.feed->state().tables());
  std::vector<const domain::User*> users;
  daemon.tables().for_each_user([&](const domain::User& user) { users.push_back(&user); });
  if (users.empty()) return 0;
  RandomCommands& random = run.random;
  for (std::size_t count = 0; count < questions_per_comparison; ++count) {
    const domain::User& user = *users[random.below(users.size())];
    const domain::Tenant& tenant = *daemon.tables().find_tenant(user.tenant);
    const RandomQuestion asked = about_a_grant(random, tenant, user);
    const domain::Question question{asked.action, asked.resource, asked.this_level_only};
    domain::CallFacts call;
    call.now_ns = run.world.now_ns() + static_cast<std::int64_t>(random.below(3)) * 1'000'000'000;
    call.address = domain::parse_address(random.address());
    call.tls = !random.one_in(3);
    call.tls_told = true;
    call.interactive = random.one_in(50);
    const std::string name = random.one_in(50) ? "nobody" : user.username;
    const view::Session session{tenant.id,
                                user.id,
                                {5, 5},
                                domain::extras_of(user).keys.empty()
                                    ? domain::Uuid()
                                    : domain::extras_of(user).keys.front().id,
                                call.now_ns + 1,
                                domain::extras_of(user).session_epoch - random.below(2),
                                tenant.session_epoch};
    const auto answer = [&](const view::View& view) {
      domain::CallFacts facts = call;
      facts.providers = &view.tables().providers();
      const view::Bearer named =
          view::bearer_of_name(view, told.asker, {tenant.alias, name}, facts);
      const view::Bearer in_session =
          view::bearer_of_session(view.tables(), told.asker, {}, session, facts);
      return text_of(named, view::check(named, question, facts)) + "; in a session " +
             text_of(in_session, view::check(in_session, question, facts));
    };
    BOOST_TEST(answer(replica) == answer(daemon));
  }
  return questions_per_comparison;
}

void find_no_secret(const support::World& world, const std::string& told) {
  const auto look = [&](const char* kind, const auto& secret) {
    // Short ones, and commitments of one letter alone, which only this world has, stand in names.
    const std::string text(secret.begin(), secret.end());
    if (text.size() < 8 || text.find_first_not_of(text.front()) == text.npos) return;
    BOOST_TEST(told.find(text) == std::string::npos, kind << " '" << text << "'");
  };
  world.state().tables().for_each_user([&](const domain::User& user) {
    if (user.sealed_profile) look("profile", *user.sealed_profile);
    if (user.sealed_password) look("password", *user.sealed_password);
    const domain::UserExtras& extras = domain::extras_of(user);
    if (extras.sealed_old_password) look("old password", *extras.sealed_old_password);
    look("commitment", user.key.commitment);
    for (const domain::ApiKey& key : extras.keys) look("hash of a key", key.hash);
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(replica_feed_tests)

BOOST_AUTO_TEST_CASE(a_replica_is_told_the_daemons_entries_and_answers_as_it_does) {
  std::size_t asked = 0;
  std::size_t pieces = 0;
  std::size_t compared = 0;
  const bool everyday = for_each_seed(everyday_seeds, [&](std::uint64_t seed) {
    Run run(seed);
    support::MemoryJournal journal;
    std::size_t kept = 0;
    const auto keep_records = [&] {
      for (; kept < run.world.records().size(); ++kept) {
        const journal::View view = std::as_bytes(std::span(run.world.records()[kept]));
        BOOST_REQUIRE(journal.append(journal.head().seq, {&view, 1}));
      }
    };
    keep_records();
    domain::Operator all = support::an_operator(schema::Role::auditor);
    domain::Operator few = support::an_operator(schema::Role::service);
    few.all_tenants = false;
    few.vouches = true;
    few.tenants = {{9, 0}, {9, 2}};
    const std::size_t sizes[] = {300, 5'000, 100'000};
    std::vector<Told> replicas;
    replicas.reserve(3);
    replicas.emplace_back(journal, all, sizes[seed % 3]);
    replicas.emplace_back(journal, few, sizes[(seed + 1) % 3]);
    replicas.emplace_back(journal, all, sizes[(seed + 2) % 3]);
    for (std::size_t step = 0; step < steps_per_seed; ++step) {
      run.step();
      keep_records();
      for (Told& told : replicas) {
        if (run.random.one_in(3)) continue;
        bool complete = false;
        for (std::size_t count = 1 + run.random.below(4); count > 0 && !complete; --count)
          complete = told.pull(run.world);
        if (!complete || !run.random.one_in(10)) continue;
        ++compared;
        BOOST_TEST(
            (told_by(told.feed->state(), told.asker) == told_by(run.world.state(), told.asker)));
        asked += compare_answers(run, told);
      }
    }
    for (Told& told : replicas) {
      for (int page = 0; !told.pull(run.world); ++page) BOOST_REQUIRE(page < 100'000);
      BOOST_TEST(
          (told_by(told.feed->state(), told.asker) == told_by(run.world.state(), told.asker)));
      find_no_secret(run.world, told.bytes);
      pieces += told.pieces;
      asked += compare_answers(run, told);
    }
  });
  if (!everyday) return;
  BOOST_TEST(compared > 100U);
  BOOST_TEST(pieces > 100U);
  BOOST_TEST(asked >= 100'000U);
}

/// What the page of this request says, asked at this head; its code where it is refused.
struct Asked {
  explicit Asked(const support::World& world) {
    view.load(world.state().tables());
    for (const domain::Bytes& bytes : world.records()) {
      const journal::View record = std::as_bytes(std::span(bytes));
      BOOST_REQUIRE(journal.append(journal.head().seq, {&record, 1}));
    }
  }
  std::expected<service::AccessPages::Found, schema::ProblemT> page(
      const schema::GetAccessT& wanted, const domain::Operator& asker) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateGetAccess(builder, &wanted));
    return pages.find(view, asker,
                      *flatbuffers::GetRoot<schema::GetAccess>(builder.GetBufferPointer()),
                      journal.head().seq, 0);
  }
  schema::Code code(const std::string& next, const domain::Operator& asker,
                    std::uint16_t form = domain::replica_form) {
    schema::GetAccessT wanted;
    wanted.form = form;
    wanted.next = next;
    const auto found = page(wanted, asker);
    return found ? schema::Code::ok : found.error().code;
  }

  support::MemoryJournal journal;
  view::View view;
  service::AccessPages pages{journal};
};

BOOST_AUTO_TEST_CASE(what_cannot_be_gone_on_from_is_refused_and_said) {
  using schema::Code;
  Run run(1);
  for (int step = 0; step < 100; ++step) run.step();
  Asked asked(run.world);
  const domain::Operator auditor = support::an_operator(schema::Role::auditor);
  BOOST_TEST((asked.code("", auditor, 0) == Code::version_unsupported));
  BOOST_TEST((asked.code("", auditor, domain::replica_form + 1) == Code::version_unsupported));
  schema::GetAccessT first;
  first.form = domain::replica_form;
  const auto begun = asked.page(first, auditor);
  BOOST_REQUIRE(begun);
  const std::string next = begun->page.next;
  BOOST_TEST((asked.code(next, auditor) == Code::ok));
  for (const std::string text : {"1", "x", "1:2", ":::::::::::::", "-1:0:0:0:0:0:0:0:0:0:0:0:1"})
    BOOST_TEST((asked.code(text, auditor) == Code::field_malformed), text);
  for (std::size_t size = 1; size < next.size(); ++size)
    BOOST_TEST((asked.code(next.substr(0, size), auditor) != Code::ok), size);
  // Whatever stands there, it is a page or a refusal.
  for (std::size_t place = 0; place < next.size(); ++place)
    for (const char byte : {'0', '9', ':', 'x'}) {
      std::string text = next;
      text[place] = byte;
      const Code code = asked.code(text, auditor);
      BOOST_TEST(
          (code == Code::ok || code == Code::field_malformed || code == Code::version_conflict ||
           code == Code::journal_restored || code == Code::seq_beyond_journal),
          schema::EnumNameCode(code));
    }
  // O2: whose scope is another begins anew.
  domain::Operator narrower = auditor;
  narrower.all_tenants = false;
  narrower.tenants = {{9, 0}};
  BOOST_TEST((asked.code(next, narrower) == Code::version_conflict));
  // Another journal, and an older copy of this.
  Run other(2);
  for (int step = 0; step < 100 || other.world.state().seq() < run.world.state().seq(); ++step)
    other.step();
  Asked elsewhere(other.world);
  BOOST_TEST((elsewhere.code(next, auditor) == Code::journal_restored));
  Run older(1);
  Asked copy(older.world);
  BOOST_TEST((copy.code(next, auditor) == Code::seq_beyond_journal));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::property
