// Check, check-many, explain, permissions and who-can are five ways to ask one thing. Over random
// worlds they agree with each other, and with the naive oracle, on the code and on the grant that
// decides.
#include <boost/test/unit_test.hpp>

#include "daemon/domain/catalogue.h"
#include "daemon/domain/path.h"
#include "daemon/service/auditor.h"
#include "daemon/service/reader.h"
#include "schema/identifiers.h"
#include "tests/property/random_commands.h"
#include "tests/property/seeds.h"
#include "tests/support/memory_journal.h"
#include "tests/support/messages.h"
#include "tests/support/oracle.h"
#include "tests/support/past_index.h"
#include "tests/support/plain_keys.h"

namespace postern::property {

namespace {

using schema::Code;
using support::Oracle;

constexpr std::size_t messages_per_seed = 500;
constexpr std::size_t questions_per_seed = 150;
const std::string asker = "uid:77";

/// The grant that decided, and the role that holds it.
struct By {
  std::uint64_t seq = 0;
  std::uint16_t index = 0;
  std::string role;

  static By of(const schema::GrantViewT* grant) {
    if (grant == nullptr) return {};
    return {grant->reference->seq, grant->reference->index, grant->role};
  }
  bool operator==(const By&) const = default;
};

std::ostream& operator<<(std::ostream& out, const By& by) {
  return out << by.seq << "." << by.index << " of '" << by.role << "'";
}

/// One who asks, at the end of a random story.
struct Question {
  const domain::Tenant* tenant;
  const domain::User* user;
  RandomQuestion asked;
  std::unique_ptr<schema::CallT> call;

  std::unique_ptr<schema::CallT> call_again() const {
    return call == nullptr ? nullptr : std::make_unique<schema::CallT>(*call);
  }
  std::unique_ptr<schema::QuestionT> question() const {
    auto made = std::make_unique<schema::QuestionT>();
    made->action = asked.action;
    made->resource = asked.resource;
    made->this_level_only = asked.this_level_only;
    return made;
  }
};

class WorldClock final : public platform::Clock {
 public:
  explicit WorldClock(const support::World& world) : world_(world) {}
  std::int64_t now_ns() const override { return world_.now_ns(); }
  std::int64_t monotonic_ns() const override { return world_.now_ns(); }

 private:
  const support::World& world_;
};

/// A random story, and at its end the daemon's reader and auditor and the oracle, which heard it.
class Told {
 public:
  explicit Told(std::uint64_t seed) : random(seed) {
    add_asker();
    for (std::uint64_t place = 0; place < 2; ++place)
      world.record({9, place}, {random.tenant(place == 0 ? "acme" : "other", {9, place})});
    for (std::size_t count = 0; count < messages_per_seed; ++count) {
      const schema::CommandMessageT message = random.message(world.state());
      world.run(message, random.asker(world.state(), message));
    }
    free_some();
    keep_records();
    const auto view_now = [&] {
      view::View view;
      view.load(world.state().tables());
      return view;
    };
    const service::Log fail = [](const service::Diagnostic& told) { BOOST_FAIL(told.sentence()); };
    auditor.emplace(service::Auditor::Parts{journal, keys_, clock_, mail_, fail}, view_now(),
                    journal.head(), support::past_index_of(journal));
    reader.emplace(service::Reader::Parts{desk_, clock_, vitals_, mail_, keys_, entropy_},
                   service::Reader::Settings{},
                   service::Reader::Outlets{
                       [this](const service::Peer&, std::span<const std::uint8_t> bytes) {
                         answer_.assign(bytes.begin(), bytes.end());
                       },
                       [] { return std::vector<std::string>(); },
                       [] { return std::vector<std::pair<std::string, std::uint64_t>>(); }, fail},
                   view_now(), journal.head(), world.state().time_ns());
  }

  schema::CheckedT check(const Question& question, std::size_t count) {
    auto query = support::check_by_name(question.tenant->alias, question.user->username,
                                        question.asked.action, question.asked.resource);
    auto& questions = query.body.AsCheck()->questions;
    questions.clear();
    while (questions.size() < count) questions.push_back(question.question());
    query.call = question.call_again();
    const auto packed = support::packed<schema::Query>(query, schema::query_identifier);
    std::vector<std::byte> bytes(packed.size());
    std::memcpy(bytes.data(), packed.data(), packed.size());
    answer_.clear();
    reader->begin_turn();
    reader->take({service::Peer{"1", 0, false}, asker, bytes});
    for (int turns = 0; answer_.empty() && turns < 100; ++turns) reader->turn();
    BOOST_REQUIRE(!answer_.empty());
    schema::AnswerT answer;
    flatbuffers::GetRoot<schema::Answer>(answer_.data())->UnPackTo(&answer);
    BOOST_REQUIRE((answer.code == Code::ok));
    return *answer.body.AsChecked();
  }

  template <class Body>
  schema::HistoryPageT ask(Body body) {
    schema::HistoryRequestT request;
    request.body.Set(std::move(body));
    const auto packed =
        support::packed<schema::HistoryRequest>(request, schema::history_request_identifier);
    auto task = std::make_unique<service::AuditTask>();
    task->asker = asker_id_;
    task->request.resize(packed.size());
    std::memcpy(task->request.data(), packed.data(), packed.size());
    mail_.auditor_tasks.post(std::move(task));
    auditor->turn();
    schema::HistoryPageT page;
    mail_.historian_audited.drain([&](std::unique_ptr<service::AuditTask> done) {
      flatbuffers::GetRoot<schema::HistoryPage>(done->page.data())->UnPackTo(&page);
    });
    return page;
  }

  std::optional<Question> question() {
    std::vector<const domain::User*> users;
    world.state().tables().for_each_user([&](const domain::User& user) {
      if (user.status != schema::UserStatus::deleted) users.push_back(&user);
    });
    if (users.empty()) return std::nullopt;
    Question made;
    made.user = users[random.below(users.size())];
    made.tenant = world.state().tables().find_tenant(made.user->tenant);
    made.asked = random.one_in(3) ? random.question() : about_a_grant(*made.tenant, *made.user);
    if (!random.one_in(6)) {
      made.call = std::make_unique<schema::CallT>();
      made.call->tls = !random.one_in(4);
      if (random.one_in(30)) made.call->channel = schema::Channel::interactive;
      const std::string address = random.address();
      if (domain::parse_address(address)) made.call->address = address;
    }
    return made;
  }

  domain::CallFacts facts_of(const Question& question) const {
    domain::CallFacts facts;
    facts.now_ns = world.now_ns();
    facts.providers = &world.state().tables().providers();
    if (question.call == nullptr) return facts;
    facts.interactive = question.call->channel == schema::Channel::interactive;
    facts.address = domain::parse_address(question.call->address);
    facts.tls = question.call->tls;
    facts.tls_told = true;
    return facts;
  }

  Oracle::Answer opinion_of(const Question& question) const {
    Oracle::Call call;
    call.now_ns = world.now_ns();
    call.tls_told = question.call != nullptr;
    if (question.call != nullptr) {
      call.interactive = question.call->channel == schema::Channel::interactive;
      call.address = question.call->address;
      call.tls = question.call->tls;
    }
    const RandomQuestion& asked = question.asked;
    return oracle.ask(question.user->id, {asked.action, asked.resource, asked.this_level_only},
                      call);
  }

  RandomCommands random;
  support::World world;
  Oracle oracle;
  support::MemoryJournal journal;
  std::optional<service::Auditor> auditor;
  std::optional<service::Reader> reader;

 private:
  void add_asker() {
    schema::OperatorAddedT added;
    added.operator_id = std::make_unique<schema::Uuid>(asker_id_);
    added.name = "asker";
    added.role = schema::Role::administrator;
    added.standing = std::make_unique<schema::OperatorStandingT>();
    added.standing->uid = 77;
    added.standing->all_tenants = true;
    std::vector<schema::EventT> events(1);
    events[0].body.Set(std::move(added));
    world.record({}, std::move(events));
  }

  /// Few questions would reach the grants: most users stand behind one stop or another.
  void free_some() {
    const auto owner = support::an_operator(schema::Role::owner);
    for (const char* alias : {"acme", "other"}) {
      const domain::Tenant* tenant = world.state().tables().find_tenant(alias);
      std::vector<std::string> names;
      world.state().tables().for_each_user([&](const domain::User& user) {
        if (user.tenant == tenant->id && !random.one_in(4)) names.push_back(user.username);
      });
      const auto send = [&](const std::string& user, auto body) {
        auto message = support::command_message(alias, user, std::move(body));
        message.id = std::make_unique<schema::Uuid>(
            domain::uuid_v7(world.now_ns() / 1'000'000,
                            {random.below(1'000'000'007), random.below(1'000'000'007)}));
        world.run(message, owner);
      };
      send("", schema::EnableTenantT());
      for (const std::string& name : names) {
        schema::SetApiAccessT on;
        on.allowed = true;
        schema::ResetPasswordT reset;
        reset.password = "N0body-guesses-it";
        schema::SetUserSettingsT open;
        open.networks = std::make_unique<schema::NetworksT>();
        open.skip_ip_check = true;
        open.secure_transport_required = false;
        send(name, schema::RestoreUserT());
        send(name, schema::EnableUserT());
        send(name, on);
        send(name, schema::UnlockUserT());
        send(name, std::move(reset));
        send(name, std::move(open));
      }
    }
  }

  /// On the path of one that the user holds, above it or below.
  RandomQuestion about_a_grant(const domain::Tenant& tenant, const domain::User& user) {
    std::vector<domain::GrantPointer> held;
    domain::visit_holders(tenant, user, [&](const domain::GrantHolder& holder) {
      for (const domain::GrantPointer grant : holder.grants.pointers()) held.push_back(grant);
    });
    if (held.empty()) return random.question();
    const domain::Grant grant = *held[random.below(held.size())];
    RandomQuestion made{*grant.action, *grant.resource, random.one_in(4)};
    for (std::size_t star; (star = made.resource.find('*')) != std::string::npos;)
      made.resource[star] = "ab"[random.below(2)];
    const domain::CatalogueKind* kind =
        domain::find_kind(*tenant.catalogue, domain::kind_of(made.resource));
    if (made.action == "*" && kind != nullptr && !kind->actions.empty())
      made.action = kind->actions[random.below(kind->actions.size())].name;
    if (random.one_in(3)) made.resource += "/a";
    if (random.one_in(3)) made.resource = std::string(domain::parent_of(made.resource));
    return made;
  }

  void keep_records() {
    domain::RecordGate gate;
    for (const domain::Bytes& bytes : world.records()) {
      const journal::View view = std::as_bytes(std::span(bytes));
      BOOST_REQUIRE(journal.append(journal.head().seq, {&view, 1}));
      const schema::Record& record = **gate.open(view);
      Oracle::Place place;
      if (record.tenant() != nullptr) place.tenant = *record.tenant();
      place.role = record.role();
      place.seq = record.seq();
      place.time_ns = record.time_ns();
      for (const schema::Event* event : *record.events()) {
        schema::EventT native;
        event->UnPackTo(&native);
        oracle.hear(place, native);
        ++place.index;
      }
    }
  }

  const schema::Uuid asker_id_{7, 7};
  WorldClock clock_{world};
  support::PlainKeys keys_;
  platform::SystemEntropy entropy_;
  platform::Waker waker_;
  service::Vitals vitals_;
  service::Mailboxes mail_{{waker_, waker_, waker_, waker_, waker_}};
  credential::HashPool pool_{{.threads = 1}};
  service::PasswordDesk desk_{pool_, keys_, entropy_, waker_, {8, 1}, {}};
  std::vector<std::uint8_t> answer_;
};

// ---- each way of asking, against the check

void compare_with_oracle(const Told& told, const Question& question,
                         const schema::DecisionT& decision) {
  const Oracle::Answer opinion = told.opinion_of(question);
  BOOST_TEST((opinion.reason == decision.reason),
             "the oracle says " << schema::EnumNameCode(opinion.reason));
  const By by = By::of(decision.grant.get());
  BOOST_TEST((decision.grant == nullptr
                  ? opinion.grants.empty()
                  : std::ranges::count(opinion.grants, std::pair(by.seq, by.index)) > 0),
             "the oracle names another grant than " << by);
}

void compare_explanation(Told& told, const Question& question, const schema::DecisionT& decision) {
  schema::ExplainT explain;
  explain.tenant = question.tenant->alias;
  explain.username = question.user->username;
  explain.question = question.question();
  explain.call = question.call_again();
  const auto page = told.ask(std::move(explain));
  const auto& explanation = *page.body.AsExplanation();
  BOOST_TEST(explanation.allowed == decision.allowed);
  if (decision.allowed) {
    BOOST_REQUIRE(explanation.grant != nullptr);
    BOOST_TEST(By::of(explanation.grant->grant.get()) == By::of(decision.grant.get()));
    return;
  }
  BOOST_REQUIRE(!explanation.stops.empty());
  BOOST_TEST((explanation.stops[0]->code == decision.reason),
             "explain says " << schema::EnumNameCode(explanation.stops[0]->code));
  BOOST_TEST(By::of(explanation.stops[0]->grant.get()) == By::of(decision.grant.get()));
}

void compare_who_can(Told& told, const Question& question, const schema::DecisionT& decision) {
  std::vector<std::unique_ptr<schema::HolderT>> found;
  schema::WhoCanT wanted;
  wanted.tenant = question.tenant->alias;
  wanted.question = question.question();
  wanted.call = question.call_again();
  for (bool more = true; more;) {
    auto page = told.ask(schema::WhoCanT(wanted));
    if (page.code != Code::ok) {
      BOOST_TEST(!decision.allowed);
      BOOST_TEST((page.code == Code::unknown_resource || page.code == Code::resource_malformed));
      return;
    }
    auto& holders = *page.body.AsHolderPage();
    for (auto& holder : holders.holders)
      if (holder->username == question.user->username) found.push_back(std::move(holder));
    more = holders.more;
    wanted.after = holders.next;
  }
  if (found.empty()) {
    BOOST_TEST(!decision.allowed);
    BOOST_TEST((decision.reason != Code::condition_not_met));
    return;
  }
  BOOST_TEST(found.size() == 1u);
  BOOST_TEST((found[0]->state == decision.reason),
             "who-can says " << schema::EnumNameCode(found[0]->state));
  if (decision.grant != nullptr)
    BOOST_TEST(By::of(found[0]->grant.get()) == By::of(decision.grant.get()));
}

/// What grants alone say of one line's action on its path.
domain::Verdict verdict_on(const Told& told, const Question& question, const std::string& action,
                           const std::string& resource, bool this_level_only) {
  return domain::authorize(*question.tenant, *question.user, {action, resource, this_level_only},
                           told.facts_of(question));
}

void compare_line(const Told& told, const Question& question, const schema::PermissionT& line) {
  const schema::GrantViewT& grant = *line.grant;
  const bool denies = grant.effect == schema::Effect::deny;
  const By by = By::of(&grant);
  const auto here = verdict_on(told, question, grant.action, grant.resource, true);
  const By by_here = here.grant == nullptr
                         ? By()
                         : By{here.grant->seq, static_cast<std::uint16_t>(here.grant->index),
                              here.role == nullptr ? "" : *here.role};
  if (denies && line.state == Code::ok) {
    // Whether its own path is known or not, what lies above is denied.
    const std::string kind(domain::kind_of(grant.resource));
    const Code above = verdict_on(told, question, grant.action, kind, false).reason;
    BOOST_TEST((above == Code::denied_by_grant || above == Code::denied_below),
               "above it " << schema::EnumNameCode(above));
    BOOST_TEST((here.reason == Code::denied_by_grant || here.reason == Code::unknown_resource));
  } else if (line.state == Code::unknown_resource) {
    BOOST_TEST((here.reason == Code::unknown_resource));
  } else if (line.state == Code::condition_not_met) {
    BOOST_TEST((here.reason == Code::condition_not_met || !(by_here == by)));
  } else {
    BOOST_TEST((here.reason == line.state), "a check says " << schema::EnumNameCode(here.reason)
                                                            << ", the line "
                                                            << schema::EnumNameCode(line.state));
  }
}

void compare_permissions(Told& told, const Question& question) {
  schema::ListPermissionsT wanted;
  wanted.tenant = question.tenant->alias;
  wanted.username = question.user->username;
  wanted.call = question.call_again();
  for (bool more = true; more;) {
    const auto page = told.ask(schema::ListPermissionsT(wanted));
    BOOST_REQUIRE((page.code == Code::ok));
    const auto& part = *page.body.AsPermissionPage();
    for (const auto& line : part.permissions) {
      const bool is_plain =
          line->grant->resource.find('*') == std::string::npos && line->grant->action != "*";
      if (!is_plain) continue;
      BOOST_TEST_CONTEXT(schema::EnumNameEffect(line->grant->effect)
                         << " " << line->grant->action << " on " << line->grant->resource) {
        compare_line(told, question, *line);
      }
    }
    more = part.more;
    wanted.after = part.next;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(agreement_tests)

BOOST_AUTO_TEST_CASE(A10_every_way_of_asking_agrees_on_code_and_grant) {
  std::map<Code, std::size_t> seen;
  for (const std::uint64_t seed : seeds(12)) {
    Told told(seed);
    for (std::size_t count = 0; count < questions_per_seed; ++count) {
      const auto question = told.question();
      if (!question) continue;
      const RandomQuestion& asked = question->asked;
      BOOST_TEST_CONTEXT("repeat with: " << how_to_repeat(seed) << "\n"
                                         << asked.action << " on " << asked.resource << " by "
                                         << question->user->username) {
        const auto one = told.check(*question, 1);
        const auto many = told.check(*question, 300);
        const schema::DecisionT& decision = *one.decisions.at(0);
        for (const auto& other : many.decisions) BOOST_REQUIRE((*other == decision));
        ++seen[decision.reason];
        compare_with_oracle(told, *question, decision);
        compare_explanation(told, *question, decision);
        compare_who_can(told, *question, decision);
        if (count % 10 == 0) compare_permissions(told, *question);
      }
    }
  }
  for (const auto& [code, count] : seen)
    BOOST_TEST_MESSAGE(schema::EnumNameCode(code) << ": " << count);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::property
