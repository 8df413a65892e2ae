// C9, C11: a daemon that has verified passwords tells nothing that one started a moment ago would
// not tell. Two are told the same and asked the same; one of them is started anew before each
// question. Every answer is held against the other's, byte for byte, with when it leaves, and in
// the end the journals.
#include <boost/test/unit_test.hpp>

#include "schema/identifiers.h"
#include "tests/property/seeds.h"
#include "tests/simulation/server.h"
#include "tests/simulation/simulated_hash_pool.h"
#include "tests/support/messages.h"

namespace postern::simulation {

namespace {

using schema::Code;
using support::command_message;

constexpr std::int64_t refusal_step_ms = 50;
constexpr std::int64_t hour_ns = 3'600'000'000'000;
const std::string owner = "uid:1";
const std::string service = "uid:7";
const std::string vouching = "uid:8";
const std::vector<std::string> passwords = {"Corr3ct-horse", "N3wer-secret", "wr0ng-guess", ""};

template <class Root, class Native>
std::vector<std::byte> bytes_of(const Native& native, const char* identifier) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Root::Pack(builder, &native), identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

struct Asked {
  schema::QueryT query;
  std::string identity = service;
};

struct Told {
  std::vector<std::uint8_t> bytes;
  /// Not by the grid of refusals.
  bool at_once = false;

  schema::AnswerT answer() const {
    schema::AnswerT native;
    flatbuffers::GetRoot<schema::Answer>(bytes.data())->UnPackTo(&native);
    return native;
  }
  Code code() const {
    const schema::AnswerT made = answer();
    if (made.code != Code::ok) return made.code;
    if (const auto* authenticated = made.body.AsAuthenticated()) return authenticated->reason;
    return made.body.AsChecked()->decisions.at(0)->reason;
  }
  bool operator==(const Told&) const = default;
};

/// Each draw of a step gives the same: which of several answers is made first, the warm daemon's
/// or the one that waits for a hash, does not show in the tokens.
class EntropyOfStep final : public platform::Entropy {
 public:
  explicit EntropyOfStep(std::uint64_t step) : step_(step) {}
  void fill(std::span<std::byte> bytes) override { SimulatedEntropy(step_).fill(bytes); }

 private:
  std::uint64_t step_;
};

/// One daemon in memory. What it draws at random comes from the number of the step, so that it does
/// not depend on what was drawn before.
class World {
 public:
  enum class Memory { warm, cold };

  explicit World(Memory memory, std::size_t pool_max = 1'000)
      : memory_(memory), pool_max_(pool_max), disk_(memory_disk(false)) {
    make_journal();
    next_step();
    start();
    for (const auto& [name, uid, vouches] :
         {std::tuple("shopfront", 7U, false), std::tuple("gateway", 8U, true)}) {
      auto made = support::add_operator(name, schema::Role::service, {}, {}, vouches);
      auto& standing = *made.commands[0]->body.AsAddOperator()->standing;
      standing.keys.clear();
      standing.uid = uid;
      require_ok(std::move(made));
    }
    require_ok(support::create_tenant("acme"));
  }

  schema::ReceiptT run(schema::CommandMessageT message, const std::string& identity = owner) {
    next_step();
    message.id =
        std::make_unique<schema::Uuid>(domain::uuid_v7(clock.now_ns() / 1'000'000, {step_, step_}));
    auto bytes = bytes_of<schema::CommandMessage>(message, schema::command_message_identifier);
    server_->writer->take({service::Peer{"c", 0, false}, identity, bytes});
    settle();
    schema::ReceiptT native;
    flatbuffers::GetRoot<schema::Receipt>(receipts_.extract("c").mapped().data())
        ->UnPackTo(&native);
    return native;
  }
  schema::ReceiptT require_ok(schema::CommandMessageT message) {
    auto receipt = run(std::move(message));
    BOOST_REQUIRE((receipt.code == Code::ok));
    return receipt;
  }

  /// All at once; the answers in the same order.
  std::vector<Told> ask(std::vector<Asked> questions) {
    if (memory_ == Memory::cold) start();
    next_step();
    for (std::size_t place = 0; place < questions.size(); ++place) take(questions[place], place);
    settle();
    const auto at_once = answers_;
    clock.advance_ms(refusal_step_ms);
    settle();
    std::vector<Told> told;
    for (std::size_t place = 0; place < questions.size(); ++place) {
      const std::string name = std::to_string(place);
      BOOST_REQUIRE(answers_.contains(name));
      told.push_back({answers_.at(name), at_once.contains(name)});
    }
    answers_.clear();
    return told;
  }
  Told ask(Asked question) {
    std::vector<Asked> one;
    one.push_back(std::move(question));
    return ask(std::move(one)).front();
  }

  std::uint64_t hashes() const { return hashes_before_ + server_->vitals.password_hashes; }
  journal::Head head() const { return server_->journal->head(); }
  service::Vitals& vitals() { return server_->vitals; }

  support::SimulatedClock clock;

 private:
  void next_step() {
    entropy_ = EntropyOfStep(++step_);
    seed_salts(step_);
  }

  void make_journal() {
    schema::RecordT record;
    record.seq = 1;
    record.time_ns = clock.now_ns();
    record.operator_id = std::make_unique<schema::Uuid>(domain::daemon_operator);
    record.role = schema::Role::daemon;
    record.command_id = std::make_unique<schema::Uuid>(1, 1);
    schema::OperatorAddedT added;
    added.operator_id = std::make_unique<schema::Uuid>(1, 2);
    added.name = "owner";
    added.role = schema::Role::owner;
    added.standing = std::make_unique<schema::OperatorStandingT>();
    added.standing->uid = 1;
    added.standing->all_tenants = true;
    record.events.emplace_back(std::make_unique<schema::EventT>())->body.Set(std::move(added));
    const auto bytes = bytes_of<schema::Record>(record, schema::record_identifier);
    const journal::View view(bytes);
    const auto opened = disk_->open([](std::uint64_t, journal::View) { return Expected<>(); });
    BOOST_REQUIRE(opened);
    BOOST_REQUIRE((*opened)->append(0, {&view, 1}));
  }

  void start() {
    if (server_ != nullptr) hashes_before_ = hashes();
    server_.reset();
    credential::HashPool::Limits pool;
    pool.waiting_max = pool_max_;
    service::Reader::Settings settings;
    settings.refusal_step_ns = refusal_step_ms * 1'000'000;
    const auto keep = [](auto& kept) {
      return [&kept](const service::Peer& peer, std::span<const std::uint8_t> payload) {
        kept[peer.routing_id].assign(payload.begin(), payload.end());
      };
    };
    std::vector<std::string> findings;
    server_ = Server::start({*disk_,
                             keys_,
                             clock,
                             confirmed_until_ns_,
                             false,
                             entropy_,
                             {},
                             keep(receipts_),
                             keep(answers_),
                             [] { return std::uint64_t{1} << 40U; },
                             pool,
                             settings},
                            findings);
    BOOST_REQUIRE(server_ != nullptr);
  }

  void take(const Asked& question, std::size_t place) {
    schema::QueryT query = question.query;
    query.id = place + 1;
    auto bytes = bytes_of<schema::Query>(query, schema::query_identifier);
    server_->reader->begin_turn();
    server_->reader->take({{std::to_string(place), 0, false}, question.identity, bytes});
  }

  /// Until nothing is under way.
  void settle() {
    const auto so_far = [&] {
      return std::tuple(head().seq, answers_.size(), receipts_.size(), hash_work_done_);
    };
    for (int quiet = 0; quiet < 3;) {
      const auto before = so_far();
      for (; hash_work_waiting() > 0; ++hash_work_done_) run_hash_work(0);
      server_->turn_reader();
      server_->writer->turn();
      server_->writer->commit();
      while (server_->append_waits()) server_->run_append();
      server_->writer->turn();
      server_->turn_reader();
      server_->return_published([](const service::Published&) {});
      server_->writer->turn();
      quiet = so_far() == before ? quiet + 1 : 0;
    }
  }

  const Memory memory_;
  const std::size_t pool_max_;
  std::unique_ptr<SimulatedDisk> disk_;
  SimulatedKeys keys_{1};
  EntropyOfStep entropy_{0};
  std::uint64_t step_ = 0;
  std::uint64_t hashes_before_ = 0;
  std::uint64_t hash_work_done_ = 0;
  std::map<std::string, std::vector<std::uint8_t>> receipts_;
  std::map<std::string, std::vector<std::uint8_t>> answers_;
  std::int64_t confirmed_until_ns_ = 0;
  std::unique_ptr<Server> server_;
};

// ---- what is said

std::unique_ptr<schema::CallT> call_from(std::string address, bool tls = true) {
  auto call = std::make_unique<schema::CallT>();
  call->address = std::move(address);
  call->tls = tls;
  return call;
}

Asked by_password(const std::string& user, const std::string& password,
                  std::unique_ptr<schema::CallT> call = nullptr) {
  Asked asked{support::authenticate("acme", user, password)};
  asked.query.call = std::move(call);
  return asked;
}

template <class Body>
schema::CommandMessageT about(const std::string& user, Body body) {
  return command_message("acme", user, std::move(body));
}

schema::CommandMessageT policies(const std::function<void(schema::PolicyChangesT&)>& edit) {
  schema::SetTenantT body;
  body.policies = std::make_unique<schema::PolicyChangesT>();
  edit(*body.policies);
  return about("", std::move(body));
}

std::unique_ptr<schema::NetworksT> networks(std::vector<std::string> entries) {
  auto made = std::make_unique<schema::NetworksT>();
  made->entries = std::move(entries);
  return made;
}

// ---- a script that a seed fixes

/// What one world was told and asked, and what it answered.
struct Transcript {
  struct Step {
    std::string what;
    std::vector<Told> told;
    std::uint64_t hashes = 0;
  };
  std::vector<Step> steps;
  journal::Head head;
};

class Script {
 public:
  Script(std::uint64_t seed, World::Memory memory) : random_(seed), world_(memory) {}

  Transcript run() {
    world_.run(policies([&](schema::PolicyChangesT& edit) { edit_policies(edit); }));
    for (const std::string& name : names_) create(name);
    for (int step = 0; step < 60; ++step) {
      if (random_.one_in(4))
        command();
      else if (random_.one_in(12))
        world_.clock.advance_ms(static_cast<std::int64_t>(random_.below(5'400'000)));
      else
        ask();
    }
    transcript_.head = world_.head();
    return std::move(transcript_);
  }

 private:
  void edit_policies(schema::PolicyChangesT& edit) {
    edit.tell_reasons = random_.one_in(3);
    edit.lockout_failures = static_cast<std::uint16_t>(1 + random_.below(6));
    edit.lock_closes_password_only = random_.one_in(2);
    edit.lock_seconds = random_.one_in(2) ? 600 : 0;
    edit.user_networks_mandatory = random_.one_in(4);
    edit.secure_transport_required = random_.one_in(4);
    if (random_.one_in(4)) edit.networks = networks({"10.0.0.0/8", "192.0.2.0/24"});
  }

  std::unique_ptr<schema::UserSettingsT> settings() {
    auto made = std::make_unique<schema::UserSettingsT>();
    if (random_.one_in(2)) made->networks = networks({"10.0.0.0/8"});
    made->skip_ip_check = random_.one_in(4);
    made->secure_transport_required = random_.one_in(3);
    return made;
  }

  void create(const std::string& name) {
    schema::CreateUserT body;
    body.username = name;
    if (!random_.one_in(6)) body.password = passwords[random_.below(2)];
    body.settings = settings();
    world_.require_ok(about("", std::move(body)));
    world_.require_ok(support::add_grant("acme", name, schema::Effect::allow, "read", "table/a"));
  }

  void command() {
    const std::string user = random_.any(names_);
    const schema::ReceiptT receipt = world_.run(random_command(user));
    for (const std::string& secret : receipt.secrets) keys_.push_back(secret);
  }

  schema::CommandMessageT random_command(const std::string& user) {
    switch (random_.below(15)) {
      case 0:
      case 1:
      case 2: {
        schema::ResetPasswordT body;
        body.password = passwords[random_.below(2)];
        return about(user, std::move(body));
      }
      case 3: {
        schema::RotatePasswordT body;
        body.password = passwords[random_.below(2)];
        body.old_valid_until_ns = world_.clock.now_ns() + hour_ns;
        return about(user, std::move(body));
      }
      case 4: {
        schema::SetUserSettingsT body;
        body.networks = networks(random_.one_in(2) ? std::vector<std::string>{"10.0.0.0/8"}
                                                   : std::vector<std::string>{"203.0.113.0/24"});
        body.secure_transport_required = random_.one_in(3);
        return about(user, std::move(body));
      }
      case 5: {
        schema::CreateKeyT body;
        body.name = "k" + std::to_string(keys_.size());
        if (random_.one_in(3)) body.expires_ns = world_.clock.now_ns() + hour_ns / 2;
        return about(user, std::move(body));
      }
      case 6:
        return policies([&](schema::PolicyChangesT& edit) { edit_policies(edit); });
      case 7:
        if (random_.one_in(3)) return about(user, schema::LockUserT());
        [[fallthrough]];
      case 8:
        return about(user, schema::UnlockUserT());
      case 9:
        if (random_.one_in(3)) return about(user, schema::DisableUserT());
        [[fallthrough]];
      case 10:
        return about(user, schema::EnableUserT());
      case 11: {
        schema::SetApiAccessT body;
        body.allowed = !random_.one_in(6);
        return about(user, body);
      }
      case 12:
        if (random_.one_in(6)) return about("", schema::DisableTenantT());
        [[fallthrough]];
      case 13:
        return about("", schema::EnableTenantT());
      default:
        return support::add_grant("acme", user, schema::Effect::deny, "read",
                                  "table/a/" + std::to_string(random_.below(4)));
    }
  }

  std::unique_ptr<schema::CallT> random_call() {
    if (random_.one_in(5)) return nullptr;
    const std::vector<std::string> addresses = {"10.1.2.3", "192.0.2.7", "203.0.113.9", ""};
    auto call = call_from(random_.any(addresses), !random_.one_in(3));
    if (random_.one_in(20)) call->channel = schema::Channel::interactive;
    return call;
  }

  schema::CredentialUnion random_credential(const std::string& user) {
    schema::CredentialUnion made;
    if (!keys_.empty() && random_.one_in(6)) {
      schema::KeyCredentialT key;
      key.key = random_.any(keys_);
      if (random_.one_in(4)) key.key.back() = key.key.back() == 'a' ? 'b' : 'a';
      made.Set(std::move(key));
    } else if (!tokens_.empty() && random_.one_in(6)) {
      schema::TokenCredentialT token;
      token.token = random_.any(tokens_);
      made.Set(std::move(token));
    } else {
      schema::PasswordCredentialT password;
      password.username = user;
      password.password = random_.any(passwords);
      made.Set(std::move(password));
    }
    return made;
  }

  Asked random_question(const std::string& user) {
    Asked asked;
    asked.query.tenant = random_.one_in(30) ? "other" : "acme";
    asked.query.call = random_call();
    if (random_.one_in(3)) asked.identity = random_.one_in(2) ? owner : vouching;
    if (random_.one_in(2)) {
      schema::AuthenticateT body;
      body.decline_token = random_.one_in(3);
      body.credential = random_credential(user);
      asked.query.body.Set(std::move(body));
      return asked;
    }
    schema::CheckT body;
    body.credential = random_credential(user);
    for (std::size_t count = 0; count <= random_.below(3); ++count) {
      auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
      question->action = "read";
      question->resource = random_.one_in(4) ? "table/b" : "table/a";
    }
    asked.query.body.Set(std::move(body));
    return asked;
  }

  /// One question, or several at once about one user.
  void ask() {
    const std::string user = random_.one_in(8) ? "nobody" : random_.any(names_);
    std::vector<Asked> questions;
    std::string what;
    const std::size_t count = random_.one_in(4) ? 2 + random_.below(6) : 1;
    while (questions.size() < count) {
      questions.push_back(random_question(user));
      what += describe(questions.back());
    }
    const std::uint64_t before = world_.hashes();
    auto told = world_.ask(std::move(questions));
    for (const Told& one : told) {
      const schema::AnswerT answer = one.answer();
      const auto* authenticated = answer.body.AsAuthenticated();
      if (authenticated != nullptr && !authenticated->token.empty())
        tokens_.push_back(authenticated->token);
    }
    transcript_.steps.push_back({std::move(what), std::move(told), world_.hashes() - before});
  }

  static std::string describe(const Asked& asked) {
    const auto* authenticate = asked.query.body.AsAuthenticate();
    const auto& credential =
        authenticate != nullptr ? authenticate->credential : asked.query.body.AsCheck()->credential;
    std::string text = " [" + asked.identity + " " + schema::EnumNameCredential(credential.type);
    if (const auto* password = credential.AsPasswordCredential())
      text += " " + password->username + " '" + password->password + "'";
    if (asked.query.call != nullptr)
      text += " from '" + asked.query.call->address + (asked.query.call->tls ? "' tls" : "'");
    return text + "]";
  }

  Random random_;
  World world_;
  const std::vector<std::string> names_ = {"ann", "bob", "cid"};
  std::vector<std::string> keys_;
  std::vector<std::string> tokens_;
  Transcript transcript_;
};

std::string names_of(const std::vector<Told>& told) {
  std::string text;
  for (const Told& one : told)
    text += std::string(" ") + schema::EnumNameCode(one.code()) + (one.at_once ? "" : " later");
  return text;
}

bool all_refused(const std::vector<Told>& told) {
  return std::ranges::all_of(told, [](const Told& one) {
    const schema::AnswerT answer = one.answer();
    const auto* authenticated = answer.body.AsAuthenticated();
    const auto* checked = answer.body.AsChecked();
    return (authenticated == nullptr || !authenticated->allowed) &&
           (checked == nullptr || checked->user == nullptr);
  });
}

/// Empty: they agree.
std::string difference(const Transcript& warm, const Transcript& cold) {
  for (std::size_t place = 0; place < warm.steps.size(); ++place) {
    const auto& left = warm.steps[place];
    const auto& right = cold.steps[place];
    const std::string where = "step " + std::to_string(place) + left.what + ":\nwarm" +
                              names_of(left.told) + "\ncold" + names_of(right.told);
    if (left.told != right.told) return where;
    if (left.hashes > right.hashes) return where + "\nthe warm one hashes more";
    if (all_refused(left.told) && left.hashes != right.hashes)
      return where + "\nhashes: warm " + std::to_string(left.hashes) + ", cold " +
             std::to_string(right.hashes);
  }
  return warm.head == cold.head ? "" : "the journals differ";
}

// ---- stops, one by one

struct Stopped {
  const char* name;
  /// What the user's settings and the call make of it.
  std::function<void(World&)> arrange;
  std::function<std::unique_ptr<schema::CallT>()> call;
};

std::unique_ptr<schema::CallT> inside() { return call_from("10.1.2.3"); }

const Stopped every_stop[] = {
    {"network", [](World&) {}, [] { return call_from("203.0.113.9"); }},
    {"no address", [](World&) {}, [] { return call_from(""); }},
    {"no call", [](World&) {}, [] { return std::unique_ptr<schema::CallT>(); }},
    {"transport", [](World&) {}, [] { return call_from("10.1.2.3", false); }},
    {"lock", [](World& world) { world.require_ok(about("shop", schema::LockUserT())); }, inside},
    {"status", [](World& world) { world.require_ok(about("shop", schema::DisableUserT())); },
     inside},
    {"api access", [](World& world) { world.require_ok(about("shop", schema::SetApiAccessT())); },
     inside},
    {"tenant's networks",
     [](World& world) {
       world.require_ok(policies([](auto& edit) { edit.networks = networks({"192.0.2.0/24"}); }));
     },
     inside},
    {"tenant's lock",
     [](World& world) {
       world.require_ok(about("", schema::DisableTenantT()));
       world.require_ok(about("", schema::EnableTenantT()));
     },
     inside},
    {"wrong passwords",
     [](World& world) {
       for (int count = 0; count < 5; ++count)
         world.ask(by_password("shop", "wr0ng-" + std::to_string(count), inside()));
     },
     inside},
};

/// Whose password was verified a moment ago, from inside; a wrong one was looked at before.
std::unique_ptr<World> warmed(std::size_t pool_max = 1'000) {
  auto world = std::make_unique<World>(World::Memory::warm, pool_max);
  schema::CreateUserT body;
  body.username = "shop";
  body.password = passwords[0];
  body.settings = std::make_unique<schema::UserSettingsT>();
  body.settings->networks = networks({"10.0.0.0/8"});
  body.settings->secure_transport_required = true;
  world->require_ok(about("", std::move(body)));
  world->require_ok(policies([](auto& edit) { edit.same_wrong_password_counts_once = true; }));
  world->ask(by_password("shop", passwords[2], inside()));
  BOOST_REQUIRE((world->ask(by_password("shop", passwords[0], inside())).code() == Code::ok));
  const std::uint64_t hashes = world->hashes();
  BOOST_REQUIRE((world->ask(by_password("shop", passwords[0], inside())).code() == Code::ok));
  BOOST_REQUIRE(world->hashes() == hashes);
  return world;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(warm_and_cold_tests)

BOOST_AUTO_TEST_CASE(C9_C11_a_warm_daemon_tells_what_a_cold_one_tells) {
  std::map<Code, std::size_t> seen;
  for (const std::uint64_t seed : property::seeds(60)) {
    const Transcript warm = Script(seed, World::Memory::warm).run();
    const Transcript cold = Script(seed, World::Memory::cold).run();
    const std::string found = difference(warm, cold);
    BOOST_TEST(found.empty(), found << "\nrepeat with: " << property::how_to_repeat(seed));
    for (const auto& step : warm.steps)
      for (const Told& one : step.told) ++seen[one.code()];
  }
  for (const auto& [code, count] : seen)
    BOOST_TEST_MESSAGE(schema::EnumNameCode(code) << ": " << count);
}

BOOST_AUTO_TEST_CASE(C9_at_every_stop_right_and_wrong_passwords_are_told_alike) {
  for (const Stopped& stop : every_stop) {
    BOOST_TEST_CONTEXT(stop.name) {
      const auto world = warmed();
      stop.arrange(*world);
      const journal::Head head = world->head();
      std::vector<schema::AnswerT> answers;
      for (const std::string& tried : {passwords[0], passwords[2]})
        for (const char* name : {"shop", "nobody"}) {
          const std::uint64_t hashes = world->hashes();
          const Told told = world->ask(by_password(name, tried, stop.call()));
          BOOST_TEST((told.code() == Code::invalid_credentials));
          BOOST_TEST(!told.at_once);
          BOOST_TEST(world->hashes() == hashes + 1);
          answers.push_back(told.answer());
          answers.back().time_ns = 0;
          BOOST_TEST((answers.back() == answers.front()));
        }
      BOOST_TEST((world->head() == head), "an attempt was counted (C5)");
    }
  }
}

BOOST_AUTO_TEST_CASE(C5_C9_a_thousand_guesses_at_a_warm_user_are_five) {
  const auto world = warmed();
  std::vector<Asked> guesses;
  for (int count = 0; count < 1'000; ++count)
    guesses.push_back(by_password(
        "shop", count == 500 ? passwords[0] : "wr0ng-" + std::to_string(count), inside()));
  const journal::Head head = world->head();
  for (const Told& told : world->ask(std::move(guesses)))
    BOOST_TEST((told.code() == Code::invalid_credentials));
  BOOST_TEST(world->head().seq <= head.seq + 5);
}

BOOST_AUTO_TEST_CASE(C9_C10_with_a_full_pool_nobodys_password_is_looked_at) {
  constexpr std::size_t pool_max = 3;
  for (const std::string& tried : {passwords[0], passwords[2]}) {
    const auto world = warmed(pool_max);
    std::vector<Asked> questions;
    for (std::size_t count = 0; count < pool_max; ++count)
      questions.push_back(by_password("nobody-" + std::to_string(count), "wr0ng-guess", inside()));
    questions.push_back(by_password("shop", tried, inside()));
    BOOST_TEST((world->ask(std::move(questions)).back().code() == Code::busy));
  }
}

BOOST_AUTO_TEST_CASE(C9_C11_where_nothing_can_be_recorded_no_stop_is_told) {
  const auto world = warmed();
  world->vitals().degraded = true;
  // Law 3: what was verified is answered.
  BOOST_TEST((world->ask(by_password("shop", passwords[0], inside())).code() == Code::ok));
  for (const Stopped& stop : std::span(every_stop).first(4))
    for (const std::string& tried : {passwords[0], passwords[2]}) {
      const std::uint64_t hashes = world->hashes();
      const Told told = world->ask(by_password("shop", tried, stop.call()));
      BOOST_TEST((told.code() == Code::journal_unavailable));
      BOOST_TEST(told.at_once);
      BOOST_TEST(world->hashes() == hashes);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::simulation
