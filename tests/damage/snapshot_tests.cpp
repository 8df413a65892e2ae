// Law 4: a snapshot is a cache. Whatever is wrong with one, the start goes on without it, to the
// same digest.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <utility>

#include "daemon/credential/signature.h"
#include "daemon/data/data_folder.h"
#include "daemon/data/snapshot.h"
#include "daemon/data/snapshot_keeping.h"
#include "daemon/domain/digest.h"
#include "daemon/journal/sha256.h"
#include "tests/support/daemon_process.h"
#include "tests/support/forwarding_journal.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;
using schema::Code;

/// The system's, moved.
struct MovedClock : platform::Clock {
  std::int64_t now_ns() const override { return clock.now_ns() + ahead_ns; }
  std::int64_t monotonic_ns() const override { return clock.monotonic_ns(); }
  platform::SystemClock clock;
  std::int64_t ahead_ns = 0;
};

std::string read_text(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_text(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

bool tells(const std::string& said, const std::string& part) {
  return said.find(part) != std::string::npos;
}

journal::Hash digest_of(const domain::State& state) {
  journal::Sha256 sha256;
  domain::write_canonical(state.tables(), [&](std::span<const std::uint8_t> bytes) {
    sha256.add(std::as_bytes(bytes));
  });
  return sha256.finish();
}

/// What an opening came to.
struct Came {
  journal::Hash digest{};
  journal::Head head;
  std::uint64_t snapshot_seq = 0;
  std::string passed_over;
};

struct Snapshots : DaemonProcess {
  Snapshots() { BOOST_REQUIRE_MESSAGE(start(), ended().said); }

  schema::ReceiptT send(schema::CommandMessageT message) const {
    auto asker = owner();
    auto got = asker.execute(std::move(message));
    BOOST_REQUIRE_MESSAGE(got, got.error().sentence);
    return std::move(*got);
  }
  void run(schema::CommandMessageT message) const {
    const auto receipt = send(std::move(message));
    if (receipt.code != Code::ok) BOOST_FAIL(receipt.problems.at(0)->sentence);
  }
  template <class Body>
  void about(const std::string& user, Body body) const {
    run(command_message("acme", user, std::move(body)));
  }

  /// Something of every kind.
  void fill() const {
    run(create_tenant("acme"));
    for (const char* name : {"shop", "erp", "gone"}) {
      schema::CreateUserT body;
      body.username = name;
      body.password = "Corr3ct-horse";
      body.profile = std::make_unique<schema::ProfileT>();
      body.profile->first_name = "Ada";
      run(command_message("acme", "", std::move(body)));
      run(add_grant("acme", name, schema::Effect::allow, "read", "table/customer/*"));
      run(add_grant("acme", name, schema::Effect::deny, "write", "table/customer"));
    }
    schema::CreateRoleT role;
    role.name = "reader";
    run(command_message("acme", "", std::move(role)));
    schema::AddRoleGrantT of_role;
    of_role.role = "reader";
    of_role.effect = schema::Effect::allow;
    of_role.action = "read";
    of_role.resource = "table/orders";
    of_role.conditions = std::make_unique<schema::ConditionsT>();
    of_role.conditions->secure_transport = true;
    run(command_message("acme", "", std::move(of_role)));
    schema::AssignRoleT assign;
    assign.role = "reader";
    about("shop", std::move(assign));
    schema::SetUserSettingsT settings;
    settings.networks = std::make_unique<schema::NetworksT>();
    settings.networks->entries = {"10.0.0.0/8", "AWS"};
    settings.session_timeout_seconds = 900;
    about("erp", std::move(settings));
    schema::CreateKeyT key;
    key.name = "nightly";
    about("erp", std::move(key));
    about("gone", schema::TrashUserT());
    schema::ImportRangesT ranges;
    ranges.provider = schema::Provider::AWS;
    ranges.source_name = "ip-ranges.json";
    ranges.source_sha256.assign(32, 7);
    ranges.source_time_ns = 1'700'000'000'000'000'000;
    ranges.v4 = {0x03000000, 0x03ffffff};
    run(command_message("", "", std::move(ranges)));
  }

  /// As the journal stood then; whatever the daemon does later.
  fs::path copy_as(const std::string& name) const {
    const fs::path copy = data().parent_path() / name;
    fs::remove_all(copy);
    fs::create_directory(copy);
    fs::permissions(copy, fs::perms::owner_all);
    for (const auto& entry : fs::directory_iterator(data()))
      if (entry.path().filename() != "sockets")
        fs::copy(entry.path(), copy / entry.path().filename(), fs::copy_options::recursive);
    return copy;
  }

  Expected<data::OpenedData> try_to_open(const fs::path& folder, bool from_snapshot,
                                         Came& came) const {
    data::OpenOptions options;
    options.window = window;
    options.from_snapshot = from_snapshot;
    options.passed_over = [&](const Failure& why) { came.passed_over += why.sentence + "\n"; };
    platform::SystemEntropy entropy;
    return data::open_data_folder(folder, options, clock, entropy);
  }

  /// H6: with the snapshot or without, as it proves that the journal is not the one that was.
  void refused(const fs::path& folder, const std::string& why) const {
    for (const bool from_snapshot : {true, false}) {
      Came came;
      const auto data = try_to_open(folder, from_snapshot, came);
      BOOST_REQUIRE(!data);
      BOOST_TEST((data.error().kind == FailureKind::damaged));
      BOOST_TEST(tells(data.error().sentence, why), data.error().sentence);
      BOOST_TEST(tells(data.error().sentence, "snapshot-"), data.error().sentence);
    }
  }

  Came open(const fs::path& folder, bool from_snapshot = true) const {
    Came came;
    auto data = try_to_open(folder, from_snapshot, came);
    BOOST_REQUIRE_MESSAGE(data, data.error().sentence);
    came.digest = digest_of(data->state);
    came.head = data->journal->head();
    came.snapshot_seq = data->snapshot_seq;
    return came;
  }

  /// The start goes on without the snapshot, to what the journal says.
  void passed_over(const fs::path& folder, const std::string& why) const {
    const Came came = open(folder);
    const Came whole = open(folder, false);
    BOOST_TEST(came.snapshot_seq == 0U);
    BOOST_TEST(tells(came.passed_over, why), came.passed_over);
    BOOST_TEST((came.digest == whole.digest));
    BOOST_TEST((came.head == whole.head));
    BOOST_TEST(whole.passed_over == "");
  }

  static fs::path snapshot_of(const fs::path& folder) {
    const auto found = data::snapshots_in(folder / "snapshots");
    BOOST_REQUIRE(found.size() == 1U);
    return found[0];
  }

  const credential::Key& signing_key() {
    platform::SystemEntropy entropy;
    if (!keys)
      keys = std::move(*credential::KeyStore::open(copy_as("keys-alone") / "keys", entropy));
    return keys->own_key(credential::OwnKey::checkpoint_signing);
  }
  Expected<data::Snapshot> read(const fs::path& file) {
    return data::read_snapshot(file, data::folding_program(),
                               credential::signing_public_key(signing_key()));
  }

  MovedClock clock;
  domain::CommandIds::Window window;
  std::unique_ptr<credential::KeyStore> keys;
};

data::SnapshotContents contents_of(const data::Snapshot& snapshot) {
  return {snapshot.head, domain::entries_of(snapshot.state.tables()),
          [&](const data::SnapshotContents::ShowId& show) -> Expected<> {
            for (const data::RememberedId& id : snapshot.ids)
              if (!show(id)) break;
            return {};
          }};
}

struct Stopped : Snapshots {
  Stopped() {
    fill();
    BOOST_REQUIRE(stop().code == 0);
    folder = copy_as("copy");
  }
  fs::path folder;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(snapshot_tests)

BOOST_FIXTURE_TEST_CASE(a_start_goes_on_from_the_snapshot_of_the_last_stop, Snapshots) {
  fill();
  std::uint64_t written = 0;
  const auto digest = [&] {
    schema::HistoryRequestT request;
    request.at_least_seq = written;
    request.wait_ms = 5'000;
    request.body.Set(schema::GetDigestT());
    auto got = owner().history(std::move(request));
    BOOST_REQUIRE(got);
    return std::pair(got->seq, got->body.AsDigest()->sha256);
  };
  auto again = create_user("acme", "once");
  const schema::ReceiptT fresh = send(create_user("acme", "fresh"));
  written = fresh.seq;
  again.id = std::make_unique<schema::Uuid>(*fresh.id);
  // K1: taken from what a client sent, so that it lies in the window.
  const auto repeated = send(again);
  BOOST_TEST((repeated.code == Code::command_id_reused));
  const auto before = digest();
  const std::string last = std::to_string(before.first);
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(tells(ended().said, "stopped at seq " + last));

  BOOST_REQUIRE(start());
  BOOST_TEST((digest() == before));
  BOOST_TEST((send(again).code == Code::command_id_reused));
  run(create_user("acme", "later"));
  written = send(create_user("acme", "latest")).seq;
  const auto after = digest();
  kill();
  const Came without = open(copy_as("killed"), false);
  BOOST_TEST(std::ranges::equal(std::as_bytes(std::span(after.second)), without.digest));

  BOOST_REQUIRE(start());
  BOOST_TEST((digest() == after));
  BOOST_TEST((send(again).code == Code::command_id_reused));
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(
      tells(ended().said, "from the snapshot of record " + last + ", " +
                              std::to_string(after.first - before.first) + " records after it"),
      ended().said);
  BOOST_TEST(snapshot_of(data()).filename() == "snapshot-" + std::to_string(after.first));

  BOOST_REQUIRE(start({"--verify"}));
  BOOST_TEST((digest() == after));
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(tells(ended().said, "verified every byte of " + std::to_string(after.first)));
}

BOOST_FIXTURE_TEST_CASE(each_flipped_byte_and_each_cut_is_refused, Stopped) {
  const fs::path file = snapshot_of(folder);
  const std::string whole = read_text(file);
  BOOST_REQUIRE(read(file));
  std::size_t taken = 0;
  for (std::size_t place = 0; place < whole.size(); ++place) {
    std::string bytes = whole;
    bytes[place] = static_cast<char>(bytes[place] ^ 1 << place % 8);
    write_text(file, bytes);
    taken += read(file).has_value();
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write_text(file, whole.substr(0, size));
    taken += read(file).has_value();
  }
  BOOST_TEST(taken == 0U);
  write_text(file, whole + "x");
  BOOST_TEST(!read(file));
  write_text(file, whole);
  BOOST_TEST(read(file).has_value());
  BOOST_TEST_MESSAGE(whole.size() << " bytes flipped, " << whole.size() << " cuts");
}

BOOST_FIXTURE_TEST_CASE(a_damaged_snapshot_is_passed_over, Stopped) {
  const fs::path file = snapshot_of(folder);
  const std::string whole = read_text(file);
  BOOST_TEST(open(folder).snapshot_seq > 0U);
  for (std::size_t tenth = 0; tenth < 10; ++tenth) {
    std::string bytes = whole;
    bytes[whole.size() * tenth / 10] ^= 0x20;
    write_text(file, bytes);
    passed_over(folder, "snapshot-");
  }
  write_text(file, "");
  passed_over(folder, "too short");
  write_text(file, whole);
  const Came came = open(folder);
  BOOST_TEST(came.snapshot_seq == came.head.seq);
  BOOST_TEST(came.passed_over == "");
}

BOOST_FIXTURE_TEST_CASE(what_a_crash_left_in_the_making_is_removed, Stopped) {
  const fs::path left = folder / "snapshots" / "snapshot-99.new";
  write_text(left, read_text(snapshot_of(folder)).substr(0, 100));
  BOOST_TEST(open(folder).snapshot_seq > 0U);
  BOOST_TEST(!fs::exists(left));
}

BOOST_FIXTURE_TEST_CASE(H6_one_that_is_newer_than_the_journal_refuses_the_start, Stopped) {
  const Came before = open(folder);
  BOOST_REQUIRE(start());
  run(create_user("acme", "later"));
  BOOST_REQUIRE(stop().code == 0);
  const fs::path newer = snapshot_of(data());
  fs::copy(newer, folder / "snapshots");
  refused(folder, "ends at record");
  // The older one alone, in the newer journal.
  for (const fs::path& file : data::snapshots_in(folder / "snapshots"))
    if (file.filename() != newer.filename()) fs::copy(file, data() / "snapshots");
  fs::remove(newer);
  const Came older = open(copy_as("older"));
  BOOST_TEST(older.snapshot_seq == before.snapshot_seq);
  BOOST_TEST((older.digest == open(copy_as("older"), false).digest));
}

BOOST_FIXTURE_TEST_CASE(H6_one_of_another_history_refuses_one_of_a_stranger_is_passed_over,
                        Stopped) {
  // Two that went apart: of one installation, signed with one key.
  BOOST_REQUIRE(start());
  run(create_user("acme", "one-way"));
  BOOST_REQUIRE(stop().code == 0);
  const fs::path one_way = copy_as("one-way");
  fs::remove_all(data());
  fs::copy(folder, data(), fs::copy_options::recursive);
  BOOST_REQUIRE(start());
  run(create_user("acme", "other-way"));
  BOOST_REQUIRE(stop().code == 0);
  const fs::path other_way = copy_as("other-way");
  BOOST_REQUIRE(snapshot_of(one_way).filename() == snapshot_of(other_way).filename());
  fs::copy(snapshot_of(one_way), other_way / "snapshots", fs::copy_options::overwrite_existing);
  refused(other_way, "another root");

  Stopped stranger;
  const fs::path file = snapshot_of(folder);
  fs::copy(snapshot_of(stranger.folder), file, fs::copy_options::overwrite_existing);
  passed_over(folder, "seal");
}

BOOST_FIXTURE_TEST_CASE(one_of_another_program_or_another_time_is_passed_over, Stopped) {
  const fs::path file = snapshot_of(folder);
  const auto other =
      data::read_snapshot(file, "0.0.1", credential::signing_public_key(signing_key()));
  BOOST_REQUIRE(!other);
  BOOST_TEST(tells(other.error().sentence, "another version"));

  // Nothing was forgotten, so it knows every id.
  window.behind_ms *= 2;
  BOOST_TEST(open(folder).snapshot_seq > 0U);
  clock.ahead_ns = data::read_whole_again_ns + 1'000'000'000;
  passed_over(folder, "every byte");
}

BOOST_FIXTURE_TEST_CASE(K1_one_that_has_forgotten_ids_which_may_come_is_passed_over, Stopped) {
  {
    platform::SystemEntropy entropy;
    auto data = data::open_data_folder(folder, {}, clock, entropy);
    BOOST_REQUIRE(data);
    data->snapshot_seq = 0;
    data->ids.begin_at(clock.now_ns() / 1'000'000 - window.behind_ms);
    const data::Running running{data->state, data->ids, data->past, clock.now_ns()};
    BOOST_REQUIRE(data::keep_snapshot(data::DataPaths(folder), *data, running, 0));
  }
  BOOST_TEST(open(folder).snapshot_seq > 0U);
  // More is asked than it has.
  window.behind_ms *= 2;
  passed_over(folder, "command ids");
  window = {};
  // Of a clock that was ahead.
  clock.ahead_ns = -window.behind_ms * 1'000'000;
  passed_over(folder, "command ids");
}

BOOST_FIXTURE_TEST_CASE(a_forged_one_is_refused_by_digest_and_seal_alone, Stopped) {
  const fs::path file = snapshot_of(folder);
  const std::string whole = read_text(file);
  auto known = read(file);
  BOOST_REQUIRE(known);
  const domain::Tenant* tenant = known->state.tables().find_tenant("acme");
  const domain::User* user = known->state.tables().find_user(tenant->id, "gone");
  BOOST_REQUIRE((user->status == schema::UserStatus::trashed));
  // A state in which one who is in the trash is active.
  auto active = domain::make_counted<domain::User>(*user);
  active->status = schema::UserStatus::active;
  domain::Changes changes;
  known->state.replace(domain::Owned<domain::User>(std::move(active)), changes);

  // The canary: sealed anew, by who has the key, it is believed.
  const data::SnapshotWriting writing{folder / "forged", signing_key(),
                                      [] { return Expected<>(); }};
  BOOST_REQUIRE(data::write_snapshot(writing, contents_of(*known)));
  const std::string forged = read_text(data::snapshots_in(folder / "forged").at(0));
  write_text(file, forged);
  const Came believed = open(folder);
  BOOST_TEST(believed.snapshot_seq > 0U);
  BOOST_TEST((believed.digest != open(folder, false).digest));

  // Without the key: its body, or its body and what its head tells of it, under the seal that was.
  constexpr std::size_t seal_bytes = 64;
  BOOST_REQUIRE(forged.size() == whole.size());
  const auto [first, other] = std::ranges::mismatch(whole, forged);
  const auto place = static_cast<std::size_t>(first - whole.begin());
  std::string bytes = whole;
  bytes[place] = *other;
  write_text(file, bytes);
  passed_over(folder, "another hash");
  write_text(
      file, forged.substr(0, forged.size() - seal_bytes) + whole.substr(whole.size() - seal_bytes));
  passed_over(folder, "seal");
}

BOOST_FIXTURE_TEST_CASE(U11_an_erasure_after_the_snapshot_holds, Stopped) {
  // The snapshot has what was sealed for who is erased now.
  BOOST_REQUIRE(start());
  about("gone", schema::EraseUserT());
  kill();
  const fs::path killed = copy_as("killed");
  const Came came = open(killed);
  BOOST_TEST(came.snapshot_seq == came.head.seq - 1);
  BOOST_TEST((came.digest == open(killed, false).digest));
  // With the keys from before the erasure put back, the start destroys the one again.
  fs::remove_all(killed / "keys");
  fs::copy(folder / "keys", killed / "keys", fs::copy_options::recursive);
  BOOST_TEST((open(killed).digest == came.digest));
  const auto keys_file = [](const fs::path& at) {
    return read_text(at / "keys" / "keys-00000001");
  };
  BOOST_TEST(keys_file(killed) != keys_file(folder));
  BOOST_TEST((open(killed).digest == came.digest));
  BOOST_REQUIRE(start());
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_written_is_a_warning, Snapshots) {
  fill();
  write_text(data() / "snapshots", "in the way");
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(tells(ended().said, "no snapshot is written"), ended().said);
  BOOST_REQUIRE(start());
  BOOST_TEST(stop().code == 0);
  fs::remove(data() / "snapshots");

  const fs::path folder = copy_as("copy");
  platform::SystemEntropy entropy;
  data::OpenOptions options;
  auto opened = data::open_data_folder(folder, options, clock, entropy);
  BOOST_REQUIRE(opened);
  const data::Running running{opened->state, opened->ids, opened->past, opened->read_whole_ns};
  const auto kept =
      data::keep_snapshot(data::DataPaths(folder), *opened, running, ~std::uint64_t{0});
  BOOST_REQUIRE(!kept);
  BOOST_TEST(tells(kept.error().sentence, "under the floor"), kept.error().sentence);
  BOOST_TEST(fs::is_empty(folder / "snapshots"));
  BOOST_TEST(data::keep_snapshot(data::DataPaths(folder), *opened, running, 0).has_value());
  // Nor is one of records that nothing would vouch for after a crash.
  struct Unanchored : ForwardingJournal {
    using ForwardingJournal::ForwardingJournal;
    Expected<> wait_for_anchor(std::uint64_t) override {
      return std::unexpected(Failure{FailureKind::input_output, "no anchor", ""});
    }
  };
  for (const fs::path& file : data::snapshots_in(folder / "snapshots")) fs::remove(file);
  auto anchored = std::exchange(opened->journal, std::make_unique<Unanchored>(*opened->journal));
  const auto unanchored = data::keep_snapshot(data::DataPaths(folder), *opened, running, 0);
  BOOST_REQUIRE(!unanchored);
  BOOST_TEST(unanchored.error().sentence == "no anchor");
  BOOST_TEST(fs::is_empty(folder / "snapshots"));
  opened->journal = std::move(anchored);
  // A state that is not the journal's is not kept.
  const domain::State empty;
  BOOST_TEST(!data::keep_snapshot(data::DataPaths(folder), *opened,
                                  {empty, opened->ids, opened->past, 1}, 0));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
