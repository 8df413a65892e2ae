#include "tests/unit/credential/key_store_fixture.h"

#include <sodium.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <thread>

using namespace postern::credential;

namespace postern::testing {

namespace {

constexpr auto generous = std::chrono::seconds(120);

/// For any thread; Boost.Test's own checks are for its main thread alone.
void check(bool good, const std::filesystem::path& path) {
  if (!good) throw std::runtime_error("the test cannot use '" + path.string() + "'");
}

/// In memory where there is such a place: what a sync would do is the faulty disk's to say.
std::filesystem::path base_folder() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

/// Of a kind that making turns into `input_output`.
Failure injected() { return {FailureKind::not_permitted, "the disk was told to fail", "none"}; }

}  // namespace

Bytes read_file(const std::filesystem::path& path) {
  Bytes bytes(std::filesystem::file_size(path));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  check(file.good(), path);
  return bytes;
}

void write_file(const std::filesystem::path& path, const Bytes& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  check(file.good(), path);
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (base_folder() / "postern-keys-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Contents TemporaryFolder::contents() const {
  Contents contents;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    contents[entry.path().filename()] = read_file(entry.path());
  return contents;
}

void TemporaryFolder::replace_contents(const Contents& contents) const {
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    std::filesystem::remove(entry.path());
  for (const auto& [name, bytes] : contents) write_file(path_ / name, bytes);
}

FaultyDisk::FaultyDisk(const TemporaryFolder& folder)
    : folder_(folder), durable_(folder.contents()) {}

Outcome FaultyDisk::begin_change() {
  const std::lock_guard lock(mutex_);
  if (stopped_) return Outcome::stops_before;
  const Outcome outcome = plan(changes_++);
  if (outcome != Outcome::done) ++faults_;
  stopped_ = outcome == Outcome::stops_before || outcome == Outcome::stops_midway ||
             outcome == Outcome::stops_after;
  changed_.notify_all();
  return outcome;
}

void FaultyDisk::synced() {
  const std::lock_guard lock(mutex_);
  durable_ = folder_.contents();
}

int FaultyDisk::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

int FaultyDisk::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

bool FaultyDisk::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void FaultyDisk::wait_for_stop_or(int changes) {
  std::unique_lock lock(mutex_);
  BOOST_REQUIRE(changed_.wait_for(lock, generous, [&] { return stopped_ || changes_ >= changes; }));
}

Contents FaultyDisk::durable() const {
  const std::lock_guard lock(mutex_);
  return durable_;
}

Expected<> FaultyFolder::change(const std::function<Expected<>()>& whole,
                                const std::function<void()>& half) {
  switch (disk_.begin_change()) {
    case Outcome::done:
      return whole();
    case Outcome::refused:
    case Outcome::stops_before:
      break;
    case Outcome::stops_midway:
      half();
      break;
    case Outcome::done_but_failed:
    case Outcome::stops_after:
      if (auto done = whole(); !done) return done;
      break;
  }
  return std::unexpected(injected());
}

Expected<> FaultyFolder::write(const std::string& name, std::span<const std::byte> bytes) {
  return change([&] { return KeyFolder::write(name, bytes); },
                [&] {
                  const auto part = bytes.first(bytes.size() / 2);
                  write_file(path_of(name), Bytes(part.begin(), part.end()));
                });
}

Expected<> FaultyFolder::rename(const std::string& from, const std::string& to) {
  return change([&] { return KeyFolder::rename(from, to); });
}

Expected<> FaultyFolder::remove(const std::string& name) {
  return change([&] { return KeyFolder::remove(name); });
}

Expected<> FaultyFolder::sync() {
  return change([&] {
    disk_.synced();
    return KeyFolder::sync();
  });
}

std::unique_ptr<FileKeyStore> open_store(const TemporaryFolder& folder,
                                         FileKeyStore::Options options) {
  auto store =
      FileKeyStore::open(std::make_unique<KeyFolder>(folder.path()), system_entropy(), options);
  BOOST_REQUIRE_MESSAGE(store, (store ? std::string() : store.error().sentence));
  return std::move(*store);
}

std::vector<NewKey> take(KeyStore& store, std::size_t count) {
  std::vector<NewKey> keys;
  for (std::size_t i = 0; i < count; ++i) {
    auto key = store.next();
    BOOST_REQUIRE_MESSAGE(key, (key ? std::string() : key.error().sentence));
    keys.push_back(*key);
  }
  return keys;
}

NewKey take_when_healed(KeyStore& store) {
  const auto limit = std::chrono::steady_clock::now() + generous;
  while (true) {
    auto key = store.next();
    if (key) return *key;
    BOOST_REQUIRE(std::chrono::steady_clock::now() < limit);
    std::this_thread::yield();
  }
}

static void put_hash_at_end(Bytes& bytes, std::span<const unsigned char> key) {
  unsigned char hash[32];
  BOOST_REQUIRE(crypto_generichash(hash, sizeof hash,
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   bytes.size() - sizeof hash, key.data(), key.size()) == 0);
  std::memcpy(bytes.data() + bytes.size() - sizeof hash, hash, sizeof hash);
}

void correct_checksum(Bytes& root) { put_hash_at_end(root, {}); }

void correct_trailer(Bytes& key_file, const Key& wrapping) {
  unsigned char key[32];
  BOOST_REQUIRE(
      crypto_kdf_derive_from_key(key, sizeof key, 1, "trailer_",
                                 reinterpret_cast<const unsigned char*>(wrapping.data())) == 0);
  put_hash_at_end(key_file, key);
}

/// The root ends with a number and a key for each file, then the checksum.
Key wrapping_key_of(const TemporaryFolder& folder, std::uint32_t number) {
  const Bytes root = read_file(folder.path() / "root");
  const std::size_t files = folder.contents().size() - 1;
  Key key;
  const std::size_t place = root.size() - 32 - (files - number) * 36 - key.size();
  std::copy_n(root.begin() + static_cast<std::ptrdiff_t>(place), key.size(), key.begin());
  return key;
}

void run_as_nobody(const std::function<void()>& work) {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      constexpr int nobody = 65'534;
      // The system call, not the library's function: it changes this thread alone.
      if (::geteuid() == 0) BOOST_REQUIRE(::syscall(SYS_setresuid, -1, nobody, -1) == 0);
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
}

platform::Entropy& system_entropy() {
  static platform::SystemEntropy entropy;
  return entropy;
}

}  // namespace postern::testing
