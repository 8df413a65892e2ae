// A replica whose operator, scope or journal is another than it was: no answers, saying why.
#include "tests/unit/client/replica_shop.h"

namespace postern::support {

BOOST_FIXTURE_TEST_SUITE(replica_standing_tests, Shop)

BOOST_AUTO_TEST_CASE(O2_a_scope_that_shrinks_ends_what_was_told) {
  ReplicaOptions wanted = options();
  wanted.client = add("vouching", schema::Role::service, {"acme", "umbra"}, true);
  auto followed = replica(wanted);
  BOOST_REQUIRE(followed->wait_for(1, seconds(60)));
  ReplicaReader reader = followed->reader();
  BOOST_TEST((reason_of(reader.check("umbra", "shop", {}, invoices)) == Code::ok));
  const auto receipt = narrow(wanted.client);
  BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(60)));
  BOOST_TEST((reason_of(reader.check("umbra", "shop", {}, invoices)) != Code::ok));
  BOOST_TEST((reason_of(reader.check("acme", "shop", {}, invoices)) == Code::ok));
}

/// H7: a copy of before its scope was narrowed. It must not begin anew with what was taken away.
BOOST_AUTO_TEST_CASE(O2_a_copy_with_the_wider_scope_ends_the_replica) {
  ReplicaOptions wanted = options();
  wanted.client = add("vouching", schema::Role::service, {"acme", "umbra"}, true);
  copy_aside();
  const auto receipt = narrow(wanted.client);
  auto followed = replica(wanted);
  BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(120)));
  put_back();
  // It grows past the seq that the replica has.
  for (int number = 0; number < 5; ++number)
    run(create_user("acme", "other-" + std::to_string(number)));
  BOOST_TEST(becomes([&] { return followed->standing().is_final; }));
  const auto none = followed->reader().check("umbra", "shop", {}, invoices);
  BOOST_REQUIRE(!none);
  BOOST_TEST((none.error().kind == ErrorKind::contradiction));
}

BOOST_AUTO_TEST_CASE(O3_a_removed_operator_s_replica_answers_no_more_and_says_why) {
  ReplicaOptions wanted = options();
  wanted.client = add("vouching", schema::Role::service, {"acme"}, true);
  auto followed = replica(wanted);
  BOOST_REQUIRE(followed->wait_for(1, seconds(60)));
  ReplicaReader reader = followed->reader();
  schema::RemoveOperatorT removed;
  removed.name = "vouching";
  run(command_message("", "", std::move(removed)));
  BOOST_TEST(becomes([&] { return !followed->standing().answers; }));
  const auto none = reader.check("acme", "shop", {}, invoices);
  BOOST_REQUIRE(!none);
  BOOST_TEST((none.error().kind == ErrorKind::not_permitted));
}

/// Also one whose request was on its way, which nobody parked.
BOOST_AUTO_TEST_CASE(O3_who_is_no_operator_any_more_is_told_no_entries_and_told_so) {
  auto leaving = client::Client::make(add("vouching", schema::Role::service, {"acme"}, true));
  BOOST_REQUIRE(leaving);
  schema::GetAccessT entries;
  entries.form = 1;
  schema::HistoryRequestT wanted;
  wanted.body.Set(entries);
  const auto told = leaving->history(wanted);
  BOOST_REQUIRE(told);
  BOOST_TEST((told->code == Code::ok));
  schema::RemoveOperatorT removed;
  removed.name = "vouching";
  run(command_message("", "", std::move(removed)));
  const auto refused = leaving->history(wanted);
  BOOST_REQUIRE(refused);
  BOOST_TEST((refused->code == Code::not_permitted));
  BOOST_TEST((refused->body.type == schema::HistoryPageBody::NONE));
}

/// H7: by hand, which leaves no record.
BOOST_AUTO_TEST_CASE(a_daemon_put_back_from_a_copy_ends_the_replica) {
  copy_aside();
  for (const bool grows : {false, true}) {
    const auto receipt = revoke();
    auto followed = running_replica();
    BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(60)));
    ReplicaReader reader = followed->reader();
    BOOST_TEST((reason_of(reader.check("acme", "shop", {}, invoices)) == Code::no_matching_grant));
    put_back();
    // It grows past the seq that the replica has.
    for (int number = 0; grows && number < 5; ++number)
      run(create_user("acme", "other-" + std::to_string(number)));
    BOOST_TEST(becomes([&] { return followed->standing().is_final; }));
    const auto none = reader.check("acme", "shop", {}, invoices);
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().kind == ErrorKind::contradiction));
    put_back();
  }
}

/// Its connection is refused before anything is said.
BOOST_AUTO_TEST_CASE(O3_a_replica_of_an_operator_that_the_copy_does_not_know_answers_no_more) {
  copy_aside();
  ReplicaOptions wanted = options();
  wanted.client = add("vouching", schema::Role::service, {"acme"}, true);
  auto followed = replica(wanted);
  BOOST_REQUIRE(followed->wait_for(1, seconds(60)));
  put_back();
  BOOST_TEST(becomes([&] { return !followed->standing().answers; }));
  BOOST_REQUIRE(followed->standing().trouble);
  BOOST_TEST((followed->standing().trouble->kind == ErrorKind::not_permitted));
}

BOOST_AUTO_TEST_CASE(H6_a_replica_holds_the_daemon_to_the_checkpoint_it_remembers) {
  copy_aside();
  ReplicaOptions wanted = options();
  const TemporaryFolder folder;
  wanted.client.checkpoint_file = (folder.path() / "remembered").string();
  {
    auto followed = replica(wanted);
    const auto receipt = revoke();
    BOOST_REQUIRE(followed->wait_for(receipt.seq, seconds(60)));
    const auto checkpoint = client::Client::make(wanted.client)->check_history();
    BOOST_REQUIRE(checkpoint);
    BOOST_TEST(checkpoint->size >= receipt.seq);
  }
  put_back();
  // A new one knows of the journal what is in the file.
  auto followed = replica(wanted);
  BOOST_TEST(becomes([&] { return followed->standing().is_final; }));
  BOOST_TEST(!followed->standing().answers);
  BOOST_REQUIRE(followed->standing().trouble);
  BOOST_TEST((followed->standing().trouble->kind == ErrorKind::contradiction));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
