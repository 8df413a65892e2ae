// What a program or one of its verbs takes, as data: written down where it is used, without the
// library that reads command lines. `declare` in arguments.h makes it that library's.
// For the main thread. What an option sets outlives the parsing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace postern::text {
enum class Format;
}

namespace postern::arguments {

/// How a text is read that is more than text: false for what is not taken, which is refused as
/// "takes `wanted`".
struct Reader {
  std::function<bool(const std::string&)> read;
  std::string wanted;
};

/// Entries with commas between, or the option several times; none may be empty.
struct List {
  std::vector<std::string>* entries;
};

/// One option, flag (bool) or positional. Each setter gives the option itself, for the next.
struct Option {
  using Target =
      std::variant<std::string*, std::optional<std::string>*, std::optional<std::filesystem::path>*,
                   std::vector<std::string>*, bool*, std::optional<bool>*, Reader, List>;

  Option& required(bool needed = true) { return is_required = needed, *this; }
  Option& type_name(std::string shown) { return type = std::move(shown), *this; }
  Option& group(std::string heading) { return part_of_help = std::move(heading), *this; }
  Option& environment(std::string name) { return variable = std::move(name), *this; }
  /// Not together with this one, which is declared before.
  Option& excludes(std::string name) { return excluded.push_back(std::move(name)), *this; }
  Option& one_of(std::vector<std::string> values) { return choices = std::move(values), *this; }
  /// `find_fault` says what is wrong with a text; empty: nothing.
  Option& check(std::function<std::string(const std::string&)> find_fault) {
    return fault_of = std::move(find_fault), *this;
  }
  /// Given several times, and each time with one value.
  Option& one_value_each() { return has_one_value_each = true, *this; }
  /// A flag that takes no "=true".
  Option& without_value() { return is_bare = true, *this; }

  bool is_flag() const {
    return std::holds_alternative<bool*>(target) ||
           std::holds_alternative<std::optional<bool>*>(target);
  }
  bool is_positional() const { return !names.starts_with('-'); }

  /// "--networks,--network", "USER", "--vouches,!--no-vouches".
  std::string names;
  Target target;
  std::string help;
  bool is_required = false;
  std::string type = "TEXT";
  /// Its heading; empty: among the options.
  std::string part_of_help;
  /// Where its value comes from if it is not typed.
  std::string variable;
  std::vector<std::string> excluded;
  std::vector<std::string> choices;
  std::function<std::string(const std::string&)> fault_of;
  bool has_one_value_each = false;
  bool is_bare = false;
};

struct Bounds {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

class Options {
 public:
  /// The reference holds until the next one is added.
  Option& add(std::string names, Option::Target target, std::string help);

  /// An option whose value is a whole number; `number` is one or an optional of one.
  template <class Number>
  Option& add_number(std::string names, Number& number, std::string help, Bounds bounds = {}) {
    using Holder = std::conditional_t<std::is_integral_v<Number>, std::optional<Number>, Number>;
    using Value = typename Holder::value_type;
    bounds.most = std::min<std::uint64_t>(bounds.most, std::numeric_limits<Value>::max());
    const auto take = [&number](std::uint64_t read) { number = static_cast<Value>(read); };
    return add_whole(std::move(names), take, std::move(help), bounds);
  }

  /// In the order of the help.
  const std::vector<Option>& all() const { return all_; }

 private:
  Option& add_whole(std::string names, std::function<void(std::uint64_t)> take, std::string help,
                    Bounds bounds);

  std::vector<Option> all_;
};

/// `--output`, or POSTERN_OUTPUT.
void add_output(Options& options, text::Format& format);

/// A line as a shell would take it apart: quotes hold words together.
std::vector<std::string> split_words(const std::string& line);

}  // namespace postern::arguments
