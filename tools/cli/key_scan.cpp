#include "tools/cli/key_scan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>

#include "tools/cli/file_walk.h"
#include "tools/cli/import_progress.h"
#include "tools/cli/key_finder.h"
#include "tools/cli/key_owners.h"
#include "tools/cli/list.h"
#include "tools/cli/session.h"
#include "tools/cli/sweep.h"
#include "tools/text/ids.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"
#include "tools/text/view_text.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace key_scan {
namespace {

/// Of more places the number alone is told.
constexpr std::size_t places_max = 100'000;

struct Asked {
  std::vector<std::string> paths;
  bool revoke = false;
  bool live = false;
  bool offline = false;
};

/// Where a key lies. Line 0: in the name of the file.
struct Place {
  /// "-": standard input. No key is in it.
  std::string file;
  FoundKey key;
};

// ---- looking

/// Looks through what it is given, and tells a person how far it is.
class Scan {
 public:
  explicit Scan(Session& session)
      : session_(session), finder_([this](const FoundKey& key) { take(key); }) {}

  void look_at(const std::string& path);
  void say_how_much();

  std::vector<Place> places;
  std::uint64_t found = 0;
  /// The first trouble's exit code; 0: everything was read.
  int trouble = exit_codes::yes;

 private:
  using Clock = std::chrono::steady_clock;

  void read(const std::string& file, int descriptor);
  void look_at_name(const std::filesystem::path& path);
  void note_packed(std::string_view beginning);
  void take(const FoundKey& key);
  void tell_progress();
  void clear_progress();
  void say_trouble(const std::string& file, int error);

  Session& session_;
  KeyFinder finder_;
  /// What is looked at, shown without keys.
  std::string file_;
  bool is_name_ = false;
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t packed_ = 0;
  std::string first_packed_;
  std::uint64_t repositories_ = 0;
  Clock::time_point told_ = Clock::now();
  bool shown_ = false;
};

void Scan::take(const FoundKey& key) {
  ++found;
  if (places.size() >= places_max) return;
  places.push_back({file_, key});
  if (is_name_) places.back().key.line = 0;
}

void Scan::look_at(const std::string& path) {
  if (path == "-") return read("-", session_.input().descriptor());
  const FileWalk walk{
      [&](const auto& one) { look_at_name(one); },
      [&](const auto& one, int descriptor) { read(without_keys(one.string()), descriptor); },
      [&](const auto& one, int error) { say_trouble(without_keys(one.string()), error); }};
  walk_files(path, walk);
}

void Scan::look_at_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (name == ".git") ++repositories_;
  file_ = without_keys(path.string());
  is_name_ = true;
  std::ranges::copy(name, finder_.room().begin());
  finder_.add(name.size());
  finder_.finish();
  is_name_ = false;
}

/// What is packed hides what it holds: that is told, not passed over.
void Scan::note_packed(std::string_view beginning) {
  using namespace std::string_view_literals;
  constexpr std::string_view packed[] = {"\x1f\x8b"sv,      "PK\x03\x04"sv, "\x28\xb5\x2f\xfd"sv,
                                         "\xfd\x37zXZ\0"sv, "BZh"sv,        "7z\xbc\xaf\x27\x1c"sv};
  const auto begins = [&](std::string_view one) { return beginning.starts_with(one); };
  if (std::ranges::none_of(packed, begins)) return;
  if (++packed_ == 1) first_packed_ = file_;
}

void Scan::read(const std::string& file, int descriptor) {
  file_ = file;
  ++files_;
  ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  for (bool is_first = true;; is_first = false) {
    const auto room = finder_.room();
    const auto count = ::read(descriptor, room.data(), room.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) say_trouble(file, errno);
    if (count <= 0) break;
    if (is_first) note_packed({room.data(), static_cast<std::size_t>(count)});
    bytes_ += static_cast<std::uint64_t>(count);
    finder_.add(static_cast<std::size_t>(count));
    tell_progress();
  }
  finder_.finish();
}

void Scan::say_trouble(const std::string& file, int error) {
  clear_progress();
  session_.talk() << fmt::format("Not looked into: {}: {}.\n",
                                 text::printable(file == "-" ? "standard input" : file),
                                 std::strerror(error));
  if (trouble == exit_codes::yes)
    trouble = error == ENOENT ? exit_codes::missing : exit_codes::input_output;
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t mega = 1'000'000;
  return bytes < mega ? counted(bytes, "byte")
                      : fmt::format("{:.1f} MB", static_cast<double>(bytes) / mega);
}

void Scan::tell_progress() {
  const auto now = Clock::now();
  if (!session_.talks_to_a_person() || now - told_ < std::chrono::milliseconds(300)) return;
  told_ = now;
  shown_ = true;
  session_.talk() << fmt::format("\rlooked through {}, {}: keys in {}\x1b[K",
                                 counted(files_, "file"), size_text(bytes_),
                                 counted(found, "place"))
                  << std::flush;
}

void Scan::clear_progress() {
  if (std::exchange(shown_, false)) session_.talk() << "\r\x1b[K" << std::flush;
}

void Scan::say_how_much() {
  clear_progress();
  auto& talk = session_.talk();
  talk << fmt::format("{}; looked through {}, {}.\n",
                      found == 0 ? "No key lies there" : "Keys lie in " + counted(found, "place"),
                      counted(files_, "file"), size_text(bytes_));
  if (found > places.size())
    talk << fmt::format("The first {} places are told.\n", counted(places.size(), ""));
  if (packed_ > 0)
    talk << fmt::format(
        "{} not unpacked, the first of them {}.\n",
        packed_ == 1 ? "1 compressed file was" : counted(packed_, "compressed file") + " were",
        text::printable(first_packed_));
  if (repositories_ > 0)
    talk << "What git keeps of the past is compressed: "
            "git log -p --all | postern key scan -\n";
}

// ---- telling

std::string place_text(const Place& place) {
  const std::string file = place.file == "-" ? "standard input" : place.file;
  if (place.key.line == 0) return file + " (its name)";
  return fmt::format("{}:{}:{}", file, place.key.line, place.key.column);
}

std::string details_text(const KeyOwner& owner) {
  std::vector<std::string> details;
  if (owner.revoked) details.push_back(text::cause_text(owner.revoked));
  if (owner.expires_ns != 0 && owner.standing != KeyStanding::revoked)
    details.push_back((owner.standing == KeyStanding::expired ? "since " : "expires ") +
                      text::time_text_short(owner.expires_ns));
  if (owner.standing == KeyStanding::live && owner.status != schema::UserStatus::active)
    details.push_back("the user is " + text::status_text(owner.status));
  if (owner.standing == KeyStanding::live && owner.locked) details.push_back("the user is locked");
  return text::joined(details);
}

boost::json::object object_of(const Place& place, const KeyOwner& owner, bool revoked_now) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? boost::json::value() : boost::json::value(text::valid_utf8(text));
  };
  boost::json::object object{
      {"file", text::valid_utf8(place.file)},
      {"line", place.key.line},
      {"column", place.key.column},
      {"encoding", place.key.encoding},
      {"begins_with", schema::api_key_beginning(place.key.names.key)},
      {"key", text::uuid_text(place.key.names.key)},
      {"user_id", text::uuid_text(place.key.names.user)},
      {"state", standing_text(owner.standing)},
      {"tenant", text_or_null(owner.tenant)},
      {"username", text_or_null(owner.username)},
      {"key_name", text_or_null(owner.key_name)},
      {"user_status", owner.username.empty() ? boost::json::value()
                                             : boost::json::value(text::status_text(owner.status))},
      {"user_locked", owner.locked},
      {"expires", owner.expires_ns == 0 ? boost::json::value()
                                        : boost::json::value(text::time_text(owner.expires_ns))},
      {"revoked",
       owner.revoked ? boost::json::value(text::to_json(*owner.revoked)) : boost::json::value()},
      {"revoked_now", revoked_now}};
  return object;
}

/// Of a dead key nothing needs to be done.
bool is_dead(const KeyOwner& owner) {
  return owner.standing == KeyStanding::revoked || owner.standing == KeyStanding::expired ||
         owner.standing == KeyStanding::deleted || owner.standing == KeyStanding::unknown_key;
}

using KeyIds = std::set<std::string>;

void tell(Session& session, KeyOwners& owners, const std::vector<Place>& places,
          const KeyIds& revoked) {
  static constexpr text::Column columns[] = {{"PLACE", 0, 20},  {"KEY", 2},      {"TENANT", 1, 12},
                                             {"USER", 0, 20},   {"NAME", 1, 12}, {"STATE"},
                                             {"DETAILS", 3, 20}};
  ShownList listing(session, columns);
  for (const Place& place : places) {
    const KeyOwner& owner = owners.of(place.key.names);
    if (session.format() == text::Format::table)
      listing.add_row(
          {place_text(place), masked_key(place.key.names.key), owner.tenant,
           owner.username.empty() ? text::uuid_text(place.key.names.user) : owner.username,
           owner.key_name, standing_text(owner.standing), details_text(owner)});
    else
      listing.add_object(
          object_of(place, owner, revoked.contains(text::uuid_text(place.key.names.key))));
  }
  listing.finish();
}

// ---- revoking

/// The keys that are live, each once.
std::vector<schema::ApiKeyNames> live_keys(KeyOwners& owners, const std::vector<Place>& places) {
  std::vector<schema::ApiKeyNames> keys;
  KeyIds seen;
  for (const Place& place : places)
    if (owners.of(place.key.names).standing == KeyStanding::live &&
        seen.insert(text::uuid_text(place.key.names.key)).second)
      keys.push_back(place.key.names);
  return keys;
}

std::string told_key(const KeyOwner& owner) {
  return fmt::format("{} of {} ({})", owner.key_name, owner.username, owner.tenant);
}

/// The tenant's name is to be typed, where it is one.
Sweep sweep_of_keys(KeyOwners& owners, const std::vector<schema::ApiKeyNames>& keys) {
  constexpr std::size_t told_max = 10;
  std::vector<std::string> told;
  std::set<std::string> tenants;
  for (const auto& key : keys) {
    const KeyOwner& owner = owners.of(key);
    tenants.insert(owner.tenant);
    if (told.size() < told_max) told.push_back(told_key(owner));
  }
  const std::string more =
      keys.size() > told_max ? fmt::format(" and {} more", keys.size() - told_max) : "";
  return {fmt::format("This revokes for ever, with the sessions that they opened: {}{}.",
                      text::joined(told), more),
          tenants.size() == 1 ? *tenants.begin() : "revoke"};
}

/// K2: of the user as it was just read, so that no other key of this name is met.
void revoke_one(Session& session, const schema::ApiKeyNames& key, const KeyOwner& owner) {
  schema::RevokeKeyT body;
  body.name = owner.key_name;
  auto message = message_of(owner.tenant, "", std::move(body));
  message.commands[0]->user_id = std::make_unique<schema::Uuid>(key.user);
  message.commands[0]->expected_version = owner.version;
  session.execute(std::move(message));
}

struct Revoked {
  KeyIds keys;
  int exit_code = exit_codes::yes;
};

Revoked revoke(Session& session, KeyOwners& owners, const std::vector<Place>& places) {
  Revoked done;
  const auto keys = live_keys(owners, places);
  if (keys.empty()) {
    // Of those that nobody was asked about it is not known.
    const bool is_known = owners.trouble().exit_code == exit_codes::yes;
    session.talk() << (is_known ? "No live key is to be revoked.\n" : "Nothing was revoked.\n");
    return done;
  }
  session.confirm(sweep_of_keys(owners, keys));
  for (const auto& key : keys) {
    const KeyOwner& owner = owners.anew(key);
    const std::string told = told_key(owner);
    if (owners.trouble().exit_code != exit_codes::yes) break;
    if (owner.standing != KeyStanding::live) continue;
    try {
      revoke_one(session, key, owner);
      session.talk() << text::printable((session.dry_run() ? "Would be revoked: " : "Revoked: ") +
                                        told)
                     << ".\n";
      if (!session.dry_run()) done.keys.insert(text::uuid_text(key.key));
      owners.anew(key);
    } catch (const Stop& stop) {
      session.talk() << text::printable("Not revoked: " + told + ". " + stop.sentence) << '\n';
      done.exit_code = std::max(done.exit_code, stop.exit_code);
    }
  }
  return done;
}

// ---- the verb

void say_trouble(Session& session, const KeyOwners& owners, bool is_offline) {
  if (is_offline) return;
  const Stop& trouble = owners.trouble();
  if (trouble.exit_code == exit_codes::yes) return;
  session.talk() << "Whose they are could not be asked: " << text::printable(trouble.sentence)
                 << "\n         " << text::printable(trouble.remedy) << '\n';
}

void refuse_nonsense(Session& session, const Asked& asked) {
  session.refuse_options_of_one_message("key scan");
  if (asked.revoke && asked.offline)
    stop_usage("Nothing can be revoked offline.", "Leave out --offline.");
  const bool reads_input = std::ranges::find(asked.paths, "-") != asked.paths.end();
  if (asked.revoke && reads_input && !session.yes() && !session.dry_run())
    stop_usage("Standard input is what is looked through, so nobody can be asked there.",
               "Say --yes beforehand, or --dry-run to see what would be revoked.");
}

int run(Session& session, const Asked& asked) {
  refuse_nonsense(session, asked);
  Scan scan(session);
  for (const std::string& path : asked.paths) scan.look_at(path);
  scan.say_how_much();
  auto& places = scan.places;
  KeyOwners owners(session, !asked.offline);
  if (asked.live)
    std::erase_if(places, [&](const Place& one) { return is_dead(owners.of(one.key.names)); });
  const bool is_table = session.format() == text::Format::table;
  // Who is asked to revoke them has them before the eyes; a program is told what became of them.
  if (is_table && !places.empty()) tell(session, owners, places, {});
  Revoked revoked;
  if (asked.revoke && !places.empty()) revoked = revoke(session, owners, places);
  if (!is_table) tell(session, owners, places, revoked.keys);
  if (!places.empty()) say_trouble(session, owners, asked.offline);
  if (places.empty()) return scan.trouble;
  if (!asked.revoke) return exit_codes::no;
  return std::max({exit_codes::no, revoked.exit_code, owners.trouble().exit_code});
}

}  // namespace
}  // namespace key_scan

Handler scan_keys(Options& options) {
  auto asked = std::make_shared<key_scan::Asked>();
  options
      .add("PATH", &asked->paths,
           "Files and folders, with all below them; - is standard input. Links are not followed, "
           "what is compressed is not unpacked")
      .required();
  options.add("--revoke", &asked->revoke, "Revoke those that are live").without_value();
  options
      .add("--live", &asked->live,
           "Leave out those that are known to be revoked, expired or gone with their user")
      .without_value();
  options.add("--offline", &asked->offline, "Ask no daemon whose they are")
      .excludes("--revoke")
      .without_value();
  return [asked](Session& session) { return key_scan::run(session, *asked); };
}

}  // namespace postern::cli
