#include "tools/cli/preset.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "schema/nearest_name.h"
#include "tools/cli/verb.h"
#include "tools/text/json_message.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace {

namespace json = boost::json;

std::string read_text(const std::string& name) {
  for (const Preset& preset : presets())
    if (preset.name == name) return std::string(preset.text);
  std::vector<std::string> known;
  for (const Preset& preset : presets()) known.emplace_back(preset.name);
  if (!name.ends_with(".json") && name.find('/') == name.npos)
    throw Stop{exit_codes::missing,
               fmt::format("There is no preset '{}'{}.", text::printable(name),
                           schema::nearest_told(known, name)),
               fmt::format("Name one of {}, or a file that ends in .json.", text::joined(known))};
  std::ifstream opened(name, std::ios::binary);
  if (!opened)
    throw Stop{exit_codes::missing,
               fmt::format("Cannot read {}: {}.", text::printable(name), std::strerror(errno)),
               fmt::format("Name a file with a preset, or one of {}.", text::joined(known))};
  std::ostringstream text;
  text << opened.rdbuf();
  return std::move(text).str();
}

}  // namespace

schema::CreateTenantT read_preset(const std::string& name) {
  json::error_code error;
  json::value body = json::parse(read_text(name), error);
  const std::string what = fmt::format("Preset {}: ", text::printable(name));
  if (error || !body.is_object())
    stop_usage(what + "it is no JSON object.", "See schema/presets/README.md.");
  if (body.as_object().contains("alias"))
    stop_usage(what + "it names a tenant.", "Leave the alias to the command line.");
  json::object command{{"body_type", "CreateTenant"}, {"body", std::move(body)}};
  auto message = text::message_from_json(
      json::serialize(json::object{{"commands", json::array{std::move(command)}}}));
  if (!message) stop_usage(what + message.error(), "See schema/presets/README.md.");
  return std::move(*message->commands.at(0)->body.AsCreateTenant());
}

}  // namespace postern::cli
