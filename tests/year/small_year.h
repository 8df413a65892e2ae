// A small year of 100 users, told once for all tests of the program.
#pragma once

#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/platform/clock.h"
#include "replay/replay.h"
#include "tests/support/temporary_folder.h"
#include "tests/year/year.h"

namespace postern::year {

struct SmallYear {
  SmallYear() {
    Plan plan;
    plan.users = 100;
    plan.calls = 5'000;
    plan.until_ns = platform::SystemClock().now_ns();
    support::SimulatedClock clock;
    begin_year(clock, plan);
    FolderService service(path(), clock);
    Year year(service, clock, plan);
    year.tell([](int) {});
    recorded = service.recorded_calls();
    dropped = service.dropped_calls();
  }

  std::filesystem::path path() const { return folder.path() / "data"; }
  /// What the audit tool says, which ends with 0.
  std::string replay(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--data", path().string()});
    std::ostringstream out;
    std::ostringstream talk;
    const int code = replay::run(arguments, {out, talk});
    BOOST_TEST(code == 0, talk.str());
    return out.str();
  }

  support::TemporaryFolder folder;
  std::uint64_t recorded = 0;
  std::uint64_t dropped = 0;
};

inline const SmallYear& small_year() {
  static const SmallYear told;
  return told;
}

}  // namespace postern::year
