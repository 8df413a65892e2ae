// Whether a journal, a bundle or an extract bears out what a signed receipt says (H5).
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <cstring>

#include "daemon/credential/signature.h"
#include "daemon/data/folder_proofs.h"
#include "daemon/domain/checkpoint_names.h"
#include "daemon/journal/proof.h"
#include "daemon/journal/tree.h"
#include "daemon/platform/files.h"
#include "daemon/view/call.h"
#include "daemon/view/grants.h"
#include "query_generated.h"
#include "replay/kept_checkpoint.h"
#include "replay/past.h"
#include "replay/verb.h"
#include "schema/identifiers.h"
#include "schema/receipt_text.h"
#include "schema/text_view.h"
#include "tools/text/ids.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/times.h"

namespace postern::replay {
namespace receipts {
namespace {

using schema::Code;
using schema::ReceivedCredential;
using schema::view_of;

/// A hundred questions of the greatest length, and as many decisions, are less.
constexpr std::size_t receipt_bytes_max = std::size_t{1} << 20U;
constexpr flatbuffers::uoffset_t depth_max = 8;
constexpr flatbuffers::uoffset_t tables_max = 4'096;

struct Wanted {
  std::string file;
  std::string public_key;
};

/// The file's bytes, of which the receipt borrows.
struct Receipt {
  std::vector<std::byte> text;
  credential::Signature signature{};
  std::vector<std::byte> body;

  const schema::DecisionReceipt& operator*() const {
    return *flatbuffers::GetRoot<schema::DecisionReceipt>(body.data());
  }
};

std::unexpected<Failure> no_receipt(const Wanted& wanted, const std::string& why) {
  return std::unexpected(Failure{FailureKind::damaged,
                                 printable(wanted.file, 400) + " is no receipt: " + why,
                                 "Use the file as 'postern check --receipt' wrote it."});
}

bool is_complete(const schema::DecisionReceipt& receipt) {
  const auto* questions = receipt.questions();
  const auto* decisions = receipt.decisions();
  return receipt.root() != nullptr && receipt.root()->size() == sizeof(journal::Hash) &&
         receipt.seq() > 0 && receipt.service() != nullptr && questions != nullptr &&
         decisions != nullptr && questions->size() > 0 && questions->size() == decisions->size() &&
         (receipt.tenant() == nullptr) == (receipt.user() == nullptr);
}

Expected<Receipt> read_receipt(const Wanted& wanted) {
  auto bytes = platform::read_file(wanted.file, receipt_bytes_max);
  if (!bytes) return std::unexpected(bytes.error());
  const std::size_t heading = schema::receipt_heading.size();
  Receipt receipt;
  if (bytes->size() <= heading + receipt.signature.size())
    return no_receipt(wanted, "it is too short");
  if (std::memcmp(bytes->data(), schema::receipt_heading.data(), heading) != 0)
    return no_receipt(wanted, "it does not begin with 'postern receipt 1'");
  static_assert(sizeof(credential::Signature) == schema::receipt_signature_size);
  const std::size_t text = bytes->size() - receipt.signature.size();
  const auto at = [&](std::size_t place) {
    return bytes->begin() + static_cast<std::ptrdiff_t>(place);
  };
  receipt.text.assign(at(0), at(text));
  std::copy(at(text), bytes->end(), receipt.signature.begin());
  receipt.body.assign(at(heading), at(text));
  return receipt;
}

/// Only of bytes whose signature is good: then the daemon made them.
Expected<> confirm_form(const Wanted& wanted, const Receipt& receipt) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(receipt.body.data()),
                                 receipt.body.size(), depth_max, tables_max);
  if (!verifier.VerifyBuffer<schema::DecisionReceipt>(schema::decision_receipt_identifier))
    return no_receipt(wanted, "what was signed is of another form");
  if ((*receipt).version() != schema::protocol_version)
    return std::unexpected(Failure{FailureKind::configuration,
                                   printable(wanted.file, 400) + " is of a newer form",
                                   "Use the version of Postern that signed it, or a newer one."});
  if (!is_complete(*receipt)) return no_receipt(wanted, "a field that every one has is missing");
  return {};
}

/// Whom it must be signed by: the key that was named, else the folder's own.
Expected<credential::SigningPublicKey> signer_of(const Audit& audit, const Wanted& wanted) {
  if (!wanted.public_key.empty()) {
    const auto verifier = named_verifier(wanted.public_key);
    if (!verifier) return std::unexpected(verifier.error());
    return std::bit_cast<credential::SigningPublicKey>(verifier->key);
  }
  platform::SystemEntropy entropy;
  const auto keys = open_keys(audit.folder, entropy);
  if (!keys) return std::unexpected(keys.error());
  if (*keys == nullptr)
    return std::unexpected(Failure{FailureKind::usage, "who signs receipts is not known here",
                                   "Give the verifier key that posternd prints: --public-key."});
  return credential::signing_public_key((*keys)->own_key(credential::OwnKey::checkpoint_signing));
}

/// What came of it.
struct Findings {
  bool is_signed = false;
  /// Why the root could not be looked at; empty: it was.
  std::string root_unchecked;
  std::string service;
  std::string tenant;
  std::string user;
  /// The API key that the decisions go with; empty: none.
  std::string key;
  std::vector<std::string> differs;
};

class Comparison {
 public:
  Comparison(const Past& past, const schema::DecisionReceipt& receipt, Findings& found)
      : past_(past), receipt_(receipt), found_(found) {}

  Expected<> run(const domain::Uuid& installation) {
    compare_origin(installation);
    if (const auto compared = compare_root(); !compared) return compared;
    compare_asker();
    if (receipt_.user() == nullptr)
      compare_refusals();
    else
      return compare_decisions();
    return {};
  }

 private:
  using Tables = view::View::Tables;

  void differ(std::string sentence) { found_.differs.push_back(std::move(sentence)); }
  const Tables& tables() const { return past_.view().tables(); }

  void compare_origin(const domain::Uuid& installation);
  Expected<> compare_root();
  void compare_asker();
  void compare_refusals();
  Expected<> compare_decisions();
  /// How the decisions differ from what the grants said then.
  std::vector<std::string> differences(const view::Bearer& bearer,
                                       const domain::CallFacts& call) const;

  const Past& past_;
  const schema::DecisionReceipt& receipt_;
  Findings& found_;
};

void Comparison::compare_origin(const domain::Uuid& installation) {
  const domain::Copies* copies = past_.state().tables().copies().get();
  const std::string_view name = view_of(receipt_.journal());
  const std::string own = domain::checkpoint_name(installation, copies);
  const auto shared = domain::shared_with(name, own, copies);
  if (!shared)
    differ(fmt::format("it is of the journal {}, and this one is {}", printable(name), own));
  else if (*shared < receipt_.seq())
    differ(fmt::format("it is of {}, of which this copy has the first {} records alone",
                       printable(name), *shared));
  if (receipt_.time_ns() < past_.state().time_ns())
    differ(fmt::format("it was made at {}, before record {} was",
                       text::time_text(receipt_.time_ns()), past_.seq()));
}

Expected<> Comparison::compare_root() {
  const DataFolder::Proved& proved = past_.proved();
  Expected<journal::Hash> root;
  if (!proved.extract) {
    root = journal::root_at(*proved.journal, receipt_.seq());
  } else if (receipt_.seq() == proved.head.seq) {
    root = proved.head.root;
  } else {
    const auto record = proved.extract->find(receipt_.seq());
    if (!record && record.error().kind != FailureKind::missing)
      return std::unexpected(record.error());
    if (!record) {
      found_.root_unchecked = fmt::format(
          "the extract does not hold record {}, from whose proof it would come", receipt_.seq());
      return {};
    }
    root = journal::root_up_to(record->proof, receipt_.seq(), journal::leaf_hash(record->bytes),
                               proved.head.seq);
  }
  if (!root) return std::unexpected(root.error());
  if (std::memcmp(root->data(), receipt_.root()->data(), root->size()) != 0)
    differ(fmt::format("records 1 to {} are not those that it was made of: their root is another",
                       receipt_.seq()));
  return {};
}

void Comparison::compare_asker() {
  const domain::Operator* asker = tables().find_operator(*receipt_.service());
  found_.service = asker == nullptr ? text::uuid_text(*receipt_.service()) : asker->name;
  if (asker == nullptr)
    differ(fmt::format("operator {}, who asked, was not there then", found_.service));
}

/// Whose credential was not accepted is not told, and may be allowed nothing.
void Comparison::compare_refusals() {
  for (const auto* decision : *receipt_.decisions())
    if (decision->allowed() || decision->reason() == Code::ok)
      differ("it allows something to nobody");
}

std::vector<std::string> Comparison::differences(const view::Bearer& bearer,
                                                 const domain::CallFacts& call) const {
  std::vector<std::string> found;
  for (flatbuffers::uoffset_t place = 0; place < receipt_.questions()->size(); ++place) {
    const schema::Question& question = *receipt_.questions()->Get(place);
    const schema::ReceivedDecision& said = *receipt_.decisions()->Get(place);
    const domain::Verdict verdict = view::check(bearer, view::question_of(question), call);
    const std::string asked = fmt::format("{} {}", printable(view_of(question.action())),
                                          printable(view_of(question.resource())));
    if (verdict.allowed() != said.allowed() || verdict.reason != said.reason()) {
      found.push_back(
          fmt::format("{}: it says {} ({}), and the journal {} ({})", asked,
                      said.allowed() ? "allowed" : "denied", text::code_name(said.reason()),
                      verdict.allowed() ? "allowed" : "denied", text::code_name(verdict.reason)));
      continue;
    }
    // A long answer leaves grants out.
    if (said.grant() == nullptr) continue;
    const bool is_same = verdict.grant != nullptr && verdict.grant->seq == said.grant()->seq() &&
                         verdict.grant->index == said.grant()->index();
    if (!is_same)
      found.push_back(
          fmt::format("{}: it says by grant {}.{}, and the journal {}", asked, said.grant()->seq(),
                      said.grant()->index(),
                      verdict.grant == nullptr
                          ? "by none"
                          : fmt::format("by grant {}.{}", std::uint64_t{verdict.grant->seq},
                                        std::uint64_t{verdict.grant->index})));
  }
  return found;
}

Expected<> Comparison::compare_decisions() {
  if (const auto only = past_.tenant(); only && *only != *receipt_.tenant())
    return std::unexpected(Failure{FailureKind::missing,
                                   "the receipt is about another tenant than the extract",
                                   "Hold it against the whole journal, or a bundle of it."});
  const domain::Tenant* tenant = tables().find_tenant(*receipt_.tenant());
  const domain::User* user = tables().find_user(*receipt_.user());
  found_.tenant = tenant == nullptr ? text::uuid_text(*receipt_.tenant()) : tenant->alias;
  found_.user = user == nullptr ? text::uuid_text(*receipt_.user()) : user->username;
  if (tenant == nullptr || user == nullptr || user->tenant != tenant->id) {
    differ(fmt::format("user {} of tenant {} was not there then", found_.user, found_.tenant));
    return {};
  }
  domain::CallFacts call =
      view::facts_of(receipt_.call(), receipt_.time_ns(), tables().providers());
  domain::CallFacts arrival = call;
  arrival.with_password = receipt_.credential() == ReceivedCredential::password;
  if (const Code stop = domain::first_stop_before_credential(tenant, user, arrival).code;
      stop != Code::ok) {
    differ(fmt::format("nothing was to be answered then: {}", text::code_name(stop)));
    return {};
  }
  // C8: which key it was is not told; one that the user had must go with all decisions.
  std::vector<const domain::ApiKey*> candidates;
  if (receipt_.credential() != ReceivedCredential::key) candidates.push_back(nullptr);
  const bool may_be_keys = receipt_.credential() == ReceivedCredential::key ||
                           receipt_.credential() == ReceivedCredential::token;
  if (may_be_keys)
    for (const domain::ApiKey& key : domain::extras_of(*user).keys)
      if (!domain::is_expired(key, receipt_.time_ns())) candidates.push_back(&key);
  if (candidates.empty()) {
    differ(fmt::format("user {} had no API key then", found_.user));
    return {};
  }
  std::vector<std::string> first;
  for (const domain::ApiKey* key : candidates) {
    auto found = differences({tenant, user, Code::ok, key}, call);
    if (found.empty()) {
      found_.key = key == nullptr ? "" : key->name;
      return {};
    }
    if (first.empty()) first = std::move(found);
  }
  std::ranges::move(first, std::back_inserter(found_.differs));
  return {};
}

// ---- what is said of it

std::string asked_about(const Findings& found, const schema::DecisionReceipt& receipt) {
  if (receipt.user() == nullptr) return "nobody: the credential was not accepted";
  const char* credential = schema::EnumNameReceivedCredential(receipt.credential());
  return fmt::format("{} of {}, by {}{}", found.user, found.tenant,
                     receipt.credential() == ReceivedCredential::named ? "name" : credential,
                     found.key.empty() ? "" : fmt::format(" (key {})", found.key));
}

void print_fields(const Audit& audit, const Receipt& signed_one, const Findings& found) {
  text::Fields fields;
  fields.add("receipt", found.differs.empty() ? "borne out" : "contradicted");
  if (found.is_signed) {
    const schema::DecisionReceipt& receipt = *signed_one;
    fields.add("of", fmt::format("record {}, {}", receipt.seq(),
                                 text::time_text_short(receipt.time_ns())));
    fields.add("journal", std::string(view_of(receipt.journal())));
    fields.add("root",
               found.root_unchecked.empty() ? "checked" : "not checked: " + found.root_unchecked);
    fields.add("asked by", found.service);
    fields.add("about", asked_about(found, receipt));
    for (flatbuffers::uoffset_t place = 0; place < receipt.questions()->size(); ++place) {
      const schema::Question& question = *receipt.questions()->Get(place);
      const schema::ReceivedDecision& said = *receipt.decisions()->Get(place);
      fields.add(
          place == 0 ? "decisions" : "",
          fmt::format("{} {}: {}{}", view_of(question.action()), view_of(question.resource()),
                      said.allowed() ? "allowed" : text::code_name(said.reason()),
                      said.grant() == nullptr ? ""
                                              : fmt::format(" by grant {}.{}", said.grant()->seq(),
                                                            said.grant()->index())));
    }
  }
  for (const std::string& sentence : found.differs) fields.add("differs", sentence);
  fields.write(audit.streams.out);
}

void print_object(const Audit& audit, const Receipt& signed_one, const Findings& found) {
  boost::json::object object;
  if (found.is_signed) {
    schema::DecisionReceiptT native;
    (*signed_one).UnPackTo(&native);
    object = text::to_json(native);
    object["root_checked"] = found.root_unchecked.empty();
    object["service_name"] = found.service;
    object["tenant_alias"] = found.tenant;
    object["username"] = found.user;
  }
  object["borne_out"] = found.differs.empty();
  object["differs"] = boost::json::array(found.differs.begin(), found.differs.end());
  audit.streams.out << text::json_text(object) << '\n';
}

Expected<> hold_against(const Audit& audit, const Wanted& wanted, const Receipt& receipt,
                        const credential::SigningPublicKey& signer, Findings& found) {
  if (const auto formed = confirm_form(wanted, receipt); !formed) return formed;
  found.is_signed = true;
  domain::Uuid installation;
  PastReading reading;
  reading.takes_extract = true;
  reading.on_step = [&](const Step& step) {
    if (step.record.seq() == 1)
      installation = data::installation_of(step.record).value_or(domain::Uuid());
  };
  const auto past = Past::read(audit, {(*receipt).seq(), (*receipt).time_ns()}, reading);
  if (!past) return std::unexpected(past.error());
  if (const std::string& key = (*past)->proved().verifier_key; !key.empty()) {
    const auto bundled = journal::parse_verifier(key);
    if (!bundled || std::bit_cast<credential::SigningPublicKey>(bundled->key) != signer)
      found.differs.push_back("the bundle is signed with " + key + ", and the receipt is not");
  }
  return Comparison(**past, *receipt, found).run(installation);
}

/// 0: borne out; 1: contradicted.
Expected<int> run(const Audit& audit, const Wanted& wanted) {
  const auto receipt = read_receipt(wanted);
  if (!receipt) return std::unexpected(receipt.error());
  const auto signer = signer_of(audit, wanted);
  if (!signer) return std::unexpected(signer.error());
  Findings found;
  if (!credential::verify_signature(*signer, receipt->text, receipt->signature))
    found.differs.emplace_back("the key did not sign it, or it was changed since");
  else if (const auto held = hold_against(audit, wanted, *receipt, *signer, found); !held)
    return std::unexpected(held.error());
  if (audit.format == text::Format::table)
    print_fields(audit, *receipt, found);
  else
    print_object(audit, *receipt, found);
  return found.differs.empty() ? 0 : 1;
}

Run prepare(arguments::Options& options) {
  auto asked = std::make_shared<Wanted>();
  options.add("RECEIPT", &asked->file, "A file as 'postern check --receipt' writes it").required();
  options.add(
      "--public-key", &asked->public_key,
      "The verifier key that posternd prints, or a file with it; a folder with keys has it");
  return [asked](const Audit& audit) { return run(audit, *asked); };
}

constexpr Verb verbs[] = {
    {"", "verify-receipt", "Holds a signed receipt against the journal: 0 borne out, 1 not.",
     "--bundle acme.bundle verify-receipt answer.receipt --public-key verifier.txt", prepare},
};

}  // namespace
}  // namespace receipts

std::span<const Verb> receipt_verbs() { return receipts::verbs; }

}  // namespace postern::replay
