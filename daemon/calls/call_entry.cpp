// entry    := tenant.high:u64 tenant.low:u64 sealed_size:u16 sealed CallView      little-endian
// sealed   := seal(personal) | nothing
// personal := address_size:u8 address client
#include "daemon/calls/call_entry.h"

#include <boost/endian/buffers.hpp>
#include <cstring>

#include "daemon/credential/sealing.h"
#include "daemon/credential/secret.h"

namespace postern::calls {

namespace {

using credential::PersonalPart;

struct EntryHead {
  boost::endian::little_uint64_buf_t tenant_high;
  boost::endian::little_uint64_buf_t tenant_low;
  boost::endian::little_uint16_buf_t sealed_size;
};
static_assert(sizeof(EntryHead) == 18);

std::vector<std::uint8_t> sealed_of(const CallNote& note, const credential::Key& key,
                                    platform::Entropy& entropy) {
  if (note.address_size == 0 && note.client_size == 0) return {};
  std::vector<std::uint8_t> personal;
  personal.push_back(note.address_size);
  for (const std::string_view text : {note.address(), note.client()})
    personal.insert(personal.end(), text.begin(), text.end());
  return credential::seal(key, note.user, PersonalPart::call, personal, entropy);
}

flatbuffers::Offset<schema::CallView> pack_view(flatbuffers::FlatBufferBuilder& builder,
                                                const CallNote& note) {
  const Outcome outcome = note.outcome(0);
  flatbuffers::Offset<schema::Question> question;
  if (note.has_question) {
    const auto action = builder.CreateString(note.action());
    const auto resource = builder.CreateString(note.resource());
    question = schema::CreateQuestion(builder, action, resource, note.this_level_only);
  }
  flatbuffers::Offset<schema::GrantReference> grant;
  if (outcome.grant() != 0)
    grant = schema::CreateGrantReference(builder, Outcome::seq_of(outcome.grant()),
                                         Outcome::index_of(outcome.grant()));
  schema::CallViewBuilder view(builder);
  view.add_time_ns(note.time_ns);
  view.add_seq(note.seq);
  view.add_user(&note.user);
  view.add_service(&note.service);
  view.add_tls(note.tls);
  view.add_channel(note.channel);
  view.add_credential(note.credential);
  view.add_question(question);
  view.add_allowed(outcome.allowed());
  view.add_reason(note.reason);
  view.add_grant(grant);
  if (!domain::is_zero(note.key)) view.add_key(&note.key);
  return view.Finish();
}

}  // namespace

std::vector<std::byte> pack_entry(const CallNote& note, const credential::Key* key,
                                  platform::Entropy& entropy) {
  std::vector<std::uint8_t> sealed;
  if (key != nullptr) sealed = sealed_of(note, *key, entropy);
  flatbuffers::FlatBufferBuilder builder(512);
  builder.Finish(pack_view(builder, note));
  EntryHead head;
  head.tenant_high = note.tenant.high();
  head.tenant_low = note.tenant.low();
  head.sealed_size = static_cast<std::uint16_t>(sealed.size());
  std::vector<std::byte> entry;
  const auto add = [&](std::span<const std::byte> bytes) {
    entry.insert(entry.end(), bytes.begin(), bytes.end());
  };
  add(std::as_bytes(std::span(&head, 1)));
  add(std::as_bytes(std::span(sealed)));
  add(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
  return entry;
}

std::optional<Entry> open_entry(std::span<const std::byte> bytes) {
  EntryHead head;
  if (bytes.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, bytes.data(), sizeof head);
  const std::size_t sealed_size = head.sealed_size.value();
  if (bytes.size() < sizeof head + sealed_size) return std::nullopt;
  Entry entry;
  entry.tenant = Uuid(head.tenant_high.value(), head.tenant_low.value());
  const auto* sealed = reinterpret_cast<const std::uint8_t*>(bytes.data() + sizeof head);
  entry.sealed.assign(sealed, sealed + sealed_size);
  // FlatBuffers want alignment, files know none.
  const auto rest = bytes.subspan(sizeof head + sealed_size);
  const std::vector<std::byte> aligned(rest.begin(), rest.end());
  const auto* data = reinterpret_cast<const std::uint8_t*>(aligned.data());
  flatbuffers::Verifier verifier(data, aligned.size(), 8, 16);
  if (!verifier.VerifyBuffer<schema::CallView>(nullptr)) return std::nullopt;
  const auto* view = flatbuffers::GetRoot<schema::CallView>(data);
  if (view->user() == nullptr || view->service() == nullptr) return std::nullopt;
  view->UnPackTo(&entry.call);
  return entry;
}

void unseal(Entry& entry, const credential::Key& key) {
  if (entry.sealed.empty()) return;
  const auto personal = credential::unseal(key, *entry.call.user, PersonalPart::call, entry.sealed);
  if (!personal || personal->empty() || personal->size() < 1U + personal->front()) return;
  const auto* text = reinterpret_cast<const char*>(personal->data()) + 1;
  const std::size_t address_size = personal->front();
  entry.call.address.assign(text, address_size);
  entry.call.client.assign(text + address_size, personal->size() - 1 - address_size);
}

}  // namespace postern::calls
