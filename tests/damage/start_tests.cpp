// Damage to a stopped daemon's folder refuses the start, saying what is damaged and what next.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;
using schema::Code;

/// A folder with some records and users, stopped cleanly.
struct Stopped : DaemonProcess {
  Stopped() {
    BOOST_REQUIRE(start());
    auto client = owner();
    BOOST_REQUIRE(client.execute(create_tenant("acme"))->code == Code::ok);
    for (int index = 0; index < 40; ++index)
      BOOST_REQUIRE(client.execute(create_user("acme", "user-" + std::to_string(index)))->code ==
                    Code::ok);
    BOOST_REQUIRE(stop().code == 0);
    fs::copy(data(), whole(), fs::copy_options::recursive);
  }

  fs::path whole() const { return data().parent_path() / "whole"; }
  void make_whole() const {
    fs::remove_all(data());
    fs::copy(whole(), data(), fs::copy_options::recursive);
  }

  fs::path file_of_journal(const std::string& extension) const {
    for (const auto& entry : fs::directory_iterator(data() / "journal" / "db"))
      if (entry.path().extension() == extension && entry.file_size() > 0) return entry.path();
    BOOST_FAIL("no " << extension << " file in the journal");
    return {};
  }

  void flip(const fs::path& file, std::uintmax_t place) const {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(place));
    const char byte = static_cast<char>(stream.get() ^ 0x10);
    stream.seekp(static_cast<std::streamoff>(place));
    stream.put(byte);
  }

  /// The start is refused as damage, and what it says has each part.
  void refused(std::initializer_list<std::string> parts) {
    BOOST_REQUIRE_MESSAGE(!start(), "the start was not refused");
    BOOST_TEST(ended().code == 65, ended().said);
    for (const std::string& part : parts)
      BOOST_TEST(ended().said.find(part) != std::string::npos,
                 "'" << part << "' is not in: " << ended().said);
    make_whole();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(start_tests)

BOOST_FIXTURE_TEST_CASE(H6_a_flipped_byte_of_the_journal_refuses_the_start, Stopped) {
  const auto size = fs::file_size(file_of_journal(".log"));
  for (const std::uintmax_t place :
       {std::uintmax_t{3}, size / 4, size / 2, size * 3 / 4, size - 5}) {
    BOOST_TEST_CONTEXT("at " << place << " of " << size) {
      flip(file_of_journal(".log"), place);
      refused({"journal", "estore"});
    }
  }
  BOOST_REQUIRE(start());
  BOOST_TEST(stop().code == 0);
}

BOOST_FIXTURE_TEST_CASE(H6_a_cut_tail_of_the_journal_refuses_the_start, Stopped) {
  const auto size = fs::file_size(file_of_journal(".log"));
  for (const std::uintmax_t left : {size - 1, size - 100, size / 2, std::uintmax_t{0}}) {
    BOOST_TEST_CONTEXT(left << " of " << size << " bytes left") {
      fs::resize_file(file_of_journal(".log"), left);
      refused({"journal", "estore"});
    }
  }
}

BOOST_FIXTURE_TEST_CASE(H6_a_deleted_log_file_refuses_the_start, Stopped) {
  fs::remove(file_of_journal(".log"));
  refused({"journal", "estore"});
}

BOOST_FIXTURE_TEST_CASE(U11_a_zeroed_key_slot_refuses_the_start, Stopped) {
  const fs::path file = data() / "keys" / "keys-00000001";
  BOOST_REQUIRE(fs::exists(file));
  const auto size = fs::file_size(file);
  {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(size / 2));
    stream.write(std::string(48, '\0').data(), 48);
  }
  refused({"key", "estore"});
  flip(file, size / 3);
  refused({"key", "estore"});
  flip(data() / "keys" / "root", 40);
  refused({"key", "estore"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
