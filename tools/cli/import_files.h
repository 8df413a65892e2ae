// The file that is imported, and the one for what of it is refused. Thread: main. Failure: `Stop`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <set>
#include <string>
#include <string_view>

#include "tools/intake/account_source.h"

namespace postern::cli {

class Session;

/// In hexadecimal; reads the stream to its end. `file`: what to call it.
std::string sha256_of(std::istream& stream, const std::filesystem::path& file);
std::string sha256_of(std::string_view text);

/// Whether a file of this name holds what has this hash; false too where it cannot be read.
bool holds(const std::filesystem::path& file, const std::string& sha256);

struct AsideFiles {
  std::filesystem::path from;
  std::string to;
};
/// The entries of these lines, in the form of the file, to be mended and imported by themselves.
/// Reads the source from its beginning.
void put_aside(Session& session, intake::AccountSource& source,
               const std::set<std::uint64_t>& lines, const AsideFiles& files);

}  // namespace postern::cli
