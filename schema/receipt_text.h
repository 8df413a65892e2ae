// What is signed of a decision's receipt (H5), and the file that it is kept in: that text, and
// behind it the signature.
#pragma once

#include <cstddef>
#include <string_view>

namespace postern::schema {

/// No other signed text begins so. The bytes of the DecisionReceipt follow.
inline constexpr std::string_view receipt_heading = "postern receipt 1\n";

/// Of Ed25519.
inline constexpr std::size_t receipt_signature_size = 64;

}  // namespace postern::schema
