#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <boost/json/array.hpp>
#include <cstring>
#include <ranges>

#include "command_generated.h"
#include "daemon/credential/key_store.h"
#include "daemon/credential/signature.h"
#include "daemon/data/folder_proofs.h"
#include "daemon/journal/proof.h"
#include "replay/kept_checkpoint.h"
#include "replay/talk.h"
#include "replay/verbs.h"
#include "schema/identifiers.h"
#include "schema/text_view.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/times.h"

namespace postern::replay {

namespace {

namespace json = boost::json;
using schema::view_of;

constexpr std::size_t damage_shown_max = 100;

/// Everything that was found, and what kept us from looking at the rest.
struct Findings {
  std::optional<journal::Head> head;
  /// A bundle's own.
  std::optional<journal::Checkpoint> bundle_checkpoint;
  std::string bundle_key;
  std::optional<std::uint64_t> anchored_seq;
  std::int64_t first_time_ns = 0;
  domain::State state;
  bool keys_there = false;
  /// Nothing: the keys were not opened.
  std::unique_ptr<credential::KeyStore> keys;
  schema::Uuid installation;
  /// What lies in the folder beside the journal and was signed, and was held against it.
  std::size_t proofs = 0;
  /// The one that was to be checked, and whether it was.
  std::optional<journal::Checkpoint> checkpoint;
  bool checkpoint_checked = false;
  /// Not erased.
  std::size_t users = 0;
  /// U11: erased, and of those how many keys are there all the same.
  std::size_t erased = 0;
  std::size_t unfinished = 0;
  std::size_t signatures = 0;
  std::vector<Failure> damage;
  std::optional<Failure> trouble;

  void take(const Failure& failure) {
    if (failure.kind == FailureKind::damaged)
      damage.push_back(failure);
    else if (!trouble)
      trouble = failure;
  }
};

/// O4: the operator as the record found it: a record may change or remove the one who sent it.
const domain::Operator* signer_of(const Step& step) {
  const domain::Uuid& id = *step.record.operator_id();
  for (const auto& change : step.changes.operators)
    if (change.before != nullptr && change.before->id == id) return change.before.get();
  return step.state.tables().find_operator(id);
}

/// Empty: the operator signed this record's message; else what is wrong.
std::string signature_fault(const Step& step) {
  const auto* signature = step.record.signature();
  const auto* kept = step.record.signed_message();
  credential::Signature bytes;
  if (signature->size() != bytes.size()) return "it does not have 64 bytes";
  if (kept == nullptr) return "what it was made over is not kept";
  std::memcpy(bytes.data(), signature->data(), bytes.size());
  const std::vector<std::uint8_t> message(kept->begin(), kept->end());
  const domain::Operator* signer = signer_of(step);
  if (signer == nullptr) return "its operator did not exist then";
  const auto is_its = [&](const std::array<std::uint8_t, 32>& key) {
    return credential::verify_signature(std::bit_cast<credential::SigningPublicKey>(key),
                                        std::as_bytes(std::span(message)), bytes);
  };
  if (!std::ranges::any_of(signer->signing_keys, is_its))
    return fmt::format("none of the keys that operator {} had then made it", signer->name);
  constexpr flatbuffers::uoffset_t depth_max = 16;
  constexpr flatbuffers::uoffset_t tables_max = 16'384;
  flatbuffers::Verifier verifier(message.data(), message.size(), depth_max, tables_max);
  if (!verifier.VerifyBuffer<schema::CommandMessage>(schema::command_message_identifier))
    return "what it was made over is no command message";
  const auto& sent = *flatbuffers::GetRoot<schema::CommandMessage>(message.data());
  const bool same = sent.id() != nullptr && *sent.id() == *step.record.command_id() &&
                    view_of(sent.reason()) == view_of(step.record.reason()) && !sent.dry_run();
  return same ? "" : "it was made over another command than the record's";
}

void check_signature(const Step& step, Findings& found) {
  if (step.record.signature() == nullptr) return;
  ++found.signatures;
  if (const std::string fault = signature_fault(step); !fault.empty())
    found.take({FailureKind::damaged,
                fmt::format("the signature of record {}: {}", step.record.seq(), fault),
                "Take the record for unsigned; ask its operator what was sent."});
}

/// The journal must hold, byte for byte, what was signed for.
void check_checkpoint(const journal::Journal& journal, Findings& found) {
  const journal::Head& was = found.checkpoint->head;
  const std::uint64_t last = journal.head().seq;
  const auto damaged = [&](std::string sentence) {
    found.take({FailureKind::damaged, std::move(sentence),
                "Restore a copy that holds what was signed; keep this one for inquiry."});
  };
  found.checkpoint_checked = true;
  if (was.seq > last)
    return damaged(
        fmt::format("the journal ends at record {}, and the checkpoint was signed for "
                    "{} records: records {} to {} are missing",
                    last, was.seq, last + 1, was.seq));
  const auto root = journal::root_at(journal, was.seq);
  if (!root) return found.take(root.error());
  if (*root != was.root)
    damaged(
        fmt::format("records 1 to {} are not those that the checkpoint was signed for, their "
                    "tree has another root",
                    was.seq));
}

/// The folder's own checkpoint, those that clients keep in it, and the heads of its snapshots.
void check_proofs(const Audit& audit, const journal::Journal& journal, Findings& found) {
  data::Signer signer{found.installation, found.state.tables().copies().get(), std::nullopt};
  if (found.keys)
    signer.key =
        credential::signing_public_key(found.keys->own_key(credential::OwnKey::checkpoint_signing));
  const auto checked = data::check_folder_proofs(audit.folder.path(), signer, journal);
  if (!checked) return found.take(checked.error());
  found.proofs = *checked;
}

void read_journal(const Audit& audit, Findings& found) {
  Progress progress(audit.streams.talk, audit.streams.watched);
  DataFolder::Reading reading;
  reading.on_step = [&](const Step& step) {
    if (step.record.seq() == 1) {
      found.first_time_ns = step.record.time_ns();
      found.installation = data::installation_of(step.record).value_or(schema::Uuid());
    }
    check_signature(step, found);
    return Rest::fold;
  };
  reading.on_whole = [&](const journal::Journal& journal) {
    if (found.checkpoint) check_checkpoint(journal, found);
    if (!audit.folder.is_bundle()) check_proofs(audit, journal, found);
  };
  auto proved = audit.folder.read(found.state, progress, reading);
  found.anchored_seq = audit.folder.anchored_seq();
  if (!proved) return found.take(proved.error());
  if (!*proved) return;
  found.head = (*proved)->head;
  found.bundle_checkpoint = std::move((*proved)->checkpoint);
  found.bundle_key = std::move((*proved)->verifier_key);
}

/// A bundle brings the key it is verified with; whoever knows it from elsewhere compares.
void check_bundle_key(const std::string& public_key, Findings& found) {
  if (!found.bundle_checkpoint || found.bundle_key == public_key) return;
  found.take({FailureKind::damaged,
              "the bundle is signed with " + found.bundle_key + ", not with the key that was named",
              "Find out whose bundle it is before you trust it."});
}

/// A user's key must be there and be the one its first event committed to; without it nobody can
/// open what is sealed. That of an erased user is to be gone (U11).
void confirm_key(credential::KeyStore& keys, const domain::User& user, Findings& found) {
  credential::Commitment commitment;
  static_assert(sizeof commitment == sizeof user.key.commitment);
  std::memcpy(commitment.data(), user.key.commitment.data(), commitment.size());
  const credential::KeySlot slot{user.key.file, user.key.slot};
  Expected<> confirmed;
  if (domain::is_erased(user)) {
    const auto is_there = keys.confirm_erased(slot, commitment);
    ++found.erased;
    if (is_there) found.unfinished += *is_there;
    if (!is_there) confirmed = std::unexpected(is_there.error());
  } else {
    confirmed = keys.confirm_used(slot, commitment);
    ++found.users;
  }
  if (confirmed) return;
  const auto* tenant = found.state.tables().find_tenant(user.tenant);
  Failure failure = confirmed.error();
  failure.sentence = fmt::format("the key of user {} of tenant {} ({}): {}", user.username,
                                 tenant == nullptr ? "" : tenant->alias, text::uuid_text(user.id),
                                 failure.sentence);
  found.take(failure);
}

void open_keys(const Audit& audit, platform::Entropy& entropy, Findings& found) {
  std::error_code error;
  // Where looking fails, opening says why.
  found.keys_there = std::filesystem::exists(audit.folder.keys(), error) || error;
  if (!found.keys_there) return;
  auto keys = credential::KeyStore::open(audit.folder.keys(), entropy);
  if (!keys) {
    Failure failure = keys.error();
    // The folder is there: what is missing in it was there too.
    if (failure.kind == FailureKind::missing) failure.kind = FailureKind::damaged;
    return found.take(failure);
  }
  found.keys = std::move(*keys);
}

void confirm_keys(Findings& found) {
  if (!found.keys) return;
  found.state.tables().for_each_user(
      [&](const domain::User& user) { confirm_key(*found.keys, user, found); });
}

std::string anchor_text(const Findings& found) {
  if (!found.anchored_seq) return "cannot be read";
  const std::string text = fmt::format("record {}", *found.anchored_seq);
  if (!found.head || found.head->seq <= *found.anchored_seq) return text;
  return fmt::format("{}; the {} after it are not covered by it, as after a crash", text,
                     found.head->seq - *found.anchored_seq);
}

std::string checkpoint_text(const Findings& found) {
  if (!found.checkpoint_checked) return "not checked: the journal could not be read to its end";
  return fmt::format("of {} records, signed {}", found.checkpoint->head.seq,
                     text::time_text_short(found.checkpoint->time_ns));
}

void print_fields(const Audit& audit, const Findings& found) {
  text::Fields fields;
  fields.add("journal", found.damage.empty() ? "whole" : "damaged");
  fields.add("records",
             fmt::format("{}{}", found.state.seq(), found.head ? "" : " before the damage"));
  if (found.head) fields.add("root", text::hex_text(found.head->root));
  if (found.state.seq() > 0) {
    fields.add("first", text::time_text_short(found.first_time_ns));
    fields.add("newest", text::time_text_short(found.state.time_ns()));
  }
  if (found.bundle_checkpoint)
    fields.add(
        "bundle",
        fmt::format("of {} records, signed {} with {}", found.bundle_checkpoint->head.seq,
                    text::time_text_short(found.bundle_checkpoint->time_ns), found.bundle_key));
  else if (!audit.folder.is_bundle())
    fields.add("anchor", anchor_text(found));
  if (found.checkpoint) fields.add("checkpoint", checkpoint_text(found));
  if (found.head)
    fields.add("checked",
               fmt::format("every byte, seqs without a gap, the tree against the {}, the "
                           "links of each tenant and user",
                           found.bundle_checkpoint ? "checkpoint" : "anchor"));
  if (found.proofs > 0)
    fields.add("proofs",
               fmt::format("checked, {} checkpoints and snapshots in the folder{}", found.proofs,
                           found.keys ? "" : ", without the keys not their signatures"));
  if (found.signatures > 0)
    fields.add("signed",
               fmt::format("{} records, checked with their operators' keys", found.signatures));
  fields.add("keys", found.keys_there           ? fmt::format("checked, for {} users", found.users)
                     : audit.folder.is_bundle() ? "none: a bundle has none"
                                                : "not checked: this folder has none");
  if (found.erased > 0)
    fields.add("erased",
               found.unfinished == 0
                   ? fmt::format("{} of the users; no key of theirs is left", found.erased)
                   : fmt::format("{} of the users; keys still there: {}, which the daemon "
                                 "destroys when it starts",
                                 found.erased, found.unfinished));
  for (const Failure& failure : found.damage | std::views::take(damage_shown_max)) {
    fields.add("damage", failure.sentence);
    fields.add("", failure.remedy);
  }
  if (found.damage.size() > damage_shown_max)
    fields.add("damage", fmt::format("and {} more", found.damage.size() - damage_shown_max));
  fields.write(audit.streams.out);
}

void print_object(const Audit& audit, const Findings& found) {
  json::object object{{"whole", found.damage.empty()}, {"seq", found.state.seq()}};
  if (found.head) object["root"] = text::hex_text(found.head->root);
  if (found.state.seq() > 0) {
    object["first_time"] = text::time_text(found.first_time_ns);
    object["newest_time"] = text::time_text(found.state.time_ns());
  }
  if (found.bundle_checkpoint) {
    object["bundle_time"] = text::time_text(found.bundle_checkpoint->time_ns);
    object["verifier_key"] = found.bundle_key;
  }
  if (found.anchored_seq) object["anchored_seq"] = *found.anchored_seq;
  object["keys_checked"] = found.keys_there;
  object["proofs_checked"] = found.proofs;
  object["users_erased"] = found.erased;
  object["erasures_unfinished"] = found.unfinished;
  object["signatures_checked"] = found.signatures;
  if (found.checkpoint) {
    object["checkpoint_seq"] = found.checkpoint->head.seq;
    object["checkpoint_checked"] = found.checkpoint_checked;
  }
  json::array damage;
  for (const Failure& failure : found.damage)
    damage.push_back({{"sentence", failure.sentence}, {"remedy", failure.remedy}});
  object["damage"] = std::move(damage);
  audit.streams.out << text::json_text(object) << '\n';
}

}  // namespace

Expected<int> verify(const Audit& audit, const VerifyOptions& given) {
  VerifyOptions options = given;
  if (!options.public_key.empty()) {
    const auto key = named_verifier(options.public_key);
    if (!key) return std::unexpected(key.error());
    options.public_key = journal::verifier_text(*key);
  }
  platform::SystemEntropy entropy;
  Findings found;
  const bool is_bundle = audit.folder.is_bundle();
  // Damage in its first part is told by what reads all of it.
  if (const auto extract = audit.folder.extract_head(); extract && *extract)
    return verify_extract(audit, options, **extract);
  if (!options.checkpoint.empty() || (!is_bundle && !options.public_key.empty())) {
    auto kept = read_kept_checkpoint(options);
    if (!kept) return std::unexpected(kept.error());
    found.checkpoint = std::move(*kept);
  }
  open_keys(audit, entropy, found);
  read_journal(audit, found);
  if (is_bundle && options.checkpoint.empty() && !options.public_key.empty())
    check_bundle_key(options.public_key, found);
  confirm_keys(found);
  if (found.head && found.damage.empty())
    if (const auto sound = data::check_state(found.state); !sound)
      return std::unexpected(sound.error());
  // Trouble leaves the question open, unless the answer is no already.
  if (found.damage.empty() && found.trouble) return std::unexpected(*found.trouble);
  if (found.trouble) say(audit.streams.talk, found.trouble->sentence);
  if (audit.format == text::Format::table)
    print_fields(audit, found);
  else
    print_object(audit, found);
  return found.damage.empty() ? 0 : 1;
}

}  // namespace postern::replay
