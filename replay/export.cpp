// Records in a file that proves them, for a machine that never saw the daemon (H7).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "backup_generated.h"
#include "daemon/credential/key_store.h"
#include "daemon/credential/signature.h"
#include "daemon/data/folder_proofs.h"
#include "daemon/domain/checkpoint_names.h"
#include "daemon/journal/extract.h"
#include "daemon/journal/sha256.h"
#include "daemon/platform/files.h"
#include "replay/past.h"
#include "replay/readable_export.h"
#include "replay/verb.h"
#include "schema/identifiers.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/times.h"

namespace postern::replay {
namespace exporting {
namespace {

/// Of records on their way into a part.
constexpr std::size_t part_bytes = 1 << 20;
constexpr std::size_t note_bytes_max = 65'536;

struct Wanted {
  std::string file;
  std::string tenant;
  std::string from;
  std::string to;
  std::string public_key;
  ReadableFiles readable;

  bool is_whole() const { return tenant.empty() && from.empty() && to.empty(); }
};

/// What was read: which records are wanted, and what proves them.
struct Source {
  std::unique_ptr<journal::Journal> journal;
  std::string note;
  std::string verifier_key;
  journal::Head tree;
  std::vector<std::uint64_t> seqs;
  journal::ExtractRange range;
};

Failure unproved(std::string sentence) {
  return {FailureKind::missing, std::move(sentence),
          "Export from a folder with its checkpoint, or from a whole bundle."};
}

/// The folder's newest checkpoint, and who signed it: the key that was named, else the key store's.
Expected<> find_checkpoint(const Audit& audit, const Wanted& wanted, Source& source) {
  const auto bytes = platform::read_file(audit.folder.path() / "checkpoint", note_bytes_max);
  if (!bytes) return std::unexpected(unproved("there is no checkpoint: " + bytes.error().sentence));
  source.note.assign(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const auto said = journal::read_note(source.note);
  if (!said) return std::unexpected(said.error());
  source.verifier_key = wanted.public_key;
  if (source.verifier_key.empty()) {
    platform::SystemEntropy entropy;
    const auto keys = credential::KeyStore::open(audit.folder.keys(), entropy);
    if (!keys)
      return std::unexpected(Failure{FailureKind::usage,
                                     "who signed the checkpoint is not known without the keys",
                                     "Give the verifier key that posternd prints: --public-key."});
    source.verifier_key = journal::verifier_text(
        {said->origin,
         credential::signing_public_key((*keys)->own_key(credential::OwnKey::checkpoint_signing))});
  }
  const auto verifier = journal::parse_verifier(source.verifier_key);
  if (!verifier) return std::unexpected(verifier.error());
  const auto checkpoint = journal::open_note(source.note, *verifier);
  if (!checkpoint) return std::unexpected(checkpoint.error());
  source.tree = checkpoint->head;
  return {};
}

/// Before the moment, as `from` sees it: the record or time that is named is wanted.
bool is_before(const schema::Record& record, const Moment& from) {
  if (from.seq) return record.seq() < *from.seq;
  return from.time_ns && record.time_ns() < *from.time_ns;
}

/// Notes the wanted records as they are folded.
class Selection {
 public:
  Selection(const Wanted& wanted, Moment from, Moment to)
      : tenant_(wanted.tenant), from_(from), to_(to) {}

  /// Whether it is wanted.
  bool note(const Step& step) {
    for (const auto& change : step.changes.tenants)
      if (change.after && change.after->alias == tenant_) id_ = change.after->id;
    if (is_before(step.record, from_) || !to_.holds(step.record)) return false;
    const std::uint64_t seq = step.record.seq();
    if (first_ == 0) first_ = seq;
    last_ = seq;
    domain::TenantScope scope;
    if (id_) scope.tenants.push_back(*id_);
    if (!tenant_.empty() && !domain::tells_of(scope, step.record)) return false;
    seqs_.push_back(seq);
    return true;
  }

  Expected<> put_into(Source& source) {
    if (!tenant_.empty() && !id_)
      return std::unexpected(Failure{FailureKind::missing,
                                     "no tenant ever had the alias " + printable(tenant_),
                                     "Check the name: 'tenant list' shows them."});
    while (!seqs_.empty() && seqs_.back() > source.tree.seq) seqs_.pop_back();
    if (seqs_.empty() || first_ > source.tree.seq)
      return std::unexpected(
          unproved(fmt::format("no record from then to then is among the {} that the checkpoint "
                               "covers",
                               source.tree.seq)));
    source.range = {id_, first_, std::min(last_, source.tree.seq), seqs_.size()};
    source.seqs = std::move(seqs_);
    return {};
  }

 private:
  std::string tenant_;
  Moment from_;
  Moment to_;
  std::optional<domain::Uuid> id_;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::vector<std::uint64_t> seqs_;
};

Expected<Source> read_source(const Audit& audit, const Wanted& wanted, ReadableExport& readable) {
  const auto from = parse_moment(wanted.from);
  if (!from) return std::unexpected(from.error());
  const auto to = parse_moment(wanted.to);
  if (!to) return std::unexpected(to.error());
  Source source;
  // All of a bundle's records are among those that its checkpoint covers.
  source.tree.seq = domain::no_end;
  if (!audit.folder.is_bundle())
    if (const auto found = find_checkpoint(audit, wanted, source); !found)
      return std::unexpected(found.error());
  Selection selection(wanted, *from, *to);
  domain::State state;
  Progress progress(audit.streams.talk, audit.streams.watched);
  const auto take = [&](const Step& step) {
    const bool covered = step.record.seq() <= source.tree.seq;
    if (selection.note(step) && covered) readable.add(step);
    return Rest::fold;
  };
  auto proved =
      audit.folder.read(state, progress, {.on_step = take, .tells_all = true});
  if (!proved) return std::unexpected(proved.error());
  source.journal = std::move((*proved)->journal);
  if ((*proved)->checkpoint) {
    source.note = (*proved)->note;
    source.verifier_key = (*proved)->verifier_key;
    source.tree = (*proved)->checkpoint->head;
  }
  if (source.tree.seq > (*proved)->head.seq)
    return std::unexpected(
        Failure{FailureKind::damaged,
                fmt::format("the checkpoint stands for {} records, and the journal ends at {}",
                            source.tree.seq, (*proved)->head.seq),
                "Restore a copy that holds what was signed; keep this one for inquiry."});
  const auto root = journal::root_at(*source.journal, source.tree.seq);
  if (!root) return std::unexpected(root.error());
  if (*root != source.tree.root)
    return std::unexpected(Failure{
        FailureKind::damaged, "the records are not those that the checkpoint was signed for",
        "Restore a copy that holds what was signed; keep this one for inquiry."});
  if (const auto put = selection.put_into(source); !put) return std::unexpected(put.error());
  return source;
}

/// The file, part by part, and its digest at the end.
class Writer {
 public:
  explicit Writer(platform::NewFile file) : file_(std::move(file)) {}

  Expected<> write(const schema::BundlePartT& part) {
    flatbuffers::FlatBufferBuilder builder;
    // Not FinishSizePrefixed, which aligns what stands behind the prefix as a part of the same
    // buffer.
    builder.Finish(schema::CreateBundlePart(builder, &part), schema::bundle_part_identifier);
    return put_message(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
  }
  Expected<> finish() {
    const journal::Hash digest = digest_.finish();
    if (auto written = put_message(digest); !written) return written;
    return file_.put_in_place();
  }
  std::uint64_t bytes() const { return bytes_; }

 private:
  Expected<> put_message(std::span<const std::byte> bytes) {
    std::array<std::byte, 4> prefix{};
    for (std::size_t place = 0; place < prefix.size(); ++place)
      prefix[place] = static_cast<std::byte>(bytes.size() >> (8 * place));
    if (auto written = put(prefix); !written) return written;
    return put(bytes);
  }
  Expected<> put(std::span<const std::byte> bytes) {
    digest_.add(bytes);
    bytes_ += bytes.size();
    return file_.write(bytes);
  }

  platform::NewFile file_;
  journal::Sha256 digest_;
  std::uint64_t bytes_ = 0;
};

std::vector<std::uint8_t> copied(journal::View bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return {data, data + bytes.size()};
}

/// All records in their order, as 'postern backup create' has them.
Expected<> write_whole(const Source& source, Writer& writer) {
  const auto cursor = source.journal->read_from(1);
  schema::BundlePartT part;
  std::size_t bytes = 0;
  for (std::uint64_t seq = 1; seq <= source.tree.seq; ++seq) {
    const auto record = cursor->next();
    if (!record) return std::unexpected(record.error());
    part.records.emplace_back(std::make_unique<schema::StoredRecordT>())->bytes = copied(*record);
    bytes += record->size();
    if (bytes < part_bytes && seq < source.tree.seq) continue;
    if (auto written = writer.write(part); !written) return written;
    part.records.clear();
    bytes = 0;
  }
  return {};
}

Expected<> write_extract(const Source& source, Writer& writer) {
  journal::Prover prover(*source.journal, source.tree.seq);
  schema::BundlePartT part;
  std::size_t bytes = 0;
  for (const std::uint64_t seq : source.seqs) {
    const auto record = journal::read_one(*source.journal, seq);
    if (!record) return std::unexpected(record.error());
    const auto proof = prover.prove(seq);
    if (!proof) return std::unexpected(proof.error());
    auto& made = part.proved.emplace_back(std::make_unique<schema::ProvedRecordT>());
    made->seq = seq;
    made->bytes = copied(*record);
    for (const journal::Hash& hash : *proof)
      for (const std::byte byte : hash) made->proof.push_back(std::to_integer<std::uint8_t>(byte));
    bytes += made->bytes.size() + made->proof.size();
    if (bytes < part_bytes && seq != source.seqs.back()) continue;
    if (auto written = writer.write(part); !written) return written;
    part.proved.clear();
    bytes = 0;
  }
  return {};
}

schema::BundlePartT first_part(const Source& source, bool is_whole) {
  schema::BundlePartT part;
  part.checkpoint = source.note;
  part.verifier_key = source.verifier_key;
  part.ends_with_digest = true;
  if (is_whole) return part;
  part.extract = std::make_unique<schema::ExtractT>();
  if (source.range.tenant)
    part.extract->tenant = std::make_unique<schema::Uuid>(*source.range.tenant);
  part.extract->first_seq = source.range.first_seq;
  part.extract->last_seq = source.range.last_seq;
  part.extract->record_count = source.range.record_count;
  return part;
}

void tell(const Audit& audit, const Wanted& wanted, const Source& source, std::uint64_t bytes) {
  const std::uint64_t count = wanted.is_whole() ? source.tree.seq : source.range.record_count;
  if (audit.format != text::Format::table) {
    audit.streams.out << text::json_text(boost::json::object{{"file", wanted.file},
                                                             {"records", count},
                                                             {"first_seq", source.range.first_seq},
                                                             {"last_seq", source.range.last_seq},
                                                             {"checkpoint_seq", source.tree.seq},
                                                             {"verifier_key", source.verifier_key},
                                                             {"bytes", bytes}})
                      << '\n';
    return;
  }
  text::Fields fields;
  fields.add(wanted.is_whole() ? "bundle" : "extract", wanted.file);
  fields.add("tenant", wanted.tenant);
  fields.add("records",
             fmt::format("{}, of {} to {}", count, source.range.first_seq, source.range.last_seq));
  fields.add("checkpoint", fmt::format("of {} records", source.tree.seq));
  fields.add("verifier key", source.verifier_key);
  fields.add("bytes", std::to_string(bytes));
  fields.write(audit.streams.out);
}

Expected<> confirm_new(const Wanted& wanted) {
  std::set<std::string> named;
  for (const std::string& file : {wanted.file, wanted.readable.jsonl, wanted.readable.csv}) {
    if (file.empty()) continue;
    std::error_code error;
    if (std::filesystem::exists(file, error) || error)
      return std::unexpected(Failure{FailureKind::cannot_create,
                                     printable(file, 400) + " is there already",
                                     "Name another file: nothing is overwritten."});
    if (!named.insert(file).second)
      return std::unexpected(Failure{FailureKind::usage, printable(file, 400) + " is named twice",
                                     "Name a file for each form."});
  }
  return {};
}

Expected<int> run(const Audit& audit, const Wanted& wanted) {
  if (const auto fresh = confirm_new(wanted); !fresh) return std::unexpected(fresh.error());
  auto readable = ReadableExport::create(wanted.readable);
  if (!readable) return std::unexpected(readable.error());
  const auto source = read_source(audit, wanted, *readable);
  if (!source) return std::unexpected(source.error());
  auto file = platform::NewFile::create(wanted.file);
  if (!file) return std::unexpected(file.error());
  Writer writer(std::move(*file));
  auto written = writer.write(first_part(*source, wanted.is_whole()));
  if (written)
    written = wanted.is_whole() ? write_whole(*source, writer) : write_extract(*source, writer);
  if (written) written = writer.finish();
  if (written) written = readable->finish();
  if (!written) return std::unexpected(written.error());
  tell(audit, wanted, *source, writer.bytes());
  return 0;
}

Run prepare(arguments::Options& options) {
  auto asked = std::make_shared<Wanted>();
  options.add("FILE", &asked->file, "The bundle to make; it must not be there yet").required();
  options.add("--tenant", &asked->tenant, "Only this tenant's records, and the installation's");
  options.add("--from", &asked->from, "From this record or time on").type_name("TIME|SEQ");
  options.add("--to", &asked->to, "Up to this record or time").type_name("TIME|SEQ");
  options.add("--public-key", &asked->public_key,
              "Who signs the checkpoints, where the folder has no keys: what posternd prints");
  options
      .add("--jsonl", &asked->readable.jsonl,
           "Beside it, for people: the same records as JSON, one a line, without what is sealed")
      .type_name("FILE");
  options
      .add("--csv", &asked->readable.csv,
           "Beside it, for spreadsheets: a line for each event of the same records")
      .type_name("FILE");
  return [asked](const Audit& audit) { return run(audit, *asked); };
}

constexpr Verb verbs[] = {
    {"", "export", "Writes records into a file that proves them, with checkpoint and key.",
     "--data /mnt/copy export acme.bundle --tenant acme --from 2026-07-01T00:00:00Z", prepare},
};

}  // namespace
}  // namespace exporting

std::span<const Verb> export_verbs() { return exporting::verbs; }

}  // namespace postern::replay
