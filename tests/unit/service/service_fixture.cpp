#include "tests/unit/service/service_fixture.h"

#include <poll.h>

#include <boost/test/unit_test.hpp>
#include <chrono>

#include "daemon/domain/fold.h"
#include "schema/cleared_text.h"

namespace postern::support {

namespace {

template <class Root, class Native>
std::vector<std::byte> packed(const Native& native, const char* identifier) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Root::Pack(builder, &native), identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

/// Real keys, watched by a test.
class WatchedKeys final : public credential::KeyStore {
 public:
  WatchedKeys(std::unique_ptr<KeyStore> keys, const ServiceFixture& fixture)
      : keys_(std::move(keys)), fixture_(fixture) {}

  Expected<> confirm_used(const credential::KeySlot& slot,
                          const credential::Commitment& commitment) override {
    return keys_->confirm_used(slot, commitment);
  }
  Expected<bool> confirm_erased(const credential::KeySlot& slot,
                                const credential::Commitment& commitment) override {
    return keys_->confirm_erased(slot, commitment);
  }
  void end_confirming() override { keys_->end_confirming(); }
  Expected<> erase(std::span<const credential::KeySlot> slots) override {
    if (fixture_.before_erasing)
      if (auto allowed = fixture_.before_erasing(slots); !allowed) return allowed;
    return keys_->erase(slots);
  }
  Expected<credential::NewKey> next() override { return keys_->next(); }
  Expected<credential::UserKey> user_key(const credential::KeySlot& slot) const override {
    return keys_->user_key(slot);
  }
  const credential::Key& own_key(credential::OwnKey key) const override {
    return keys_->own_key(key);
  }
  const credential::Key* planned_server_key() const override { return keys_->planned_server_key(); }
  std::uint32_t file_count() const override { return keys_->file_count(); }
  Expected<std::vector<std::byte>> copy_part(std::uint32_t part) const override {
    return keys_->copy_part(part);
  }
  bool memory_locked() const override { return keys_->memory_locked(); }

 private:
  std::unique_ptr<KeyStore> keys_;
  const ServiceFixture& fixture_;
};

/// Deaf ends of the lines that no test listens to.
template <class Letters>
void forward(Letters& from, service::Mailbox<service::Published>& to) {
  from.drain([&](std::unique_ptr<service::Published> published) { to.post(std::move(published)); });
}

}  // namespace

ServiceFixture::ServiceFixture(credential::PasswordCost cost_of_checks) {
  BOOST_REQUIRE(credential::KeyStore::create(folder_.path() / "keys", entropy_));
  auto keys = credential::KeyStore::open(folder_.path() / "keys", entropy_);
  BOOST_REQUIRE(keys);
  keys_ = std::make_unique<WatchedKeys>(std::move(*keys), *this);
  pool_ = std::make_unique<credential::HashPool>(credential::HashPool::Limits{});
  desk_ = std::make_unique<service::PasswordDesk>(*pool_, *keys_, entropy_, waker_, cost_of_checks,
                                                  service::PasswordDesk::Limits{});
  domain::State state;
  seed_journal(state);
  view::View view;
  view.load(state.tables());
  const auto keep = [](auto& kept) {
    return [&kept](const platform::Peer& peer, std::span<const std::uint8_t> payload) {
      kept[peer.routing_id].assign(payload.begin(), payload.end());
    };
  };
  const auto alarm = [this](const service::Diagnostic& told) {
    lines.push_back(told);
    if (told.form().level == service::Level::error) alarms.push_back(told.sentence());
  };
  reader = std::make_unique<service::Reader>(
      service::Reader::Parts{*desk_, present, vitals, mail_, *keys_, entropy_, &calls},
      service::Reader::Settings{},
      service::Reader::Outlets{keep(answered_), [] { return std::vector<std::string>(); },
                               [] { return std::vector<std::pair<std::string, std::uint64_t>>(); },
                               alarm},
      std::move(view), journal.head(), state.time_ns());
  service::Writer::Settings settings;
  settings.cost = least_cost;
  writer = std::make_unique<service::Writer>(
      service::Writer::Parts{shared, *keys_, *pool_, present, entropy_, waker_, vitals, mail_,
                             [this](std::move_only_function<void()> append) {
                               if (!holds_appends_) return committer_.run(std::move(append));
                               held_appends_.push_back(std::move(append));
                             }},
      settings,
      service::Writer::Outlets{
          keep(sent_), [this](std::set<std::string> now) { allowed = std::move(now); },
          [this] { return disk_free; }, [this](bool hold) { holds_reserve = hold; }, alarm},
      std::move(state), domain::CommandIds({}));
  writer->turn();
}

ServiceFixture::~ServiceFixture() { pool_.reset(); }

void ServiceFixture::seed_journal(domain::State& state) {
  schema::RecordT record;
  record.seq = 1;
  record.time_ns = clock.now_ns();
  record.operator_id = std::make_unique<schema::Uuid>(domain::daemon_operator);
  record.role = schema::Role::daemon;
  record.command_id = std::make_unique<schema::Uuid>(fresh_id());
  schema::OperatorAddedT added;
  added.operator_id = std::make_unique<schema::Uuid>(fresh_id());
  added.name = "owner";
  added.role = schema::Role::owner;
  added.standing = std::make_unique<schema::OperatorStandingT>();
  added.standing->uid = 1;
  added.standing->all_tenants = true;
  record.events.emplace_back(std::make_unique<schema::EventT>())->body.Set(std::move(added));
  const auto bytes = packed<schema::Record>(record, schema::record_identifier);
  const journal::View view(bytes);
  BOOST_REQUIRE(journal.append(0, {&view, 1}));
  domain::RecordGate gate;
  domain::Changes changes;
  BOOST_REQUIRE(domain::fold(state, gate, bytes, changes));
}

schema::Uuid ServiceFixture::fresh_id() {
  std::array<std::uint64_t, 2> random{};
  entropy_.fill(std::as_writable_bytes(std::span(random)));
  return domain::uuid_v7(clock.now_ns() / 1'000'000, random);
}

std::string ServiceFixture::send(schema::CommandMessageT message, const std::string& identity) {
  if (message.id == nullptr) message.id = std::make_unique<schema::Uuid>(fresh_id());
  auto bytes = packed<schema::CommandMessage>(message, schema::command_message_identifier);
  schema::empty_cleared_texts(*flatbuffers::GetRoot<schema::CommandMessage>(bytes.data()));
  return send_bytes(std::move(bytes), identity);
}

std::string ServiceFixture::send_bytes(std::vector<std::byte> bytes, const std::string& identity) {
  const std::string number = std::to_string(++next_);
  writer->take({platform::Peer{number, 0, false}, identity, bytes});
  return number;
}

void ServiceFixture::commit() {
  writer->commit();
  reader->turn();
  forward(mail_.historian_published, mail_.writer_returned);
  writer->turn();
}

void ServiceFixture::let_append() {
  BOOST_REQUIRE(append_waits());
  for (auto& append : std::exchange(held_appends_, {})) append();
}

void ServiceFixture::turn_until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (true) {
    waker_.clear();
    writer->turn();
    commit();
    if (done()) return;
    BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
    pollfd wait{waker_.descriptor(), POLLIN, 0};
    ::poll(&wait, 1, 20);
  }
}

schema::ReceiptT ServiceFixture::run(schema::CommandMessageT message, const std::string& identity) {
  const std::string sent = send(std::move(message), identity);
  turn_until([&] { return has_receipt(sent); });
  return receipt(sent);
}

schema::ReceiptT ServiceFixture::receipt(const std::string& sent) const {
  schema::ReceiptT native;
  const auto& bytes = sent_.at(sent);
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  BOOST_REQUIRE(verifier.VerifyBuffer<schema::Receipt>(schema::receipt_identifier));
  flatbuffers::GetRoot<schema::Receipt>(bytes.data())->UnPackTo(&native);
  return native;
}

schema::QueryT ServiceFixture::by_password(std::string tenant, std::string user,
                                           std::string password) {
  schema::QueryT query;
  query.tenant = std::move(tenant);
  schema::AuthenticateT body;
  schema::PasswordCredentialT credential;
  credential.username = std::move(user);
  credential.password = std::move(password);
  body.credential.Set(std::move(credential));
  query.body.Set(std::move(body));
  return query;
}

schema::QueryT ServiceFixture::by_name(std::string tenant, std::string user, std::string action,
                                       std::string resource, std::size_t count) {
  schema::QueryT query;
  query.tenant = std::move(tenant);
  schema::CheckT body;
  schema::NamedUserT credential;
  credential.username = std::move(user);
  body.credential.Set(std::move(credential));
  for (std::size_t index = 0; index < count; ++index) {
    auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = action;
    question->resource = resource;
  }
  query.body.Set(std::move(body));
  return query;
}

std::string ServiceFixture::ask(schema::QueryT query, const std::string& identity) {
  query.id = next_ + 1;
  return ask_bytes(packed<schema::Query>(query, schema::query_identifier), identity);
}

std::string ServiceFixture::ask_bytes(std::vector<std::byte> bytes, const std::string& identity) {
  const std::string number = std::to_string(++next_);
  reader->begin_turn();
  reader->take({platform::Peer{number, 0, false}, identity, bytes});
  return number;
}

schema::AnswerT ServiceFixture::answer(const std::string& asked) {
  turn_until([&] { return has_answer(asked); });
  schema::AnswerT native;
  const auto& bytes = answered_.at(asked);
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  BOOST_REQUIRE(verifier.VerifyBuffer<schema::Answer>(schema::answer_identifier));
  flatbuffers::GetRoot<schema::Answer>(bytes.data())->UnPackTo(&native);
  return native;
}

void ServiceFixture::create_acme() {
  schema::CreateTenantT body;
  body.alias = "acme";
  BOOST_REQUIRE(run(message("", "", std::move(body))).code == Code::ok);
}

void ServiceFixture::create_user(const std::string& name, const std::string& password) {
  schema::CreateUserT body;
  body.username = name;
  body.password = password;
  BOOST_REQUIRE(run(message("acme", "", std::move(body))).code == Code::ok);
}

void ServiceFixture::allow(const std::string& name, const std::string& resource) {
  schema::AddGrantT body;
  body.effect = schema::Effect::allow;
  body.action = "read";
  body.resource = resource;
  BOOST_REQUIRE(run(message("acme", name, std::move(body))).code == Code::ok);
}

void ServiceFixture::add_operator(const std::string& name, schema::Role role, std::uint32_t uid,
                                  bool vouches) {
  schema::AddOperatorT body;
  body.name = name;
  body.role = role;
  body.standing = std::make_unique<schema::OperatorStandingT>();
  body.standing->uid = uid;
  body.standing->all_tenants = true;
  body.standing->vouches = vouches;
  BOOST_REQUIRE(run(message("", "", std::move(body))).code == Code::ok);
}

const domain::User& ServiceFixture::user(const std::string& name) const {
  const auto& tables = writer->state().tables();
  return *tables.find_user(tables.find_tenant("acme")->id, name);
}

std::size_t ServiceFixture::events_of(schema::EventBody kind) const {
  std::size_t count = 0;
  domain::RecordGate gate;
  const auto cursor = journal.read_from(1);
  for (auto bytes = cursor->next(); bytes && !bytes->empty(); bytes = cursor->next())
    for (const schema::Event* event : *(*gate.open(*bytes))->events())
      count += event->body_type() == kind;
  return count;
}

}  // namespace postern::support
