// Receipts that leave before other threads have taken in what they say.
#include <boost/test/unit_test.hpp>

#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

using Bytes = WholeService::Bytes;

/// The receipt of acme's user "shop"; reader and historian have not turned since.
Bytes create_shop(WholeService& service) {
  schema::CreateTenantT tenant;
  tenant.alias = "acme";
  service.run("", "", std::move(tenant));
  schema::CommandMessageT message;
  message.tenant = "acme";
  schema::CreateUserT body;
  body.username = "shop";
  message.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(body));
  service.hand_over(std::move(message), "uid:1");
  service.services().writer().commit();
  return service.take_answer();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(told_tests)

BOOST_AUTO_TEST_CASE(Q7_whoever_has_a_receipt_finds_its_user_in_the_history) {
  WholeService service;
  const Bytes receipt = create_shop(service);
  BOOST_REQUIRE(!receipt.empty());
  BOOST_TEST((flatbuffers::GetRoot<schema::Receipt>(receipt.data())->code() == schema::Code::ok));
  schema::GetRecordsT wanted;
  wanted.tenant = "acme";
  wanted.user = "shop";
  schema::HistoryRequestT request;
  request.body.Set(std::move(wanted));
  const Bytes page_bytes = service.request(std::move(request), "uid:1");
  schema::HistoryPageT page;
  flatbuffers::GetRoot<schema::HistoryPage>(page_bytes.data())->UnPackTo(&page);
  BOOST_TEST((page.code == schema::Code::ok));
  BOOST_REQUIRE(page.body.AsRecordPage() != nullptr);
  BOOST_TEST(page.body.AsRecordPage()->records.size() == 1u);
}

/// What changes who may connect is acknowledged once the reader shows it.
BOOST_AUTO_TEST_CASE(O3_whose_removal_is_acknowledged_is_no_operator_to_the_history_either) {
  WholeService service;
  service.add_operator("leaving", schema::Role::service, 7);
  schema::CommandMessageT message;
  schema::RemoveOperatorT body;
  body.name = "leaving";
  message.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(body));
  service.hand_over(std::move(message), "uid:1");
  service.services().writer().commit();
  BOOST_TEST(service.take_answer().empty());
  service.services().reader().turn();
  service.services().writer().turn();
  BOOST_REQUIRE(!service.take_answer().empty());
  // The historian has not turned since.
  schema::GetAccessT entries;
  entries.form = 1;
  schema::HistoryRequestT request;
  request.body.Set(entries);
  const Bytes page_bytes = service.request(std::move(request), "uid:7");
  BOOST_TEST((flatbuffers::GetRoot<schema::HistoryPage>(page_bytes.data())->code() ==
              schema::Code::not_permitted));
  BOOST_TEST(service.vitals.strangers == 1);
}

/// Publications that are held back: what a replica is told then would be an old yes.
BOOST_AUTO_TEST_CASE(Q8_a_replica_is_told_nothing_that_is_older_than_a_receipt) {
  WholeService service;
  const Bytes receipt = create_shop(service);
  BOOST_REQUIRE(!receipt.empty());
  schema::GetAccessT entries;
  entries.form = 1;
  schema::HistoryRequestT request;
  request.body.Set(entries);
  service.hand_over(std::move(request), "uid:1");
  service.services().historian().turn();
  BOOST_TEST(service.take_answer().empty());
  service.clock.advance_ms(2'000);
  service.services().historian().turn();
  const Bytes page_bytes = service.take_answer();
  BOOST_REQUIRE(!page_bytes.empty());
  BOOST_TEST(
      (flatbuffers::GetRoot<schema::HistoryPage>(page_bytes.data())->code() == schema::Code::busy));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
