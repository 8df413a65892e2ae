// A command that fails leaves nothing half-made, and takes its options in any order.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>

#include "tests/support/daemon_process.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;

bool tells(const std::string& said, const std::string& part) {
  return said.find(part) != std::string::npos;
}

std::string read_text(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Every name below a folder, with what its file holds.
std::map<std::string, std::string> image_of(const fs::path& folder) {
  std::map<std::string, std::string> image;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    image[entry.path()] = entry.is_regular_file() ? read_text(entry.path()) : "";
  // Whoever opens a folder locks it, and LevelDB writes when it opens.
  std::erase_if(image, [](const auto& entry) {
    return entry.first.ends_with("/lock") || entry.first.find("/journal/") != std::string::npos;
  });
  return image;
}

struct Case {
  std::vector<std::string> words;
  int code;
  std::string part;
};

/// Each of them fails with its code and sentence, and changes nothing below the folder.
void fails_without_a_trace(const fs::path& folder, const std::vector<Case>& cases) {
  for (const Case& wrong : cases) {
    const auto before = image_of(folder);
    std::vector<std::string> words = wrong.words;
    words.insert(words.begin(), POSTERND);
    const Ended ended = run_program(words);
    BOOST_TEST_CONTEXT(wrong.words[0] << " " << wrong.part << ": " << ended.said) {
      BOOST_TEST(ended.code == wrong.code);
      BOOST_TEST(tells(ended.said, wrong.part));
      BOOST_TEST((image_of(folder) == before));
    }
  }
}

struct Shelf {
  TemporaryFolder folder;
  std::string at(const std::string& name) const { return folder.path() / name; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(undone_tests, Shelf)

BOOST_AUTO_TEST_CASE(a_failed_init_leaves_nothing) {
  std::ofstream(at("taken")) << "a key of somebody's";
  std::ofstream(at("file")) << "no folder";
  fs::create_directory(at("full"));
  std::ofstream(at("full/mine")) << "mine";
  fs::create_directory(at("empty"));
  const std::string deep = at(std::string(60, 'd')) + "/" + std::string(60, 'e');
  fails_without_a_trace(
      folder.path(),
      {{{"init", "--data", at("new"), "--owner-key", at("taken")}, 73, at("taken")},
       {{"init", "--data", at("new"), "--owner-key", at("no/folder/key")}, 66, "no/folder/key"},
       {{"init", "--data", at("a/b/new"), "--owner-key", at("taken")},
        73,
        "nothing is overwritten"},
       {{"init", "--data", at("empty"), "--owner-key", at("taken")}, 73, at("taken")},
       {{"init", "--data", at("new"), "--owner-key", at("empty")}, 73, at("empty")},
       {{"init", "--data", at("full")}, 73, "is not empty"},
       {{"init", "--data", at("file")}, 73, at("file")},
       {{"init", "--data", at("file/below")}, 73, at("file")},
       {{"init", "--data", deep}, 78, "a unix socket's path may have 107"},
       {{"init", "--data", ""}, 64, "empty"},
       {{"init", "--data", at("new"), "--owner-key", ""}, 64, "empty"},
       {{"init"}, 64, "no data folder is named"},
       {{"init", "--data", at("new"), "--config", at("file")}, 64, "--config"},
       {{"--port-base", "7600", "init", "--data", at("new")}, 64, "--port-base"}});
}

BOOST_AUTO_TEST_CASE(the_longest_path_that_is_made_is_one_that_starts) {
  const std::string end = "/sockets/commands";
  DaemonProcess daemon;
  for (const std::size_t size : {107U, 108U}) {
    const std::string folder = at(std::string(size - end.size() - at("").size(), 'x'));
    BOOST_REQUIRE((folder + end).size() == size);
    const Ended made = run_program({POSTERND, "init", "--data", folder});
    BOOST_TEST(made.code == (size == 107 ? 0 : 78), made.said);
    BOOST_TEST(fs::exists(folder) == (size == 107));
    if (size != 107) continue;
    daemon.use_data(folder);
    BOOST_TEST(daemon.start(), daemon.ended().said);
    BOOST_TEST(daemon.stop().code == 0);
  }
}

BOOST_AUTO_TEST_CASE(H6_init_never_takes_a_folder_with_data_and_never_offers_to_remove_them) {
  for (const char* missing : {"", "format", "keys", "journal", "checkpoint"}) {
    const std::string data = at("data");
    fs::remove_all(data);
    BOOST_REQUIRE(run_program({POSTERND, "init", "--data", data}).code == 0);
    if (*missing != '\0') fs::remove_all(fs::path(data) / missing);
    const auto before = image_of(data);
    const Ended again = run_program({POSTERND, "init", "--data", data});
    BOOST_TEST(again.code == 73, again.said);
    BOOST_TEST(tells(again.said, "holds Postern data already"), again.said);
    BOOST_TEST(!tells(again.said, "remove"), again.said);
    BOOST_TEST((image_of(data) == before));
  }
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_of_an_init_is_in_nobodys_way) {
  fs::create_directories(at("data/making/keys"));
  std::ofstream(at("data/making/keys/root")) << "half";
  const Ended start = run_program({POSTERND, "--data", at("data")});
  BOOST_TEST(start.code == 66, start.said);
  const Ended made = run_program({POSTERND, "init", "--data", at("data")});
  BOOST_TEST(made.code == 0, made.said);
  BOOST_TEST(!fs::exists(at("data/making")));
}

BOOST_AUTO_TEST_CASE(O3_a_failed_recovery_or_rotation_leaves_nothing) {
  const std::string data = at("data");
  BOOST_REQUIRE(run_program({POSTERND, "init", "--data", data}).code == 0);
  std::ofstream(at("taken")) << "a key of somebody's";
  fails_without_a_trace(
      folder.path(),
      {{{"recover-owner", "--data", data, "--owner-key", at("taken")},
        73,
        "nothing is overwritten"},
       {{"recover-owner", "--data", data, "--owner-key", at("no/key")}, 66, at("no/key")},
       {{"recover-owner", "--data", data, "--name", "other"}, 73, "the key of the operator owner"},
       {{"recover-owner", "--data", data, "--name", "bad name\n", "--owner-key", at("new.key")},
        64,
        "cannot be recovered"},
       {{"recover-owner", "--data", at("nothing"), "--owner-key", at("new.key")}, 66, "no Postern"},
       {{"rotate-server-key", "--data", data, "--finish"}, 64, "no change"},
       {{"restore", "--data", at("new"), "--bundle", at("taken"), "--keys", at("taken"),
         "--identity", at("nothing")},
        66,
        at("nothing")}});
  // The public half cannot be replaced: then the key does not change.
  BOOST_REQUIRE(run_program({POSTERND, "rotate-server-key", "--data", data}).code == 0);
  fs::create_directories(data + "/server.key.new/in-the-way");
  const std::string root = read_text(data + "/keys/root");
  const Ended rotated = run_program({POSTERND, "rotate-server-key", "--data", data, "--finish"});
  BOOST_TEST(rotated.code != 0, rotated.said);
  BOOST_TEST(read_text(data + "/keys/root") == root);
}

BOOST_AUTO_TEST_CASE(the_data_folder_is_named_before_or_after_the_command) {
  const std::string data = at("data");
  const std::vector<std::vector<std::string>> before = {
      {"--data", data, "init", "--owner-key", at("owner.key")},
      {"--data", data, "rotate-server-key"},
      {"--data", data, "recover-owner", "--owner-key", at("second.key")},
      {"--data", data, "rotate-server-key", "--finish"}};
  for (std::vector<std::string> words : before) {
    words.insert(words.begin(), POSTERND);
    const Ended ended = run_program(words);
    BOOST_TEST(ended.code == 0, words[3] << ": " << ended.said);
  }
  BOOST_TEST(fs::exists(at("second.key")));
  const Ended twice = run_program({POSTERND, "--data", data, "init", "--data", at("other")});
  BOOST_TEST(twice.code == 64, twice.said);
  BOOST_TEST(!fs::exists(at("other")));
  // The restoration needs more than its folder.
  const Ended restore = run_program({POSTERND, "--data", at("new"), "restore"});
  BOOST_TEST(restore.code == 64, restore.said);
  BOOST_TEST(tells(restore.said, "--bundle"), restore.said);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
