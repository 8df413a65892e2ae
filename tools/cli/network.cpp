#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "tools/cli/list.h"
#include "tools/cli/provider_file.h"
#include "tools/cli/session.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"
#include "tools/text/view_text.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace network_commands {
namespace {

constexpr std::uintmax_t file_bytes_max = 64U << 20U;

ProviderFile read_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error)
    throw Stop{exit_codes::missing,
               fmt::format("Cannot read {}: {}.", text::printable(path.string()), error.message()),
               "Give the file as the provider publishes it."};
  if (size > file_bytes_max)
    stop_usage(fmt::format("{} has {} bytes; no provider's file has over {}.",
                           text::printable(path.string()), size, file_bytes_max));
  ProviderFile file{path.filename().string(), std::string(size, '\0')};
  std::ifstream stream(path, std::ios::binary);
  if (!stream.read(file.text.data(), static_cast<std::streamsize>(size)))
    throw Stop{exit_codes::input_output,
               fmt::format("Cannot read {}.", text::printable(path.string())),
               "Give a readable file."};
  return file;
}

struct Arguments {
  std::string provider;
  std::vector<std::string> files;
  bool force = false;
};

int run_import(Session& session, const Arguments& asked) {
  const auto provider = provider_named(asked.provider);
  if (provider == schema::Provider::none)
    stop_usage(fmt::format("{} is no provider.", text::printable(asked.provider)),
               text::code_remedy(schema::Code::provider_unknown));
  std::vector<ProviderFile> files;
  for (const auto& path : asked.files) files.push_back(read_file(path));
  auto body = read_provider_files(provider, files);
  if (!body) {
    for (const auto& error : body.error()) session.talk() << "postern: " << error << '\n';
    throw Stop{exit_codes::damaged, "Nothing was imported.",
               "Give the whole file as the provider publishes it."};
  }
  body->force = asked.force;
  session.talk() << fmt::format("{} ranges of IPv4, {} of IPv6, after merging.\n",
                                body->v4.size() / 2, body->v6.size() / 4);
  return session.change(message_of("", "", std::move(*body)));
}

Handler import(Options& options) {
  auto asked = std::make_shared<Arguments>();
  options.add("PROVIDER", &asked->provider, "AWS, GOOGLE, AZURE, CLOUDFLARE or DIGITAL_OCEAN")
      .required();
  options.add("FILE", &asked->files, "As the provider publishes it; Cloudflare's two").required();
  options.add("--force", &asked->force,
              "Even with the same ranges, under half of them, or an older file");
  return [asked](Session& session) { return run_import(session, *asked); };
}

int run_show(Session& session) {
  auto page = session.page(request(schema::ListRangesT{}));
  static constexpr text::Column columns[] = {{"PROVIDER"},       {"IPV4", 1},     {"IPV6", 1},
                                             {"FILE", 3, 16},    {"ITS TIME", 2}, {"SHA-256", 5},
                                             {"IMPORTED", 4, 20}};
  ShownList listing(session, columns);
  for (const auto& ranges : Session::part(page.body.AsRangesPage()).ranges)
    listing.add(
        *ranges,
        {schema::EnumNameProvider(ranges->provider), std::to_string(ranges->v4_count),
         std::to_string(ranges->v6_count), ranges->source_name,
         ranges->source_time_ns == 0 ? "" : text::time_text_short(ranges->source_time_ns),
         text::hex_text(ranges->source_sha256).substr(0, 12), text::cause_text(ranges->imported)});
  listing.finish();
  return exit_codes::yes;
}

Handler show(Options&) { return run_show; }

int run_test(Session& session, const std::string& address, const std::string& user) {
  schema::TestAddressT body;
  body.address = address;
  if (session.has_tenant() || !user.empty()) body.tenant = session.tenant();
  body.username = user;
  const bool asks_rules = !body.tenant.empty();
  auto page = session.page(request(std::move(body)));
  const auto& tested = Session::part(page.body.AsAddressTested());
  if (session.format() != text::Format::table) {
    session.print(text::to_json(tested));
  } else {
    std::vector<std::string> providers;
    for (const auto provider : tested.providers)
      providers.emplace_back(schema::EnumNameProvider(provider));
    text::Fields fields;
    fields.add("address", tested.address);
    fields.add("providers", providers.empty() ? "none" : text::joined(providers));
    if (asks_rules) fields.add("answer", text::code_name(tested.code));
    fields.add("in the tenant's networks by", tested.tenant_entry);
    fields.add("in the user's networks by", tested.user_entry);
    fields.write(session.out());
  }
  return tested.code == schema::Code::ok ? exit_codes::yes : exit_codes::no;
}

Handler test(Options& options) {
  auto address = std::make_shared<std::string>();
  auto user = std::make_shared<std::string>();
  options.add("ADDRESS", address.get(), "IPv4 or IPv6").required();
  options.add("--user", user.get(), "Also: may this user of --tenant call from there?");
  return [=](Session& session) { return run_test(session, *address, *user); };
}

constexpr Verb verbs[] = {
    {"import", Kind::changes, "Replaces a provider's ranges by those in its published file.",
     "network import CLOUDFLARE ips-v4.txt ips-v6.txt", import},
    {"show", Kind::lists, "Lists whose ranges are known, and from which file.", "network show",
     show},
    {"test", Kind::reads, "Says which providers have an address, and what the rules say of it.",
     "network test 192.0.2.1 --tenant acme --user loader", test},
};

}  // namespace
}  // namespace network_commands

const Noun network_noun = {"network", "The ranges of providers, and tests of addresses.",
                           network_commands::verbs};

}  // namespace postern::cli
