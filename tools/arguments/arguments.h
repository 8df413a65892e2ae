// What every program here asks of its arguments beyond CLI11: an empty one is an error and never
// "not given", a list has no empty entry, and numbers have one reader.
// For the main thread. Failure: CLI::ParseError, which names the option.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace postern::arguments {

/// `arguments` without the program's name. An empty value is refused for every option and every
/// positional of every subcommand, as `--name ''`, as `--name=` and as a list without entries. An
/// environment variable that is empty counts as unset.
void parse(CLI::App& app, const std::vector<std::string>& arguments);

/// Decimal digits alone: no sign, blank, point, exponent or base; zeros in front change nothing.
template <class Number>
std::optional<Number> read_number(std::string_view text, Number least = 0,
                                  Number most = std::numeric_limits<Number>::max()) {
  static_assert(std::is_unsigned_v<Number>);
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stop != end || number < least || number > most)
    return std::nullopt;
  return number;
}

/// Digits, and after a point up to three more: 10, 0.5. In milliseconds.
std::optional<std::uint64_t> read_milliseconds(std::string_view seconds);

struct Bounds {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

/// What `read` makes of the option's text; it gives false for what it does not take, which is
/// refused as "takes `wanted`".
CLI::Option* add_read(CLI::App& app, const std::string& name,
                      std::function<bool(const std::string&)> read, const std::string& wanted,
                      const std::string& help);

/// An option whose value is a whole number; `target` is a number or an optional of one.
template <class Target>
CLI::Option* add_number(CLI::App& app, const std::string& name, Target& target,
                        const std::string& help, Bounds bounds = {}) {
  using Number = std::conditional_t<std::is_integral_v<Target>, std::optional<Target>, Target>;
  using Value = typename Number::value_type;
  bounds.most = std::min<std::uint64_t>(bounds.most, std::numeric_limits<Value>::max());
  const auto read = [&target, bounds](const std::string& text) {
    const auto number = read_number<std::uint64_t>(text, bounds.least, bounds.most);
    if (number) target = static_cast<Value>(*number);
    return number.has_value();
  };
  const auto wanted =
      "a whole number from " + std::to_string(bounds.least) + " to " + std::to_string(bounds.most);
  return add_read(app, name, read, wanted, help)->type_name("N");
}

/// Entries with commas between, or the option several times; none may be empty.
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& entries,
                      const std::string& help);

/// Between the commas, the empty ones too.
std::vector<std::string> split_list(std::string_view text);

}  // namespace postern::arguments
