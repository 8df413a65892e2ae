#include <fmt/format.h>

#include "tools/cli/account_import.h"
#include "tools/cli/session.h"
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

constexpr Verb verbs[] = {
    {"users", Kind::changes,
     "Makes users from a table or JSON lines: a report first; interrupted, it goes on.",
     "--tenant acme import users users.csv --map Mail=email --generate-passwords --out new.csv",
     users},
};

}  // namespace
}  // namespace import_commands

const Noun import_noun = {"import", "Users and rights from other systems' files.",
                          import_commands::verbs};

}  // namespace postern::cli
