// file = verifier key LF note
#include "tools/client/history_guard.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "daemon/platform/retried.h"
#include "tools/client/checkpoint.h"

namespace postern::client {
namespace {

constexpr std::size_t file_bytes_max = 32'768;

struct File {
  explicit File(int descriptor) : descriptor(descriptor) {}
  ~File() {
    if (descriptor >= 0) ::close(descriptor);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor;
};

Error cannot(const char* verb, const std::string& file, int error) {
  return {ErrorKind::input_output,
          std::string("Cannot ") + verb + " the remembered checkpoint " + file + ": " +
              std::strerror(error) + ".",
          "Name another file for it, or do without remembering."};
}

/// Empty if there is none.
Result<std::string> read_file(const std::string& path) {
  const File file(
      platform::retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
  if (file.descriptor < 0 && errno == ENOENT) return std::string();
  if (file.descriptor < 0) return std::unexpected(cannot("read", path, errno));
  std::string text(file_bytes_max, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto count = platform::retried(
        [&] { return ::read(file.descriptor, text.data() + size, text.size() - size); });
    if (count < 0) return std::unexpected(cannot("read", path, errno));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return text;
}

/// What root writes into another's folder is that one's, who could not read it otherwise.
int give_to_owner_of_folder(const File& file, const std::string& path) {
  struct stat folder {};
  if (::geteuid() != 0) return 0;
  const auto parent = std::filesystem::absolute(path).parent_path();
  if (::stat(parent.c_str(), &folder) != 0) return errno;
  return ::fchown(file.descriptor, folder.st_uid, folder.st_gid) == 0 ? 0 : errno;
}

int write_new(const std::string& path, std::string_view text) {
  constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
  const File file(platform::retried([&] { return ::open(path.c_str(), flags, 0600); }));
  if (file.descriptor < 0) return errno;
  if (const int error = give_to_owner_of_folder(file, path); error != 0) return error;
  const auto written =
      platform::retried([&] { return ::write(file.descriptor, text.data(), text.size()); });
  if (written != static_cast<ssize_t>(text.size())) return written < 0 ? errno : ENOSPC;
  return platform::retried([&] { return ::fsync(file.descriptor); }) == 0 ? 0 : errno;
}

/// All or nothing, and through a crash the old one or the new.
Result<> write_file(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new." + std::to_string(::getpid());
  int error = write_new(fresh, text);
  if (error == 0 && std::rename(fresh.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  ::unlink(fresh.c_str());
  return std::unexpected(cannot("write", path, error));
}

using Step = HistoryGuard::Step;

template <class Body>
Step ask(Body body, Step::Continue go_on) {
  Step step;
  step.request.emplace().body.Set(std::move(body));
  step.go_on = std::move(go_on);
  return step;
}

Step end(Result<Checkpoint> verdict) { return {{}, {}, std::move(verdict)}; }
Step end(Error error) { return end(std::unexpected(std::move(error))); }

Error unproved(const std::string& what) {
  return {ErrorKind::protocol, "The daemon gives no " + what + ".",
          "Ask again; if that does not help, see its status, and do not rely on this history."};
}

/// A restored journal signs under a new name with the same key: "postern/ID" or "postern/ID/...",
/// then "+hash+key".
bool signed_after_restoration(const std::string& known, const std::string& given) {
  const auto key_of = [](const std::string& text) {
    const auto hash = text.find('+');
    const auto key = hash == text.npos ? hash : text.find('+', hash + 1);
    return key == text.npos ? std::string() : text.substr(key);
  };
  const auto installation_of = [](const std::string& text) {
    const auto first = text.find('/');
    return text.substr(0, text.find_first_of("/+", first == text.npos ? 0 : first + 1));
  };
  return known != given && !key_of(known).empty() && key_of(known) == key_of(given) &&
         installation_of(known) == installation_of(given);
}

std::string records(const Checkpoint& checkpoint) {
  return std::to_string(checkpoint.size) + " records";
}

}  // namespace

Step HistoryGuard::observe(const std::string& note) const {
  if (file_.empty() || note.empty()) return end(Checkpoint());
  const auto memory = load();
  if (!memory) return end(memory.error());
  if (memory->note == note) return end(memory->checkpoint);
  if (memory->verifier_key.empty()) return check();
  if (!memory->note.empty()) {
    const auto unsigned_one = read_checkpoint(note);
    if (unsigned_one && unsigned_one->origin != memory->checkpoint.origin) return check();
  }
  const auto seen = open_checkpoint(note, memory->verifier_key);
  if (!seen) return end(seen.error());
  if (memory->note.empty() || seen->size >= memory->checkpoint.size)
    return accept(*memory, note, *seen);
  // Made before another program remembered a newer one, or the journal went back: the newest tells.
  return require_extends(*seen, memory->checkpoint, [this] { return check(); });
}

Step HistoryGuard::check() const {
  // Before the question, so that the answer cannot be older in good faith.
  const auto memory = load();
  if (!memory) return end(memory.error());
  return ask(schema::GetCheckpointT(),
             [this, known = *memory](auto page) { return check_newest(known, std::move(page)); });
}

Step HistoryGuard::check_newest(const Memory& memory, Result<schema::HistoryPageT> page) const {
  if (!page) return end(page.error());
  const auto* given = page->body.AsCheckpointPage();
  if (page->code != schema::Code::ok || given == nullptr) return end(unproved("checkpoint"));
  Memory known = memory;
  if (known.verifier_key.empty()) known.verifier_key = given->verifier_key;
  if (!known.note.empty() && signed_after_restoration(known.verifier_key, given->verifier_key))
    return check_restored(known, *given);
  if (known.verifier_key != given->verifier_key)
    return end(contradiction("it is signed with another key, " + given->verifier_key +
                             " instead of " + known.verifier_key));
  const auto seen = open_checkpoint(given->checkpoint, known.verifier_key);
  if (!seen) return end(seen.error());
  if (!known.note.empty() && seen->size < known.checkpoint.size)
    return end(
        contradiction("it went back, from " + records(known.checkpoint) + " to " + records(*seen)));
  return accept(known, given->checkpoint, *seen);
}

Step HistoryGuard::check_restored(const Memory& known, const schema::CheckpointPageT& given) const {
  const auto seen = open_checkpoint(given.checkpoint, given.verifier_key);
  if (!seen) return end(seen.error());
  const std::string text = given.verifier_key + "\n" + given.checkpoint;
  return require_extends(known.checkpoint, *seen, [this, text, seen = *seen] {
    if (auto stored = write_file(file_, text); !stored) return end(stored.error());
    return end(seen);
  });
}

Step HistoryGuard::accept(const Memory& memory, const std::string& note,
                          const Checkpoint& seen) const {
  if (file_.empty()) return end(seen);
  const auto remember = [this, key = memory.verifier_key, note, seen] {
    if (auto stored = store(key, note, seen); !stored) return end(stored.error());
    return end(seen);
  };
  if (memory.note.empty()) return remember();
  if (memory.checkpoint.size == seen.size)
    return require_extends(memory.checkpoint, seen, [seen] { return end(seen); });
  return require_extends(memory.checkpoint, seen, remember);
}

Step HistoryGuard::require_extends(const Checkpoint& from, const Checkpoint& to, Then then) const {
  if (from.size == to.size && from.origin == to.origin)
    return from.root == to.root ? then() : end(no_extension(from));
  schema::GetConsistencyT wanted;
  wanted.from_size = from.size;
  wanted.to_size = to.size;
  if (from.origin != to.origin) wanted.name = from.origin;
  return ask(std::move(wanted), [this, from, to, then = std::move(then)](auto page) {
    return check_proof(from, to, then, std::move(page));
  });
}

Step HistoryGuard::check_proof(const Checkpoint& from, const Checkpoint& to, const Then& then,
                               Result<schema::HistoryPageT> page) const {
  if (!page) return end(page.error());
  if (page->code == schema::Code::journal_restored) return end(restored(page->problems));
  if (page->code == schema::Code::field_malformed && from.origin != to.origin)
    return end(contradiction("it is signed as " + to.origin + ", which never was " + from.origin));
  if (page->code == schema::Code::seq_beyond_journal)
    return end(contradiction("it holds less than " + records(to)));
  const auto* proof = page->body.AsProofPage();
  if (page->code != schema::Code::ok || proof == nullptr)
    return end(unproved("proof that its history is one"));
  if (!proves_consistency(proof->hashes, from, to)) return end(no_extension(from));
  return then();
}

Result<HistoryGuard::Memory> HistoryGuard::load() const {
  Memory memory;
  memory.verifier_key = verifier_key_;
  if (file_.empty()) return memory;
  auto text = read_file(file_);
  if (!text) return std::unexpected(text.error());
  if (text->empty()) return memory;
  const auto end = text->find('\n');
  const auto key = text->substr(0, end);
  memory.note = end == text->npos ? "" : text->substr(end + 1);
  auto checkpoint = open_checkpoint(memory.note, key);
  if (!checkpoint)
    return std::unexpected(
        Error{ErrorKind::contradiction, "The remembered checkpoint " + file_ + " is damaged.",
              "Put it back from a copy; removing it forgets what the history must extend."});
  memory.checkpoint = std::move(*checkpoint);
  // One that is given stays right after a restoration, which changes the name beside it alone.
  if (!verifier_key_.empty() && verifier_key_ != key &&
      !signed_after_restoration(verifier_key_, key))
    return std::unexpected(
        contradiction("it is signed with another key, " + verifier_key_ + " instead of " + key));
  memory.verifier_key = key;
  return memory;
}

Result<> HistoryGuard::store(const std::string& verifier_key, const std::string& note,
                             const Checkpoint& seen) const {
  // Another program may have come further meanwhile.
  const auto now = load();
  if (!now) return std::unexpected(now.error());
  if (!now->note.empty() && now->checkpoint.size >= seen.size) return {};
  return write_file(file_, verifier_key + "\n" + note);
}

Error HistoryGuard::no_extension(const Checkpoint& from) const {
  return contradiction("its first " + records(from) + " are not those that were there before");
}

Error HistoryGuard::restored(const std::vector<std::unique_ptr<schema::ProblemT>>& problems) const {
  Error error{ErrorKind::contradiction, "The daemon's journal was restored from a copy.",
              "Send the missing commands again, with fresh ids. Then remove the remembered "
              "checkpoint " +
                  file_ + ", so that the restored history is remembered instead."};
  if (!problems.empty()) error.sentence = problems.front()->sentence;
  return error;
}

Error HistoryGuard::contradiction(const std::string& how) const {
  return {
      ErrorKind::contradiction,
      "The daemon's history contradicts the checkpoint remembered in " + file_ + ": " + how + ".",
      "Do not rely on this daemon: its journal was replaced or changed, or is a restored copy. "
      "Keep the file as proof; remove it only once you know why."};
}

}  // namespace postern::client
