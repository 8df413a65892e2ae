// The past: what was answered while a random story was told is answered again when it has ended, as
// of each moment, from the journal: of one user by its links, of whole tenants from the beginning.
#include <boost/test/unit_test.hpp>
#include <cstring>

#include "daemon/credential/api_key.h"
#include "daemon/platform/waker.h"
#include "daemon/service/auditor.h"
#include "daemon/view/answers.h"
#include "schema/identifiers.h"
#include "tests/property/random_commands.h"
#include "tests/property/seeds.h"
#include "tests/support/memory_journal.h"
#include "tests/support/messages.h"
#include "tests/support/past_index.h"
#include "tests/support/plain_keys.h"
#include "tests/support/world.h"

namespace postern::property {

namespace {

using schema::Code;
using Body = schema::HistoryPageBodyUnion;
using support::Bytes;

constexpr std::size_t messages_per_seed = 150;
constexpr std::size_t questions_per_message = 6;
constexpr std::size_t everyday_seeds = 12;

Bytes packed(schema::HistoryRequestT& request) {
  return support::packed<schema::HistoryRequest>(request, schema::history_request_identifier);
}

/// One question and what was answered when it was asked.
struct Recorded {
  schema::HistoryBodyUnion body;
  view::Moment moment;
  Code code = Code::ok;
  Body answer;
};

/// U11: who is erased since then reads otherwise; the rest must not.
void forget_erasure(Body& page) {
  if (auto* user = page.AsUserView()) user->details->erased = nullptr;
  if (auto* users = page.AsUserPage())
    for (auto& user : users->users) user->erased = false;
}

class WorldClock final : public platform::Clock {
 public:
  explicit WorldClock(const support::World& world) : world_(world) {}
  std::int64_t now_ns() const override { return world_.now_ns(); }
  std::int64_t monotonic_ns() const override { return world_.now_ns(); }

 private:
  const support::World& world_;
};

class Story {
 public:
  explicit Story(std::uint64_t seed) : random(seed) {
    add_asker();
    for (std::uint64_t place = 0; place < 2; ++place)
      world.record({9, place}, {random.tenant(place == 0 ? "acme" : "other", {9, place})});
    for (std::size_t count = 0; count < messages_per_seed; ++count) {
      const schema::CommandMessageT message = random.message(world.state());
      world.run(message, random.asker(world.state(), message));
      for (std::size_t asked = 0; asked < questions_per_message; ++asked) ask_now();
    }
    for (const Bytes& bytes : world.records()) {
      const journal::View view = std::as_bytes(std::span(bytes));
      BOOST_REQUIRE(journal.append(journal.head().seq, {&view, 1}));
    }
    view::View view;
    view.load(world.state().tables());
    auditor_.emplace(
        service::Auditor::Parts{journal, keys_, clock_, mail_, [](const std::string&) {}},
        std::move(view), journal.head(), support::past_index_of(journal));
  }

  schema::HistoryPageT ask_again(const Recorded& recorded) {
    schema::HistoryRequestT request;
    request.body = recorded.body;
    request.at_seq = recorded.moment.seq;
    request.at_time_ns = recorded.moment.time_ns;
    const auto bytes = packed(request);
    auto task = std::make_unique<service::AuditTask>();
    task->asker = asker_id_;
    task->request.resize(bytes.size());
    std::memcpy(task->request.data(), bytes.data(), bytes.size());
    mail_.auditor_tasks.post(std::move(task));
    while (auditor_->turn()) {
    }
    schema::HistoryPageT page;
    mail_.historian_audited.drain([&](std::unique_ptr<service::AuditTask> done) {
      flatbuffers::GetRoot<schema::HistoryPage>(done->page.data())->UnPackTo(&page);
    });
    return page;
  }

  std::vector<Recorded> recorded;
  RandomCommands random;
  support::World world;
  support::MemoryJournal journal;

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

  /// Anybody who was ever there, by the name that it has, or by a name that nobody has.
  std::string username() {
    std::vector<std::string> names{"nobody"};
    world.state().tables().for_each_user(
        [&](const domain::User& user) { names.push_back(user.username); });
    return names[random.below(names.size())];
  }
  std::string role() {
    const domain::Tenant* tenant = world.state().tables().find_tenant("acme");
    if (tenant->roles == nullptr || tenant->roles->by_id.empty()) return "none";
    return tenant->roles->by_id[random.below(tenant->roles->by_id.size())]->name;
  }
  std::unique_ptr<schema::QuestionT> question() {
    const RandomQuestion asked = random.question();
    auto made = std::make_unique<schema::QuestionT>();
    made->action = asked.action;
    made->resource = asked.resource;
    made->this_level_only = asked.this_level_only;
    return made;
  }
  std::unique_ptr<schema::CallT> call() {
    auto made = std::make_unique<schema::CallT>();
    made->tls = !random.one_in(3);
    if (const std::string address = random.address(); domain::parse_address(address))
      made->address = address;
    return made;
  }

  template <class Wanted>
  schema::HistoryBodyUnion about_a_user(Wanted wanted) {
    wanted.tenant = random.one_in(4) ? "other" : "acme";
    wanted.username = username();
    if constexpr (requires { wanted.call; }) wanted.call = call();
    schema::HistoryBodyUnion body;
    body.Set(std::move(wanted));
    return body;
  }
  template <class Wanted>
  schema::HistoryBodyUnion about_a_tenant(Wanted wanted) {
    wanted.tenant = random.one_in(4) ? "other" : "acme";
    schema::HistoryBodyUnion body;
    body.Set(std::move(wanted));
    return body;
  }

  schema::HistoryBodyUnion any_request() {
    switch (random.below(10)) {
      case 0:
        return about_a_user(schema::GetUserT());
      case 1: {
        schema::ExplainT explain;
        explain.question = question();
        return about_a_user(std::move(explain));
      }
      case 2:
        return about_a_user(schema::ListPermissionsT());
      case 3: {
        schema::ListUsersT list;
        list.count_max = 3;
        return about_a_tenant(std::move(list));
      }
      case 4: {
        schema::WhoCanT who;
        who.question = question();
        return about_a_tenant(std::move(who));
      }
      case 5: {
        schema::GetRoleT get;
        get.name = role();
        return about_a_tenant(std::move(get));
      }
      case 6: {
        schema::GetTenantT get;
        get.alias = "acme";
        schema::HistoryBodyUnion body;
        body.Set(std::move(get));
        return body;
      }
      case 7: {
        schema::TestAddressT test;
        test.address = "192.0.2.1";
        return about_a_user(std::move(test));
      }
      default: {
        schema::CheckUserT check;
        for (int count = 0; count < 5; ++count) check.questions.push_back(question());
        return about_a_user(std::move(check));
      }
    }
  }

  void ask_now() {
    Recorded made;
    made.body = any_request();
    made.moment = {world.state().seq(), world.now_ns()};
    schema::HistoryRequestT request;
    request.body = made.body;
    const auto bytes = packed(request);
    view::View view;
    view.load(world.state().tables());
    const view::Sources sources{[this](domain::Seq seq) { return cause_of(seq); },
                                [](const domain::User&) { return schema::PersonalT(); },
                                [](std::string_view) { return std::nullopt; },
                                credential::api_key_beginning, nullptr, 0};
    auto answer =
        view::answer({view, *view.tables().find_operator(asker_id_), made.moment.time_ns, sources},
                     *flatbuffers::GetRoot<schema::HistoryRequest>(bytes.data()));
    if (answer)
      made.answer = std::move(*answer);
    else
      made.code = answer.error().code;
    recorded.push_back(std::move(made));
  }
  schema::CauseT cause_of(domain::Seq seq) const {
    return view::cause_of(*flatbuffers::GetRoot<schema::Record>(world.records()[seq - 1].data()));
  }

  const schema::Uuid asker_id_{7, 7};
  WorldClock clock_{world};
  support::PlainKeys keys_;
  platform::Waker waker_;
  service::Mailboxes mail_{{waker_, waker_, waker_, waker_, waker_}};
  std::optional<service::Auditor> auditor_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(as_of_tests)

BOOST_AUTO_TEST_CASE(H1_the_past_is_answered_as_it_was_answered_then) {
  std::size_t answered = 0;
  std::size_t allowed = 0;
  const auto tried = seeds(everyday_seeds);
  for (const std::uint64_t seed : tried) {
    Story story(seed);
    for (Recorded& then : story.recorded) {
      BOOST_TEST_INFO_SCOPE(how_to_repeat(seed));
      BOOST_TEST_INFO_SCOPE("as of " << then.moment.seq << " of " << story.journal.head().seq
                                     << ", " << schema::EnumNameHistoryBody(then.body.type));
      const auto page = story.ask_again(then);
      BOOST_REQUIRE((page.code == then.code));
      if (page.code != Code::ok) continue;
      BOOST_TEST(page.at_seq == then.moment.seq);
      Body again = page.body;
      view::name_moment(then.answer, then.moment);
      forget_erasure(then.answer);
      forget_erasure(again);
      BOOST_REQUIRE((again == then.answer));
      ++answered;
      if (const auto* checked = again.AsChecked())
        for (const auto& decision : checked->decisions) allowed += decision->allowed;
    }
  }
  if (!cover_everyday(tried, everyday_seeds)) return;
  BOOST_TEST(answered > 1'000u);
  BOOST_TEST(allowed > 10u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::property
