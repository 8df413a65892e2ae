#include "tools/arguments/arguments.h"

#include <algorithm>

namespace postern::arguments {
namespace {

constexpr const char* empty = "is empty; give a value, or leave it out";

std::string refuse_empty(const CLI::App& app, const std::string& value) {
  if (!value.empty()) return {};
  const bool clears = app.get_option_no_throw("--clear") != nullptr;
  return empty + std::string(clears ? "; what is there is taken away with --clear" : "");
}

/// CLI11 takes the next argument for the value that `--name=` lacks.
void refuse_empty_assignments(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return;
    const auto equals = argument.find('=');
    if (argument.starts_with("--") && equals + 1 == argument.size())
      throw CLI::ValidationError(argument.substr(0, equals), empty);
  }
}

/// Before all other checks, so that none can take an empty text for good or speak of it otherwise.
void watch(CLI::App& app) {
  for (CLI::Option* option : app.get_options())
    if (option->get_items_expected_max() > 0)
      option->transform(CLI::Validator(
          [&app](std::string& value) { return refuse_empty(app, value); }, std::string()));
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) watch(*command);
}

/// CLI11 takes "[]" for a list without entries, and then the option for one not given.
void refuse_empty_lists(const CLI::App& app) {
  for (const CLI::Option* option : app.parse_order())
    if (option->empty()) throw CLI::ValidationError(option->get_name(), empty);
  for (const CLI::App* command : app.get_subcommands()) refuse_empty_lists(*command);
}

}  // namespace

void parse(CLI::App& app, const std::vector<std::string>& arguments) {
  refuse_empty_assignments(arguments);
  watch(app);
  // CLI11 takes them from the back.
  app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  refuse_empty_lists(app);
}

std::optional<std::uint64_t> read_milliseconds(std::string_view seconds) {
  constexpr std::uint64_t second = 1'000;
  constexpr std::size_t places = 3;
  const auto point = std::min(seconds.find('.'), seconds.size());
  const auto whole = read_number<std::uint64_t>(seconds.substr(0, point), 0,
                                                std::numeric_limits<std::uint32_t>::max());
  if (!whole) return std::nullopt;
  if (point == seconds.size()) return *whole * second;
  std::string fraction(seconds.substr(point + 1));
  if (fraction.empty() || fraction.size() > places) return std::nullopt;
  fraction.resize(places, '0');
  const auto part = read_number<std::uint64_t>(fraction);
  if (!part) return std::nullopt;
  return *whole * second + *part;
}

CLI::Option* add_read(CLI::App& app, const std::string& name,
                      std::function<bool(const std::string&)> read, const std::string& wanted,
                      const std::string& help) {
  const auto names = CLI::detail::split(name, ',');
  const auto take = [shown = names.front(), read = std::move(read),
                     wanted](const CLI::results_t& given) {
    if (!read(given.back())) throw CLI::ValidationError(shown, "takes " + wanted);
    return true;
  };
  return app.add_option(name, take, help);
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> entries;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    entries.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return entries;
}

CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& entries,
                      const std::string& help) {
  const auto shown = CLI::detail::split(name, ',').front();
  const auto take = [shown, &entries](const CLI::results_t& given) {
    entries.clear();
    for (const std::string& text : given)
      for (std::string& entry : split_list(text)) {
        if (entry.empty()) throw CLI::ValidationError(shown, "has an empty entry");
        entries.push_back(std::move(entry));
      }
    return true;
  };
  return app.add_option(name, take, help)->expected(1, -1)->type_name("LIST");
}

}  // namespace postern::arguments
