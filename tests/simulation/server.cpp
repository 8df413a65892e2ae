#include "tests/simulation/server.h"

#include <cstring>
#include <limits>

#include "daemon/domain/fold.h"

namespace postern::simulation {

namespace {

constexpr credential::PasswordCost least_cost{8, 1};

Expected<> confirm_keys(const domain::State& state, SimulatedKeys& keys) {
  Expected<> confirmed;
  state.tables().for_each_user([&](const domain::User& user) {
    const credential::KeySlot slot{user.key.file, user.key.slot};
    credential::Commitment commitment;
    std::memcpy(commitment.data(), user.key.commitment.data(), commitment.size());
    if (!confirmed) return;
    if (!domain::is_erased(user)) {
      confirmed = keys.confirm_used(slot, commitment);
    } else if (const auto is_there = keys.confirm_erased(slot, commitment); !is_there) {
      confirmed = std::unexpected(is_there.error());
    } else if (*is_there) {
      confirmed = keys.erase({&slot, 1});
    }
  });
  return confirmed;
}

}  // namespace

std::unique_ptr<Server> Server::start(const Outside& outside, std::vector<std::string>& findings) {
  std::unique_ptr<Server> server(new Server(outside.clock, outside.broken.receipts_run_ahead));
  domain::State state;
  domain::CommandIds ids({});
  domain::RecordGate gate;
  auto opened = outside.disk.open([&](std::uint64_t seq, journal::View bytes) -> Expected<> {
    domain::Changes changes;
    const auto record = domain::fold(state, gate, bytes, changes);
    if (!record)
      return std::unexpected(Failure{FailureKind::damaged, record.error().sentence, "none"});
    // As data_folder.cpp does.
    if ((*record)->role() != schema::Role::daemon && !outside.broken.ids_are_forgotten)
      ids.remember(*(*record)->operator_id(), *(*record)->command_id(), seq);
    ids.forget_before(outside.clock.now_ns() / 1'000'000);
    return {};
  });
  outside.keys.reopen();
  if (opened)
    if (auto confirmed = confirm_keys(state, outside.keys); !confirmed)
      opened = std::unexpected(confirmed.error());
  if (!opened) {
    findings.push_back("H6: the journal cannot be opened again: " + opened.error().sentence);
    return nullptr;
  }
  server->journal = std::move(*opened);
  // As clock_note.cpp does.
  server->present.passed(state.time_ns());
  server->present.confirm_until(outside.confirmed_until_ns);
  if (outside.confirms_clock && server->present.standing().is_suspect())
    server->present.confirm_until(state.time_ns());
  outside.confirmed_until_ns = server->present.confirmed_until_ns();
  server->pool_ = std::make_unique<credential::HashPool>(outside.pool);
  server->desk_ = std::make_unique<service::PasswordDesk>(
      *server->pool_, outside.keys, outside.entropy, server->waker_, least_cost,
      service::PasswordDesk::Limits{});
  view::View view;
  view.load(state.tables());
  server->onlooker.load(state.tables());
  server->reader = std::make_unique<service::Reader>(
      service::Reader::Parts{*server->desk_, server->present, server->vitals, server->mail_,
                             outside.keys, outside.entropy},
      outside.reader,
      service::Reader::Outlets{outside.answer, [] { return std::vector<std::string>(); },
                               [] { return std::vector<std::pair<std::string, std::uint64_t>>(); },
                               [](const service::Diagnostic&) {}},
      std::move(view), server->journal->head(), state.time_ns());
  service::Writer::Settings settings;
  settings.cost = least_cost;
  server->writer = std::make_unique<service::Writer>(
      service::Writer::Parts{*server->journal, outside.keys, *server->pool_, server->present,
                             outside.entropy, server->waker_, server->vitals, server->mail_,
                             [held = &server->appends_](std::move_only_function<void()> append) {
                               held->push_back(std::move(append));
                             }},
      settings,
      service::Writer::Outlets{outside.receipt, [](const std::set<std::string>&) {},
                               outside.disk_free, [](bool) {}, [](const service::Diagnostic&) {}},
      std::move(state), std::move(ids));
  server->turn_reader();
  server->writer->turn();
  return server;
}

void Server::turn_reader() {
  reader->turn();
  if (receipts_run_ahead_) mail_.show(std::numeric_limits<std::uint64_t>::max());
}

void Server::run_append() {
  auto append = std::move(appends_.front());
  appends_.erase(appends_.begin());
  append();
}

void Server::return_published(const std::function<void(const service::Published&)>& seen) {
  mail_.historian_published.drain([&](std::unique_ptr<service::Published> published) {
    onlooker.take(published->changes);
    seen(*published);
    mail_.writer_returned.post(std::move(published));
  });
}

bool Server::is_idle() const {
  return appends_.empty() && pool_->waiting() == 0 && desk_->waiting() == 0;
}

}  // namespace postern::simulation
