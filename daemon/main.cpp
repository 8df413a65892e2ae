// posternd: arguments → config → wiring → exit code.
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "daemon/config.h"
#include "daemon/data/data_folder.h"
#include "daemon/offline/recover_owner.h"
#include "daemon/offline/restore.h"
#include "daemon/offline/rotate_server_key.h"
#include "daemon/platform/signals.h"
#include "daemon/running/daemon.h"
#include "tools/arguments/arguments.h"
#include "tools/arguments/manual.h"

namespace {

using namespace postern;

/// What its man page says beside its help.
arguments::Manual manual() {
  return {
      8,
      "the daemon that manages API users and proves what was done",
      {{"/etc/postern/postern.toml", "The settings of the packaged daemon; see postern.toml(5)"},
       {"/var/lib/postern", "Its data folder: journal, keys, snapshots"},
       {"/run/postern", "Its ipc sockets"}},
      {"postern(1)", "postern-replay(1)", "postern.toml(5)"},
      POSTERN_VERSION};
}

int report(const Failure& failure) {
  std::cerr << "posternd: " << failure.sentence << "\n";
  if (!failure.remedy.empty()) std::cerr << failure.remedy << "\n";
  return exit_code(failure);
}

int init(const data::NewFolder& wanted) {
  const platform::SystemClock clock;
  platform::SystemEntropy entropy;
  ::umask(0077);
  if (const auto made = data::make_data_folder(wanted, clock, entropy); !made)
    return report(made.error());
  const data::DataPaths paths(wanted.folder);
  const auto owner_key = wanted.owner_key.empty() ? paths.owner_key() : wanted.owner_key;
  std::cout << "made the data folder " << wanted.folder.string() << "\n"
            << "the first owner's secret key is in " << owner_key.string()
            << ": keep it safe, it is nowhere else\n"
            << "start with: posternd --data " << wanted.folder.string() << "\n";
  return 0;
}

int recover(offline::OwnerRecovery wanted) {
  const platform::SystemClock clock;
  platform::SystemEntropy entropy;
  ::umask(0077);
  if (const auto done = offline::recover_owner(wanted, clock, entropy); !done)
    return report(done.error());
  if (wanted.owner_key.empty()) wanted.owner_key = data::DataPaths(wanted.folder).owner_key();
  std::cout << "the owner '" << wanted.name << "' has a new key, its old ones are void\n"
            << "its secret key is in " << wanted.owner_key.string()
            << ": keep it safe, it is nowhere else\n";
  return 0;
}

int rotate(const std::string& folder, bool finish) {
  using Step = credential::KeyStore::ServerKeyStep;
  platform::SystemEntropy entropy;
  ::umask(0077);
  const auto keys = offline::rotate_server_key(folder, finish ? Step::take : Step::plan, entropy);
  if (!keys) return report(keys.error());
  if (finish)
    std::cout << "the server's key is now " << keys->present << "\n"
              << "clients that know only the one before cannot connect any more\n";
  else
    std::cout << "the server's next key is " << keys->next << "\n"
              << "the present one stays: " << keys->present << "\n"
              << "start the daemon, which tells the next key in its status, and give it to every "
                 "client\n"
              << "then stop it, and: posternd rotate-server-key --data " << folder << " --finish\n";
  return 0;
}

int restore_folder(offline::RestoreOrder order) {
  const platform::SystemClock clock;
  platform::SystemEntropy entropy;
  ::umask(0077);
  if (::isatty(STDERR_FILENO) == 1)
    order.progress = [](std::uint64_t written, std::uint64_t all) {
      std::cerr << "\r" << written << " of " << all << " records" << (written == all ? "\n" : "")
                << std::flush;
    };
  const auto done = offline::restore(order, clock, entropy);
  if (!done) return report(done.error());
  std::cout << "restored " << done->copied_seq << " records into " << order.folder.string() << "\n"
            << "users: " << done->users << ", of them erased for ever: " << done->erased << " ("
            << done->erased_since << " after the records were copied)\n"
            << "what was acknowledged from record " << done->copied_seq + 1
            << " on is missing: send it again; clients that saw more are told so\n"
            << "every session has ended\n"
            << "checkpoints are signed under a new name: " << done->verifier_key << "\n"
            << "start with: posternd --data " << order.folder.string() << "\n";
  return 0;
}

/// What the daemon would run with: the file's settings, the defaults for the rest.
Expected<Config> settings_of(const std::string& file, int port_base) {
  Expected<Config> config = file.empty() ? Expected<Config>(Config()) : read_config(file);
  if (config && port_base != 0) config->port_base = static_cast<std::uint16_t>(port_base);
  return config;
}

int show_config(const std::string& file) {
  const auto config = settings_of(file, 0);
  if (!config) return report(config.error());
  std::cout << settings_text(*config);
  return 0;
}

int check_config(const std::string& file) {
  if (const auto config = read_config(file); !config) return report(config.error());
  std::cout << file << " is good\n";
  return 0;
}

struct Arguments {
  std::string data;
  std::string config;
  std::string owner_key;
  std::string checked_config;
  std::string owner_name = "owner";
  int port_base = 0;
  bool verify = false;
  bool confirm_clock = false;
  bool finish = false;
  bool effective = false;
  offline::RestoreOrder restored;
};

/// What ended the daemon, told where its log is read.
int report_end(Failure failure, const Config& config) {
  // The path may be missing in the daemon's root folder alone.
  if (failure.kind == FailureKind::missing && std::getenv("INVOCATION_ID") != nullptr)
    failure.remedy +=
        "; in a unit with RootDirectory= the daemon sees what BindPaths= names and no more: if the "
        "path is there, write BindPaths= with it into the unit";
  return running::tell_end(config, failure) ? exit_code(failure) : report(failure);
}

int run(const Arguments& arguments) {
  running::RunOptions options;
  options.data = arguments.data;
  options.verify = arguments.verify;
  options.confirm_clock = arguments.confirm_clock;
  options.read_settings = [&arguments]() -> Expected<Config> {
    if (arguments.config.empty())
      return std::unexpected(Failure{FailureKind::configuration,
                                     "the daemon was started without a settings file.",
                                     "Start it with --config FILE."});
    return settings_of(arguments.config, arguments.port_base);
  };
  auto config = settings_of(arguments.config, arguments.port_base);
  if (!config) return report_end(config.error(), Config());
  options.config = std::move(*config);
  const auto ran = running::run_daemon(options);
  return ran ? 0 : report_end(ran.error(), options.config);
}

/// An empty value is never "not given". Commands take the options of the program as well, so that
/// the data folder may be named before or after them.
void refuse_empty_values(CLI::App& app) {
  const CLI::Validator not_empty(
      [](std::string& value) { return value.empty() ? "must not be empty" : std::string(); }, "");
  for (CLI::Option* option : app.get_options())
    if (option->get_type_size() > 0) option->check(not_empty);
  for (CLI::App* command : app.get_subcommands(nullptr)) {
    command->fallthrough();
    refuse_empty_values(*command);
  }
}

/// Options that only a start without a command takes.
std::vector<const CLI::Option*> add_options_of_running(CLI::App& app, Arguments& arguments) {
  return {app.add_option("--config", arguments.config, "settings, as TOML"),
          arguments::declare(
              app, arguments::Options().add_number(
                       "--port-base", arguments.port_base,
                       "moves all ports: commands N+1, queries N+2, history N+3", {1, 65'530})),
          app.add_flag("--verify", arguments.verify, "read every byte before starting"),
          app.add_flag("--confirm-clock", arguments.confirm_clock,
                       "the clock is right, though the data folder knows another time")};
}

struct Commands {
  CLI::App* init;
  CLI::App* recover_owner;
  CLI::App* rotate_server_key;
  CLI::App* restore;
  CLI::App* check_config;
  CLI::App* show_config;
  CLI::App* diagnostics;
};

CLI::App* add_restore(CLI::App& app, offline::RestoreOrder& order) {
  CLI::App* restore = app.add_subcommand(
      "restore", "makes a data folder of a backup: a bundle, and a copy of the keys");
  restore->add_option("--bundle", order.bundle, "as postern backup create wrote it")->required();
  restore->add_option("--keys", order.keys, "as postern backup keys wrote it")->required();
  restore->add_option("--identity", order.identity, "the key file of the recipient of the keys")
      ->required();
  restore->add_option("--public-key", order.verifier_key,
                      "what the bundle must be signed with: name+hash+key");
  return restore;
}

Commands add_commands(CLI::App& app, Arguments& arguments) {
  Commands commands{};
  commands.init =
      app.add_subcommand("init", "makes a data folder with its keys and its first owner");
  commands.init->add_option("--owner-key", arguments.owner_key,
                            "where the first owner's secret key goes: a new file");
  commands.recover_owner = app.add_subcommand(
      "recover-owner",
      "gives an owner a new key, recorded in the journal; the daemon must be stopped");
  commands.recover_owner->add_option("--owner-key", arguments.owner_key,
                                     "where the new secret key goes: a new file");
  commands.recover_owner->add_option("--name", arguments.owner_name,
                                     "the owner; made if there is none of this name");
  commands.rotate_server_key = app.add_subcommand(
      "rotate-server-key",
      "plans the server's next CURVE key, and with --finish takes it; the daemon must be stopped");
  commands.rotate_server_key->add_flag("--finish", arguments.finish,
                                       "clients have been told: the next key becomes the server's");
  commands.restore = add_restore(app, arguments.restored);
  commands.check_config =
      app.add_subcommand("check-config", "tells every problem of a settings file");
  commands.check_config->add_option("FILE", arguments.checked_config, "settings, as TOML")
      ->required();
  commands.show_config = app.add_subcommand(
      "show-config", "prints every setting with its value: the file's, else the default");
  commands.show_config->add_option("FILE", arguments.checked_config, "settings, as TOML");
  commands.show_config
      ->add_flag("--effective", arguments.effective, "what the daemon would run with")
      ->required();
  commands.diagnostics = app.add_subcommand(
      "diagnostics", "prints every line that the daemon may say, as the handbook has it");
  return commands;
}

/// What was asked for, once it is known to make sense.
int carry_out(const Commands& commands, Arguments arguments) {
  if (*commands.check_config) return check_config(arguments.checked_config);
  if (*commands.show_config) return show_config(arguments.checked_config);
  if (*commands.diagnostics) {
    std::cout << running::diagnostics_page();
    return 0;
  }
  if (arguments.data.empty())
    return report({FailureKind::usage, "no data folder is named",
                   "Name one: posternd --data DIR; see posternd --help."});
  if (*commands.init) return init({arguments.data, arguments.owner_key, ::geteuid()});
  if (*commands.recover_owner)
    return recover({arguments.data, arguments.owner_key, arguments.owner_name, ::geteuid()});
  if (*commands.rotate_server_key) return rotate(arguments.data, arguments.finish);
  arguments.restored.folder = arguments.data;
  if (*commands.restore) return restore_folder(std::move(arguments.restored));
  return run(arguments);
}

}  // namespace

int main(int argument_count, char** argument_values) {
  platform::ignore_meaningless_signals();
  CLI::App app("Postern's daemon: API users, who may do what, and the journal that proves it.",
               "posternd");
  app.set_version_flag("--version", "posternd " POSTERN_VERSION);
  app.footer("Example: posternd init --data /var/lib/postern && posternd --data /var/lib/postern");
  Arguments arguments;
  app.add_option("--data", arguments.data, "the data folder; before or after the command");
  const auto for_running = add_options_of_running(app, arguments);
  const Commands commands = add_commands(app, arguments);
  refuse_empty_values(app);
  const std::vector<std::string> given(argument_values + 1, argument_values + argument_count);
  if (const auto text = arguments::text_asked_for(given, app, manual())) {
    std::cout << *text;
    return 0;
  }
  try {
    arguments::parse(app, given);
  } catch (const CLI::Success& asked_for_text) {
    return app.exit(asked_for_text);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    std::cerr << arguments::nearest_known(app);
    return static_cast<int>(FailureKind::usage);
  }
  for (const CLI::App* command : app.get_subcommands())
    for (const CLI::Option* option : for_running)
      if (option->count() > 0)
        return report({FailureKind::usage,
                       option->get_name() + " is for running the daemon, not for '" +
                           command->get_name() + "'",
                       "Leave it out; see posternd --help."});
  return carry_out(commands, std::move(arguments));
}
