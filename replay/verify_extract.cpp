#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "replay/kept_checkpoint.h"
#include "replay/part_links.h"
#include "replay/verbs.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/times.h"

namespace postern::replay {

namespace {

struct ExtractFindings {
  std::uint64_t records = 0;
  std::int64_t first_time_ns = 0;
  std::int64_t newest_time_ns = 0;
  std::optional<Failure> damage;
  /// What a kept checkpoint could show.
  std::string kept;
};

std::optional<Failure> fault_of_key(const VerifyOptions& options,
                                    const journal::ExtractHead& head) {
  if (options.public_key.empty() || options.public_key == head.verifier_key) return std::nullopt;
  return Failure{
      FailureKind::damaged,
      "the extract is signed with " + head.verifier_key + ", not with the key that was named",
      "Find out whose extract it is before you trust it."};
}

/// An extract made of an older journal than was seen, or of another one.
void hold_against(const journal::Checkpoint& kept, const journal::ExtractHead& head,
                  ExtractFindings& found) {
  const journal::Head& tree = head.checkpoint.head;
  const auto damaged = [&](std::string sentence) {
    found.damage = Failure{FailureKind::damaged, std::move(sentence),
                           "Have the extract made anew, of the journal that was signed for."};
  };
  found.kept = fmt::format("of {} records", kept.head.seq);
  if (kept.origin != head.checkpoint.origin)
    return damaged("the extract is of " + printable(head.checkpoint.origin) +
                   ", and the checkpoint that was kept of " + printable(kept.origin));
  if (kept.head.seq > tree.seq)
    return damaged(
        fmt::format("the extract stands for {} records, fewer than the {} that were "
                    "signed for already",
                    tree.seq, kept.head.seq));
  if (kept.head.seq == tree.seq && kept.head.root != tree.root)
    return damaged("the extract's records are not those that the checkpoint was signed for");
  if (kept.head.seq < tree.seq)
    found.kept += ", not after all checked: that needs the whole journal";
}

void print(const Audit& audit, const journal::ExtractHead& head, const ExtractFindings& found) {
  const journal::ExtractRange& range = head.range;
  const std::string tenant = range.tenant ? text::uuid_text(*range.tenant) : "";
  if (audit.format != text::Format::table) {
    boost::json::object object{{"whole", !found.damage},
                               {"records", found.records},
                               {"first_seq", range.first_seq},
                               {"last_seq", range.last_seq},
                               {"checkpoint_seq", head.checkpoint.head.seq},
                               {"verifier_key", head.verifier_key}};
    if (range.tenant) object["tenant"] = tenant;
    boost::json::array damage;
    if (found.damage)
      damage.push_back({{"sentence", found.damage->sentence}, {"remedy", found.damage->remedy}});
    object["damage"] = std::move(damage);
    audit.streams.out << text::json_text(object) << '\n';
    return;
  }
  text::Fields fields;
  fields.add("extract", found.damage ? "damaged" : "whole");
  fields.add("tenant", tenant);
  fields.add("records",
             fmt::format("{}, of {} to {}", found.records, range.first_seq, range.last_seq));
  if (found.records > 0) {
    fields.add("first", text::time_text_short(found.first_time_ns));
    fields.add("newest", text::time_text_short(found.newest_time_ns));
  }
  fields.add("signed",
             fmt::format("for {} records, {} with {}", head.checkpoint.head.seq,
                         text::time_text_short(head.checkpoint.time_ns), head.verifier_key));
  fields.add("checkpoint", found.kept);
  if (!found.damage)
    fields.add("checked", range.tenant
                              ? "every byte, each record's proof, the links: none of the tenant's "
                                "between the first and the last is missing"
                              : "every byte, each record's proof, seqs without a gap, the links");
  if (found.damage) {
    fields.add("damage", found.damage->sentence);
    fields.add("", found.damage->remedy);
  }
  fields.write(audit.streams.out);
}

}  // namespace

Expected<int> verify_extract(const Audit& audit, const VerifyOptions& options,
                             const journal::ExtractHead& head) {
  ExtractFindings found;
  found.damage = fault_of_key(options, head);
  if (!options.checkpoint.empty()) {
    const auto kept = read_kept_checkpoint(options);
    if (!kept) return std::unexpected(kept.error());
    if (!found.damage) hold_against(*kept, head, found);
  }
  PartLinks links(head.range);
  domain::RecordGate gate;
  const auto take = [&](std::uint64_t seq, journal::View bytes) -> Expected<> {
    const auto record = gate.open(bytes);
    if (!record) return std::unexpected(unfit(record.error(), seq));
    if ((*record)->seq() != seq)
      return std::unexpected(
          Failure{FailureKind::damaged,
                  fmt::format("record {} stands where record {} belongs", (*record)->seq(), seq),
                  "Have the extract made anew; keep this one for inquiry."});
    if (found.records++ == 0) found.first_time_ns = (*record)->time_ns();
    found.newest_time_ns = (*record)->time_ns();
    return links.take(**record);
  };
  const auto read = journal::Extract::read(audit.folder.file(), take);
  if (!read && read.error().kind != FailureKind::damaged) return std::unexpected(read.error());
  if (!read && !found.damage) found.damage = read.error();
  print(audit, head, found);
  return found.damage ? 1 : 0;
}

}  // namespace postern::replay
