// The parts of callgrind's format that are read here: a name is told once with a number, `fn=(7)
// name`, and named by it from then on, `fn=(7)`; `calls=COUNT …` follows the `cfn=` it is of.
#include "tools/bench/instruction_counts.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "tools/bench/process.h"
#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

/// Names of functions or of object files, by their numbers.
class Names {
 public:
  /// `text`: "(7) name", or "(7)" for one that was told before.
  std::string_view find(std::string_view text) {
    const std::size_t close = text.find(')');
    if (!text.starts_with('(') || close == text.npos) return text;
    std::string_view& name = names_[std::string(text.substr(0, close))];
    if (close + 2 < text.size()) name = text.substr(close + 2);
    return name;
  }

 private:
  std::map<std::string, std::string_view> names_;
};

bool take_prefix(std::string_view& line, std::string_view prefix) {
  if (!line.starts_with(prefix)) return false;
  line.remove_prefix(prefix.size());
  return true;
}

std::uint64_t number_at(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// `operator new` takes what it gives from `malloc`, which is not counted twice.
bool allocates(std::string_view function) {
  return function == "malloc" || function == "calloc" || function == "realloc" ||
         function == "aligned_alloc" || function == "posix_memalign" ||
         function.starts_with("operator new");
}

template <class Visitor>
void for_each_line(std::string_view text, Visitor visit) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    visit(line);
  }
}

}  // namespace

ThreadCounts counts_in(std::string_view text) {
  ThreadCounts counts;
  Names functions;
  Names objects;
  std::string_view object;
  std::string_view caller;
  std::string_view called;
  for_each_line(text, [&](std::string_view line) {
    if (take_prefix(line, "totals: ")) {
      counts.instructions = number_at(line);
    } else if (take_prefix(line, "ob=")) {
      object = objects.find(line);
    } else if (take_prefix(line, "cob=")) {
      objects.find(line);
    } else if (take_prefix(line, "fn=")) {
      caller = functions.find(line);
    } else if (take_prefix(line, "cfn=")) {
      called = functions.find(line);
    } else if (take_prefix(line, "calls=")) {
      if (allocates(called) && !allocates(caller) && object.find("/libzmq") == object.npos)
        counts.allocations += number_at(line);
    }
  });
  if (counts.instructions == 0)
    fail(exit_codes::input_output, "valgrind wrote no totals into its profile");
  return counts;
}

ThreadCounts counts_of(const std::filesystem::path& folder, std::string_view function) {
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string text = read_text(file.path());
    if (text.find(function) != text.npos) return counts_in(text);
  }
  fail(exit_codes::input_output,
       "valgrind told of no thread that ran " + std::string(function) + " in " + folder.string());
}

}  // namespace postern::bench
