// The bytes: see snapshot_form.h.
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "daemon/data/snapshot.h"
#include "daemon/data/snapshot_form.h"
#include "daemon/platform/files.h"
#include "daemon/platform/wiped_memory.h"

namespace postern::data {

namespace {

namespace fs = std::filesystem;
using namespace snapshot_form;
using domain::BlockKind;
using domain::CompactReader;

Failure unfit(const fs::path& file, const std::string& why) {
  return {FailureKind::damaged, platform::printable_path(file) + ": " + why,
          "It is a cache: it can be removed."};
}

// ---- the head

/// Where what lies, in a file of whatever bytes.
struct Places {
  std::uint64_t body = magic.size();
  std::uint64_t head = 0;
  std::uint64_t seal = 0;
};

Expected<Places> places_in(const platform::OldFile& file, const fs::path& path) {
  const Failure cut = unfit(path, "it is too short, or no snapshot");
  if (file.size() < magic.size() + end_bytes) return std::unexpected(cut);
  std::array<std::byte, magic.size()> begin{};
  if (auto read = file.read(0, begin); !read) return std::unexpected(read.error());
  if (!std::ranges::equal(begin, std::as_bytes(std::span(magic)))) return std::unexpected(cut);
  Places places;
  places.seal = file.size() - sizeof(Seal);
  std::array<std::byte, sizeof(std::uint64_t)> length{};
  const std::uint64_t head_end = places.seal - length.size();
  if (auto read = file.read(head_end, length); !read) return std::unexpected(read.error());
  std::uint64_t head_length = 0;
  for (std::size_t place = 0; place < length.size(); ++place)
    head_length |= std::to_integer<std::uint64_t>(length[place]) << 8 * place;
  if (head_length > head_end - places.body) return std::unexpected(cut);
  places.head = head_end - head_length;
  return places;
}

bool fill(const std::vector<Part>& parts, std::uint64_t bytes) {
  for (const Part& part : parts) {
    if (part.length > bytes) return false;
    bytes -= part.length;
  }
  return bytes == 0;
}

/// Signed, or whoever made it if there is no signer.
Expected<BodyFacts> read_head(const platform::OldFile& file, const Places& places,
                              const fs::path& path,
                              const std::optional<credential::SigningPublicKey>& signer,
                              SnapshotHead& head) {
  journal::Bytes bytes(static_cast<std::size_t>(places.seal - places.head));
  if (auto read = file.read(places.head, bytes); !read) return std::unexpected(read.error());
  Seal seal{};
  if (auto read = file.read(places.seal, seal); !read) return std::unexpected(read.error());
  const Hash hash = journal::Sha256().add(bytes).finish();
  if (signer && !credential::verify_signature(*signer, to_sign(hash), seal))
    return std::unexpected(
        unfit(path, "its seal is not that of this installation, or it is damaged"));
  const std::span all(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  CompactReader words(all.first(all.size() - sizeof(std::uint64_t)));
  BodyFacts body;
  pass_head(words, head, body);
  if (words.good() && !words.at_end()) words.fail("its head is longer than what it tells");
  if (!words.good()) return std::unexpected(unfit(path, words.failure()));
  if (!fill(body.parts, places.head - places.body))
    return std::unexpected(unfit(path, "its body is not as long as it tells"));
  return body;
}

// ---- the parts

/// Bytes that are not set to anything before they are read.
struct PartBytes {
  explicit PartBytes(std::size_t size)
      : held(std::make_unique_for_overwrite<std::uint8_t[]>(size)), all(held.get(), size) {}

  std::unique_ptr<std::uint8_t[]> held;
  std::span<std::uint8_t> all;
};

/// One part, as far as it can be read apart from the others.
struct PartRead {
  PartBytes bytes;
  domain::UsersRead users = {};
  std::vector<RememberedId> ids = {};
};

/// Reads parts, each of which is held against its hash.
class PartReader {
 public:
  PartReader(const platform::OldFile& file, const fs::path& path, const std::vector<Part>& parts)
      : file_(file), path_(path), parts_(parts) {
    std::uint64_t at = magic.size();
    for (const Part& part : parts) at = offsets_.emplace_back(at) + part.length;
  }

  /// Any thread.
  Expected<PartRead> read(std::size_t place) const {
    const Part& part = parts_[place];
    PartRead made{PartBytes(static_cast<std::size_t>(part.length))};
    const auto bytes = std::as_writable_bytes(made.bytes.all);
    if (auto read = file_.read(offsets_[place], bytes); !read) return std::unexpected(read.error());
    if (journal::Sha256().add(bytes).finish() == part.hash) return made;
    return std::unexpected(unfit(path_, "one of its parts has another hash than it tells"));
  }

 private:
  const platform::OldFile& file_;
  const fs::path& path_;
  const std::vector<Part>& parts_;
  std::vector<std::uint64_t> offsets_;
};

/// Absent: it holds no entries.
std::optional<BlockKind> kind_of(const Part& part) {
  for (const BlockKind kind : domain::block_kinds)
    if (static_cast<std::uint8_t>(kind) == part.kind) return kind;
  return std::nullopt;
}

bool is_of_many(const Part& part) {
  const auto kind = kind_of(part);
  return kind && domain::is_of_many(*kind);
}

/// Reads parts on as many threads as there are processors, a few ahead of its owner, who takes them
/// in their order.
class PartsAhead {
 public:
  using Read = std::function<Expected<PartRead>(std::size_t place)>;

  /// `read` is called on any thread; those of many, which are read, are passed over.
  PartsAhead(const std::vector<Part>& parts, Read read) : read_(std::move(read)) {
    for (std::size_t place = 0; place < parts.size(); ++place)
      if (!is_of_many(parts[place])) line_.push_back(place);
    const std::size_t count = std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
    ahead_max_ = 4 * count;
    for (std::size_t number = 0; number < count && number < line_.size(); ++number)
      threads_.emplace_back([this] { work(); });
  }
  PartsAhead(const PartsAhead&) = delete;
  PartsAhead& operator=(const PartsAhead&) = delete;
  ~PartsAhead() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  /// Nothing: all were taken.
  std::optional<std::pair<std::size_t, Expected<PartRead>>> next() {
    if (taken_ == line_.size()) return std::nullopt;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return done_.contains(taken_); });
    Expected<PartRead> made = std::move(done_.extract(taken_).mapped());
    const std::size_t place = line_[taken_++];
    lock.unlock();
    changed_.notify_all();
    return std::pair(place, std::move(made));
  }

 private:
  void work() {
    // All that is personal in it is sealed.
    platform::wipes_freed_memory = false;
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] {
        return ended_ || begun_ == line_.size() || begun_ < taken_ + ahead_max_;
      });
      if (ended_ || begun_ == line_.size()) return;
      const std::size_t number = begun_++;
      lock.unlock();
      Expected<PartRead> made = read_(line_[number]);
      lock.lock();
      done_.emplace(number, std::move(made));
      changed_.notify_all();
    }
  }

  const Read read_;
  /// Places of the parts.
  std::vector<std::size_t> line_;
  std::size_t ahead_max_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::size_t begun_ = 0;
  std::size_t taken_ = 0;
  std::map<std::size_t, Expected<PartRead>> done_;
  std::vector<std::thread> threads_;
};

/// Nothing else can be done with one alone.
Expected<> open_part(const fs::path& path, const Part& part, const domain::RightTable& rights,
                     const domain::JournalPlace& place, PartRead& made) {
  if (kind_of(part) == BlockKind::users) {
    made.users = domain::read_users(made.bytes.all, rights, place);
    made.bytes = PartBytes(0);
  } else if (part.kind == ids_kind) {
    CompactReader in(made.bytes.all);
    while (!in.at_end()) pass_id(in, made.ids.emplace_back());
    if (!in.good()) return std::unexpected(unfit(path, in.failure()));
  }
  return {};
}

Expected<> take_part(const fs::path& path, const Part& part, PartRead read,
                     domain::StateReading& state, std::vector<RememberedId>& ids) {
  if (part.kind == ids_kind) {
    ids.insert(ids.end(), read.ids.begin(), read.ids.end());
    return {};
  }
  const auto kind = kind_of(part);
  if (!kind) return std::unexpected(unfit(path, "a part is of no known kind"));
  if (*kind == BlockKind::users)
    state.take_users(std::move(read.users));
  else
    state.take(*kind, read.bytes.all);
  if (state.failure().empty()) return {};
  return std::unexpected(unfit(path, state.failure()));
}

/// By what a part of so many users takes.
std::size_t users_expected(const std::vector<Part>& parts, const Part& one, std::size_t count) {
  std::uint64_t bytes = 0;
  for (const Part& part : parts)
    if (part.kind == one.kind) bytes += part.length;
  return static_cast<std::size_t>(count * bytes / std::max<std::uint64_t>(one.length, 1));
}

Expected<> read_body(const platform::OldFile& file, const fs::path& path,
                     const std::vector<Part>& parts, Snapshot& made) {
  const PartReader reader(file, path, parts);
  domain::StateReading state(made.head.place);
  for (std::size_t place = 0; place < parts.size(); ++place) {
    if (!is_of_many(parts[place])) continue;
    const auto read = reader.read(place);
    if (!read) return std::unexpected(read.error());
    state.take_of_many(*kind_of(parts[place]), read->bytes.all);
  }
  PartsAhead ahead(parts, [&](std::size_t place) {
    auto read = reader.read(place);
    if (!read) return read;
    if (auto opened = open_part(path, parts[place], state.rights(), made.head.place, *read);
        !opened)
      read = std::unexpected(opened.error());
    return read;
  });
  bool are_users_expected = false;
  while (auto next = ahead.next()) {
    auto& [place, read] = *next;
    if (!read) return std::unexpected(read.error());
    if (!read->users.users.all.empty() && !std::exchange(are_users_expected, true))
      state.expect_users(users_expected(parts, parts[place], read->users.users.all.size()));
    if (auto taken = take_part(path, parts[place], std::move(*read), state, made.ids); !taken)
      return taken;
  }
  auto whole = state.finish();
  if (!whole) return std::unexpected(unfit(path, whole.error()));
  made.state = std::move(*whole);
  return {};
}

}  // namespace

Expected<SnapshotHead> read_snapshot_head(
    const fs::path& path, const std::optional<credential::SigningPublicKey>& signer) {
  const auto file = platform::OldFile::open(path);
  if (!file) return std::unexpected(file.error());
  const auto places = places_in(*file, path);
  if (!places) return std::unexpected(places.error());
  SnapshotHead head;
  if (auto body = read_head(*file, *places, path, signer, head); !body)
    return std::unexpected(body.error());
  return head;
}

Expected<Snapshot> read_snapshot(const fs::path& path, const std::string& program,
                                 const credential::SigningPublicKey& signer) {
  const auto file = platform::OldFile::open(path);
  if (!file) return std::unexpected(file.error());
  const auto places = places_in(*file, path);
  if (!places) return std::unexpected(places.error());
  Snapshot made;
  const auto body = read_head(*file, *places, path, signer, made.head);
  if (!body) return std::unexpected(body.error());
  if (made.head.program != program)
    return std::unexpected(unfit(path, "another version or build of the program wrote it"));
  made.head.place.seq = made.head.journal.seq;
  if (auto read = read_body(*file, path, body->parts, made); !read)
    return std::unexpected(read.error());
  return made;
}

}  // namespace postern::data
