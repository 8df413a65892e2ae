#include "tools/cli/import_receivers.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/cli/account_import.h"
#include "tools/cli/import_files.h"
#include "tools/cli/import_notes.h"
#include "tools/cli/import_progress.h"
#include "tools/cli/new_file.h"
#include "tools/cli/session.h"
#include "tools/intake/csv.h"
#include "tools/text/shown.h"

namespace postern::cli {

void renew_keys(Session& session, const std::string& key, std::vector<MadeFor>& all,
                const std::vector<std::size_t>& without) {
  constexpr std::size_t users_at_once = 400;
  // Nobody ever had them.
  session.take_as_confirmed();
  for (std::size_t begin = 0; begin < without.size(); begin += users_at_once) {
    const auto end = std::min(without.size(), begin + users_at_once);
    schema::CommandMessageT message;
    message.tenant = session.tenant();
    message.reason = "its secret was lost when the import was interrupted";
    for (std::size_t at = begin; at < end; ++at) {
      const std::string& user = all[without[at]].user;
      schema::RevokeKeyT revoke;
      revoke.name = key;
      add_command(message, user, std::move(revoke));
      schema::CreateKeyT create;
      create.name = key;
      add_command(message, user, std::move(create));
    }
    auto receipt = session.execute(std::move(message));
    if (receipt.secrets.size() != end - begin) Session::stop_unexpected();
    for (std::size_t at = begin; at < end; ++at)
      all[without[at]].key = std::move(receipt.secrets[at - begin]);
  }
}

void require_out(const Session& session, const ImportWanted& wanted, bool names_are_generated) {
  const bool makes = wanted.makes_passwords || !wanted.key.empty();
  if (!makes && names_are_generated && wanted.out.empty() && !session.dry_run())
    stop_usage(
        "The tenant makes its users' names itself, and which line became whom goes to a file.",
        "Say --out FILE.");
  if (makes ? wanted.out.empty() : !wanted.out.empty() && !names_are_generated)
    stop_usage("What is made for users goes to a file.",
               "Say --out FILE with --generate-passwords or --create-keys.");
}

void write_receivers(Session& session, const std::string& path, std::vector<MadeFor> all,
                     Lines lines, ImportNotes& notes) {
  NewFile file(path);
  const bool with_lines = lines == Lines::told;
  std::vector<std::string> cells{"username", "password", "key"};
  if (with_lines) cells.insert(cells.begin(), "line");
  std::string text = intake::csv_line(cells);
  for (auto& made : all) {
    cells = {made.user, made.password, made.key};
    if (with_lines) cells.insert(cells.begin(), std::to_string(made.line));
    text += intake::csv_line(cells);
    for (auto& cell : cells) client::wipe(cell);
    client::wipe(made.password);
    client::wipe(made.key);
  }
  notes.writing_out({std::filesystem::absolute(path), sha256_of(text)});
  file.write(text);
  client::wipe(text);
  file.keep();
  session.talk() << fmt::format("What was made for {} is in {}, its owner's alone.\n",
                                counted(all.size(), "user"), text::printable(path));
}

}  // namespace postern::cli
