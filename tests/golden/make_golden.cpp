// Writes the golden records of a release: FILE.bundle, and what they fold to, FILE.digest.
#include <fstream>
#include <iostream>

#include "backup_generated.h"
#include "daemon/credential/signature.h"
#include "daemon/journal/checkpoint.h"
#include "daemon/journal/tree.h"
#include "schema/identifiers.h"
#include "tests/golden/golden_form.h"
#include "tests/support/every_event.h"

namespace {

using namespace postern;

void write(std::ofstream& file, const schema::BundlePartT& part) {
  flatbuffers::FlatBufferBuilder builder;
  builder.FinishSizePrefixed(schema::CreateBundlePart(builder, &part),
                             schema::bundle_part_identifier);
  file.write(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

void tell(support::Scenario& story, const support::Kind& kind, const support::Names& names) {
  for (const schema::EventBodyUnion& body : kind.contents) {
    schema::EventT event;
    event.body = body;
    if (kind.about_bob) event.user = support::ref(names.bob);
    if (const auto* created = body.AsUserCreated()) event.user = support::ref(*created->user);
    if (event.user != nullptr)
      if (const domain::User* user = story.state().tables().find_user(*event.user))
        event.previous_user_seq = user->last_seq;
    story.given_facts({event});
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "make_golden FILE, without .bundle\n";
    return 64;
  }
  auto story = support::a_full_story();
  const support::Names names(story);
  schema::CommandRefusedT refused;
  refused.operator_id = support::ref(names.anna);
  refused.code = schema::Code::not_permitted;
  refused.count = 3;
  schema::EventBodyUnion body;
  body.Set(std::move(refused));
  tell(story, {false, {body}}, names);
  for (const auto& kind : support::other_events(names)) tell(story, kind, names);
  const auto of_users = support::events_of_users(names);
  // What is erased says nothing afterwards.
  for (const bool erasing : {false, true})
    for (const auto& kind : of_users)
      if ((kind.contents.at(0).type == schema::EventBody::UserErased) == erasing)
        tell(story, kind, names);

  journal::Tree tree;
  schema::BundlePartT records;
  for (const auto& bytes : story.world().records()) {
    tree.append(std::as_bytes(std::span(bytes)));
    records.records.emplace_back(std::make_unique<schema::StoredRecordT>())->bytes = bytes;
  }
  const credential::Key seed{std::byte{1}};
  const journal::Verifier signer{"postern/golden", credential::signing_public_key(seed)};
  schema::BundlePartT first;
  first.verifier_key = journal::verifier_text(signer);
  first.checkpoint =
      journal::make_note({signer.name, {tree.size(), tree.root()}, story.state().time_ns()}, signer,
                         [&](journal::View text) { return credential::sign(seed, text); });
  const std::string name = arguments[1];
  std::ofstream bundle(name + ".bundle", std::ios::binary);
  write(bundle, first);
  write(bundle, records);
  std::ofstream(name + ".digest") << golden::digest_of(story.state()) << "\n";
  return bundle.good() ? 0 : 74;
}
