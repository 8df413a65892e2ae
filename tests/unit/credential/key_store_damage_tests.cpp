// What the key store says of files that are not as it wrote them.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "daemon/credential/key_format.h"
#include "tests/unit/credential/key_store_fixture.h"

using namespace postern;
using namespace postern::credential;
using namespace postern::testing;

namespace {

/// A store of two or more files; `key` is its first.
struct Used {
  TemporaryFolder folder;
  std::filesystem::path root = folder.path() / "root";
  std::filesystem::path first = folder.path() / "keys-00000001";
  NewKey key;

  Used() {
    BOOST_REQUIRE(KeyStore::create(folder.path(), system_entropy()));
    key = take(*open_store(folder), KeyStore::slots_per_file + 1)[0];
  }

  Failure failure_at_open() {
    auto store = KeyStore::open(folder.path(), system_entropy());
    BOOST_REQUIRE(!store);
    return store.error();
  }

  void check_damage(const std::string& file, const std::string& says) {
    const Failure failure = failure_at_open();
    BOOST_TEST((failure.kind == FailureKind::damaged));
    BOOST_TEST(failure.sentence.find(file) != std::string::npos, failure.sentence);
    BOOST_TEST(failure.sentence.find(says) != std::string::npos, failure.sentence);
    BOOST_TEST(failure.remedy ==
               "restore the keys folder from a backup of the key store (postern backup keys)");
  }

  void check_newer(const std::filesystem::path& path) {
    const Failure failure = failure_at_open();
    BOOST_TEST((failure.kind == FailureKind::configuration));
    BOOST_TEST(failure.sentence.find(path.string()) != std::string::npos, failure.sentence);
  }
};

std::string slot_text(std::size_t slot) { return "slot " + std::to_string(slot) + " "; }

/// The byte after magic and three bytes of the version.
constexpr std::size_t version_place = 11;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(key_store_damage_tests, Used)

BOOST_AUTO_TEST_CASE(every_flipped_byte_of_the_root_is_found) {
  const Bytes good = read_file(root);
  for (std::size_t place = 0; place < good.size(); ++place)
    for (const int bit : {0, 7}) {
      Bytes flipped = good;
      flipped[place] ^= std::byte{1} << bit;
      write_file(root, flipped);
      BOOST_TEST_CONTEXT("byte " << place) { check_damage("root", "checksum"); }
    }
  write_file(root, good);
  open_store(folder);
}

BOOST_AUTO_TEST_CASE(every_cut_of_the_root_is_found) {
  const Bytes good = read_file(root);
  for (std::size_t size = 0; size < good.size(); ++size) {
    write_file(root, Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    BOOST_TEST_CONTEXT("cut to " << size) { check_damage("root", "is damaged"); }
  }
  Bytes longer = good;
  longer.push_back(std::byte{0});
  write_file(root, longer);
  check_damage("root", "checksum");
}

BOOST_AUTO_TEST_CASE(a_root_that_was_never_written_so_is_damage_though_its_checksum_is_right) {
  const Bytes good = read_file(root);
  const auto check_with = [&](auto change, const std::string& says) {
    Bytes bytes = good;
    change(bytes);
    correct_checksum(bytes);
    write_file(root, bytes);
    check_damage("root", says);
  };
  check_with([](Bytes& bytes) { bytes[0] = std::byte{'X'}; }, "does not begin");
  // The count of own keys follows the version, the first purpose its length.
  check_with([](Bytes& bytes) { bytes[15] = std::byte{200}; }, "length");
  check_with([](Bytes& bytes) { bytes[15] = std::byte{2}; }, "");
  check_with([](Bytes& bytes) { bytes[17] = std::byte{'X'}; }, "lacks the key for contents-hash");
  check_with([](Bytes& bytes) { bytes[bytes.size() - 33 - 32] = std::byte{9}; }, "out of order");
  check_with([](Bytes& bytes) { bytes.insert(bytes.end() - 32, std::byte{0}); }, "length");
  check_with([](Bytes& bytes) { bytes.erase(bytes.end() - 33); }, "length");
}

BOOST_AUTO_TEST_CASE(a_missing_root_is_missing) {
  std::filesystem::remove(root);
  BOOST_TEST((failure_at_open().kind == FailureKind::missing));
}

/// Header, trailer, the first and last slot, and a sample of the rest; the slot is named.
BOOST_AUTO_TEST_CASE(every_flipped_byte_of_a_key_file_is_found_and_its_slot_named) {
  const Bytes good = read_file(first);
  const std::size_t trailer = key_file_size - key_file_trailer_size;
  BOOST_REQUIRE(good.size() == key_file_size);
  const Key wrapping = wrapping_key_of(folder, 1);
  BOOST_REQUIRE(check_key_file(good, 1, wrapping, "sound"));
  const auto is_tried = [&](std::size_t place) {
    return place < slot_offset(1) || place >= slot_offset(4'095) || place % 97 == 0;
  };
  std::size_t tried = 0;
  Bytes bytes = good;
  for (std::size_t place = 0; place < good.size(); ++place) {
    if (!is_tried(place)) continue;
    ++tried;
    const bool in_slot = place >= key_file_header_size && place < trailer;
    const std::string says =
        in_slot ? slot_text((place - key_file_header_size) / slot_size) : "header or trailer";
    bytes[place] ^= std::byte{static_cast<unsigned char>(1U << place % 8)};
    const auto checked = check_key_file(bytes, 1, wrapping, "'the file'");
    BOOST_REQUIRE(!checked);
    BOOST_TEST((checked.error().kind == FailureKind::damaged));
    BOOST_TEST(checked.error().sentence.find(says) != std::string::npos,
               "byte " << place << ": " << checked.error().sentence);
    bytes[place] = good[place];
  }
  BOOST_TEST(tried > 2'000U);
}

BOOST_AUTO_TEST_CASE(a_flipped_byte_of_any_key_file_refuses_the_opening) {
  for (const char* name : {"keys-00000001", "keys-00000002"})
    for (const std::size_t place : {std::size_t{0}, slot_offset(0), slot_offset(7) + 40,
                                    slot_offset(4'095), key_file_size - 1}) {
      const Bytes good = read_file(folder.path() / name);
      Bytes bytes = good;
      bytes[place] ^= std::byte{0x10};
      write_file(folder.path() / name, bytes);
      BOOST_TEST_CONTEXT(name << ", byte " << place) { check_damage(name, "is damaged"); }
      write_file(folder.path() / name, good);
    }
  open_store(folder);
}

BOOST_AUTO_TEST_CASE(a_cut_or_lengthened_key_file_is_found) {
  const Bytes good = read_file(first);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{16}, std::size_t{31}, std::size_t{32},
        slot_offset(1), key_file_size / 2, key_file_size - 32, key_file_size - 1}) {
    write_file(first, Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    BOOST_TEST_CONTEXT("cut to " << size) { check_damage("keys-00000001", "bytes long"); }
  }
  Bytes longer = good;
  longer.push_back(std::byte{0});
  write_file(first, longer);
  check_damage("keys-00000001", "bytes long");
}

BOOST_AUTO_TEST_CASE(U11_a_slot_zeroed_by_something_else_is_damage_not_an_erasure) {
  for (const std::uint16_t slot : {std::uint16_t{0}, std::uint16_t{1'234}, std::uint16_t{4'095}}) {
    const Bytes good = read_file(first);
    Bytes bytes = good;
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(slot_offset(slot)), slot_size,
                std::byte{0});
    write_file(first, bytes);
    check_damage("keys-00000001", slot_text(slot) + "was overwritten with zeros");
    write_file(first, good);
  }
}

BOOST_AUTO_TEST_CASE(a_missing_key_file_is_damage) {
  for (const char* name : {"keys-00000001", "keys-00000002"}) {
    const Bytes good = read_file(folder.path() / name);
    std::filesystem::remove(folder.path() / name);
    check_damage(name, "not there");
    write_file(folder.path() / name, good);
  }
}

BOOST_AUTO_TEST_CASE(swapped_key_files_are_damage) {
  std::filesystem::rename(first, folder.path() / "swap");
  std::filesystem::rename(folder.path() / "keys-00000002", first);
  std::filesystem::rename(folder.path() / "swap", folder.path() / "keys-00000002");
  check_damage("keys-00000001", "slot 0");
}

BOOST_AUTO_TEST_CASE(a_key_file_of_another_number_is_damage_though_its_trailer_is_right) {
  Bytes bytes = read_file(first);
  bytes[key_file_header_size - 1] = std::byte{3};
  correct_trailer(bytes, wrapping_key_of(folder, 1));
  write_file(first, bytes);
  check_damage("keys-00000001", "another number");
}

BOOST_AUTO_TEST_CASE(a_slot_of_another_place_is_damage_though_the_trailer_is_right) {
  Bytes bytes = read_file(first);
  const auto slot = [&](std::uint16_t number) {
    return bytes.begin() + static_cast<std::ptrdiff_t>(slot_offset(number));
  };
  std::swap_ranges(slot(5), slot(6), slot(9));
  correct_trailer(bytes, wrapping_key_of(folder, 1));
  write_file(first, bytes);
  check_damage("keys-00000001", slot_text(5));
}

BOOST_AUTO_TEST_CASE(U11_an_old_copy_of_the_root_is_damage_and_nothing_is_removed) {
  const Bytes old = read_file(root);
  const auto files_before = folder.contents().size();
  take(*open_store(folder), (files_before + 2) * KeyStore::slots_per_file);
  const auto files = folder.contents().size();
  BOOST_REQUIRE(files >= files_before + 2);
  write_file(root, old);
  check_damage("root", "older than the folder");
  BOOST_TEST(folder.contents().size() == files);
}

BOOST_AUTO_TEST_CASE(a_newer_root_wants_a_newer_version) {
  Bytes bytes = read_file(root);
  bytes[version_place] = std::byte{2};
  bytes.insert(bytes.end() - 32, 5, std::byte{1});
  correct_checksum(bytes);
  write_file(root, bytes);
  check_newer(root);
}

BOOST_AUTO_TEST_CASE(a_newer_key_file_wants_a_newer_version) {
  Bytes bytes = read_file(first);
  bytes[version_place] = std::byte{2};
  correct_trailer(bytes, wrapping_key_of(folder, 1));
  write_file(first, bytes);
  check_newer(first);
}

BOOST_AUTO_TEST_CASE(damage_after_the_opening_is_found_where_it_is_met) {
  const auto store = open_store(folder, {.files_ahead = 1});
  BOOST_REQUIRE(store->confirm_used(key.slot, key.commitment));
  Bytes bytes = read_file(first);
  bytes[slot_offset(key.slot.slot)] ^= std::byte{1};
  write_file(first, bytes);
  for (const auto& failure : {store->user_key(key.slot).error(), store->next().error()}) {
    BOOST_TEST((failure.kind == FailureKind::damaged));
    BOOST_TEST(failure.sentence.find("keys-00000001") != std::string::npos, failure.sentence);
    BOOST_TEST(failure.sentence.find(slot_text(key.slot.slot)) != std::string::npos,
               failure.sentence);
  }
  write_file(first, Bytes(10));
  BOOST_TEST((store->user_key(key.slot).error().kind == FailureKind::damaged));
}

/// The files outlive versions, so their form must not change.
BOOST_AUTO_TEST_CASE(the_file_formats_are_frozen) {
  class Counting final : public platform::Entropy {
   public:
    void fill(std::span<std::byte> bytes) override {
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(next_++);
    }

   private:
    unsigned next_ = 0;
  } counting;
  TemporaryFolder fixed;
  BOOST_REQUIRE(KeyStore::create(fixed.path(), counting));
  {
    auto store =
        FileKeyStore::open(std::make_unique<KeyFolder>(fixed.path()), counting, {.files_ahead = 1});
    BOOST_REQUIRE(store);
    take(**store, 1);
  }
  const auto sum_of = [&](const char* name, std::size_t size) {
    std::uint64_t sum = 14'695'981'039'346'656'037U;
    const Bytes bytes = read_file(fixed.path() / name);
    for (std::size_t i = 0; i < size; ++i)
      sum = (sum ^ std::to_integer<unsigned>(bytes[i])) * 1'099'511'628'211U;
    return sum;
  };
  BOOST_TEST(sum_of("keys-00000001", key_file_size) == 7'259'111'413'371'543'914U);
  // Beyond lies the count of files, which the maker's pace decides.
  BOOST_TEST(sum_of("root", 16 + 14 + 20 + 19 + 9 + 15 + 22 + 6 * 32) ==
             7'333'796'967'971'191'598U);
}

BOOST_AUTO_TEST_SUITE_END()
