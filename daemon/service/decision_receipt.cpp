#include "daemon/service/decision_receipt.h"

#include <algorithm>
#include <vector>

#include "daemon/credential/signature.h"
#include "schema/identifiers.h"
#include "schema/receipt_text.h"

namespace postern::service {

namespace {

std::unique_ptr<schema::ReceivedDecisionT> received(const schema::Decision& decision) {
  auto made = std::make_unique<schema::ReceivedDecisionT>();
  made->allowed = decision.allowed();
  made->reason = decision.reason();
  if (decision.grant() != nullptr && decision.grant()->reference() != nullptr)
    made->grant.reset(decision.grant()->reference()->UnPack());
  return made;
}

schema::DecisionReceiptT receipt_of(const ReceiptFacts& facts) {
  const schema::Query& query = *facts.asking.query;
  schema::DecisionReceiptT made;
  made.version = schema::protocol_version;
  made.journal = facts.journal;
  made.seq = facts.head.seq;
  const auto* root = reinterpret_cast<const std::uint8_t*>(facts.head.root.data());
  made.root.assign(root, root + facts.head.root.size());
  made.time_ns = facts.time_ns;
  made.service = std::make_unique<Uuid>(facts.asking.asker);
  // C9: as little of who it is as the answer tells.
  if (facts.bearer.stop == schema::Code::ok) {
    made.tenant = std::make_unique<Uuid>(facts.bearer.tenant->id);
    made.user = std::make_unique<Uuid>(facts.bearer.user->id);
  }
  if (query.call() != nullptr) made.call.reset(query.call()->UnPack());
  for (const schema::Question* question : *query.body_as_Check()->questions())
    made.questions.emplace_back(question->UnPack());
  made.credential = static_cast<schema::ReceivedCredential>(credential_kind(query));
  return made;
}

}  // namespace

std::vector<std::byte> signed_text_of(std::span<const std::uint8_t> receipt) {
  std::vector<std::byte> made;
  std::ranges::transform(schema::receipt_heading, std::back_inserter(made),
                         [](char letter) { return static_cast<std::byte>(letter); });
  std::ranges::copy(std::as_bytes(receipt), std::back_inserter(made));
  return made;
}

void add_receipt(CheckedAnswer& answer, const credential::KeyStore& keys,
                 const ReceiptFacts& facts) {
  if (!facts.asking.query->receipt()) return;
  schema::DecisionReceiptT receipt = receipt_of(facts);
  for (const schema::Decision* decision : *answer.checked().decisions())
    receipt.decisions.push_back(received(*decision));
  flatbuffers::FlatBufferBuilder own(1'024);
  own.Finish(schema::CreateDecisionReceipt(own, &receipt), schema::decision_receipt_identifier);
  const std::span<const std::uint8_t> bytes(own.GetBufferPointer(), own.GetSize());
  const credential::Signature signature =
      credential::sign(keys.own_key(credential::OwnKey::checkpoint_signing), signed_text_of(bytes));
  answer.add_receipt(bytes,
                     {reinterpret_cast<const std::uint8_t*>(signature.data()), signature.size()});
}

}  // namespace postern::service
