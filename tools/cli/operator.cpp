#include <filesystem>

#include "tools/cli/list.h"
#include "schema/nearest_name.h"
#include "tools/cli/new_file.h"
#include "tools/cli/session.h"
#include "tools/text/ids.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/view_text.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace operator_commands {
namespace {

constexpr std::size_t keys_max = 2;

/// What becomes of an operator's keys of one sort, as it was typed.
struct KeyArguments {
  std::vector<std::string> replacing;
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::string key_out;
};

struct Arguments {
  std::string name;
  std::string role;
  std::string tenants;
  KeyArguments keys;
  KeyArguments signing_keys;
  std::optional<std::uint32_t> uid;
  std::optional<bool> vouches;
};

schema::Role parse_role(const std::string& text) {
  for (const auto role : schema::EnumValuesRole())
    if (text::role_text(role) == text) return role;
  return schema::Role::none;
}

std::unique_ptr<schema::PublicKeyT> public_key(const client::Key& key) {
  auto made = std::make_unique<schema::PublicKeyT>();
  made->bytes.assign(key.begin(), key.end());
  return made;
}

using Keys = std::vector<std::unique_ptr<schema::PublicKeyT>>;

client::Key parse_public_key(const std::string& text) {
  const auto key = client::parse_key(text);
  if (!key) stop_usage(text::printable(text) + " is no public key: 40 characters of Z85.");
  return *key;
}

/// What replaces stands for all there were; others are taken away, or come beside.
void change_keys(Keys& keys, const KeyArguments& asked) {
  if (!asked.replacing.empty()) {
    if (!asked.added.empty() || !asked.removed.empty())
      stop_usage("Keys are either replaced as a whole, or added and removed.");
    keys.clear();
  }
  for (const auto* list : {&asked.removed, &asked.added, &asked.replacing}) {
    for (const std::string& text : *list) {
      const auto key = public_key(parse_public_key(text));
      const auto found =
          std::ranges::find_if(keys, [&](const auto& held) { return held->bytes == key->bytes; });
      const bool is_there = found != keys.end();
      if (list == &asked.removed && !is_there)
        stop_usage("The operator has no key " + text::printable(text) + ".",
                   "See 'operator list'.");
      if (list == &asked.removed)
        keys.erase(found);
      else if (!is_there)
        keys.push_back(std::make_unique<schema::PublicKeyT>(*key));
    }
  }
  if (keys.size() > keys_max)
    stop_usage("An operator has two keys of each sort at most.",
               "Take one away in the same command, with --remove-key or --remove-signing-key.");
}

/// What the options name replaces what stood there; a generated key comes beside those.
void apply(const Arguments& asked, schema::OperatorStandingT& standing) {
  if (asked.tenants == "all") {
    standing.all_tenants = true;
    standing.tenants.clear();
  } else if (!asked.tenants.empty()) {
    standing.all_tenants = false;
    standing.tenants = text::split_list(asked.tenants);
    // A comma at the end begins no other alias.
    if (standing.tenants.back().empty()) standing.tenants.pop_back();
  }
  change_keys(standing.keys, asked.keys);
  change_keys(standing.signing_keys, asked.signing_keys);
  if (asked.uid) standing.uid = *asked.uid;
  if (asked.vouches) standing.vouches = *asked.vouches;
}

/// Makes a pair and puts its public half beside those that are there; its file is on disk then.
NewFile make_pair_for(Keys& keys, const std::string& file, bool signs) {
  if (keys.size() >= keys_max)
    stop_usage("An operator has two keys of each sort at most.",
               signs ? "Drop one first, with --remove-signing-key."
                     : "Drop one first, with --remove-key.");
  NewFile made(file);
  const auto pair = signs ? client::make_signing_key_pair() : client::make_key_pair();
  (signs ? write_signing_key_pair : write_key_pair)(made, pair);
  keys.push_back(public_key(pair.public_key));
  return made;
}

/// Makes keys and has them on disk before the daemon hears of them; they get their names once it
/// has taken them, and are gone if it says no.
template <class Body>
int change_with_key(Session& session, const Arguments& asked, Body body) {
  if (session.dry_run()) return session.change(message_of("", "", std::move(body)));
  std::vector<NewFile> made;
  if (!asked.keys.key_out.empty())
    made.push_back(make_pair_for(body.standing->keys, asked.keys.key_out, false));
  if (!asked.signing_keys.key_out.empty())
    made.push_back(make_pair_for(body.standing->signing_keys, asked.signing_keys.key_out, true));
  return change_with_files(session, message_of("", "", std::move(body)), std::move(made),
                           "The key pair");
}

std::vector<std::unique_ptr<schema::OperatorViewT>> read_operators(Session& session) {
  auto page = session.page(request(schema::ListOperatorsT{}));
  return std::move(Session::part(page.body.AsOperatorPage()).operators);
}

int run_add(Session& session, const Arguments& asked) {
  schema::AddOperatorT body;
  body.name = asked.name;
  body.role = parse_role(asked.role);
  body.standing = std::make_unique<schema::OperatorStandingT>();
  apply(asked, *body.standing);
  return change_with_key(session, asked, std::move(body));
}

/// The command replaces role and standing as a whole, so what is not named is read first.
int run_set(Session& session, const Arguments& asked) {
  schema::ChangeOperatorT body;
  body.name = asked.name;
  std::vector<std::string> names;
  for (const auto& known : read_operators(session)) {
    names.push_back(known->name);
    if (known->name != asked.name) continue;
    body.role = known->role;
    body.standing = std::make_unique<schema::OperatorStandingT>(*known->standing);
  }
  if (!body.standing)
    throw Stop{exit_codes::no,
               "There is no operator named " + text::printable(asked.name) +
                   schema::nearest_told(names, asked.name) + ".",
               text::code_remedy(schema::Code::operator_unknown)};
  if (!asked.role.empty()) body.role = parse_role(asked.role);
  apply(asked, *body.standing);
  return change_with_key(session, asked, std::move(body));
}

int run_list(Session& session) {
  static constexpr text::Column columns[] = {{"NAME", 0, 16}, {"ROLE", 0}, {"TENANTS", 0, 12},
                                             {"VOUCHES", 1},  {"UID", 2},  {"PUBLIC KEYS", 4},
                                             {"ADDED", 3, 28}};
  ShownList listing(session, columns);
  for (const auto& known : read_operators(session)) {
    const auto standing = known->standing ? *known->standing : schema::OperatorStandingT{};
    std::vector<std::string> keys;
    for (const auto& key : standing.keys) keys.push_back(text::key_text(key->bytes));
    listing.add(*known,
                {known->name, text::role_text(known->role),
                 standing.all_tenants ? "all" : text::joined(standing.tenants),
                 standing.vouches ? "yes" : "no", standing.uid ? std::to_string(*standing.uid) : "",
                 text::joined(keys), text::cause_text(known->added)});
  }
  listing.finish();
  return exit_codes::yes;
}

std::shared_ptr<Arguments> add_options(Options& options, bool everything_needed) {
  auto asked = std::make_shared<Arguments>();
  options.add("NAME", &asked->name, "Its name: a-z, 0-9, '.', '_' and -, up to 63").required();
  options.add("--role", &asked->role, "owner, administrator, manager, auditor or service")
      .one_of({"owner", "administrator", "manager", "auditor", "service"})
      .required(everything_needed);
  options.add("--tenants", &asked->tenants, "Aliases joined by commas, or all")
      .required(everything_needed);
  const auto add_keys = [&](const char* name, std::vector<std::string>& keys, const char* help) {
    options.add(name, &keys, help).one_value_each().type_name("KEY");
  };
  add_keys("--public-key", asked->keys.replacing,
           everything_needed ? "Its CURVE public key in Z85; up to twice"
                             : "Replaces its CURVE public keys, in Z85; up to twice");
  add_keys("--signing-public-key", asked->signing_keys.replacing,
           everything_needed ? "Its Ed25519 public key in Z85, that its commands are signed with; "
                               "up to twice"
                             : "Replaces the Ed25519 public keys it signs with; up to twice");
  if (!everything_needed) {
    add_keys("--add-key", asked->keys.added, "A CURVE public key beside those it has");
    add_keys("--remove-key", asked->keys.removed, "Takes this one away");
    add_keys("--add-signing-key", asked->signing_keys.added, "An Ed25519 one beside those it has");
    add_keys("--remove-signing-key", asked->signing_keys.removed, "Takes this one away");
  }
  options.add("--key-out", &asked->keys.key_out, "Make a key pair and write it to this new file");
  options.add("--signing-key-out", &asked->signing_keys.key_out,
              "Make a key pair to sign with and write it to this new file");
  options.add_number("--uid", asked->uid, "The system user that may come through the ipc door");
  options.add("--vouches,!--no-vouches", &asked->vouches, "A service that may ask by bare name");
  return asked;
}

Handler add(Options& options) {
  return
      [asked = add_options(options, true)](Session& session) { return run_add(session, *asked); };
}

Handler set(Options& options) {
  return
      [asked = add_options(options, false)](Session& session) { return run_set(session, *asked); };
}

Handler list(Options&) { return run_list; }

Handler remove(Options& options) {
  auto name = std::make_shared<std::string>();
  options.add("NAME", name.get(), "Its name").required();
  return [name](Session& session) {
    schema::RemoveOperatorT body;
    body.name = *name;
    return session.change(message_of("", "", std::move(body)));
  };
}

constexpr Verb verbs[] = {
    {"add", Kind::changes, "Makes an operator.",
     "operator add helpdesk --role manager --tenants acme,umbra --key-out helpdesk.key", add},
    {"list", Kind::lists, "Lists the operators.", "operator list", list},
    {"set", Kind::changes, "Changes what is named of an operator; the rest stays.",
     "operator set helpdesk --key-out next.key", set},
    {"remove", Kind::changes, "Removes an operator.", "operator remove helpdesk --reason 'left'",
     remove},
};

}  // namespace
}  // namespace operator_commands

const Noun operator_noun = {"operator", "Who may publish commands, read history or ask questions.",
                            operator_commands::verbs};

}  // namespace postern::cli
