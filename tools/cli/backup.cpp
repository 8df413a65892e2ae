#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

#include "backup_generated.h"
#include "schema/identifiers.h"
#include "tools/cli/new_file.h"
#include "tools/cli/part_file.h"
#include "tools/cli/session.h"
#include "tools/cli/sibling.h"
#include "tools/cli/values.h"
#include "tools/text/ids.h"
#include "tools/text/output.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"

namespace postern::cli {
namespace backup_commands {
namespace {

constexpr std::uint32_t records_per_page = 10'000;
constexpr const char* again = "Give the command again: it goes on where it stopped.";

template <class Part>
void write_part(PartFile& file, const Part& part, const char* identifier) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Part::TableType::Pack(builder, &part), identifier);
  file.write({builder.GetBufferPointer(), builder.GetSize()});
}

/// A line that is written over while somebody watches.
void tell_progress(Session& session, std::uint64_t done, std::uint64_t all, const char* of) {
  if (::isatty(STDERR_FILENO) == 1)
    session.talk() << fmt::format("\r{} of {} {}{}", done, all, of, done >= all ? "\n" : "")
                   << std::flush;
}

// ---- records

/// A bundle on its way: what its first part says, and where it goes on.
struct Progress {
  std::string note;
  std::string verifier_key;
  client::Checkpoint checkpoint;
  std::uint64_t next_seq = 1;
};

/// False where the part is not one that a bundle like this goes on with.
bool take_part(Progress& progress, std::span<const std::uint8_t> bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  if (!verifier.VerifyBuffer<schema::BundlePart>(schema::bundle_part_identifier)) return false;
  schema::BundlePartT part;
  flatbuffers::GetRoot<schema::BundlePart>(bytes.data())->UnPackTo(&part);
  if (progress.note.empty()) {
    auto checkpoint = client::open_checkpoint(part.checkpoint, part.verifier_key);
    if (!checkpoint) return false;
    progress = {part.checkpoint, part.verifier_key, std::move(*checkpoint), 1};
  }
  progress.next_seq += part.records.size();
  return progress.next_seq <= progress.checkpoint.size + 1;
}

schema::CheckpointPageT newest_checkpoint(Session& session) {
  auto page = session.page(request(schema::GetCheckpointT{}));
  return std::move(Session::part(page.body.AsCheckpointPage()));
}

/// Goes on with a part that is there, else begins one at the newest checkpoint.
Progress begin(Session& session, PartFile& file) {
  Progress progress;
  file.resume([&](auto bytes) { return take_part(progress, bytes); });
  const auto given = newest_checkpoint(session);
  if (!progress.note.empty()) {
    if (progress.verifier_key != given.verifier_key)
      throw Stop{
          exit_codes::damaged,
          fmt::format("{} was begun with another daemon.", text::printable(file.part().string())),
          "Remove it, or name another file."};
    session.talk() << fmt::format("Going on with {} from record {}.\n",
                                  text::printable(file.part().string()), progress.next_seq);
    return progress;
  }
  auto checkpoint = client::open_checkpoint(given.checkpoint, given.verifier_key);
  if (!checkpoint)
    throw Stop{client::exit_code(checkpoint.error()), checkpoint.error().sentence,
               checkpoint.error().remedy};
  schema::BundlePartT first;
  first.checkpoint = given.checkpoint;
  first.verifier_key = given.verifier_key;
  write_part(file, first, schema::bundle_part_identifier);
  return {given.checkpoint, given.verifier_key, std::move(*checkpoint), 1};
}

void copy_records(Session& session, PartFile& file, Progress& progress) {
  const std::uint64_t all = progress.checkpoint.size;
  while (progress.next_seq <= all) {
    schema::GetRecordsT wanted;
    wanted.from_seq = progress.next_seq;
    wanted.count_max = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(all - progress.next_seq + 1, records_per_page));
    auto page = session.page(request(std::move(wanted)));
    const std::uint64_t next_seq = Session::part(page.body.AsRecordPage()).next_seq;
    auto& records = page.body.AsRecordPage()->records;
    if (progress.next_seq + records.size() != next_seq)
      throw Stop{exit_codes::not_permitted, "You are not shown all records.",
                 "A bundle is made by an operator of all tenants."};
    if (records.empty()) Session::stop_unexpected();
    schema::BundlePartT part;
    part.records = std::move(records);
    progress.next_seq += part.records.size();
    write_part(file, part, schema::bundle_part_identifier);
    tell_progress(session, progress.next_seq - 1, all, "records");
  }
}

int run_create(Session& session, const std::string& path) {
  PartFile file(path);
  Progress progress = begin(session, file);
  try {
    copy_records(session, file, progress);
  } catch (const Stop& stop) {
    file.sync();
    throw Stop{stop.exit_code, stop.sentence.empty() ? "The bundle is not whole." : stop.sentence,
               stop.exit_code == exit_codes::not_permitted ? stop.remedy : again};
  }
  file.sync();
  if (run_sibling("postern-replay", {"--bundle", file.part().string(), "verify"},
                  Sound::data_off) != 0)
    throw Stop{exit_codes::damaged,
               fmt::format("What was written to {} is not what the daemon signed for.",
                           text::printable(file.part().string())),
               "Look at 'postern backup verify' of it; remove it, and try again."};
  file.finish();
  const auto& checkpoint = progress.checkpoint;
  if (session.format() != text::Format::table) {
    session.print({{"file", path},
                   {"records", checkpoint.size},
                   {"root", text::hex_text(checkpoint.root)},
                   {"time", text::time_text(checkpoint.time_ns)},
                   {"verifier_key", progress.verifier_key},
                   {"bytes", file.bytes()}});
    return exit_codes::yes;
  }
  text::Fields fields;
  fields.add("bundle", path);
  fields.add("records", std::to_string(checkpoint.size));
  fields.add("root", text::hex_text(checkpoint.root));
  fields.add("signed", text::time_text_short(checkpoint.time_ns));
  fields.add("verifier key", progress.verifier_key);
  fields.add("bytes", std::to_string(file.bytes()));
  fields.add("verified", "every byte, against the checkpoint");
  fields.write(session.out());
  session.talk() << "It holds no keys: copy them with 'postern backup keys', after this.\n";
  return exit_codes::yes;
}

Handler create(Options& options) {
  auto file = std::make_shared<std::string>();
  options.add("FILE", file.get(), "The bundle; FILE.part until it is whole").required();
  return [file](Session& session) { return run_create(session, *file); };
}

// ---- keys

struct AskedKeys {
  std::string file;
  std::string recipient;
  std::string key_out;
  std::string kept_until;
};

client::Key recipient_of(const AskedKeys& asked, std::optional<client::KeyPair>& made) {
  if (asked.recipient.empty() == asked.key_out.empty())
    stop_usage("For whom the copy is must be said once.",
               "Give --recipient KEY, or --key-out FILE to make a key pair for it.");
  if (!asked.key_out.empty()) return made.emplace(client::make_key_pair()).public_key;
  const auto key = client::parse_key(asked.recipient);
  if (!key) stop_usage("--recipient takes 40 characters of Z85.");
  return *key;
}

/// One page for each part, until the daemon has no more.
std::uint32_t copy_keys(Session& session, PartFile& file, std::uint64_t seq,
                        const client::Key& recipient) {
  std::uint32_t count = 1;
  for (std::uint32_t place = 0; place < count; ++place) {
    schema::GetKeysT wanted;
    wanted.seq = seq;
    wanted.part = place;
    auto page = session.page(request(std::move(wanted)));
    auto& given = Session::part(page.body.AsKeysPage());
    // Files may be added meanwhile; none goes.
    count = std::max(count, given.part_count);
    schema::KeysPartT part;
    part.part = place;
    part.part_count = count;
    part.recipient.assign(recipient.begin(), recipient.end());
    part.sealed = std::move(given.sealed);
    write_part(file, part, schema::keys_part_identifier);
    tell_progress(session, place + 1, count, "parts");
  }
  return count;
}

int run_keys(Session& session, const AskedKeys& asked) {
  std::optional<client::KeyPair> made;
  const client::Key recipient = recipient_of(asked, made);
  schema::BackUpKeysT body;
  body.recipient.assign(recipient.begin(), recipient.end());
  body.kept_until_ns = parse_time("--kept-until", asked.kept_until);
  const std::int64_t kept_until_ns = body.kept_until_ns;
  if (session.dry_run()) return session.change(message_of("", "", std::move(body)));
  PartFile file(asked.file);
  file.begin_anew();
  std::optional<NewFile> key_file;
  if (made) write_key_pair(key_file.emplace(asked.key_out), *made);
  const auto receipt = session.execute(message_of("", "", std::move(body)));
  const std::uint32_t parts = copy_keys(session, file, receipt.seq, recipient);
  // Before the copy, which nobody else could open.
  if (key_file) key_file->keep();
  file.finish();
  if (session.format() != text::Format::table) {
    session.print({{"file", asked.file},
                   {"recipient", text::key_text(recipient)},
                   {"kept_until", text::time_text(kept_until_ns)},
                   {"parts", parts},
                   {"seq", receipt.seq}});
    return exit_codes::yes;
  }
  text::Fields fields;
  fields.add("keys", asked.file);
  fields.add("recipient", text::key_text(recipient));
  fields.add("secret key in", asked.key_out);
  fields.add("parts", std::to_string(parts));
  fields.add("recorded", fmt::format("seq {}", receipt.seq));
  fields.add("kept until", text::time_text_short(kept_until_ns));
  fields.write(session.out());
  session.talk() << "Until then whoever holds it and the secret key can undo an erasure; destroy "
                    "it by then.\n";
  return exit_codes::yes;
}

Handler keys(Options& options) {
  auto asked = std::make_shared<AskedKeys>();
  options.add("FILE", &asked->file, "The copy; FILE.part until it is whole").required();
  options.add("--recipient", &asked->recipient,
              "Who alone can open it: the public key of a key pair, in Z85");
  options.add("--key-out", &asked->key_out,
              "Make a key pair for it, and write it here; keep it away from the copy");
  options
      .add("--kept-until", &asked->kept_until,
           "Until when the copy will be kept, as 2027-01-31T00:00:00Z: an erasure is final "
           "from then on")
      .required();
  return [asked](Session& session) { return run_keys(session, *asked); };
}

// ---- offline

Handler verify(Options& options) {
  auto file = std::make_shared<std::string>();
  auto key = std::make_shared<std::string>();
  options.add("FILE", file.get(), "The bundle").required();
  options.add("--public-key", key.get(), "What it must be signed with, as posternd prints it");
  return [=](Session& session) {
    std::vector<std::string> arguments{"--bundle", *file, "--output",
                                       session.format() == text::Format::table ? "table" : "json",
                                       "verify"};
    if (!key->empty()) arguments.insert(arguments.end(), {"--public-key", *key});
    return run_sibling("postern-replay", arguments);
  };
}

struct AskedRestore {
  std::string folder;
  std::string bundle;
  std::string keys;
  std::string identity;
  std::string public_key;
};

Handler restore(Options& options) {
  auto asked = std::make_shared<AskedRestore>();
  options.add("DIR", &asked->folder, "The new data folder, empty or not there yet").required();
  options.add("--bundle", &asked->bundle, "What 'backup create' wrote").required();
  options.add("--keys", &asked->keys, "What 'backup keys' wrote").required();
  options.add("--identity", &asked->identity, "The key file of the recipient of the keys")
      .required();
  options.add("--public-key", &asked->public_key,
              "What the bundle must be signed with, as posternd prints it");
  return [asked](Session&) {
    std::vector<std::string> arguments{"restore",   "--data",      asked->folder,
                                       "--bundle",  asked->bundle, "--keys",
                                       asked->keys, "--identity",  asked->identity};
    if (!asked->public_key.empty())
      arguments.insert(arguments.end(), {"--public-key", asked->public_key});
    return run_sibling("posternd", arguments);
  };
}

constexpr Verb verbs[] = {
    {"create", Kind::reads, "Copies all records into a bundle, while the daemon runs.",
     "backup create /backup/2026-11.bundle", create},
    {"keys", Kind::changes, "Copies the keys for one recipient, and records it.",
     "backup keys /vault/2026-11.keys --key-out /safe/restore.key --kept-until "
     "2027-01-31T00:00:00Z",
     keys},
    {"verify", Kind::reads, "Proves that a bundle is whole, without a daemon.",
     "backup verify /backup/2026-11.bundle", verify},
    {"restore", Kind::reads, "Makes a data folder of a bundle and its keys, without a daemon.",
     "backup restore /var/lib/postern --bundle B --keys K --identity restore.key", restore},
};

}  // namespace
}  // namespace backup_commands

const Noun backup_noun = {"backup", "Copies of the journal and of the keys, and the way back.",
                          backup_commands::verbs};

}  // namespace postern::cli
