#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "tools/cli/account_import.h"
#include "tools/cli/apply.h"
#include "tools/cli/generated_password.h"
#include "tools/cli/import_progress.h"
#include "tools/cli/session.h"
#include "tools/intake/aws_iam.h"
#include "tools/intake/htpasswd.h"
#include "tools/intake/redis_acl.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace import_commands {
namespace {

struct Asked {
  ImportWanted wanted;
  std::string file;
  std::string form;
  std::string delimiter;
  std::vector<std::string> map;
};

/// By its name, unless it was said.
bool is_jsonl(const Asked& asked) {
  if (!asked.form.empty()) return asked.form == "jsonl";
  return asked.file.ends_with(".jsonl") || asked.file.ends_with(".ndjson");
}

intake::CsvForm csv_form(const Asked& asked) {
  intake::CsvForm form;
  if (asked.delimiter == "tab")
    form.separator = '\t';
  else if (asked.delimiter.size() == 1)
    form.separator = asked.delimiter[0];
  else if (!asked.delimiter.empty())
    stop_usage("--delimiter takes one character, or 'tab'.");
  for (const std::string& pair : asked.map) {
    const auto equals = pair.rfind('=');
    if (equals == pair.npos || equals == 0 || equals + 1 == pair.size())
      stop_usage(fmt::format("--map takes COLUMN=FIELD, found '{}'.", text::printable(pair)),
                 "COLUMN=- leaves the column out.");
    form.names[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return form;
}

int run_users(Session& session, Asked asked) {
  asked.wanted.file = asked.file;
  asked.wanted.form = is_jsonl(asked) ? "jsonl" : "csv";
  if (is_jsonl(asked)) {
    if (!asked.map.empty() || !asked.delimiter.empty())
      stop_usage("--map and --delimiter are of tables.", "JSON lines name their fields.");
    asked.wanted.open = [](std::istream& in) { return std::make_unique<intake::JsonlSource>(in); };
  } else {
    const auto form = csv_form(asked);
    for (const auto& [column, field] : form.names)
      asked.wanted.form += fmt::format(" {}={}", column, field);
    asked.wanted.form += asked.delimiter;
    asked.wanted.open = [form](std::istream& in) {
      return std::make_unique<intake::CsvSource>(in, form);
    };
  }
  return import_accounts(session, asked.wanted);
}

void add_common(Options& options, ImportWanted& wanted) {
  options.add("--create-keys", &wanted.key, "Make an API key of this name for each user")
      .type_name("NAME");
  options
      .add("--out", &wanted.out, "A new file, its owner's alone: names, generated passwords, keys")
      .type_name("FILE");
  options
      .add("--rejects", &wanted.rejects,
           "A new file for the lines that are refused; the others are imported")
      .type_name("FILE");
}

Handler users(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.add("FILE", &asked->file, "A table (CSV), or JSON lines").required();
  options.add("--format", &asked->form, "csv or jsonl; else by the file's name")
      .one_of({"csv", "jsonl"});
  options
      .add("--map", &asked->map,
           "COLUMN=FIELD: what a column is that has another name; COLUMN=- leaves it out")
      .one_value_each();
  options.add("--delimiter", &asked->delimiter,
              "Between cells; else the one of , ; and tab that the heading has most of");
  options.add("--generate-passwords", &asked->wanted.makes_passwords,
              "Make one for each user that the file gives none");
  add_common(options, asked->wanted);
  return [asked](Session& session) { return run_users(session, *asked); };
}

int run_htpasswd(Session& session, ImportWanted wanted) {
  wanted.form = "htpasswd";
  using enum intake::HtpasswdSource::Unusable;
  const auto unusable = wanted.makes_passwords ? without_hash : refused;
  wanted.open = [unusable](std::istream& in) {
    return std::make_unique<intake::HtpasswdSource>(in, unusable);
  };
  return import_accounts(session, wanted);
}

Handler htpasswd(Options& options) {
  auto wanted = std::make_shared<ImportWanted>();
  auto file = std::make_shared<std::string>();
  options.add("FILE", file.get(), "As Apache and nginx read it").required();
  options.add("--generate-passwords", &wanted->makes_passwords,
              "Make one for each user whose hash is of a kind that is not taken");
  add_common(options, *wanted);
  return [wanted, file](Session& session) {
    wanted->file = *file;
    return run_htpasswd(session, *wanted);
  };
}

// ---- other systems' rights

std::string read_rights(const std::string& file) {
  std::ifstream opened(file, std::ios::binary);
  if (!opened)
    throw Stop{exit_codes::missing,
               fmt::format("Cannot read {}: {}.", text::printable(file), std::strerror(errno)),
               "Name a file."};
  std::ostringstream text;
  text << opened.rdbuf();
  return std::move(text).str();
}

const char* kind_text(intake::Note::Kind kind) {
  switch (kind) {
    case intake::Note::Kind::left_out:
      return "left out";
    case intake::Note::Kind::wider:
      return "wider";
    case intake::Note::Kind::taken:
      return "taken";
  }
  return "";
}

/// What does not map, and why, before anything is sent.
void tell_notes(Session& session, const intake::Translation& made) {
  auto& talk = session.talk();
  std::size_t grants = 0;
  if (made.desired.users)
    for (const auto& account : *made.desired.users) grants += account.grants.size();
  if (made.desired.roles)
    for (const auto& [name, role] : *made.desired.roles) grants += role.grants.size();
  std::map<std::string, std::size_t> counts;
  const auto same = [](const intake::Note& note) {
    return fmt::format("{}\n{}\n{}", kind_text(note.kind), note.what, note.why);
  };
  for (const auto& note : made.notes) ++counts[same(note)];
  for (const auto& note : made.notes) {
    // Told once, with how many there are of it.
    const auto count = std::exchange(counts[same(note)], 0);
    if (count == 0) continue;
    talk << fmt::format("{:8}  {}{}: {}{}\n          {}\n", kind_text(note.kind),
                        note.line != 0 ? fmt::format("line {}, ", note.line) : "",
                        text::printable(note.about), text::printable(note.what),
                        count > 1 ? fmt::format(", and {} more like it", count - 1) : "",
                        text::printable(note.why));
  }
  talk << fmt::format("Maps: {}, {}, {}; {} on what does not, or not as it was.\n",
                      counted(made.desired.users ? made.desired.users->size() : 0, "user"),
                      counted(made.desired.roles ? made.desired.roles->size() : 0, "role"),
                      counted(grants, "grant"), counted(made.notes.size(), "note"));
}

/// At a terminal the report is to be read before anything is sent.
void have_it_read(Session& session, const intake::Translation& made) {
  const bool is_asked =
      !made.notes.empty() && !session.yes() && !session.dry_run() && session.input().at_terminal();
  if (is_asked && session.input().answer("Type yes to go on") != "yes")
    throw Stop{exit_codes::no, "Nothing was done.", "--yes says so beforehand."};
}

int import_rights(Session& session, intake::Translation made) {
  // A tenant that is mistyped is not made.
  policies_of(session);
  tell_notes(session, made);
  have_it_read(session, made);
  return apply_state(session, std::move(made.desired), false);
}

Handler redis_acl(Options& options) {
  auto file = std::make_shared<std::string>();
  options.add("FILE", file.get(), "users.acl, or what ACL LIST prints").required();
  return [file](Session& session) {
    return import_rights(session, intake::read_redis_acl(read_rights(*file)));
  };
}

Handler aws_iam(Options& options) {
  auto file = std::make_shared<std::string>();
  options
      .add("FILE", file.get(),
           "What 'aws iam get-account-authorization-details' prints, or a policy document")
      .required();
  return [file](Session& session) {
    auto made = intake::read_aws_iam(read_rights(*file));
    if (!made) stop_usage(made.error(), "See tools/cli/aws-iam.md.");
    return import_rights(session, std::move(*made));
  };
}

constexpr Verb verbs[] = {
    {"users", Kind::changes,
     "Makes users from a table or JSON lines: a report first; interrupted, it goes on.",
     "--tenant acme import users users.csv --map Mail=email --generate-passwords --out new.csv",
     users},
    {"htpasswd", Kind::changes,
     "Makes users with the hashes of an htpasswd file: bcrypt, SHA-crypt, Argon2id.",
     "--tenant acme import htpasswd .htpasswd --rejects old-hashes", htpasswd},
    {"redis-acl", Kind::changes, "Makes users with the keys, channels and commands of a Redis ACL.",
     "--tenant cache import redis-acl users.acl --dry-run", redis_acl},
    {"aws-iam", Kind::changes, "Makes users and roles of AWS users, groups and policies.",
     "--tenant cloud import aws-iam account.json --dry-run", aws_iam},
};

}  // namespace
}  // namespace import_commands

const Noun import_noun = {"import", "Users and rights from other systems' files.",
                          import_commands::verbs};

}  // namespace postern::cli
