// C4, U11, O4: every secret of every kind of command is taken out, wiped, and blank where it is
// signed. The fields are found by their names in the schema's own tables, so a new one is looked
// for without anybody listing it.
#include <boost/test/unit_test.hpp>
#include <string>

#include "daemon/service/command_task.h"
#include "schema/signed_message.h"
#include "tests/simulation/simulated_parts.h"

namespace postern::support {

namespace {

using schema::CommandBody;

constexpr std::string_view marker = "Corr3ct-horse-battery";

bool sounds_secret(std::string_view name) {
  return name.find("password") != std::string_view::npos || name == "token" || name == "secret";
}

/// Texts of a kind of command that their names call secret.
std::size_t count_by_name(CommandBody kind) {
  const auto* bodies = schema::CommandBodyTypeTable();
  const auto place = bodies->type_codes[static_cast<std::size_t>(kind)].sequence_ref;
  const auto* body = bodies->type_refs[place]();
  std::size_t count = 0;
  for (std::size_t field = 0; field < body->num_elems; ++field)
    count += body->type_codes[field].base_type == flatbuffers::ET_STRING &&
             sounds_secret(body->names[field]);
  return count;
}

/// A message with one command of this kind, whose secrets all hold the marker.
std::vector<std::byte> message_of(CommandBody kind, std::size_t& count) {
  flatbuffers::FlatBufferBuilder empty;
  empty.Finish(schema::CreateEnableUser(empty));
  schema::CommandMessageT message;
  message.id = std::make_unique<schema::Uuid>(0x0199'0000'0000'7000, 0x8000'0000'0000'0001);
  message.signature.assign(schema::signature_bytes, 7);
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->body.type = kind;
  command->body.value = schema::CommandBodyUnion::UnPack(
      flatbuffers::GetRoot<schema::EnableUser>(empty.GetBufferPointer()), kind, nullptr);
  count = 0;
  schema::visit_secrets(message, [&](std::string_view, std::string& text) {
    text = marker;
    ++count;
  });
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CommandMessage::Pack(builder, &message),
                 schema::command_message_identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

bool holds_marker(std::span<const std::byte> bytes) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).find(marker) !=
         std::string_view::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secrets_tests)

BOOST_AUTO_TEST_CASE(C4_every_secret_of_every_command_is_taken_out_and_wiped) {
  simulation::SimulatedEntropy entropy(1);
  simulation::SimulatedKeys keys(1);
  const service::TaskMaker maker(keys, entropy);
  std::size_t kinds_with_secrets = 0;
  for (auto number = 1; number <= static_cast<int>(CommandBody::MAX); ++number) {
    const auto kind = static_cast<CommandBody>(number);
    BOOST_TEST_CONTEXT(schema::EnumNameCommandBody(kind)) {
      std::size_t count = 0;
      const auto bytes = message_of(kind, count);
      BOOST_TEST(count == count_by_name(kind));
      BOOST_TEST(holds_marker(bytes) == (count > 0));
      kinds_with_secrets += count > 0;
      service::CommandTask task{service::OpenedMessage<schema::CommandMessage>(bytes)};
      BOOST_TEST(maker.take_apart(task));
      BOOST_TEST(!holds_marker(task.message.bytes()));
      BOOST_TEST(!holds_marker(task.signed_message));
      const service::CommandSecrets& taken = task.secrets.at(0);
      std::size_t kept = 0;
      for (const auto* secret : {&taken.password, &taken.confirmation, &taken.current_password,
                                 &taken.password_hash})
        kept += secret->has_value() && (*secret)->reveal() == marker;
      BOOST_TEST(kept == count);
      // What is signed is the same with and without them.
      auto to_sign = bytes;
      schema::blank_for_signature(*flatbuffers::GetRoot<schema::CommandMessage>(to_sign.data()));
      BOOST_TEST((to_sign == task.signed_message));
    }
  }
  BOOST_TEST(kinds_with_secrets >= 4u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
