#include "tools/arguments/options.h"

#include "tools/text/numbers.h"
#include "tools/text/output.h"

namespace postern::arguments {

Option& Options::add(std::string names, Option::Target target, std::string help) {
  Option option;
  option.names = std::move(names);
  option.target = std::move(target);
  option.help = std::move(help);
  if (std::holds_alternative<List>(option.target)) option.type = "LIST";
  return all_.emplace_back(std::move(option));
}

Option& Options::add_whole(std::string names, std::function<void(std::uint64_t)> take,
                           std::string help, Bounds bounds) {
  const auto read = [take = std::move(take), bounds](const std::string& typed) {
    const auto number = text::read_number<std::uint64_t>(typed, bounds.least, bounds.most);
    if (number) take(*number);
    return number.has_value();
  };
  const auto wanted =
      "a whole number from " + std::to_string(bounds.least) + " to " + std::to_string(bounds.most);
  return add(std::move(names), Reader{read, wanted}, std::move(help)).type_name("N");
}

void add_output(Options& options, text::Format& format) {
  const auto read = [&format](const std::string& typed) {
    return text::read_format(typed, format);
  };
  options
      .add("--output", Reader{read, text::wanted_format},
           "table, json or jsonl (one object a line)")
      .environment("POSTERN_OUTPUT")
      .type_name("FORM");
}

}  // namespace postern::arguments
