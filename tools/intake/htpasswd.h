// An htpasswd file, as Apache and nginx read it: a name and a hash a line (C12).
// One thread; the stream outlives the source. Failure: each entry brings what is wrong with it.
#pragma once

#include "tools/intake/account_source.h"

namespace postern::intake {

class HtpasswdSource : public AccountSource {
 public:
  /// What becomes of an entry whose hash is of a kind that nobody takes.
  enum class Unusable { refused, without_hash };

  HtpasswdSource(std::istream& in, Unusable unusable) : in_(in), unusable_(unusable) {}
  bool next(Entry& entry) override;
  Fault fault_at(std::uint64_t line, std::string_view field) const override;

 private:
  std::istream& in_;
  Unusable unusable_;
  std::uint64_t line_ = 0;
};

/// Why a hash is not taken over, by what it begins with; empty: it may be. Argon2id, bcrypt and
/// SHA-crypt are.
std::string why_unusable(std::string_view hash);

}  // namespace postern::intake
