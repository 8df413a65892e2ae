// Another build of this program on the same records, before it is put in service (H9).
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstring>

#include "daemon/platform/retried.h"
#include "replay/verb.h"
#include "tools/text/json.h"
#include "tools/text/output.h"

extern char** environ;

namespace postern::replay {
namespace rehearsing {
namespace {

constexpr std::size_t output_bytes_max = 65'536;

std::unexpected<Failure> no_answer(const std::string& program, const std::string& what,
                                   FailureKind kind) {
  return std::unexpected(Failure{kind, printable(program, 400) + " " + what,
                                 "Name a postern-replay that can run here, of another version."});
}

/// What a program writes to its standard output; its talk goes where ours does.
Expected<std::string> output_of(const std::vector<std::string>& line) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return no_answer(line[0], "cannot be heard", FailureKind::input_output);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : line) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, line[0].c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string output;
  std::array<char, 4'096> piece{};
  while (error == 0) {
    const auto count =
        platform::retried([&] { return ::read(ends[0], piece.data(), piece.size()); });
    if (count <= 0) break;
    if (output.size() < output_bytes_max)
      output.append(piece.data(), static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  if (error != 0)
    return no_answer(line[0], std::string("cannot be run: ") + std::strerror(error),
                     error == ENOENT ? FailureKind::missing : FailureKind::not_permitted);
  int status = 0;
  platform::retried([&] { return ::waitpid(child, &status, 0); });
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return output;
  return no_answer(
      line[0],
      WIFEXITED(status)
          ? fmt::format("cannot fold these records: it ended with {}", WEXITSTATUS(status))
          : fmt::format("ended by signal {}", WTERMSIG(status)),
      WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(FailureKind::configuration)
          ? FailureKind::configuration
          : FailureKind::protocol);
}

Expected<Digest> digest_by(const Audit& audit, const std::string& program) {
  const bool is_bundle = audit.folder.is_bundle();
  const auto output =
      output_of({program, is_bundle ? "--bundle" : "--data",
                 is_bundle ? audit.folder.file().string() : audit.folder.path().string(),
                 "--output", "json", "fold"});
  if (!output) return std::unexpected(output.error());
  boost::system::error_code error;
  const auto value = boost::json::parse(*output, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* sha256 = object == nullptr ? nullptr : object->if_contains("sha256");
  const auto* seq = object == nullptr ? nullptr : object->if_contains("seq");
  if (sha256 == nullptr || seq == nullptr || !sha256->is_string())
    return no_answer(program, "does not answer as postern-replay does", FailureKind::protocol);
  const auto number = seq->to_number<std::uint64_t>(error);
  if (error)
    return no_answer(program, "does not answer as postern-replay does", FailureKind::protocol);
  return Digest{std::string(sha256->as_string()), number};
}

Expected<int> run(const Audit& audit, const std::string& program) {
  const auto mine = digest_at(audit, 0);
  if (!mine) return std::unexpected(mine.error());
  const auto theirs = digest_by(audit, program);
  if (!theirs) return std::unexpected(theirs.error());
  const bool same = *mine == *theirs;
  if (audit.format != text::Format::table) {
    audit.streams.out << text::json_text(boost::json::object{{"same", same},
                                                             {"sha256", mine->sha256},
                                                             {"seq", mine->seq},
                                                             {"other_sha256", theirs->sha256},
                                                             {"other_seq", theirs->seq}})
                      << '\n';
    return same ? 0 : 1;
  }
  text::Fields fields;
  fields.add("rehearsal", same ? "the same" : "different");
  fields.add("this", fmt::format("{}  seq {}", mine->sha256, mine->seq));
  fields.add("other", fmt::format("{}  seq {}", theirs->sha256, theirs->seq));
  if (!same)
    fields.add("remedy", "Do not put the other one in service: report both versions and digests.");
  fields.write(audit.streams.out);
  return same ? 0 : 1;
}

Run prepare(arguments::Options& options) {
  auto program = std::make_shared<std::string>();
  options.add("--program", program.get(), "The other build's postern-replay")
      .required()
      .type_name("FILE");
  return [program](const Audit& audit) { return run(audit, *program); };
}

constexpr Verb verbs[] = {
    {"", "rehearse", "Whether another build folds these records to the same digest: 0, else 1.",
     "--data /mnt/copy rehearse --program /opt/next/bin/postern-replay", prepare},
};

}  // namespace
}  // namespace rehearsing

std::span<const Verb> rehearsal_verbs() { return rehearsing::verbs; }

}  // namespace postern::replay
