#include <fmt/format.h>

#include "daemon/domain/digest.h"
#include "daemon/journal/sha256.h"
#include "replay/verbs.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"

namespace postern::replay {

namespace {

std::string digest_of(const domain::State& state) {
  journal::Sha256 sha256;
  domain::write_canonical(state.tables(), [&](std::span<const std::uint8_t> bytes) {
    sha256.add(std::as_bytes(bytes));
  });
  return text::hex_text(sha256.finish());
}

}  // namespace

Expected<Digest> digest_at(const Audit& audit, std::uint64_t to_seq) {
  domain::State state;
  {
    // What lies behind is read all the same: a digest is given of a whole journal only.
    Progress progress(audit.streams.talk, audit.streams.watched);
    const auto head = audit.folder.read(
        state, progress,
        {[&](const Step& step) { return step.record.seq() == to_seq ? Rest::read : Rest::fold; }});
    if (!head) return std::unexpected(head.error());
  }
  if (to_seq > state.seq())
    return std::unexpected(
        Failure{FailureKind::missing,
                fmt::format("the journal ends at record {}, before {}", state.seq(), to_seq),
                "Name a record that it has, or leave --to-seq out."});
  return Digest{digest_of(state), state.seq()};
}

Expected<int> fold(const Audit& audit, std::uint64_t to_seq) {
  const auto digest = digest_at(audit, to_seq);
  if (!digest) return std::unexpected(digest.error());
  if (audit.format == text::Format::table)
    audit.streams.out << fmt::format("{}  seq {}\n", digest->sha256, digest->seq);
  else
    audit.streams.out << text::json_text(
                             boost::json::object{{"sha256", digest->sha256}, {"seq", digest->seq}})
                      << '\n';
  return 0;
}

}  // namespace postern::replay
