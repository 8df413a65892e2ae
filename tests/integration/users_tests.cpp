// Users over real sockets: lists over several pages, and what a service is never told.
#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

using schema::Code;

const std::string password = "Corr3ct-horse";
const std::string note = "for the night shift alone";

struct Users : DaemonProcess {
  Users() : asker(make_running()) { run(create_tenant("acme")); }

  client::Client make_running() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    return owner();
  }

  schema::ReceiptT run(schema::CommandMessageT message) {
    auto got = asker.execute(std::move(message));
    if (!got) BOOST_FAIL(got.error().sentence);
    if (got->code != Code::ok) BOOST_FAIL(got->problems.at(0)->sentence);
    return std::move(*got);
  }

  schema::UserPageT list(const schema::ListUsersT& wanted) {
    schema::HistoryRequestT request;
    request.body.Set(schema::ListUsersT(wanted));
    const auto page = asker.history(std::move(request));
    BOOST_REQUIRE(page);
    BOOST_REQUIRE(page->code == Code::ok);
    return *page->body.AsUserPage();
  }

  client::Client asker;
};

template <class Native>
bool carries_note(const Native& native) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Native::TableType::Pack(builder, &native));
  const std::string_view bytes(reinterpret_cast<const char*>(builder.GetBufferPointer()),
                               builder.GetSize());
  return bytes.find(note) != std::string_view::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(users_tests)

BOOST_FIXTURE_TEST_CASE(Q6_a_list_is_complete_over_several_pages, Users) {
  constexpr int made = 2'500;
  schema::CommandMessageT batch;
  for (int number = 0; number < made; ++number) {
    auto one = create_user("acme", "user" + std::to_string(number));
    batch.tenant = "acme";
    batch.commands.push_back(std::move(one.commands.at(0)));
    if (batch.commands.size() == 1'000 || number + 1 == made)
      run(std::exchange(batch, schema::CommandMessageT()));
  }
  for (const auto sort : {schema::UserSort::username, schema::UserSort::created}) {
    schema::ListUsersT wanted;
    wanted.tenant = "acme";
    wanted.sort = sort;
    wanted.descending = sort == schema::UserSort::created;
    wanted.count_max = 400;
    std::set<std::string> names;
    std::size_t pages = 0;
    std::int64_t last_ns = std::numeric_limits<std::int64_t>::max();
    for (bool more = true; more; ++pages) {
      const auto page = list(wanted);
      for (const auto& user : page.users) {
        BOOST_TEST(names.insert(user->username).second);
        if (wanted.descending) BOOST_REQUIRE(user->created_ns <= last_ns);
        last_ns = user->created_ns;
      }
      more = page.more;
      wanted.after = page.next;
    }
    BOOST_TEST(names.size() == static_cast<std::size_t>(made));
    BOOST_TEST(pages == 7U);
  }
}

BOOST_FIXTURE_TEST_CASE(U4_no_answer_to_a_service_carries_a_note, Users) {
  schema::CreateUserT create;
  create.username = "shop";
  create.password = password;
  create.note = note;
  const auto created = run(command_message("acme", "", std::move(create)));
  BOOST_TEST(!carries_note(created));
  const client::KeyPair keys = client::make_key_pair();
  run(add_operator("till", schema::Role::service, keys.public_key, {"acme"}, true));
  auto till = client::Client::make(tcp_options(keys));
  BOOST_REQUIRE(till);
  const auto login = till->ask(authenticate("acme", "shop", password));
  BOOST_REQUIRE(login);
  BOOST_TEST((login->body.AsAuthenticated()->reason == Code::ok));
  BOOST_TEST(!carries_note(*login));
  const auto check = till->ask(check_by_name("acme", "shop", "read", "table/a"));
  BOOST_REQUIRE(check);
  BOOST_TEST(!carries_note(*check));
  schema::GetUserT get;
  get.tenant = "acme";
  get.username = "shop";
  schema::HistoryRequestT request;
  request.body.Set(schema::GetUserT(get));
  const auto refused = till->history(std::move(request));
  BOOST_REQUIRE(refused);
  BOOST_TEST((refused->code == Code::not_permitted));
  BOOST_TEST(!carries_note(*refused));
  // The owner is told, so the note is there to be told.
  schema::HistoryRequestT by_owner;
  by_owner.body.Set(std::move(get));
  const auto told = asker.history(std::move(by_owner));
  BOOST_REQUIRE(told);
  BOOST_TEST(carries_note(*told));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
