// Every line that operators wait in is shared: a greedy one is told `busy` and when to come again,
// and an honest one finds a place behind nobody's flood.
#include <boost/test/unit_test.hpp>

#include "daemon/credential/signature.h"
#include "daemon/service/historian.h"
#include "schema/identifiers.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

const std::string greedy = "uid:21";
const std::string honest = "uid:22";
constexpr int flood = 2'000;

/// Of those that have an answer.
struct Told {
  int busy = 0;
  int without_time = 0;
  int other = 0;
};

struct Shared : ServiceFixture {
  Shared() {
    create_acme();
    create_user("bob", "s3cret-one");
    allow("bob", "table/a");
    add_operator("greedy", schema::Role::service, 21, true);
    add_operator("honest", schema::Role::service, 22, true);
  }
  static schema::QueryT later(domain::Seq seq) {
    auto query = by_name("acme", "bob", "read", "table/a");
    query.at_least_seq = seq;
    query.wait_ms = 10'000;
    return query;
  }
  /// Asks in a flood, counts what is answered at once.
  template <class Make>
  Told flood_questions(const Make& make) {
    std::vector<std::string> answered;
    for (int index = 0; index < flood; ++index) {
      const std::string asked = ask(make(), greedy);
      if (has_answer(asked)) answered.push_back(asked);
    }
    Told told;
    for (const std::string& asked : answered) {
      const auto got = answer(asked);
      ++(got.code == Code::busy ? told.busy : told.other);
      told.without_time += got.retry_after_ms == 0;
    }
    return told;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shares_tests)

BOOST_AUTO_TEST_CASE(whoever_holds_fewer_places_than_are_free_gets_one) {
  service::FairPlaces places(12);
  const auto taken_by = [&](std::uint64_t who) {
    int taken = 0;
    while (places.take(domain::uuid_v7(1, {who, who}))) ++taken;
    return taken;
  };
  BOOST_TEST(taken_by(1) == 6);
  BOOST_TEST(taken_by(2) == 3);
  BOOST_TEST(taken_by(1) == 0);
  BOOST_TEST(taken_by(3) == 2);
  BOOST_TEST(taken_by(4) == 1);
  BOOST_TEST(taken_by(5) == 0);
  places.give_back(domain::uuid_v7(1, {1, 1}));
  BOOST_TEST(taken_by(5) == 1);
}

BOOST_AUTO_TEST_CASE(who_takes_more_places_at_once_is_held_to_the_same_share) {
  service::FairPlaces places(100);
  const domain::Uuid one = domain::uuid_v7(1, {1, 1});
  BOOST_TEST(!places.take(one, 101));
  BOOST_TEST(places.take(one, 40));
  BOOST_TEST(!places.take(one, 30));
  BOOST_TEST(places.take(one, 10));
  // What takes none is never refused, and gives none back.
  BOOST_TEST(places.take(one, 0));
  places.give_back(one, 0);
  BOOST_TEST(!places.take(one, 1));
  places.give_back(one, 50);
  BOOST_TEST(places.take(one, 50));
  BOOST_TEST(service::places_of(0) == 1);
  BOOST_TEST(service::places_of(service::place_bytes - 1) == 1);
  BOOST_TEST(service::places_of(service::query_limits.bytes_max) == 65);
}

BOOST_FIXTURE_TEST_CASE(Q8_one_operator_cannot_take_all_places_to_wait_for_a_seq, Shared) {
  const domain::Seq next = journal.head().seq + 1;
  const Told told = flood_questions([&] { return later(next); });
  BOOST_TEST(told.busy == flood - 500);
  BOOST_TEST(told.without_time == 0);
  BOOST_TEST(told.other == 0);
  const std::string asked = ask(later(next), honest);
  BOOST_TEST(!has_answer(asked));
  run(message("acme", "bob", schema::LockUserT()));
  BOOST_TEST((answer(asked).code == Code::ok));
  // The places are free again.
  BOOST_TEST(flood_questions([&] { return later(next + 100); }).busy == flood - 500);
}

BOOST_FIXTURE_TEST_CASE(Q8_large_questions_that_wait_are_bounded_by_their_bytes, Shared) {
  const domain::Seq next = journal.head().seq + 1;
  const auto large = [&] {
    auto query = later(next);
    query.body.AsCheck()->questions.front()->resource = "table/" + std::string(900'000, 'r');
    return query;
  };
  Told told;
  for (int index = 0; index < 100; ++index) {
    const std::string asked = ask(large(), greedy);
    if (has_answer(asked)) told.busy += answer(asked).code == Code::busy;
  }
  // 55 places each, of 500 that one alone may have.
  BOOST_TEST(told.busy == 91);
  const std::string asked = ask(later(next), honest);
  BOOST_TEST(!has_answer(asked));
}

BOOST_FIXTURE_TEST_CASE(C10_large_questions_before_the_pool_are_bounded_by_their_bytes, Shared) {
  int busy = 0;
  for (int index = 0; index < 200; ++index) {
    auto query = by_name("acme", "", "read", "table/" + std::string(450'000, 'r'), 2);
    schema::PasswordCredentialT credential;
    credential.username = "nobody" + std::to_string(index);
    credential.password = "s3cret-wrong";
    query.body.AsCheck()->credential.Set(std::move(credential));
    busy += has_answer(ask(std::move(query), greedy));
  }
  // 54 places each, of 8,192 and what the last one rounds up to.
  BOOST_TEST(busy == 200 - 152);
  const std::string asked = ask(by_password("acme", "bob", "s3cret-one"), honest);
  BOOST_TEST(!has_answer(asked));
  BOOST_TEST((answer(asked).code == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(Q2_one_operator_cannot_take_all_long_checks, Shared) {
  const std::string resource = "table/" + std::string(400, 'r');
  const auto many = [&] { return by_name("acme", "bob", "read", resource, 300); };
  const Told told = flood_questions(many);
  // Half of 8,192 places, of which each takes nine.
  BOOST_TEST(told.busy == flood - 455);
  BOOST_TEST(told.without_time == 0);
  const auto got = answer(ask(many(), honest));
  BOOST_TEST((got.code == Code::ok));
  // More turns than the greedy one's slices.
  for (int turn = 0; turn < 2'000; ++turn) reader->turn();
  BOOST_TEST((answer(ask(many(), greedy)).code == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(C10_one_operator_cannot_fill_the_line_of_a_name, Shared) {
  const Told told = flood_questions([] { return by_password("acme", "nobody", "s3cret-wrong"); });
  // One is being checked, half the line waits.
  BOOST_TEST(told.busy == flood - 1'025);
  BOOST_TEST(told.without_time == 0);
  const std::string asked = ask(by_password("acme", "nobody", "s3cret-other"), honest);
  BOOST_TEST(!has_answer(asked));
  BOOST_TEST((answer(asked).body.AsAuthenticated()->reason == Code::invalid_credentials));
}

BOOST_FIXTURE_TEST_CASE(K5_one_operator_cannot_take_all_places_behind_a_password, Shared) {
  add_operator("greedy-admin", schema::Role::administrator, 31);
  add_operator("honest-admin", schema::Role::administrator, 32);
  const auto access = [](bool allowed) {
    schema::SetApiAccessT body;
    body.allowed = allowed;
    return message("acme", "bob", std::move(body));
  };
  schema::ResetPasswordT reset;
  reset.password = "s3cret-two";
  const std::string first = send(message("acme", "bob", std::move(reset)), "uid:31");
  std::vector<std::string> sent;
  for (int index = 0; index < flood / 2 - 100; ++index)
    sent.push_back(send(access(index % 2 == 0), "uid:31"));
  const std::string of_honest = send(access(false), "uid:32");
  turn_until([&] { return has_receipt(of_honest) && has_receipt(sent.back()); });
  Told told;
  for (const std::string& number : sent) {
    const auto got = receipt(number);
    ++(got.code == Code::busy ? told.busy : told.other);
    told.without_time += got.code == Code::busy && got.retry_after_ms == 0;
  }
  BOOST_TEST(told.busy == flood / 2 - 100 - 512);
  BOOST_TEST(told.without_time == 0);
  BOOST_TEST((receipt(of_honest).code != Code::busy));
  BOOST_TEST((receipt(first).code == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(K5_large_batches_behind_a_password_are_bounded_by_their_bytes, Shared) {
  schema::ResetPasswordT reset;
  reset.password = "s3cret-two";
  const std::string first = send(message("acme", "bob", std::move(reset)));
  std::vector<std::string> sent;
  // As many as are decided as they come.
  for (int index = 0; index < 14; ++index) {
    schema::SetProfileT body;
    body.note = std::string(450'000, 'n');
    auto made = message("acme", "bob", body);
    auto other = message("acme", "bob", std::move(body));
    made.commands.push_back(std::move(other.commands.front()));
    sent.push_back(send(std::move(made)));
  }
  turn_until([&] {
    return has_receipt(first) && std::ranges::all_of(sent, [&](const std::string& number) {
             return has_receipt(number);
           });
  });
  const auto busy = std::ranges::count_if(
      sent, [&](const std::string& number) { return receipt(number).code == Code::busy; });
  // 55 places each, of 512 and what the last one rounds up to.
  BOOST_TEST(busy == 14 - 9);
}

BOOST_FIXTURE_TEST_CASE(K5_nobody_who_waits_is_turned_away_by_others_who_wait, Shared) {
  for (int who = 0; who < 8; ++who)
    add_operator("admin" + std::to_string(who), schema::Role::administrator,
                 static_cast<std::uint32_t>(50 + who));
  schema::ResetPasswordT reset;
  reset.password = "s3cret-two";
  const std::string first = send(message("acme", "bob", schema::ResetPasswordT(reset)));
  // A second password command, so that all go on waiting behind it when the first is done.
  const std::string second = send(message("acme", "bob", std::move(reset)));
  std::vector<std::string> waiting;
  for (int who = 0; who < 8; ++who)
    for (int index = 0; index < 1'024 >> (who + 1); ++index)
      waiting.push_back(
          send(message("acme", "bob", schema::LockUserT()), "uid:" + std::to_string(50 + who)));
  turn_until([&] {
    return has_receipt(second) && std::ranges::all_of(waiting, [&](const std::string& number) {
             return has_receipt(number);
           });
  });
  const auto busy = std::ranges::count_if(
      waiting, [&](const std::string& number) { return receipt(number).code == Code::busy; });
  BOOST_TEST(busy == 0);
}

BOOST_FIXTURE_TEST_CASE(K5_a_group_of_large_receipts_is_full_before_it_has_a_thousand, Shared) {
  // Each command of no kind is a problem of the receipt.
  schema::CommandMessageT nothing;
  for (int index = 0; index < 1'000; ++index)
    nothing.commands.push_back(std::make_unique<schema::CommandT>());
  std::vector<std::string> sent;
  for (int count = 0; count < 1'000; ++count) {
    nothing.id = std::make_unique<schema::Uuid>(fresh_id());
    sent.push_back(send(schema::CommandMessageT(nothing)));
  }
  commit();
  BOOST_TEST(!has_receipt(sent[250]));
  turn_until([&] { return has_receipt(sent.back()); });
  BOOST_TEST(receipt(sent.back()).problems.size() >= 1'000);
  BOOST_TEST(!writer->is_full());
}

namespace {

/// A historian whose auditor never comes.
struct SharedHistory : Shared {
  SharedHistory() {
    add_operator("greedy-auditor", schema::Role::auditor, 41);
    add_operator("honest-auditor", schema::Role::auditor, 42);
    auto opened = journal::CheckpointKeeper::open(
        {folder.path() / "checkpoint",
         {"postern/one", credential::signing_public_key(seed)},
         [this](journal::View text) { return credential::sign(seed, text); },
         journal,
         clock});
    BOOST_REQUIRE(opened);
    checkpoints = std::move(*opened);
    view::View view;
    view.load(writer->state().tables());
    historian = std::make_unique<service::Historian>(
        service::Historian::Parts{journal, *checkpoints, present, vitals, mail(),
                                  [](const service::Diagnostic&) {}, nullptr, nullptr,
                                  [this](const platform::Peer&, std::size_t bytes, std::size_t) {
                                    return bytes <= room;
                                  }},
        service::Historian::Settings{},
        [this](const platform::Peer& peer, std::span<const std::uint8_t> page) {
          const auto* got = flatbuffers::GetRoot<schema::HistoryPage>(page.data());
          Told& to = told[peer.routing_id];
          ++(got->code() == Code::busy ? to.busy : to.other);
          to.without_time += got->code() == Code::busy && got->retry_after_ms() == 0;
        },
        std::move(view), journal.head(), 0);
  }
  template <class Body>
  void request(const std::string& identity, Body body) {
    schema::HistoryRequestT made;
    made.body.Set(std::move(body));
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateHistoryRequest(builder, &made),
                   schema::history_request_identifier);
    std::vector<std::byte> bytes(builder.GetSize());
    std::memcpy(bytes.data(), builder.GetBufferPointer(), bytes.size());
    historian->take({platform::Peer{identity, 0, false}, identity, bytes});
  }

  TemporaryFolder folder;
  credential::Key seed{std::byte{7}};
  std::unique_ptr<journal::CheckpointKeeper> checkpoints;
  std::unique_ptr<service::Historian> historian;
  std::map<std::string, Told> told;
  /// For an answer.
  std::size_t room = 1U << 30U;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(Q7_one_operator_cannot_take_all_places_to_follow, SharedHistory) {
  schema::GetRecordsT beyond;
  beyond.from_seq = journal.head().seq + 1;
  beyond.wait_ms = 10'000;
  for (int index = 0; index < flood; ++index) request("uid:41", beyond);
  BOOST_TEST(told["uid:41"].busy == flood - 500);
  BOOST_TEST(told["uid:41"].without_time == 0);
  request("uid:42", beyond);
  BOOST_TEST(told["uid:42"].busy == 0);
  historian->turn();
  // Nobody who waited is turned away by others who wait.
  BOOST_TEST(told["uid:41"].busy == flood - 500);
  BOOST_TEST(told["uid:42"].busy + told["uid:42"].other == 0);
  clock.advance_ms(10'001);
  historian->turn();
  BOOST_TEST(told["uid:41"].other == 500);
  BOOST_TEST(told["uid:42"].other == 1);
  request("uid:41", beyond);
  BOOST_TEST(told["uid:41"].busy == flood - 500);
}

BOOST_FIXTURE_TEST_CASE(Q7_a_request_whose_answer_finds_no_room_is_told_busy_once, SharedHistory) {
  room = 1'024;
  for (int index = 0; index < 100; ++index) request("uid:41", schema::GetRecordsT());
  request("uid:41", schema::GetCheckpointT());
  request("uid:41", schema::GetDigestT());
  BOOST_TEST(told["uid:41"].busy == 102);
  BOOST_TEST(told["uid:41"].without_time == 0);
  BOOST_TEST(told["uid:41"].other == 0);
  // One that waited finds none either, and is told so, once.
  room = 1U << 30U;
  schema::GetRecordsT beyond;
  beyond.from_seq = journal.head().seq + 1;
  beyond.wait_ms = 10'000;
  request("uid:42", beyond);
  room = 1'024;
  clock.advance_ms(10'001);
  historian->turn();
  BOOST_TEST(told["uid:42"].busy == 1);
  BOOST_TEST(told["uid:42"].other == 0);
  room = 1U << 30U;
  request("uid:41", schema::GetRecordsT());
  BOOST_TEST(told["uid:41"].other == 1);
}

BOOST_FIXTURE_TEST_CASE(Q5_one_operator_cannot_take_the_auditors_whole_line, SharedHistory) {
  for (int index = 0; index < flood; ++index) request("uid:41", schema::GetDigestT());
  BOOST_TEST(told["uid:41"].busy == flood - 32);
  BOOST_TEST(told["uid:41"].without_time == 0);
  request("uid:42", schema::GetDigestT());
  BOOST_TEST(told["uid:42"].busy == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
