// The auditor over what a fixture's journal holds when it is made; asked as the owner.
#pragma once

#include <boost/test/unit_test.hpp>

#include "daemon/domain/fold.h"
#include "daemon/service/auditor.h"
#include "schema/identifiers.h"
#include "tests/support/past_index.h"
#include "tests/unit/service/service_fixture.h"

namespace postern::support {

/// Of which each look takes a second.
class SlowClock final : public platform::Clock {
 public:
  explicit SlowClock(const platform::Clock& clock) : clock_(clock) {}
  std::int64_t now_ns() const override { return clock_.now_ns(); }
  std::int64_t monotonic_ns() const override { return at_ns_ += 1'000'000'000; }

 private:
  const platform::Clock& clock_;
  mutable std::int64_t at_ns_ = 0;
};

class Audit {
 public:
  explicit Audit(ServiceFixture& fixture, const service::AuditorLimits& limits = {})
      : Audit(fixture, fixture.present, limits) {}
  Audit(ServiceFixture& fixture, const platform::Clock& clock,
        const service::AuditorLimits& limits = {})
      : auditor_({fixture.journal, fixture.keys(), clock, mail_,
                  [](const service::Diagnostic& told) { BOOST_FAIL(told.sentence()); }},
                 load(fixture), fixture.journal.head(), past_index_of(fixture.journal), limits) {}

  template <class Body>
  schema::HistoryPageT ask(Body body, std::string_view asker = "owner") {
    schema::HistoryRequestT request;
    request.body.Set(std::move(body));
    return ask_as(std::move(request), asker);
  }
  schema::HistoryPageT ask_as(const schema::HistoryRequestT& request, std::string_view asker) {
    post(request, asker);
    while (turn()) {
    }
    auto pages = answers();
    BOOST_REQUIRE(pages.size() == 1u);
    return std::move(pages.front());
  }

  // ---- the same, piece by piece

  void post(const schema::HistoryRequestT& request, std::string_view asker) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateHistoryRequest(builder, &request),
                   schema::history_request_identifier);
    auto task = std::make_unique<service::AuditTask>();
    task->asker = state_.tables().find_operator(asker)->id;
    const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    task->request.assign(bytes.begin(), bytes.end());
    mail_.auditor_tasks.post(std::move(task));
  }
  bool turn() { return auditor_.turn(); }
  void stop() { auditor_.stop(); }
  /// In the order that they came.
  std::vector<schema::HistoryPageT> answers() {
    std::vector<schema::HistoryPageT> pages;
    mail_.historian_audited.drain([&](std::unique_ptr<service::AuditTask> done) {
      flatbuffers::GetRoot<schema::HistoryPage>(done->page.data())->UnPackTo(&pages.emplace_back());
      page_bytes = done->page.size();
    });
    return pages;
  }

  schema::UserPageT list(schema::ListUsersT wanted) {
    wanted.tenant = "acme";
    auto page = ask(std::move(wanted));
    BOOST_REQUIRE(page.code == Code::ok);
    return std::move(*page.body.AsUserPage());
  }

  /// Page after page, as a client reads on.
  std::vector<schema::UserSummaryT> list_all(schema::ListUsersT wanted) {
    std::vector<schema::UserSummaryT> users;
    for (bool more = true; more;) {
      const auto page = list(schema::ListUsersT(wanted));
      BOOST_REQUIRE(page.users.size() <= wanted.count_max);
      for (const auto& user : page.users) users.push_back(*user);
      more = page.more;
      BOOST_REQUIRE(more == !page.next.empty());
      wanted.after = page.next;
    }
    return users;
  }

  /// Of the last answer.
  std::size_t page_bytes = 0;

 private:
  view::View load(ServiceFixture& fixture) {
    domain::RecordGate gate;
    const auto cursor = fixture.journal.read_from(1);
    while (true) {
      const auto next = cursor->next();
      BOOST_REQUIRE(next);
      if (next->empty()) break;
      domain::Changes changes;
      BOOST_REQUIRE(domain::fold(state_, gate, *next, changes));
    }
    view::View view;
    view.load(state_.tables());
    return view;
  }

  domain::State state_;
  platform::Waker waker_;
  service::Mailboxes mail_{{waker_, waker_, waker_, waker_, waker_}};
  service::Auditor auditor_;
};

}  // namespace postern::support
