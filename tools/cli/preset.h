// Presets (T5): policies and a catalogue for a new tenant, from those the program carries or from a
// file.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "command_generated.h"

namespace postern::cli {

struct Preset {
  std::string_view name;
  /// JSON: a CreateTenant without alias and display name.
  std::string_view text;
};

/// Those of schema/presets, made part of the program when it is built.
std::span<const Preset> presets();

/// A name of one of these, or a file: what ends in .json or has a slash. 66 where there is none, 64
/// where it does not fit the schema.
schema::CreateTenantT read_preset(const std::string& name);

}  // namespace postern::cli
