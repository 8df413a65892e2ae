// Runs a fuzz target where there is no libFuzzer: every file of its corpus, then mutations of them
// that one seed fixes. A child does it; the parent survives what the child does not, keeps the
// bytes and says how to repeat it.
//
//   fuzz_X FOLDER… [--executions N] [--seconds N] [--seed N] [--must-find]     fuzz_X FILE…
//
// Ends 0 if nothing was found; with --must-find, if something was.
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/target.h"

namespace {

namespace fs = std::filesystem;
using Input = std::vector<std::uint8_t>;

constexpr std::size_t input_bytes_max = 1 << 17;
constexpr int seconds_per_input_max = 20;

/// What the child is at, for the parent to read when the child is gone.
struct Progress {
  std::size_t executions;
  std::size_t size;
  std::uint8_t bytes[input_bytes_max];
};

struct Order {
  std::vector<fs::path> from;
  std::size_t executions = 20'000;
  /// No mutation begins after them.
  std::chrono::seconds time = std::chrono::hours(24 * 365);
  std::uint64_t seed = 1;
  bool must_find = false;
};

Input read_input(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  Input input(std::istreambuf_iterator<char>(stream), {});
  input.resize(std::min(input.size(), input_bytes_max));
  return input;
}

std::vector<Input> read_corpus(const std::vector<fs::path>& from) {
  std::vector<Input> corpus;
  for (const fs::path& place : from) {
    std::vector<fs::path> files;
    if (fs::is_regular_file(place)) files.push_back(place);
    else
      for (const auto& entry : fs::directory_iterator(place)) files.push_back(entry.path());
    std::ranges::sort(files);
    for (const fs::path& file : files) corpus.push_back(read_input(file));
  }
  return corpus;
}

/// The same seed and corpus give the same inputs on every machine.
class Mutator {
 public:
  Mutator(std::uint64_t seed, const std::vector<Input>& corpus) : random_(seed), corpus_(corpus) {}

  Input next() {
    Input input = any();
    for (std::size_t count = 1 + below(4); count > 0; --count) mutate(input);
    if (input.size() > input_bytes_max) input.resize(input_bytes_max);
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  const Input& any() { return corpus_[below(corpus_.size())]; }

  void mutate(Input& input) {
    if (input.empty()) return input.push_back(static_cast<std::uint8_t>(random_()));
    const std::size_t place = below(input.size());
    const auto at = input.begin() + static_cast<std::ptrdiff_t>(place);
    const std::size_t length = 1 + below(std::min<std::size_t>(input.size() - place, 32));
    const auto end = at + static_cast<std::ptrdiff_t>(length);
    switch (below(10)) {
      case 0: *at ^= static_cast<std::uint8_t>(1U << below(8)); break;
      case 1: *at = static_cast<std::uint8_t>(random_()); break;
      case 2: put_number(input, place); break;
      case 3: add_to_number(input, place); break;
      case 4: input.erase(at, end); break;
      case 5: {
        const Input copied(at, end);
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(input.size() + 1)),
                     copied.begin(), copied.end());
        break;
      }
      case 6: {
        // Over what is there, so that what follows keeps its place.
        const Input copied(at, end);
        const std::size_t to = below(input.size());
        std::copy_n(copied.begin(), std::min(copied.size(), input.size() - to),
                    input.begin() + static_cast<std::ptrdiff_t>(to));
        break;
      }
      case 7: {
        const Input& other = any();
        if (other.empty()) break;
        const std::size_t from = below(other.size());
        const std::size_t count = std::min(other.size() - from, 1 + below(64));
        input.erase(at, end);
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(place),
                     other.begin() + static_cast<std::ptrdiff_t>(from),
                     other.begin() + static_cast<std::ptrdiff_t>(from + count));
        break;
      }
      case 8: input.resize(place); break;
      case 9: std::fill(at, end, static_cast<std::uint8_t>(one_of({0, 0xff, ' ', '0', '*', '/'})));
    }
  }

  std::uint64_t one_of(std::initializer_list<std::uint64_t> values) {
    return values.begin()[below(values.size())];
  }

  void put_number(Input& input, std::size_t place) {
    const std::uint64_t number = one_of({0, 1, 4, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff'ffff,
                                         0x8000'0000, 0xffff'ffff, ~0ULL, input.size()});
    const std::size_t width = std::min<std::size_t>(one_of({1, 2, 4, 8}), input.size() - place);
    std::memcpy(input.data() + place, &number, width);
  }

  void add_to_number(Input& input, std::size_t place) {
    const std::size_t width = std::min<std::size_t>(one_of({1, 2, 4}), input.size() - place);
    std::uint64_t number = 0;
    std::memcpy(&number, input.data() + place, width);
    number += one_of({1, 2, 4, 8, ~0ULL, ~0ULL - 1, ~0ULL - 3});
    std::memcpy(input.data() + place, &number, width);
  }

  std::mt19937_64 random_;
  const std::vector<Input>& corpus_;
};

void execute(const Input& input, Progress& progress) {
  progress.size = input.size();
  std::ranges::copy(input, progress.bytes);
  const itimerval limit{{}, {seconds_per_input_max, 0}};
  ::setitimer(ITIMER_PROF, &limit, nullptr);
  // A copy of exactly its size, so that a sanitizer sees what reads beyond it.
  const Input exact(input);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  ++progress.executions;
}

void execute_all(const Order& order, const std::vector<Input>& corpus, Progress& progress) {
  for (const Input& input : corpus) execute(input, progress);
  if (fs::is_regular_file(order.from.front())) return;
  Mutator mutator(order.seed, corpus);
  const auto end = std::chrono::steady_clock::now() + order.time;
  for (std::size_t count = 0; count < order.executions && std::chrono::steady_clock::now() < end;
       ++count)
    execute(mutator.next(), progress);
}

void tell(const char* program, const Progress& progress, int status) {
  const fs::path file = fs::path(program).filename().string() + ".found";
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(progress.bytes),
             static_cast<std::streamsize>(progress.size));
  const bool killed = WIFSIGNALED(status);
  std::printf("found after %zu executions: %s %d%s\nrepeat with: %s %s\n", progress.executions,
              killed ? "signal" : "exit", killed ? WTERMSIG(status) : WEXITSTATUS(status),
              killed && WTERMSIG(status) == SIGPROF ? " (it took too long)" : "", program,
              fs::absolute(file).c_str());
}

bool read_order(int count, char** words, Order& order) {
  for (int place = 1; place < count; ++place) {
    const std::string word = words[place];
    const bool has_value = place + 1 < count;
    if (word == "--must-find") order.must_find = true;
    else if (word == "--executions" && has_value) order.executions = std::stoull(words[++place]);
    else if (word == "--seconds" && has_value)
      order.time = std::chrono::seconds(std::stoul(words[++place]));
    else if (word == "--seed" && has_value) order.seed = std::stoull(words[++place]);
    else if (fs::exists(word)) order.from.push_back(word);
    else return false;
  }
  return !order.from.empty();
}

}  // namespace

int main(int count, char** words) {
  Order order;
  if (!read_order(count, words, order)) {
    std::fprintf(stderr,
                 "%s FOLDER…|FILE… [--executions N] [--seconds N] [--seed N] [--must-find]\n",
                 words[0]);
    return 64;
  }
  const std::vector<Input> corpus = read_corpus(order.from);
  if (corpus.empty()) return 66;
  void* shared = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 74;
  auto& progress = *static_cast<Progress*>(shared);
  const pid_t child = ::fork();
  if (child == 0) {
    execute_all(order, corpus, progress);
    // What the target made for itself is put away, as at any end.
    std::exit(0);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return 74;
  const bool found = status != 0;
  if (found) tell(words[0], progress, status);
  else std::printf("%zu executions, nothing found\n", progress.executions);
  return found == order.must_find ? 0 : 1;
}
