// The words that random commands are made of: few, so that they meet.
#pragma once

#include <vector>

namespace postern::property {

/// The first so many values are good, the others come now and then.
struct Choice {
  std::vector<const char*> values;
  std::size_t good;
};

inline const Choice aliases = {{"acme", "other", "third", "nobody", ""}, 3};
inline const Choice usernames = {
    {"bob", "Bob", "eve", "ann@x", "cid", "dan", "api_ann", "API_Bob", "b b", ""}, 8};
inline const Choice operators = {{"root", "ann", "ben", "cid", "nobody", "daemon"}, 4};
inline const Choice passwords = {{"s3cret-one", "an0ther-two", "th1rd&three", "short", "",
                                  "onlyletters", "passWord1", "acme-123456", "s3cret@mail.example"},
                                 3};
inline const Choice hashes = {
    {"$6$salt$taken", "$2y$05$taken-too", "$1$salt$md5", "onlyletters", "$6$"}, 2};
inline const Choice segments = {{"a", "a-b", "a.b", "a0", "b", "-a", ""}, 5};
inline const Choice kind_names = {{"table", "table", "table", "shop", "script", "planet"}, 4};
inline const Choice actions = {{"read", "write", "*", "run", "fly", ""}, 4};
inline const Choice action_names = {{"read", "write", "run", "see", "Read", ""}, 4};
inline const Choice texts = {{"text", "\xc3\xa9t\xc3\xa9", "\x01", "\xff"}, 2};
inline const Choice prefixes = {{"API_", "a", "a b", "123456789012345678901234567890123"}, 2};
inline const Choice keys = {{"main", "spare", "k.1", "Main", ""}, 3};
inline const Choice roles = {{"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "R0", ""},
                             10};
inline const Choice network_entries = {
    {"10.0.0.0/8", "192.168.7.9", "2001:db8::/32", "AWS", "GOOGLE", "203.0.113.64/26", "0.0.0.0/0",
     "::ffff:10.1.0.0/112", "::/0", "10.0.0.1/8", "300.1.1.1", "ows", "2001:db8::/129", "01.2.3.4",
     "10.0.0.0/", ""},
    9};
inline const Choice addresses = {
    {"10.1.2.3", "192.168.7.9", "2001:db8::1", "::ffff:10.1.2.3", "203.0.113.77", "203.0.113.9",
     "2001:db8:1::5", "", "10.1.2", "2001:db8::1%lo"},
    8};

}  // namespace postern::property
