#include "tests/year/folder_service.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "daemon/data/snapshot_keeping.h"
#include "schema/identifiers.h"

namespace postern::year {

namespace {

constexpr credential::PasswordCost least_cost{8, 1};
/// A year's calls of thousands of users, none dropped.
constexpr calls::CallRing::Limits ring_limits{std::uint64_t{4} << 30U, std::uint64_t{16} << 20U};
const platform::Peer peer{"peer", 0, false};

template <class Value>
Value must(Expected<Value> value) {
  if (!value) throw std::runtime_error(value.error().sentence);
  if constexpr (!std::is_void_v<Value>) return std::move(*value);
}

template <class Root, class Native>
std::vector<std::byte> packed(const Native& native, const char* identifier) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Root::Pack(builder, &native), identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

data::OpenedData made_folder(const data::DataPaths& paths, const platform::Clock& clock,
                             platform::Entropy& entropy) {
  must(data::make_data_folder({paths.root, {}, ::geteuid()}, clock, entropy));
  return must(data::open_data_folder(paths.root, {}, clock, entropy));
}

}  // namespace

FolderService::FolderService(const std::filesystem::path& folder, support::SimulatedClock& clock)
    : clock_(clock), paths_(folder), present_(clock), data_(made_folder(paths_, clock, entropy_)) {
  present_.passed(data_.state.time_ns());
  present_.begin();
  make_services();
  turn();
}

void FolderService::make_services() {
  const running::Services::Outlet outlet{
      [this](const platform::Peer&, std::span<const std::uint8_t> payload) {
        answer_.assign(payload.begin(), payload.end());
      }};
  running::Services::Settings settings;
  settings.writer.cost = least_cost;
  settings.reader.installation = data_.installation;
  services_ = std::make_unique<running::Services>(
      running::Services::Parts{*data_.journal,
                               *data_.checkpoints,
                               *data_.keys,
                               present_,
                               entropy_,
                               vitals_,
                               {waker_, waker_, waker_, waker_, waker_}},
      settings,
      running::Services::Outlets{
          outlet, outlet, outlet, [](const std::set<std::string>&) {},
          [] { return std::uint64_t{1} << 40U; }, [](bool) {},
          [](std::move_only_function<void()> work) { work(); },
          [] { return std::vector<std::string>(); },
          [] { return std::vector<std::pair<std::string, std::uint64_t>>(); },
          [](const service::Diagnostic& told) {
            if (told.form().level == service::Level::error)
              throw std::runtime_error(told.sentence());
          }},
      must(calls::CallRing::open(paths_.calls(), ring_limits)),
      running::Services::JournalContents{std::move(data_.state), std::move(data_.ids),
                                         std::move(data_.past)});
}

void FolderService::turn() {
  services_->calls().turn();
  turn_services();
}

void FolderService::turn_services() {
  services_->writer().turn();
  services_->writer().commit();
  services_->writer().turn();
  services_->reader().turn();
  services_->historian().turn();
  while (services_->auditor().turn()) {
  }
  services_->historian().turn();
  services_->writer().turn();
}

FolderService::Bytes FolderService::turn_until_answered() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (true) {
    waker_.clear();
    turn();
    if (!answer_.empty()) return std::exchange(answer_, {});
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("a message was not answered within two minutes");
    pollfd wait{waker_.descriptor(), POLLIN, 0};
    ::poll(&wait, 1, 20);
  }
}

schema::Uuid FolderService::fresh_id() { return data::fresh_id(clock_, entropy_); }

schema::ReceiptT FolderService::send(schema::CommandMessageT message, const std::string& identity) {
  message.id = std::make_unique<schema::Uuid>(fresh_id());
  auto bytes = packed<schema::CommandMessage>(message, schema::command_message_identifier);
  services_->writer().take({peer, identity, bytes});
  const Bytes answer = turn_until_answered();
  schema::ReceiptT receipt;
  flatbuffers::GetRoot<schema::Receipt>(answer.data())->UnPackTo(&receipt);
  return receipt;
}

schema::AnswerT FolderService::ask(const schema::QueryT& query, const std::string& identity) {
  auto bytes = packed<schema::Query>(query, schema::query_identifier);
  // The answer mostly comes at once, and then the other services have nothing to do.
  services_->reader().begin_turn();
  services_->reader().take({peer, identity, bytes});
  const Bytes answer = answer_.empty() ? turn_until_answered() : std::exchange(answer_, {});
  schema::AnswerT native;
  flatbuffers::GetRoot<schema::Answer>(answer.data())->UnPackTo(&native);
  return native;
}

void FolderService::pass_ms(std::int64_t ms) {
  // Present takes a clock that is looked at seldom for one that jumps, unless both clocks move.
  clock_.advance_ms(ms);
  std::uint64_t before = 0;
  do {
    before = data_.journal->head().seq;
    // A summary leaves a quarter of a second after the one before, and only once that came back.
    turn();
    clock_.advance_ms(250);
    turn();
  } while (data_.journal->head().seq != before);
}

void FolderService::close() {
  clock_.advance_ms(1'000);
  // Its thread alone hands over what is not due yet.
  services_->calls().start();
  services_->calls().hand_over_all();
  for (std::uint64_t before = 0; before != data_.journal->head().seq;) {
    before = data_.journal->head().seq;
    turn_services();
  }
  services_->calls().stop();
  while (!services_->writer().drain()) turn_services();
  must(data_.checkpoints->make());
  const std::int64_t read_whole_ns = std::max(data_.read_whole_ns, vitals_.read_whole_ns.load());
  const service::Writer& writer = services_->writer();
  services_->pass_on_the_rest();
  must(data::keep_snapshot(
      paths_, data_,
      {writer.state(), writer.ids(), services_->auditor().past_index(), read_whole_ns}, 0));
  services_->end_hashing();
  must(data_.journal->close());
}

std::string FolderService::owner() const { return domain::identity_of_uid(::geteuid()); }

}  // namespace postern::year
