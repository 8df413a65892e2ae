// folder := snapshot-SEQ*                 mode 0600; snapshot-SEQ.new: in the making
// file   := magic body head head_length:number seal
// body   := canonical                     see domain/grammar.h
// head   := version:number program:text installation:id seq:number root:hash digest:hash
//           body_length:number block:hash* time_ns:number tenant_head* user_changed*
//           ranges_time* read_whole_ns:number ids_since_ms:number remembered* past
// past   := seq:number structural* installation* ranges* former_name* time*      see past_index.h
// seal   := Ed25519 signature of 64 bytes over purpose, SHA-256(head head_length)
// The head tells the body's digest and length, and the seal covers the head: so every byte is
// covered, and the body is hashed once.
#include "daemon/data/snapshot.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <future>
#include <optional>

#include "daemon/domain/canonical_state.h"
#include "daemon/domain/digest.h"
#include "daemon/journal/sha256.h"
#include "daemon/platform/files.h"
#include "daemon/platform/worker.h"

namespace postern::data {

/// Made while building, see rules_print.cmake.
extern const char* const rules_print;

std::string folding_program() { return std::string(POSTERN_VERSION) + "+" + rules_print; }

namespace {

namespace fs = std::filesystem;
using domain::CanonicalReader;
using domain::CanonicalWriter;
using journal::Hash;

constexpr std::string_view magic = "postsnap";
constexpr std::string_view purpose = "Postern snapshot\n";
constexpr std::string_view name_prefix = "snapshot-";
constexpr std::string_view unfinished_suffix = ".new";
constexpr std::uint64_t format_version = 4;
constexpr std::size_t piece_bytes = 1 << 20;

using Seal = credential::Signature;
constexpr std::size_t end_bytes = sizeof(std::uint64_t) + sizeof(Seal);

Failure unfit(const fs::path& file, const std::string& why) {
  return {FailureKind::damaged, platform::printable_path(file) + ": " + why,
          "It is a cache: it can be removed."};
}

/// `head`: the hash of the head, which tells that of the body.
journal::Bytes to_sign(const Hash& head) {
  journal::Bytes signed_bytes(purpose.size() + head.size());
  const auto rest = std::ranges::copy(std::as_bytes(std::span(purpose)), signed_bytes.begin()).out;
  std::ranges::copy(head, rest);
  return signed_bytes;
}

// ---- the head

/// What only the file knows of itself.
struct BodyFacts {
  Hash digest{};
  std::uint64_t length = 0;
};

template <class Io, class Value>
void pass_hash(Io& io, Value& hash) {
  std::array<std::uint8_t, sizeof(Hash)> bytes{};
  if constexpr (!Io::reads) bytes = std::bit_cast<decltype(bytes)>(hash);
  io.bytes(bytes);
  if constexpr (Io::reads) hash = std::bit_cast<Hash>(bytes);
}

template <class Io, class Notes>
void pass_past(Io& io, Notes& past) {
  io.number(past.seq);
  io.list(past.structural, [&](auto& structural) {
    io.id(structural.tenant);
    io.number(structural.seq);
  });
  io.list(past.installation, [&](auto& seq) { io.number(seq); });
  io.list(past.ranges, [&](auto& ranges) {
    io.number(ranges.provider);
    io.number(ranges.seq);
  });
  io.list(past.former_names, [&](auto& name) {
    io.id(name.tenant);
    io.text(name.name);
    io.id(name.owner.user);
    io.number(name.owner.until_seq);
  });
  io.list(past.times, [&](auto& time) {
    io.number(time.seq);
    io.number(time.time_ns);
  });
}

template <class Io, class Head, class Body>
void pass_head(Io& io, Head& head, Body& body) {
  std::uint64_t version = format_version;
  io.number(version);
  if constexpr (Io::reads)
    if (version != format_version) io.fail("it has another form");
  io.text(head.program);
  io.id(head.installation);
  io.number(head.journal.seq);
  pass_hash(io, head.journal.root);
  pass_hash(io, body.digest);
  io.number(body.length);
  io.list(head.blocks, [&](auto& block) { pass_hash(io, block); });
  io.number(head.place.time_ns);
  io.list(head.place.tenant_heads, [&](auto& tenant) {
    io.id(tenant.tenant);
    io.number(tenant.seq);
    io.number(tenant.changed_seq);
  });
  io.list(head.place.users_changed, [&](auto& changed) {
    io.id(changed.user);
    io.number(changed.seq);
  });
  io.list(head.place.ranges_times, [&](auto& ranges) {
    io.number(ranges.provider);
    io.number(ranges.imported_ns);
  });
  io.number(head.read_whole_ns);
  io.number(head.ids_since_ms);
  io.list(head.ids, [&](auto& remembered) {
    io.id(remembered.operator_id);
    io.id(remembered.id);
    io.number(remembered.seq);
  });
  pass_past(io, head.past);
}

// ---- pieces, on a second thread

/// Runs one piece of work at a time beside its owner.
class Beside {
 public:
  template <class Work>
  void begin(Work work) {
    std::promise<Expected<>> told;
    done_ = told.get_future();
    worker_.run(
        [work = std::move(work), told = std::move(told)]() mutable { told.set_value(work()); });
  }
  /// How the newest went.
  Expected<> wait() { return done_.valid() ? done_.get() : Expected<>(); }

 private:
  std::future<Expected<>> done_;
  platform::Worker worker_;
};

/// Hashes and writes.
class Outflow {
 public:
  Outflow(platform::NewFile& file, const std::function<bool()>& has_space)
      : file_(file), has_space_(has_space) {}

  void add(std::span<const std::uint8_t> bytes) {
    filling_.insert(filling_.end(), bytes.begin(), bytes.end());
    count_ += bytes.size();
    if (filling_.size() >= piece_bytes) hand_over();
  }
  /// Since the last call; all of it is written.
  Expected<Hash> hash() {
    hand_over();
    if (auto went = wait(); !went) return std::unexpected(went.error());
    return sha256_.finish();
  }
  std::uint64_t count() const { return count_; }

 private:
  Expected<> wait() {
    if (failure_) return std::unexpected(*failure_);
    auto went = beside_.wait();
    if (!went) failure_ = went.error();
    return went;
  }
  void hand_over() {
    const bool good = wait().has_value();
    std::swap(filling_, working_);
    filling_.clear();
    if (!good) return;
    beside_.begin([this] { return write(); });
  }
  Expected<> write() {
    if (!has_space_())
      return std::unexpected(Failure{FailureKind::input_output,
                                     "free disk space is under the floor",
                                     "Make room; the next stop writes it."});
    const auto bytes = std::as_bytes(std::span(working_));
    sha256_.add(bytes);
    return file_.write(bytes);
  }

  platform::NewFile& file_;
  const std::function<bool()>& has_space_;
  std::vector<std::uint8_t> filling_;
  std::uint64_t count_ = 0;
  std::optional<Failure> failure_;
  // The second thread's while it works.
  std::vector<std::uint8_t> working_;
  journal::Sha256 sha256_;
  Beside beside_;
};

/// Reads part of a file and hashes it.
class Inflow {
 public:
  Inflow(const platform::OldFile& file, std::uint64_t from, std::uint64_t to)
      : file_(file), at_(from), end_(to) {
    fetch();
  }

  std::span<const std::uint8_t> next() {
    if (failure_) return {};
    if (auto went = beside_.wait(); !went) {
      failure_ = went.error();
      return {};
    }
    std::swap(giving_, coming_);
    fetch();
    return giving_;
  }
  /// Of all of it, whether it was given or not.
  Expected<Hash> hash() {
    while (!next().empty()) {
    }
    if (failure_) return std::unexpected(*failure_);
    return sha256_.finish();
  }

 private:
  void fetch() {
    coming_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, end_ - at_)));
    if (coming_.empty()) return;
    beside_.begin([this]() -> Expected<> {
      const auto bytes = std::as_writable_bytes(std::span(coming_));
      if (auto read = file_.read(at_, bytes); !read) return read;
      sha256_.add(bytes);
      at_ += bytes.size();
      return {};
    });
  }

  const platform::OldFile& file_;
  std::vector<std::uint8_t> giving_;
  std::optional<Failure> failure_;
  // The second thread's while it works.
  std::uint64_t at_;
  const std::uint64_t end_;
  std::vector<std::uint8_t> coming_;
  journal::Sha256 sha256_;
  Beside beside_;
};

// ---- the folder

/// Absent: it is no snapshot's name.
std::optional<std::uint64_t> seq_of(const std::string& name) {
  if (!name.starts_with(name_prefix)) return std::nullopt;
  std::uint64_t seq = 0;
  const char* const end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + name_prefix.size(), end, seq);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return seq;
}

/// Best effort: what stays is removed another time.
void remove_others(const fs::path& folder, const fs::path& kept) {
  std::error_code error;
  for (const fs::path& file : snapshots_in(folder))
    if (file != kept) fs::remove(file, error);
  remove_unfinished_snapshots(folder);
}

}  // namespace

std::vector<fs::path> snapshots_in(const fs::path& folder) {
  std::vector<std::pair<std::uint64_t, fs::path>> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (const auto seq = seq_of(entry.path().filename())) found.emplace_back(*seq, entry.path());
  std::ranges::sort(found, std::ranges::greater());
  std::vector<fs::path> files;
  for (auto& [seq, file] : found) files.push_back(std::move(file));
  return files;
}

void remove_unfinished_snapshots(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(name_prefix) && name.ends_with(unfinished_suffix))
      fs::remove(entry.path(), error);
  }
}

Expected<> write_snapshot(const SnapshotWriting& writing, const SnapshotHead& head,
                          const domain::State& state) {
  if (auto made = platform::make_folder(writing.folder); !made) return made;
  const fs::path path =
      writing.folder / (std::string(name_prefix) + std::to_string(head.journal.seq));
  auto file = platform::NewFile::create(path);
  if (!file) return std::unexpected(file.error());
  if (auto begun = file->write(std::as_bytes(std::span(magic))); !begun) return begun;
  Outflow out(*file, writing.has_space);
  const domain::Sink sink = [&](std::span<const std::uint8_t> bytes) { out.add(bytes); };
  domain::write_canonical(state.tables(), sink);
  const auto digest = out.hash();
  if (!digest) return std::unexpected(digest.error());
  const BodyFacts body{*digest, out.count()};
  CanonicalWriter words(sink);
  pass_head(words, head, body);
  words.flush();
  words.number(out.count() - body.length);
  words.flush();
  const auto sealed = out.hash();
  if (!sealed) return std::unexpected(sealed.error());
  const Seal seal = credential::sign(writing.signing_key, to_sign(*sealed));
  if (auto written = file->write(seal); !written) return written;
  if (auto placed = file->put_in_place(); !placed) return placed;
  remove_others(writing.folder, path);
  return {};
}

namespace {

/// The parts of a file, of whatever bytes it has.
struct Parts {
  std::uint64_t body = magic.size();
  std::uint64_t head = 0;
  std::uint64_t seal = 0;
};

Expected<Parts> parts_of(const platform::OldFile& file, const fs::path& path) {
  const Failure cut = unfit(path, "it is too short, or no snapshot");
  if (file.size() < magic.size() + end_bytes) return std::unexpected(cut);
  std::array<std::byte, magic.size()> begin{};
  if (auto read = file.read(0, begin); !read) return std::unexpected(read.error());
  if (!std::ranges::equal(begin, std::as_bytes(std::span(magic)))) return std::unexpected(cut);
  Parts parts;
  parts.seal = file.size() - sizeof(Seal);
  std::array<std::byte, sizeof(std::uint64_t)> length{};
  const std::uint64_t head_end = parts.seal - length.size();
  if (auto read = file.read(head_end, length); !read) return std::unexpected(read.error());
  std::uint64_t head_length = 0;
  for (std::size_t place = 0; place < length.size(); ++place)
    head_length |= std::to_integer<std::uint64_t>(length[place]) << 8 * place;
  if (head_length > head_end - parts.body) return std::unexpected(cut);
  parts.head = head_end - head_length;
  return parts;
}

/// Signed, or whoever made it if there is no signer.
Expected<BodyFacts> read_head(const platform::OldFile& file, const Parts& parts,
                              const fs::path& path,
                              const std::optional<credential::SigningPublicKey>& signer,
                              SnapshotHead& head) {
  Inflow in(file, parts.head, parts.seal);
  const domain::Source source = [&] { return in.next(); };
  CanonicalReader words(source);
  BodyFacts body;
  pass_head(words, head, body);
  const std::string failure = words.failure();
  Seal seal{};
  if (auto read = file.read(parts.seal, seal); !read) return std::unexpected(read.error());
  const auto hash = in.hash();
  if (!hash) return std::unexpected(hash.error());
  if (signer && !credential::verify_signature(*signer, to_sign(*hash), seal))
    return std::unexpected(
        unfit(path, "its seal is not that of this installation, or it is damaged"));
  if (!failure.empty()) return std::unexpected(unfit(path, failure));
  if (body.length != parts.head - parts.body)
    return std::unexpected(unfit(path, "its body is not as long as it tells"));
  return body;
}

}  // namespace

Expected<SnapshotHead> read_snapshot_head(
    const fs::path& path, const std::optional<credential::SigningPublicKey>& signer) {
  const auto file = platform::OldFile::open(path);
  if (!file) return std::unexpected(file.error());
  const auto parts = parts_of(*file, path);
  if (!parts) return std::unexpected(parts.error());
  SnapshotHead head;
  if (auto body = read_head(*file, *parts, path, signer, head); !body)
    return std::unexpected(body.error());
  return head;
}

Expected<Snapshot> read_snapshot(const fs::path& path, const std::string& program,
                                 const credential::SigningPublicKey& signer) {
  const auto file = platform::OldFile::open(path);
  if (!file) return std::unexpected(file.error());
  const auto parts = parts_of(*file, path);
  if (!parts) return std::unexpected(parts.error());
  Snapshot made;
  const auto body = read_head(*file, *parts, path, signer, made.head);
  if (!body) return std::unexpected(body.error());
  if (made.head.program != program)
    return std::unexpected(unfit(path, "another version or build of the program wrote it"));
  made.head.place.seq = made.head.journal.seq;
  Inflow in(*file, parts->body, parts->head);
  auto state = domain::read_canonical([&] { return in.next(); }, made.head.place);
  const auto digest = in.hash();
  if (!digest) return std::unexpected(digest.error());
  if (*digest != body->digest)
    return std::unexpected(unfit(path, "its state has another digest than it tells"));
  if (!state) return std::unexpected(unfit(path, state.error()));
  made.state = std::move(*state);
  return made;
}

}  // namespace postern::data
