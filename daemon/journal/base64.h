// Base64 (RFC 4648, section 4) in its one canonical form: padded, no stray bits, no white space.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/journal/journal.h"

namespace postern::journal {

std::string base64_encode(View bytes);
/// Nothing if `text` is not exactly what `base64_encode` makes of some bytes.
std::optional<Bytes> base64_decode(std::string_view text);

}  // namespace postern::journal
