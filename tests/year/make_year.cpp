// make_year FOLDER [--users N] [--calls N] [--seed N]: a data folder with a year's history in it,
// which ends now, for posternd and postern-replay.
#include <charconv>
#include <iostream>
#include <string_view>

#include "tests/year/year.h"

namespace {

using namespace postern;

constexpr std::string_view usage =
    "make_year FOLDER [--users N] [--calls N] [--seed N]\n"
    "  makes a data folder whose history began a year ago and ends now\n"
    "  --users N   5000 if left out, at least 50\n"
    "  --calls N   decisions recorded one by one, about; 2000000 if left out\n"
    "  --seed N    what happens is the same for the same seed; ids and keys are new\n";

struct Wanted {
  std::string folder;
  year::Plan plan;
};

bool read(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool read(int count, char** arguments, Wanted& wanted) {
  for (int place = 1; place < count; ++place) {
    const std::string_view name = arguments[place];
    if (!name.starts_with("--")) {
      if (!wanted.folder.empty()) return false;
      wanted.folder = name;
      continue;
    }
    std::uint64_t number = 0;
    if (place + 1 == count || !read(arguments[++place], number)) return false;
    if (name == "--users")
      wanted.plan.users = number;
    else if (name == "--calls")
      wanted.plan.calls = number;
    else if (name == "--seed")
      wanted.plan.seed = number;
    else
      return false;
  }
  return !wanted.folder.empty() && wanted.plan.users >= 50;
}

}  // namespace

int main(int count, char** arguments) {
  Wanted wanted;
  if (!read(count, arguments, wanted)) {
    std::cerr << usage;
    return 64;
  }
  try {
    wanted.plan.until_ns = platform::SystemClock().now_ns();
    support::SimulatedClock clock;
    year::begin_year(clock, wanted.plan);
    year::FolderService service(wanted.folder, clock);
    year::Year year(service, clock, wanted.plan);
    year.tell([](int day) {
      if (day % 30 == 29) std::cerr << "day " << day + 1 << " of " << year::days_of_year << '\n';
    });
    std::cout << "records         " << service.state().seq() << "\nrecorded calls  "
              << service.recorded_calls() << '\n';
  } catch (const std::exception& trouble) {
    std::cerr << "make_year: " << trouble.what() << '\n';
    return 70;
  }
  return 0;
}
