#include <boost/test/unit_test.hpp>
#include <fstream>

#include "daemon/calls/call_reader.h"
#include "daemon/calls/frame.h"
#include "tests/support/temporary_folder.h"

using namespace postern;
using namespace postern::support;
using calls::CallReader;
using calls::CallRing;

namespace {

namespace fs = std::filesystem;

struct Fixture {
  std::unique_ptr<CallRing> open(CallRing::Limits limits = {64'000, 16'000}) {
    auto opened = CallRing::open(folder.path() / "calls", limits);
    if (!opened) BOOST_FAIL(opened.error().sentence);
    return std::move(*opened);
  }
  /// Entries that tell their position.
  static void append(CallRing& ring, std::uint64_t count, std::size_t bytes = 200) {
    for (std::uint64_t number = 0; number < count; ++number) {
      std::string text = std::to_string(ring.next() + ring.waiting());
      text.resize(bytes, '.');
      ring.append(std::as_bytes(std::span(text)));
      if (number % 7 == 6) BOOST_REQUIRE(ring.write());
    }
    BOOST_REQUIRE(ring.write());
  }
  static std::vector<std::uint64_t> positions(CallReader& reader, std::uint64_t from) {
    std::vector<std::uint64_t> found;
    BOOST_REQUIRE(reader.read(from, [&](std::uint64_t position, auto entry) {
      const std::string text(reinterpret_cast<const char*>(entry.data()), entry.size());
      BOOST_REQUIRE(std::stoull(text) == position);
      found.push_back(position);
      return true;
    }));
    return found;
  }
  static std::vector<std::uint64_t> positions(const CallRing& ring, std::uint64_t from = 0) {
    CallReader reader(ring);
    return positions(reader, from);
  }
  static std::vector<std::uint64_t> all(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> made;
    for (; first <= last; ++first) made.push_back(first);
    return made;
  }
  static void overwrite(const fs::path& file, std::uint64_t offset, std::string_view bytes) {
    std::fstream opened(file, std::ios::in | std::ios::out | std::ios::binary);
    opened.seekp(static_cast<std::streamoff>(offset));
    opened << bytes;
  }

  TemporaryFolder folder;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(call_ring_tests, Fixture)

BOOST_AUTO_TEST_CASE(L2_positions_are_dense_and_survive_a_restart) {
  {
    auto ring = open();
    BOOST_TEST(ring->next() == 1u);
    append(*ring, 20);
    BOOST_TEST(ring->next() == 21u);
  }
  auto ring = open();
  BOOST_TEST(ring->next() == 21u);
  append(*ring, 5);
  BOOST_TEST(positions(*ring) == all(1, 25), boost::test_tools::per_element());
  BOOST_TEST(positions(*ring, 24) == all(24, 25), boost::test_tools::per_element());
  BOOST_TEST(positions(*ring, 26).empty());
}

BOOST_AUTO_TEST_CASE(L2_the_ring_never_takes_more_and_drops_its_oldest_files) {
  auto ring = open();
  for (int round = 0; round < 40; ++round) {
    append(*ring, 30);
    std::uint64_t bytes = 0;
    for (const auto& file : fs::directory_iterator(folder.path() / "calls"))
      bytes += file.file_size();
    BOOST_REQUIRE(bytes <= 64'000u);
  }
  BOOST_TEST(ring->oldest() > 1u);
  BOOST_TEST(ring->overwritten() == ring->oldest() - 1);
  BOOST_TEST(ring->next() == 1'201u);
  BOOST_TEST(positions(*ring) == all(ring->oldest(), 1'200), boost::test_tools::per_element());
  const std::uint64_t oldest = ring->oldest();
  ring.reset();
  BOOST_TEST(open()->oldest() == oldest);
}

BOOST_AUTO_TEST_CASE(L2_a_torn_tail_is_cut_and_told) {
  fs::path newest;
  std::uint64_t size = 0;
  {
    auto ring = open();
    append(*ring, 10);
    newest = ring->files().back().path;
    size = ring->files().back().size;
  }
  fs::resize_file(newest, size - 3);
  auto ring = open();
  BOOST_TEST(ring->cut_bytes() == calls::frame_head_bytes + 200 - 3);
  BOOST_TEST(ring->next() == 10u);
  append(*ring, 2);
  BOOST_TEST(positions(*ring) == all(1, 11), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(L2_a_damaged_middle_loses_what_it_held_and_no_more) {
  fs::path file;
  {
    auto ring = open();
    append(*ring, 10);
    file = ring->files().back().path;
  }
  const std::uint64_t frame = calls::frame_head_bytes + 200;
  overwrite(file, calls::file_head_bytes + 3 * frame + 50, "x");
  // The size of the seventh, which then names no frame either.
  overwrite(file, calls::file_head_bytes + 6 * frame + 4, std::string_view("\xff\xff", 2));
  auto ring = open();
  BOOST_TEST(ring->cut_bytes() == 0u);
  BOOST_TEST(ring->next() == 11u);
  const std::vector<std::uint64_t> left = {1, 2, 3, 5, 6, 8, 9, 10};
  BOOST_TEST(positions(*ring) == left, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(L2_damage_beyond_a_window_is_passed_over_too) {
  auto ring = open({std::uint64_t{8} << 20U, std::uint64_t{4} << 20U});
  append(*ring, 60, 60'000);
  const auto file = ring->files().front();
  BOOST_REQUIRE(file.size > 3U * 1'048'576U);
  overwrite(file.path, 1'048'500, std::string(200, 'x'));
  overwrite(file.path, 0, "damaged head");
  const auto found = positions(*ring);
  BOOST_TEST(found.size() >= 58u);
  BOOST_TEST(found.back() == 60u);
}

BOOST_AUTO_TEST_CASE(L2_a_reader_goes_on_where_it_was_while_the_ring_goes_on) {
  auto ring = open();
  CallReader reader(*ring);
  std::uint64_t next = 1;
  for (int round = 0; round < 50; ++round) {
    append(*ring, 9);
    const auto found = positions(reader, next);
    BOOST_REQUIRE(found == all(next, ring->next() - 1));
    next = ring->next();
  }
}

BOOST_AUTO_TEST_CASE(L2_a_newer_versions_file_refuses_the_start_and_stays) {
  {
    auto ring = open();
    append(*ring, 1);
  }
  const fs::path file = fs::directory_iterator(folder.path() / "calls")->path();
  // As a newer version would write its head: its sum is right.
  std::vector<std::byte> head = calls::file_head(1);
  BOOST_TEST(calls::version_of(head) == 1u);
  const std::string newer("PSTNCALL\x02\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\xe1\xd8\x64\xf8", 28);
  overwrite(file, 0, newer);
  std::ifstream opened(file, std::ios::binary);
  std::vector<char> read(calls::file_head_bytes);
  opened.read(read.data(), static_cast<std::streamsize>(read.size()));
  BOOST_REQUIRE(calls::version_of(std::as_bytes(std::span(read))) == 2u);
  const auto refused = CallRing::open(folder.path() / "calls", {});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().kind == FailureKind::configuration));
  BOOST_TEST(fs::exists(file));
}

BOOST_AUTO_TEST_CASE(L2_a_file_without_its_head_is_one_of_a_crash) {
  fs::create_directories(folder.path() / "calls");
  std::ofstream(folder.path() / "calls" / "calls-0000000000000005") << "PSTN";
  auto ring = open();
  BOOST_TEST(ring->next() == 5u);
  append(*ring, 3);
  ring.reset();
  BOOST_TEST(positions(*open()) == all(5, 7), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(L2_strange_files_are_left_alone) {
  fs::create_directories(folder.path() / "calls");
  std::ofstream(folder.path() / "calls" / "notes.txt") << "mine";
  auto ring = open();
  append(*ring, 400);
  BOOST_TEST(ring->oldest() > 1u);
  BOOST_TEST(fs::exists(folder.path() / "calls" / "notes.txt"));
}

BOOST_AUTO_TEST_SUITE_END()
