#include "tests/unit/replay/fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

#include "daemon/credential/signature.h"
#include "daemon/journal/opening.h"
#include "daemon/platform/data_format.h"
#include "daemon/platform/folder_lock.h"
#include "replay/replay.h"
#include "schema/identifiers.h"
#include "tests/support/journal_folder.h"

namespace postern::replay {

namespace fs = std::filesystem;
using support::Bytes;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

DataFolderFixture::DataFolderFixture() {
  fs::create_directory(path());
  BOOST_REQUIRE(credential::KeyStore::create(keys(), entropy_));
  store_ = std::move(*credential::KeyStore::open(keys(), entropy_));
  BOOST_REQUIRE(journal::create_journal({journal_folder()}));
  BOOST_REQUIRE(platform::FolderLock::take(path()));
  tell_story();
  append_story();
  // Ends the making of keys ahead.
  store_.reset();
  BOOST_REQUIRE(platform::mark_data_folder(path()));
}

/// With a key that lies in the key store.
void DataFolderFixture::create_user(const std::string& name) {
  const auto key = store_->next();
  BOOST_REQUIRE(key);
  schema::UserCreatedT body;
  body.username = name;
  body.status = schema::UserStatus::active;
  body.api_access = true;
  body.key = std::make_unique<schema::KeyReferenceT>();
  body.key->file = key->slot.file;
  body.key->slot = key->slot.slot;
  const auto* commitment = reinterpret_cast<const std::uint8_t*>(key->commitment.data());
  body.key->commitment.assign(commitment, commitment + key->commitment.size());
  const auto id = support::made_id(1'000 + records().size());
  body.user = std::make_unique<schema::Uuid>(id);
  schema::EventT event;
  event.user = std::make_unique<schema::Uuid>(id);
  event.body.Set(std::move(body));
  story_.given_facts({event});
}

void DataFolderFixture::tell_story() {
  using support::allow;
  auto anna = support::add_operator("anna", schema::Role::administrator, 7);
  const auto signing = credential::signing_public_key(annas_seed);
  const auto* signing_bytes = reinterpret_cast<const std::uint8_t*>(signing.data());
  anna.body.AsAddOperator()
      ->standing->signing_keys.emplace_back(std::make_unique<schema::PublicKeyT>())
      ->bytes.assign(signing_bytes, signing_bytes + signing.size());
  story_.given(support::tenant("acme"), support::tenant("zenith"), anna);
  append_story();
  create_user("api.bob");
  create_user("api.al");
  story_.by("anna").given(allow("api.bob", "read", "table/customer"),
                          allow("api.al", "run", "script/nightly"),
                          support::reset("api.bob", "Str0ng-Key-7711"));
  append_story();
  story_.by(schema::Role::daemon).given(support::attempt("api.bob", false));
  story_.by("anna").given(
      support::to("api.al", schema::LockUserT{}), support::to("api.al", schema::UnlockUserT{}),
      support::to("api.al", schema::TrashUserT{}), support::to("api.al", schema::DeleteUserT{}));
  // The name is free again.
  create_user("api.al");
}

void DataFolderFixture::append_story() {
  auto opened = journal::open_journal({journal_folder()}, [](auto, auto) { return Expected<>{}; });
  BOOST_REQUIRE_MESSAGE(opened, opened.error().sentence);
  for (; appended_ < records().size(); ++appended_) {
    const journal::View record = std::as_bytes(std::span(records()[appended_]));
    BOOST_REQUIRE((*opened)->append(appended_, {&record, 1}));
  }
  BOOST_REQUIRE((*opened)->close());
}

Ended DataFolderFixture::run_line(const std::string& line) const {
  std::istringstream words(line);
  std::vector<std::string> arguments = {"--data", path()};
  arguments.insert(arguments.end(), std::istream_iterator<std::string>(words), {});
  std::ostringstream out;
  std::ostringstream talk;
  const int code = run(arguments, {out, talk});
  return {code, out.str(), talk.str()};
}

Ended DataFolderFixture::replay(const std::string& line) const {
  const Image before = image();
  const Ended ended = run_line(line);
  BOOST_TEST((image() == before), "'" << line << "' changed the folder");
  return ended;
}

Ended DataFolderFixture::replay_as_nobody(const std::string& line) const {
  const Image before = image();
  const uid_t self = ::geteuid();
  if (self == 0) BOOST_REQUIRE(::seteuid(65'534) == 0);
  const Ended ended = run_line(line);
  if (self == 0) BOOST_REQUIRE(::seteuid(self) == 0);
  BOOST_TEST((image() == before), "'" << line << "' changed the folder");
  return ended;
}

void DataFolderFixture::put(std::uint64_t seq, const Bytes& record) const {
  support::put_row(journal_folder(), support::row_key(seq),
                   {reinterpret_cast<const char*>(record.data()), record.size()});
}

Bytes DataFolderFixture::next_record(const std::function<void(schema::RecordT&)>& change) const {
  // The reset of api.bob's password once more; its newest event is in record 10.
  return changed(records().at(8), [&](schema::RecordT& record) {
    record.seq = 16;
    record.time_ns = 16'000'000'000;
    record.previous_tenant_seq = 15;
    record.events.at(0)->previous_user_seq = 10;
    change(record);
  });
}

Image DataFolderFixture::image() const {
  Image image;
  for (const auto& entry : fs::recursive_directory_iterator(temporary_.path())) {
    struct stat about {};
    BOOST_REQUIRE(::lstat(entry.path().c_str(), &about) == 0);
    std::ostringstream facts;
    facts << about.st_mode << ' ' << about.st_ino << ' ' << about.st_nlink << ' '
          << about.st_mtim.tv_sec << '.' << about.st_mtim.tv_nsec << '\n';
    if (entry.is_regular_file()) facts << bytes_in(entry.path());
    image[entry.path().native()] = facts.str();
  }
  return image;
}

std::string bytes_in(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_bytes(const fs::path& file, std::string_view bytes) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << bytes;
  BOOST_REQUIRE(stream.flush().good());
}

Bytes changed(const Bytes& record, const std::function<void(schema::RecordT&)>& change) {
  schema::RecordT native;
  flatbuffers::GetRoot<schema::Record>(record.data())->UnPackTo(&native);
  change(native);
  return support::packed<schema::Record>(native, schema::record_identifier);
}

}  // namespace postern::replay
