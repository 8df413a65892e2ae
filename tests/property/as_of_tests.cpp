// The past: what was answered while a random story was told is answered again when it has ended, as
// of each moment, from the journal: of one user by its links, of whole tenants from the beginning;
// and so by a daemon that began from a snapshot, and by the audit tool, of a folder, of all records
// in a bundle, and of one tenant's in an extract.
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/credential/api_key.h"
#include "daemon/credential/signature.h"
#include "daemon/data/snapshot.h"
#include "daemon/journal/checkpoint.h"
#include "daemon/journal/opening.h"
#include "daemon/journal/proof.h"
#include "daemon/platform/data_format.h"
#include "daemon/platform/waker.h"
#include "daemon/service/auditor.h"
#include "daemon/view/answers.h"
#include "replay/past.h"
#include "schema/identifiers.h"
#include "tests/property/random_commands.h"
#include "tests/property/seeds.h"
#include "tests/support/memory_journal.h"
#include "tests/support/messages.h"
#include "tests/support/past_index.h"
#include "tests/support/plain_keys.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/world.h"

namespace postern::property {

namespace {

using schema::Code;
using Body = schema::HistoryPageBodyUnion;
using support::Bytes;

constexpr std::size_t messages_per_seed = 150;
constexpr std::size_t questions_per_message = 6;
constexpr std::size_t everyday_seeds = 12;
/// Where each question costs a reading of the journal: of so many, one.
constexpr std::size_t sampled = 12;
constexpr credential::Key signing_key{std::byte{3}};

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
    begin(std::move(view), support::past_index_of(journal));
  }

  /// From now on answers a daemon that was stopped at the record and read the rest when it began.
  void restart_from_snapshot_at(domain::Seq seq) {
    domain::State before;
    domain::PastIndex past;
    fold_on(before, past, seq);
    const support::TemporaryFolder folder;
    const auto root = journal::root_at(journal, seq);
    BOOST_REQUIRE(root);
    const data::SnapshotHead head{data::folding_program(),
                                  {},
                                  {seq, *root},
                                  journal::blocks_before(journal, seq),
                                  before.place(),
                                  1,
                                  0,
                                  past.notes()};
    const auto no_ids = [](const data::SnapshotContents::ShowId&) { return Expected<>(); };
    BOOST_REQUIRE(data::write_snapshot({folder.path(), signing_key, [] { return Expected<>(); }},
                                       {head, domain::entries_of(before.tables()), no_ids}));
    auto read =
        data::read_snapshot(data::snapshots_in(folder.path()).at(0), data::folding_program(),
                            credential::signing_public_key(signing_key));
    BOOST_REQUIRE(read);
    restarted_ = std::move(read->state);
    domain::PastIndex index;
    index.take(std::move(read->head.past));
    fold_on(restarted_, index, journal.head().seq);
    view::View view;
    view.load(restarted_.tables());
    begin(std::move(view), std::move(index));
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
  void begin(view::View view, domain::PastIndex index) {
    auditor_.emplace(
        service::Auditor::Parts{journal, keys_, clock_, mail_, [](const service::Diagnostic&) {}},
        std::move(view), journal.head(), std::move(index));
  }
  /// As an opening does.
  void fold_on(domain::State& state, domain::PastIndex& index, domain::Seq until) const {
    domain::RecordGate gate;
    const auto cursor = journal.read_from(state.seq() + 1);
    while (state.seq() < until) {
      domain::Changes changes;
      const auto bytes = cursor->next();
      BOOST_REQUIRE(bytes);
      const auto record = domain::fold(state, gate, *bytes, changes);
      BOOST_REQUIRE(record);
      domain::PastNotes notes;
      domain::note(**record, changes, notes);
      index.take(std::move(notes));
    }
  }

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
        list.portal = random.one_in(2);
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
                                credential::api_key_beginning,
                                nullptr,
                                0};
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
  domain::State restarted_;
  std::optional<service::Auditor> auditor_;
};

/// The story's journal on disk, and what the audit tool exports of it.
class Offline {
 public:
  explicit Offline(const journal::Journal& journal) {
    const auto folder = place("data");
    BOOST_REQUIRE(std::filesystem::create_directory(folder));
    BOOST_REQUIRE(journal::create_journal({folder / "journal"}));
    BOOST_REQUIRE(platform::FolderLock::take(folder));
    auto opened =
        journal::open_journal({folder / "journal"}, [](auto, auto) { return Expected<>{}; });
    BOOST_REQUIRE(opened);
    const auto cursor = journal.read_from(1);
    for (std::uint64_t seq = 0; seq < journal.head().seq; ++seq) {
      const auto record = cursor->next();
      BOOST_REQUIRE(record);
      BOOST_REQUIRE((*opened)->append(seq, {&*record, 1}));
    }
    BOOST_REQUIRE((*opened)->close());
    BOOST_REQUIRE(platform::mark_data_folder(folder));
    const journal::Verifier signer{"postern/of-a-story",
                                   credential::signing_public_key(signing_key)};
    std::ofstream(folder / "checkpoint")
        << journal::make_note({signer.name, journal.head(), 1}, signer, [](journal::View text) {
             return credential::sign(signing_key, text);
           });
    const auto exported = [&](const char* name, std::vector<std::string> options) {
      options.insert(options.begin(), {"--data", folder, "export", place(name), "--public-key",
                                       journal::verifier_text(signer)});
      BOOST_REQUIRE_MESSAGE(replay::run(options, {told_, told_}) == 0, told_.str());
    };
    exported("whole", {});
    exported("part", {"--tenant", "acme"});
  }

  replay::DataFolder folder() const { return *replay::DataFolder::open(place("data")); }
  replay::DataFolder bundle(const char* name) const {
    return replay::DataFolder::open_bundle(place(name));
  }

  /// As the tool answers; absent: it does not go back so far.
  view::Answer<Body> ask(const replay::DataFolder& folder, const Recorded& recorded) const {
    const replay::Streams streams{told_, told_};
    const replay::Audit audit{folder, text::Format::json, streams};
    const auto past =
        replay::Past::read(audit, {recorded.moment.seq, recorded.moment.time_ns}, {{}, {}, true});
    BOOST_REQUIRE_MESSAGE(past, past.error().sentence);
    schema::HistoryRequestT request;
    request.body = recorded.body;
    const auto bytes = packed(request);
    return view::answer((*past)->inquiry(),
                        *flatbuffers::GetRoot<schema::HistoryRequest>(bytes.data()));
  }

 private:
  std::filesystem::path place(const char* name) const { return temporary_.path() / name; }

  support::TemporaryFolder temporary_;
  mutable std::ostringstream told_;
};

bool is_of_acme(const Recorded& recorded) {
  schema::HistoryRequestT request;
  request.body = recorded.body;
  const auto bytes = packed(request);
  const auto* asked = flatbuffers::GetRoot<schema::HistoryRequest>(bytes.data());
  return service::named_in(*asked).tenant == "acme";
}

/// Before any page names its moment.
void compare(const Recorded& then, const view::Answer<Body>& again) {
  BOOST_REQUIRE((again ? Code::ok : again.error().code) == then.code);
  if (!again) return;
  Body told = *again;
  Body was = then.answer;
  forget_erasure(told);
  forget_erasure(was);
  BOOST_REQUIRE((told == was));
}

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

BOOST_AUTO_TEST_CASE(H1_the_past_is_the_same_after_a_start_from_a_snapshot) {
  std::size_t answered = 0;
  const auto tried = seeds(everyday_seeds / 3);
  for (const std::uint64_t seed : tried) {
    Story story(seed);
    story.restart_from_snapshot_at(1 + story.random.below(story.journal.head().seq));
    for (std::size_t place = 0; place < story.recorded.size(); place += 3) {
      const Recorded& then = story.recorded[place];
      BOOST_TEST_INFO_SCOPE(how_to_repeat(seed));
      BOOST_TEST_INFO_SCOPE("as of " << then.moment.seq << ", "
                                     << schema::EnumNameHistoryBody(then.body.type));
      const auto page = story.ask_again(then);
      BOOST_REQUIRE((page.code == then.code));
      if (page.code != Code::ok) continue;
      Body was = then.answer;
      Body again = page.body;
      view::name_moment(was, then.moment);
      forget_erasure(was);
      forget_erasure(again);
      BOOST_REQUIRE((again == was));
      ++answered;
    }
  }
  if (cover_everyday(tried, everyday_seeds / 3)) BOOST_TEST(answered > 300u);
}

BOOST_AUTO_TEST_CASE(H1_folder_bundle_and_extract_answer_as_the_daemon_answered) {
  std::size_t answered = 0;
  std::size_t of_the_part = 0;
  const auto tried = seeds(everyday_seeds / 3);
  for (const std::uint64_t seed : tried) {
    Story story(seed);
    const Offline offline(story.journal);
    const auto folder = offline.folder();
    const auto whole = offline.bundle("whole");
    const auto part = offline.bundle("part");
    for (std::size_t place = story.random.below(sampled); place < story.recorded.size();
         place += sampled) {
      const Recorded& then = story.recorded[place];
      BOOST_TEST_INFO_SCOPE(how_to_repeat(seed));
      BOOST_TEST_INFO_SCOPE("as of " << then.moment.seq << ", "
                                     << schema::EnumNameHistoryBody(then.body.type));
      compare(then, offline.ask(folder, then));
      compare(then, offline.ask(whole, then));
      answered += then.code == Code::ok;
      if (!is_of_acme(then)) continue;
      compare(then, offline.ask(part, then));
      of_the_part += then.code == Code::ok;
    }
  }
  if (!cover_everyday(tried, everyday_seeds / 3)) return;
  BOOST_TEST(answered > 100u);
  BOOST_TEST(of_the_part > 50u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::property
