#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>

#include "daemon/platform/descriptor.h"
#include "daemon/platform/descriptors.h"
#include "daemon/platform/process.h"
#include "tests/unit/platform/child.h"

namespace postern::tests {

namespace {

using platform::Descriptor;
using platform::harden_process;

constexpr int yes = 1;
constexpr int no = 0;

BOOST_AUTO_TEST_SUITE(process_tests)

BOOST_AUTO_TEST_CASE(no_core_dump_and_no_debugger_sees_our_memory) {
  const auto open_to_both = [] {
    rlimit core{};
    ::getrlimit(RLIMIT_CORE, &core);
    return ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || core.rlim_max != 0 ? yes : no;
  };
  BOOST_TEST(in_child(open_to_both) == yes);
  BOOST_TEST(in_child([&] { return harden_process() ? open_to_both() : -1; }) == no);
}

BOOST_AUTO_TEST_CASE(new_files_are_ours_alone) {
  BOOST_TEST(in_child([] { return harden_process() && ::umask(0) == 0077 ? yes : no; }) == yes);
}

BOOST_AUTO_TEST_CASE(a_closed_pipe_is_an_error_not_death) {
  const auto write_to_nobody = [] {
    int ends[2];
    if (::pipe(ends) != 0 || ::close(ends[0]) != 0) return no;
    return ::write(ends[1], "x", 1) < 0 && errno == EPIPE ? yes : no;
  };
  BOOST_TEST(in_child(write_to_nobody) == -1);
  BOOST_TEST(in_child([&] { return harden_process() ? write_to_nobody() : no; }) == yes);
}

BOOST_AUTO_TEST_CASE(a_file_size_limit_is_an_error_not_death) {
  const Folder folder;
  const auto write_too_much = [&] {
    const rlimit limit{10, 10};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return no;
    const Descriptor file(::open((folder.path / "file").c_str(), O_WRONLY | O_CREAT, 0600));
    const char text[] = "0123456789";
    if (::write(file.number(), text, 10) != 10) return no;
    return ::write(file.number(), text, 1) < 0 && errno == EFBIG ? yes : no;
  };
  BOOST_TEST(in_child(write_too_much) == -1);
  BOOST_TEST(in_child([&] { return harden_process() ? write_too_much() : no; }) == yes);
}

BOOST_AUTO_TEST_CASE(all_descriptors_that_are_allowed_can_be_opened) {
  BOOST_TEST(in_child([] {
               const rlimit few{20, 100};
               rlimit after{};
               if (::setrlimit(RLIMIT_NOFILE, &few) != 0 || !harden_process()) return no;
               ::getrlimit(RLIMIT_NOFILE, &after);
               return after.rlim_cur == 100 ? yes : no;
             }) == yes);
}

BOOST_AUTO_TEST_CASE(fact_13_descriptors_are_the_daemons_first_and_connections_after) {
  for (const std::size_t limit : {0u, 40u, 73u}) {
    const auto end = platform::connection_descriptors_end(limit);
    BOOST_REQUIRE(!end);
    BOOST_TEST(exit_code(end.error()) == 78);
  }
  for (const std::size_t limit : {74u, 80u, 256u, 1'024u, 4'096u, 1'048'576u}) {
    const auto end = platform::connection_descriptors_end(limit);
    BOOST_REQUIRE(end);
    BOOST_TEST(*end + 16 + platform::table_descriptors(limit) == limit);
    BOOST_TEST(*end >= 46u + 12u);
  }
  BOOST_TEST(platform::table_descriptors(1'048'576) == 490u);
}

BOOST_AUTO_TEST_CASE(fact_13_as_many_descriptors_are_told_as_may_be_open) {
  BOOST_TEST(in_child([] {
               const rlimit few{77, 100};
               if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return no;
               return platform::descriptor_limit() == 77 ? yes : no;
             }) == yes);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
