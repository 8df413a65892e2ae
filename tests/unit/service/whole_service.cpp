#include "tests/unit/service/whole_service.h"

#include <poll.h>

#include <boost/test/unit_test.hpp>
#include <chrono>

#include "daemon/credential/signature.h"
#include "daemon/domain/fold.h"
#include "schema/identifiers.h"
#include "tests/support/past_index.h"

namespace postern::support {

namespace {

constexpr credential::PasswordCost least_cost{8, 1};
const platform::Peer peer{"peer", 0, false};

template <class Root, class Native>
std::vector<std::byte> packed(const Native& native, const char* identifier) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Root::Pack(builder, &native), identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

/// The first owner, from the daemon.
std::vector<std::byte> first_record(std::int64_t now_ns, const schema::Uuid& id) {
  schema::RecordT record;
  record.seq = 1;
  record.time_ns = now_ns;
  record.operator_id = std::make_unique<schema::Uuid>(domain::daemon_operator);
  record.role = schema::Role::daemon;
  record.command_id = std::make_unique<schema::Uuid>(id);
  schema::OperatorAddedT added;
  added.operator_id = std::make_unique<schema::Uuid>(id);
  added.name = "root";
  added.role = schema::Role::owner;
  added.standing = std::make_unique<schema::OperatorStandingT>();
  added.standing->uid = 1;
  added.standing->all_tenants = true;
  record.events.emplace_back(std::make_unique<schema::EventT>())->body.Set(std::move(added));
  return packed<schema::Record>(record, schema::record_identifier);
}

}  // namespace

WholeService::WholeService(service::AuditorLimits limits) : limits_(limits) {
  const auto bytes = first_record(clock.now_ns(), fresh_id());
  const journal::View record(bytes);
  BOOST_REQUIRE(journal.append(0, {&record, 1}));
  domain::State state;
  domain::RecordGate gate;
  domain::Changes changes;
  BOOST_REQUIRE(domain::fold(state, gate, bytes, changes));
  open_checkpoints();
  make_services(std::move(state));
  turn();
}

void WholeService::open_checkpoints() {
  const credential::Key& signing = keys_.own_key(credential::OwnKey::checkpoint_signing);
  auto checkpoints = journal::CheckpointKeeper::open(
      {folder.path() / "checkpoint",
       {"test", credential::signing_public_key(signing)},
       [&signing](journal::View text) { return credential::sign(signing, text); },
       journal,
       clock});
  BOOST_REQUIRE(checkpoints);
  checkpoints_ = std::move(*checkpoints);
}

void WholeService::make_services(domain::State state) {
  auto ring = calls::CallRing::open(folder.path() / "calls", {});
  BOOST_REQUIRE(ring);
  const running::Services::Outlet outlet{
      [this](const platform::Peer&, std::span<const std::uint8_t> payload) {
        answer_.assign(payload.begin(), payload.end());
      }};
  config.cost = least_cost;
  running::Services::Settings settings;
  settings.writer.cost = least_cost;
  settings.auditor = limits_;
  services_ = std::make_unique<running::Services>(
      running::Services::Parts{journal,
                               *checkpoints_,
                               keys_,
                               present,
                               *random_,
                               vitals,
                               {waker_, waker_, waker_, waker_, waker_}},
      settings,
      running::Services::Outlets{outlet, outlet, outlet, [](const std::set<std::string>&) {},
                                 [] { return std::uint64_t{1} << 40U; }, [](bool) {},
                                 [](std::move_only_function<void()> work) { work(); },
                                 [this] { return running::Health(health_sources()).warnings(); },
                                 [this] { return running::Health(health_sources()).counters(); },
                                 [this](const service::Diagnostic& told) {
                                   lines.push_back(told);
                                   if (alarms_are_errors &&
                                       told.form().level == service::Level::error)
                                     BOOST_ERROR(told.sentence());
                                 }},
      std::move(*ring),
      running::Services::JournalContents{std::move(state), domain::CommandIds({}),
                                         past_index_of(journal)});
}

running::HealthSources WholeService::health_sources() const {
  return {config,
          keys_of_health,
          vitals,
          *services_,
          loops,
          folder.path() / "owner.key",
          journal,
          present,
          [this] { return handshakes_denied; },
          [this] { return connections_closed; },
          [this](service::Line line) {
            return static_cast<std::uint64_t>(
                std::ranges::count(lines, line, &service::Diagnostic::line));
          },
          [] { return std::uint64_t{0}; }};
}

void WholeService::turn() {
  services_->writer().turn();
  services_->writer().commit();
  services_->writer().turn();
  services_->reader().turn();
  services_->calls().turn();
  services_->historian().turn();
  while (services_->auditor().turn()) {
  }
  services_->historian().turn();
  services_->writer().turn();
}

WholeService::Bytes WholeService::turn_until_answered() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (true) {
    waker_.clear();
    turn();
    if (!answer_.empty()) return std::exchange(answer_, {});
    BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
    pollfd wait{waker_.descriptor(), POLLIN, 0};
    ::poll(&wait, 1, 20);
  }
}

schema::Uuid WholeService::fresh_id() {
  std::array<std::uint64_t, 2> random{};
  random_->fill(std::as_writable_bytes(std::span(random)));
  return domain::uuid_v7(clock.now_ns() / 1'000'000, random);
}

WholeService::Bytes WholeService::send(schema::CommandMessageT message,
                                       const std::string& identity) {
  hand_over(std::move(message), identity);
  return turn_until_answered();
}

void WholeService::hand_over(schema::CommandMessageT message, const std::string& identity) {
  if (message.id == nullptr) message.id = std::make_unique<schema::Uuid>(fresh_id());
  auto bytes = packed<schema::CommandMessage>(message, schema::command_message_identifier);
  services_->writer().take({peer, identity, bytes});
}

WholeService::Bytes WholeService::ask(schema::QueryT query, const std::string& identity) {
  hand_over(std::move(query), identity);
  return turn_until_answered();
}

void WholeService::hand_over(schema::QueryT query, const std::string& identity) {
  auto bytes = packed<schema::Query>(query, schema::query_identifier);
  services_->reader().begin_turn();
  services_->reader().take({peer, identity, bytes});
}

WholeService::Bytes WholeService::request(schema::HistoryRequestT request,
                                          const std::string& identity) {
  hand_over(std::move(request), identity);
  return turn_until_answered();
}

void WholeService::hand_over(schema::HistoryRequestT request, const std::string& identity) {
  auto bytes = packed<schema::HistoryRequest>(request, schema::history_request_identifier);
  services_->historian().take({peer, identity, bytes});
}

void WholeService::say_to_reader(std::vector<std::byte> bytes, const std::string& identity) {
  services_->reader().begin_turn();
  services_->reader().take({peer, identity, bytes});
}

schema::ReceiptT WholeService::accepted(const Bytes& receipt) {
  schema::ReceiptT native;
  flatbuffers::GetRoot<schema::Receipt>(receipt.data())->UnPackTo(&native);
  BOOST_REQUIRE_MESSAGE(native.code == schema::Code::ok,
                        schema::EnumNameCode(native.code)
                            << ": "
                            << (native.problems.empty() ? "" : native.problems[0]->sentence));
  return native;
}

void WholeService::add_operator(const std::string& name, schema::Role role, std::uint32_t uid,
                                std::vector<std::string> tenants) {
  schema::AddOperatorT body;
  body.name = name;
  body.role = role;
  body.standing = std::make_unique<schema::OperatorStandingT>();
  body.standing->uid = uid;
  body.standing->all_tenants = tenants.empty();
  body.standing->tenants = std::move(tenants);
  body.standing->vouches = role == schema::Role::service;
  run("", "", std::move(body));
}

}  // namespace postern::support
