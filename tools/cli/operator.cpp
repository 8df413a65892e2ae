#include <filesystem>

#include "tools/arguments/arguments.h"
#include "tools/cli/session.h"
#include "tools/cli/text.h"
#include "tools/cli/views.h"

namespace postern::cli {
namespace {

constexpr std::size_t keys_max = 2;

struct Asked {
  std::string name;
  std::string role;
  std::string tenants;
  std::vector<std::string> public_keys;
  std::string key_out;
  std::vector<std::string> signing_public_keys;
  std::string signing_key_out;
  std::optional<std::uint32_t> uid;
  std::optional<bool> vouches;
};

schema::Role parse_role(const std::string& text) {
  for (const auto role : schema::EnumValuesRole())
    if (role_text(role) == text) return role;
  return schema::Role::none;
}

std::unique_ptr<schema::PublicKeyT> public_key(const client::Key& key) {
  auto made = std::make_unique<schema::PublicKeyT>();
  made->bytes.assign(key.begin(), key.end());
  return made;
}

std::string key_text(const schema::PublicKeyT& key) { return cli::key_text(key.bytes); }

/// What the options name replaces what stood there; a generated key comes beside those.
void apply(const Asked& asked, schema::OperatorStandingT& standing) {
  if (asked.tenants == "all") {
    standing.all_tenants = true;
    standing.tenants.clear();
  } else if (!asked.tenants.empty()) {
    standing.all_tenants = false;
    standing.tenants = CLI::detail::split(asked.tenants, ',');
  }
  if (!asked.public_keys.empty()) standing.keys.clear();
  for (const auto& text : asked.public_keys) {
    const auto key = client::parse_key(text);
    if (!key) stop_usage("--public-key takes 40 characters of Z85.");
    standing.keys.push_back(public_key(*key));
  }
  if (!asked.signing_public_keys.empty()) standing.signing_keys.clear();
  for (const auto& text : asked.signing_public_keys) {
    const auto key = client::parse_key(text);
    if (!key) stop_usage("--signing-public-key takes 40 characters of Z85.");
    standing.signing_keys.push_back(public_key(*key));
  }
  if (asked.uid) standing.uid = *asked.uid;
  if (asked.vouches) standing.vouches = *asked.vouches;
}

/// A pair made here: where it goes, and how it is written.
struct NewPair {
  std::string file;
  client::KeyPair pair;
  void (*write)(const std::filesystem::path&, const client::KeyPair&);
};

/// Puts the public half of a new pair beside those that are there.
NewPair make_pair_for(std::vector<std::unique_ptr<schema::PublicKeyT>>& keys,
                      const std::string& file, bool signs) {
  if (keys.size() >= keys_max)
    stop_usage("An operator has two keys of each sort at most.",
               signs ? "Drop one first: give the one to keep with --signing-public-key."
                     : "Drop one first: give the one to keep with --public-key.");
  NewPair made{file, signs ? client::make_signing_key_pair() : client::make_key_pair(),
               signs ? write_signing_key_file : write_key_file};
  keys.push_back(public_key(made.pair.public_key));
  return made;
}

/// Makes keys and keeps them on disk before the daemon hears of them; takes the files back if it
/// says no.
template <class Body>
int change_with_key(Session& session, const Asked& asked, Body body) {
  std::vector<NewPair> made;
  if (!asked.key_out.empty())
    made.push_back(make_pair_for(body.standing->keys, asked.key_out, false));
  if (!asked.signing_key_out.empty())
    made.push_back(make_pair_for(body.standing->signing_keys, asked.signing_key_out, true));
  if (session.dry_run()) return session.change(message_of("", "", std::move(body)));
  std::vector<std::string> written;
  try {
    for (const NewPair& pair : made) {
      pair.write(pair.file, pair.pair);
      written.push_back(pair.file);
    }
    const int code = session.change(message_of("", "", std::move(body)));
    for (const std::string& file : written)
      session.talk() << "The key pair is in " << printable(file) << ".\n";
    return code;
  } catch (const Stop& stop) {
    // Where nobody knows whether it happened, the files stay.
    const bool unknown =
        stop.exit_code == exit_codes::unreachable || stop.exit_code == exit_codes::protocol;
    for (const std::string& file : written) {
      if (unknown)
        session.talk() << "The key pair stays in " << printable(file) << ".\n";
      else
        std::filesystem::remove(file);
    }
    throw;
  }
}

std::vector<std::unique_ptr<schema::OperatorViewT>> read_operators(Session& session) {
  auto page = session.page(request(schema::ListOperatorsT{}));
  return std::move(Session::part(page.body.AsOperatorPage()).operators);
}

int run_add(Session& session, const Asked& asked) {
  schema::AddOperatorT body;
  body.name = asked.name;
  body.role = parse_role(asked.role);
  body.standing = std::make_unique<schema::OperatorStandingT>();
  apply(asked, *body.standing);
  return change_with_key(session, asked, std::move(body));
}

/// The command replaces role and standing as a whole, so what is not named is read first.
int run_set(Session& session, const Asked& asked) {
  schema::ChangeOperatorT body;
  body.name = asked.name;
  for (const auto& known : read_operators(session)) {
    if (known->name != asked.name) continue;
    body.role = known->role;
    body.standing = std::make_unique<schema::OperatorStandingT>(*known->standing);
  }
  if (!body.standing)
    throw Stop{exit_codes::no, "There is no operator named " + printable(asked.name) + ".",
               code_remedy(schema::Code::operator_unknown)};
  if (!asked.role.empty()) body.role = parse_role(asked.role);
  apply(asked, *body.standing);
  return change_with_key(session, asked, std::move(body));
}

int run_list(Session& session) {
  Listing listing(session.out(), session.format(),
                  {"NAME", "ROLE", "TENANTS", "VOUCHES", "UID", "PUBLIC KEYS", "ADDED"});
  for (const auto& known : read_operators(session)) {
    const auto standing = known->standing ? *known->standing : schema::OperatorStandingT{};
    std::vector<std::string> keys;
    for (const auto& key : standing.keys) keys.push_back(key_text(*key));
    listing.add(*known,
                {known->name, role_text(known->role),
                 standing.all_tenants ? "all" : joined(standing.tenants),
                 standing.vouches ? "yes" : "no", standing.uid ? std::to_string(*standing.uid) : "",
                 joined(keys), cause_text(known->added)});
  }
  listing.finish();
  return exit_codes::yes;
}

std::shared_ptr<Asked> add_options(CLI::App& command, bool everything_needed) {
  auto asked = std::make_shared<Asked>();
  command.add_option("NAME", asked->name, "Its name: a-z, 0-9, '.', '_' and -, up to 63")
      ->required();
  command.add_option("--role", asked->role, "owner, administrator, manager, auditor or service")
      ->check(CLI::IsMember({"owner", "administrator", "manager", "auditor", "service"}))
      ->required(everything_needed);
  command.add_option("--tenants", asked->tenants, "Aliases joined by commas, or all")
      ->required(everything_needed);
  command
      .add_option("--public-key", asked->public_keys, "Its CURVE public key in Z85; up to twice")
      ->allow_extra_args(false);
  command.add_option("--key-out", asked->key_out, "Make a key pair and write it to this new file");
  command
      .add_option("--signing-public-key", asked->signing_public_keys,
                  "Its Ed25519 public key in Z85, that its commands are signed with; up to twice")
      ->allow_extra_args(false);
  command.add_option("--signing-key-out", asked->signing_key_out,
                     "Make a key pair to sign with and write it to this new file");
  arguments::add_number(command, "--uid", asked->uid,
                        "The system user that may come through the ipc door");
  command.add_flag("--vouches,!--no-vouches", asked->vouches,
                   "A service that may ask by bare name");
  return asked;
}

Handler add(CLI::App& command) {
  return
      [asked = add_options(command, true)](Session& session) { return run_add(session, *asked); };
}

Handler set(CLI::App& command) {
  return
      [asked = add_options(command, false)](Session& session) { return run_set(session, *asked); };
}

Handler list(CLI::App&) { return run_list; }

Handler remove(CLI::App& command) {
  auto name = std::make_shared<std::string>();
  command.add_option("NAME", *name, "Its name")->required();
  return [name](Session& session) {
    schema::RemoveOperatorT body;
    body.name = *name;
    return session.change(message_of("", "", std::move(body)));
  };
}

constexpr Verb verbs[] = {
    {"add", Kind::changes, "Makes an operator.",
     "operator add helpdesk --role manager --tenants acme,umbra --key-out helpdesk.key", add},
    {"list", Kind::reads, "Lists the operators.", "operator list", list},
    {"set", Kind::changes, "Changes what is named of an operator; the rest stays.",
     "operator set helpdesk --tenants all", set},
    {"remove", Kind::changes, "Removes an operator.", "operator remove helpdesk --reason 'left'",
     remove},
};

}  // namespace

const Noun operator_noun = {"operator", "Who may publish commands, read history or ask questions.",
                            verbs};

}  // namespace postern::cli
