// The bytes: see snapshot_form.h.
// folder := snapshot-SEQ*                 mode 0600; snapshot-SEQ.new: in the making
#include "daemon/data/snapshot.h"

#include <charconv>
#include <future>
#include <optional>

#include "daemon/data/snapshot_form.h"
#include "daemon/platform/files.h"
#include "daemon/platform/worker.h"

namespace postern::data {

/// Made while building, see rules_print.cmake.
extern const char* const rules_print;

std::string folding_program() { return std::string(POSTERN_VERSION) + "+" + rules_print; }

namespace {

namespace fs = std::filesystem;
using namespace snapshot_form;
using domain::CompactWriter;

constexpr std::string_view name_prefix = "snapshot-";
constexpr std::string_view unfinished_suffix = ".new";
constexpr std::size_t ids_part_bytes = 256 << 10;
/// So much is written before it is brought to the disk, so that whoever syncs meanwhile, as the
/// journal does, waits for no more.
constexpr std::uint64_t sync_step_bytes = 8 << 20;

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

/// Hashes parts and writes them.
class Outflow {
 public:
  Outflow(platform::NewFile& file, const std::function<Expected<>()>& may_go_on)
      : file_(file), may_go_on_(may_go_on) {}

  /// False: it has failed.
  bool add(std::uint8_t kind, std::span<const std::uint8_t> bytes,
           std::span<const std::uint8_t> canonical) {
    if (!wait()) return false;
    kind_ = kind;
    bytes_.assign(bytes.begin(), bytes.end());
    canonical_.assign(canonical.begin(), canonical.end());
    beside_.begin([this] { return write(); });
    return true;
  }
  /// All that was added is written.
  Expected<BodyFacts> finish() {
    if (auto went = wait(); !went) return std::unexpected(went.error());
    facts_.digest = digest_.finish();
    return std::move(facts_);
  }

 private:
  Expected<> wait() {
    if (failure_) return std::unexpected(*failure_);
    auto went = beside_.wait();
    if (!went) failure_ = went.error();
    return went;
  }
  Expected<> write() {
    if (auto may = may_go_on_(); !may) return may;
    const auto bytes = std::as_bytes(std::span(bytes_));
    digest_.add(std::as_bytes(std::span(canonical_)));
    facts_.parts.push_back({kind_, bytes_.size(), part_.add(bytes).finish()});
    if (auto written = file_.write(bytes); !written) return written;
    unsynced_ += bytes.size();
    if (unsynced_ < sync_step_bytes) return {};
    unsynced_ = 0;
    return file_.sync();
  }

  platform::NewFile& file_;
  const std::function<Expected<>()>& may_go_on_;
  std::optional<Failure> failure_;
  // The second thread's while it works.
  std::uint8_t kind_ = 0;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint8_t> canonical_;
  journal::Sha256 digest_;
  journal::Sha256 part_;
  BodyFacts facts_;
  std::uint64_t unsynced_ = 0;
  Beside beside_;
};

Expected<> write_entries(Outflow& out, domain::EntryList entries) {
  const auto written = domain::write_compact(std::move(entries), [&](const domain::Block& block) {
    return out.add(static_cast<std::uint8_t>(block.kind), block.bytes, block.canonical);
  });
  if (written) return {};
  return std::unexpected(Failure{FailureKind::bug,
                                 "the state could not be written: " + written.error(),
                                 "Report this sentence; the journal has all of it."});
}

Expected<> write_ids(Outflow& out, const SnapshotContents& contents) {
  CompactWriter words;
  const auto hand_over = [&] {
    const bool goes_on = out.add(ids_kind, words.written(), {});
    words.clear();
    return goes_on;
  };
  auto shown = contents.each_id([&](const RememberedId& remembered) {
    pass_id(words, remembered);
    return words.written().size() < ids_part_bytes || hand_over();
  });
  if (shown && !words.written().empty()) hand_over();
  return shown;
}

Expected<> write_end(platform::NewFile& file, const credential::Key& key, const SnapshotHead& head,
                     const BodyFacts& body, std::uint64_t& count) {
  CompactWriter words;
  pass_head(words, head, body);
  const auto written = std::as_bytes(words.written());
  journal::Bytes bytes(written.begin(), written.end());
  for (std::size_t place = 0; place < sizeof(std::uint64_t); ++place)
    bytes.push_back(static_cast<std::byte>(written.size() >> 8 * place));
  const Seal seal = credential::sign(key, to_sign(journal::Sha256().add(bytes).finish()));
  bytes.insert(bytes.end(), seal.begin(), seal.end());
  count += bytes.size();
  return file.write(bytes);
}

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

Expected<SnapshotWritten> write_snapshot(const SnapshotWriting& writing,
                                         SnapshotContents contents) {
  if (auto made = platform::make_folder(writing.folder); !made)
    return std::unexpected(made.error());
  const fs::path path =
      writing.folder / (std::string(name_prefix) + std::to_string(contents.head.journal.seq));
  auto file = platform::NewFile::create(path);
  if (!file) return std::unexpected(file.error());
  if (auto begun = file->write(std::as_bytes(std::span(magic))); !begun)
    return std::unexpected(begun.error());
  Outflow out(*file, writing.may_go_on);
  auto written = write_entries(out, std::move(contents.entries));
  if (written) written = write_ids(out, contents);
  // What stopped it is told first.
  const auto body = out.finish();
  if (!body) return std::unexpected(body.error());
  if (!written) return std::unexpected(written.error());
  SnapshotWritten told{magic.size()};
  for (const Part& part : body->parts) told.bytes += part.length;
  if (auto ended = write_end(*file, writing.signing_key, contents.head, *body, told.bytes); !ended)
    return std::unexpected(ended.error());
  if (auto placed = file->put_in_place(); !placed) return std::unexpected(placed.error());
  remove_others(writing.folder, path);
  return told;
}

}  // namespace postern::data
