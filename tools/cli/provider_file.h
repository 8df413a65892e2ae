// The files in which providers publish their ranges (N3), read whole or refused whole.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "command_generated.h"

namespace postern::cli {

struct ProviderFile {
  std::string name;
  std::string text;
};

/// Formats: AWS ip-ranges.json; Google cloud.json or goog.json; Azure's ServiceTags JSON;
/// Cloudflare's two lists, both needed; DigitalOcean's google.csv. All ranges in them are merged.
/// Several files are hashed one behind the other. The errors: a sentence each, the first few told.
std::expected<schema::ImportRangesT, std::vector<std::string>> read_provider_files(
    schema::Provider provider, std::span<const ProviderFile> files);

/// In any case; `none` if no provider has this name.
schema::Provider provider_named(const std::string& name);

}  // namespace postern::cli
