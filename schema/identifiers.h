// File identifiers of the root tables, four bytes each, at offset 4 of every message.
// A root's own .fbs file can name only one of them, so all stand here.
#pragma once

namespace postern::schema {

inline constexpr char command_message_identifier[] = "PSCM";
inline constexpr char receipt_identifier[] = "PSRC";
inline constexpr char query_identifier[] = "PSQU";
inline constexpr char answer_identifier[] = "PSAN";
inline constexpr char history_request_identifier[] = "PSHQ";
inline constexpr char history_page_identifier[] = "PSHP";
inline constexpr char record_identifier[] = "PSRE";
inline constexpr char personal_identifier[] = "PSPE";
inline constexpr char bundle_part_identifier[] = "PSBU";
inline constexpr char keys_part_identifier[] = "PSKE";
inline constexpr char decision_receipt_identifier[] = "PSDR";

/// The one protocol version this build speaks.
inline constexpr unsigned short protocol_version = 1;

}  // namespace postern::schema
