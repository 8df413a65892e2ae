// A hundred thousand random commands over the whole vocabulary, each decided three times: by a
// world as tests use it, by the code the writer runs, and by a naive oracle that shares no code
// with the domain. They must agree; and the states live, viewed and replayed must be one.
#include <fmt/core.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>
#include <set>

#include "daemon/domain/authorize.h"
#include "daemon/domain/digest.h"
#include "daemon/domain/fold.h"
#include "daemon/domain/message.h"
#include "daemon/service/permissions.h"
#include "daemon/view/view.h"
#include "schema/identifiers.h"
#include "tests/property/random_commands.h"
#include "tests/property/seeds.h"
#include "tests/support/asked_both_ways.h"
#include "tests/support/oracle.h"
#include "tests/support/world.h"

using namespace postern;
using namespace postern::property;
using schema::Code;
using schema::CommandBody;
using support::Bytes;
using support::Oracle;

namespace {

constexpr int commands_per_seed = 100'000;
constexpr int messages_between_digests = 10'000;
constexpr int questions_per_round = 8;
constexpr int disagreements_max = 10;

std::string names(const std::set<Code>& codes) {
  std::string text;
  for (const Code code : codes) text += std::string(" ") + schema::EnumNameCode(code);
  return text.empty() ? " none" : text;
}

std::string names(const std::vector<schema::EventBody>& kinds) {
  std::string text;
  for (const auto kind : kinds) text += std::string(" ") + schema::EnumNameEventBody(kind);
  return text.empty() ? " none" : text;
}

template <class Tables>
Bytes canonical_of(const Tables& tables) {
  Bytes bytes;
  domain::write_canonical(tables, [&](std::span<const std::uint8_t> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  });
  return bytes;
}

/// What the rules said of one command, kept beyond the message it came in.
struct Decided {
  domain::Material material;
  std::string password;
  std::optional<std::string> confirmation;
  std::string current_password;
  support::Decision decision;
  Oracle::Opinion opinion;

  Decided(const domain::Material& made, const support::Decision& said, Oracle::Opinion thought)
      : material(made),
        password(made.password),
        current_password(made.current_password),
        decision(said),
        opinion(std::move(thought)) {
    if (made.password_confirmation) confirmation.emplace(*made.password_confirmation);
  }

  domain::Material with_own_texts() const {
    domain::Material made = material;
    made.password = password;
    made.current_password = current_password;
    if (confirmation) made.password_confirmation = *confirmation;
    return made;
  }
};

class Lockstep {
 public:
  explicit Lockstep(std::uint64_t seed) : random(seed) {
    const char* aliases[] = {"acme", "other", "third"};
    for (std::uint64_t place = 0; place < std::size(aliases); ++place)
      world.record({9, place}, {random.tenant(aliases[place], {9, place})});
    domain::RecordGate gate;
    for (const Bytes& bytes : world.records()) {
      domain::Changes changes;
      const auto record = domain::fold(state, gate, std::as_bytes(std::span(bytes)), changes);
      stored.push_back(bytes);
      hear_record(**record);
    }
    view.load(state.tables());
  }

  void step() {
    const schema::CommandMessageT message = random.message(world.state());
    const domain::Operator asker = random.asker(world.state(), message);
    commands += static_cast<int>(message.commands.size());
    ++messages;
    if (!passes_gate(message, asker)) return;
    if (random.one_in(100))
      world.pass(static_cast<std::int64_t>(random.below(36'000)) * 1'000'000'000);
    world.rehashes = random.one_in(2);
    std::vector<Decided> decided;
    oracle.attempt();
    const support::Outcome outcome = run_in_world(message, asker, decided);
    if (outcome.recorded)
      oracle.keep();
    else
      oracle.take_back();
    if (decided.size() == message.commands.size()) run_as_writer(message, asker, decided, outcome);
    if (outcome.recorded) ask_questions();
  }

  void compare_digests() {
    const Bytes live = canonical_of(state.tables());
    BOOST_TEST((support::canonical(world.state()) == live), "the world's state is another");
    BOOST_TEST((canonical_of(view.tables()) == live), "the view is another");
  }

  void compare_replayed() {
    domain::State replayed;
    domain::RecordGate gate;
    for (const Bytes& bytes : stored) {
      domain::Changes changes;
      const auto record = domain::fold(replayed, gate, std::as_bytes(std::span(bytes)), changes);
      BOOST_REQUIRE_MESSAGE(record.has_value(), record.error().sentence);
    }
    BOOST_TEST((canonical_of(replayed.tables()) == canonical_of(state.tables())),
               "the replayed state is another");
    BOOST_TEST(support::joined(domain::check_invariants(replayed)) == "");
    BOOST_TEST(support::joined(domain::check_invariants(state)) == "");
    BOOST_TEST(replayed.seq() == state.seq());
  }

  void print_counts() {
    for (const CommandBody kind : schema::EnumValuesCommandBody())
      fmt::print("{}: {} accepted, {} refused\n", schema::EnumNameCommandBody(kind), accepted[kind],
                 refused[kind]);
    for (const auto& [code, count] : answers)
      fmt::print("{}: {} answers\n", schema::EnumNameCode(code), count);
    fmt::print("{} records; refusals:{}\n", stored.size(), names(refusals));
  }

  RandomCommands random;
  support::World world;
  Oracle oracle;
  /// As the writer has it, and as the reader sees it.
  domain::State state;
  view::View view;
  std::vector<Bytes> stored;
  int commands = 0;
  int messages = 0;
  int disagreements = 0;
  std::map<CommandBody, int> accepted;
  std::map<CommandBody, int> refused;
  std::map<Code, int> answers;
  std::set<Code> refusals;
  std::set<schema::EventBody> caused;

 private:
  void disagree(const std::string& text) {
    ++disagreements;
    BOOST_ERROR("message " << messages << ": " << text);
  }

  void hear_record(const schema::Record& record) {
    Oracle::Place place;
    if (record.tenant() != nullptr) place.tenant = *record.tenant();
    place.role = record.role();
    place.seq = record.seq();
    place.time_ns = record.time_ns();
    for (const schema::Event* event : *record.events()) {
      schema::EventT native;
      event->UnPackTo(&native);
      oracle.hear(place, native);
      caused.insert(native.body.type);
      ++place.index;
    }
  }

  /// O1: the gate and the oracle's copy of its table agree on each role and kind.
  bool passes_gate(const schema::CommandMessageT& message, const domain::Operator& asker) {
    bool passes = true;
    for (const auto& command : message.commands) {
      const bool may = !service::refusal(asker, command->body.type);
      const Oracle::Sender sender{asker.role, asker.all_tenants, asker.tenants};
      if (may != Oracle::may(sender, command->body.type))
        disagree(std::string("the gate for ") + schema::EnumNameRole(asker.role) + " and " +
                 schema::EnumNameCommandBody(command->body.type));
      passes = passes && may;
    }
    return passes;
  }

  support::Outcome run_in_world(const schema::CommandMessageT& message,
                                const domain::Operator& asker, std::vector<Decided>& decided) {
    const Oracle::Sender sender{asker.role, asker.all_tenants, asker.tenants};
    Oracle::Place place;
    place.role = asker.role;
    place.seq = world.state().seq() + 1;
    if (const auto* tenant = world.state().tables().find_tenant(message.tenant))
      place.tenant = tenant->id;
    const auto hear_newest = [&] {
      for (const schema::EventT& event : decided.back().decision.events) {
        if (const auto* created = event.body.AsTenantCreated()) place.tenant = *created->tenant;
        oracle.hear(place, event);
        ++place.index;
      }
    };
    world.watcher = [&](const schema::Command&, std::uint32_t index,
                        const domain::Material& material, const domain::Context& context,
                        const support::Decision& decision) {
      place.time_ns = context.now_ns;
      // A second decision on a command, with its hash, replaces the first.
      if (index == decided.size()) {
        if (index > 0) hear_newest();
        decided.emplace_back(material, decision,
                             oracle.opinion({message, *message.commands[index], sender,
                                             context.now_ns, world.rehashes}));
      } else {
        decided.back() = Decided(material, decision, decided.back().opinion);
      }
    };
    const support::Outcome outcome = world.run(message, asker);
    if (!decided.empty()) hear_newest();
    for (std::size_t index = 0; index < decided.size(); ++index)
      compare(message, *message.commands[index], asker, decided[index]);
    return outcome;
  }

  void compare(const schema::CommandMessageT& message, const schema::CommandT& command,
               const domain::Operator& asker, const Decided& decided) {
    std::set<Code> codes;
    for (const schema::ProblemT& problem : decided.decision.refusals) codes.insert(problem.code);
    const std::set<Code> expected(decided.opinion.refusals.begin(), decided.opinion.refusals.end());
    std::vector<schema::EventBody> events;
    for (const schema::EventT& event : decided.decision.events) events.push_back(event.body.type);
    caused.insert(events.begin(), events.end());
    ++(codes.empty() ? accepted : refused)[command.body.type];
    refusals.insert(codes.begin(), codes.end());
    if (codes == expected && events == decided.opinion.events) return;
    std::string sentences;
    for (const schema::ProblemT& problem : decided.decision.refusals)
      sentences += "\n  " + problem.field + ": " + problem.sentence;
    disagree(std::string(schema::EnumNameCommandBody(command.body.type)) + " by " +
             schema::EnumNameRole(asker.role) + " on '" + command.user + "' of '" + message.tenant +
             "': refused" + names(codes) + ", events" + names(events) + "; the oracle refuses" +
             names(expected) + ", events" + names(decided.opinion.events) + sentences);
  }

  /// The same message through the code the writer runs.
  void run_as_writer(const schema::CommandMessageT& message, const domain::Operator& asker,
                     const std::vector<Decided>& decided, const support::Outcome& outcome) {
    const Bytes bytes = support::message_bytes(message);
    const auto& packed = *flatbuffers::GetRoot<schema::CommandMessage>(bytes.data());
    std::vector<domain::Material> materials;
    for (const Decided& one : decided) materials.push_back(one.with_own_texts());
    const domain::Context context{world.now_ns(), &asker, &packed};
    domain::Draft draft = domain::decide_message(state, context, materials);
    std::set<Code> codes;
    for (const schema::ProblemT& problem : draft.problems) codes.insert(problem.code);
    std::set<Code> world_codes;
    for (const schema::ProblemT& problem : outcome.refusals) world_codes.insert(problem.code);
    const bool recorded = draft.is_fact() && !message.dry_run;
    if (codes != world_codes || recorded != outcome.recorded)
      disagree("the writer's code says" + names(codes) + ", the world" + names(world_codes));
    if (!recorded) return state.revert(draft.changes);
    const std::array<std::uint8_t, 32> hash{};
    const domain::StoredRecord sealed = domain::seal_record(draft, state, context, {hash});
    stored.emplace_back(sealed.data(), sealed.data() + sealed.size());
    view.take(draft.changes);
  }

  void ask_questions() {
    std::vector<const domain::User*> users;
    state.tables().for_each_user([&](const domain::User& user) { users.push_back(&user); });
    if (users.empty()) return;
    for (int asked = 0; asked < questions_per_round; ++asked) {
      const domain::User* user = users[random.below(users.size())];
      // Most stand behind one stop or another; few questions would reach the grants.
      for (int tries = 0; tries < 8 && !is_usable(*user); ++tries)
        user = users[random.below(users.size())];
      ask(*state.tables().find_tenant(user->tenant), *user);
    }
  }

  bool is_usable(const domain::User& user) const {
    domain::CallFacts facts;
    facts.now_ns = world.now_ns();
    facts.tls = true;
    const domain::Tenant* tenant = state.tables().find_tenant(user.tenant);
    return domain::first_stop_before_credential(tenant, &user, facts).code == Code::ok;
  }

  void ask(const domain::Tenant& tenant, const domain::User& user) {
    const RandomQuestion question = random.question();
    Oracle::Call call;
    call.interactive = random.one_in(30);
    call.now_ns = world.now_ns();
    call.address = random.address();
    call.tls = !random.one_in(4);
    call.tls_told = call.tls || random.one_in(2);
    call.with_password = random.one_in(2);
    domain::CallFacts facts;
    facts.interactive = call.interactive;
    facts.now_ns = call.now_ns;
    facts.address = domain::parse_address(call.address);
    facts.tls = call.tls;
    facts.tls_told = call.tls_told;
    facts.with_password = call.with_password;
    facts.providers = &state.tables().providers();
    domain::Verdict verdict;
    verdict.reason = domain::first_stop_before_credential(&tenant, &user, facts).code;
    if (verdict.allowed())
      verdict = support::asked_both_ways(
          tenant, user, {question.action, question.resource, question.this_level_only}, facts);
    const Oracle::Answer answer =
        oracle.ask(user.id, {question.action, question.resource, question.this_level_only}, call);
    ++answers[verdict.reason];
    const bool names_one =
        verdict.grant == nullptr
            ? answer.grants.empty()
            : std::ranges::count(
                  answer.grants,
                  std::pair<std::uint64_t, std::uint16_t>(
                      verdict.grant->seq, static_cast<std::uint16_t>(verdict.grant->index))) > 0;
    if (verdict.reason != answer.reason || !names_one)
      disagree(question.action + " on " + question.resource + " by " + user.username + " of " +
               tenant.alias + " from " + call.address + ": " +
               schema::EnumNameCode(verdict.reason) + ", the oracle says " +
               schema::EnumNameCode(answer.reason));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(oracle_tests)

BOOST_AUTO_TEST_CASE(a_naive_oracle_gives_the_same_answers_over_100000_commands) {
  constexpr std::size_t everyday_seeds = 1;
  for (const std::uint64_t seed : seeds(everyday_seeds)) {
    BOOST_TEST_CONTEXT("repeat with: " << how_to_repeat(seed)) {
      Lockstep run(seed);
      while (run.commands < commands_per_seed && run.disagreements < disagreements_max) {
        run.step();
        if (run.messages % messages_between_digests == 0) run.compare_digests();
      }
      run.compare_digests();
      run.compare_replayed();
      if (std::getenv("POSTERN_ORACLE_COUNTS") != nullptr) run.print_counts();
      // What a seed beyond the everyday one brings is not known.
      if (!cover_everyday({seed}, everyday_seeds)) continue;
      // The vocabulary is whole: a new command or event must find its way into these tests.
      for (const CommandBody kind : schema::EnumValuesCommandBody())
        if (kind != CommandBody::NONE)
          BOOST_TEST((run.accepted[kind] > 0 && run.refused[kind] > 0),
                     schema::EnumNameCommandBody(kind) << " was not both accepted and refused");
      // A restoration is the one event that no command causes.
      for (const schema::EventBody kind : schema::EnumValuesEventBody())
        if (kind != schema::EventBody::NONE && kind != schema::EventBody::JournalRestored)
          BOOST_TEST(run.caused.contains(kind), schema::EnumNameEventBody(kind) << " was not seen");
      for (const Code code :
           {Code::ok, Code::tenant_disabled, Code::interactive_not_allowed, Code::user_locked,
            Code::user_not_active, Code::api_access_not_allowed, Code::resource_malformed,
            Code::unknown_resource, Code::denied_by_grant, Code::denied_below,
            Code::condition_not_met, Code::no_matching_grant})
        BOOST_TEST(run.answers[code] > 0, "no answer was " << schema::EnumNameCode(code));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
