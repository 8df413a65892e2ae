#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/journal/leveldb/manifest.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/journal/leveldb/log_file.h"

namespace postern::journal {

namespace {

using std::string;
using testing::log_of;

string varint(std::uint64_t value) {
  string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

string text(const string& bytes) { return varint(bytes.size()) + bytes; }

/// The key of record `seq`, as a table has it.
string key(char seq) { return string(7, '\0') + seq + string("\x01\0\0\0\0\0\0\0", 8); }

string added(std::uint64_t level, std::uint64_t number, char first, char last) {
  return varint(7) + varint(level) + varint(number) + varint(1'000) + text(key(first)) +
         text(key(last));
}

string removed(std::uint64_t level, std::uint64_t number) {
  return varint(6) + varint(level) + varint(number);
}

string number(std::uint64_t tag, std::uint64_t value) { return varint(tag) + varint(value); }

struct Folder {
  support::TemporaryFolder folder;
  void write(const string& name, const string& content) const {
    std::ofstream(folder.path() / name, std::ios::binary) << content;
  }
  string check(const string& manifest) const {
    write("CURRENT", "MANIFEST-000005\n");
    write("MANIFEST-000005", manifest);
    return check_manifest(*leveldb::Env::Default(), folder.path().native()).ToString();
  }
};

const std::vector<string> good = {
    varint(1) + text("leveldb.BytewiseComparator"),
    number(2, 4) + number(9, 0) + number(3, 30) + number(4, 300),
    added(0, 6, 1, 9) + added(0, 7, 5, 12) + varint(5) + varint(1) + text(key(3)),
    removed(0, 6) + added(1, 8, 1, 4) + added(1, 5, 5, 9),
};

struct Case {
  const char* name;
  string record;
  const char* told;
};

std::ostream& operator<<(std::ostream& out, const Case& tried) { return out << tried.name; }

const Case cases[] = {
    {"file zero", added(0, 0, 1, 2), "file number"},
    {"file beyond counting", added(0, ~std::uint64_t{0}, 1, 2), "file number"},
    {"removed file zero", removed(0, 0), "file number"},
    {"next file zero", number(3, 0), "next file number"},
    {"next file beyond counting", number(3, ~std::uint64_t{0}), "next file number"},
    {"log beyond counting", number(2, ~std::uint64_t{0}), "log number"},
    {"next file there already", number(3, 8), "as the next one"},
    {"log behind the next file", number(2, 30), "as the next one"},
    {"sequence beyond its bits", number(4, std::uint64_t{1} << 56), "sequence number"},
    {"a key that is too short",
     varint(7) + varint(0) + varint(6) + varint(1) + text("short") + text(key(1)), "key"},
    {"a compact pointer that is too short", varint(5) + varint(1) + text("short"), "key"},
    {"tables that overlap", added(1, 20, 4, 5), "overlap"},
    {"no such level", added(7, 20, 4, 5), "cannot be read"},
    {"no such field", number(8, 1), "cannot be read"},
    {"half a number", "\x03\xff", "cannot be read"},
    {"half a key", varint(5) + varint(1) + "\x10half", "cannot be read"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(manifest_tests)

BOOST_AUTO_TEST_CASE(what_leveldb_writes_passes) {
  const Folder folder;
  BOOST_TEST(folder.check(log_of(good)) == "OK");
  BOOST_TEST(folder.check(log_of(good, 5)) == "OK");
  BOOST_TEST(folder.check("") == "OK");
}

BOOST_DATA_TEST_CASE(what_cannot_be_is_damage, boost::unit_test::data::make(cases), tried) {
  const Folder folder;
  auto records = good;
  records.push_back(tried.record);
  BOOST_TEST(folder.check(log_of(records)).find(tried.told) != string::npos);
  BOOST_TEST(folder.check(log_of(records, 3)).find(tried.told) != string::npos);
}

BOOST_AUTO_TEST_CASE(a_record_in_the_second_block_is_looked_at) {
  const Folder folder;
  auto records = good;
  records.insert(records.begin(), varint(1) + text(string(32'700, 'x')));
  BOOST_TEST(folder.check(log_of(records)) == "OK");
  records.push_back(number(3, 0));
  BOOST_TEST(folder.check(log_of(records)) != "OK");
}

BOOST_AUTO_TEST_CASE(a_cut_record_is_left_to_leveldb) {
  const Folder folder;
  auto records = good;
  records.push_back(number(3, 0));
  const string log = log_of(records);
  for (std::size_t size = log_of(good).size(); size < log.size(); ++size)
    BOOST_TEST(folder.check(log.substr(0, size)) == "OK");
  BOOST_TEST(folder.check(log) != "OK");
}

BOOST_AUTO_TEST_CASE(names_with_impossible_numbers_are_damage) {
  for (const char* name : {"000000.log", "0.ldb", "9999999999999999999.log"}) {
    const Folder folder;
    folder.write(name, "");
    BOOST_TEST(folder.check(log_of(good)).find(name) != string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
