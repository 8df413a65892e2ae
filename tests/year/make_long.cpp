// make_long FOLDER --users N --records N: a data folder with a long history of one tenant, laid out
// as tools/bench/long_history.h says, whose records lie within the last year. They are decided and
// sealed by the domain as the daemon does it; what is left out is the sockets, the gate, and the
// sync of each. A snapshot stands before the last hundredth of them, as of a daemon that was
// stopped then and never since.
#include <unistd.h>

#include <charconv>
#include <iostream>
#include <random>
#include <string_view>

#include "daemon/data/data_folder.h"
#include "daemon/data/snapshot_keeping.h"
#include "daemon/domain/message.h"
#include "daemon/journal/sha256.h"
#include "schema/identifiers.h"
#include "tests/support/simulated_clock.h"
#include "tools/bench/long_history.h"

namespace {

using namespace postern;
using bench::LongHistory;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t year_ns = 365 * 86'400 * second_ns;
/// Records that become durable together.
constexpr std::size_t group_records = 1'000;
constexpr domain::Seq forget_interval = 4'096;

template <class Value>
Value must(Expected<Value> value) {
  if (!value) throw std::runtime_error(value.error().sentence);
  if constexpr (!std::is_void_v<Value>) return std::move(*value);
}

data::OpenedData make_folder(const data::DataPaths& paths, const platform::Clock& clock,
                             platform::Entropy& entropy) {
  must(data::make_data_folder({paths.root, {}, ::geteuid()}, clock, entropy));
  return must(data::open_data_folder(paths.root, {}, clock, entropy));
}

template <class Body>
void add_command(schema::CommandMessageT& message, const std::string& user, Body body) {
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->user = user;
  command->body.Set(std::move(body));
}

/// Decides messages of the owner and appends what they become.
class Writing {
 public:
  Writing(const std::filesystem::path& folder, support::SimulatedClock& clock)
      : paths_(folder), clock_(clock), data_(make_folder(paths_, clock, entropy_)) {
    owner_ = data_.state.tables().find_operator("owner");
  }

  domain::Seq seq() const { return data_.state.seq(); }

  void record(std::int64_t time_ns, schema::CommandMessageT message) {
    message.id = std::make_unique<schema::Uuid>(fresh_id(time_ns));
    message_.Clear();
    message_.Finish(schema::CreateCommandMessage(message_, &message),
                    schema::command_message_identifier);
    const auto bytes = std::as_bytes(std::span(message_.GetBufferPointer(), message_.GetSize()));
    const journal::Hash hash = sha256_.add(bytes).finish();
    materials_.assign(message.commands.size(), {});
    for (std::size_t place = 0; place < materials_.size(); ++place)
      prepare(*message.commands[place], time_ns, materials_[place]);
    const domain::Context context{
        time_ns, owner_, flatbuffers::GetRoot<schema::CommandMessage>(message_.GetBufferPointer())};
    domain::Draft draft = domain::decide_message(data_.state, context, materials_);
    if (!draft.problems.empty()) throw std::runtime_error(draft.problems.front().sentence);
    const auto* contents = reinterpret_cast<const std::uint8_t*>(hash.data());
    group_.push_back(
        domain::seal_record(draft, data_.state, context, {{contents, hash.size()}, {}}));
    domain::PastNotes notes;
    domain::note(*flatbuffers::GetRoot<schema::Record>(group_.back().data()), draft.changes, notes);
    data_.past.take(std::move(notes));
    data_.ids.remember(owner_->id, *message.id, seq());
    if (seq() % forget_interval == 0) data_.ids.forget_before(time_ns / 1'000'000);
    if (group_.size() == group_records) append();
  }

  void keep_snapshot() {
    rest();
    must(data::keep_snapshot(
        paths_, data_, {data_.state, data_.ids, data_.past, platform::SystemClock().now_ns()}, 0));
  }

  void close() {
    rest();
    must(data_.journal->close());
  }

  std::size_t past_index_bytes() const { return data_.past.bytes(); }

 private:
  void prepare(const schema::CommandT& command, std::int64_t time_ns, domain::Material& material) {
    material.new_id = fresh_id(time_ns);
    if (command.body.AsCreateUser() == nullptr) return;
    const auto key = must(data_.keys->next());
    material.key.file = key.slot.file;
    material.key.slot = key.slot.slot;
    std::memcpy(material.key.commitment.data(), key.commitment.data(), key.commitment.size());
  }

  void append() {
    std::vector<journal::View> views;
    for (const domain::StoredRecord& record : group_)
      views.push_back(std::as_bytes(std::span(record.data(), record.size())));
    if (!views.empty()) must(data_.journal->append(seq() - views.size(), views));
    group_.clear();
  }

  /// All of it is durable, and signed for.
  void rest() {
    append();
    clock_.set_forward_ms((data_.state.time_ns() - clock_.now_ns()) / 1'000'000);
    must(data_.checkpoints->make());
  }

  schema::Uuid fresh_id(std::int64_t time_ns) {
    return domain::uuid_v7(time_ns / 1'000'000, {random_(), random_()});
  }

  data::DataPaths paths_;
  support::SimulatedClock& clock_;
  platform::SystemEntropy entropy_;
  data::OpenedData data_;
  const domain::Operator* owner_ = nullptr;
  std::mt19937_64 random_{20'261'130};
  flatbuffers::FlatBufferBuilder message_;
  journal::Sha256 sha256_;
  std::vector<domain::Material> materials_;
  std::vector<domain::StoredRecord> group_;
};

/// Says what each record says.
class Telling {
 public:
  Telling(Writing& writing, const LongHistory& history, std::int64_t begin_ns)
      : writing_(writing), history_(history), begin_ns_(begin_ns) {}

  void tell() {
    schema::CreateTenantT tenant;
    tenant.alias = bench::tenant_of(0);
    send(add({}, "", std::move(tenant)), "");
    schema::CreateRoleT role;
    role.name = LongHistory::role_name;
    send(add(add({}, "", std::move(role)), "", role_grant("table/ledger")));
    for (std::size_t user = 0; user < history_.users();) user = hire(user);
    std::vector<bool> is_off(history_.users());
    while (writing_.seq() < history_.records()) {
      const domain::Seq seq = writing_.seq() + 1;
      if (history_.changes_role(seq)) {
        send(add({}, "", role_grant("table/ledger/" + std::to_string(seq))));
      } else {
        const std::size_t user = history_.switched_user(seq);
        schema::SetApiAccessT access;
        access.allowed = is_off[user];
        is_off[user] = !is_off[user];
        send(add({}, bench::username_of(user), access));
      }
      if (seq == history_.snapshot_seq()) writing_.keep_snapshot();
      if (seq % 1'000'000 == 0) std::cerr << seq << " records\n";
    }
  }

 private:
  template <class Body>
  static schema::CommandMessageT add(schema::CommandMessageT message, const std::string& user,
                                     Body body) {
    add_command(message, user, std::move(body));
    return message;
  }

  static schema::AddRoleGrantT role_grant(const std::string& resource) {
    schema::AddRoleGrantT grant;
    grant.role = LongHistory::role_name;
    grant.effect = schema::Effect::allow;
    grant.action = "read";
    grant.resource = resource;
    return grant;
  }

  /// As many users as a record has; the first behind them.
  std::size_t hire(std::size_t user) {
    const std::size_t end = std::min(user + LongHistory::users_per_record, history_.users());
    schema::CommandMessageT message;
    for (; user < end; ++user) {
      const std::string name = bench::username_of(user);
      schema::CreateUserT body;
      body.username = name;
      add_command(message, "", std::move(body));
      for (const bench::Grant& grant : bench::grants_of(user)) {
        schema::AddGrantT added;
        added.effect = grant.deny ? schema::Effect::deny : schema::Effect::allow;
        added.action = bench::action_text(grant.right.action);
        added.resource = bench::resource_text(grant.right.resource);
        add_command(message, name, std::move(added));
      }
      schema::AssignRoleT role;
      role.role = LongHistory::role_name;
      add_command(message, name, std::move(role));
    }
    send(std::move(message));
    return end;
  }

  void send(schema::CommandMessageT message, const std::string& tenant = bench::tenant_of(0)) {
    message.tenant = tenant;
    const auto share =
        static_cast<double>(writing_.seq()) / static_cast<double>(history_.records());
    writing_.record(begin_ns_ + static_cast<std::int64_t>(share * static_cast<double>(year_ns)),
                    std::move(message));
  }

  Writing& writing_;
  const LongHistory& history_;
  const std::int64_t begin_ns_;
};

struct Wanted {
  std::string folder;
  std::uint64_t users = 0;
  std::uint64_t records = 0;
};

bool read(int count, char** arguments, Wanted& wanted) {
  for (int place = 1; place < count; ++place) {
    const std::string_view name = arguments[place];
    if (!name.starts_with("--")) {
      wanted.folder = name;
      continue;
    }
    if (place + 1 == count || (name != "--users" && name != "--records")) return false;
    const std::string_view text = arguments[++place];
    std::uint64_t& number = name == "--users" ? wanted.users : wanted.records;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return false;
  }
  return !wanted.folder.empty() && wanted.users >= 2 &&
         wanted.records > LongHistory(wanted.users, 0).first_change();
}

}  // namespace

int main(int count, char** arguments) {
  Wanted wanted;
  if (!read(count, arguments, wanted)) {
    std::cerr << "make_long FOLDER --users N --records N\n"
                 "  makes a data folder with so many users and records, all of the last year\n";
    return 64;
  }
  try {
    support::SimulatedClock clock;
    const std::int64_t begin_ns = platform::SystemClock().now_ns() - year_ns - 60 * second_ns;
    clock.set_back_ms((clock.now_ns() - begin_ns) / 1'000'000);
    Writing writing(wanted.folder, clock);
    Telling(writing, {wanted.users, wanted.records}, begin_ns).tell();
    writing.close();
    std::cout << "records           " << writing.seq() << "\npast index bytes  "
              << writing.past_index_bytes() << '\n';
  } catch (const std::exception& trouble) {
    std::cerr << "make_long: " << trouble.what() << '\n';
    return 70;
  }
  return 0;
}
