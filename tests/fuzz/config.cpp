// The daemon's settings as text: settings within their bounds, which are read again from what is
// written of them, or a failure that says where.
#include "daemon/config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "daemon/platform/require.h"
#include "tests/fuzz/target.h"

namespace {

using namespace postern;

bool is_within(std::uint64_t low, std::uint64_t value, std::uint64_t high) {
  return low <= value && value <= high;
}

bool is_address(const std::string& text) {
  std::uint8_t parsed[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, text.c_str(), parsed) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), parsed) == 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = parse_config(fuzz::text_of(data, size), "fuzz.toml");
  if (!config) {
    const std::string& sentence = config.error().sentence;
    require(sentence.starts_with("fuzz.toml:") && !config.error().remedy.empty());
    require(std::ranges::none_of(sentence, [](unsigned char character) {
      return (character < ' ' && character != '\n') || character == 0x7f;
    }));
    return 0;
  }
  require(is_address(config->address) && is_within(1, config->port_base, 65'530));
  require(config->metrics_address.empty() || is_address(config->metrics_address));
  require(config->ipc_mode == 0600 || !config->ipc_path.empty());
  require(config->ipc_path.empty() || config->ipc_path.starts_with('/'));
  require(is_within(8, config->cost.memory_kib, 4'194'304));
  require(is_within(1, config->cost.passes, 64));
  require(is_within(1, config->hash_threads, 64) && is_within(1, config->waiting_max, 1'000'000));
  require(is_within(1, config->refusal_step_ms, 1'000));
  require(is_within(1, config->disk_floor_mib, 1'048'576));
  require(is_within(1, config->disk_reserve_mib, 1'048'576));
  require(is_within(0, config->snapshot_every_records, 1'000'000'000));
  require(is_within(1, config->id_window_hours, 168) && is_within(1, config->group_max, 10'000));
  require(is_within(1, config->file_mib, 1'024));
  require(is_within(2 * config->file_mib, config->ring_mib, 1'048'576));
  const auto again = parse_config(settings_text(*config), "again.toml");
  require(again.has_value() && changes_between(*config, *again).empty() &&
          settings_text(*again) == settings_text(*config));
  return 0;
}
