#include "daemon/running/reload.h"

#include <span>
#include <string>

#include "daemon/platform/files.h"

namespace postern::running {

namespace {

std::string list_of(const char* name, const std::vector<SettingChange>& changes) {
  std::string list = std::string(name) + " = [";
  for (const SettingChange& change : changes)
    list += (&change == changes.data() ? "" : ", ") + toml_text(change.name + " = " + change.value);
  return list + "]\n";
}

}  // namespace

Reloading reloading_of(const Config& running, const Config& read) {
  Reloading reloading;
  for (SettingChange& change : changes_between(running, read)) {
    auto& kind = change.while_running ? reloading.changed : reloading.need_restart;
    kind.push_back(std::move(change));
  }
  return reloading;
}

Expected<> tell_reloading(const std::filesystem::path& file, std::uint64_t number,
                          const Reloading& reloading) {
  std::string text = "number = " + std::to_string(number) + "\n";
  if (reloading.refused)
    text += "refused = " + toml_text(printable(reloading.refused->sentence, 4'096)) +
            "\nremedy = " + toml_text(printable(reloading.refused->remedy, 4'096)) + "\n";
  text += list_of("changed", reloading.changed);
  text += list_of("need_restart", reloading.need_restart);
  return platform::write_file(file, std::as_bytes(std::span(text)));
}

}  // namespace postern::running
