// U3: what the fields of a profile that promise a form may hold. Texts are UTF-8 without control
// characters already; empty text is for the caller to take.
#pragma once

#include <string_view>

namespace postern::domain {

/// NAME@HOST: the name of letters, digits and ".!#$%&'*+/=?^_`{|}~-", up to 64 bytes; the host of
/// letters, digits and "-" with points between; characters beyond ASCII in both; up to 254 bytes.
bool is_email(std::string_view text);
/// A day of the calendar as 2027-01-31.
bool is_date(std::string_view text);
/// As IANA names zones: words of letters, digits, "_", "+" and "-" with "/" between.
bool is_time_zone(std::string_view text);
/// As BCP 47 forms tags: a language of 2 or 3 letters, and further parts of 1 to 8 letters and
/// digits behind "-"; or a private one, behind "x-".
bool is_language(std::string_view text);

}  // namespace postern::domain
