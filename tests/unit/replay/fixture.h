// A data folder made without a daemon, and the audit tool run on it in this process.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/credential/key_store.h"
#include "daemon/platform/entropy.h"
#include "tests/support/scenario.h"
#include "tests/support/temporary_folder.h"

namespace postern::replay {

struct Ended {
  int code = 0;
  std::string out;
  std::string talk;
};

bool contains(std::string_view text, std::string_view part);

/// Every file and folder by its name: bytes, mode, time of change, links.
using Image = std::map<std::string, std::string>;

/// A story of a tenant `acme`, its users and operators, in two tables and a log.
class DataFolderFixture {
 public:
  DataFolderFixture();

  /// Runs one command line, its words parted by spaces, on the folder; nothing in it may change.
  Ended replay(const std::string& line) const;
  /// The same, as a system user who is not root and owns nothing there.
  Ended replay_as_nobody(const std::string& line) const;

  std::filesystem::path path() const { return temporary_.path() / "data"; }
  std::filesystem::path journal_folder() const { return path() / "journal"; }
  std::filesystem::path keys() const { return path() / "keys"; }
  const std::vector<support::Bytes>& records() const { return story_.world().records(); }
  support::Scenario& story() { return story_; }
  const support::Scenario& story() const { return story_; }

  /// Appends, as the daemon does, what the story has beyond the journal.
  void append_story();
  /// Writes past the journal, as nothing of ours ever does.
  void put(std::uint64_t seq, const support::Bytes& record) const;
  /// One that fits behind the newest, but for what is changed in it.
  support::Bytes next_record(const std::function<void(schema::RecordT&)>& change) const;
  void take_keys_away() const { std::filesystem::remove_all(keys()); }

  Image image() const;

 private:
  Ended run_line(const std::string& line) const;
  void create_user(const std::string& name);
  void tell_story();

  support::TemporaryFolder temporary_;
  platform::SystemEntropy entropy_;
  std::unique_ptr<credential::KeyStore> store_;
  mutable support::Scenario story_;
  std::size_t appended_ = 0;
};

/// What anna signs with (O4).
inline constexpr credential::Key annas_seed{std::byte{7}};

std::string bytes_in(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, std::string_view bytes);
/// The record, changed.
support::Bytes changed(const support::Bytes& record,
                       const std::function<void(schema::RecordT&)>& change);

}  // namespace postern::replay
