// N3: providers' ranges.
#include <algorithm>

#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;

namespace {

constexpr std::size_t source_name_bytes_max = 256;
constexpr std::size_t sha256_bytes = 32;

/// In order.
std::vector<Address> addresses_of(const flatbuffers::Vector<std::uint32_t>* words) {
  std::vector<Address> addresses;
  if (words != nullptr)
    for (const std::uint32_t word : *words) addresses.push_back({.is_v4 = true, .low = word});
  return addresses;
}

std::vector<Address> addresses_of(const flatbuffers::Vector<std::uint64_t>* words) {
  std::vector<Address> addresses;
  if (words == nullptr) return addresses;
  for (flatbuffers::uoffset_t place = 0; place + 1 < words->size(); place += 2)
    addresses.push_back({.high = words->Get(place), .low = words->Get(place + 1)});
  return addresses;
}

/// Refuses what is not first and last in turn, ascending, neither overlapping nor touching.
void check_ranges(const Case& asked, std::string_view field, const std::vector<Address>& addresses,
                  bool whole) {
  if (!whole || addresses.size() % 2 != 0)
    return asked.refuse(Code::field_malformed, field,
                        "It must hold a first and a last address for each range.");
  for (std::size_t place = 0; place < addresses.size(); place += 2) {
    const Address& first = addresses[place];
    const Address& last = addresses[place + 1];
    const std::string range = text_of(first) + " to " + text_of(last);
    if (last < first)
      return asked.refuse(Code::field_malformed, field, "The range " + range + " ends early.");
    if (place == 0) continue;
    const auto after_before = next_of(addresses[place - 1]);
    if (!after_before || first <= *after_before)
      return asked.refuse(
          Code::field_malformed, field,
          "The range " + range + " does not lie above the one before it with a gap between.");
  }
}

/// A provider's ranges that stay the same are worth a record again after so long: it says that they
/// were looked at.
constexpr std::int64_t same_again_ns = std::int64_t{7} * 86'400'000'000'000;

/// Refuses what has the ranges of a recent import, what the provider made before it, and under half
/// as many.
void check_against_last(const Case& asked, const schema::ImportRanges& body, std::size_t count) {
  const auto place = static_cast<std::size_t>(body.provider());
  const auto& last = asked.state.tables().providers()[place];
  if (last == nullptr || body.force()) return;
  const auto same = [](const auto* asked_words, const auto& held) {
    return asked_words == nullptr ? held.empty() : std::ranges::equal(*asked_words, held);
  };
  const bool is_same = same(body.v4(), last->v4) && same(body.v6(), last->v6);
  if (is_same && asked.context.now_ns - last->imported_ns < same_again_ns)
    return asked.refuse(
        Code::unchanged, "v4",
        "They are the ranges imported by record " + std::to_string(last->imported_seq) + ".");
  if (body.source_time_ns() != 0 && body.source_time_ns() < last->source_time_ns)
    asked.refuse(
        Code::ranges_older, "source_time_ns",
        "The one in force was imported by record " + std::to_string(last->imported_seq) + ".");
  const std::size_t last_count = last->v4.size() / 2 + last->v6.size() / 4;
  if (2 * count < last_count)
    asked.refuse(Code::ranges_shrunk, "v4",
                 "Found " + std::to_string(count) + " ranges, the last import had " +
                     std::to_string(last_count) + ".");
}

/// Whether the command says anything of networks: what only stays was warned of when it came.
bool names_networks(const schema::Command& command) {
  if (const auto* body = command.body_as_SetUserSettings()) return body->networks() != nullptr;
  const auto* body = command.body_as_SetTenant();
  return body == nullptr ||
         (body->policies() != nullptr && body->policies()->networks() != nullptr);
}

}  // namespace

std::string Case::with_missing_ranges(std::string_view warning,
                                      const schema::NetworksT& named) const {
  std::string told(warning);
  if (!names_networks(command)) return told;
  const auto list = compile(named.entries);
  if (!list || *list == nullptr) return told;
  for (std::size_t number = 1; number < provider_count; ++number) {
    if (((*list)->providers >> number & 1U) == 0) continue;
    if (state.tables().providers()[number] != nullptr) continue;
    const std::string name = schema::EnumNameProvider(static_cast<schema::Provider>(number));
    told += (told.empty() ? "" : " ") +
            ("No ranges of " + name +
             " were imported, so none of its addresses is known: an owner of all "
             "tenants imports the file that it publishes with 'postern network import " +
             name + " FILE'.");
  }
  return told;
}

void import_ranges(const Case& asked) {
  const auto& body = *asked.command.body_as_ImportRanges();
  const schema::CommandMessage& message = *asked.context.message;
  if (!view_of(message.tenant()).empty())
    asked.refuse(Code::field_malformed, "tenant", "Providers' ranges concern no tenant.");
  if (message.commands()->size() > 1)
    asked.refuse(Code::field_malformed, "commands", "An import is the one command of its message.");
  if (body.provider() == schema::Provider::none || body.provider() > schema::Provider::MAX)
    return asked.refuse(Code::provider_unknown, "provider");
  const std::string_view source = view_of(body.source_name());
  if (source.empty() || source.size() > source_name_bytes_max || !is_text(source))
    asked.refuse(Code::field_malformed, "source_name",
                 "It must be 1 to 256 bytes of text, found " + quoted(source) + ".");
  if (body.source_sha256() == nullptr || body.source_sha256()->size() != sha256_bytes)
    asked.refuse(Code::field_malformed, "source_sha256", "It must have 32 bytes.");
  if (body.source_time_ns() < 0)
    asked.refuse(Code::field_malformed, "source_time_ns", "It must not lie before 1970.");
  const auto v4 = addresses_of(body.v4());
  const auto v6 = addresses_of(body.v6());
  check_ranges(asked, "v4", v4, true);
  check_ranges(asked, "v6", v6, body.v6() == nullptr || body.v6()->size() % 2 == 0);
  const std::size_t count = (v4.size() + v6.size()) / 2;
  if (v4.empty() && v6.empty()) asked.refuse(Code::field_missing, "v4", "There is no range.");
  if (asked.decision.refusals.empty()) check_against_last(asked, body, count);
  if (!asked.decision.refusals.empty()) return;
  schema::RangesImportedT imported;
  imported.provider = body.provider();
  imported.source_name = source;
  imported.source_sha256.assign(body.source_sha256()->begin(), body.source_sha256()->end());
  imported.source_time_ns = body.source_time_ns();
  if (body.v4() != nullptr) imported.v4.assign(body.v4()->begin(), body.v4()->end());
  if (body.v6() != nullptr) imported.v6.assign(body.v6()->begin(), body.v6()->end());
  asked.cause(imported);
}

}  // namespace postern::domain
