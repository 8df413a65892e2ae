#include "daemon/view/call.h"

#include <algorithm>

#include "schema/problem.h"
#include "schema/text_view.h"

namespace postern::view {

namespace {

constexpr std::size_t client_label_characters_max = 64;
constexpr std::size_t character_bytes_max = 4;
constexpr std::size_t address_shown_max = 64;

using schema::view_of;

/// Of UTF-8; so many bytes that are none as could be a character count as one.
std::size_t characters_of(std::string_view text) {
  const auto begun = std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U; });
  return std::max(static_cast<std::size_t>(begun),
                  (text.size() + character_bytes_max - 1) / character_bytes_max);
}

}  // namespace

void check_call(const schema::Call* call, std::vector<schema::ProblemT>& problems) {
  using schema::Code;
  if (call == nullptr) return;
  if (call->channel() > schema::Channel::MAX)
    problems.push_back(make_problem(Code::field_malformed, "channel"));
  if (const auto found = characters_of(view_of(call->client()));
      found > client_label_characters_max)
    problems.push_back(
        make_problem(Code::too_large, "client",
                     "The limit is 64 characters, found " + std::to_string(found) + "."));
  const std::string_view address = view_of(call->address());
  if (!address.empty() && !domain::parse_address(address))
    problems.push_back(make_problem(Code::field_malformed, "address",
                                    "It must be an IPv4 or IPv6 address alone, found '" +
                                        std::string(address.substr(0, address_shown_max)) + "'."));
}

domain::CallFacts facts_of(const schema::Call* call, std::int64_t now_ns,
                           const domain::Providers& providers) {
  domain::CallFacts facts;
  facts.now_ns = now_ns;
  facts.providers = &providers;
  if (call == nullptr) return facts;
  facts.interactive = call->channel() != schema::Channel::program;
  facts.address = domain::parse_address(view_of(call->address()));
  facts.tls = call->tls();
  facts.tls_told = true;
  return facts;
}

std::expected<domain::CallFacts, schema::ProblemT> checked_facts_of(
    const schema::Call* call, std::int64_t now_ns, const domain::Providers& providers) {
  std::vector<schema::ProblemT> problems;
  check_call(call, problems);
  if (!problems.empty()) return std::unexpected(std::move(problems.front()));
  return facts_of(call, now_ns, providers);
}

}  // namespace postern::view
